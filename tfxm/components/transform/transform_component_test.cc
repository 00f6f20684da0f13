// SPDX-License-Identifier: Apache-2.0

// The Transform component: which splits it analyzes and which it transforms, its cache and its statistics.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "tensorflow/core/example/example.pb.h"
#include "tensorflow_metadata/proto/v0/anomalies.pb.h"
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
                  const std::string& examples = "examples") {
    const std::string dir = data::SplitDir(Folder(examples), split);
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
    return Run(splits_config, materialize, {{"examples", R"(["training", "test", "more"])"}});
  }
  // `examples`: folders and their splits. `analyzer_cache`: the folder of an earlier run's, if there is one.
  absl::Status Run(const std::string& splits_config, bool materialize,
                   const std::vector<std::pair<std::string, std::string>>& examples,
                   const std::string& analyzer_cache = "") {
    ArtifactDict inputs = {{"schema", {Artifact{.uri = Folder("schema")}}}};
    for (const auto& [folder, splits] : examples) {
      inputs["examples"].push_back(Artifact{.uri = Folder(folder), .properties = {{"split_names", splits}}});
      if (!payload_format_.empty()) inputs["examples"].back().custom_properties["payload_format"] = payload_format_;
    }
    if (!analyzer_cache.empty()) inputs["analyzer_cache"] = {Artifact{.uri = Folder(analyzer_cache)}};
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
    ::testing::internal::CaptureStderr();
    const absl::Status status = (*ExecutorRegistry::Get().Create("tfx.components.transform.executor.Executor"))
                                    ->Do(inputs, properties, ExecutorContext{.tmp_dir = Folder("tmp")}, &outputs);
    log_ = ::testing::internal::GetCapturedStderr();
    if (status.ok() && materialize) {
      split_names_ = std::get<std::string>(outputs["transformed_examples"][0].properties["split_names"]);
      transformed_ = outputs["transformed_examples"];
    }
    return status;
  }

  // The feature "scaled" of each example of a transformed split.
  std::vector<float> Scaled(const std::string& split) { return Scaled(Folder("transformed_examples"), split); }
  static std::vector<float> Scaled(const std::string& uri, const std::string& split) {
    std::vector<float> values;
    const std::vector<std::string> files = data::SplitFiles(uri, split).value();
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

  tensorflow::metadata::v0::DatasetFeatureStatistics Statistics(const std::string& key) const {
    tensorflow::metadata::v0::DatasetFeatureStatisticsList statistics;
    EXPECT_TRUE(io::ReadBinaryProto(io::JoinPath(Folder(key), "FeatureStats.pb"), &statistics).ok());
    EXPECT_EQ(statistics.datasets_size(), 1);
    return statistics.datasets_size() == 1 ? statistics.datasets(0)
                                           : tensorflow::metadata::v0::DatasetFeatureStatistics();
  }

  std::string root_, split_names_, log_, payload_format_;
  std::vector<Artifact> transformed_;
};

TEST_F(TransformComponentTest, TakesSequenceExamplesWhoseFeatureListsTheSchemaHas) {
  payload_format_ = "FORMAT_TF_SEQUENCE_EXAMPLE";
  const absl::Status refused = Run(R"({"analyze": ["training"]})");
  EXPECT_TRUE(absl::StrContains(refused.message(), "are tf.SequenceExamples")) << refused;

  ASSERT_TRUE(io::WriteFile(io::JoinPath(Folder("schema"), "schema.pbtxt"),
                            R"pb(feature {
                                   name: "##SEQUENCE##"
                                   type: STRUCT
                                   struct_domain { feature { name: "x" type: FLOAT } }
                                 })pb")
                  .ok());
  ASSERT_TRUE(io::WriteFile(io::JoinPath(root_, "module.cc"), R"(
#include "tfxm/transform/tft.h"
using namespace tfxm;
absl::StatusOr<tft::TensorMap> preprocessing_fn(const tft::TensorMap& inputs) {
  const tft::FeatureTensor scaled = tft::scale_to_0_1(inputs["##SEQUENCE##.x"]);
  const ops::Tensor none = ops::Constant(*scaled.values().graph(), -1.0f);
  tft::TensorMap outputs;
  outputs["scaled"] = ops::Reshape(ops::RaggedToDense(scaled.ragged(), {-1, 1, 1}, none), {-1});
  return outputs;
}
)")
                  .ok());
  const std::string dir = data::SplitDir(Folder("sequences"), "training");
  ASSERT_TRUE(io::MakeDirs(dir).ok());
  auto writer = *data::TFRecordWriter::Create(io::JoinPath(dir, data::ShardName("data_tfrecord", 0, 1)));
  for (const std::vector<float>& steps : std::vector<std::vector<float>>{{0, 10}, {5}, {}}) {
    tensorflow::SequenceExample example;
    auto& list = (*example.mutable_feature_lists()->mutable_feature_list())["x"];
    for (const float value : steps) list.add_feature()->mutable_float_list()->add_value(value);
    ASSERT_TRUE(writer->Write(example.SerializeAsString()).ok());
  }
  ASSERT_TRUE(writer->Close().ok());
  const absl::Status status =
      Run(R"({"analyze": ["training"]})", /*materialize=*/true, {{"sequences", R"(["training"])"}});
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(Scaled("training"), (std::vector<float>{0, 0.5, -1}));
  EXPECT_EQ(Statistics("pre_transform_stats").num_examples(), 3);
}

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
  EXPECT_GT(Statistics("post_transform_stats").num_examples(), 0);
}

