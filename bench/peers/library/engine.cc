#include "engine.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "base/status.h"
#include "index/vector/parallel.h"
#include "index/vector/registry.h"

namespace {

using elanus::base::OpContext;
using elanus::index::IndexFile;
using elanus::index::ParamMap;
using elanus::index::VectorIndex;

// More than any machine that runs this has.
constexpr std::size_t kMaxThreads = 64;

thread_local std::string last_error;

absl::Status Fail(absl::Status status) {
  last_error = std::string(status.message());
  return status;
}

ParamMap ParseParams(const char* text) {
  ParamMap params;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const std::size_t equal = word.find('=');
    if (equal == std::string::npos) continue;
    params[word.substr(0, equal)] = word.substr(equal + 1);
  }
  return params;
}

absl::StatusOr<std::unique_ptr<VectorIndex>> Build(
    const elanus::index::IndexRequest& request, const float* rows,
    std::size_t n, elanus::base::Executor* executor, std::size_t threads) {
  ASSIGN_OR_RETURN(const auto spec, elanus::index::ParseIndexSpec(request));
  const elanus::index::VectorBlock block = {.data = rows, .rows = n};
  return elanus::index::BuildIndex(
      OpContext(), spec, {.blocks = std::span(&block, 1), .dim = request.dim},
      {.executor = executor, .max_threads = threads});
}

absl::Status Save(const VectorIndex& index,
                  const std::filesystem::path& folder) {
  ASSIGN_OR_RETURN(const std::vector<IndexFile> files, index.Save());
  for (const IndexFile& file : files) {
    std::ofstream out(folder / file.name, std::ios::binary);
    out.write(file.bytes.view().data(),
              static_cast<std::streamsize>(file.bytes.size()));
    if (!out.flush()) {
      return elanus::base::Error(elanus::base::ErrorCode::kUnexpected,
                                 "{} cannot be written",
                                 (folder / file.name).string());
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<VectorIndex>> Load(
    const std::filesystem::path& folder) {
  std::vector<IndexFile> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    std::ifstream in(entry.path(), std::ios::binary);
    files.push_back({entry.path().filename().string(),
                     elanus::base::Buffer::FromString(
                         std::string(std::istreambuf_iterator<char>(in), {}))});
  }
  return elanus::index::LoadIndex(std::move(files), {.verify = true});
}

}  // namespace

struct elanus_index {
  elanus::base::ThreadPool helpers;
  std::unique_ptr<VectorIndex> index;

  explicit elanus_index(std::size_t threads)
      : helpers({.name = "bench",
                 .threads = std::clamp<std::size_t>(threads, 1, kMaxThreads)}) {
  }
};

struct elanus_params {
  elanus::index::SearchParams params;
};

extern "C" {

const char* elanus_error(void) { return last_error.c_str(); }

elanus_index* elanus_build(const char* type, const char* metric,
                           const char* params, const float* rows, size_t n,
                           size_t dim, size_t threads) {
  auto handle = std::make_unique<elanus_index>(threads);
  auto index = Build({.type_name = type,
                      .metric_name = metric,
                      .dim = dim,
                      .params = ParseParams(params)},
                     rows, n, &handle->helpers, threads);
  if (!Fail(index.status()).ok()) return nullptr;
  handle->index = std::move(*index);
  return handle.release();
}

void elanus_free(elanus_index* index) { delete index; }

uint64_t elanus_memory_bytes(const elanus_index* index) {
  return index->index->memory_bytes();
}

int elanus_save(const elanus_index* index, const char* folder) {
  return Fail(Save(*index->index, folder)).ok() ? 0 : 1;
}

elanus_index* elanus_load(const char* folder) {
  auto handle = std::make_unique<elanus_index>(1);
  auto index = Load(folder);
  if (!Fail(index.status()).ok()) return nullptr;
  handle->index = std::move(*index);
  return handle.release();
}

elanus_params* elanus_parse(const elanus_index* index, const char* params,
                            size_t k) {
  const auto parsed = elanus::index::ParseSearchParams(index->index->type(),
                                                       ParseParams(params), k);
  if (!Fail(parsed.status()).ok()) return nullptr;
  return new elanus_params{*parsed};
}

void elanus_params_free(elanus_params* params) { delete params; }

int elanus_search(const elanus_index* index, const elanus_params* params,
                  const float* queries, size_t nq, size_t k, size_t threads,
                  const uint64_t* excluded, size_t excluded_rows, uint32_t* ids,
                  float* distances) {
  const std::size_t dim = index->index->dim();
  // Shares big enough for the kernels that take several queries at a time.
  const std::size_t share = (nq + threads - 1) / threads;
  std::atomic<std::size_t> next{0};
  const auto work = [&](std::size_t) -> absl::Status {
    const OpContext ctx;
    while (true) {
      const std::size_t first = share * next.fetch_add(1);
      if (first >= nq) return absl::OkStatus();
      const std::size_t count = std::min(share, nq - first);
      RETURN_IF_ERROR(index->index->Search(
          ctx,
          {.queries = std::span(queries + first * dim, count * dim),
           .nq = count,
           .k = k,
           .params = params->params,
           .excluded = {excluded, excluded == nullptr ? 0 : excluded_rows}},
          {.distances = std::span(distances + first * k, count * k),
           .rows = std::span(ids + first * k, count * k)}));
    }
  };
  // The pool does the caller's work as long as it is idle: const from outside.
  auto& helpers = const_cast<elanus_index*>(index)->helpers;
  return Fail(elanus::index::WorkTogether(&helpers, threads, work)).ok() ? 0
                                                                         : 1;
}

}  // extern "C"
