// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/metrics/keras/keras_default_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/test_examples.h"

namespace tfxm::model_analysis {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

// A field of wire type 2.
std::string Field(int number, const std::string& content) {
  std::string bytes(1, static_cast<char>(number << 3 | 2));
  size_t size = content.size();
  for (; size >= 128; size >>= 7) bytes.push_back(static_cast<char>(size | 128));
  bytes.push_back(static_cast<char>(size));
  return bytes + content;
}

// keras_metadata.pb as Keras writes it: the objects of the model, each with its path and its metadata.
CompiledMetrics Read(const std::string& root_metadata) {
  TempDir dir;
  EXPECT_TRUE(io::MakeDirs(dir / "model").ok());
  EXPECT_TRUE(io::WriteFile(dir / "model/keras_metadata.pb",
                            Field(1, Field(3, "root.layer-0") + Field(5, "{\"training_config\": 1}")) +
                                Field(1, Field(3, "root") + Field(5, root_metadata)))
                  .ok());
  auto compiled = ReadCompiledMetrics(dir / "model");
  EXPECT_TRUE(compiled.ok()) << compiled.status();
  return *std::move(compiled);
}

std::set<std::string> KeysOf(const CompiledMetrics& compiled) {
  const auto config = Config("model_specs { label_key: 'label' }");
  ComputationPlan plan;
  EXPECT_TRUE(AddCompiledMetrics(config, "", compiled, &plan).ok());
  std::set<std::string> keys;
  for (const MetricKey& key : plan.keys()) {
    if (key.is_private()) continue;
    EXPECT_FALSE(key.example_weighted.has_value());
    keys.insert(absl::StrCat(key.output_name, "/", key.name));
  }
  return keys;
}

TEST(KerasDefaultMetricsTest, LossMetricsAndWeightedMetricsOfOneOutput) {
  const CompiledMetrics compiled = Read(R"({"training_config": {
    "loss": "binary_crossentropy",
    "metrics": [[{"class_name": "AUC", "config": {"name": "auc", "dtype": "float32", "num_thresholds": 100,
                                                  "multi_label": false, "label_weights": null, "from_logits": false}},
                 {"class_name": "MeanMetricWrapper", "config": {"name": "acc", "fn": "binary_accuracy"}}]],
    "weighted_metrics": [[{"class_name": "BinaryCrossentropy", "config": {"name": "wbce"}}]],
    "loss_weights": null}})");
  ASSERT_EQ(compiled.metrics.size(), 3u);
  EXPECT_FALSE(compiled.metrics[0].weighted);
  EXPECT_EQ(compiled.metrics[1].config.class_name(), "BinaryAccuracy");
  EXPECT_TRUE(compiled.metrics[2].weighted);
  EXPECT_TRUE(compiled.not_supported.empty());
  EXPECT_THAT(KeysOf(compiled), UnorderedElementsAre("/loss", "/auc", "/acc", "/wbce"));
}

// TFMA 0.46 writes what Keras returns; a reader of float32_values is to find it.
TEST(KerasDefaultMetricsTest, AnArrayIsOfFloat32InFiles) {
  const CompiledMetrics compiled = Read(R"({"training_config": {"loss": "mse", "metrics": [
      {"class_name": "Precision", "config": {"name": "precision", "thresholds": [0.3, 0.5]}}]}})");
  ComputationPlan plan;
  ::tensorflow_model_analysis::EvalConfig config;
  config.add_model_specs();
  ASSERT_EQ(AddCompiledMetrics(config, "", compiled, &plan), absl::OkStatus());
  MetricsMap metrics;
  BinaryConfusionMatrices matrices;
  matrices.thresholds = {0.3, 0.5};
  matrices.tp = {1, 1};
  matrices.fp = {2, 0};
  matrices.tn = matrices.fn = {0, 0};
  for (const MetricKey& key : plan.keys()) metrics[key] = matrices;
  MetricsMap results;
  for (const auto& derive : plan.derived()) ASSERT_EQ(derive(metrics, &results), absl::OkStatus());
  bool found = false;
  for (const auto& [key, value] : results) {
    if (key.name != "precision") continue;
    found = true;
    const auto proto = ToProto(value);
    EXPECT_EQ(proto.array_value().data_type(), ::tensorflow_model_analysis::ArrayValue::FLOAT32);
    EXPECT_THAT(proto.array_value().float32_values(), testing::ElementsAre(1.0F / 3, 1));
    EXPECT_EQ(proto.array_value().float64_values_size(), 0);
  }
  EXPECT_TRUE(found);
}

TEST(KerasDefaultMetricsTest, SeveralOutputsHaveAWeightedTotal) {
  const CompiledMetrics compiled = Read(R"({
    "model_config": {"config": {"output_layers": [["a", 0, 0], ["b", 0, 0]]}},
    "training_config": {"loss": {"a": "binary_crossentropy", "b": "mse"},
                        "metrics": [[{"class_name": "MeanMetricWrapper", "config": {"name": "a_acc", "fn": "binary_accuracy"}}],
                                    [{"class_name": "MeanMetricWrapper", "config": {"name": "b_mae", "fn": "mae"}}]],
                        "loss_weights": {"a": 0.25, "b": 0.75}}})");
  EXPECT_EQ(compiled.loss_weights.at("b"), 0.75);
  EXPECT_THAT(KeysOf(compiled), UnorderedElementsAre("/loss", "a/loss", "b/loss", "a/acc", "b/mae"));
}

TEST(KerasDefaultMetricsTest, WhatIsNotKerassOwnIsLeftOutByName) {
  const CompiledMetrics compiled = Read(R"({"training_config": {"loss": "my_loss",
    "metrics": [[{"class_name": "MeanMetricWrapper", "config": {"name": "mine", "fn": "my_function"}}]]}})");
  EXPECT_TRUE(compiled.metrics.empty());
  EXPECT_THAT(compiled.not_supported, ElementsAre("loss", "mine"));
}

TEST(KerasDefaultMetricsTest, NoMetricsWithoutTrainingOrWithoutKeras) {
  EXPECT_TRUE(Read("{}").losses.empty());
  EXPECT_TRUE(Read("not json").losses.empty());
  TempDir dir;
  EXPECT_TRUE(ReadCompiledMetrics(dir / "nothing")->losses.empty());
}

}  // namespace
}  // namespace tfxm::model_analysis
