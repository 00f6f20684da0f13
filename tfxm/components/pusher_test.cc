// SPDX-License-Identifier: Apache-2.0

#include <sys/stat.h>

#include <cstring>
#include <optional>
#include <set>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "tfxm/components/executor.h"
#include "tfxm/testing/memory_store.h"
#include "tfxm/util/files/file_manifest.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

class PusherTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = *io::MakeTempDir(testing::TempDir(), "pusher");
    ASSERT_TRUE(io::MakeDirs(io::JoinPath(root_, "model/Format-Serving")).ok());
    ASSERT_TRUE(io::MakeDirs(io::JoinPath(root_, "pushed")).ok());
    ASSERT_TRUE(io::WriteFile(io::JoinPath(root_, "model/Format-Serving/tflite"), "TFL3").ok());
    serving_ = io::JoinPath(root_, "serving");
    properties_["push_destination"] = "{\"filesystem\": {\"base_directory\": \"" + serving_ + "\"}}";
  }

  absl::Status Run(std::optional<int64_t> blessed, std::optional<int64_t> infra_blessed = std::nullopt) {
    ArtifactDict inputs = {{"model", {Artifact{.uri = io::JoinPath(root_, "model")}}}};
    if (blessed) inputs["model_blessing"] = {Artifact{.custom_properties = {{"blessed", *blessed}}}};
    // As TFX's InfraValidator writes it (components/infra_validator/executor.py).
    if (infra_blessed) inputs["infra_blessing"] = {Artifact{.custom_properties = {{"blessed", *infra_blessed}}}};
    outputs_ = {{"pushed_model", {Artifact{.uri = io::JoinPath(root_, "pushed")}}}};
    return (*ExecutorRegistry::Get().Create("tfx.components.pusher.executor.Executor"))
        ->Do(inputs, properties_, ExecutorContext{}, &outputs_);
  }

  const Properties& pushed() { return outputs_["pushed_model"][0].custom_properties; }

  std::string root_, serving_;
  Properties properties_;
  ArtifactDict outputs_;
};

TEST_F(PusherTest, ABlessedModelBecomesANewVersion) {
  ASSERT_TRUE(Run(1).ok());
  EXPECT_EQ(std::get<int64_t>(pushed().at("pushed")), 1);
  const std::string destination = std::get<std::string>(pushed().at("pushed_destination"));
  EXPECT_EQ(destination, io::JoinPath(serving_, std::get<std::string>(pushed().at("pushed_version"))));
  EXPECT_EQ(*io::ReadFile(io::JoinPath(destination, "tflite")), "TFL3");
  EXPECT_EQ(*io::ReadFile(io::JoinPath(root_, "pushed/tflite")), "TFL3");
  EXPECT_EQ(io::ListDir(serving_)->size(), 1u) << "no temporary directory is left";
}

TEST_F(PusherTest, EveryPushIsAVersionOfItsOwn) {
  ASSERT_TRUE(Run(1).ok());
  ASSERT_TRUE(Run(1).ok());
  EXPECT_EQ(io::ListDir(serving_)->size(), 2u);
}

TEST_F(PusherTest, AModelThatIsNotBlessedIsNotPushed) {
  ASSERT_TRUE(Run(0).ok());
  EXPECT_EQ(std::get<int64_t>(pushed().at("pushed")), 0);
  EXPECT_FALSE(io::Exists(serving_));
  EXPECT_TRUE(io::ListDir(io::JoinPath(root_, "pushed"))->empty());
}

TEST_F(PusherTest, WithoutABlessingInputItIsPushed) {
  ASSERT_TRUE(Run(std::nullopt).ok());
  EXPECT_EQ(std::get<int64_t>(pushed().at("pushed")), 1);
}

TEST_F(PusherTest, AnInfraBlessingOfTfxCounts) {
  ASSERT_TRUE(Run(1, 1).ok());
  EXPECT_EQ(std::get<int64_t>(pushed().at("pushed")), 1);
  ASSERT_TRUE(Run(1, 0).ok());
  EXPECT_EQ(std::get<int64_t>(pushed().at("pushed")), 0);
}

