// Background work that does not keep reads waiting for a processor.
//
//   ReadTraffic traffic;
//   ThreadPool builds({.name = "builds", .gives_way_to = &traffic});
//   traffic.Note();  // where a read comes in
//   for (const Row& row : rows) {  // in a task of `builds`
//     Insert(row);
//     GiveWay();
//   }
//
// A nice value says who gets how much of a processor, not who gets it first: on
// Linux a thread that has just had its share and wakes waits for the next tick,
// up to 4 ms, behind one that works through its own. So background threads rest
// as long as they have worked, each tenth of a millisecond or as often as they
// call GiveWay, while reads come in.
//
// Threads: any.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

namespace elanus::base {

// Whether reads come in.
class ReadTraffic {
 public:
  void Note();
  // `now_ns` of the monotonic clock.
  bool IsRecent(std::int64_t now_ns) const;

 private:
  std::atomic<std::int64_t> last_ns_{std::numeric_limits<std::int64_t>::min() /
                                     2};
};

// Makes the calling thread one that gives way, for as long as this lives; null:
// it stays a thread like any other. The traffic is borrowed.
class BackgroundThread {
 public:
  explicit BackgroundThread(const ReadTraffic* traffic);
  ~BackgroundThread();

  BackgroundThread(const BackgroundThread&) = delete;
  BackgroundThread& operator=(const BackgroundThread&) = delete;

  // A task begins.
  void Works();
};

// On a background thread: rests if it has worked for long enough and reads come
// in. Not to be called with a lock held. On any other thread it does nothing.
// True if it rested.
bool GiveWay();

}  // namespace elanus::base
