#include "storage/local/local_object_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "storage/errors.h"
#include "storage/object_store_conformance_test.h"
#include "testing/temp_folder.h"

namespace elanus::storage {
namespace {

namespace fs = std::filesystem;

class LocalBackend final : public ObjectStoreBackend {
 public:
  LocalBackend() { Reopen(); }
  ObjectStore& store() override { return *store_; }
  void Reopen() override {
    store_.reset();
    auto store = LocalObjectStore::Open({.root = root()});
    EXPECT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }
  std::string root() const { return folder_.path() + "/objects"; }
  std::string outside() const { return folder_.path() + "/outside"; }

 private:
  const testing::TempFolder folder_;
  std::unique_ptr<LocalObjectStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Local, ObjectStoreConformance, ::testing::Values([] {
                           return std::make_unique<LocalBackend>();
                         }));

TEST(LocalObjectStoreTest, LeftoversOfADeadProcessAreRemovedAtOpen) {
  LocalBackend backend;
  const std::string left = backend.root() + "/.elanus-tmp/17";
  std::ofstream(left) << "half";
  EXPECT_TRUE(backend.store().List("", "", 10)->objects.empty());

  backend.Reopen();

  EXPECT_FALSE(fs::exists(left));
}

TEST(LocalObjectStoreTest, NothingIsReadOrWrittenThroughSymbolicLinks) {
  LocalBackend backend;
  fs::create_directory(backend.outside());
  std::ofstream(backend.outside() + "/secret") << "secret";
  fs::create_symlink(backend.outside(), backend.root() + "/link");
  fs::create_symlink(backend.outside() + "/secret", backend.root() + "/leaf");
  ObjectStore& store = backend.store();

  EXPECT_FALSE(store.Get("link/secret").ok());
  EXPECT_FALSE(store.Get("leaf").ok());
  EXPECT_FALSE(store.Map("leaf").ok());
  EXPECT_FALSE(store.Put("link/new", "x").ok());
  EXPECT_TRUE(store.List("", "", 10)->objects.empty());
  EXPECT_TRUE(store.Delete("link/secret").ok());

  EXPECT_TRUE(fs::exists(backend.outside() + "/secret"));
  EXPECT_FALSE(fs::exists(backend.outside() + "/new"));
}

TEST(LocalObjectStoreTest, EmptyFoldersGoWithTheirLastObject) {
  LocalBackend backend;
  ASSERT_TRUE(backend.store().Put("a/b/c", "1").ok());
  ASSERT_TRUE(backend.store().Put("a/d", "2").ok());

  ASSERT_TRUE(backend.store().Delete("a/b/c").ok());

  EXPECT_FALSE(fs::exists(backend.root() + "/a/b"));
  EXPECT_TRUE(fs::exists(backend.root() + "/a/d"));
}

TEST(LocalObjectStoreTest, MappedObjectIsNotCopied) {
  LocalBackend backend;
  ASSERT_TRUE(backend.store().Put("a", std::string(8192, 'x')).ok());

  const auto mapped = backend.store().Map("a");

  ASSERT_TRUE(mapped.ok()) << mapped.status();
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(mapped->bytes().data()) % 4096,
            0U);
}

}  // namespace
}  // namespace elanus::storage
