// SPDX-License-Identifier: Apache-2.0

// SavedModels on tf.Examples: which of their outputs have to be predictions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tfxm/model_analysis/evaluate.h"
#include "tfxm/model_analysis/test_examples.h"
#include "tfxm/ops/array_ops.h"
#include "tfxm/ops/graph.h"
#include "tfxm/ops/math_ops.h"
#include "tfxm/saved_model/saved_model_builder.h"

namespace tfxm::model_analysis {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class SavedModelInferenceTest : public testing::Test {
 protected:
  // y = 2x for each example; "sum" is one number, "anchors" are the same for all.
  std::string Detector(int64_t batch, const std::string& signature = "serving_default") {
    ops::Graph graph;
    const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {batch, 2}, "x");
    const ops::Tensor anchors = ops::Constant(graph, Tensor(DataType::kFloat, {7, 2}));
    SavedModelBuilder builder;
    builder.AddSignature(
        signature, {{"x", x}},
        {{"y", ops::Add(x, x)}, {"sum", ops::ReduceSum(x, {0, 1})}, {"anchors", ops::Identity(anchors)}});
    const std::string path = dir_ / "model";
    EXPECT_EQ(builder.Write(path), absl::OkStatus());
    return path;
  }
  absl::StatusOr<EvaluationResult> Evaluate(const std::string& model, const std::string& prediction_key) {
    std::vector<std::string> records;
    for (float i = 0; i < 3; ++i) {
      records.push_back(ExampleBuilder().Floats("x", {i, i + 1}).Floats("label", {2 * i, 2 * i + 3}).Serialize());
    }
    EvaluateOptions options;
    options.eval_config = Config("model_specs { label_key: 'label' prediction_key: '" + prediction_key +
                                 "' } metrics_specs { metrics { class_name: 'MeanAbsoluteError' } }");
    options.files = {WriteRecords(dir_ / "data", records)};
    options.models = {{"", model}};
    options.output_dir = dir_ / absl::StrCat("out", ++evaluations_);
    return model_analysis::Evaluate(options);
  }
  TempDir dir_;
  int evaluations_ = 0;
};

TEST_F(SavedModelInferenceTest, OfSeveralOutputsOnlyThoseThatAreAskedForAreJudged) {
  for (const int64_t batch : {-1, 2}) {  // Any number of examples, and two at a time.
    const std::string model = Detector(batch);
    const auto result = Evaluate(model, "y");
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->Overall("mean_absolute_error"), 0.5);
    for (const auto& [output, shape] : {std::pair{"anchors", "[7, 2]"}, std::pair{"sum", "[]"}}) {
      EXPECT_THAT(std::string(Evaluate(model, output).status().message()),
                  AllOf(HasSubstr(model), HasSubstr(absl::StrCat("output \"", output, "\"")),
                        HasSubstr(absl::StrCat("has shape ", shape)), HasSubstr("first dimension must be the batch")));
    }
  }
}

TEST_F(SavedModelInferenceTest, TheOnlySignatureIsTakenWhateverItsName) {
  const auto result = Evaluate(Detector(-1, "serve_xf"), "y");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->Overall("mean_absolute_error"), 0.5);
}

}  // namespace
}  // namespace tfxm::model_analysis
