// SPDX-License-Identifier: Apache-2.0

// Evaluate as a whole: TFLite models, any sharding and number of threads, confidence intervals.
#include "tfxm/model_analysis/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tfxm/model_analysis/inference/inference_model.h"
#include "tfxm/model_analysis/test_evaluate.h"

namespace tfxm::model_analysis {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST_F(EvaluateTest, EvaluatesATfliteModel) {
  const auto result = RunMnist(kMnistModel, "model_type: 'tf_lite'");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->num_examples, 60);
  EXPECT_EQ(result->slices.size(), 11u);
  EXPECT_GT(*result->Overall("sparse_categorical_accuracy"), 0.7);
  EXPECT_EQ(*result->Overall("example_count"), 60);
  ASSERT_EQ(result->models.size(), 1u);
  EXPECT_EQ(result->models[0].model_type, "tf_lite");
  EXPECT_EQ(result->models[0].cost.numbers.at("size_bytes"), *io::FileSize(kMnistModel));
  for (const char* file : {"metrics-00000-of-00001.tfrecord", "plots-00000-of-00001.tfrecord", "validations.tfrecord",
                           "eval_config.json"}) {
    EXPECT_TRUE(io::Exists(io::JoinPath(dir_ / "mnist", file))) << file;
  }
}

TEST_F(EvaluateTest, FindsTheTfliteFileInADirectory) {
  ASSERT_TRUE(io::MakeDirs(dir_ / "model").ok());
  ASSERT_TRUE(io::CopyTree(kMnistModel, dir_ / "model/tflite").ok());
  const auto result = RunMnist(dir_ / "model", "model_type: 'tf_lite'");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->models[0].file, dir_ / "model/tflite");
  EXPECT_EQ(result->Overall("sparse_categorical_accuracy"),
            RunMnist(kMnistModel, "model_type: 'tf_lite'")->Overall("sparse_categorical_accuracy"));
}

TEST_F(EvaluateTest, AnyShardingOrderAndNumberOfThreadsGivesTheSameBytes) {
  std::vector<std::string> records = BinaryRecords(1000);
  auto outputs = [&](int shards, int threads, int batch_size, bool reversed) {
    EvaluateOptions options;
    options.eval_config =
        Config(std::string(kBinaryConfig) + "options { compute_confidence_intervals { value: true } }");
    std::vector<std::vector<std::string>> parts(shards);
    for (size_t i = 0; i < records.size(); ++i)
      parts[i % shards].push_back(records[reversed ? records.size() - 1 - i : i]);
    for (int s = 0; s < shards; ++s) options.files.push_back(WriteRecords(dir_ / absl::StrCat("shard-", s), parts[s]));
    options.output_dir = dir_ / "out";
    options.replace_output = true;
    options.num_threads = threads;
    options.batch_size = batch_size;
    EXPECT_TRUE(Evaluate(options).ok());
    std::vector<std::string> bytes;
    for (const char* file : {"metrics-00000-of-00001.tfrecord", "plots-00000-of-00001.tfrecord"})
      bytes.push_back(*io::ReadFile(io::JoinPath(options.output_dir, file)));
    return bytes;
  };
  const auto expected = outputs(1, 1, 256, false);
  EXPECT_EQ(outputs(1, 4, 32, false), expected);
  EXPECT_EQ(outputs(7, 3, 100, false), expected);
  EXPECT_EQ(outputs(3, 2, 1, true), expected);
}

TEST_F(EvaluateTest, QueriesDoNotDependOnTheShardingEither) {
  std::vector<std::string> records;
  for (int i = 0; i < 200; ++i) {
    records.push_back(ExampleBuilder()
                          .Ints("label", {i % 4 == 0})
                          .Floats("prediction", {static_cast<float>(i % 9)})
                          .Floats("gain", {static_cast<float>(i % 3)})
                          .Bytes("query", {absl::StrCat("q", i % 17)})
                          .Ints("id", {i})
                          .Serialize());
  }
  auto ndcg = [&](std::vector<std::string> data, int threads) {
    EvaluateOptions options;
    options.eval_config = Config(R"pb(model_specs { label_key: "label" prediction_key: "prediction" }
                                      metrics_specs {
                                        query_key: "query"
                                        metrics { class_name: "NDCG" config: '{"gain_key": "gain", "top_k_list": [3]}' }
                                      })pb");
    options.files = {WriteRecords(dir_ / "queries", data)};
    options.num_threads = threads;
    options.batch_size = 16;
    auto result = Evaluate(options);
    EXPECT_TRUE(result.ok()) << result.status();
    return *result->Overall("ndcg");
  };
  const double expected = ndcg(records, 1);
  std::reverse(records.begin(), records.end());
  EXPECT_EQ(ndcg(records, 4), expected);
}

