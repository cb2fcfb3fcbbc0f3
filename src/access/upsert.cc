#include "access/upsert.h"

#include <memory>
#include <utility>

#include "access/proxy.h"
#include "access/rows_message.h"
#include "access/write_call.h"
#include "proto/milvus/milvus.pb.h"

namespace elanus::access {

namespace pb = milvus::proto::milvus;

void RegisterUpsert(Proxy& proxy, Dispatch& dispatch) {
  dispatch.Register<RowsMessage<pb::UpsertRequest>, pb::MutationResult>(
      "Upsert",
      [&proxy](CallContext& ctx, const RowsMessage<pb::UpsertRequest>& given,
               pb::MutationResult* reply, base::Done done) {
        const pb::UpsertRequest& request = given.message();
        if (request.partial_update()) {
          return done(base::InvalidInput(
              base::ErrorCode::kOperationNotSupported,
              "unsupported operation: partial_update of Upsert is not "
              "supported yet, send whole rows"));
        }
        std::make_shared<WriteCall>(
            proxy, ctx,
            WriteRequest{.collection_name = request.collection_name(),
                         .partition_name = request.partition_name(),
                         .columns = given.columns(),
                         .rows = request.num_rows(),
                         .schema_timestamp = request.schema_timestamp(),
                         .is_upsert = true},
            reply, std::move(done))
            ->Start();
      });
}

}  // namespace elanus::access
