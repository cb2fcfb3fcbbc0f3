// DISKANN's file, mapped and damaged.
#include "index/vector/diskann/disk_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "index/testing/plain_recall_test.h"
#include "index/vector/diskann/disk_index.h"
#include "index/vector/registry.h"

namespace elanus::index {
namespace {

using testing::HasSubstr;

constexpr std::size_t kDim = 8;

// Keeps no block in memory.
std::unique_ptr<VectorIndex> Build(std::span<const float> vectors) {
  const VectorBlock block = {.data = vectors.data(),
                             .rows = vectors.size() / kDim};
  auto index = BuildIndex(
      base::OpContext(),
      {.type = IndexType::kDiskAnn,
       .metric = types::MetricType::kL2,
       .dim = kDim,
       .disk = {.max_degree = 24, .search_list_size = 50, .cache_budget = 0}},
      {.blocks = std::span(&block, 1), .dim = kDim}, {});
  EXPECT_TRUE(index.ok()) << index.status();
  return std::move(*index);
}

// A file in the test's folder, and its bytes as they are mapped.
struct MappedFile {
  explicit MappedFile(const base::Buffer& content)
      : path(testing::TempDir() + "/" +
             testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::ofstream(path, std::ios::binary) << content.view();
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    void* const memory =
        mmap(nullptr, content.size(), PROT_READ, MAP_SHARED, fd, 0);
    EXPECT_NE(memory, MAP_FAILED);
    close(fd);
    bytes = base::Buffer(
        std::shared_ptr<const void>(
            memory, [size = content.size()](void* at) { munmap(at, size); }),
        {static_cast<const std::byte*>(memory), content.size()});
  }
  ~MappedFile() { std::remove(path.c_str()); }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::string path;
  base::Buffer bytes;
};

TEST(DiskFileTest, AMappedFileAnswersAsTheBuiltIndex) {
  const auto vectors = RandomVectors(1500, kDim, 18);
  const auto built = Build(vectors);
  const MappedFile file((*built->Save())[0].bytes);
  const auto opened = LoadIndex({{"diskann", file.bytes}}, {});
  ASSERT_TRUE(opened.ok()) << opened.status();
  // What is mapped is used where it is.
  EXPECT_EQ((*(*opened)->Save())[0].bytes.bytes().data(),
            file.bytes.bytes().data());
  const auto resident =
      static_cast<const DiskAnnIndex&>(**opened).resident_bytes();
  EXPECT_LT(resident, 1500U * kDim * 4);
  EXPECT_EQ((*opened)->memory_bytes(), file.bytes.size() + resident);
  const auto queries = RandomVectors(30, kDim, 19);
  for (std::size_t q = 0; q < 30; ++q) {
    const auto query = std::span(queries).subspan(q * kDim, kDim);
    for (const std::size_t beam : {1U, 4U, 16U}) {
      const SearchParams params = {.search_list = 40, .beam_width = beam};
      EXPECT_EQ(SearchOne(**opened, query, 10, params),
                SearchOne(*built, query, 10, params));
    }
  }
}

// The bytes of an index, and where its blocks are.
struct SavedFile {
  std::string bytes;
  std::size_t blocks_at = 0;
  DiskHeader header;
  NodeLayout layout;

