#include "index/vector/diskann/disk_file.h"

#include <cmath>
#include <cstring>

#include "index/vector/metric_kernels.h"
#include "types/bitset.h"

namespace elanus::index {
namespace {

using base::DataLoss;

constexpr std::uint32_t kMaxDim = 1U << 20;
constexpr std::uint32_t kMaxDegree = 2048;
// Places carry a mark in the highest bit while a walk is on.
constexpr std::uint64_t kMaxRows = std::uint64_t{1} << 31;

absl::StatusOr<DiskHeader> HeaderIn(const IndexFileReader& file) {
  ASSIGN_OR_RETURN(const auto bytes,
                   file.Array<std::byte>(Section::kParams, sizeof(DiskHeader)));
  DiskHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  const IndexFileInfo& info = file.info();
  if (!CheckFloatMetric(info.metric).ok() || info.dim == 0 ||
      info.dim > kMaxDim || info.rows >= kMaxRows || header.nodes > info.rows ||
      (header.nodes == 0) != (info.rows == 0) ||
      (header.nodes > 0 && header.entry >= header.nodes) ||
      header.degree == 0 || header.degree > kMaxDegree || header.parts == 0 ||
      header.parts > info.dim || header.part_fill > PartFill::kEven ||
      !std::isfinite(header.code_error)) {
    return DataLoss(
        "{}: {} rows of {} dimensions, metric {}, {} nodes of degree {}, entry "
        "{}, codes of {} parts ({})",
        file.name(), info.rows, info.dim, static_cast<int>(info.metric),
        header.nodes, header.degree, header.entry, header.parts,
        static_cast<std::uint32_t>(header.part_fill));
  }
  return header;
}

// Every row is a node's or stands behind exactly one other: then walks meet
// each row once.
absl::Status CheckRows(const IndexFileReader& file, const DiskFile& disk) {
  const std::size_t rows = file.info().rows;
  types::Bitset seen(rows);
  for (const std::uint32_t row : disk.node_rows) {
    if (row >= rows || seen.Test(row)) {
      return DataLoss("{}: row {} of {} has a node twice or is none",
                      file.name(), row, rows);
    }
    seen.Set(row);
  }
  for (std::size_t row = 0; row < disk.next_equal.size(); ++row) {
    const std::uint32_t next = disk.next_equal[row];
    if (next == kNoRow) continue;
    if (next <= row || next >= rows || seen.Test(next)) {
      return DataLoss("{}: row {} is said to equal row {}", file.name(), row,
                      next);
    }
    seen.Set(next);
  }
  if (seen.Count() != rows) {
    return DataLoss("{}: {} of {} rows", file.name(), seen.Count(), rows);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<DiskFile> DiskFileIn(const IndexFileReader& file) {
  DiskFile disk;
  ASSIGN_OR_RETURN(disk.header, HeaderIn(file));
  const DiskHeader& header = disk.header;
  const std::size_t dim = file.info().dim;
  disk.shape = {.dim = dim, .m = header.parts, .nbits = 8};
  disk.layout = {.dim = dim, .degree = header.degree};
  ASSIGN_OR_RETURN(
      disk.codebook,
      file.Array<float>(Section::kCodebook, disk.shape.codebook_size()));
  ASSIGN_OR_RETURN(disk.codes, file.Array<std::uint8_t>(
                                   Section::kNodeCodes,
                                   std::uint64_t{header.nodes} * header.parts));
  ASSIGN_OR_RETURN(disk.node_rows,
                   file.Array<std::uint32_t>(Section::kNodeRows, header.nodes));
  if (header.nodes != file.info().rows) {
    ASSIGN_OR_RETURN(
        disk.next_equal,
        file.Array<std::uint32_t>(Section::kNextEqual, file.info().rows));
  }
  ASSIGN_OR_RETURN(disk.blocks,
                   file.Array<std::byte>(Section::kNodeBlocks,
                                         disk.layout.blocks(header.nodes) *
                                             disk.layout.block_bytes()));
  RETURN_IF_ERROR(CheckRows(file, disk));
  return disk;
}

}  // namespace elanus::index
