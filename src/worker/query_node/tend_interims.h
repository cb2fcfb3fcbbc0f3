// Has the interim indexes of growing segments brought up to date in the
// background, as far as the search that asks for it could have used them; that
// search does without.
//
// Threads: any.
#pragma once

#include "base/executor.h"
#include "segment/search.h"
#include "worker/query_node/output.h"

namespace elanus::worker {

// The executor must outlive what it is given.
void TendInterims(base::Executor& background, const Segments& segments,
                  const segment::SearchPlan& plan);

}  // namespace elanus::worker
