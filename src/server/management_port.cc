#include "server/management_port.h"

#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <utility>

#include <fmt/format.h>

namespace elanus::server {
namespace {

constexpr std::size_t kRequestMax = 8192;
constexpr std::chrono::seconds kPatience{1};
constexpr std::chrono::milliseconds kAcceptPause{20};

std::string Reply(int code, std::string_view reason, std::string_view type,
                  std::string_view body) {
  return fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n"
      "Connection: close\r\n\r\n{}",
      code, reason, type, body.size(), body);
}

}  // namespace

ManagementPort::ManagementPort(ManagementOptions options,
                               const base::Metrics& metrics,
                               std::function<absl::Status()> health)
    : options_(std::move(options)),
      metrics_(metrics),
      health_(std::move(health)) {}

ManagementPort::~ManagementPort() { Stop(); }

absl::Status ManagementPort::Start() {
  absl::StatusOr<access::Fd> listener =
      access::Listen(options_.host, options_.port);
  if (!listener.ok()) {
    return base::Annotate(listener.status(), "management port");
  }
  listener_ = *std::move(listener);
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

void ManagementPort::Stop() {
  stopping_.store(true);
  // Wakes the thread where it waits for a connection.
  if (listener_.is_open()) shutdown(listener_.get(), SHUT_RD);
  if (thread_.joinable()) thread_.join();
  listener_.Reset();
}

void ManagementPort::Run() {
  while (!stopping_.load()) {
    pollfd waiting{.fd = listener_.get(), .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, -1) <= 0) continue;
    const access::Fd connection(
        accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.is_open()) {
      Serve(connection.get());
    } else {
      // Out of descriptors: the connection stays in the queue.
      std::this_thread::sleep_for(kAcceptPause);
    }
  }
}

void ManagementPort::Serve(int connection) {
  // For the whole exchange, not for each part of it.
  const auto end = std::chrono::steady_clock::now() + kPatience;
  const auto is_ready = [&](short events) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    pollfd waiting{.fd = connection, .events = events, .revents = 0};
    return !stopping_.load() && left.count() > 0 &&
           poll(&waiting, 1, static_cast<int>(left.count())) > 0;
  };
  std::string request;
  char part[1024];
  while (request.find("\r\n\r\n") == std::string::npos) {
    if (!is_ready(POLLIN)) return;
    const ssize_t got = recv(connection, part, sizeof(part), MSG_DONTWAIT);
    if (got <= 0 || request.size() > kRequestMax) return;
    request.append(part, static_cast<std::size_t>(got));
  }
  const std::string reply = Answer(request);
  for (std::size_t sent = 0; sent < reply.size();) {
    if (!is_ready(POLLOUT)) return;
    const ssize_t now = send(connection, reply.data() + sent,
                             reply.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (now <= 0) return;
    sent += static_cast<std::size_t>(now);
  }
}

std::string ManagementPort::Answer(const std::string& request) const {
  const std::string line = request.substr(0, request.find("\r\n"));
  const std::size_t path_at = line.find(' ') + 1;
  std::string path = line.substr(path_at, line.find(' ', path_at) - path_at);
  path = path.substr(0, path.find('?'));
  if (!line.starts_with("GET ")) {
    return Reply(405, "Method Not Allowed", "text/plain", "GET only\n");
  }
  if (path == "/livez") return Reply(200, "OK", "text/plain", "OK\n");
  if (path == "/healthz") {
    const absl::Status health = health_();
    if (health.ok()) return Reply(200, "OK", "text/plain", "OK\n");
    return Reply(503, "Service Unavailable", "text/plain",
                 fmt::format("{}\n", base::MessageOf(health)));
  }
  if (path == "/metrics") {
    return Reply(200, "OK", "text/plain; version=0.0.4", metrics_.Render());
  }
  return Reply(404, "Not Found", "text/plain",
               "there is /healthz, /livez and /metrics\n");
}

}  // namespace elanus::server
