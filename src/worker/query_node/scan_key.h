// Which searches one scan can answer.
//
// A search can share if it has to compare all rows (FLAT, BIN_FLAT), wants the
// nearest of them (no range) and the newest state: an iterator's pinned time is
// its own. One that is over quickly, or large enough to be worth a scan, has
// nothing to gain and does not share.
//
// Threads: pure.
#pragma once

#include <optional>
#include <string>

#include "worker/query_node/passed_search.h"

namespace elanus::worker {

// Searches of equal keys see the same rows, and differ in their queries, in how
// many hits they want (less than by half), and in the columns that go with
// those. Nothing: it does not share, or its queries are not what the field
// holds.
std::optional<std::string> ScanKeyOf(const PassedSearch& search);

}  // namespace elanus::worker
