// Writing and reading the files of a segment and the records of the log while
// one system call, or one allocation, fails: an error or std::bad_alloc comes
// out, never a file that is not what it says, nothing leaks, and the next
// attempt succeeds. Covers R-R2 for the formats.
//
// Allocations: the process has a budget and ends when the machine has no memory
// left, as if it were killed; so nothing in the product catches std::bad_alloc.
// What is promised is that the code of the formats unwinds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>
#include <string>
#include <utility>
#include <vector>

#include "segment/file/column_file.h"
#include "segment/file/delete_file.h"
#include "segment/file/folded_deletes.h"
#include "segment/file/manifest.h"
#include "segment/file/memory_upload.h"
#include "segment/random_columns_test.h"
#include "segment/rows_maker_test.h"
#include "storage/errors.h"
#include "storage/local/local_object_store.h"
#include "testing/allocations.h"
#include "testing/for_each_fault.h"
#include "testing/temp_folder.h"

namespace elanus::segment {
namespace {

using base::FieldId;
using storage::ObjectStore;
using testing::Allocations;
using testing::SyscallFaults;
using testing::TempFolder;
using types::DataType;

std::unique_ptr<ObjectStore> OpenStore(const TempFolder& folder) {
  auto store =
      storage::LocalObjectStore::Open({.root = folder.path() + "/objects"});
  EXPECT_TRUE(store.ok()) << store.status();
  return *std::move(store);
}

constexpr std::size_t kRows = 1000;

// Compressed texts, and vectors with nulls.
const std::vector<OwnedColumn>& Columns() {
  static const std::vector<OwnedColumn> columns = [] {
    Random random(7);
    return std::vector<OwnedColumn>{
        RandomColumn(random, DataType::kVarChar, kRows, false),
        RandomColumn(random, DataType::kFloatVector, kRows, true)};
  }();
  return columns;
}

absl::StatusOr<WrittenFile> WriteColumn(FieldId field,
                                        const OwnedColumn& column,
                                        storage::Upload& upload) {
  ColumnFileWriter writer({.field = field,
                           .type = column.type,
                           .dim = column.dim,
                           .rows = column.rows,
                           .has_nulls = !column.nulls.empty(),
                           .compression = Compression::kLz4},
                          upload);
  RETURN_IF_ERROR(writer.Append(column.view()));
  return writer.Finish();
}

absl::StatusOr<WrittenFile> WriteDeletes(storage::Upload& upload) {
  DeleteFileBuilder builder({.key_type = DataType::kVarChar});
  builder.Add({.keys = Columns()[0].view(), .upto = {19}, .at = {20}});
  return builder.Write(upload);
}

absl::StatusOr<WrittenFile> WriteFolded(storage::Upload& upload) {
  const std::vector<std::uint32_t> rows = {2, 5};
  const std::vector<std::uint64_t> ats = {70, 60};
  return WriteFoldedDeletes({.segment_rows = 6, .rows = rows, .ats = ats},
                            upload);
}

// Writes one object by way of `write`.
template <typename Write>
absl::StatusOr<WrittenFile> Store(ObjectStore& store, const std::string& name,
                                  Write write) {
  ASSIGN_OR_RETURN(const auto upload, store.StartUpload(name));
  ASSIGN_OR_RETURN(const WrittenFile written, write(*upload));
  RETURN_IF_ERROR(upload->Finish());
  return written;
}

// All files of an attempt; the manifest last.
absl::Status WriteFiles(ObjectStore& store, const std::string& attempt) {
  Manifest manifest{.schema = "schema", .rows = kRows};
  for (std::size_t i = 0; i < Columns().size(); ++i) {
    const std::string name = fmt::format("{}/{}", attempt, i);
    const FieldId field{static_cast<std::int64_t>(101 + i)};
    const auto write = [&](storage::Upload& upload) {
      return WriteColumn(field, Columns()[i], upload);
    };
    ASSIGN_OR_RETURN(const WrittenFile written, Store(store, name, write));
    manifest.files.push_back({.object = name,
                              .field = field,
                              .rows = kRows,
                              .size = written.size,
                              .crc = written.crc});
  }
  RETURN_IF_ERROR(Store(store, attempt + "/deletes", WriteDeletes).status());
  RETURN_IF_ERROR(Store(store, attempt + "/folded", WriteFolded).status());
  return store.Put(attempt + "/manifest", SerializeManifest(manifest));
}

absl::Status ReadColumn(ObjectStore& store, const SegmentFile& listed,
                        std::vector<std::string>* rows) {
  ASSIGN_OR_RETURN(base::Buffer bytes, store.Map(listed.object));
  ASSIGN_OR_RETURN(const auto file,
                   ColumnFile::Open(std::move(bytes), listed.object));
  for (std::size_t i = 0; i < file->chunk_count(); ++i) {
    ASSIGN_OR_RETURN(const ColumnChunk chunk, file->Chunk(i));
    for (std::string& row : Rows(chunk.values)) rows->push_back(std::move(row));
  }
  return absl::OkStatus();
}

// What the files of an attempt say.
absl::StatusOr<std::vector<std::string>> ReadFiles(ObjectStore& store,
                                                   const std::string& attempt) {
  std::vector<std::string> rows;
  ASSIGN_OR_RETURN(const base::Buffer bytes, store.Get(attempt + "/manifest"));
  ASSIGN_OR_RETURN(const Manifest manifest,
                   ParseManifest(bytes.view(), attempt));
  for (const SegmentFile& file : manifest.files) {
    RETURN_IF_ERROR(ReadColumn(store, file, &rows));
  }
  ASSIGN_OR_RETURN(base::Buffer deletes, store.Map(attempt + "/deletes"));
  ASSIGN_OR_RETURN(const DeleteFile deleted,
                   DeleteFile::Open(std::move(deletes), attempt));
  rows.push_back(std::to_string(deleted.count()));
  ASSIGN_OR_RETURN(base::Buffer folded, store.Map(attempt + "/folded"));
  ASSIGN_OR_RETURN(const FoldedDeletes offsets,
                   FoldedDeletes::Open(std::move(folded), attempt));
  rows.push_back(std::to_string(offsets.rows()[1]));
  return rows;
}

std::vector<std::string> ExpectedRows() {
  std::vector<std::string> rows;
  for (const OwnedColumn& column : Columns()) {
    for (std::string& row : Rows(column.view())) rows.push_back(std::move(row));
  }
  rows.push_back(std::to_string(Columns()[0].rows));
  rows.emplace_back("5");
  return rows;
}

// True if there is a manifest; then all that it names is there, too.
bool IsThereWhole(ObjectStore& store, const std::string& attempt) {
  if (storage::IsObjectNotFound(store.Head(attempt + "/manifest").status())) {
    return false;
  }
  const auto rows = ReadFiles(store, attempt);
  EXPECT_TRUE(rows.ok()) << rows.status();
  EXPECT_TRUE(rows.ok() && *rows == ExpectedRows());
  return true;
}

TEST(FormatFaultsTest, FilesAreWrittenWholeOrTheNextAttemptWritesThem) {
  const int rounds = testing::ForEachFault([](const SyscallFaults::Plan& plan) {
    const TempFolder folder = TempFolder::InMemory();
    const auto store = OpenStore(folder);
    SyscallFaults::Arm(plan);
    const absl::Status written = WriteFiles(*store, "1");
    const bool struck = SyscallFaults::Disarm();
    const bool is_whole = IsThereWhole(*store, "1");
    EXPECT_TRUE(is_whole || !written.ok()) << written;
    EXPECT_TRUE(WriteFiles(*store, "2").ok());
    EXPECT_TRUE(IsThereWhole(*store, "2"));
    return struck;
  });
  EXPECT_GT(rounds, 100);
}

TEST(FormatFaultsTest, FilesAreReadRightOrNotAtAll) {
  const TempFolder folder = TempFolder::InMemory();
  const auto store = OpenStore(folder);
  ASSERT_TRUE(WriteFiles(*store, "1").ok());
  const int rounds =
      testing::ForEachFault([&](const SyscallFaults::Plan& plan) {
        SyscallFaults::Arm(plan);
        const auto rows = ReadFiles(*store, "1");
        const bool struck = SyscallFaults::Disarm();
        EXPECT_EQ(rows.ok(), !struck) << rows.status();
        EXPECT_TRUE(IsThereWhole(*store, "1"));
        return struck;
      });
  EXPECT_GT(rounds, 50);
}

// Runs `round` until it needs fewer allocations than may go well. It arms and
// disarms by itself, and keeps nothing. Returns the rounds.
template <typename Round>
int ForEachAllocation(Round round) {
  round(1 << 30);  // what is made once
  for (int after = 0;; ++after) {
    SCOPED_TRACE(fmt::format("allocation {} fails", after));
    const std::int64_t live = Allocations::live();
    const bool struck = round(after);
    EXPECT_EQ(Allocations::live(), live);
    if (!struck || ::testing::Test::HasFailure()) return after;
  }
}

// True if std::bad_alloc came out of it.
template <typename Operation>
bool RunsOutOfMemory(int after, Operation operation) {
  bool thrown = false;
  Allocations::Arm(after);
  try {
    operation();
  } catch (const std::bad_alloc&) {
    thrown = true;
  }
  EXPECT_EQ(Allocations::Disarm(), thrown);
  return thrown;
}

// The object store is left out, as is replay: abseil's hash tables do not
// survive a failed allocation.
TEST(FormatFaultsTest, WritingFilesUnwindsFromAnyAllocation) {
  const int rounds = ForEachAllocation([](int after) {
    return RunsOutOfMemory(after, [] {
      MemoryUpload columns;
      EXPECT_TRUE(WriteColumn(FieldId{1}, Columns()[0], columns).ok());
      MemoryUpload vectors;
      EXPECT_TRUE(WriteColumn(FieldId{2}, Columns()[1], vectors).ok());
      MemoryUpload deletes;
      EXPECT_TRUE(WriteDeletes(deletes).ok());
      MemoryUpload folded;
      EXPECT_TRUE(WriteFolded(folded).ok());
      EXPECT_FALSE(SerializeManifest({.files = {{.object = "o"}}}).empty());
    });
  });
  EXPECT_GT(rounds, 30);
}

TEST(FormatFaultsTest, ReadingFilesUnwindsFromAnyAllocation) {
  const TempFolder folder = TempFolder::InMemory();
  const auto store = OpenStore(folder);
  ASSERT_TRUE(WriteFiles(*store, "1").ok());
  ForEachAllocation([&](int after) {
    // The rows of the answer are the test's: only the files are read.
    return RunsOutOfMemory(after, [&] {
      const base::Buffer bytes = *store->Get("1/manifest");
      const auto manifest = ParseManifest(bytes.view(), "manifest");
      for (const SegmentFile& listed : manifest->files) {
        const auto file =
            ColumnFile::Open(*store->Map(listed.object), listed.object);
        EXPECT_TRUE((*file)->Chunk((*file)->chunk_count() - 1).ok());
      }
      EXPECT_TRUE(DeleteFile::Open(*store->Map("1/deletes"), "d").ok());
      EXPECT_TRUE(FoldedDeletes::Open(*store->Map("1/folded"), "f").ok());
    });
  });
}

TEST(FormatFaultsTest, RecordsUnwindFromAnyAllocation) {
  const std::vector<TestRow> rows = {{.key = 1, .color = "red"},
                                     {.key = 2, .color = "blue", .price = 7}};
  const int rounds = ForEachAllocation([&](int after) {
    return RunsOutOfMemory(after, [&] {
      EXPECT_EQ(RowsRecord({}, rows).keys().rows, rows.size());
    });
  });
  EXPECT_GT(rounds, 10);
}

}  // namespace
}  // namespace elanus::segment