TEST_F(EvaluateTest, ConfidenceIntervalsContainTheValueAndShrinkWithTheData) {
  for (const char* method : {"JACKKNIFE", "POISSON_BOOTSTRAP"}) {
    auto standard_error = [&](int n) {
      const auto result = Run(
          absl::StrCat(kBinaryConfig,
                       "options { compute_confidence_intervals { value: true } confidence_intervals { method: ", method,
                       " } }"),
          BinaryRecords(n));
      EXPECT_TRUE(result.ok()) << result.status();
      for (const auto& [key, metric] : result->slices[0].metrics) {
        if (key.name == "example_count") {
          EXPECT_FALSE(metric.confidence_interval.has_value());
        }
        if (key.name != "mean_prediction") continue;
        EXPECT_TRUE(metric.confidence_interval.has_value());
        EXPECT_EQ(metric.confidence_interval->degrees_of_freedom, 19);
        const double error = std::get<double>(metric.confidence_interval->standard_error),
                     value = std::get<double>(metric.value);
        EXPECT_LT(std::get<double>(metric.confidence_interval->lower_bound), value + 2 * error);
        EXPECT_GT(std::get<double>(metric.confidence_interval->upper_bound), value - 2 * error);
        return error;
      }
      return 0.0;
    };
    const double few = standard_error(400), many = standard_error(6400);
    EXPECT_GT(many, 0) << method;
    EXPECT_LT(many, few / 2) << method;
  }
}

TEST_F(EvaluateTest, ThresholdsBlessOrNot) {
  auto validate = [&](const std::string& lower) {
    const auto result =
        Run("model_specs { label_key: 'label' prediction_key: 'prediction' } metrics_specs { metrics { class_name: "
            "'ExampleCount' "
            "threshold { value_threshold { lower_bound { value: " +
                lower + " } } } } }",
            BinaryRecords(20));
    EXPECT_TRUE(result.ok()) << result.status();
    return result->validation;
  };
  EXPECT_TRUE(validate("20").validation_ok());
  const auto failed = validate("21");
  EXPECT_FALSE(failed.validation_ok());
  ASSERT_EQ(failed.metric_validations_per_slice_size(), 1);
  EXPECT_EQ(failed.metric_validations_per_slice(0).failures(0).metric_value().double_value().value(), 20);
}

TEST_F(EvaluateTest, WithoutThresholdsNothingIsBlessedUnlessRubberStamped) {
  EvaluateOptions options;
  options.eval_config = Config(kBinaryConfig);
  options.files = {WriteRecords(dir_ / "data", BinaryRecords(10))};
  EXPECT_TRUE(Evaluate(options)->validation.missing_thresholds());
  options.rubber_stamp = true;
  EXPECT_TRUE(Evaluate(options)->validation.validation_ok());
}

TEST_F(EvaluateTest, CountsNanPredictionsAndTheMetricsSayNan) {
  std::vector<std::string> records = BinaryRecords(10);
  records[4] = ExampleBuilder().Ints("label", {1}).Floats("prediction", {NAN}).Serialize();
  const auto result = Run(
      "model_specs { label_key: 'label' prediction_key: 'prediction' } metrics_specs { metrics { class_name: 'AUC' } "
      "metrics { class_name: 'ExampleCount' } metrics { class_name: 'Accuracy' } metrics { class_name: "
      "'MeanSquaredError' } "
      "metrics { class_name: 'BinaryAccuracy' } }",
      records);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->models[0].nan_predictions, 1);
  ASSERT_EQ(result->warnings.size(), 1u);
  EXPECT_THAT(result->warnings[0], AllOf(HasSubstr("1 of 10"), HasSubstr("record 4 of")));
  for (const char* metric : {"auc", "accuracy", "mean_squared_error", "binary_accuracy"})
    EXPECT_TRUE(std::isnan(*result->Overall(metric))) << metric;
  EXPECT_EQ(*result->Overall("example_count"), 10);
}

