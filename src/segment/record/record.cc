#include "segment/record/record.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "base/byte_io.h"
#include "base/crc32c.h"
#include "segment/record/record_format.h"

namespace elanus::segment {

namespace format = record_format;

const types::ColumnView* RecordView::Column(base::FieldId field) const {
  for (const RecordColumn& column : columns_) {
    if (column.field == field) return &column.values;
  }
  return nullptr;
}

// Fills a RecordView step by step; the buffer starts at a multiple of 64.
class RecordParser {
 public:
  explicit RecordParser(base::Buffer buffer)
      : in_(buffer.bytes(), "log record") {
    view_.buffer_ = std::move(buffer);
  }

  absl::StatusOr<RecordView> Parse() {
    RETURN_IF_ERROR(ParseHeader());
    RETURN_IF_ERROR(ParseBody());
    return std::move(view_);
  }

 private:
  absl::Status ParseHeader() {
    const std::span<const std::byte> bytes = view_.buffer_.bytes();
    ASSIGN_OR_RETURN(const auto raw, in_.Raw(format::kHeaderSize));
    const std::string_view text(reinterpret_cast<const char*>(raw.data()),
                                raw.size());
    base::ByteReader in(raw, "header of log record");
    ASSIGN_OR_RETURN(const auto magic, in.Raw(format::kMagic.size()));
    if (text.substr(0, magic.size()) != format::kMagic) {
      return base::DataLoss("log record: does not start with ELRC");
    }
    ASSIGN_OR_RETURN(const auto version, in.Fixed<std::uint16_t>());
    if (version != format::kVersion) {
      return base::DataLoss("log record: format version {}, known is {}",
                            version, format::kVersion);
    }
    ASSIGN_OR_RETURN(const auto type, in.Fixed<std::uint8_t>());
    ASSIGN_OR_RETURN(const auto reserved, in.Fixed<std::uint8_t>());
    ASSIGN_OR_RETURN(const auto header_crc, in.Fixed<std::uint32_t>());
    ASSIGN_OR_RETURN(const auto body_crc, in.Fixed<std::uint32_t>());
    ASSIGN_OR_RETURN(const auto total_size, in.Fixed<std::uint32_t>());
    ASSIGN_OR_RETURN(const auto header_size, in.Fixed<std::uint32_t>());
    if (header_crc !=
        base::Crc32c(raw.subspan(format::kBodyCrcAt),
                     base::Crc32c(raw.first(format::kHeaderCrcAt)))) {
      return base::DataLoss("log record: checksum of the header is wrong");
    }
    if (header_size != format::kHeaderSize || total_size != bytes.size() ||
        total_size > kMaxRecordBytes || reserved != 0 ||
        type < static_cast<int>(RecordType::kCreateCollection) ||
        type > static_cast<int>(RecordType::kDropCollection)) {
      return base::DataLoss(
          "log record: type {}, header of {} bytes, {} of {} bytes", type,
          header_size, bytes.size(), total_size);
    }
    if (body_crc != base::Crc32c(bytes.subspan(format::kHeaderSize))) {
      return base::DataLoss("log record: checksum of the body is wrong");
    }
    view_.header_.type = static_cast<RecordType>(type);
    return ParseWriter(in);
  }

  absl::Status ParseWriter(base::ByteReader& in) {
    RecordHeader& header = view_.header_;
    ASSIGN_OR_RETURN(const auto collection, in.Fixed<std::int64_t>());
    header.vchannel.collection = base::CollectionId{collection};
    ASSIGN_OR_RETURN(header.vchannel.shard, in.Fixed<std::uint32_t>());
    ASSIGN_OR_RETURN(header.schema_version, in.Fixed<std::uint32_t>());
    ASSIGN_OR_RETURN(const auto writer, in.Fixed<std::uint64_t>());
    header.writer = base::WriterId{writer};
    ASSIGN_OR_RETURN(header.sequence, in.Fixed<std::uint64_t>());
    ASSIGN_OR_RETURN(header.proposed.value, in.Fixed<std::uint64_t>());
    if (header.proposed > kMaxProposed) {
      return base::DataLoss("log record: proposed time {} is beyond all times",
                            header.proposed.value);
    }
    return absl::OkStatus();
  }

