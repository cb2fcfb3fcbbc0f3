#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/executor.h"
#include "role/data_coord_rpc.h"
#include "role/data_node_rpc.h"
#include "role/index_node_rpc.h"
#include "role/proxy_rpc.h"
#include "role/query_coord_rpc.h"
#include "role/query_node_rpc.h"
#include "role/root_coord_rpc.h"

namespace elanus::role {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Sets every field of a message, two of each repeated one, from a seed.
class Filler {
 public:
  explicit Filler(std::uint64_t seed) : random_(seed) {}

  void Fill(Message& message, int depth = 4) {
    const auto* descriptor = message.GetDescriptor();
    for (int i = 0; i < descriptor->field_count(); ++i) {
      const FieldDescriptor* field = descriptor->field(i);
      const bool nested = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
      if (nested && depth == 0) continue;
      const int times = field->is_repeated() ? 2 : 1;
      for (int n = 0; n < times; ++n) FillField(message, *field, depth);
    }
  }

 private:
  void FillField(Message& message, const FieldDescriptor& field, int depth) {
    const Reflection& access = *message.GetReflection();
    const bool many = field.is_repeated();
#define ELANUS_SET(Kind, value)                    \
  many ? access.Add##Kind(&message, &field, value) \
       : access.Set##Kind(&message, &field, value)
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        ELANUS_SET(Int32, static_cast<std::int32_t>(random_()));
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        ELANUS_SET(Int64, static_cast<std::int64_t>(random_()));
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        ELANUS_SET(UInt32, static_cast<std::uint32_t>(random_()));
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        ELANUS_SET(UInt64, random_());
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        ELANUS_SET(Double, static_cast<double>(random_() % 1000) / 7);
        break;
      case FieldDescriptor::CPPTYPE_FLOAT:
        ELANUS_SET(Float, static_cast<float>(random_() % 1000) / 7);
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        ELANUS_SET(Bool, true);
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        ELANUS_SET(EnumValue, field.enum_type()->value(0)->number());
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        ELANUS_SET(String, std::to_string(random_()));
        break;
      case FieldDescriptor::CPPTYPE_MESSAGE:
        Fill(many ? *access.AddMessage(&message, &field)
                  : *access.MutableMessage(&message, &field),
             depth - 1);
        break;
    }
#undef ELANUS_SET
  }

  std::mt19937_64 random_;
};

// What the far side saw of the last call, and what it shall answer.
struct Exchange {
  std::string method;
  std::string request;
  std::uint64_t reply_seed = 0;
  absl::Status status;
};

class Recorder {
 public:
  explicit Recorder(Exchange& exchange) : exchange_(exchange) {}

 protected:
  void Record(std::string method, const Message& request, Message* reply,
              base::Done done) {
    exchange_.method = std::move(method);
    exchange_.request = request.DebugString();
    Filler(exchange_.reply_seed).Fill(*reply);
    done(exchange_.status);
  }

 private:
  Exchange& exchange_;
};

