// SPDX-License-Identifier: Apache-2.0

// Costs as metrics: what is measured, and what thresholds on it do.
#include "tfxm/model_analysis/cost/cost_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tfxm/model_analysis/cost/measure.h"
#include "tfxm/model_analysis/evaluate.h"
#include "tfxm/model_analysis/metrics/metric.h"
#include "tfxm/model_analysis/test_examples.h"
#include "tfxm/proto/costs.h"

namespace tfxm::model_analysis {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string Metric(const std::string& class_name, const std::string& rest = "") {
  return absl::StrCat("metrics { class_name: '", class_name, "' ", rest, " } ");
}
std::string AtMost(double bound) {
  return absl::StrCat("threshold { value_threshold { upper_bound { value: ", bound, " } } }");
}

class CostMetricsTest : public testing::Test {
 protected:
  // One TFLite model, the metrics_specs as given; slices by class beside the overall one.
  absl::StatusOr<EvaluationResult> Run(const std::string& metrics, const std::string& slicing =
                                                                       "slicing_specs {} slicing_specs { feature_keys: "
                                                                       "'image_class' }") {
    EvaluateOptions options;
    options.eval_config = Config("model_specs { label_key: 'image_class' model_type: 'tf_lite' } " + slicing +
                                 " metrics_specs { " + metrics + " }");
    options.data = kMnistData;
    options.models = {{"", kMnistModel}};
    options.output_dir = dir_ / "out";
    options.replace_output = true;
    return Evaluate(options);
  }
  // The same model twice, the second as the baseline.
  absl::StatusOr<EvaluationResult> RunTwo(const std::string& metrics) {
    EvaluateOptions options;
    options.eval_config = Config(
        "model_specs { name: 'new' label_key: 'image_class' model_type: 'tf_lite' } model_specs { name: 'old' "
        "label_key: 'image_class' model_type: 'tf_lite' is_baseline: true } slicing_specs {} slicing_specs { "
        "feature_keys: 'image_class' } metrics_specs { " +
        metrics + " }");
    options.data = kMnistData;
    options.models = {{"new", kMnistModel}, {"old", kMnistModel}};
    return Evaluate(options);
  }
  // Predictions from the examples: there is no model.
  absl::StatusOr<EvaluationResult> RunWithoutModel(const std::string& metrics) {
    EvaluateOptions options;
    options.eval_config =
        Config("model_specs { label_key: 'label' prediction_key: 'prediction' } metrics_specs { " + metrics + " }");
    options.files = {
        WriteRecords(dir_ / "data", {ExampleBuilder().Ints("label", {1}).Floats("prediction", {0.5f}).Serialize()})};
    return Evaluate(options);
  }
  TempDir dir_;
};

TEST_F(CostMetricsTest, AreOfTheOverallSliceOnly) {
  const auto result =
      Run(Metric("ExampleCount") + Metric("ModelSizeBytes") + Metric("ArenaBytes") + Metric("OpCount") +
          Metric("OpCount", R"(config: '{"op": "FULLY_CONNECTED"}')") +
          Metric("OpCount", R"(config: '{"op": "CONV_2D"}')") + Metric("DelegatedOpShare") + Metric("LatencyP50Ms") +
          Metric("LatencyP90Ms") + Metric("LatencyP99Ms") + Metric("ExamplesPerSecond"));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(*result->Overall("model_size_bytes"), *io::FileSize(kMnistModel));
  EXPECT_EQ(*result->Overall("arena_bytes"), 784 * 4 + 2 * 64 * 4);
  EXPECT_EQ(*result->Overall("op_count"), 4);
  EXPECT_EQ(*result->Overall("op_count_fully_connected"), 3);
  EXPECT_EQ(*result->Overall("op_count_conv_2d"), 0);
  EXPECT_EQ(*result->Overall("delegated_op_share"), 1);
  EXPECT_GT(*result->Overall("latency_p50_ms"), 0);
  EXPECT_LE(*result->Overall("latency_p50_ms"), *result->Overall("latency_p90_ms"));
  EXPECT_LE(*result->Overall("latency_p90_ms"), *result->Overall("latency_p99_ms"));
  EXPECT_GT(*result->Overall("examples_per_second"), 0);
  ASSERT_EQ(result->slices.size(), 11u);
  EXPECT_EQ(result->slices[1].metrics.size(), 1u);
}

TEST_F(CostMetricsTest, AThresholdIsForTheModelNotForEverySlice) {
  const double size = static_cast<double>(*io::FileSize(kMnistModel));
  const auto kept = Run(Metric("ExampleCount") + Metric("ModelSizeBytes", AtMost(size)));
  ASSERT_TRUE(kept.ok()) << kept.status();
  EXPECT_TRUE(kept->validation.validation_ok()) << kept->validation.DebugString();
  const auto missed = Run(Metric("ExampleCount") + Metric("ModelSizeBytes", AtMost(size - 1)));
  ASSERT_TRUE(missed.ok()) << missed.status();
  EXPECT_FALSE(missed->validation.validation_ok());
  ASSERT_EQ(missed->validation.metric_validations_per_slice_size(), 1);
  const auto& slice = missed->validation.metric_validations_per_slice(0);
  EXPECT_EQ(slice.slice_key().single_slice_keys_size(), 0);
  ASSERT_EQ(slice.failures_size(), 1);
  EXPECT_EQ(slice.failures(0).metric_key().name(), "model_size_bytes");
  EXPECT_EQ(slice.failures(0).metric_value().double_value().value(), size);
}

TEST_F(CostMetricsTest, QualityAndCostAreDemandedTogether) {
  const auto result = RunTwo(
      Metric("SparseCategoricalAccuracy",
             "threshold { change_threshold { direction: HIGHER_IS_BETTER absolute { value: -0.005 } } }") +
      Metric("ModelSizeBytes", AtMost(1e6)) + Metric("LatencyP99Ms", AtMost(10000)) +
      Metric("ArenaBytes", "threshold { change_threshold { direction: LOWER_IS_BETTER absolute { value: 0 } } }"));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->validation.validation_ok()) << result->validation.DebugString();
  const MetricKey difference{.name = "arena_bytes", .model_name = "new", .is_diff = true};
  ASSERT_EQ(result->slices[0].metrics.count(difference), 1u);
  EXPECT_EQ(std::get<double>(result->slices[0].metrics.at(difference).value), 0);
  const auto missed = RunTwo(
      Metric("ArenaBytes", "threshold { change_threshold { direction: LOWER_IS_BETTER relative { value: -0.5 } } }"));
  ASSERT_TRUE(missed.ok()) << missed.status();
  EXPECT_FALSE(missed->validation.validation_ok());
}

