// Index node: builds one index for one field of one segment, object storage in
// and out.
//
// Asynchronous: see root_coord.h.
#pragma once

#include "base/executor.h"
#include "base/op_context.h"
#include "proto/internal/index_node.pb.h"
#include "proto/internal/root_coord.pb.h"

namespace elanus::role {

class IndexNode {
 public:
  virtual ~IndexNode() = default;

  virtual void BuildIndex(const base::OpContext& ctx,
                          const internal::BuildIndexRequest& request,
                          internal::Empty* reply, base::Done done) = 0;
};

}  // namespace elanus::role