class RecordingRootCoord final : public RootCoord, private Recorder {
 public:
  using Recorder::Recorder;
  void AllocTimestamp(const base::OpContext&,
                      const internal::AllocTimestampRequest& request,
                      internal::AllocTimestampReply* reply,
                      base::Done done) override {
    Record("AllocTimestamp", request, reply, std::move(done));
  }
  void AllocId(const base::OpContext&, const internal::AllocIdRequest& request,
               internal::AllocIdReply* reply, base::Done done) override {
    Record("AllocId", request, reply, std::move(done));
  }
  void CreateCollection(const base::OpContext&,
                        const internal::CreateCollectionRequest& request,
                        internal::DescribeCollectionReply* reply,
                        base::Done done) override {
    Record("CreateCollection", request, reply, std::move(done));
  }
  void DropCollection(const base::OpContext&,
                      const internal::CollectionRef& request,
                      internal::Empty* reply, base::Done done) override {
    Record("DropCollection", request, reply, std::move(done));
  }
  void RenameCollection(const base::OpContext&,
                        const internal::RenameCollectionRequest& request,
                        internal::Empty* reply, base::Done done) override {
    Record("RenameCollection", request, reply, std::move(done));
  }
  void DescribeCollection(const base::OpContext&,
                          const internal::CollectionRef& request,
                          internal::DescribeCollectionReply* reply,
                          base::Done done) override {
    Record("DescribeCollection", request, reply, std::move(done));
  }
  void ListCollections(const base::OpContext&,
                       const internal::ListCollectionsRequest& request,
                       internal::ListCollectionsReply* reply,
                       base::Done done) override {
    Record("ListCollections", request, reply, std::move(done));
  }
  void CreatePartition(const base::OpContext&,
                       const internal::PartitionRequest& request,
                       internal::Empty* reply, base::Done done) override {
    Record("CreatePartition", request, reply, std::move(done));
  }
  void DropPartition(const base::OpContext&,
                     const internal::PartitionRequest& request,
                     internal::Empty* reply, base::Done done) override {
    Record("DropPartition", request, reply, std::move(done));
  }
  void CreateAlias(const base::OpContext&,
                   const internal::AliasRequest& request,
                   internal::Empty* reply, base::Done done) override {
    Record("CreateAlias", request, reply, std::move(done));
  }
  void AlterAlias(const base::OpContext&, const internal::AliasRequest& request,
                  internal::Empty* reply, base::Done done) override {
    Record("AlterAlias", request, reply, std::move(done));
  }
  void DropAlias(const base::OpContext&, const internal::AliasRequest& request,
                 internal::Empty* reply, base::Done done) override {
    Record("DropAlias", request, reply, std::move(done));
  }
  void DescribeAlias(const base::OpContext&,
                     const internal::AliasRequest& request,
                     internal::DescribeAliasReply* reply,
                     base::Done done) override {
    Record("DescribeAlias", request, reply, std::move(done));
  }
  void ListAliases(const base::OpContext&,
                   const internal::AliasRequest& request,
                   internal::ListAliasesReply* reply,
                   base::Done done) override {
    Record("ListAliases", request, reply, std::move(done));
  }
  void ListDatabases(const base::OpContext&, const internal::Empty& request,
                     internal::ListDatabasesReply* reply,
                     base::Done done) override {
    Record("ListDatabases", request, reply, std::move(done));
  }
  void DescribeDatabase(const base::OpContext&,
                        const internal::DescribeDatabaseRequest& request,
                        internal::DescribeDatabaseReply* reply,
                        base::Done done) override {
    Record("DescribeDatabase", request, reply, std::move(done));
  }
};

