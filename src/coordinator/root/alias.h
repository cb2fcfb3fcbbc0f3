// Other names of collections. An alias and a collection never share a name.
#pragma once

#include <memory>

#include "coordinator/root/root_core.h"
#include "proto/internal/root_coord.pb.h"

namespace elanus::coordinator {

// One that points there already succeeds.
void CreateAlias(std::shared_ptr<RootCore> core,
                 const internal::AliasRequest& request, base::Done done);
void AlterAlias(std::shared_ptr<RootCore> core,
                const internal::AliasRequest& request, base::Done done);
// One that is not there succeeds.
void DropAlias(std::shared_ptr<RootCore> core,
               const internal::AliasRequest& request, base::Done done);

absl::Status DescribeAlias(const Catalog& catalog,
                           const internal::AliasRequest& request,
                           internal::DescribeAliasReply* reply);
absl::Status ListAliases(const Catalog& catalog,
                         const internal::AliasRequest& request,
                         internal::ListAliasesReply* reply);

}  // namespace elanus::coordinator
