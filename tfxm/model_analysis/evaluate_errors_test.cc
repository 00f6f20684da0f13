// SPDX-License-Identifier: Apache-2.0

// What Evaluate says when something is wrong with config, data or model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tfxm/model_analysis/evaluate.h"
#include "tfxm/model_analysis/inference/inference_model.h"
#include "tfxm/model_analysis/test_evaluate.h"

namespace tfxm::model_analysis {
namespace {

using testing::AllOf;
using testing::HasSubstr;

using EvaluateErrorsTest = EvaluateTest;

TEST_F(EvaluateErrorsTest, MissingLabelKeyNamesTheNearestFeatures) {
  EXPECT_THAT(Failure("model_specs { label_key: 'lable' prediction_key: 'prediction' } metrics_specs { metrics { "
                      "class_name: 'AUC' } }",
                      BinaryRecords(3)),
              AllOf(HasSubstr("label_key \"lable\""), HasSubstr("\"label\"")));
}

TEST_F(EvaluateErrorsTest, MissingPredictionSaysHowToGiveOne) {
  EXPECT_THAT(
      Failure("model_specs { label_key: 'label' } metrics_specs { metrics { class_name: 'AUC' } }", BinaryRecords(3)),
      HasSubstr("prediction_key"));
}

TEST_F(EvaluateErrorsTest, UnknownMetricNamesTheNearest) {
  EXPECT_THAT(MetricFailure("class_name: 'Precison'"), AllOf(HasSubstr("\"Precison\""), HasSubstr("\"Precision\"")));
}

TEST_F(EvaluateErrorsTest, UnknownArgumentNamesTheNearest) {
  EXPECT_THAT(MetricFailure("class_name: 'AUC' config: '{\"num_treshold\": 3}'"),
              AllOf(HasSubstr("num_treshold"), HasSubstr("num_thresholds")));
}

TEST_F(EvaluateErrorsTest, IllFormedMetricConfig) {
  EXPECT_THAT(MetricFailure("class_name: 'AUC' config: '{\"curve\": '"), HasSubstr("config of metric AUC"));
  EXPECT_THAT(MetricFailure("class_name: 'AUC' config: '{\"curve\": \"RCO\"}'"), HasSubstr("ROC or PR"));
  EXPECT_THAT(MetricFailure("class_name: 'PrecisionAtRecall'"), HasSubstr("\"recall\" must be given"));
  EXPECT_THAT(MetricFailure("class_name: 'AUC' config: '{\"num_thresholds\": 3, \"thresholds\": [0.5]}'"),
              HasSubstr("not both"));
  EXPECT_THAT(MetricFailure("class_name: 'NDCG' config: '{\"gain_key\": \"gain\"}'"), HasSubstr("query_key"));
  EXPECT_THAT(MetricFailure("class_name: 'BooleanFlipRates'"), HasSubstr("is_baseline"));
}

TEST_F(EvaluateErrorsTest, LabelOutOfRangeNamesTheRecord) {
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

TEST_F(EvaluateErrorsTest, LabelsAndPredictionsThatDoNotFit) {
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

TEST_F(EvaluateErrorsTest, LabelThatIsNoProbability) {
  const std::vector<std::string> records = {
      ExampleBuilder().Ints("label", {3}).Floats("prediction", {0.2f}).Serialize()};
  EXPECT_THAT(Failure("model_specs { label_key: 'label' prediction_key: 'prediction' } metrics_specs { metrics { "
                      "class_name: 'AUC' } }",
                      records),
              HasSubstr("label 3 is not within [0, 1]"));
}

TEST_F(EvaluateErrorsTest, StringLabelsForAMetricOfNumbers) {
  const std::vector<std::string> records = {
      ExampleBuilder().Bytes("label", {"cat"}).Floats("prediction", {0.2f}).Serialize()};
  EXPECT_THAT(Failure("model_specs { label_key: 'label' prediction_key: 'prediction' } metrics_specs { metrics { "
                      "class_name: 'AUC' } }",
                      records),
              HasSubstr("strings"));
}

TEST_F(EvaluateErrorsTest, NoExamples) {
  EXPECT_THAT(Failure(kBinaryConfig, {}), HasSubstr("no examples"));
  EvaluateOptions options;
  options.eval_config = Config(kBinaryConfig);
  options.data = dir_ / "nothing-*";
  EXPECT_FALSE(Evaluate(options).ok());
}

TEST_F(EvaluateErrorsTest, ARecordThatIsNoExample) {
  std::vector<std::string> records = BinaryRecords(5);
  records[3] = "\xff\xff\xff";
  EXPECT_THAT(Failure(kBinaryConfig, records), HasSubstr("record 3"));
}

TEST_F(EvaluateErrorsTest, ConfigsThatContradictThemselves) {
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

TEST_F(EvaluateErrorsTest, WrongModelTypeSaysWhichOneItWouldBe) {
  EXPECT_THAT(std::string(RunMnist(kMnistModel, "").status().message()),
              AllOf(HasSubstr("TFLite model"), HasSubstr("model_type: \"tf_lite\"")));
  ASSERT_TRUE(io::MakeDirs(dir_ / "saved").ok());
  ASSERT_TRUE(io::WriteFile(dir_ / "saved/saved_model.pb", "x").ok());
  EXPECT_THAT(std::string(RunMnist(dir_ / "saved", "model_type: 'tf_lite'").status().message()),
              HasSubstr("is a SavedModel"));
  EXPECT_THAT(std::string(RunMnist(kMnistModel, "model_type: 'tf_lit'").status().message()), HasSubstr("\"tf_lite\""));
}

TEST_F(EvaluateErrorsTest, DetectsTheModelTypeWhenAskedTo) {
  EvaluateOptions options;
  options.eval_config = Config(
      "model_specs { label_key: 'image_class' } metrics_specs { metrics { class_name: 'SparseCategoricalAccuracy' } }");
  options.data = kMnistData;
  options.models = {{"anything", kMnistModel}};
  // Without a model_type it would be a SavedModel.
  EXPECT_FALSE(Evaluate(options).ok());
  options.detect_model_type = true;
  const auto result = Evaluate(options);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->models[0].model_type, "tf_lite");
  EXPECT_TRUE(result->Overall("sparse_categorical_accuracy").has_value());
}

TEST_F(EvaluateErrorsTest, NoModelOrACorruptOne) {
  EXPECT_THAT(std::string(RunMnist(dir_ / "none", "model_type: 'tf_lite'").status().message()),
              HasSubstr("no model at"));
  std::string bytes = *io::ReadFile(kMnistModel);
  bytes.resize(bytes.size() / 3);
  ASSERT_TRUE(io::WriteFile(dir_ / "cut.tflite", bytes).ok());
  EXPECT_THAT(std::string(RunMnist(dir_ / "cut.tflite", "model_type: 'tf_lite'").status().message()),
              HasSubstr("cut.tflite"));
  EXPECT_FALSE(io::Exists(dir_ / "mnist"));
}

TEST_F(EvaluateErrorsTest, AFolderOfSomebodyElseIsLeftAsItIs) {
  ASSERT_TRUE(io::MakeDirs(dir_ / "mnist/tensorboard/my_training_run").ok());
  ASSERT_TRUE(io::WriteFile(dir_ / "mnist/tensorboard/my_training_run/events", "mine").ok());
  ASSERT_TRUE(io::WriteFile(dir_ / "mnist/disagreements.json", "mine").ok());
  const auto result = RunMnist(kMnistModel, "model_type: 'tf_lite'");
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("disagreements.json"));
  EXPECT_THAT(*io::ListDir(dir_ / "mnist"), testing::ElementsAre("disagreements.json", "tensorboard"));
  EXPECT_EQ(*io::ReadFile(dir_ / "mnist/tensorboard/my_training_run/events"), "mine");
}

TEST_F(EvaluateErrorsTest, AModelInputThatIsNoFeature) {
  EvaluateOptions options;
  options.eval_config = Config(
      "model_specs { label_key: 'label' model_type: 'tf_lite' } metrics_specs { metrics { class_name: 'AUC' } }");
  options.files = {WriteRecords(
      dir_ / "data", {ExampleBuilder().Ints("label", {1}).Floats("image_float", std::vector<float>(784)).Serialize()})};
  options.models = {{"", kMnistModel}};
  EXPECT_THAT(std::string(Evaluate(options).status().message()),
              AllOf(HasSubstr("image_floats"), HasSubstr("\"image_float\"")));
}

TEST_F(EvaluateErrorsTest, AFeatureOfTheWrongSizeForTheModel) {
  EvaluateOptions options;
  options.eval_config = Config(
      "model_specs { label_key: 'label' model_type: 'tf_lite' } metrics_specs { metrics { class_name: 'AUC' } }");
  options.files = {
      WriteRecords(dir_ / "data",
                   {ExampleBuilder().Ints("label", {1}).Floats("image_floats", std::vector<float>(100)).Serialize()})};
  options.models = {{"", kMnistModel}};
  EXPECT_THAT(std::string(Evaluate(options).status().message()), AllOf(HasSubstr("100 values"), HasSubstr("784")));
}

}  // namespace
}  // namespace tfxm::model_analysis