  std::span<std::byte> Block(std::size_t block) {
    return std::as_writable_bytes(std::span(bytes))
        .subspan(blocks_at + block * layout.block_bytes(),
                 layout.block_bytes());
  }
};

SavedFile Save(std::span<const float> vectors) {
  const auto index = Build(vectors);
  SavedFile file{.bytes = std::string((*index->Save())[0].bytes.view())};
  const auto reader = IndexFileReader::Open(
      {"diskann", base::Buffer::FromString(file.bytes)}, true);
  EXPECT_TRUE(reader.ok());
  const auto disk = DiskFileIn(*reader);
  EXPECT_TRUE(disk.ok());
  file.header = disk->header;
  file.layout = disk->layout;
  file.blocks_at = static_cast<std::size_t>(disk->blocks.data() -
                                            reader->bytes().bytes().data());
  EXPECT_EQ(file.blocks_at % kBlockSize, 0U);
  return file;
}

// Of each way to ask an index for the row nearest to the first.
std::vector<absl::Status> OutcomesOf(const VectorIndex& index,
                                     std::span<const float> query) {
  const base::OpContext ctx;
  std::vector<float> distances(1);
  std::vector<std::uint32_t> rows(1);
  const auto few = RandomExcluded(index.size(), 0.9, 30);
  std::vector<absl::Status> outcomes;
  for (const types::BitsetView excluded : {types::BitsetView(), few.view()}) {
    outcomes.push_back(index.Search(
        ctx, {.queries = query, .nq = 1, .k = 1, .excluded = excluded},
        {.distances = distances, .rows = rows}));
  }
  outcomes.push_back(index.RangeSearch(ctx, {.query = query}).status());
  const auto iterator = index.Iterate({.query = query});
  outcomes.push_back((*iterator)->Next(ctx, index.size()).status());
  return outcomes;
}

// Asks for the last page of a file that has been made shorter.
bool SaysThatReadsFail(const MappedFile& file) {
  void* const last = const_cast<std::byte*>(
      file.bytes.bytes().data() + file.bytes.size() / kBlockSize * kBlockSize);
  return madvise(last, 1, MADV_POPULATE_READ) != 0 && errno != EINVAL;
}

// A file that ends too early behaves like a disk that fails to read.
TEST(DiskFileTest, ABlockThatCannotBeReadIsAnErrorAndNoEndOfTheProcess) {
  const auto vectors = RandomVectors(500, kDim, 28);
  const MappedFile file(base::Buffer::FromString(Save(vectors).bytes));
  const auto opened = LoadIndex({{"diskann", file.bytes}}, {});
  ASSERT_TRUE(opened.ok()) << opened.status();
  const auto query = std::span(vectors).first(kDim);
  for (const absl::Status& outcome : OutcomesOf(**opened, query)) {
    EXPECT_TRUE(outcome.ok()) << outcome;
  }
  std::filesystem::resize_file(file.path, kBlockSize);
  if (!SaysThatReadsFail(file)) GTEST_SKIP() << "this kernel cannot say it";
  for (const absl::Status& outcome : OutcomesOf(**opened, query)) {
    EXPECT_EQ(base::CodeOf(outcome), base::ErrorCode::kIoFailed) << outcome;
    EXPECT_THAT(std::string(base::MessageOf(outcome)),
                HasSubstr("diskann: block"));
  }
}

// The kernel has taken its page back meanwhile.
TEST(DiskFileTest, ABlockThatCannotBeReadASecondTimeIsAnError) {
  const auto vectors = RandomVectors(500, kDim, 28);
  const SavedFile saved = Save(vectors);
  const MappedFile file(base::Buffer::FromString(saved.bytes));
  const std::size_t blocks = saved.layout.blocks(saved.header.nodes);
  const DiskNodes nodes(
      "diskann", saved.layout, saved.header.nodes,
      file.bytes.bytes().subspan(saved.blocks_at,
                                 blocks * saved.layout.block_bytes()),
      0);
  ASSERT_TRUE(nodes.Read(1).ok());
  EXPECT_TRUE(nodes.Fetch(1).ok());
  std::filesystem::resize_file(file.path, saved.blocks_at);
  if (!SaysThatReadsFail(file)) GTEST_SKIP() << "this kernel cannot say it";
  const absl::Status again = nodes.Fetch(1);
  EXPECT_EQ(base::CodeOf(again), base::ErrorCode::kIoFailed) << again;
  EXPECT_THAT(std::string(base::MessageOf(again)),
              HasSubstr("diskann: block 1"));
}

// In a file whose checksums were not looked at, or that has changed since.
TEST(DiskFileTest, ADamagedBlockIsNamedByTheSearchThatReadsIt) {
  const auto vectors = RandomVectors(500, kDim, 28);
  const SavedFile good = Save(vectors);
  const auto query = std::span(vectors).first(kDim);
  const std::size_t blocks = good.layout.blocks(good.header.nodes);
  for (std::size_t at = 0; at < kBlockSize; at += 97) {
    SavedFile bad = good;
    for (std::size_t i = 0; i < blocks; ++i) bad.Block(i)[at] ^= std::byte{4};
    const auto opened = LoadIndex(
        {{"diskann", base::Buffer::FromString(bad.bytes)}}, {.verify = false});
    ASSERT_TRUE(opened.ok()) << opened.status();
    for (const absl::Status& outcome : OutcomesOf(**opened, query)) {
      EXPECT_EQ(base::CodeOf(outcome), base::ErrorCode::kDataIntegrity) << at;
      EXPECT_THAT(std::string(base::MessageOf(outcome)),
                  HasSubstr("diskann: block"));
    }
  }
}

TEST(DiskFileTest, ABlockInThePlaceOfAnotherIsFound) {
  const auto vectors = RandomVectors(500, kDim, 28);
  SavedFile file = Save(vectors);
  const std::vector<std::byte> first(file.Block(0).begin(),
                                     file.Block(0).end());
  std::copy(file.Block(1).begin(), file.Block(1).end(), file.Block(0).begin());
  std::copy(first.begin(), first.end(), file.Block(1).begin());
  const auto opened = LoadIndex(
      {{"diskann", base::Buffer::FromString(file.bytes)}}, {.verify = false});
  const auto range = (*opened)->RangeSearch(
      base::OpContext(), {.query = std::span(vectors).first(kDim)});
  EXPECT_EQ(base::CodeOf(range.status()), base::ErrorCode::kDataIntegrity);
}

TEST(DiskFileTest, LinksThatLeadNowhereAreNotFollowed) {
  const auto vectors = RandomVectors(500, kDim, 28);
  const SavedFile good = Save(vectors);
  const std::uint32_t entry = good.header.entry;
  const std::size_t block = entry / good.layout.per_block();
  const std::size_t node =
      good.layout.offset(entry) - block * good.layout.block_bytes();
  // The number of links, and the first of them.
  for (const std::size_t at :
       {std::size_t{0}, std::size_t{4} + kDim * sizeof(float)}) {
    SavedFile bad = good;
    const std::uint32_t huge = 0x40000000;
    std::memcpy(bad.Block(block).data() + node + at, &huge, sizeof(huge));
    SealBlock(bad.Block(block), block);
    const auto opened = LoadIndex(
        {{"diskann", base::Buffer::FromString(bad.bytes)}}, {.verify = false});
    const absl::Status outcome =
        OutcomesOf(**opened, std::span(vectors).first(kDim))[0];
    EXPECT_EQ(base::CodeOf(outcome), base::ErrorCode::kDataIntegrity) << at;
    EXPECT_THAT(std::string(base::MessageOf(outcome)),
                HasSubstr("diskann: node"));
  }
}

}  // namespace
}  // namespace elanus::index