// TFMA 0.46: mean_label is NaN, mean_squared_error leaves the example out.
TEST_F(EvaluateTest, NanLabelsAreToldAndAreNoMissingLabels) {
  std::vector<std::string> records;
  for (int i = 0; i < 10; ++i) {
    records.push_back(ExampleBuilder().Floats("label", {i == 7 ? NAN : 1.0f}).Floats("prediction", {0.5f}).Serialize());
  }
  const auto result =
      Run("model_specs { label_key: 'label' prediction_key: 'prediction' } metrics_specs { metrics { class_name: "
          "'MeanLabel' } metrics { class_name: 'MeanSquaredError' } metrics { class_name: 'ExampleCount' } }",
          records);
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->warnings.size(), 1u);
  EXPECT_THAT(result->warnings[0],
              AllOf(HasSubstr("1 of 10 examples have a label that is NaN"), HasSubstr("record 7 of")));
  EXPECT_TRUE(std::isnan(*result->Overall("mean_label")));
  EXPECT_EQ(*result->Overall("mean_squared_error"), 0.25);
}

TEST_F(EvaluateTest, WarnsOfAnAucWhosePredictionsLieInOneBinAndSaysHowToTellThemApart) {
  std::vector<std::string> records;
  for (int i = 0; i < 200; ++i) {
    const int label = i % 4 == 0;
    records.push_back(ExampleBuilder()
                          .Ints("label", {label})
                          .Floats("prediction", {1e-5f + 1e-7f * static_cast<float>(i * 37 % 200) + 2e-5f * label})
                          .Serialize());
  }
  const std::string config =
      "model_specs { label_key: 'label' prediction_key: 'prediction' } slicing_specs {} metrics_specs { metrics { "
      "class_name: 'AUC'";
  const auto coarse = Run(config + "} }", records);
  ASSERT_TRUE(coarse.ok()) << coarse.status();
  EXPECT_NEAR(*coarse->Overall("auc"), 0.5, 0.01);
  ASSERT_EQ(coarse->warnings.size(), 1u);
  EXPECT_THAT(coarse->warnings[0], HasSubstr("100.0 % of the predictions"));
  // What it says, done.
  const std::string warning = coarse->warnings[0];
  const size_t begin = warning.find("config: "), end = warning.find(" }", begin);
  ASSERT_NE(begin, std::string::npos);
  const auto fine = Run(config + " " + warning.substr(begin, end - begin) + " } }", records);
  ASSERT_TRUE(fine.ok()) << fine.status();
  EXPECT_NEAR(*fine->Overall("auc"), 1, 0.02);
  EXPECT_TRUE(fine->warnings.empty());
}

TEST_F(EvaluateTest, WarnsOfASlicingFeatureThatNoExampleHas) {
  const auto result =
      Run("model_specs { label_key: 'label' prediction_key: 'prediction' } slicing_specs {} slicing_specs { "
          "feature_keys: 'regoin' } "
          "metrics_specs { metrics { class_name: 'ExampleCount' } }",
          BinaryRecords(10));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->slices.size(), 1u);
  ASSERT_EQ(result->warnings.size(), 1u);
  EXPECT_THAT(result->warnings[0], AllOf(HasSubstr("\"regoin\""), HasSubstr("\"region\"")));
}

TEST_F(EvaluateTest, DifferentMetricsOfOneNameAreNamed) {
  const std::string models = "model_specs { label_key: 'label' prediction_key: 'prediction' } ";
  const auto run = [&](const std::string& first, const std::string& second) {
    return Run(models + "metrics_specs { metrics { class_name: 'Precision' config: '" + first +
                   "' } } metrics_specs { metrics { class_name: 'Precision' config: '" + second + "' } }",
               BinaryRecords(40));
  };
  const std::string low = "\"thresholds\": 0.3", high = "\"thresholds\": 0.7";
  const auto both = run(low, high), first = run(low, low);
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ(both->Overall("precision"), first->Overall("precision"));
  ASSERT_EQ(both->warnings.size(), 1u);
  EXPECT_THAT(both->warnings[0],
              AllOf(HasSubstr("metrics Precision " + low + " and Precision " + high + " are both called \"precision\""),
                    HasSubstr("only one of them is reported"), HasSubstr("\"name\": ")));
  EXPECT_TRUE(first->warnings.empty());
  const auto named = run("\"name\": \"low\", " + low, high);  // As advised.
  EXPECT_TRUE(named->warnings.empty());
  EXPECT_TRUE(named->Overall("low") && named->Overall("precision"));
}