class RecordingDataCoord final : public DataCoord, private Recorder {
 public:
  using Recorder::Recorder;
  void WatchCollection(const base::OpContext&,
                       const internal::WatchCollectionRequest& request,
                       internal::Empty* reply, base::Done done) override {
    Record("WatchCollection", request, reply, std::move(done));
  }
  void DropCollection(const base::OpContext&,
                      const internal::CollectionIdRequest& request,
                      internal::Empty* reply, base::Done done) override {
    Record("DropCollection", request, reply, std::move(done));
  }
  void DropPartition(const base::OpContext&,
                     const internal::PartitionIdRequest& request,
                     internal::Empty* reply, base::Done done) override {
    Record("DropPartition", request, reply, std::move(done));
  }
  void Flush(const base::OpContext&,
             const internal::CollectionIdRequest& request,
             internal::FlushReply* reply, base::Done done) override {
    Record("Flush", request, reply, std::move(done));
  }
  void GetFlushState(const base::OpContext&,
                     const internal::GetFlushStateRequest& request,
                     internal::GetFlushStateReply* reply,
                     base::Done done) override {
    Record("GetFlushState", request, reply, std::move(done));
  }
  void GetSegments(const base::OpContext&,
                   const internal::CollectionIdRequest& request,
                   internal::GetSegmentsReply* reply,
                   base::Done done) override {
    Record("GetSegments", request, reply, std::move(done));
  }
  void GetStatistics(const base::OpContext&,
                     const internal::GetStatisticsRequest& request,
                     internal::GetStatisticsReply* reply,
                     base::Done done) override {
    Record("GetStatistics", request, reply, std::move(done));
  }
  void GetTarget(const base::OpContext&, const internal::ShardRequest& request,
                 internal::GetTargetReply* reply, base::Done done) override {
    Record("GetTarget", request, reply, std::move(done));
  }
  void ListAssignments(const base::OpContext&, const internal::Empty& request,
                       internal::ListAssignmentsReply* reply,
                       base::Done done) override {
    Record("ListAssignments", request, reply, std::move(done));
  }
  void GetAssignment(const base::OpContext&,
                     const internal::ShardRequest& request,
                     internal::ListAssignmentsReply* reply,
                     base::Done done) override {
    Record("GetAssignment", request, reply, std::move(done));
  }
  void BeginAttempt(const base::OpContext&,
                    const internal::BeginAttemptRequest& request,
                    internal::BeginAttemptReply* reply,
                    base::Done done) override {
    Record("BeginAttempt", request, reply, std::move(done));
  }
  void EndAttempt(const base::OpContext&,
                  const internal::EndAttemptRequest& request,
                  internal::Empty* reply, base::Done done) override {
    Record("EndAttempt", request, reply, std::move(done));
  }
  void CommitSegment(const base::OpContext&,
                     const internal::CommitSegmentRequest& request,
                     internal::Empty* reply, base::Done done) override {
    Record("CommitSegment", request, reply, std::move(done));
  }
  void CommitCheckpoint(const base::OpContext&,
                        const internal::CommitCheckpointRequest& request,
                        internal::Empty* reply, base::Done done) override {
    Record("CommitCheckpoint", request, reply, std::move(done));
  }
  void CommitIndex(const base::OpContext&,
                   const internal::CommitIndexRequest& request,
                   internal::Empty* reply, base::Done done) override {
    Record("CommitIndex", request, reply, std::move(done));
  }
  void CreateIndex(const base::OpContext&,
                   const internal::CreateIndexRequest& request,
                   internal::Empty* reply, base::Done done) override {
    Record("CreateIndex", request, reply, std::move(done));
  }
  void DropIndex(const base::OpContext&,
                 const internal::DropIndexRequest& request,
                 internal::Empty* reply, base::Done done) override {
    Record("DropIndex", request, reply, std::move(done));
  }
  void DescribeIndex(const base::OpContext&,
                     const internal::DescribeIndexRequest& request,
                     internal::DescribeIndexReply* reply,
                     base::Done done) override {
    Record("DescribeIndex", request, reply, std::move(done));
  }
  void ManualCompaction(const base::OpContext&,
                        const internal::ManualCompactionRequest& request,
                        internal::ManualCompactionReply* reply,
                        base::Done done) override {
    Record("ManualCompaction", request, reply, std::move(done));
  }
  void GetCompactionState(const base::OpContext&,
                          const internal::CompactionIdRequest& request,
                          internal::GetCompactionStateReply* reply,
                          base::Done done) override {
    Record("GetCompactionState", request, reply, std::move(done));
  }
};

class RecordingDataNode final : public DataNode, private Recorder {
 public:
  using Recorder::Recorder;
  void WatchChannel(const base::OpContext&,
                    const internal::WatchChannelRequest& request,
                    internal::Empty* reply, base::Done done) override {
    Record("WatchChannel", request, reply, std::move(done));
  }
  void UnwatchChannel(const base::OpContext&,
                      const internal::ShardRequest& request,
                      internal::Empty* reply, base::Done done) override {
    Record("UnwatchChannel", request, reply, std::move(done));
  }
  void GetChannelStates(const base::OpContext&,
                        const internal::GetChannelStatesRequest& request,
                        internal::GetChannelStatesReply* reply,
                        base::Done done) override {
    Record("GetChannelStates", request, reply, std::move(done));
  }
  void WaitApplied(const base::OpContext&,
                   const internal::WaitAppliedRequest& request,
                   internal::WaitAppliedReply* reply,
                   base::Done done) override {
    Record("WaitApplied", request, reply, std::move(done));
  }
  void Compact(const base::OpContext&, const internal::CompactRequest& request,
               internal::CompactReply* reply, base::Done done) override {
    Record("Compact", request, reply, std::move(done));
  }
  void MergeDeletes(const base::OpContext&,
                    const internal::MergeDeletesRequest& request,
                    internal::MergeDeletesReply* reply,
                    base::Done done) override {
    Record("MergeDeletes", request, reply, std::move(done));
  }
};

