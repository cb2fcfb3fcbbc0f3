// The frame of an index file: header, sections that are used in place, a
// checksum for each block, footer. docs/formats/index.md describes the bytes.
//
//   IndexFileWriter out({.type = IndexType::kFlat, ...},
//                       {{Section::kVectors, 4096}});
//   Fill(out.section(Section::kVectors));
//   base::Buffer bytes = std::move(out).Finish();
//
//   ASSIGN_OR_RETURN(IndexFileReader in,
//                    IndexFileReader::Open({"hnsw", bytes}, true));
//   ASSIGN_OR_RETURN(auto vectors, in.Array<float>(Section::kVectors, n * d));
//
// An index writes its working arrays straight into the sections while it is
// built, and reads them there afterwards: saving and loading copy nothing.
//
// Threads:   a writer is filled by any number of threads, each its own bytes.
// Ownership: both share their bytes with the buffers they give out.
// Errors:    DATA_LOSS naming file and block, or file and field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "base/status.h"
#include "index/vector/huge_bytes.h"
#include "index/vector/vector_index.h"
#include "types/metric.h"

namespace elanus::index {

inline constexpr std::uint16_t kIndexFormatVersion = 4;

// The numbers stand in files.
enum class Section : std::uint32_t {
  kParams = 1,
  kVectors = 2,
  kInverseNorms = 3,
  kLinks = 4,
  kLevels = 5,
  kUpperFirst = 6,
  kUpperLinks = 7,
  kNextEqual = 8,
  kRecallCurve = 9,
  kByteCodec = 10,
  kByteTerms = 11,
  kByteCodes = 12,
  kByteErrors = 13,
  kSketchMiddle = 14,
  kSketches = 15,
  kListReach = 16,
  kRowPositions = 17,
  kCentroids = 20,
  kListOffsets = 21,
  kListRows = 22,
  kListCodes = 23,
  kRowBias = 24,
  kRowScale = 25,
  kCodebook = 26,
  kFinerRows = 27,
  kFinerRanges = 28,
  kCodes = 30,
  kCodeScales = 31,
  kCodeErrors = 32,
  kCodeSizes = 33,
  kDimensions = 40,
  kListChunks = 41,
  kChunkWindows = 42,
  kChunkPostings = 43,
  kChunkLargest = 44,
  kPostingRows = 45,
  kPostingValues = 46,
  kDataType = 50,
  kProduct = 60,
  kProductCodes = 61,
  kProductSquares = 62,
  kNodeCodes = 70,
  kNodeRows = 71,
  kNodeBlocks = 72,
  kSignature = 80,
  kBandStarts = 81,
  kBandTags = 82,
  kBandRows = 83,
};

struct IndexFileInfo {
  IndexType type = IndexType::kFlat;
  types::MetricType metric = types::MetricType::kL2;
  std::uint32_t dim = 0;
  std::uint64_t rows = 0;
  std::uint16_t version = kIndexFormatVersion;
};

struct SectionSize {
  Section section;
  std::size_t bytes;
  // The offset in the file is a multiple of it; itself a multiple of 64.
  std::size_t alignment = 64;
};

class IndexFileWriter {
 public:
  IndexFileWriter(const IndexFileInfo& info,
                  std::span<const SectionSize> sections);

  // The section's bytes, zero at first, at a multiple of 64. The section must
  // be one of those given.
  std::span<std::byte> section(Section section);

  template <typename T>
  T* array(Section name) {
    return reinterpret_cast<T*>(section(name).data());
  }

  // What was written so far, in the same memory: a reader that does not verify
  // can open it.
  base::Buffer Written() const { return bytes_.Share(); }

  // Puts the checksums in.
  base::Buffer Finish() &&;

 private:
  struct Place {
    Section section;
    std::size_t offset;
    std::size_t bytes;
  };

  std::vector<Place> places_;
  std::size_t blocks_end_ = 0;  // where the checksums start
  HugeBytes bytes_;
};

class IndexFileReader {
 public:
  // Checks the frame; with `verify` every block's checksum too. Copies the
  // bytes if they do not start at a multiple of 64.
  static absl::StatusOr<IndexFileReader> Open(IndexFile file, bool verify);

  const IndexFileInfo& info() const { return info_; }
  const std::string& name() const { return name_; }
  const base::Buffer& bytes() const { return bytes_; }
  bool Has(Section section) const;

  // The section as it is; empty if there is none.
  std::span<const std::byte> Bytes(Section section) const;

  // The section, which must hold exactly `count` values.
  template <typename T>
  absl::StatusOr<std::span<const T>> Array(Section section,
                                           std::uint64_t count) const {
    ASSIGN_OR_RETURN(const std::span<const std::byte> bytes,
                     Find(section, count, sizeof(T)));
    return std::span<const T>(reinterpret_cast<const T*>(bytes.data()),
                              bytes.size() / sizeof(T));
  }

 private:
  struct Place {
    std::uint32_t section;
    std::uint64_t offset;
    std::uint64_t bytes;
  };

  absl::Status ReadFrame();
  absl::Status ReadSections(std::uint32_t count, std::uint64_t blocks_end);
  absl::Status VerifyBlocks(std::uint64_t blocks_end) const;
  absl::StatusOr<std::span<const std::byte>> Find(Section section,
                                                  std::uint64_t count,
                                                  std::size_t width) const;

  std::string name_;
  base::Buffer bytes_;
  IndexFileInfo info_;
  std::uint64_t blocks_end_ = 0;
  std::vector<Place> places_;
};

}  // namespace elanus::index