  absl::Status ParseBody() {
    switch (view_.header_.type) {
      case RecordType::kInsert:
      case RecordType::kUpsert:
        return ParseRows();
      case RecordType::kDelete:
        return ParseDelete();
      case RecordType::kCreateCollection: {
        ASSIGN_OR_RETURN(const auto rest, in_.Raw(in_.remaining()));
        view_.payload_ = {reinterpret_cast<const char*>(rest.data()),
                          rest.size()};
        return absl::OkStatus();
      }
      case RecordType::kCloseSegments:
        RETURN_IF_ERROR(ParseIds(view_.partitions_));
        return CheckEnd();
      case RecordType::kCreatePartition:
      case RecordType::kDropPartition: {
        ASSIGN_OR_RETURN(const auto partition, in_.Fixed<std::int64_t>());
        view_.partition_ = base::PartitionId{partition};
        ASSIGN_OR_RETURN(view_.name_, in_.Text());
        return CheckEnd();
      }
      case RecordType::kSchemaChange: {
        ASSIGN_OR_RETURN(view_.new_schema_version_, in_.Fixed<std::uint32_t>());
        ASSIGN_OR_RETURN(view_.payload_, in_.Text());
        return CheckEnd();
      }
      case RecordType::kImport: {
        RETURN_IF_ERROR(ParseIds(view_.segments_));
        ASSIGN_OR_RETURN(view_.payload_, in_.Text());
        return CheckEnd();
      }
      case RecordType::kTick:
      case RecordType::kDropCollection:
        return CheckEnd();
    }
    return base::DataLoss("log record: unknown type");
  }

  template <typename Id>
  absl::Status ParseIds(std::vector<Id>& ids) {
    ASSIGN_OR_RETURN(const std::uint32_t count,
                     in_.Count(sizeof(std::int64_t)));
    ids.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      ASSIGN_OR_RETURN(const auto id, in_.Fixed<std::int64_t>());
      ids.push_back(Id{id});
    }
    return absl::OkStatus();
  }

  absl::Status CheckEnd() const {
    if (in_.remaining() == 0) return absl::OkStatus();
    return base::DataLoss("log record: {} bytes too many", in_.remaining());
  }

  absl::Status ParseRows() {
    ASSIGN_OR_RETURN(const auto rows, in_.Fixed<std::uint32_t>());
    ASSIGN_OR_RETURN(const auto run_count, in_.Fixed<std::uint32_t>());
    ASSIGN_OR_RETURN(const auto column_count, in_.Fixed<std::uint32_t>());
    ASSIGN_OR_RETURN(const auto reserved, in_.Fixed<std::uint32_t>());
    ASSIGN_OR_RETURN(const auto key_field, in_.Fixed<std::int64_t>());
    if (reserved != 0) return Damaged("reserved bytes are set");
    view_.rows_ = rows;
    view_.key_field_ = base::FieldId{key_field};
    if (run_count > in_.remaining() / format::kRunSize) {
      return Damaged("more runs than bytes");
    }
    for (std::uint32_t i = 0; i < run_count; ++i) RETURN_IF_ERROR(ParseRun());
    if (const absl::Status runs = format::CheckRuns(view_.runs_, rows);
        !runs.ok()) {
      return Damaged(base::MessageOf(runs));
    }
    RETURN_IF_ERROR(ParseColumns(column_count));
    const types::ColumnView* keys = view_.Column(view_.key_field_);
    if (keys == nullptr) return Damaged("no column of keys");
    view_.keys_ = *keys;
    return CheckKeys();
  }

  absl::Status ParseRun() {
    ASSIGN_OR_RETURN(const auto partition, in_.Fixed<std::int64_t>());
    ASSIGN_OR_RETURN(const auto segment, in_.Fixed<std::int64_t>());
    ASSIGN_OR_RETURN(const auto row_begin, in_.Fixed<std::uint32_t>());
    ASSIGN_OR_RETURN(const auto rows, in_.Fixed<std::uint32_t>());
    view_.runs_.push_back({.partition = base::PartitionId{partition},
                           .segment = base::SegmentId{segment},
                           .row_begin = row_begin,
                           .rows = rows});
    return absl::OkStatus();
  }

  absl::Status ParseDelete() {
    ASSIGN_OR_RETURN(const auto rows, in_.Fixed<std::uint32_t>());
    ASSIGN_OR_RETURN(const auto reserved, in_.Fixed<std::uint32_t>());
    ASSIGN_OR_RETURN(view_.upto_.value, in_.Fixed<std::uint64_t>());
    ASSIGN_OR_RETURN(const auto partition, in_.Fixed<std::int64_t>());
    if (reserved != 0) return Damaged("reserved bytes are set");
    view_.rows_ = rows;
    view_.partition_ = base::PartitionId{partition};
    RETURN_IF_ERROR(ParseColumns(1));
    view_.keys_ = view_.columns_.front().values;
    view_.columns_.clear();
    return CheckKeys();
  }

  absl::Status CheckKeys() const {
    const types::DataType type = view_.keys_.type;
    if (!view_.keys_.nulls.empty() || (type != types::DataType::kInt64 &&
                                       type != types::DataType::kVarChar)) {
      return Damaged("keys that are no keys");
    }
    return absl::OkStatus();
  }

