// Giving a collection another name. One transaction; below the proxy everything
// goes by id.
#pragma once

#include <memory>

#include "coordinator/root/root_core.h"
#include "proto/internal/root_coord.pb.h"

namespace elanus::coordinator {

void RenameCollection(std::shared_ptr<RootCore> core,
                      const internal::RenameCollectionRequest& request,
                      base::Done done);

}  // namespace elanus::coordinator
