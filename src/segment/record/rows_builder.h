// Builds an Insert or Upsert record in place: say how much there will be, get
// the places, fill them, finish. The request's columns are copied once, into
// the bytes that the log writes and the segment reads.
//
//   ASSIGN_OR_RETURN(RowsBuilder builder, RowsBuilder::Create({
//       .rows = 2,
//       .runs = {{.partition = p, .segment = s, .row_begin = 0, .rows = 2}},
//       .key_field = pk,
//       .columns = {{.field = pk, .type = types::DataType::kInt64},
//                   {.field = text, .type = types::DataType::kVarChar,
//                    .has_nulls = true, .value_bytes = 11}}}));
//   ColumnSpans ids = builder.column(0);        // fill ids.values
//   ColumnSpans texts = builder.column(1);      // values, offsets, nulls
//   ASSIGN_OR_RETURN(base::Buffer record, std::move(builder).Finish(header));
//
// Threads:   one builder, one thread; different columns may be filled by
//            different threads before Finish.
// Ownership: spans live until Finish.
// Errors:    kParameterTooLarge above kMaxRecordBytes (the caller's fault);
//            kServiceInternal for a layout or offsets that cannot be read back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/buffer.h"
#include "base/ids.h"
#include "base/status.h"
#include "segment/record/column_layout.h"
#include "segment/record/record.h"

namespace elanus::segment {

struct RowsLayout {
  std::uint32_t rows = 0;
  std::vector<PartitionRun> runs;
  base::FieldId key_field{0};
  std::vector<ColumnLayout> columns;
};

struct ColumnSpans {
  std::span<std::byte> values;  // not initialised
  // Variable-length types: rows + 1, the first 0, the last value_bytes.
  std::span<std::uint32_t> offsets;
  // Bit r of word r / 64: row r is null. Starts as zeros; empty without nulls.
  std::span<std::uint64_t> nulls;
};

class RowsBuilder {
 public:
  static absl::StatusOr<RowsBuilder> Create(RowsLayout layout);

  const RowsLayout& layout() const { return layout_; }
  // In the order of the layout.
  ColumnSpans column(std::size_t index);

  // `header.type` is kInsert or kUpsert.
  absl::StatusOr<base::Buffer> Finish(const RecordHeader& header) &&;

 private:
  RowsBuilder(RowsLayout layout, std::vector<record_format::ColumnPlace> places,
              std::size_t size);

  RowsLayout layout_;
  std::vector<record_format::ColumnPlace> places_;
  base::AlignedBytes bytes_;
};

}  // namespace elanus::segment
