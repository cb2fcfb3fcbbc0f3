#include "segment/record/log_writer.h"

#include <utility>

namespace elanus::segment {

void LogWriter::Append(const AppendTarget& target, Build build,
                       storage::AppendDone done) {
  const std::shared_ptr<Channel> channel = ChannelOf(target.vchannel);
  absl::Status failure;
  {
    base::MutexLock lock(channel->mutex);
    absl::StatusOr<base::Buffer> record =
        build({.vchannel = target.vchannel,
               .writer = writer_,
               .sequence = channel->sequence + 1,
               .proposed = target.proposed,
               .schema_version = target.schema_version});
    if (record.ok()) {
      ++channel->sequence;
      // The broker only queues here, and keeps the order of the calls.
      broker_.Append(target.topic, *std::move(record), std::move(done));
      return;
    }
    failure = record.status();
  }
  done(std::move(failure));
}

void LogWriter::Forget(const VchannelKey& vchannel) {
  base::MutexLock lock(mutex_);
  channels_.erase(vchannel);
}

std::size_t LogWriter::size() const {
  base::MutexLock lock(mutex_);
  return channels_.size();
}

std::shared_ptr<LogWriter::Channel> LogWriter::ChannelOf(
    const VchannelKey& vchannel) {
  base::MutexLock lock(mutex_);
  std::shared_ptr<Channel>& channel = channels_[vchannel];
  if (channel == nullptr) channel = std::make_shared<Channel>();
  return channel;
}

}  // namespace elanus::segment
