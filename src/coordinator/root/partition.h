// Making and dropping partitions. A partition's state stands in its
// collection's record; half-made ones are seen by nobody.
#pragma once

#include <memory>

#include "coordinator/root/root_core.h"
#include "proto/internal/root_coord.pb.h"

namespace elanus::coordinator {

// One that is there already succeeds.
void CreatePartition(std::shared_ptr<RootCore> core,
                     const internal::PartitionRequest& request,
                     base::Done done);

// One that is not there succeeds; a loaded one and `_default` stay.
void DropPartition(std::shared_ptr<RootCore> core,
                   const internal::PartitionRequest& request, base::Done done);

// For who has the collection's keys: drops a partition, or undoes its making.
// Of one that is not there it succeeds.
void RemovePartition(std::shared_ptr<RootCore> core,
                     base::CollectionId collection, base::PartitionId partition,
                     base::Done done);

}  // namespace elanus::coordinator
