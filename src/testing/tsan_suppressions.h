// What ThreadSanitizer cannot see: RocksDB and abseil come prebuilt, so their
// atomics are not instrumented, and it reports their memtables and the count of
// references to a Status as races.
//
// Include it in one .cc of a test program.
#pragma once

extern "C" __attribute__((used, visibility("default"))) inline const char*
__tsan_default_suppressions() {
  return "called_from_lib:librocksdb.so\n"
         "race:librocksdb.so\n"
         "race:absl::*::Status::Unref\n";
}