TEST_F(PusherTest, AManifestSaysWhatWasPushed) {
  ASSERT_TRUE(Run(1).ok());
  const std::string destination = std::get<std::string>(pushed().at("pushed_destination"));
  const auto manifest = ReadFileManifest(io::JoinPath(destination, kManifestFile));
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_TRUE(CompareWithManifest(destination, *manifest)->empty());
  EXPECT_EQ(manifest->files.at("tflite").size, 4);
  EXPECT_FALSE(io::Exists(io::JoinPath(root_, "pushed", kManifestFile))) << "nothing is added to artifacts";
}

TEST_F(PusherTest, WhoMayReadAPushedModelIsTheUmasksToSay) {
  const mode_t before = umask(077);
  const absl::Status status = Run(1);
  umask(before);
  ASSERT_TRUE(status.ok()) << status;
  struct stat info;
  ASSERT_EQ(stat(std::get<std::string>(pushed().at("pushed_destination")).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700);
}

TEST_F(PusherTest, IntoAStoreTheManifestGoesLast) {
  MemoryStore& store = MemoryStore::Fresh();
  properties_["push_destination"] = std::string(R"({"filesystem": {"base_directory": "mem://bucket/serving/"}})");
  ASSERT_TRUE(io::WriteFile(io::JoinPath(root_, "model/Format-Serving/z"), "z").ok());
  ASSERT_TRUE(Run(1).ok());
  const std::string destination = std::get<std::string>(pushed().at("pushed_destination"));
  EXPECT_EQ(destination, "mem://bucket/serving/" + std::get<std::string>(pushed().at("pushed_version")));
  ASSERT_EQ(store.asked.size(), 5u);
  const std::string marker = store.asked[0].substr(strlen("write "));
  EXPECT_TRUE(absl::StartsWith(marker, "mem://bucket/serving/.pushing-")) << marker;
  EXPECT_EQ(store.asked, (std::vector<std::string>{"write " + marker, "write " + destination + "/tflite",
                                                   "write " + destination + "/z",
                                                   "write " + destination + "/manifest.json", "remove " + marker}));
  const auto manifest = ReadFileManifest(io::JoinPath(destination, kManifestFile));
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_TRUE(CompareWithManifest(destination, *manifest)->empty());
  EXPECT_EQ(*io::ReadFile(io::JoinPath(root_, "pushed/tflite")), "TFL3");
  ASSERT_TRUE(Run(1).ok());
  EXPECT_EQ(io::ListDir("mem://bucket/serving")->size(), 2u);
}

TEST_F(PusherTest, AStoreThatFailsIsAnErrorAndKeepsNothing) {
  MemoryStore& store = MemoryStore::Fresh();
  properties_["push_destination"] = std::string(R"({"filesystem": {"base_directory": "mem://bucket/serving"}})");
  store.broken_writes = "manifest.json";
  EXPECT_EQ(Run(1).code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(store.files.empty());
}

// A rival that comes in between: the files below "V" when the first push takes the number V.
void LetSomebodyTake(MemoryStore* store, const std::vector<std::string>& files) {
  store->before_write = [store, files](const std::string& path) {
    const std::string name = io::Basename(path);
    if (!absl::StartsWith(name, ".pushing-") || !store->files.empty()) return;
    const std::string version = std::vector<std::string>(absl::StrSplit(name, '-'))[1];
    for (const std::string& file : files) {
      store->files["mem://bucket/serving/" + absl::StrReplaceAll(file, {{"V", version}})] = "a rival's";
    }
  };
}

TEST_F(PusherTest, ANumberThatAnotherPushTakesIsLeftToIt) {
  properties_["push_destination"] = std::string(R"({"filesystem": {"base_directory": "mem://bucket/serving"}})");
  for (const char* first : {".pushing-V-0", ".pushing-V-zz", "V/tflite"}) {
    MemoryStore& store = MemoryStore::Fresh();
    LetSomebodyTake(&store, {first});
    ASSERT_TRUE(Run(1).ok());
    const std::string destination = std::get<std::string>(pushed().at("pushed_destination"));
    int of_rivals = 0;
    for (const auto& [path, content] : store.files) {
      if (content != "a rival's") {
        EXPECT_TRUE(absl::StartsWith(path, destination + "/")) << path;
        continue;
      }
      ++of_rivals;
      EXPECT_FALSE(absl::StrContains(path, io::Basename(destination))) << path;
    }
    EXPECT_EQ(of_rivals, 1) << first;
  }
}

TEST_F(PusherTest, APushThatFailsRemovesNothingOfAnother) {
  MemoryStore& store = MemoryStore::Fresh();
  properties_["push_destination"] = std::string(R"({"filesystem": {"base_directory": "mem://bucket/serving"}})");
  store.broken_writes = "manifest.json";
  LetSomebodyTake(&store, {".pushing-V-rival", "V/tflite"});
  EXPECT_EQ(Run(1).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(store.files.size(), 2u);
  for (const auto& [path, content] : store.files) EXPECT_EQ(content, "a rival's") << path;
}

// Eight at once, of which every other one fails where a file ends with ".broken".
TEST_F(PusherTest, PushesOfTheSameSecondAreVersionsOfTheirOwn) {
  MemoryStore& store = MemoryStore::Fresh();
  store.broken_writes = ".broken";
  for (const std::string& base : {serving_, std::string("mem://bucket/serving")}) {
    const bool is_store = base != serving_;
    std::vector<std::string> versions(8);
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        const std::string own = io::JoinPath(root_, absl::StrCat("push", is_store, i));
        ASSERT_TRUE(io::MakeDirs(io::JoinPath(own, "Format-Serving")).ok());
        ASSERT_TRUE(io::WriteFile(io::JoinPath(own, "Format-Serving/a"), absl::StrCat(i)).ok());
        ASSERT_TRUE(
            io::WriteFile(io::JoinPath(own, i % 2 == 0 ? "Format-Serving/b" : "Format-Serving/b.broken"), "").ok());
        const Properties properties = {
            {"push_destination", absl::StrCat(R"({"filesystem": {"base_directory": ")", base, "\"}}")}};
        ArtifactDict outputs = {{"pushed_model", {Artifact{.uri = io::JoinPath(own, "pushed")}}}};
        const absl::Status status =
            (*ExecutorRegistry::Get().Create("tfx.components.pusher.executor.Executor"))
                ->Do({{"model", {Artifact{.uri = own}}}}, properties, ExecutorContext{}, &outputs);
        EXPECT_EQ(status.ok(), !is_store || i % 2 == 0) << status;
        if (!status.ok()) return;
        versions[i] = std::get<std::string>(outputs["pushed_model"][0].custom_properties.at("pushed_destination"));
      });
    }
    for (std::thread& thread : threads) thread.join();
    std::set<std::string> names;
    for (int i = 0; i < 8; ++i) {
      if (versions[i].empty()) continue;
      names.insert(io::Basename(versions[i]));
      EXPECT_EQ(*io::ReadFile(io::JoinPath(versions[i], "a")), absl::StrCat(i));
      const auto manifest = ReadFileManifest(io::JoinPath(versions[i], kManifestFile));
      ASSERT_TRUE(manifest.ok()) << manifest.status();
      EXPECT_TRUE(CompareWithManifest(versions[i], *manifest)->empty());
    }
    EXPECT_EQ(*io::ListDir(base), std::vector<std::string>(names.begin(), names.end()));
    EXPECT_EQ(names.size(), is_store ? 4u : 8u);
  }
}

TEST_F(PusherTest, ADestinationIsNeeded) {
  properties_["push_destination"] = std::string("{}");
  EXPECT_EQ(Run(1).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tfxm