TEST_F(EvaluateTest, AThresholdForSlicesBySqlIsCheckedOnTheOverallSliceAndSaysSo) {
  const auto result =
      Run("model_specs { label_key: 'label' prediction_key: 'prediction' } slicing_specs {} metrics_specs { metrics { "
          "class_name: 'ExampleCount' per_slice_thresholds { slicing_specs { slice_keys_sql: 'SELECT STRUCT(day) FROM "
          "example.day' } threshold { value_threshold { lower_bound { value: 10 } } } } } }",
          BinaryRecords(10));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->validation.validation_ok()) << result->validation.DebugString();
  ASSERT_EQ(result->warnings.size(), 1u);
  EXPECT_THAT(result->warnings[0], AllOf(HasSubstr("example_count"), HasSubstr("overall slice")));
}

TEST_F(EvaluateTest, ASlicingSpecWithTooManySlicesIsReportedNotFatal) {
  std::vector<std::string> records;
  for (int i = 0; i < 50010; ++i)
    records.push_back(ExampleBuilder().Ints("id", {i}).Ints("label", {1}).Floats("prediction", {1}).Serialize());
  for (int threads : {1, 3}) {
    EvaluateOptions options;
    options.eval_config = Config(
        "model_specs { label_key: 'label' prediction_key: 'prediction' } slicing_specs {} slicing_specs { "
        "feature_keys: 'id' } "
        "slicing_specs { feature_values { key: 'id' value: '7' } } metrics_specs { metrics { class_name: "
        "'ExampleCount' } }");
    options.files = {WriteRecords(dir_ / "data", records)};
    options.num_threads = threads;
    const auto result = Evaluate(options);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->slices.size(), 2u);
    ASSERT_EQ(result->warnings.size(), 1u);
    EXPECT_THAT(result->warnings[0], AllOf(HasSubstr("by id"), HasSubstr("50000")));
  }
}

TEST_F(EvaluateTest, BaselineDifferencesAreCandidateMinusBaseline) {
  std::vector<std::string> records;
  for (int i = 0; i < 4; ++i)
    records.push_back(ExampleBuilder().Ints("label", {1}).Floats("a", {0.75f}).Floats("b", {0.5f}).Serialize());
  const auto result =
      Run("model_specs { name: 'new' label_key: 'label' prediction_key: 'a' } "
          "model_specs { name: 'old' label_key: 'label' prediction_key: 'b' is_baseline: true } "
          "metrics_specs { metrics { class_name: 'MeanPrediction' threshold { change_threshold { direction: "
          "HIGHER_IS_BETTER absolute { value: 0.2 } } } } }",
          records);
  ASSERT_TRUE(result.ok()) << result.status();
  const MetricKey key{.name = "mean_prediction", .model_name = "new", .is_diff = true};
  ASSERT_EQ(result->slices[0].metrics.count(key), 1u);
  EXPECT_DOUBLE_EQ(std::get<double>(result->slices[0].metrics.at(key).value), 0.25);
  EXPECT_TRUE(result->validation.validation_ok());
}

// What goes wrong, and what the message says.

TEST_F(EvaluateTest, DisabledOutputsAreNotWritten) {
  const auto result =
      Run(std::string(kBinaryConfig) + "options { disabled_outputs { values: 'plots' values: 'eval_config' } }",
          BinaryRecords(10));
  ASSERT_TRUE(result.ok());
  EXPECT_FALSE(io::Exists(dir_ / "out/plots-00000-of-00001.tfrecord"));
  EXPECT_FALSE(io::Exists(dir_ / "out/eval_config.json"));
  EXPECT_TRUE(io::Exists(dir_ / "out/metrics-00000-of-00001.tfrecord"));
}

}  // namespace
}  // namespace tfxm::model_analysis
