// The vectors of a request, checked and copied.
//
//   const auto count = CountVectors(field, data.vectors());
//   RETURN_IF_ERROR(CheckVectors(field, data.vectors()));
//   CopyVectors(field, data.vectors(), rows, spans);
//
// `outside`: the values of a dense column where they lie, if they were left
// out of the message (rows_message.h); the message still says their kind.
//
// Threads: pure.
// Errors:  kParameterInvalid in Milvus's words, with field, row and value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/status.h"
#include "proto/milvus/schema.pb.h"
#include "segment/record/rows_builder.h"
#include "types/schema.h"

namespace elanus::access {

// How many rows there are, if the data are of the field's kind.
std::optional<std::size_t> CountVectors(
    const types::FieldSchema& field,
    const milvus::proto::schema::VectorField& data,
    std::string_view outside = {});

// Whole rows of the field's dimension, every value a finite number.
absl::Status CheckVectors(const types::FieldSchema& field,
                          const milvus::proto::schema::VectorField& data,
                          std::string_view outside = {});

// As above for the bytes of one sparse row.
absl::Status CheckSparse(const types::FieldSchema& field, std::string_view row);

// No NaN and no infinity among dense values.
bool IsFinite(types::DataType type, std::string_view values);

// Bytes of the chosen rows of a sparse column.
std::uint64_t SparseBytes(const milvus::proto::schema::VectorField& data,
                          std::span<const std::uint32_t> rows);

// Into a record's column.
void CopyVectors(const types::FieldSchema& field,
                 const milvus::proto::schema::VectorField& data,
                 std::span<const std::uint32_t> rows,
                 segment::ColumnSpans& spans, std::string_view outside = {});

}  // namespace elanus::access
