// The wire's column of vectors: one of six kinds of data, by the field's type.
//
//   const std::string* bytes = DenseBytes(field.type, data.vectors());
//
// Threads:   pure.
// Ownership: answers are borrowed from the message.
#pragma once

#include <cstddef>
#include <string>

#include "proto/milvus/schema.pb.h"
#include "types/column.h"
#include "types/data_type.h"

namespace elanus::role {

// The types whose rows lie in one string: BinaryVector, Float16Vector,
// BFloat16Vector, Int8Vector.
bool IsInBytes(types::DataType type);

// The rows of such a type; null if the data are of another kind.
const std::string* DenseBytes(types::DataType type,
                              const milvus::proto::schema::VectorField& field);

// Makes the data a column of this type with `rows` rows, zero or empty.
void MakeVectors(types::DataType type, std::int64_t dim, std::size_t rows,
                 milvus::proto::schema::VectorField* field);

// Puts value `row` of the column at place `to` of what MakeVectors made.
void PutVector(const types::ColumnView& column, std::size_t row, std::size_t to,
               milvus::proto::schema::VectorField* field);

// Appends row `row` of `from` to `to`; both of the same type.
void AppendVector(types::DataType type,
                  const milvus::proto::schema::VectorField& from,
                  std::size_t row, milvus::proto::schema::VectorField* to);

}  // namespace elanus::role
