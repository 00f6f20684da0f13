// SPDX-License-Identifier: Apache-2.0

#include <sys/stat.h>

#include <optional>

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
  EXPECT_EQ(store.asked, (std::vector<std::string>{"write " + destination + "/tflite", "write " + destination + "/z",
                                                   "write " + destination + "/manifest.json"}));
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

TEST_F(PusherTest, ADestinationIsNeeded) {
  properties_["push_destination"] = std::string("{}");
  EXPECT_EQ(Run(1).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tfxm
