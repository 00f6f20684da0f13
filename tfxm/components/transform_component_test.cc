// SPDX-License-Identifier: Apache-2.0

// The Transform component: which splits it analyzes and which it transforms.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "tensorflow/core/example/example.pb.h"
#include "tensorflow_metadata/proto/v0/statistics.pb.h"
#include "tfxm/components/executor.h"
#include "tfxm/data/examples.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

constexpr char kModule[] = R"(
#include "tfxm/transform/tft.h"
using namespace tfxm;
absl::StatusOr<tft::TensorMap> preprocessing_fn(const tft::TensorMap& inputs) {
  tft::TensorMap outputs;
  outputs["scaled"] = tft::scale_to_0_1(inputs["x"]);
  return outputs;
}
)";

// Three splits; in "training" x goes from 0 to 10, in "test" and "more" it is 20.
class TransformComponentTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = *io::MakeTempDir(::testing::TempDir(), "transform");
    static const std::string cache = *io::MakeTempDir(::testing::TempDir(), "cache");  // One for the whole process.
    setenv("TFXM_CACHE", cache.c_str(), /*overwrite=*/1);
    ASSERT_TRUE(io::WriteFile(io::JoinPath(root_, "module.cc"), kModule).ok());
    ASSERT_TRUE(io::WriteFile(io::JoinPath(Folder("schema"), "schema.pbtxt"),
                              R"pb(feature {
                                     name: "x"
                                     type: FLOAT
                                     presence { min_fraction: 1 min_count: 1 }
                                     shape {}
                                   })pb")
                    .ok());
    WriteSplit("training", {0, 5, 10});
    WriteSplit("test", {20});
    WriteSplit("more", {20, 20});
  }
  void TearDown() override { io::RemoveAll(root_).IgnoreError(); }

  std::string Folder(const std::string& name) const {
    const std::string folder = io::JoinPath(root_, name);
    EXPECT_TRUE(io::MakeDirs(folder).ok());
    return folder;
  }

  void WriteSplit(const std::string& split, const std::vector<float>& values,
                  const std::string& artifact = "examples") {
    const std::string dir = data::SplitDir(Folder(artifact), split);
    ASSERT_TRUE(io::MakeDirs(dir).ok());
    auto writer = *data::TFRecordWriter::Create(io::JoinPath(dir, data::ShardName("data_tfrecord", 0, 1)));
    for (const float value : values) {
      tensorflow::Example example;
      (*example.mutable_features()->mutable_feature())["x"].mutable_float_list()->add_value(value);
      ASSERT_TRUE(writer->Write(example.SerializeAsString()).ok());
    }
    ASSERT_TRUE(writer->Close().ok());
  }

  absl::Status Run(const std::string& splits_config, bool materialize = true) {
    ArtifactDict inputs = {{"schema", {Artifact{.uri = Folder("schema")}}}};
    for (size_t span = 0; span < artifacts_.size(); ++span) {
      inputs["examples"].push_back(
          {.uri = Folder(artifacts_[span]),
           .properties = {{"split_names", R"(["training", "test", "more"])"}, {"span", static_cast<int64_t>(span)}}});
    }
    ArtifactDict outputs;
    for (const char* key :
         {"transform_graph", "transformed_examples", "updated_analyzer_cache", "pre_transform_schema",
          "pre_transform_stats", "post_transform_schema", "post_transform_stats", "post_transform_anomalies"}) {
      EXPECT_TRUE(io::RemoveAll(io::JoinPath(root_, key)).ok());
      if (!materialize && std::string(key) == "transformed_examples") continue;
      outputs[key] = {Artifact{.uri = Folder(key)}};
    }
    Properties properties = {{"module_file", io::JoinPath(root_, "module.cc")}};
    if (!splits_config.empty()) properties["splits_config"] = splits_config;
    const absl::Status status = (*ExecutorRegistry::Get().Create("tfx.components.transform.executor.Executor"))
                                    ->Do(inputs, properties, ExecutorContext{.tmp_dir = Folder("tmp")}, &outputs);
    if (status.ok() && materialize) {
      split_names_ = std::get<std::string>(outputs["transformed_examples"][0].properties["split_names"]);
      span_ = std::get<int64_t>(outputs["transformed_examples"][0].properties["span"]);
    }
    return status;
  }

  // The feature "scaled" of each example of a transformed split.
  std::vector<float> Scaled(const std::string& split) {
    std::vector<float> values;
    const std::vector<std::string> files = data::SplitFiles(Folder("transformed_examples"), split).value();
    for (const std::string& file : files) {
      auto reader = *data::TFRecordReader::Open(file);
      absl::string_view record;
      while (reader->Next(&record).value()) {
        tensorflow::Example example;
        EXPECT_TRUE(example.ParseFromString(std::string(record)));
        values.push_back(example.features().feature().at("scaled").float_list().value(0));
      }
    }
    return values;
  }

  std::string root_, split_names_;
  std::vector<std::string> artifacts_ = {"examples"};  // By span.
  int64_t span_ = -1;
};