TEST_F(CostMetricsTest, AreEnoughForAnEvaluation) {
  const auto result = Run(Metric("ModelSizeBytes", AtMost(1e9)), "");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->validation.validation_ok()) << result->validation.DebugString();
  EXPECT_GT(*result->Overall("model_size_bytes"), 0);
}

TEST_F(CostMetricsTest, AThresholdOnACostThatThereIsNotFails) {
  const auto result = RunWithoutModel(Metric("ExampleCount") + Metric("ArenaBytes", AtMost(1e9)));
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(result.status().message()), AllOf(HasSubstr("arena_bytes"), HasSubstr("no model")));
}

TEST_F(CostMetricsTest, ACostThatThereIsNotIsAWarning) {
  const auto result = RunWithoutModel(Metric("ExampleCount") + Metric("LatencyP50Ms"));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->Overall("latency_p50_ms").has_value());
  ASSERT_EQ(result->warnings.size(), 1u);
  EXPECT_THAT(result->warnings[0], HasSubstr("latency_p50_ms"));
}

TEST_F(CostMetricsTest, ConfigsThatMakeNoSenseForACost) {
  const std::string bound = "threshold { value_threshold { upper_bound { value: 1 } } }";
  const auto message = [&](const std::string& metrics, const std::string& slicing = "") {
    const auto result = Run(metrics, slicing);
    EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_FALSE(io::Exists(dir_ / "out"));
    return std::string(result.status().message());
  };
  EXPECT_THAT(message(Metric("ModelSizeBytes",
                             "per_slice_thresholds { slicing_specs { feature_keys: 'image_class' } " + bound + " }")),
              AllOf(HasSubstr("model_size_bytes"), HasSubstr("every slice")));
  EXPECT_THAT(message(Metric("ModelSizeBytes"), "slicing_specs { feature_keys: 'image_class' }"),
              HasSubstr("slicing_specs {}"));
  EXPECT_THAT(message(Metric("ModelSizeBytes") + "binarize { class_ids { values: 1 } }"), HasSubstr("whole model"));
  EXPECT_THAT(message(Metric("ModelSizeByte")), HasSubstr("\"ModelSizeBytes\""));
}

