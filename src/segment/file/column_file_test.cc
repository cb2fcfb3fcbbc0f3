#include "segment/file/column_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "segment/file/memory_upload.h"
#include "segment/random_columns_test.h"

namespace elanus::segment {
namespace {

using testing::HasSubstr;
using types::DataType;

ColumnSpec SpecOf(const OwnedColumn& column) {
  return {.field = base::FieldId{101},
          .type = column.type,
          .dim = column.dim,
          .rows = column.rows,
          .has_nulls = !column.nulls.empty()};
}

base::Buffer Write(const OwnedColumn& column, const ColumnSpec& spec) {
  MemoryUpload upload;
  ColumnFileWriter writer(spec, upload);
  EXPECT_TRUE(writer.Append(column.view()).ok());
  const auto written = writer.Finish();
  EXPECT_TRUE(written.ok()) << written.status();
  base::Buffer file = std::move(upload).Take();
  EXPECT_EQ(written->size, file.size());
  EXPECT_EQ(written->crc, base::Crc32c(file.bytes()));
  return file;
}

std::vector<std::string> ReadAll(const ColumnFile& file) {
  std::vector<std::string> rows;
  for (std::size_t i = 0; i < file.chunk_count(); ++i) {
    const auto chunk = file.Chunk(i);
    EXPECT_TRUE(chunk.ok()) << chunk.status();
    EXPECT_EQ(chunk->values.rows,
              std::min<std::uint64_t>(kChunkRows, file.rows() - rows.size()));
    for (std::string& row : Rows(chunk->values)) rows.push_back(std::move(row));
  }
  return rows;
}

class ColumnFileOfType : public testing::TestWithParam<DataType> {};

TEST_P(ColumnFileOfType, GivesBackRowsAndNullsInChunks) {
  Random random(static_cast<std::uint64_t>(GetParam()));
  for (const std::size_t rows :
       {std::size_t{0}, std::size_t{1}, std::size_t{100}, kChunkRows - 1,
        kChunkRows, kChunkRows + 1, 2 * kChunkRows + 77}) {
    for (const bool nulls : {false, true}) {
      const OwnedColumn column = RandomColumn(random, GetParam(), rows, nulls);
      const auto file = ColumnFile::Open(Write(column, SpecOf(column)), "f");
      ASSERT_TRUE(file.ok()) << file.status();
      EXPECT_EQ((*file)->type(), GetParam());
      EXPECT_EQ((*file)->dim(), column.dim);
      EXPECT_EQ((*file)->rows(), rows);
      EXPECT_EQ((*file)->field(), base::FieldId{101});
      EXPECT_EQ((*file)->chunk_count(), (rows + kChunkRows - 1) / kChunkRows);
      ASSERT_EQ(ReadAll(**file), Rows(column.view()));
      if (!types::IsVariableLength(GetParam())) {
        const auto whole = (*file)->Whole();
        ASSERT_TRUE(whole.ok()) << whole.status();
        EXPECT_EQ(Rows(*whole), Rows(column.view()));
      }
    }
  }
}

TEST_P(ColumnFileOfType, DoesNotDependOnHowTheRowsWereHandedIn) {
  Random random(static_cast<std::uint64_t>(GetParam()) + 1);
  const OwnedColumn column =
      RandomColumn(random, GetParam(), kChunkRows + 500, false);
  MemoryUpload upload;
  ColumnFileWriter writer(SpecOf(column), upload);
  const bool texts = types::IsVariableLength(GetParam());
  const std::size_t width =
      texts ? 0 : types::FixedWidth(GetParam(), column.dim);
  for (std::size_t begin = 0; begin < column.rows;) {
    types::ColumnView part = column.view();
    part.rows =
        std::min<std::size_t>(1 + Below(random, 3000), column.rows - begin);
    if (texts) {
      part.offsets = part.offsets.subspan(begin, part.rows + 1);
    } else {
      part.values = part.values.subspan(begin * width, part.rows * width);
    }
    ASSERT_TRUE(writer.Append(part).ok());
    begin += part.rows;
  }
  ASSERT_TRUE(writer.Finish().ok());
  EXPECT_TRUE(std::move(upload).Take().view() ==
              Write(column, SpecOf(column)).view());
}

TEST_P(ColumnFileOfType, ValuesLieAtMultiplesOf64WithoutACopy) {
  Random random(5);
  const OwnedColumn column = RandomColumn(random, GetParam(), 100, false);
  const base::Buffer bytes = Write(column, SpecOf(column));
  base::AlignedBytes aligned(bytes.size());
  std::memcpy(aligned.data(), bytes.bytes().data(), bytes.size());
  const base::Buffer mapped = std::move(aligned).Freeze();
  const auto file = ColumnFile::Open(mapped, "f");
  const auto chunk = (*file)->Chunk(0);
  const std::byte* const values = chunk->values.values.data();
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(values) % 64, 0u);
  EXPECT_GE(values, mapped.bytes().data());
  EXPECT_LT(values, mapped.bytes().data() + mapped.size());
}

INSTANTIATE_TEST_SUITE_P(AllTypes, ColumnFileOfType,
                         testing::ValuesIn(AllColumnTypes()),
                         [](const auto& tested) {
                           return std::string(types::NameOf(tested.param));
                         });

TEST(ColumnFileTest, Lz4SavesSpaceAndGivesBackTheSameRows) {
  Random random(6);
  const OwnedColumn column =
      RandomColumn(random, DataType::kJson, kChunkRows + 10, true);
  ColumnSpec spec = SpecOf(column);
  const std::size_t raw_size = Write(column, spec).size();
  spec.compression = Compression::kLz4;
  const base::Buffer packed = Write(column, spec);
  EXPECT_LT(packed.size(), raw_size * 3 / 4);
  const auto file = ColumnFile::Open(packed, "f");
  EXPECT_EQ(ReadAll(**file), Rows(column.view()));
}

TEST(ColumnFileTest, TextsThatCannotBeCompressedStayUsableInPlace) {
  Random random(7);
  OwnedColumn column{.type = DataType::kVarChar, .rows = 1000, .offsets = {0}};
  for (int i = 0; i < 1000; ++i) {
    for (int n = 0; n < 100; ++n) {
      column.values.push_back(static_cast<char>(random()));
    }
    column.offsets.push_back(static_cast<std::uint32_t>(column.values.size()));
  }
  ColumnSpec spec = SpecOf(column);
  spec.compression = Compression::kLz4;
  const auto file = ColumnFile::Open(Write(column, spec), "f");
  const auto chunk = (*file)->Chunk(0);
  EXPECT_TRUE(chunk->memory.empty());
  EXPECT_EQ(Rows(chunk->values), Rows(column.view()));
}

TEST(ColumnFileTest, RowsThatAreNotThereOrTooManyAreRefused) {
  Random random(8);
  const OwnedColumn column = RandomColumn(random, DataType::kInt32, 10, false);
  ColumnSpec spec = SpecOf(column);
  spec.rows = 11;
  MemoryUpload upload;
  ColumnFileWriter writer(spec, upload);
  ASSERT_TRUE(writer.Append(column.view()).ok());
  EXPECT_FALSE(writer.Finish().ok());
  EXPECT_FALSE(writer.Append(column.view()).ok());
}

TEST(ColumnFileTest, NullWhereNoneWasAnnouncedIsRefused) {
  Random random(9);
  OwnedColumn column = RandomColumn(random, DataType::kInt32, 10, true);
  column.nulls[0] = 1;
  ColumnSpec spec = SpecOf(column);
  spec.has_nulls = false;
  MemoryUpload upload;
  ColumnFileWriter writer(spec, upload);
  EXPECT_FALSE(writer.Append(column.view()).ok());
}

// Damage is met by one chunk only, the one whose block is touched.
TEST(ColumnFileTest, DamageIsFoundWhenItsBlockIsTouchedAndNamed) {
  Random random(10);
  const OwnedColumn column =
      RandomColumn(random, DataType::kDouble, 10 * kChunkRows, false);
  std::string bytes(Write(column, SpecOf(column)).view());
  bytes[9 * kChunkRows * 8] ^= 1;
  const auto file =
      ColumnFile::Open(base::Buffer::FromString(bytes), "segment/9/x.col");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE((*file)->Chunk(0).ok());
  const auto damaged = (*file)->Chunk(9);
  ASSERT_FALSE(damaged.ok());
  EXPECT_EQ(base::CodeOf(damaged.status()), base::ErrorCode::kDataIntegrity);
  EXPECT_THAT(
      base::MessageOf(damaged.status()),
      testing::AllOf(HasSubstr("segment/9/x.col"), HasSubstr("block 2")));
  EXPECT_FALSE((*file)->Chunk(9).ok()) << "a bad block stays bad";
  EXPECT_FALSE(ColumnFile::Open(base::Buffer::FromString(bytes), "f",
                                CheckBlocks::kAtOpen)
                   .ok());
}

class DamagedColumnFile : public testing::TestWithParam<DataType> {
 protected:
  std::string Bytes(Random& random) {
    const OwnedColumn column = RandomColumn(random, GetParam(), 70, true);
    ColumnSpec spec = SpecOf(column);
    if (GetParam() == DataType::kJson) spec.compression = Compression::kLz4;
    return std::string(Write(column, spec).view());
  }
};

TEST_P(DamagedColumnFile, EveryFlippedByteIsRefused) {
  Random random(11);
  const std::string bytes = Bytes(random);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << Below(random, 8)));
    ASSERT_FALSE(ColumnFile::Open(base::Buffer::FromString(damaged), "f",
                                  CheckBlocks::kAtOpen)
                     .ok())
        << "byte " << i;
  }
}

