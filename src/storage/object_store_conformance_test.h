// What every ObjectStore does. A backend's test instantiates it:
//
//   INSTANTIATE_TEST_SUITE_P(Local, ObjectStoreConformance,
//                            testing::Values(MakeBackend));
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "storage/errors.h"
#include "storage/object_store.h"

namespace elanus::storage {

// A store with empty storage of its own.
class ObjectStoreBackend {
 public:
  virtual ~ObjectStoreBackend() = default;
  virtual ObjectStore& store() = 0;
  // Connects anew, as after a restart of the process.
  virtual void Reopen() = 0;
};

class ObjectStoreConformance
    : public ::testing::TestWithParam<
          std::function<std::unique_ptr<ObjectStoreBackend>()>> {
 protected:
  void SetUp() override { backend_ = GetParam()(); }

  ObjectStore& store() { return backend_->store(); }

  void Put(const std::string& name, std::string_view bytes = "x") {
    const absl::Status status = store().Put(name, bytes);
    ASSERT_TRUE(status.ok()) << name << ": " << status;
  }
  std::string Get(const std::string& name) {
    const auto bytes = store().Get(name);
    return bytes.ok() ? std::string(bytes->view())
                      : std::string(base::MessageOf(bytes.status()));
  }
  bool Exists(const std::string& name) { return store().Head(name).ok(); }
  static std::span<const std::byte> Bytes(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
  }
  std::vector<std::string> List(const std::string& prefix,
                                const std::string& start_after = "",
                                std::size_t limit = 1000) {
    const auto page = store().List(prefix, start_after, limit);
    EXPECT_TRUE(page.ok()) << page.status();
    std::vector<std::string> names;
    if (!page.ok()) return names;
    for (const ObjectInfo& object : page->objects) names.push_back(object.name);
    if (page->more) names.push_back("...");
    return names;
  }

  std::unique_ptr<ObjectStoreBackend> backend_;
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ObjectStoreConformance);

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(ObjectStoreConformance, ObjectIsReadAsItWasPut) {
  const std::string bytes("a\0b\xff", 4);
  Put("segment/1/pk.col", bytes);

  EXPECT_EQ(Get("segment/1/pk.col"), bytes);
  EXPECT_EQ(*store().Head("segment/1/pk.col"), 4U);
}

TEST_P(ObjectStoreConformance, EmptyObjectIsAnObject) {
  Put("empty", "");

  EXPECT_EQ(Get("empty"), "");
  EXPECT_EQ(*store().Head("empty"), 0U);
  EXPECT_EQ(store().Get("empty", 0, 0)->size(), 0U);
}

TEST_P(ObjectStoreConformance, RangeOfAnObjectIsExact) {
  Put("digits", "0123456789");

  EXPECT_EQ(store().Get("digits", 3, 4)->view(), "3456");
  EXPECT_EQ(store().Get("digits", 10, 0)->view(), "");
  for (const auto& [offset, length] :
       std::vector<std::pair<std::uint64_t, std::uint64_t>>{
           {0, 11}, {10, 1}, {11, 0}, {5, ~std::uint64_t{0}}}) {
    const auto part = store().Get("digits", offset, length);
    EXPECT_EQ(base::CodeOf(part.status()), base::ErrorCode::kIoUnexpectedEof)
        << offset << "+" << length;
  }
}

TEST_P(ObjectStoreConformance, NameThatIsTakenIsRefusedAndKeepsItsObject) {
  Put("a", "first");

  EXPECT_TRUE(IsObjectExists(store().Put("a", "second")));

  EXPECT_EQ(Get("a"), "first");
}

TEST_P(ObjectStoreConformance, MissingObjectIsAnErrorOfItsOwn) {
  Put("folder/object");
  for (const std::string name : {"none", "folder", "folder/none", "no/ne"}) {
    EXPECT_TRUE(IsObjectNotFound(store().Get(name).status())) << name;
    EXPECT_TRUE(IsObjectNotFound(store().Get(name, 0, 1).status())) << name;
    EXPECT_TRUE(IsObjectNotFound(store().Head(name).status())) << name;
  }
}

TEST_P(ObjectStoreConformance, DeletedObjectIsGoneAndItsNameIsFree) {
  Put("f/a", "old");
  Put("f/b", "other");

  EXPECT_TRUE(store().Delete("f/a").ok());
  EXPECT_TRUE(store().Delete("f/a").ok());
  EXPECT_TRUE(store().Delete("never/was").ok());

  EXPECT_FALSE(Exists("f/a"));
  EXPECT_EQ(Get("f/b"), "other");
  Put("f/a", "new");
  EXPECT_EQ(Get("f/a"), "new");
}

TEST_P(ObjectStoreConformance, ListIsInByteOrderOfWholeNames) {
  for (const std::string name :
       {"a.b", "a0", "a/b0/c", "a/b/c1/d", "B", "a-/x", "a/b/c"}) {
    Put(name);
  }

  EXPECT_THAT(List(""), ElementsAre("B", "a-/x", "a.b", "a/b/c", "a/b/c1/d",
                                    "a/b0/c", "a0"));
}

TEST_P(ObjectStoreConformance, ListTakesAnyPrefixAndStartsBehindAName) {
  for (const std::string name : {"s/1/a", "s/1/b", "s/10/a", "s/2/a", "t"}) {
    Put(name);
  }

  EXPECT_THAT(List("s/1"), ElementsAre("s/1/a", "s/1/b", "s/10/a"));
  EXPECT_THAT(List("s/1/"), ElementsAre("s/1/a", "s/1/b"));
  EXPECT_THAT(List("s/", "s/1/a"), ElementsAre("s/1/b", "s/10/a", "s/2/a"));
  EXPECT_THAT(List("", "s/1/zzz"), ElementsAre("s/10/a", "s/2/a", "t"));
  EXPECT_THAT(List("s/1/a"), ElementsAre("s/1/a"));
  EXPECT_THAT(List("u"), IsEmpty());
  EXPECT_THAT(List("s/1/a/"), IsEmpty());
}

TEST_P(ObjectStoreConformance, PagesGiveEveryObjectOnce) {
  std::vector<std::string> names;
  for (int i = 0; i < 23; ++i) {
    names.push_back(fmt::format("p/{}/{}", i % 4, i));
    Put(names.back(), std::string(static_cast<std::size_t>(i), 'x'));
  }
  std::sort(names.begin(), names.end());

  for (const std::size_t limit : {1U, 5U, 23U, 24U}) {
    std::vector<std::string> seen;
    for (bool more = true; more;) {
      const auto page =
          store().List("p/", seen.empty() ? "" : seen.back(), limit);
      ASSERT_TRUE(page.ok()) << page.status();
      ASSERT_LE(page->objects.size(), limit);
      for (const ObjectInfo& object : page->objects) {
        seen.push_back(object.name);
        EXPECT_EQ(object.size, *store().Head(object.name));
      }
      more = page->more;
    }
    EXPECT_EQ(seen, names) << "limit " << limit;
  }
}

TEST_P(ObjectStoreConformance, UploadAppearsWholeWhenItIsFinished) {
  auto upload = store().StartUpload("big/object");
  ASSERT_TRUE(upload.ok()) << upload.status();
  ASSERT_TRUE((*upload)->Append(Bytes("one ")).ok());
  ASSERT_TRUE((*upload)->Append(Bytes("")).ok());
  ASSERT_TRUE((*upload)->Append(Bytes("two")).ok());
  EXPECT_FALSE(Exists("big/object"));
  EXPECT_THAT(List(""), IsEmpty());

  ASSERT_TRUE((*upload)->Finish().ok());

  EXPECT_EQ(Get("big/object"), "one two");
  EXPECT_FALSE((*upload)->Finish().ok()) << "twice";
  EXPECT_EQ(Get("big/object"), "one two");
}

TEST_P(ObjectStoreConformance, AbandonedUploadLeavesNothing) {
  {
    auto upload = store().StartUpload("a");
    ASSERT_TRUE(upload.ok());
    ASSERT_TRUE((*upload)->Append(Bytes("half")).ok());
  }

  EXPECT_FALSE(Exists("a"));
  EXPECT_THAT(List(""), IsEmpty());
  Put("a", "whole");
}

TEST_P(ObjectStoreConformance, UploadOfANameThatIsTakenFails) {
  auto upload = store().StartUpload("a");
  ASSERT_TRUE(upload.ok());
  ASSERT_TRUE((*upload)->Append(Bytes("late")).ok());
  Put("a", "first");

  EXPECT_TRUE(IsObjectExists((*upload)->Finish()));

  EXPECT_EQ(Get("a"), "first");
}

TEST_P(ObjectStoreConformance, UploadsFinishedTogetherAreAllThere) {
  const std::vector<std::string> names = {"a/b/1", "a/b/2", "a/c/1", "d", "e"};
  std::vector<std::unique_ptr<Upload>> uploads;
  for (const std::string& name : names) {
    uploads.push_back(*store().StartUpload(name));
    ASSERT_TRUE(uploads.back()->Append(Bytes(name)).ok());
  }
  EXPECT_THAT(List(""), IsEmpty());

  ASSERT_TRUE(store().FinishAll(uploads).ok());
  uploads.clear();
  backend_->Reopen();

  EXPECT_EQ(List(""), names);
  for (const std::string& name : names) EXPECT_EQ(Get(name), name);
}

TEST_P(ObjectStoreConformance, UploadsFinishedTogetherStopAtANameThatIsTaken) {
  std::vector<std::unique_ptr<Upload>> uploads;
  for (const char* name : {"a/1", "a/2", "a/3"}) {
    uploads.push_back(*store().StartUpload(name));
    ASSERT_TRUE(uploads.back()->Append(Bytes("new")).ok());
  }
  Put("a/2", "old");

  EXPECT_TRUE(IsObjectExists(store().FinishAll(uploads)));
  uploads.clear();

  EXPECT_EQ(Get("a/2"), "old");
  EXPECT_FALSE(Exists("a/3"));
}

TEST_P(ObjectStoreConformance, OneOfManyThatPutTheSameNameWins) {
  std::vector<std::thread> threads;
  std::atomic<int> winners = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([this, i, &winners] {
      const absl::Status status = store().Put(
          "contested/name", std::string(1000, static_cast<char>('0' + i)));
      if (status.ok()) ++winners;
      EXPECT_TRUE(status.ok() || IsObjectExists(status)) << status;
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(winners, 1);
  const std::string bytes = Get("contested/name");
  EXPECT_EQ(bytes, std::string(1000, bytes[0]));
}

TEST_P(ObjectStoreConformance, PutsAndDeletesBesideEachOtherDoNotFail) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, i] {
      for (int round = 0; round < 25; ++round) {
        const std::string name = fmt::format("deep/er/still/{}", i);
        const absl::Status put = store().Put(name, name);
        ASSERT_TRUE(put.ok()) << put;
        ASSERT_EQ(Get(name), name);
        ASSERT_TRUE(store().Delete(name).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_THAT(List(""), IsEmpty());
}

TEST_P(ObjectStoreConformance, ObjectsSurviveReopening) {
  Put("a/b", "bytes");
  auto unfinished = store().StartUpload("c");
  ASSERT_TRUE(unfinished.ok());
  ASSERT_TRUE((*unfinished)->Append(Bytes("half")).ok());
  unfinished->reset();

  backend_->Reopen();

  EXPECT_THAT(List(""), ElementsAre("a/b"));
  EXPECT_EQ(Get("a/b"), "bytes");
}

TEST_P(ObjectStoreConformance, NamesOutsideTheRulesAreRefusedEverywhere) {
  const std::vector<std::string> names = {"",
                                          "/a",
                                          "a/",
                                          "a//b",
                                          ".",
                                          "..",
                                          "a/../b",
                                          "../a",
                                          "./a",
                                          std::string("a\0b", 3),
                                          "a\nb",
                                          ".elanus-tmp/1",
                                          std::string(256, 'x'),
                                          std::string(1025, 'x')};
  for (const std::string& name : names) {
    for (const absl::Status& status :
         {store().Put(name, "x"), store().Get(name).status(),
          store().Head(name).status(), store().Delete(name),
          store().StartUpload(name).status(), store().Map(name).status()}) {
      EXPECT_EQ(base::CodeOf(status), base::ErrorCode::kParameterInvalid)
          << name;
    }
  }
}

TEST_P(ObjectStoreConformance, MappedObjectIsTheObjectOrNotSupported) {
  const std::string bytes(10'000, 'm');
  Put("mapped", bytes);

  const auto mapped = store().Map("mapped");

  if (!mapped.ok()) {
    EXPECT_EQ(base::CodeOf(mapped.status()), base::ErrorCode::kUnimplemented);
    return;
  }
  ASSERT_TRUE(store().Delete("mapped").ok());
  EXPECT_EQ(mapped->view(), bytes) << "stays valid";
  EXPECT_TRUE(IsObjectNotFound(store().Map("mapped").status()));
}

TEST_P(ObjectStoreConformance, RandomOperationsMatchAMap) {
  std::mt19937 random(11);
  const auto pick = [&](unsigned below) {
    return static_cast<unsigned>(random() % below);
  };
  std::map<std::string, std::string> model;
  for (int step = 0; step < 200; ++step) {
    const std::string name = fmt::format("{}/{}", pick(4), pick(4));
    if (pick(3) > 0) {
      const std::string bytes(pick(2000), static_cast<char>('a' + pick(26)));
      const bool is_free = model.emplace(name, bytes).second;
      ASSERT_EQ(store().Put(name, bytes).ok(), is_free);
    } else {
      model.erase(name);
      ASSERT_TRUE(store().Delete(name).ok());
    }
  }
  std::vector<std::string> names;
  for (const auto& [name, bytes] : model) {
    names.push_back(name);
    EXPECT_EQ(Get(name), bytes);
  }
  EXPECT_EQ(List(""), names);
}

}  // namespace elanus::storage
