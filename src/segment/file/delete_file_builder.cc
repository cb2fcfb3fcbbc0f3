#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>

#include "base/byte_io.h"
#include "base/log.h"
#include "segment/file/delete_file.h"
#include "segment/file/delete_format.h"
#include "segment/framed_bytes.h"

namespace elanus::segment {
namespace {

namespace format = delete_format;

constexpr std::size_t kMaxTombstones = std::size_t{1} << 31;

auto TimeOrder(const Tombstone& t) {
  return std::tuple(t.at, t.upto, t.partition);
}

std::string HeaderOf(const DeleteFileSpec& spec, const DeleteExtent& extent,
                     std::uint64_t count, std::uint64_t key_bytes,
                     std::uint64_t filter_blocks) {
  base::ByteWriter out;
  out.Raw(format::kMagic);
  out.Fixed(format::kVersion);
  out.Fixed(std::uint16_t{0});
  out.Fixed(static_cast<std::int32_t>(spec.key_type));
  out.Fixed(spec.vchannel.shard);
  out.Fixed(base::ToInt(spec.vchannel.collection));
  out.Fixed(count);
  out.Fixed(key_bytes);
  out.Fixed(filter_blocks);
  out.Fixed(extent.min_at.value);
  out.Fixed(extent.max_at.value);
  out.Fixed(extent.max_upto.value);
  WritePosition(spec.from, out);
  WritePosition(spec.to, out);
  out.AlignTo(format::kHeaderSize);
  return std::move(out).Take();
}

template <typename T>
absl::Status WriteSection(const std::vector<T>& values, BlockFileWriter& out) {
  RETURN_IF_ERROR(out.AlignTo64());
  return out.Write(std::as_bytes(std::span(values)));
}

}  // namespace

void DeleteFileBuilder::Add(const TombstoneRun& run) {
  for (std::size_t i = 0; i < run.keys.rows; ++i) {
    tombstones_.push_back(
        {.upto = run.upto, .at = run.at, .partition = run.partition});
    AddKey(run.keys, i);
  }
}

void DeleteFileBuilder::Add(const DeleteFile& file) {
  for (std::size_t i = 0; i < file.count(); ++i) {
    tombstones_.push_back(file.tombstone(i));
    AddKey(file.keys(), i);
  }
}

void DeleteFileBuilder::AddKey(const types::ColumnView& keys, std::size_t i) {
  CHECK(keys.type == spec_.key_type);
  if (spec_.key_type == types::DataType::kVarChar) {
    texts_.append(keys.Text(i));
    text_ends_.push_back(texts_.size());
  } else {
    numbers_.push_back(keys.As<std::int64_t>()[i]);
  }
}

DeleteExtent DeleteFileBuilder::extent() const {
  if (tombstones_.empty()) return {};
  DeleteExtent extent{
      .min_at = base::Timestamp::Max(), .max_at = {}, .max_upto = {}};
  for (const Tombstone& t : tombstones_) {
    extent.min_at = std::min(extent.min_at, t.at);
    extent.max_at = std::max(extent.max_at, t.at);
    extent.max_upto = std::max(extent.max_upto, t.upto);
  }
  return extent;
}

std::string_view DeleteFileBuilder::Text(std::uint32_t i) const {
  const std::uint64_t begin = i == 0 ? 0 : text_ends_[i - 1];
  return std::string_view(texts_).substr(begin, text_ends_[i] - begin);
}

std::vector<std::uint32_t> DeleteFileBuilder::SortedOrder() const {
  std::vector<std::uint32_t> order(tombstones_.size());
  std::iota(order.begin(), order.end(), 0);
  const auto earlier = [&](std::uint32_t a, std::uint32_t b) {
    return TimeOrder(tombstones_[a]) < TimeOrder(tombstones_[b]);
  };
  if (spec_.key_type == types::DataType::kVarChar) {
    std::sort(order.begin(), order.end(), [&](auto a, auto b) {
      const int difference = Text(a).compare(Text(b));
      return difference != 0 ? difference < 0 : earlier(a, b);
    });
  } else {
    std::sort(order.begin(), order.end(), [&](auto a, auto b) {
      return numbers_[a] != numbers_[b] ? numbers_[a] < numbers_[b]
                                        : earlier(a, b);
    });
  }
  return order;
}

absl::StatusOr<WrittenFile> DeleteFileBuilder::Write(storage::Upload& upload) {
  if (tombstones_.size() > kMaxTombstones ||
      texts_.size() > std::numeric_limits<std::uint32_t>::max()) {
    return base::Error(base::ErrorCode::kServiceInternal,
                       "{} tombstones with {} bytes of keys are too many for "
                       "one delete file",
                       tombstones_.size(), texts_.size());
  }
  std::vector<std::uint64_t> uptos;
  std::vector<std::uint64_t> ats;
  std::vector<std::int64_t> partitions;
  std::vector<std::int64_t> numbers;
  std::vector<std::uint32_t> offsets{0};
  std::string texts;
  std::vector<KeyFilterBlock> filter(KeyFilterBlocksFor(tombstones_.size()));
  const bool text_keys = spec_.key_type == types::DataType::kVarChar;
  for (const std::uint32_t i : SortedOrder()) {
    uptos.push_back(tombstones_[i].upto.value);
    ats.push_back(tombstones_[i].at.value);
    partitions.push_back(base::ToInt(tombstones_[i].partition));
    if (text_keys) {
      texts.append(Text(i));
      offsets.push_back(static_cast<std::uint32_t>(texts.size()));
    } else {
      numbers.push_back(numbers_[i]);
    }
    AddToFilter(text_keys ? HashOfKey(Text(i)) : HashOfKey(numbers_[i]),
                filter);
  }
  BlockFileWriter out(upload);
  RETURN_IF_ERROR(out.Write(
      HeaderOf(spec_, extent(), uptos.size(), texts.size(), filter.size())));
  RETURN_IF_ERROR(WriteSection(uptos, out));
  RETURN_IF_ERROR(WriteSection(ats, out));
  RETURN_IF_ERROR(WriteSection(partitions, out));
  if (text_keys) {
    RETURN_IF_ERROR(WriteSection(offsets, out));
    RETURN_IF_ERROR(out.AlignTo64());
    RETURN_IF_ERROR(out.Write(texts));
  } else {
    RETURN_IF_ERROR(WriteSection(numbers, out));
  }
  RETURN_IF_ERROR(WriteSection(filter, out));
  return out.Finish({});
}

}  // namespace elanus::segment
