#include "role/vector_field.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "types/sparse.h"

namespace elanus::role {
namespace {

using milvus::proto::schema::SparseFloatArray;
using milvus::proto::schema::VectorField;
using types::DataType;

std::string* MutableBytes(DataType type, VectorField* field) {
  switch (type) {
    case DataType::kBinaryVector:
      return field->mutable_binary_vector();
    case DataType::kFloat16Vector:
      return field->mutable_float16_vector();
    case DataType::kBFloat16Vector:
      return field->mutable_bfloat16_vector();
    default:
      return field->mutable_int8_vector();
  }
}

// The dimension of sparse rows is one more than the largest index.
void CountIndex(std::string_view row, SparseFloatArray* rows) {
  if (row.size() < sizeof(types::SparseEntry)) return;
  types::SparseEntry last;
  std::memcpy(&last, row.data() + row.size() - sizeof(last), sizeof(last));
  rows->set_dim(std::max(rows->dim(), std::int64_t{last.index} + 1));
}

}  // namespace

bool IsInBytes(DataType type) {
  return type == DataType::kBinaryVector || type == DataType::kFloat16Vector ||
         type == DataType::kBFloat16Vector || type == DataType::kInt8Vector;
}

const std::string* DenseBytes(DataType type, const VectorField& field) {
  switch (type) {
    case DataType::kBinaryVector:
      return field.has_binary_vector() ? &field.binary_vector() : nullptr;
    case DataType::kFloat16Vector:
      return field.has_float16_vector() ? &field.float16_vector() : nullptr;
    case DataType::kBFloat16Vector:
      return field.has_bfloat16_vector() ? &field.bfloat16_vector() : nullptr;
    case DataType::kInt8Vector:
      return field.has_int8_vector() ? &field.int8_vector() : nullptr;
    default:
      return nullptr;
  }
}

void MakeVectors(DataType type, std::int64_t dim, std::size_t rows,
                 VectorField* field) {
  field->set_dim(dim);
  if (type == DataType::kSparseFloatVector) {
    SparseFloatArray* sparse = field->mutable_sparse_float_vector();
    for (std::size_t i = 0; i < rows; ++i) sparse->add_contents();
  } else if (type == DataType::kFloatVector) {
    field->mutable_float_vector()->mutable_data()->Resize(
        static_cast<int>(rows) * static_cast<int>(dim), 0);
  } else {
    MutableBytes(type, field)->resize(rows * types::FixedWidth(type, dim));
  }
}

void PutVector(const types::ColumnView& column, std::size_t row, std::size_t to,
               VectorField* field) {
  if (column.type == DataType::kSparseFloatVector) {
    SparseFloatArray* sparse = field->mutable_sparse_float_vector();
    const std::string_view value = column.Text(row);
    sparse->mutable_contents(static_cast<int>(to))
        ->assign(value.data(), value.size());
    CountIndex(value, sparse);
    field->set_dim(sparse->dim());
    return;
  }
  const auto bytes = column.Bytes(row);
  char* const begin =
      column.type == DataType::kFloatVector
          ? reinterpret_cast<char*>(
                field->mutable_float_vector()->mutable_data()->mutable_data())
          : MutableBytes(column.type, field)->data();
  std::memcpy(begin + to * bytes.size(), bytes.data(), bytes.size());
}

void AppendVector(DataType type, const VectorField& from, std::size_t row,
                  VectorField* to) {
  if (type == DataType::kSparseFloatVector) {
    const std::string& value =
        from.sparse_float_vector().contents(static_cast<int>(row));
    SparseFloatArray* sparse = to->mutable_sparse_float_vector();
    sparse->add_contents(value);
    CountIndex(value, sparse);
    to->set_dim(sparse->dim());
  } else if (type == DataType::kFloatVector) {
    const auto dim = static_cast<int>(from.dim());
    const auto begin =
        from.float_vector().data().begin() + static_cast<int>(row) * dim;
    to->mutable_float_vector()->mutable_data()->Add(begin, begin + dim);
  } else {
    const std::size_t width = types::FixedWidth(type, from.dim());
    MutableBytes(type, to)->append(*DenseBytes(type, from), row * width, width);
  }
}

}  // namespace elanus::role
