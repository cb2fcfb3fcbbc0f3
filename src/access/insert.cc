#include "access/insert.h"

#include <memory>
#include <utility>

#include "access/proxy.h"
#include "access/rows_message.h"
#include "access/write_call.h"
#include "proto/milvus/milvus.pb.h"

namespace elanus::access {

namespace pb = milvus::proto::milvus;

void RegisterInsert(Proxy& proxy, Dispatch& dispatch) {
  dispatch.Register<RowsMessage<pb::InsertRequest>, pb::MutationResult>(
      "Insert",
      [&proxy](CallContext& ctx, const RowsMessage<pb::InsertRequest>& given,
               pb::MutationResult* reply, base::Done done) {
        const pb::InsertRequest& request = given.message();
        std::make_shared<WriteCall>(
            proxy, ctx,
            WriteRequest{.collection_name = request.collection_name(),
                         .partition_name = request.partition_name(),
                         .columns = given.columns(),
                         .rows = request.num_rows(),
                         .schema_timestamp = request.schema_timestamp()},
            reply, std::move(done))
            ->Start();
      });
}

}  // namespace elanus::access
