// SPDX-License-Identifier: Apache-2.0

// For tests of Evaluate as a whole: data made up, a config for them, and runs that must succeed or fail.
#ifndef TFXM_MODEL_ANALYSIS_TEST_EVALUATE_H_
#define TFXM_MODEL_ANALYSIS_TEST_EVALUATE_H_

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tfxm/model_analysis/evaluate.h"
#include "tfxm/model_analysis/test_examples.h"

namespace tfxm::model_analysis {

// Binary data: label, prediction, weight and two features to slice by.
inline std::vector<std::string> BinaryRecords(int n) {
  std::vector<std::string> records;
  for (int i = 0; i < n; ++i) {
    ExampleBuilder example;
    example.Ints("label", {(i * 7) % 3 == 0}).Floats("prediction", {static_cast<float>((i * 37) % 101) / 101.0f});
    example.Floats("weight", {0.1f + static_cast<float>(i % 5)}).Ints("day", {i % 4}).Ints("id", {i});
    if (i % 6 != 0) example.Bytes("region", {i % 2 == 0 ? "north" : "south"});
    records.push_back(example.Serialize());
  }
  return records;
}

inline constexpr char kBinaryConfig[] = R"pb(
  model_specs { label_key: "label" prediction_key: "prediction" example_weight_key: "weight" }
  slicing_specs {}
  slicing_specs { feature_keys: "region" feature_keys: "day" }
  metrics_specs {
    metrics { class_name: "ExampleCount" }
    metrics { class_name: "AUC" }
    metrics { class_name: "MeanPrediction" }
    metrics { class_name: "BinaryCrossentropy" }
    metrics { class_name: "Precision" config: '{"thresholds": [0.2, 0.5]}' }
    metrics { class_name: "CalibrationPlot" config: '{"num_buckets": 5}' }
  }
)pb";

class EvaluateTest : public testing::Test {
 protected:
  absl::StatusOr<EvaluationResult> Run(const std::string& config, const std::vector<std::string>& records) {
    EvaluateOptions options;
    options.eval_config = Config(config);
    options.files = {WriteRecords(dir_ / "data.gz", records)};
    options.output_dir = dir_ / "out";
    options.replace_output = true;
    return Evaluate(options);
  }
  // The message of a run that must fail, leaving nothing behind.
  std::string Failure(const std::string& config, const std::vector<std::string>& records) {
    const auto result = Run(config, records);
    EXPECT_FALSE(result.ok());
    EXPECT_FALSE(io::Exists(dir_ / "out"));
    return result.ok() ? "" : std::string(result.status().message());
  }
  std::string MetricFailure(const std::string& metric) {
    return Failure(
        "model_specs { label_key: 'label' prediction_key: 'prediction' } metrics_specs { metrics { " + metric + " } }",
        BinaryRecords(10));
  }
  absl::StatusOr<EvaluationResult> RunMnist(const std::string& model, const std::string& spec) {
    EvaluateOptions options;
    options.eval_config = Config("model_specs { label_key: 'image_class' " + spec +
                                 " } slicing_specs {} slicing_specs { feature_keys: 'image_class' }"
                                 " metrics_specs { metrics { class_name: 'SparseCategoricalAccuracy' } metrics { "
                                 "class_name: 'ExampleCount' } }");
    options.data = kMnistData;
    options.models = {{"", model}};
    options.output_dir = dir_ / "mnist";
    options.replace_output = true;
    return Evaluate(options);
  }
  TempDir dir_;
};

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_TEST_EVALUATE_H_