class RecordingIndexNode final : public IndexNode, private Recorder {
 public:
  using Recorder::Recorder;
  void BuildIndex(const base::OpContext&,
                  const internal::BuildIndexRequest& request,
                  internal::Empty* reply, base::Done done) override {
    Record("BuildIndex", request, reply, std::move(done));
  }
};

class RecordingQueryCoord final : public QueryCoord, private Recorder {
 public:
  using Recorder::Recorder;
  void Load(const base::OpContext&, const internal::LoadRequest& request,
            internal::Empty* reply, base::Done done) override {
    Record("Load", request, reply, std::move(done));
  }
  void Release(const base::OpContext&, const internal::ReleaseRequest& request,
               internal::Empty* reply, base::Done done) override {
    Record("Release", request, reply, std::move(done));
  }
  void GetLoadState(const base::OpContext&,
                    const internal::GetLoadStateRequest& request,
                    internal::GetLoadStateReply* reply,
                    base::Done done) override {
    Record("GetLoadState", request, reply, std::move(done));
  }
  void ListLoaded(const base::OpContext&, const internal::Empty& request,
                  internal::ListLoadedReply* reply, base::Done done) override {
    Record("ListLoaded", request, reply, std::move(done));
  }
  void GetShardLeaders(const base::OpContext&,
                       const internal::CollectionIdRequest& request,
                       internal::GetShardLeadersReply* reply,
                       base::Done done) override {
    Record("GetShardLeaders", request, reply, std::move(done));
  }
  void TargetChanged(const base::OpContext&,
                     const internal::TargetChangedRequest& request,
                     internal::Empty* reply, base::Done done) override {
    Record("TargetChanged", request, reply, std::move(done));
  }
  void ServedSegments(const base::OpContext&,
                      const internal::ServedSegmentsRequest& request,
                      internal::ServedSegmentsReply* reply,
                      base::Done done) override {
    Record("ServedSegments", request, reply, std::move(done));
  }
  void GetQuerySegmentInfo(const base::OpContext&,
                           const internal::CollectionIdRequest& request,
                           internal::GetQuerySegmentInfoReply* reply,
                           base::Done done) override {
    Record("GetQuerySegmentInfo", request, reply, std::move(done));
  }
};

class RecordingQueryNode final : public QueryNode, private Recorder {
 public:
  using Recorder::Recorder;
  void LoadShard(const base::OpContext&,
                 const internal::LoadShardRequest& request,
                 internal::Empty* reply, base::Done done) override {
    Record("LoadShard", request, reply, std::move(done));
  }
  void ReleaseShard(const base::OpContext&,
                    const internal::ReleaseShardRequest& request,
                    internal::Empty* reply, base::Done done) override {
    Record("ReleaseShard", request, reply, std::move(done));
  }
  void RefreshShard(const base::OpContext&,
                    const internal::RefreshShardRequest& request,
                    internal::Empty* reply, base::Done done) override {
    Record("RefreshShard", request, reply, std::move(done));
  }
  void Search(const base::OpContext&,
              const internal::SearchShardsRequest& request,
              internal::SearchShardsReply* reply, base::Done done) override {
    Record("Search", request, reply, std::move(done));
  }
  void Query(const base::OpContext&,
             const internal::QueryShardsRequest& request,
             internal::QueryShardsReply* reply, base::Done done) override {
    Record("Query", request, reply, std::move(done));
  }
  void GetSegmentInfo(const base::OpContext&,
                      const internal::CollectionIdRequest& request,
                      internal::GetQuerySegmentInfoReply* reply,
                      base::Done done) override {
    Record("GetSegmentInfo", request, reply, std::move(done));
  }
};

class RecordingProxy final : public Proxy, private Recorder {
 public:
  using Recorder::Recorder;
  void InvalidateCache(const base::OpContext&,
                       const internal::InvalidateCacheRequest& request,
                       internal::Empty* reply, base::Done done) override {
    Record("InvalidateCache", request, reply, std::move(done));
  }
};

