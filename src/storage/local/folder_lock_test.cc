#include "storage/local/folder_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <string>

#include "testing/temp_folder.h"

namespace elanus::storage {
namespace {

TEST(FolderLockTest, SecondHolderIsRefusedWithThePidOfTheFirst) {
  const testing::TempFolder folder;
  auto first = FolderLock::Acquire(folder.path() + "/data");
  ASSERT_TRUE(first.ok()) << first.status();

  const auto second = FolderLock::Acquire(folder.path() + "/data");

  EXPECT_EQ(base::CodeOf(second.status()),
            base::ErrorCode::kServiceUnavailable);
  EXPECT_THAT(std::string(base::MessageOf(second.status())),
              ::testing::HasSubstr("process " + std::to_string(::getpid())));
}

TEST(FolderLockTest, LockIsFreeAgainWhenItsHolderIsGone) {
  const testing::TempFolder folder;
  { ASSERT_TRUE(FolderLock::Acquire(folder.path()).ok()); }

  EXPECT_TRUE(FolderLock::Acquire(folder.path()).ok());
}

TEST(ClusterIdTest, IdIsMadeOnceAndDiffersBetweenFolders) {
  const testing::TempFolder one;
  const testing::TempFolder two;
  const auto id = ReadOrCreateClusterId(one.path());
  ASSERT_TRUE(id.ok()) << id.status();

  EXPECT_EQ(*ReadOrCreateClusterId(one.path()), *id);
  EXPECT_NE(*ReadOrCreateClusterId(two.path()), *id);
  EXPECT_EQ(id->size(), 32U);
}

TEST(ClusterIdTest, DamagedIdIsRefusedByName) {
  const testing::TempFolder folder;
  std::ofstream(folder.path() + "/cluster_id") << "not an id";

  const auto id = ReadOrCreateClusterId(folder.path());

  EXPECT_EQ(base::CodeOf(id.status()), base::ErrorCode::kDataIntegrity);
  EXPECT_THAT(std::string(base::MessageOf(id.status())),
              ::testing::HasSubstr("cluster_id"));
}

}  // namespace
}  // namespace elanus::storage
