// Indexes as files, for tests: saved and loaded, damaged, and golden ones.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "index/vector/registry.h"

namespace elanus::index {

// Of an index with one file.
inline std::string BytesOf(const VectorIndex& index) {
  const auto files = index.Save();
  EXPECT_TRUE(files.ok()) << files.status();
  EXPECT_EQ(files->size(), 1U);
  return std::string(files->front().bytes.view());
}

inline absl::StatusOr<std::unique_ptr<VectorIndex>> LoadBytes(
    std::string bytes, bool verify = true) {
  std::vector<IndexFile> files;
  files.push_back({"some.index", base::Buffer::FromString(std::move(bytes))});
  return LoadIndex(std::move(files), {.verify = verify});
}

// One to `most` random bytes of it are changed.
inline std::string Damaged(std::string bytes, std::size_t most,
                           std::mt19937& random) {
  const std::size_t changes = 1 + random() % most;
  for (std::size_t i = 0; i < changes; ++i) {
    bytes[random() % bytes.size()] = static_cast<char>(random());
  }
  return bytes;
}

// Changes each byte in turn, and cuts the file off there; beyond the first
// 1,000 only each `step`th.
inline void ExpectAllDamageIsFound(const std::string& good,
                                   std::size_t step = 1) {
  for (std::size_t at = 0; at < good.size(); at += at < 1000 ? 1 : step) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
    const absl::Status changed = LoadBytes(std::move(bad)).status();
    ASSERT_EQ(base::CodeOf(changed), base::ErrorCode::kDataIntegrity)
        << "byte " << at;
    ASSERT_THAT(std::string(base::MessageOf(changed)),
                testing::HasSubstr("some.index"));
    ASSERT_EQ(base::CodeOf(LoadBytes(good.substr(0, at)).status()),
              base::ErrorCode::kDataIntegrity)
        << at << " bytes";
  }
}

// Loads the golden file of that name, written by one format version and never
// changed since. A new one is written from `make` where the environment says
// ELANUS_WRITE_GOLDEN=<name>; the old ones stay.
template <typename Make>
absl::StatusOr<std::unique_ptr<VectorIndex>> LoadGolden(std::string_view name,
                                                        Make make) {
  const std::string path =
      std::string(ELANUS_TESTDATA_DIR) + "/" + std::string(name) + ".index";
  const char* const written = std::getenv("ELANUS_WRITE_GOLDEN");
  if (written != nullptr && written == name) {
    std::ofstream(path, std::ios::binary) << BytesOf(*make());
  }
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return LoadBytes(std::string(std::istreambuf_iterator<char>(in), {}));
}

}  // namespace elanus::index