TEST_F(CostMetricsTest, AChangeThresholdNeedsTheBaselinesCost) {
  const auto result = RunTwo(
      "model_names: 'new' " +
      Metric("ModelSizeBytes", "threshold { change_threshold { direction: LOWER_IS_BETTER absolute { value: 0 } } }"));
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(result.status().message()), AllOf(HasSubstr("baseline \"old\""), HasSubstr("model_names")));
}

// Stands for the plugin that runs SavedModels: says 0 for every digit.
class ConstantModel : public InferenceModel {
 public:
  struct Session : InferenceSession {
    absl::Status Predict(const data::ExampleBatch& batch, NamedValues* outputs) override {
      Values& values = outputs->emplace_back().second;
      for (int row = 0; row < batch.num_examples(); ++row) {
        values.numbers.insert(values.numbers.end(), {1, 0, 0, 0, 0, 0, 0, 0, 0, 0});
        values.ends.push_back(10 * (row + 1));
      }
      return absl::OkStatus();
    }
  };
  absl::StatusOr<std::unique_ptr<InferenceSession>> NewSession() const override { return std::make_unique<Session>(); }
};
class ConstantLoader : public InferenceModelLoader {
 public:
  absl::StatusOr<std::unique_ptr<InferenceModel>> Load(const std::string&,
                                                       const ::tensorflow_model_analysis::ModelSpec&,
                                                       const InputShapes&) override {
    return std::make_unique<ConstantModel>();
  }
};

TEST_F(CostMetricsTest, ASavedModelHasNoArena) {
  InferenceModelRegistry::Get().Register("saved_model", [] { return std::make_unique<ConstantLoader>(); });
  ASSERT_TRUE(io::MakeDirs(dir_ / "saved/variables").ok());
  ASSERT_TRUE(io::WriteFile(dir_ / "saved/saved_model.pb", "graph").ok());
  ASSERT_TRUE(io::WriteFile(dir_ / "saved/variables/data", "weights").ok());
  ASSERT_TRUE(io::WriteFile(dir_ / "saved/manifest.json", "the Pusher's, which does not count").ok());
  const auto run = [&](const std::string& metrics) {
    EvaluateOptions options;
    options.eval_config = Config(
        "model_specs { name: 'lite' label_key: 'image_class' model_type: 'tf_lite' } model_specs { name: 'saved' "
        "label_key: 'image_class' is_baseline: true } metrics_specs { " +
        metrics + " }");
    options.data = kMnistData;
    options.models = {{"lite", kMnistModel}, {"saved", dir_ / "saved"}};
    return Evaluate(options);
  };
  // Of the TFLite model alone it can be demanded; the SavedModel's is missing, which is said.
  const auto result = run(Metric("ArenaBytes", AtMost(1e6)) + Metric("ModelSizeBytes") + Metric("LatencyP50Ms"));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->validation.validation_ok());
  EXPECT_TRUE(result->Overall("arena_bytes", "lite").has_value());
  EXPECT_FALSE(result->Overall("arena_bytes", "saved").has_value());
  EXPECT_EQ(*result->Overall("model_size_bytes", "saved"), 12);
  EXPECT_GT(*result->Overall("latency_p50_ms", "saved"), 0);
  ASSERT_EQ(result->warnings.size(), 1u);
  EXPECT_THAT(result->warnings[0], AllOf(HasSubstr("saved/arena_bytes"), HasSubstr("SavedModel")));
  // There is nothing to compare it with.
  const auto compared =
      run(Metric("ArenaBytes", "threshold { change_threshold { direction: LOWER_IS_BETTER absolute { value: 0 } } }"));
  EXPECT_EQ(compared.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(compared.status().message()), AllOf(HasSubstr("arena_bytes"), HasSubstr("\"saved\"")));
}

