// elanus_load ADDRESS: sends what it is told on standard input, one JSON
// object a line, and answers each with one line.
//
//   > {"path": "/milvus.proto.milvus.MilvusService/Search",
//      "requests": "search.frames", "replies": "found.frames",
//      "in_flight": 8, "connections": 2, "count": 5000}
//   < {"ready": true}                     requests read, connections open
//   > go
//   < {"answered": 5000, "failed": 0, "qps": 8123.4, "p50_ms": 0.9, ...}
//
// Between `ready` and `go` the driver reads the server's CPU time. Keys that
// may be left out: replies, in_flight (1), connections (1), count (each request
// once), seconds, rate. The format of the files stands in frames.h.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "load/frames.h"
#include "load/sender.h"

namespace elanus::bench {
namespace {

constexpr std::chrono::milliseconds kPatience{10'000};

void Say(const nlohmann::json& line) { std::cout << line.dump() << std::endl; }

double Quantile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto rank =
      static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
  return sorted[rank];
}

nlohmann::json Summary(Outcome outcome) {
  std::sort(outcome.latencies_ms.begin(), outcome.latencies_ms.end());
  const auto& sorted = outcome.latencies_ms;
  return {{"answered", outcome.answered},
          {"failed", outcome.failed},
          {"first_error", outcome.first_error},
          {"seconds", outcome.seconds},
          {"qps", static_cast<double>(outcome.answered) /
                      std::max(outcome.seconds, 1e-9)},
          {"p50_ms", Quantile(sorted, 0.5)},
          {"p90_ms", Quantile(sorted, 0.9)},
          {"p99_ms", Quantile(sorted, 0.99)},
          {"max_ms", Quantile(sorted, 1)}};
}

class Program {
 public:
  explicit Program(std::string address) : address_(std::move(address)) {}

  int Run() {
    std::string line;
    while (std::getline(std::cin, line)) {
      const absl::Status status = RunLine(line);
      if (!status.ok()) Say({{"error", std::string(status.message())}});
    }
    return 0;
  }

 private:
  absl::Status RunLine(const std::string& line) {
    const auto order = nlohmann::json::parse(line, nullptr, false);
    if (order.is_discarded() || !order.contains("path")) {
      return base::InvalidInput(base::ErrorCode::kParameterInvalid,
                                "not an order: {}", line);
    }
    const std::string replies = order.value("replies", "");
    Work work{.path = order["path"],
              .in_flight = order.value("in_flight", std::size_t{1}),
              .count = order.value("count", std::size_t{0}),
              .seconds = order.value("seconds", 0.0),
              .rate = order.value("rate", 0.0),
              .keeps_replies = !replies.empty()};
    ASSIGN_OR_RETURN(work.requests, ReadFrames(order.value("requests", "")));
    ASSIGN_OR_RETURN(Sender * sender, Connected(order.value("connections", 1)));
    Say({{"ready", true}});
    std::string go;
    std::getline(std::cin, go);
    Outcome outcome = sender->Run(work);
    if (!replies.empty()) {
      RETURN_IF_ERROR(WriteFrames(replies, outcome.replies));
    }
    Say(Summary(std::move(outcome)));
    return absl::OkStatus();
  }

  // Connections stay open from order to order, as a client's do.
  absl::StatusOr<Sender*> Connected(int connections) {
    std::unique_ptr<Sender>& sender = senders_[connections];
    if (sender == nullptr) {
      sender = std::make_unique<Sender>(
          address_, SenderOptions{.connections = connections});
    }
    RETURN_IF_ERROR(sender->Connect(kPatience));
    return sender.get();
  }

  const std::string address_;
  std::map<int, std::unique_ptr<Sender>> senders_;
};

}  // namespace
}  // namespace elanus::bench

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: elanus_load ADDRESS\n");
    return 2;
  }
  return elanus::bench::Program(argv[1]).Run();
}
