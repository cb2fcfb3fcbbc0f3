#include "coordinator/query/served.h"

#include <map>
#include <utility>

#include "base/join.h"

namespace elanus::coordinator {
namespace {

struct Collection {
  internal::CollectionIdRequest request;
  std::vector<internal::GetQuerySegmentInfoReply> replies;
  std::vector<QueryNodeRef> nodes;  // each once
};

void Merge(const Collection& collection,
           internal::GetQuerySegmentInfoReply* reply) {
  std::map<std::int64_t, internal::QuerySegmentInfo> merged;
  for (std::size_t i = 0; i < collection.replies.size(); ++i) {
    for (const auto& segment : collection.replies[i].segments()) {
      internal::QuerySegmentInfo& info = merged[segment.segment_id()];
      if (info.segment_id() == 0) {
        info = segment;
        info.clear_node_ids();
      }
      info.add_node_ids(base::ToInt(collection.nodes[i].id));
    }
  }
  for (auto& [id, info] : merged) *reply->add_segments() = std::move(info);
}

}  // namespace

void CollectSegments(const QueryCore& core, base::CollectionId id,
                     internal::GetQuerySegmentInfoReply* reply,
                     base::Done done) {
  const std::shared_ptr<CollectionLoad> load = core.Find(id);
  auto collection = std::make_shared<Collection>();
  collection->request.set_collection_id(base::ToInt(id));
  if (load != nullptr) {
    std::map<base::NodeId, QueryNodeRef> nodes;
    for (const QueryNodeRef& node : load->nodes()) nodes.emplace(node.id, node);
    for (const auto& [node_id, node] : nodes) {
      collection->nodes.push_back(node);
    }
  }
  collection->replies.resize(collection->nodes.size());
  const auto join = base::Join::Make(
      collection->nodes.size(),
      [collection, reply, done = std::move(done)](absl::Status status) mutable {
        if (status.ok()) Merge(*collection, reply);
        done(std::move(status));
      });
  for (std::size_t i = 0; i < collection->nodes.size(); ++i) {
    collection->nodes[i].node->GetSegmentInfo(
        base::OpContext(), collection->request, &collection->replies[i],
        base::Join::Part(join));
  }
}

}  // namespace elanus::coordinator
