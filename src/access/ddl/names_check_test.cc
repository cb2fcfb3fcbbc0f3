#include "access/ddl/names_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace elanus::access {
namespace {

using base::ErrorCode;
using testing::HasSubstr;

constexpr std::int64_t kMax = 255;

std::string Text(const absl::Status& status) {
  return std::string(base::MessageOf(status));
}

TEST(NamesCheck, TakesWhatMilvusTakes) {
  const std::vector<std::string> good = {
      "a", "_", "A1", "_1", "books_2024", std::string(255, 'x')};
  for (const std::string& name : good) {
    EXPECT_TRUE(CheckCollectionName(name, kMax).ok()) << name;
    EXPECT_TRUE(CheckAliasName(name, kMax).ok()) << name;
    EXPECT_TRUE(CheckPartitionName(name, kMax).ok()) << name;
    EXPECT_TRUE(CheckFieldName(name, kMax).ok()) << name;
    EXPECT_TRUE(CheckIndexName(name, kMax).ok()) << name;
    EXPECT_TRUE(CheckDatabaseName(name, kMax).ok()) << name;
  }
}

TEST(NamesCheck, RefusesWhatNobodyMayBeCalled) {
  const std::vector<std::string> bad = {"",
                                        "a b",
                                        "a.b",
                                        "$a",
                                        "a$",
                                        " a",
                                        "\xc3\xbc",
                                        "a\xc3\xbc",
                                        "a\n",
                                        "@",
                                        "[",
                                        "`",
                                        "{",
                                        "/",
                                        ":",
                                        std::string("a\0", 2),
                                        std::string(256, 'x')};
  for (const std::string& name : bad) {
    EXPECT_FALSE(CheckCollectionName(name, kMax).ok()) << name;
    EXPECT_FALSE(CheckAliasName(name, kMax).ok()) << name;
    EXPECT_FALSE(CheckPartitionName(name, kMax).ok()) << name;
    EXPECT_FALSE(CheckFieldName(name, kMax).ok()) << name;
    EXPECT_FALSE(CheckIndexName(name, kMax).ok()) << name;
    EXPECT_FALSE(CheckDatabaseName(name, kMax).ok()) << name;
  }
}

TEST(NamesCheck, OnlyPartitionsMayBeginWithADigitAndHaveDashes) {
  for (const char* name : {"1a", "2024-01", "a-b"}) {
    EXPECT_TRUE(CheckPartitionName(name, kMax).ok()) << name;
    EXPECT_FALSE(CheckCollectionName(name, kMax).ok()) << name;
    EXPECT_FALSE(CheckAliasName(name, kMax).ok()) << name;
    EXPECT_FALSE(CheckFieldName(name, kMax).ok()) << name;
  }
  EXPECT_FALSE(CheckPartitionName("-a", kMax).ok());
}

TEST(NamesCheck, TheNamesOfHiddenFieldsAreTakenForFieldsAlone) {
  for (const char* name : {"RowID", "Timestamp"}) {
    const absl::Status status = CheckFieldName(name, kMax);
    EXPECT_EQ(base::CodeOf(status), ErrorCode::kFieldInvalidName);
    EXPECT_TRUE(CheckCollectionName(name, kMax).ok());
  }
  EXPECT_FALSE(CheckFieldName("$meta", kMax).ok());
  EXPECT_TRUE(CheckFieldName("timestamp", kMax).ok());
}

TEST(NamesCheck, TheLimitOfTheConfigurationCounts) {
  EXPECT_TRUE(CheckCollectionName("abc", 3).ok());
  EXPECT_THAT(Text(CheckCollectionName("abcd", 3)),
              HasSubstr("must be less than 3 characters"));
}

struct Refusal {
  absl::Status status;
  ErrorCode code;
  std::string text;
};

TEST(NamesCheck, RefusesInMilvussWords) {
  const std::string name(256, 'x');
  const std::vector<Refusal> refusals = {
      {CheckCollectionName("1c", kMax), ErrorCode::kParameterInvalid,
       "Invalid collection name: 1c. the first character of a collection name "
       "must be an underscore or letter: invalid parameter"},
      {CheckCollectionName(name, kMax), ErrorCode::kParameterInvalid,
       "the length of a collection name must be less than 255 characters: "
       "invalid parameter"},
      {CheckCollectionName("", kMax), ErrorCode::kParameterInvalid,
       "collection name should not be empty"},
      {CheckCollectionName("a-b", kMax), ErrorCode::kParameterInvalid,
       "Invalid collection name: a-b"},
      {CheckAliasName("1x", kMax), ErrorCode::kParameterInvalid,
       "Invalid collection alias: 1x. the first character of a collection "
       "alias must be an underscore or letter"},
      {CheckAliasName(name, kMax), ErrorCode::kParameterInvalid,
       "the length of a collection alias must be less than 255 characters"},
      {CheckPartitionName("!p", kMax), ErrorCode::kUnexpected,
       "Invalid partition name: !p. The first character of a partition name "
       "must be an underscore or letter."},
      {CheckPartitionName("", kMax), ErrorCode::kUnexpected,
       "Invalid partition name: . Partition name should not be empty."},
      {CheckFieldName("1t", kMax), ErrorCode::kFieldInvalidName,
       "Invalid field name: 1t"},
      {CheckDatabaseName("1d", kMax), ErrorCode::kDatabaseInvalidName,
       "the first character of a database name must be an underscore or "
       "letter: invalid database name[database=1d]"},
      {CheckDatabaseName(name, kMax), ErrorCode::kDatabaseInvalidName,
       "the length of a database name must be less than 255 characters"},
      {CheckIndexName("1i", kMax), ErrorCode::kParameterInvalid,
       "Invalid index name: 1i"},
  };
  for (const Refusal& refusal : refusals) {
    EXPECT_EQ(base::CodeOf(refusal.status), refusal.code) << refusal.text;
    EXPECT_EQ(base::FaultOf(refusal.status), base::Fault::kCaller);
    EXPECT_THAT(Text(refusal.status), HasSubstr(refusal.text));
  }
}

}  // namespace
}  // namespace elanus::access
