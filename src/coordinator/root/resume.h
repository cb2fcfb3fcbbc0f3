// After a crash or a failed step: what was being made is undone, what was being
// dropped is dropped.
#pragma once

#include <memory>

#include "base/executor.h"
#include "base/ids.h"
#include "proto/internal/meta.pb.h"

namespace elanus::coordinator {

class RootCore;

bool HasOpenIntent(const internal::CollectionMeta& collection);

// Waits for operations on the collection that are under way; if they leave
// nothing open, it has nothing to do.
void ResumeCollection(std::shared_ptr<RootCore> core, base::CollectionId id,
                      base::Done done);

}  // namespace elanus::coordinator
