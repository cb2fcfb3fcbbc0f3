// Dropping a collection: DROPPING and the name freed → proxies told → query
// coord releases it → DropCollection records → data coord drops what hangs on
// it → record removed → answer. Begun drops are finished whatever happens.
#pragma once

#include <memory>

#include "coordinator/root/root_core.h"
#include "proto/internal/root_coord.pb.h"

namespace elanus::coordinator {

void DropCollection(std::shared_ptr<RootCore> core,
                    const internal::CollectionRef& request, base::Done done);

// For who has the collection's keys. Of one that is not there they succeed.
//
// Takes back a creation that was not answered, as far as it came.
void UndoCreation(std::shared_ptr<RootCore> core, base::CollectionId id,
                  base::Done done);
// All behind the state DROPPING.
void FinishDrop(std::shared_ptr<RootCore> core, base::CollectionId id,
                base::Done done);

}  // namespace elanus::coordinator