TEST_F(TransformComponentTest, ASecondSpanIsAnalyzedAndTheFirstComesFromTheCache) {
  const std::string splits = R"(["train", "eval"])";
  for (const char* split : {"train", "eval"}) {
    WriteSplit(split, {0, 1, 2, 8}, "span1");
    WriteSplit(split, {4, 10}, "span2");
  }
  absl::Status status = Run("", true, {{"span1", splits}});
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_TRUE(absl::StrContains(log_, "analyzer cache: pass 1: 0 of 1 shards come from the cache")) << log_;
  EXPECT_EQ(transformed_.size(), 1);
  ASSERT_TRUE(io::Rename(Folder("updated_analyzer_cache"), io::JoinPath(root_, "cache")).ok());

  status = Run("", true, {{"span2", splits}, {"span1", splits}}, "cache");
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_TRUE(absl::StrContains(log_, "analyzer cache: pass 1: 1 of 2 shards come from the cache")) << log_;
  ASSERT_EQ(transformed_.size(), 2);
  for (const Artifact& artifact : transformed_) {
    EXPECT_EQ(std::get<std::string>(artifact.properties.at("split_names")), splits);
  }
  EXPECT_EQ(transformed_[0].uri, io::JoinPath(Folder("transformed_examples"), "0"));
  EXPECT_EQ(Scaled(transformed_[0].uri, "eval"), (std::vector<float>{0.4f, 1})) << "by both spans, from 0 to 10";
  EXPECT_EQ(Scaled(transformed_[1].uri, "train"), (std::vector<float>{0, 0.1f, 0.2f, 0.8f}));
  EXPECT_EQ(Statistics("pre_transform_stats").num_examples(), 6) << "train of both";
  EXPECT_EQ(Statistics("post_transform_stats").num_examples(), 12);
  const std::string with =
      io::ReadFile(io::JoinPath(Folder("transform_graph"), "transform_fn", "saved_model.pb")).value();
  ASSERT_TRUE(Run("", true, {{"span2", splits}, {"span1", splits}}).ok());
  EXPECT_TRUE(absl::StrContains(log_, "0 of 2 shards")) << log_;
  EXPECT_EQ(io::ReadFile(io::JoinPath(Folder("transform_graph"), "transform_fn", "saved_model.pb")).value(), with);
}

TEST_F(TransformComponentTest, ExamplesOfOtherSplitsAreNamed) {
  const absl::Status status =
      Run("", true, {{"examples", R"(["training", "test"])"}, {"examples", R"(["training", "other"])"}});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(status.message(), "(training, test and training, other)")) << status;
}

TEST_F(TransformComponentTest, TheModuleUpdatesTheOptionsOfTheStatistics) {
  ASSERT_TRUE(io::WriteFile(io::JoinPath(root_, "module.cc"), std::string(kModule) + R"(
#include "tfxm/components/statistics/stats_options_updater.h"
absl::StatusOr<statistics::StatsOptions> stats_options_updater_fn(StatsType stats_type,
                                                                  statistics::StatsOptions stats_options) {
  if (!stats_options.schema.has_value()) return absl::InternalError("no schema");
  if (stats_options.schema->feature(0).name() == "unlucky") return absl::InternalError("unlucky");
  if (stats_type == StatsType::kPreTransform) stats_options.num_histogram_buckets = 3;
  if (stats_type == StatsType::kPostTransform) {
    stats_options.num_histogram_buckets = 7;
    stats_options.schema->mutable_feature(0)->mutable_float_domain()->set_max(0.5);
  }
  return stats_options;
}
)")
                  .ok());
  const absl::Status status = Run(R"({"analyze": ["training"]})");
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(Statistics("pre_transform_stats").features(0).num_stats().histograms(0).buckets_size(), 3);
  EXPECT_EQ(Statistics("post_transform_stats").features(0).num_stats().histograms(0).buckets_size(), 7);
  tensorflow::metadata::v0::Anomalies anomalies;
  ASSERT_TRUE(io::ReadBinaryProto(io::JoinPath(Folder("post_transform_anomalies"), "SchemaDiff.pb"), &anomalies).ok());
  EXPECT_TRUE(anomalies.anomaly_info().contains("scaled")) << "the updated schema is what the data are held against";
  ASSERT_TRUE(io::WriteFile(io::JoinPath(Folder("schema"), "schema.pbtxt"),
                            R"pb(feature { name: "unlucky" type: FLOAT }
                                 feature {
                                   name: "x"
                                   type: FLOAT
                                   presence { min_fraction: 1 min_count: 1 }
                                   shape {}
                                 })pb")
                  .ok());
  const absl::Status failed = Run(R"({"analyze": ["training"]})");
  EXPECT_EQ(failed.code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(absl::StrContains(failed.message(), "stats_options_updater_fn of " + io::JoinPath(root_, "module.cc")))
      << failed;
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
