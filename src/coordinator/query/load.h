// Load and Release: the wish is made durable, then carried out.
#pragma once

#include <memory>

#include "coordinator/query/query_core.h"
#include "proto/internal/query_coord.pb.h"

namespace elanus::coordinator {

// Answers when the wish is durable. request: until `done`.
void Load(std::shared_ptr<QueryCore> core, const internal::LoadRequest& request,
          base::Done done);

// Answers when no node serves it any more.
void Release(std::shared_ptr<QueryCore> core,
             const internal::ReleaseRequest& request, base::Done done);

}  // namespace elanus::coordinator
