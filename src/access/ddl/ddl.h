// The calls about everything but rows: collections, aliases, databases,
// partitions, indexes, loading, flushing, compaction, and the connection
// itself. One file a family, each with its Register function.
//
// Threads:   the handlers run on the request executor and block nobody.
// Ownership: the proxy outlives the table.
#pragma once

#include "access/grpc/dispatch.h"

namespace elanus::access {

class Proxy;

void RegisterDdl(Proxy& proxy, Dispatch& dispatch);

// The families.
void RegisterConnect(Proxy& proxy, Dispatch& dispatch);
void RegisterCollections(Proxy& proxy, Dispatch& dispatch);
void RegisterDescribeCollection(Proxy& proxy, Dispatch& dispatch);
void RegisterAliases(Proxy& proxy, Dispatch& dispatch);
void RegisterDatabases(Proxy& proxy, Dispatch& dispatch);
void RegisterPartitions(Proxy& proxy, Dispatch& dispatch);
void RegisterIndexes(Proxy& proxy, Dispatch& dispatch);
void RegisterLoading(Proxy& proxy, Dispatch& dispatch);
void RegisterFlushing(Proxy& proxy, Dispatch& dispatch);
void RegisterFlushAll(Proxy& proxy, Dispatch& dispatch);
void RegisterCompaction(Proxy& proxy, Dispatch& dispatch);

}  // namespace elanus::access