// A server with all roles and a client of each, in one process, over TCP.
class RoleCallsTest : public ::testing::Test {
 protected:
  RoleCallsTest() {
    ServeRootCoord(server_, root_coord_);
    ServeDataCoord(server_, data_coord_);
    ServeDataNode(server_, data_node_);
    ServeIndexNode(server_, index_node_);
    ServeQueryCoord(server_, query_coord_);
    ServeQueryNode(server_, query_node_);
    ServeProxy(server_, proxy_);
    EXPECT_TRUE(server_.Start().ok());
    channel_ = client_.Connect("127.0.0.1:" + std::to_string(server_.port()));
  }

  // A filled request arrives as it was sent under the method's name, the reply
  // comes back as it was made, and an error keeps code and text.
  template <typename Role, typename Request, typename Reply>
  void Check(Role& client, const std::string& name,
             void (Role::*method)(const base::OpContext&, const Request&,
                                  Reply*, base::Done)) {
    SCOPED_TRACE(name);
    ++seed_;
    Request request;
    Filler(seed_).Fill(request);
    exchange_.reply_seed = seed_ + 1000;
    exchange_.status = absl::OkStatus();
    Reply expected;
    Filler(exchange_.reply_seed).Fill(expected);
    Reply reply;
    EXPECT_TRUE(Call(client, method, request, &reply).ok());
    EXPECT_EQ(exchange_.method, name);
    EXPECT_EQ(exchange_.request, request.DebugString());
    EXPECT_EQ(reply.DebugString(), expected.DebugString());

    exchange_.status =
        base::InvalidInput(base::ErrorCode::kCollectionNotFound, "no {}", name);
    const absl::Status failed = Call(client, method, request, &reply);
    EXPECT_EQ(base::CodeOf(failed), base::ErrorCode::kCollectionNotFound);
    EXPECT_EQ(base::MessageOf(failed), "no " + name);
  }

  template <typename Role, typename Method, typename Request, typename Reply>
  absl::Status Call(Role& client, Method method, const Request& request,
                    Reply* reply) {
    std::promise<absl::Status> outcome;
    (client.*method)(base::OpContext(), request, reply,
                     [&outcome](absl::Status status) {
                       outcome.set_value(std::move(status));
                     });
    return outcome.get_future().get();
  }

  Exchange exchange_;
  RecordingRootCoord root_coord_{exchange_};
  RecordingDataCoord data_coord_{exchange_};
  RecordingDataNode data_node_{exchange_};
  RecordingIndexNode index_node_{exchange_};
  RecordingQueryCoord query_coord_{exchange_};
  RecordingQueryNode query_node_{exchange_};
  RecordingProxy proxy_{exchange_};
  base::ThreadPool threads_{{.name = "calls", .threads = 2}};
  RpcServer server_{{.address = "127.0.0.1:0"}, threads_};
  RpcClient client_{{}, threads_};
  std::unique_ptr<RpcChannel> channel_;
  std::uint64_t seed_ = 1;
};

TEST_F(RoleCallsTest, EveryMethodOfRootCoordCrossesTheWireUnchanged) {
  RootCoordClient client(*channel_);
  RootCoord& role = client;
  Check(role, "AllocTimestamp", &RootCoord::AllocTimestamp);
  Check(role, "AllocId", &RootCoord::AllocId);
  Check(role, "CreateCollection", &RootCoord::CreateCollection);
  Check(role, "DropCollection", &RootCoord::DropCollection);
  Check(role, "RenameCollection", &RootCoord::RenameCollection);
  Check(role, "DescribeCollection", &RootCoord::DescribeCollection);
  Check(role, "ListCollections", &RootCoord::ListCollections);
  Check(role, "CreatePartition", &RootCoord::CreatePartition);
  Check(role, "DropPartition", &RootCoord::DropPartition);
  Check(role, "CreateAlias", &RootCoord::CreateAlias);
  Check(role, "AlterAlias", &RootCoord::AlterAlias);
  Check(role, "DropAlias", &RootCoord::DropAlias);
  Check(role, "DescribeAlias", &RootCoord::DescribeAlias);
  Check(role, "ListAliases", &RootCoord::ListAliases);
  Check(role, "ListDatabases", &RootCoord::ListDatabases);
  Check(role, "DescribeDatabase", &RootCoord::DescribeDatabase);
}