TEST_F(TransformComponentTest, AnalyzesTheSplitsOfSplitsConfigAndTransformsAll) {
  const absl::Status status = Run(R"({"analyze": ["training"]})");
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(split_names_, R"(["training", "test", "more"])");
  EXPECT_EQ(Scaled("test"), std::vector<float>{2}) << "by what training has, from 0 to 10";
  EXPECT_EQ(Scaled("more"), (std::vector<float>{2, 2}));
}

TEST_F(TransformComponentTest, AnalyzesSeveralSplitsAndTransformsOnlyTheSplitsOfSplitsConfig) {
  const absl::Status status = Run(R"({"analyze": ["training", "more"], "transform": ["test"]})");
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(split_names_, R"(["test"])");
  EXPECT_EQ(Scaled("test"), std::vector<float>{1}) << "by what training and more have, from 0 to 20";
  EXPECT_FALSE(data::SplitFiles(Folder("transformed_examples"), "more").ok());
}

TEST_F(TransformComponentTest, WithoutMaterializationThereAreOnlyTheGraphAndStatistics) {
  const absl::Status status = Run(R"({"analyze": ["training"]})", /*materialize=*/false);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_FALSE(io::Exists(io::JoinPath(root_, "transformed_examples")));
  EXPECT_TRUE(io::Exists(io::JoinPath(Folder("transform_graph"), "transform_fn", "saved_model.pb")));
  tensorflow::metadata::v0::DatasetFeatureStatisticsList statistics;
  ASSERT_TRUE(io::ReadBinaryProto(io::JoinPath(Folder("post_transform_stats"), "FeatureStats.pb"), &statistics).ok());
  ASSERT_EQ(statistics.datasets_size(), 1);
  EXPECT_GT(statistics.datasets(0).num_examples(), 0);
}

TEST_F(TransformComponentTest, TheArtifactsOfSeveralSpansAreOneInput) {
  artifacts_ = {"examples", "later"};
  WriteSplit("training", {20}, "later");
  WriteSplit("test", {40, 0}, "later");
  WriteSplit("more", {}, "later");
  ASSERT_EQ(Run(R"({"analyze": ["training"]})"), absl::OkStatus());
  EXPECT_EQ(Scaled("training"), (std::vector<float>{0, 0.25, 0.5, 1}));
  EXPECT_EQ(Scaled("test"), (std::vector<float>{1, 2, 0}));
  EXPECT_EQ(span_, 1);
}

TEST_F(TransformComponentTest, ASplitThatIsNotThereIsNamedBesideThoseThatAre) {
  for (const char* config : {"", R"({"analyze": ["train"]})", R"({"analyze": ["training"], "transform": ["train"]})"}) {
    const absl::Status status = Run(config);
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << config;
    EXPECT_TRUE(absl::StrContains(status.message(), R"(split "train")")) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), R"("more", "test", "training")")) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), ".splits_config = SplitsConfig{")) << status;
  }
}

}  // namespace
}  // namespace tfxm
