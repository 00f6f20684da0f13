// SPDX-License-Identifier: Apache-2.0

// Models that take transformed features, evaluated on raw examples through a transform graph.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tfxm/model_analysis/default_config.h"
#include "tfxm/model_analysis/evaluate.h"
#include "tfxm/model_analysis/test_examples.h"
#include "tfxm/ops/array_ops.h"
#include "tfxm/ops/graph.h"
#include "tfxm/ops/math_ops.h"
#include "tfxm/saved_model/saved_model_builder.h"
#include "tfxm/transform/transform_graph.h"
#include "tfxm/util/io.h"

namespace tfxm::model_analysis {
namespace {

using testing::HasSubstr;

class TransformInferenceTest : public testing::Test {
 protected:
  void SetUp() override {
    std::vector<std::string> records;
    for (const float x : {1.0F, 2.0F, 6.0F}) {
      records.push_back(ExampleBuilder().Floats("x", {x}).Floats("answer", {10 * x}).Serialize());
    }
    options_.files = {WriteRecords(dir_ / "data", records)};
    // The model doubles what the graph makes of x: x - 3, the mean. The label is the graph's, too: x.
    ops::Graph graph;
    const ops::Tensor centered = ops::Placeholder(graph, DataType::kFloat, {-1, 1}, "centered");
    SavedModelBuilder builder;
    builder.AddSignature("serving_default", {{"centered", centered}}, {{"y", ops::Add(centered, centered)}});
    ASSERT_EQ(builder.Write(dir_ / "model"), absl::OkStatus());
    options_.models = {{"", dir_ / "model"}};
    options_.eval_config = Config(
        "model_specs { label_key: 'same' } metrics_specs { metrics { class_name: 'MeanAbsoluteError' } } "
        "slicing_specs {} slicing_specs { feature_keys: 'answer' } slicing_specs { feature_keys: 'large' }");
  }
  std::string MakeTransformGraph(const std::string& more_features = "") {
    ::tensorflow::metadata::v0::Schema schema;
    EXPECT_EQ(io::ParseTextProto(std::string(R"pb(
                                   feature {
                                     name: "x"
                                     type: FLOAT
                                     presence { min_fraction: 1 }
                                     shape { dim { size: 1 } }
                                   }
                                 )pb") +
                                     more_features,
                                 &schema),
              absl::OkStatus());
    const auto preprocessing_fn = [](const tft::TensorMap& inputs) -> absl::StatusOr<tft::TensorMap> {
      tft::TensorMap outputs;
      const ops::Tensor x = inputs["x"].values();
      outputs["centered"] = x - tft::mean(inputs["x"]);
      outputs["same"] = ops::Identity(x);
      outputs["large"] = ops::Cast(ops::Greater(x, 5.0), DataType::kInt64);
      return outputs;
    };
    auto graph = transform::TransformGraph::Analyze(preprocessing_fn, schema, options_.files);
    EXPECT_TRUE(graph.ok()) << graph.status();
    if (graph.ok()) {
      EXPECT_EQ((*graph)->Write(dir_ / "graph"), absl::OkStatus());
    }
    return dir_ / "graph";
  }
  TempDir dir_;
  EvaluateOptions options_;
};

TEST_F(TransformInferenceTest, TheModelLabelsAndSlicesSeeTransformedFeatures) {
  options_.transform_graph = MakeTransformGraph();
  const auto result = Evaluate(options_);
  ASSERT_TRUE(result.ok()) << result.status();
  // Predictions -4, -2, 6 for 1, 2, 6.
  EXPECT_NEAR(*result->Overall("mean_absolute_error"), 3, 1e-6);
  std::vector<std::string> slices;
  for (const SliceMetrics& slice : result->slices) slices.push_back(ToString(slice.slice));
  EXPECT_THAT(slices, testing::Contains(HasSubstr("answer")));  // Of the raw example.
  EXPECT_THAT(slices, testing::Contains(HasSubstr("large")));
}

TEST_F(TransformInferenceTest, WithoutTheGraphTheFeatureIsMissing) {
  EXPECT_THAT(std::string(Evaluate(options_).status().message()), HasSubstr("same"));
  options_.eval_config.mutable_model_specs(0)->set_label_key("answer");
  EXPECT_THAT(std::string(Evaluate(options_).status().message()), HasSubstr("\"centered\""));
}

TEST_F(TransformInferenceTest, AKeyThatIsNeitherInTheExamplesNorMadeOfThemIsNamed) {
  options_.transform_graph = MakeTransformGraph();
  options_.eval_config.mutable_model_specs(0)->set_label_key("answr");
  EXPECT_EQ(Evaluate(options_).status().message(),
            "label_key \"answr\" is not a feature of the examples; nearest features: \"answer\"");
  options_.eval_config.mutable_model_specs(0)->set_label_key("lagre");
  EXPECT_THAT(std::string(Evaluate(options_).status().message()), HasSubstr("nearest features: \"large\""));
}

// A feature that may be missing is empty where it is; in no example it is a mistake.
TEST_F(TransformInferenceTest, AFeatureThatNoExampleHasIsSaid) {
  options_.transform_graph = MakeTransformGraph("feature { name: 'other' type: INT }");
  const auto one = Evaluate(options_);
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_THAT(one->warnings, testing::Contains(HasSubstr("no example has feature \"other\", which it takes")));
}

TEST_F(TransformInferenceTest, TheUsualMetricsAreTheOnesForTransformedExamples) {
  const std::string graph = MakeTransformGraph();
  // "same" is what the graph makes, "answer" is in the examples alone.
  for (const char* label : {"same", "answer"}) {
    const auto config = MakeDefaultConfig(options_.models, label, options_.files, {}, graph);
    ASSERT_TRUE(config.ok()) << config.status();
    EXPECT_THAT(config->why, testing::AllOf(HasSubstr(label), HasSubstr("regression")));
    options_.transform_graph = graph;
    options_.eval_config = config->eval_config;
    const auto result = Evaluate(options_);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_NEAR(*result->Overall("mean_absolute_error"), label == std::string("same") ? 3 : 30, 1e-5);
  }
  EXPECT_THAT(std::string(MakeDefaultConfig(options_.models, "lage", options_.files, {}, graph).status().message()),
              HasSubstr("did you mean \"large\""));
}

TEST_F(TransformInferenceTest, ABadGraphIsNamed) {
  options_.transform_graph = dir_ / "nowhere";
  EXPECT_THAT(std::string(Evaluate(options_).status().message()), HasSubstr("nowhere"));
}

}  // namespace
}  // namespace tfxm::model_analysis
