#include "segment/file/folded_deletes.h"

#include <algorithm>
#include <utility>

#include "base/byte_io.h"
#include "segment/record/record_format.h"

namespace elanus::segment {
namespace {

constexpr std::string_view kMagic = "ELFD";
constexpr std::uint16_t kVersion = 1;
constexpr std::size_t kHeaderSize = 64;

bool InOrder(const FoldedRows& folded) {
  const auto not_rising = [](std::uint32_t a, std::uint32_t b) {
    return a >= b;
  };
  return folded.rows.empty() ||
         (folded.rows.back() < folded.segment_rows &&
          std::ranges::adjacent_find(folded.rows, not_rising) ==
              folded.rows.end());
}

}  // namespace

absl::StatusOr<WrittenFile> WriteFoldedDeletes(const FoldedRows& folded,
                                               storage::Upload& upload) {
  if (!InOrder(folded) || folded.rows.size() != folded.ats.size()) {
    return base::Error(base::ErrorCode::kServiceInternal,
                       "folded deletes are out of order");
  }
  base::ByteWriter header;
  header.Raw(kMagic);
  header.Fixed(kVersion);
  header.Fixed(std::uint16_t{0});
  header.Fixed(folded.segment_rows);
  header.Fixed(static_cast<std::uint64_t>(folded.rows.size()));
  header.AlignTo(kHeaderSize);
  BlockFileWriter out(upload);
  RETURN_IF_ERROR(out.Write(header.view()));
  RETURN_IF_ERROR(out.Write(std::as_bytes(folded.rows)));
  RETURN_IF_ERROR(out.AlignTo64());
  RETURN_IF_ERROR(out.Write(std::as_bytes(folded.ats)));
  return out.Finish({});
}

absl::StatusOr<FoldedDeletes> FoldedDeletes::Open(base::Buffer buffer,
                                                  std::string_view name) {
  FoldedDeletes file;
  ASSIGN_OR_RETURN(file.file_, BlockFile::Open(std::move(buffer), name,
                                               CheckBlocks::kAtOpen));
  const BlockFile& blocks = *file.file_;
  ASSIGN_OR_RETURN(const auto raw, blocks.Range(0, kHeaderSize));
  base::ByteReader in(raw, blocks.name());
  ASSIGN_OR_RETURN(const auto magic, in.Raw(kMagic.size()));
  ASSIGN_OR_RETURN(const auto version, in.Fixed<std::uint16_t>());
  ASSIGN_OR_RETURN(const auto reserved, in.Fixed<std::uint16_t>());
  ASSIGN_OR_RETURN(file.folded_.segment_rows, in.Fixed<std::uint64_t>());
  ASSIGN_OR_RETURN(const auto count, in.Fixed<std::uint64_t>());
  if (!std::ranges::equal(magic, std::as_bytes(std::span(kMagic.data(), 4))) ||
      version != kVersion || reserved != 0 || count > blocks.data_size()) {
    return base::DataLoss("{}: not folded deletes of version {}", blocks.name(),
                          kVersion);
  }
  const std::uint64_t ats_at =
      record_format::AlignUp(kHeaderSize + count * sizeof(std::uint32_t));
  const std::uint64_t ats_size = count * sizeof(std::uint64_t);
  if (record_format::AlignUp(ats_at + ats_size) != blocks.data_size()) {
    return base::DataLoss("{}: {} rows do not fill the file", blocks.name(),
                          count);
  }
  ASSIGN_OR_RETURN(const auto rows,
                   blocks.Range(kHeaderSize, count * sizeof(std::uint32_t)));
  ASSIGN_OR_RETURN(const auto ats, blocks.Range(ats_at, ats_size));
  file.folded_.rows = {reinterpret_cast<const std::uint32_t*>(rows.data()),
                       static_cast<std::size_t>(count)};
  file.folded_.ats = {reinterpret_cast<const std::uint64_t*>(ats.data()),
                      static_cast<std::size_t>(count)};
  if (!InOrder(file.folded_)) {
    return base::DataLoss("{}: rows out of order", blocks.name());
  }
  return file;
}

}  // namespace elanus::segment
