#include "segment/growing/key_table.h"

#include <utility>

namespace elanus::segment {
namespace {

constexpr std::size_t kFirstSlots = 16;

// At most three of four slots are taken.
bool Fits(std::size_t used, std::size_t slots) { return used * 4 <= slots * 3; }

}  // namespace

KeyTable::Slots::Slots(std::size_t size)
    : mask(size - 1), rows(new std::atomic<RowOffset>[size]) {
  for (std::size_t i = 0; i < size; ++i) {
    rows[i].store(kNone, std::memory_order_relaxed);
  }
}

KeyTable::KeyTable() : slots_(std::make_shared<Slots>(kFirstSlots)) {
  writer_slots_ = slots_.get();
}

std::shared_ptr<KeyTable::Slots> KeyTable::Current() const {
  base::MutexLock lock(mutex_);
  return slots_;
}

void KeyTable::Reserve(std::size_t rows, HashOf hash_of) {
  const std::size_t needed = used_ + (rows - inserted_);
  std::size_t size = writer_slots_->mask + 1;
  if (Fits(needed, size)) return;
  while (!Fits(needed, size)) size *= 2;
  auto larger = std::make_shared<Slots>(size);
  for (std::size_t i = 0; i <= writer_slots_->mask; ++i) {
    const RowOffset row =
        writer_slots_->rows[i].load(std::memory_order_relaxed);
    if (row == kNone) continue;
    std::size_t slot = hash_of(row) & larger->mask;
    while (larger->rows[slot].load(std::memory_order_relaxed) != kNone) {
      slot = (slot + 1) & larger->mask;
    }
    larger->rows[slot].store(row, std::memory_order_relaxed);
  }
  writer_slots_ = larger.get();
  base::MutexLock lock(mutex_);
  slots_ = std::move(larger);
}

void KeyTable::Insert(std::uint64_t hash, RowOffset row, SameKey same_key) {
  previous_.GrowTo(row + std::size_t{1});
  std::size_t slot = hash & writer_slots_->mask;
  RowOffset before = kNone;
  while (true) {
    before = writer_slots_->rows[slot].load(std::memory_order_relaxed);
    if (before == kNone || same_key(before)) break;
    slot = (slot + 1) & writer_slots_->mask;
  }
  if (before == kNone) ++used_;
  ++inserted_;
  previous_[row].store(before, std::memory_order_relaxed);
  writer_slots_->rows[slot].store(row, std::memory_order_release);
}

void KeyTable::ForEach(std::uint64_t hash, SameKey same_key,
                       Visit visit) const {
  const std::shared_ptr<Slots> slots = Current();
  for (std::size_t slot = hash & slots->mask;;
       slot = (slot + 1) & slots->mask) {
    RowOffset row = slots->rows[slot].load(std::memory_order_acquire);
    if (row == kNone) return;
    if (!same_key(row)) continue;
    while (row != kNone && visit(row)) {
      row = previous_[row].load(std::memory_order_relaxed);
    }
    return;
  }
}

std::size_t KeyTable::memory_bytes() const {
  return (Current()->mask + 1) * sizeof(RowOffset) +
         previous_.capacity() * sizeof(RowOffset);
}

}  // namespace elanus::segment