TEST_F(CostMetricsTest, FactsAreThereWithoutBeingAskedFor) {
  ASSERT_TRUE(Run(Metric("ModelSizeBytes")).ok());
  const auto result = Run(Metric("ExampleCount"));  // Replaces the first.
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->Overall("latency_p50_ms").has_value());
  const std::string json = *io::ReadFile(dir_ / "out/model_facts.json");
  for (const char* name : {"size_bytes", "arena_bytes", "weight_bytes", "latency_p50_ms", "latency_p90_ms",
                           "latency_p99_ms", "examples_per_second", "delegated_op_share", "FULLY_CONNECTED"}) {
    EXPECT_THAT(json, HasSubstr(name));
  }
  EXPECT_EQ(io::ListDir(dir_ / "out/tensorboard")->size(), 1u);
  EXPECT_EQ(io::ListDir(dir_ / "out/tensorboard/model")->size(), 1u);
}

TEST(MeasureTest, PercentilesAreNearestRanks) {
  std::vector<double> values;
  for (int i = 1; i <= 200; ++i) values.push_back(i);
  EXPECT_EQ(Percentile(values, 50), 100);
  EXPECT_EQ(Percentile(values, 90), 180);
  EXPECT_EQ(Percentile(values, 99), 198);
  EXPECT_EQ(Percentile({7}, 50), 7);
  EXPECT_EQ(Percentile({7}, 99), 7);
}

// Counts its runs and notes how many examples they were of; each example takes `seconds`.
class CountingModel : public InferenceModel {
 public:
  struct Session : InferenceSession {
    explicit Session(const CountingModel* model) : model(model) {}
    absl::Status Predict(const data::ExampleBatch& batch, NamedValues*) override {
      model->sizes.push_back(batch.num_examples());
      const auto start = std::chrono::steady_clock::now();
      while (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() <
             model->seconds * batch.num_examples()) {
      }
      return absl::OkStatus();
    }
    const CountingModel* model;
  };
  absl::StatusOr<std::unique_ptr<InferenceSession>> NewSession() const override {
    return std::make_unique<Session>(this);
  }
  double seconds = 0;
  mutable std::vector<int> sizes;
};

TEST(MeasureTest, AFastModelIsGivenTheWholeSample) {
  const CountingModel model;
  ModelCost cost;
  const std::vector<std::string> sample(40, ExampleBuilder().Ints("x", {1}).Serialize());
  ASSERT_TRUE(MeasureCost(model, sample, {.seconds = 1, .max_runs = 10}, &cost).ok());
  EXPECT_EQ(model.sizes.front(), 1);
  EXPECT_EQ(model.sizes.back(), 40);
  EXPECT_EQ(model.sizes.size(), 2 * (2 + 10));  // Two runs are warm-up.
}

TEST(MeasureTest, ASlowModelIsRunAFewTimesOnFewExamples) {
  CountingModel model;
  model.seconds = 0.001;
  ModelCost cost;
  const std::vector<std::string> sample(40, ExampleBuilder().Ints("x", {1}).Serialize());
  ASSERT_TRUE(MeasureCost(model, sample, {.seconds = 1e-6}, &cost).ok());
  EXPECT_EQ(model.sizes, std::vector<int>(12, 1));  // In three rounds one each, and a warm-up.
  EXPECT_GE(*cost.Find("latency_p50_ms"), 1);
  EXPECT_LE(*cost.Find("examples_per_second"), 1000);
}

TEST(MeasureTest, WithoutExamplesNothingIsTimed) {
  const CountingModel model;
  ModelCost cost;
  ASSERT_TRUE(MeasureCost(model, {}, {}, &cost).ok());
  EXPECT_TRUE(model.sizes.empty());
  EXPECT_TRUE(cost.numbers.empty());
}

TEST(CostTableTest, EachMetricIsRegisteredUnderItsName) {
  for (const Cost& cost : kCosts) {
    if (cost.metric_class.empty()) continue;
    const auto metric = MetricRegistry::Get().Create(cost.metric_class);
    ASSERT_TRUE(metric.ok()) << metric.status();
    EXPECT_EQ((*metric)->DefaultName(cost.metric_class), cost.metric);
  }
}

}  // namespace
}  // namespace tfxm::model_analysis