TEST_F(RoleCallsTest, EveryMethodOfDataCoordCrossesTheWireUnchanged) {
  DataCoordClient client(*channel_);
  DataCoord& role = client;
  Check(role, "WatchCollection", &DataCoord::WatchCollection);
  Check(role, "DropCollection", &DataCoord::DropCollection);
  Check(role, "DropPartition", &DataCoord::DropPartition);
  Check(role, "Flush", &DataCoord::Flush);
  Check(role, "GetFlushState", &DataCoord::GetFlushState);
  Check(role, "GetSegments", &DataCoord::GetSegments);
  Check(role, "GetStatistics", &DataCoord::GetStatistics);
  Check(role, "GetTarget", &DataCoord::GetTarget);
  Check(role, "ListAssignments", &DataCoord::ListAssignments);
  Check(role, "GetAssignment", &DataCoord::GetAssignment);
  Check(role, "BeginAttempt", &DataCoord::BeginAttempt);
  Check(role, "EndAttempt", &DataCoord::EndAttempt);
  Check(role, "CommitSegment", &DataCoord::CommitSegment);
  Check(role, "CommitCheckpoint", &DataCoord::CommitCheckpoint);
  Check(role, "CommitIndex", &DataCoord::CommitIndex);
  Check(role, "CreateIndex", &DataCoord::CreateIndex);
  Check(role, "DropIndex", &DataCoord::DropIndex);
  Check(role, "DescribeIndex", &DataCoord::DescribeIndex);
  Check(role, "ManualCompaction", &DataCoord::ManualCompaction);
  Check(role, "GetCompactionState", &DataCoord::GetCompactionState);
}

TEST_F(RoleCallsTest, EveryMethodOfDataNodeCrossesTheWireUnchanged) {
  DataNodeClient client(*channel_);
  DataNode& role = client;
  Check(role, "WatchChannel", &DataNode::WatchChannel);
  Check(role, "UnwatchChannel", &DataNode::UnwatchChannel);
  Check(role, "GetChannelStates", &DataNode::GetChannelStates);
  Check(role, "WaitApplied", &DataNode::WaitApplied);
  Check(role, "Compact", &DataNode::Compact);
  Check(role, "MergeDeletes", &DataNode::MergeDeletes);
}

TEST_F(RoleCallsTest, EveryMethodOfIndexNodeCrossesTheWireUnchanged) {
  IndexNodeClient client(*channel_);
  IndexNode& role = client;
  Check(role, "BuildIndex", &IndexNode::BuildIndex);
}

TEST_F(RoleCallsTest, EveryMethodOfQueryCoordCrossesTheWireUnchanged) {
  QueryCoordClient client(*channel_);
  QueryCoord& role = client;
  Check(role, "Load", &QueryCoord::Load);
  Check(role, "Release", &QueryCoord::Release);
  Check(role, "GetLoadState", &QueryCoord::GetLoadState);
  Check(role, "ListLoaded", &QueryCoord::ListLoaded);
  Check(role, "GetShardLeaders", &QueryCoord::GetShardLeaders);
  Check(role, "TargetChanged", &QueryCoord::TargetChanged);
  Check(role, "ServedSegments", &QueryCoord::ServedSegments);
  Check(role, "GetQuerySegmentInfo", &QueryCoord::GetQuerySegmentInfo);
}

TEST_F(RoleCallsTest, EveryMethodOfQueryNodeCrossesTheWireUnchanged) {
  QueryNodeClient client(*channel_);
  QueryNode& role = client;
  Check(role, "LoadShard", &QueryNode::LoadShard);
  Check(role, "ReleaseShard", &QueryNode::ReleaseShard);
  Check(role, "RefreshShard", &QueryNode::RefreshShard);
  Check(role, "Search", &QueryNode::Search);
  Check(role, "Query", &QueryNode::Query);
  Check(role, "GetSegmentInfo", &QueryNode::GetSegmentInfo);
}

TEST_F(RoleCallsTest, EveryMethodOfProxyCrossesTheWireUnchanged) {
  ProxyClient client(*channel_);
  Proxy& role = client;
  Check(role, "InvalidateCache", &Proxy::InvalidateCache);
}

}  // namespace
}  // namespace elanus::role
