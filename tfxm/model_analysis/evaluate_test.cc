// SPDX-License-Identifier: Apache-2.0

// Evaluate as a whole: TFLite models, any sharding and number of threads, confidence intervals, and what goes wrong.
#include "tfxm/model_analysis/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tfxm/model_analysis/inference/inference_model.h"
#include "tfxm/model_analysis/test_examples.h"

namespace tfxm::model_analysis {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// Binary data: label, prediction, weight and two features to slice by.
std::vector<std::string> BinaryRecords(int n) {
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

constexpr char kBinaryConfig[] = R"pb(
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
  TestDir dir_;
};

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
  EXPECT_TRUE(RunMnist(dir_ / "model", "model_type: 'tf_lite'").ok());
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

TEST_F(EvaluateTest, MissingLabelKeyNamesTheNearestFeatures) {
  EXPECT_THAT(Failure("model_specs { label_key: 'lable' prediction_key: 'prediction' } metrics_specs { metrics { "
                      "class_name: 'AUC' } }",
                      BinaryRecords(3)),
              AllOf(HasSubstr("label_key \"lable\""), HasSubstr("\"label\"")));
}

TEST_F(EvaluateTest, MissingPredictionSaysHowToGiveOne) {
  EXPECT_THAT(
      Failure("model_specs { label_key: 'label' } metrics_specs { metrics { class_name: 'AUC' } }", BinaryRecords(3)),
      HasSubstr("prediction_key"));
}

TEST_F(EvaluateTest, UnknownMetricNamesTheNearest) {
  EXPECT_THAT(MetricFailure("class_name: 'Precison'"), AllOf(HasSubstr("\"Precison\""), HasSubstr("\"Precision\"")));
}

TEST_F(EvaluateTest, UnknownArgumentNamesTheNearest) {
  EXPECT_THAT(MetricFailure("class_name: 'AUC' config: '{\"num_treshold\": 3}'"),
              AllOf(HasSubstr("num_treshold"), HasSubstr("num_thresholds")));
}

TEST_F(EvaluateTest, IllFormedMetricConfig) {
  EXPECT_THAT(MetricFailure("class_name: 'AUC' config: '{\"curve\": '"), HasSubstr("config of metric AUC"));
  EXPECT_THAT(MetricFailure("class_name: 'AUC' config: '{\"curve\": \"RCO\"}'"), HasSubstr("ROC or PR"));
  EXPECT_THAT(MetricFailure("class_name: 'PrecisionAtRecall'"), HasSubstr("\"recall\" must be given"));
  EXPECT_THAT(MetricFailure("class_name: 'AUC' config: '{\"num_thresholds\": 3, \"thresholds\": [0.5]}'"),
              HasSubstr("not both"));
  EXPECT_THAT(MetricFailure("class_name: 'NDCG' config: '{\"gain_key\": \"gain\"}'"), HasSubstr("query_key"));
  EXPECT_THAT(MetricFailure("class_name: 'BooleanFlipRates'"), HasSubstr("is_baseline"));
}

TEST_F(EvaluateTest, LabelOutOfRangeNamesTheRecord) {
  std::vector<std::string> records;
  for (int label : {0, 2, 3})
    records.push_back(ExampleBuilder().Ints("label", {label}).Floats("prediction", {0.2f, 0.3f, 0.5f}).Serialize());
  for (const char* metric :
       {"SparseCategoricalAccuracy", "SparseCategoricalCrossentropy", "AUC", "MultiLabelConfusionMatrixPlot"}) {
    EXPECT_THAT(Failure(absl::StrCat("model_specs { label_key: 'label' prediction_key: 'prediction' } metrics_specs { "
                                     "metrics { class_name: '",
                                     metric, "' } }"),
                        records),
                AllOf(HasSubstr("record 2 of"), HasSubstr("label 3"), HasSubstr("3 classes")))
        << metric;
  }
}

TEST_F(EvaluateTest, LabelsAndPredictionsThatDoNotFit) {
  const std::vector<std::string> records = {
      ExampleBuilder().Ints("label", {0, 1}).Floats("prediction", {0.2f, 0.3f, 0.5f}).Serialize()};
  for (const char* metric :
       {"SparseCategoricalAccuracy", "CategoricalAccuracy", "AUC", "MeanSquaredError", "BinaryCrossEntropy"}) {
    EXPECT_THAT(Failure(absl::StrCat("model_specs { label_key: 'label' prediction_key: 'prediction' } metrics_specs { "
                                     "metrics { class_name: '",
                                     metric, "' } }"),
                        records),
                AllOf(HasSubstr("record 0 of"), HasSubstr("2 values")))
        << metric;
  }
}

TEST_F(EvaluateTest, LabelThatIsNoProbability) {
  const std::vector<std::string> records = {
      ExampleBuilder().Ints("label", {3}).Floats("prediction", {0.2f}).Serialize()};
  EXPECT_THAT(Failure("model_specs { label_key: 'label' prediction_key: 'prediction' } metrics_specs { metrics { "
                      "class_name: 'AUC' } }",
                      records),
              HasSubstr("label 3 is not within [0, 1]"));
}

TEST_F(EvaluateTest, StringLabelsForAMetricOfNumbers) {
  const std::vector<std::string> records = {
      ExampleBuilder().Bytes("label", {"cat"}).Floats("prediction", {0.2f}).Serialize()};
  EXPECT_THAT(Failure("model_specs { label_key: 'label' prediction_key: 'prediction' } metrics_specs { metrics { "
                      "class_name: 'AUC' } }",
                      records),
              HasSubstr("strings"));
}

TEST_F(EvaluateTest, NoExamples) {
  EXPECT_THAT(Failure(kBinaryConfig, {}), HasSubstr("no examples"));
  EvaluateOptions options;
  options.eval_config = Config(kBinaryConfig);
  options.data = dir_ / "nothing-*";
  EXPECT_FALSE(Evaluate(options).ok());
}

TEST_F(EvaluateTest, ARecordThatIsNoExample) {
  std::vector<std::string> records = BinaryRecords(5);
  records[3] = "\xff\xff\xff";
  EXPECT_THAT(Failure(kBinaryConfig, records), HasSubstr("record 3"));
}

TEST_F(EvaluateTest, ConfigsThatContradictThemselves) {
  EXPECT_THAT(Failure("model_specs { label_key: 'label' label_keys { key: 'a' value: 'b' } }", BinaryRecords(2)),
              HasSubstr("label_keys"));
  EXPECT_THAT(Failure("model_specs { name: 'a' } model_specs { name: 'a' }", BinaryRecords(2)),
              HasSubstr("named \"a\""));
  EXPECT_THAT(Failure("model_specs { name: 'a' } model_specs {}", BinaryRecords(2)), HasSubstr("needs a name"));
  EXPECT_THAT(Failure("model_specs {} slicing_specs { feature_keys: 'x' feature_values { key: 'x' value: '1' } }",
                      BinaryRecords(2)),
              HasSubstr("\"x\""));
  EXPECT_THAT(Failure("model_specs { prediction_key: 'prediction' label_key: 'label' } metrics_specs { metrics { "
                      "class_name: 'AUC' } output_names: 'a' }",
                      BinaryRecords(2)),
              HasSubstr("no output \"a\""));
  EXPECT_THAT(Failure("model_specs { prediction_key: 'prediction' label_key: 'label' } metrics_specs { model_names: "
                      "'a' metrics { class_name: 'AUC' threshold { change_threshold { "
                      "direction: HIGHER_IS_BETTER } } } }",
                      BinaryRecords(2)),
              HasSubstr("no baseline"));
  EXPECT_THAT(Failure("model_specs { prediction_key: 'prediction' label_key: 'label' } metrics_specs { metrics { "
                      "class_name: 'AUC' } aggregate { macro_average: true } }",
                      BinaryRecords(2)),
              HasSubstr("class_weights"));
}

TEST_F(EvaluateTest, WrongModelTypeSaysWhichOneItWouldBe) {
  EXPECT_THAT(std::string(RunMnist(kMnistModel, "").status().message()),
              AllOf(HasSubstr("TFLite model"), HasSubstr("model_type: \"tf_lite\"")));
  ASSERT_TRUE(io::MakeDirs(dir_ / "saved").ok());
  ASSERT_TRUE(io::WriteFile(dir_ / "saved/saved_model.pb", "x").ok());
  EXPECT_THAT(std::string(RunMnist(dir_ / "saved", "model_type: 'tf_lite'").status().message()),
              HasSubstr("is a SavedModel"));
  EXPECT_THAT(std::string(RunMnist(kMnistModel, "model_type: 'tf_lit'").status().message()), HasSubstr("\"tf_lite\""));
}

TEST_F(EvaluateTest, DetectsTheModelTypeWhenAskedTo) {
  EvaluateOptions options;
  options.eval_config = Config(
      "model_specs { label_key: 'image_class' } metrics_specs { metrics { class_name: 'SparseCategoricalAccuracy' } }");
  options.data = kMnistData;
  options.models = {{"anything", kMnistModel}};
  options.detect_model_type = true;
  EXPECT_TRUE(Evaluate(options).ok());
}

TEST_F(EvaluateTest, NoModelOrACorruptOne) {
  EXPECT_THAT(std::string(RunMnist(dir_ / "none", "model_type: 'tf_lite'").status().message()),
              HasSubstr("no model at"));
  std::string bytes = *io::ReadFile(kMnistModel);
  bytes.resize(bytes.size() / 3);
  ASSERT_TRUE(io::WriteFile(dir_ / "cut.tflite", bytes).ok());
  EXPECT_THAT(std::string(RunMnist(dir_ / "cut.tflite", "model_type: 'tf_lite'").status().message()),
              HasSubstr("cut.tflite"));
  EXPECT_FALSE(io::Exists(dir_ / "mnist"));
}

TEST_F(EvaluateTest, AFolderOfSomebodyElseIsLeftAsItIs) {
  ASSERT_TRUE(io::MakeDirs(dir_ / "mnist/tensorboard/my_training_run").ok());
  ASSERT_TRUE(io::WriteFile(dir_ / "mnist/tensorboard/my_training_run/events", "mine").ok());
  ASSERT_TRUE(io::WriteFile(dir_ / "mnist/disagreements.json", "mine").ok());
  const auto result = RunMnist(kMnistModel, "model_type: 'tf_lite'");
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("disagreements.json"));
  EXPECT_THAT(*io::ListDir(dir_ / "mnist"), testing::ElementsAre("disagreements.json", "tensorboard"));
  EXPECT_EQ(*io::ReadFile(dir_ / "mnist/tensorboard/my_training_run/events"), "mine");
}

