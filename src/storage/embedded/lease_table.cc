#include "storage/embedded/lease_table.h"

#include <algorithm>

#include "storage/errors.h"

namespace elanus::storage {
namespace {

absl::Status Gone(LeaseId lease) {
  return LeaseNotFound(fmt::format("lease {} has run out or was revoked",
                                   static_cast<std::int64_t>(lease)));
}

}  // namespace

LeaseId LeaseTable::Grant(std::chrono::milliseconds ttl, std::int64_t now_ns) {
  const LeaseId id{next_id_++};
  const auto seconds = std::max(std::chrono::ceil<std::chrono::seconds>(ttl),
                                std::chrono::seconds(1));
  const std::int64_t ttl_ns = std::chrono::nanoseconds(seconds).count();
  leases_[id] = {.ttl_ns = ttl_ns, .deadline_ns = now_ns + ttl_ns};
  return id;
}

absl::Status LeaseTable::CheckAlive(LeaseId lease, std::int64_t now_ns) const {
  const auto found = leases_.find(lease);
  if (found == leases_.end() || found->second.deadline_ns <= now_ns) {
    return Gone(lease);
  }
  return absl::OkStatus();
}

absl::Status LeaseTable::KeepAlive(LeaseId lease, std::int64_t now_ns) {
  RETURN_IF_ERROR(CheckAlive(lease, now_ns));
  Lease& found = leases_.at(lease);
  found.deadline_ns = now_ns + found.ttl_ns;
  return absl::OkStatus();
}

void LeaseTable::Attach(const std::string& key, LeaseId lease) {
  if (const auto old = lease_of_.find(key); old != lease_of_.end()) {
    leases_.at(old->second).keys.erase(key);
    lease_of_.erase(old);
  }
  // A lease that ran out while its put was committed is swept with the key.
  if (lease == kNoLease || !leases_.contains(lease)) return;
  leases_.at(lease).keys.insert(key);
  lease_of_[key] = lease;
}

std::vector<LeaseId> LeaseTable::Expired(std::int64_t now_ns) const {
  std::vector<LeaseId> expired;
  for (const auto& [id, lease] : leases_) {
    if (lease.deadline_ns <= now_ns) expired.push_back(id);
  }
  return expired;
}

std::vector<std::string> LeaseTable::KeysOf(LeaseId lease) const {
  const auto found = leases_.find(lease);
  if (found == leases_.end()) return {};
  return {found->second.keys.begin(), found->second.keys.end()};
}

void LeaseTable::Remove(LeaseId lease) {
  const auto found = leases_.find(lease);
  if (found == leases_.end()) return;
  for (const std::string& key : found->second.keys) lease_of_.erase(key);
  leases_.erase(found);
}

std::int64_t LeaseTable::NextDeadlineNs() const {
  std::int64_t next = kNever;
  for (const auto& [id, lease] : leases_) {
    next = std::min(next, lease.deadline_ns);
  }
  return next;
}

}  // namespace elanus::storage
