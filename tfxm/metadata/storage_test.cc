// SPDX-License-Identifier: Apache-2.0

// What happens around the store's file: other versions, other programs, damage, and what is left on disk.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/metadata/metadata_store.h"
#include "tfxm/metadata/properties.h"
#include "tfxm/metadata/run_lock.h"
#include "tfxm/metadata/sqlite.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

::testing::AssertionResult Contains(absl::string_view text, absl::string_view part) {
  if (absl::StrContains(text, part)) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "\"" << part << "\" is not in: " << text;
}

class StorageTest : public ::testing::Test {
 protected:
  std::string Path(absl::string_view name = "metadata.db") const { return io::JoinPath(dir_, name); }
  void Execute(absl::string_view sql) {
    auto db = sqlite::Open(Path(), database::Mode::kReadWriteCreate);
    ASSERT_TRUE(db.ok());
    ASSERT_TRUE((*db)->Execute(sql).ok());
  }
  const TempDir temporary_;
  const std::string& dir_ = temporary_.path();
};

ml_metadata::ContextType PipelineType() {
  ml_metadata::ContextType type;
  type.set_name("pipeline");
  return type;
}

TEST_F(StorageTest, OneFileIsLeftAndItsFolderIsMade) {
  const std::string path = io::JoinPath(dir_, "runs/mnist/metadata.db");
  {
    auto store = MetadataStore::Open(path);
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE((*store)->PutContextType(PipelineType()).ok());
  }
  EXPECT_EQ(*io::ListDir(io::Dirname(path)), std::vector<std::string>{"metadata.db"});
}

TEST_F(StorageTest, AMissingFileIsOnlyMadeForWriting) {
  const auto store = MetadataStore::Open(Path("none.db"), database::Mode::kReadOnly);
  EXPECT_EQ(store.status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(Contains(store.status().message(), "none.db"));
  EXPECT_FALSE(io::Exists(Path("none.db")));
}

TEST_F(StorageTest, ANewerSchemaIsRefusedAndNotTouched) {
  {
    ASSERT_TRUE(MetadataStore::Open(Path()).ok());
  }
  Execute("UPDATE `MLMDEnv` SET `schema_version` = 11");
  const std::string before = *io::ReadFile(Path());
  const auto store = MetadataStore::Open(Path());
  EXPECT_EQ(store.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Contains(store.status().message(), "schema version 11"));
  EXPECT_TRUE(Contains(store.status().message(), Path()));
  EXPECT_TRUE(*io::ReadFile(Path()) == before);
}

TEST_F(StorageTest, AnOlderSchemaAndOtherDatabasesAreRefused) {
  Execute("CREATE TABLE `Customers`(`id` INT)");
  EXPECT_TRUE(Contains(MetadataStore::Open(Path()).status().message(), "not an ML Metadata store"));
  Execute("CREATE TABLE `MLMDEnv`(`schema_version` INTEGER PRIMARY KEY); INSERT INTO `MLMDEnv` VALUES (6)");
  EXPECT_TRUE(Contains(MetadataStore::Open(Path()).status().message(), "old schema version 6"));
}

TEST_F(StorageTest, ADamagedFileIsNamed) {
  ASSERT_TRUE(io::WriteFile(Path(), std::string(5000, 'x')).ok());
  const auto store = MetadataStore::Open(Path());
  EXPECT_EQ(store.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(Contains(store.status().message(), Path()));
}

TEST_F(StorageTest, ReadersAreNotLockedOutByAWriter) {
  auto writer = *MetadataStore::Open(Path());
  ASSERT_TRUE(writer->PutContextType(PipelineType()).ok());
  auto reader = *MetadataStore::Open(Path(), database::Mode::kReadOnly);
  ASSERT_TRUE(writer
                  ->Transaction([&]() -> absl::Status {
                    ml_metadata::Context context;
                    context.set_type("pipeline");
                    context.set_name("p");
                    EXPECT_TRUE(writer->PutContexts({context}).ok());
                    EXPECT_EQ(reader->GetContexts()->size(), 0) << "not committed yet";
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(reader->GetContexts()->size(), 1);
}

// A process is killed between two commits and in the middle of a transaction.
TEST_F(StorageTest, WhatWasCommittedSurvivesAKill) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    auto store = *MetadataStore::Open(Path());
    (void)store->PutContextType(PipelineType());
    ml_metadata::Context context;
    context.set_type("pipeline");
    context.set_name("committed");
    (void)store->PutContexts({context});
    (void)store->Transaction([&]() -> absl::Status {
      context.set_name("half");
      (void)store->PutContexts({context});
      (void)!write(ready[1], "x", 1);
      while (true) pause();
    });
  }
  char c;
  ASSERT_EQ(read(ready[0], &c, 1), 1);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  {
    auto store = MetadataStore::Open(Path());
    ASSERT_TRUE(store.ok()) << store.status();
    const auto contexts = *(*store)->GetContexts();
    ASSERT_EQ(contexts.size(), 1);
    EXPECT_EQ(contexts[0].name(), "committed");
  }
  EXPECT_EQ(*io::ListDir(dir_), std::vector<std::string>{"metadata.db"});
}

TEST_F(StorageTest, ASecondRunIsRefusedUntilTheFirstEnds) {
  {
    const auto first = RunLock::Acquire(Path());
    ASSERT_TRUE(first.ok()) << first.status();
    const auto second = RunLock::Acquire(Path());
    EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
    EXPECT_TRUE(Contains(second.status().message(), absl::StrCat("process ", getpid())));
    EXPECT_TRUE(Contains(second.status().message(), Path()));
  }
  EXPECT_TRUE(RunLock::Acquire(Path()).ok());
  EXPECT_TRUE(io::ListDir(dir_)->empty());
}

TEST_F(StorageTest, ALockDiesWithItsProcess) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto lock = RunLock::Acquire(Path());
    (void)!write(ready[1], "x", 1);
    while (true) pause();
  }
  char c;
  ASSERT_EQ(read(ready[0], &c, 1), 1);
  EXPECT_FALSE(RunLock::Acquire(Path()).ok());
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(RunLock::Acquire(Path()).ok());
}

TEST(PropertiesTest, ArtifactsGoToMlmdAndBack) {
  google::protobuf::Struct blessed;
  (*blessed.mutable_fields())["train"].set_number_value(1);
  const Artifact artifact{.id = 4,
                          .type_name = "Examples",
                          .name = "n",
                          .uri = "/a",
                          .properties = {{"span", int64_t{2}}, {"weight", 0.5}},
                          .custom_properties = {{"blessed", StructProperty(blessed)}, {"text", "x"}}};
  const ml_metadata::Artifact mlmd = ToMlmd(artifact);
  EXPECT_EQ(mlmd.custom_properties().at("blessed").struct_value().fields().at("train").number_value(), 1);
  const Artifact back = FromMlmd(mlmd);
  EXPECT_EQ(back.id, 4);
  EXPECT_EQ(back.type_name, "Examples");
  EXPECT_EQ(back.name, "n");
  EXPECT_EQ(back.uri, "/a");
  EXPECT_EQ(back.properties, artifact.properties);
  EXPECT_EQ(back.custom_properties, artifact.custom_properties);
}

}  // namespace
}  // namespace tfxm