  absl::Status ParseColumns(std::uint32_t count) {
    if (count > in_.remaining() / format::kDescriptorSize) {
      return Damaged("more columns than bytes");
    }
    std::vector<ColumnLayout> layouts;
    std::vector<format::ColumnPlace> stated;
    for (std::uint32_t i = 0; i < count; ++i) {
      RETURN_IF_ERROR(ParseDescriptor(layouts, stated));
    }
    const auto places =
        format::PlaceColumns(in_.offset(), view_.rows_, layouts);
    if (!places.ok()) return Damaged(base::MessageOf(places.status()));
    if (places->size != view_.buffer_.size()) {
      return Damaged("the columns do not end where the record ends");
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      if (places->columns[i] != stated[i]) {
        return Damaged("a column does not lie where it should");
      }
      RETURN_IF_ERROR(AddColumn(layouts[i], stated[i]));
    }
    return CheckFieldsDiffer();
  }

  absl::Status ParseDescriptor(std::vector<ColumnLayout>& layouts,
                               std::vector<format::ColumnPlace>& places) {
    ColumnLayout layout;
    ASSIGN_OR_RETURN(const auto field, in_.Fixed<std::int64_t>());
    layout.field = base::FieldId{field};
    ASSIGN_OR_RETURN(const auto type, in_.Fixed<std::int32_t>());
    layout.type = static_cast<types::DataType>(type);
    ASSIGN_OR_RETURN(const auto flags, in_.Fixed<std::uint32_t>());
    if ((flags & ~format::kHasNulls) != 0) return Damaged("unknown flags");
    layout.has_nulls = flags != 0;
    ASSIGN_OR_RETURN(layout.dim, in_.Fixed<std::int64_t>());
    format::ColumnPlace place;
    ASSIGN_OR_RETURN(place.nulls, in_.Fixed<std::uint32_t>());
    ASSIGN_OR_RETURN(place.offsets, in_.Fixed<std::uint32_t>());
    ASSIGN_OR_RETURN(place.values, in_.Fixed<std::uint32_t>());
    ASSIGN_OR_RETURN(place.values_size, in_.Fixed<std::uint32_t>());
    layout.value_bytes = static_cast<std::uint32_t>(place.values_size);
    layouts.push_back(layout);
    places.push_back(place);
    return absl::OkStatus();
  }

  // The place was found to lie inside the record.
  absl::Status AddColumn(const ColumnLayout& layout,
                         const format::ColumnPlace& place) {
    const std::byte* const base = view_.buffer_.bytes().data();
    types::ColumnView values{
        .type = layout.type,
        .dim = layout.dim,
        .rows = view_.rows_,
        .values = {base + place.values, place.values_size}};
    if (place.offsets != 0) {
      values.offsets = {
          reinterpret_cast<const std::uint32_t*>(base + place.offsets),
          view_.rows_ + 1};
      const absl::Status rising =
          format::CheckOffsets(values.offsets, place.values_size);
      if (!rising.ok()) return Damaged(base::MessageOf(rising));
    }
    if (place.nulls != 0) {
      values.nulls = {
          reinterpret_cast<const std::uint64_t*>(base + place.nulls),
          view_.rows_};
      const absl::Status inside = format::CheckNulls(
          {values.nulls.words(), values.nulls.word_count()}, view_.rows_);
      if (!inside.ok()) return Damaged(base::MessageOf(inside));
    }
    view_.columns_.push_back({.field = layout.field, .values = values});
    return absl::OkStatus();
  }

  absl::Status CheckFieldsDiffer() const {
    std::vector<base::FieldId> fields;
    for (const RecordColumn& column : view_.columns_) {
      fields.push_back(column.field);
    }
    std::sort(fields.begin(), fields.end());
    if (std::adjacent_find(fields.begin(), fields.end()) != fields.end()) {
      return Damaged("a field stands twice");
    }
    return absl::OkStatus();
  }

  static absl::Status Damaged(std::string_view why) {
    return base::DataLoss("log record: {}", why);
  }

  RecordView view_;
  base::ByteReader in_;
};

absl::StatusOr<RecordView> ParseRecord(base::Buffer buffer) {
  if (buffer.size() > kMaxRecordBytes) {
    return base::DataLoss("log record: {} bytes, more than {}", buffer.size(),
                          kMaxRecordBytes);
  }
  const auto address = reinterpret_cast<std::uintptr_t>(buffer.bytes().data());
  if (address % format::kAlignment != 0 && !buffer.empty()) {
    base::AlignedBytes aligned(buffer.size());
    std::memcpy(aligned.data(), buffer.bytes().data(), buffer.size());
    buffer = std::move(aligned).Freeze();
  }
  return RecordParser(std::move(buffer)).Parse();
}

}  // namespace elanus::segment
