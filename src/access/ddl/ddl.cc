#include "access/ddl/ddl.h"

namespace elanus::access {

void RegisterDdl(Proxy& proxy, Dispatch& dispatch) {
  RegisterConnect(proxy, dispatch);
  RegisterCollections(proxy, dispatch);
  RegisterDescribeCollection(proxy, dispatch);
  RegisterAliases(proxy, dispatch);
  RegisterDatabases(proxy, dispatch);
  RegisterPartitions(proxy, dispatch);
  RegisterIndexes(proxy, dispatch);
  RegisterLoading(proxy, dispatch);
  RegisterFlushing(proxy, dispatch);
  RegisterFlushAll(proxy, dispatch);
  RegisterCompaction(proxy, dispatch);
}

}  // namespace elanus::access