TEST_P(DamagedColumnFile, EveryTruncationIsRefused) {
  Random random(12);
  const std::string bytes = Bytes(random);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_FALSE(
        ColumnFile::Open(base::Buffer::FromString(bytes.substr(0, size)), "f")
            .ok())
        << size;
  }
}

// The bytes in front of the footer are damaged and then given right checksums.
TEST_P(DamagedColumnFile, DamageUnderRightChecksumsNeverReadsOutside) {
  Random random(13);
  const std::string bytes = Bytes(random);
  for (int i = 0; i < 5000; ++i) {
    std::string damaged = bytes;
    for (std::uint64_t n = 1 + Below(random, 3); n > 0; --n) {
      damaged[Below(random, damaged.size())] = static_cast<char>(random());
    }
    const auto original = BlockFile::Open(base::Buffer::FromString(bytes), "f");
    const std::size_t data_size = (*original)->data_size();
    MemoryUpload upload;
    BlockFileWriter writer(upload);
    ASSERT_TRUE(writer.Write(damaged.substr(0, data_size)).ok());
    ASSERT_TRUE(
        writer.Finish(damaged.substr(data_size, (*original)->footer().size()))
            .ok());
    const auto file = ColumnFile::Open(std::move(upload).Take(), "f");
    if (!file.ok()) continue;
    for (std::size_t c = 0; c < (*file)->chunk_count(); ++c) {
      const auto chunk = (*file)->Chunk(c);
      if (chunk.ok()) Rows(chunk->values);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(FixedAndVariable, DamagedColumnFile,
                         testing::Values(DataType::kInt16, DataType::kVarChar,
                                         DataType::kJson),
                         [](const auto& tested) {
                           return std::string(types::NameOf(tested.param));
                         });

}  // namespace
}  // namespace elanus::segment