TEST_F(EvaluateTest, AModelInputThatIsNoFeature) {
  EvaluateOptions options;
  options.eval_config = Config(
      "model_specs { label_key: 'label' model_type: 'tf_lite' } metrics_specs { metrics { class_name: 'AUC' } }");
  options.files = {WriteRecords(
      dir_ / "data", {ExampleBuilder().Ints("label", {1}).Floats("image_float", std::vector<float>(784)).Serialize()})};
  options.models = {{"", kMnistModel}};
  EXPECT_THAT(std::string(Evaluate(options).status().message()),
              AllOf(HasSubstr("image_floats"), HasSubstr("\"image_float\"")));
}

TEST_F(EvaluateTest, AFeatureOfTheWrongSizeForTheModel) {
  EvaluateOptions options;
  options.eval_config = Config(
      "model_specs { label_key: 'label' model_type: 'tf_lite' } metrics_specs { metrics { class_name: 'AUC' } }");
  options.files = {
      WriteRecords(dir_ / "data",
                   {ExampleBuilder().Ints("label", {1}).Floats("image_floats", std::vector<float>(100)).Serialize()})};
  options.models = {{"", kMnistModel}};
  EXPECT_THAT(std::string(Evaluate(options).status().message()), AllOf(HasSubstr("100 values"), HasSubstr("784")));
}

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
