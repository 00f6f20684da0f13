// SPDX-License-Identifier: Apache-2.0

// What `tfxm clean` removes, and what it never does.
#include "tfxm/orchestration/lineage/clean.h"

#include <unistd.h>

#include "tfxm/orchestration/test_pipelines.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

class CleanTest : public RunTest {
 protected:
  // A run of a -> b, in which `what` changes what a does.
  void RunOnce(const std::string& what) {
    auto a = Make("a", what);
    ASSERT_TRUE(Run(PipelineOf({a, Make("b", "write", {a})}))->ok());
  }
  std::vector<std::string> Old(int keep) {
    const auto store = *MetadataStore::Open(Path("metadata.db"), database::Mode::kReadWrite);
    const auto old = FindOldArtifacts(store.get(), keep);
    EXPECT_TRUE(old.ok()) << old.status();
    std::vector<std::string> uris;
    for (const OldArtifact& artifact : *old) uris.push_back(artifact.uri.substr(Path("pipeline_root/").size()));
    return uris;
  }
  void Clean(int keep) {
    const auto store = *MetadataStore::Open(Path("metadata.db"), database::Mode::kReadWrite);
    const absl::Status status = RemoveArtifacts(store.get(), *FindOldArtifacts(store.get(), keep));
    EXPECT_TRUE(status.ok()) << status;
  }
  using Uris = std::vector<std::string>;
};

TEST_F(CleanTest, WhatNoneOfTheNewestRunsUsesIsOld) {
  RunOnce("write");
  RunOnce("slow");
  EXPECT_EQ(Old(1), (Uris{"a/examples/1", "b/examples/2"}));
  EXPECT_EQ(Old(2), Uris{});
  Clean(1);
  EXPECT_FALSE(io::Exists(Path("pipeline_root/a/examples/1")));
  EXPECT_TRUE(io::Exists(Path("pipeline_root/a/examples/3/first")));
  EXPECT_EQ(Store()->GetArtifactsByID({1})->at(0).state(), ml_metadata::Artifact::DELETED)
      << "the store still knows it";
  EXPECT_EQ(Old(1), Uris{});
  RunOnce("write");
  EXPECT_EQ(Executions("a"), 3) << "what is deleted is made again";
}

TEST_F(CleanTest, WhatANewRunTookFromTheCacheStays) {
  RunOnce("write");
  RunOnce("slow");
  RunOnce("write");  // All cached.
  EXPECT_EQ(Old(1), (Uris{"a/examples/3", "b/examples/4"}));
}

TEST_F(CleanTest, FailedRunsDoNotCount) {
  RunOnce("write");
  ASSERT_FALSE(Run(PipelineOf({Make("a", "fail")}))->ok());
  EXPECT_EQ(Old(1), Uris{});
}

TEST_F(CleanTest, TheLatestBlessedModelStays) {
  const auto run = [&](int64_t steps) {
    NodeSpec spec = Make("Trainer", "write").spec();
    spec.outputs = {{"model", {standard_artifacts::Model()}}};
    spec.exec_properties["steps"] = steps;
    ASSERT_TRUE(Run(PipelineOf({Node(std::move(spec))}))->ok());
  };
  for (const int64_t steps : {1, 2, 3}) run(steps);
  {
    const auto store = *MetadataStore::Open(Path("metadata.db"), database::Mode::kReadWrite);
    ml_metadata::Artifact blessing;
    ml_metadata::ArtifactType blessing_type;
    blessing_type.set_name("ModelBlessing");
    blessing.set_type_id(*store->PutArtifactType(blessing_type));
    (*blessing.mutable_custom_properties())["blessed"].set_int_value(1);
    (*blessing.mutable_custom_properties())["current_model_id"].set_int_value(2);
    ASSERT_TRUE(store->PutArtifacts({blessing}).ok());
  }
  EXPECT_EQ(Old(1), Uris{"Trainer/model/1"});
}

TEST_F(CleanTest, WhatOthersMadeOrWhatIsElsewhereIsNeverTouched) {
  RunOnce("write");
  RunOnce("slow");
  {
    // An artifact that says it is ours but lies elsewhere, and one that another program made where ours are.
    const auto store = *MetadataStore::Open(Path("metadata.db"), database::Mode::kReadWrite);
    auto artifacts = *store->GetArtifactsByID({1, 2});
    artifacts[0].set_uri(dir_);
    (*artifacts[1].mutable_custom_properties())["tfx_version"].set_string_value("1.15.1");
    ASSERT_TRUE(store->PutArtifacts(artifacts).ok());
  }
  EXPECT_EQ(Old(1), Uris{});
}

TEST_F(CleanTest, AFolderThatIsALinkIsNotFollowed) {
  RunOnce("write");
  RunOnce("slow");
  ASSERT_TRUE(io::Rename(Path("pipeline_root/a/examples/1"), Path("moved")).ok());
  ASSERT_EQ(symlink(Path("moved").c_str(), Path("pipeline_root/a/examples/1").c_str()), 0);
  Clean(1);
  EXPECT_TRUE(io::Exists(Path("moved/first")));
}

}  // namespace
}  // namespace tfxm
