// Creating a collection: intent with the name → CreateCollection records →
// data coord follows the vchannels → CREATED → proxies told → answer. What
// fails behind the intent is undone before the error is answered.
#pragma once

#include <memory>

#include "coordinator/root/root_core.h"
#include "proto/internal/root_coord.pb.h"

namespace elanus::coordinator {

void CreateCollection(std::shared_ptr<RootCore> core,
                      const internal::CreateCollectionRequest& request,
                      internal::DescribeCollectionReply* reply,
                      base::Done done);

}  // namespace elanus::coordinator
