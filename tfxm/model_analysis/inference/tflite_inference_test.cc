// SPDX-License-Identifier: Apache-2.0

// TFLite models on tf.Examples: how features become inputs and outputs predictions, and what does not fit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "tflite_generated.h"
#include "tfxm/litert/test_models.h"
#include "tfxm/model_analysis/evaluate.h"
#include "tfxm/model_analysis/inference/inference_model.h"
#include "tfxm/model_analysis/test_examples.h"

namespace tfxm::model_analysis {
namespace {

using litert::testing::ModelBuilder;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

struct TensorKind {
  schema::TensorType type = schema::TensorType_FLOAT32;
  float scale = 0;
  int zero_point = 0;
};

// y = max(x, x), of the same kind: what comes out is what was fed. x is [batch, width]; -1: any batch.
std::string IdentityModel(const TensorKind& kind, int width, int batch = -1) {
  ModelBuilder b;
  const int x = b.Tensor("x", kind.type, {batch, width});
  const int y = b.Tensor("y", kind.type, {batch, width});
  if (kind.scale != 0) {
    b.Quantize(x, kind.scale, kind.zero_point);
    b.Quantize(y, kind.scale, kind.zero_point);
  }
  b.Op(schema::BuiltinOperator_MAXIMUM, schema::MaximumMinimumOptionsT(), {x, x}, {y});
  b.InputsOutputs({x}, {y});
  b.Signature("serving_default", {{"x", x}}, {{"y", y}});
  return b.Finish();
}

class TfliteInferenceTest : public testing::Test {
 protected:
  std::string Save(const std::string& bytes) {
    const std::string path = dir_ / "model.tflite";
    EXPECT_TRUE(io::WriteFile(path, bytes).ok());
    return path;
  }
  // The model's predictions for all examples, back to back.
  absl::StatusOr<std::vector<double>> Predict(const std::string& bytes, const std::vector<ExampleBuilder>& examples,
                                              const InputShapes& input_shapes = {}) {
    auto loader = InferenceModelRegistry::Get().Create("tf_lite");
    EXPECT_TRUE(loader.ok()) << loader.status();
    auto model = (*loader)->Load(Save(bytes), {}, input_shapes);
    if (!model.ok()) return model.status();
    auto session = (*model)->NewSession();
    if (!session.ok()) return session.status();
    data::ExampleBatch batch;
    for (const ExampleBuilder& example : examples) EXPECT_TRUE(batch.Append(example.Serialize()).ok());
    NamedValues outputs;
    if (absl::Status status = (*session)->Predict(batch, &outputs); !status.ok()) return status;
    EXPECT_EQ(outputs.size(), 1u);
    EXPECT_EQ(outputs[0].second.ends.size(), examples.size());
    strings_ = outputs[0].second.strings;
    return outputs[0].second.numbers;
  }
  std::string Failure(const std::string& bytes, const std::vector<ExampleBuilder>& examples) {
    const auto result = Predict(bytes, examples);
    EXPECT_FALSE(result.ok());
    return std::string(result.status().message());
  }
  absl::StatusOr<EvaluationResult> Evaluate(const std::string& bytes, const std::vector<ExampleBuilder>& examples,
                                            const std::string& metric) {
    std::vector<std::string> records;
    for (const ExampleBuilder& example : examples) records.push_back(example.Serialize());
    EvaluateOptions options;
    options.eval_config = Config(
        "model_specs { label_key: 'label' model_type: 'tf_lite' } metrics_specs { metrics { "
        "class_name: '" +
        metric + "' } }");
    options.files = {WriteRecords(dir_ / "data", records)};
    options.models = {{"", Save(bytes)}};
    options.output_dir = dir_ / "out";
    return model_analysis::Evaluate(options);
  }
  TempDir dir_;
  std::vector<std::string> strings_;  // The predictions of a model that gives strings.
};

ExampleBuilder Floats(std::vector<float> values) { return ExampleBuilder().Floats("x", std::move(values)); }
ExampleBuilder Ints(std::vector<int64_t> values) { return ExampleBuilder().Ints("x", std::move(values)); }

TEST_F(TfliteInferenceTest, FloatsGoThroughUnchanged) {
  EXPECT_THAT(*Predict(IdentityModel({}, 2), {Floats({0.5f, -3}), Floats({1e10f, 0})}), ElementsAre(0.5, -3, 1e10f, 0));
}

// What TFMA's extractor does: x / scale + zero point, cut off, and back again.
TEST_F(TfliteInferenceTest, AnInt8ModelIsFedQuantizedFloatsAndItsOutputIsDequantized) {
  const std::string model = IdentityModel({schema::TensorType_INT8, 0.5f, -3}, 3);
  // 1.3 -> 2.6 - 3 = -0.4 -> 0 -> 1.5; -10 -> -23 -> -10; 0 -> -3 -> 0.
  EXPECT_THAT(*Predict(model, {Floats({1.3f, -10, 0})}), ElementsAre(1.5, -10, 0));
  // Out of range: the nearest that there is. NaN: 0 before dequantization.
  EXPECT_THAT(*Predict(model, {Floats({1e9f, -1e9f, NAN})}), ElementsAre(0.5 * (127 + 3), 0.5 * (-128 + 3), 1.5));
}

TEST_F(TfliteInferenceTest, QuantizedModelsOfOtherTypesAndIntegerFeatures) {
  EXPECT_THAT(*Predict(IdentityModel({schema::TensorType_UINT8, 0.25f, 10}, 2), {Ints({3, -1})}), ElementsAre(3, -1));
  EXPECT_THAT(*Predict(IdentityModel({schema::TensorType_INT8, 2, 0}, 2), {Ints({6, 7})}), ElementsAre(6, 6));
}

TEST_F(TfliteInferenceTest, IntegerInputsTakeIntegersAsTheyAre) {
  EXPECT_THAT(*Predict(IdentityModel({schema::TensorType_INT32}, 2), {Ints({7, -9})}), ElementsAre(7, -9));
  EXPECT_THAT(*Predict(IdentityModel({schema::TensorType_INT64}, 2), {Ints({1LL << 40, -1})}),
              ElementsAre(static_cast<double>(1LL << 40), -1));
  EXPECT_THAT(*Predict(IdentityModel({}, 2), {Ints({7, -9})}), ElementsAre(7, -9));
}

TEST_F(TfliteInferenceTest, FloatsForAnIntegerInputWithoutScale) {
  EXPECT_THAT(Failure(IdentityModel({schema::TensorType_INT32}, 1), {Floats({0.5f})}),
              AllOf(HasSubstr("model.tflite"), HasSubstr("\"x\""), HasSubstr("without a scale")));
}

TEST_F(TfliteInferenceTest, BytesForANumericInput) {
  EXPECT_THAT(Failure(IdentityModel({}, 1), {ExampleBuilder().Bytes("x", {"a"})}), HasSubstr("\"x\" is BYTES"));
}

TEST_F(TfliteInferenceTest, AMissingValueIsMinusOneWhereTfmaSaysSo) {
  EXPECT_THAT(*Predict(IdentityModel({}, 2), {Floats({1, 2}), ExampleBuilder(), Floats({3, 4})}),
              ElementsAre(1, 2, -1, -1, 3, 4));
  EXPECT_THAT(Failure(IdentityModel({schema::TensorType_INT8, 1, 0}, 1), {Floats({1}), ExampleBuilder()}),
              AllOf(HasSubstr("example 1"), HasSubstr("feature \"x\" is missing")));
}

TEST_F(TfliteInferenceTest, TheWrongNumberOfValuesNamesTheExample) {
  EXPECT_THAT(Failure(IdentityModel({}, 2), {Floats({1, 2}), Floats({1, 2, 3})}),
              AllOf(HasSubstr("example 1"), HasSubstr("3 values"), HasSubstr("expected 2")));
}

// Batches go through the model in pieces that fit the cache.
TEST_F(TfliteInferenceTest, LargeBatchesOfLargeInputsComeOutInOrder) {
  for (const TensorKind& kind : {TensorKind(), TensorKind{schema::TensorType_INT16, 1, 0}}) {
    for (const int width : {1, 3000, 40000}) {
      std::vector<ExampleBuilder> examples;
      std::vector<double> expected;
      for (int i = 0; i < 75; ++i) {
        examples.push_back(Floats(std::vector<float>(width, static_cast<float>(i))));
        expected.insert(expected.end(), width, i);
      }
      EXPECT_EQ(*Predict(IdentityModel(kind, width), examples), expected) << width;
    }
  }
}

TEST_F(TfliteInferenceTest, AModelForOneExampleIsRunOnOneAtATime) {
  EXPECT_THAT(*Predict(IdentityModel({}, 2, /*batch=*/1), {Floats({1, 2}), Floats({3, 4}), Floats({5, 6})}),
              ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST_F(TfliteInferenceTest, AModelForFourExamplesIsFedFourAtATime) {
  std::vector<ExampleBuilder> examples;
  std::vector<double> expected;
  for (int i = 0; i < 11; ++i) {  // Two full groups, and one that is filled up.
    examples.push_back(Floats({static_cast<float>(i), 0.5f}));
    expected.insert(expected.end(), {static_cast<double>(i), 0.5});
  }
  EXPECT_EQ(*Predict(IdentityModel({}, 2, /*batch=*/4), examples), expected);
  EXPECT_EQ(*Predict(IdentityModel({}, 2, /*batch=*/4), {Floats({7, 8})}), (std::vector<double>{7, 8}));
}

// y [batch, height, width] = x [batch, height, width, 1].
std::string AnySizeModel() {
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_FLOAT32, {-1, -1, -1, 1});
  const int axis = b.Constant<int32_t>("axis", schema::TensorType_INT32, {1}, {3});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {-1, -1, -1});
  b.Op(schema::BuiltinOperator_SUM, schema::ReducerOptionsT(), {x, axis}, {y});
  b.InputsOutputs({x}, {y});
  b.Signature("serving_default", {{"x", x}}, {{"y", y}});
  return b.Finish();
}

TEST_F(TfliteInferenceTest, OpenSidesAreThoseOfEachExample) {
  EXPECT_THAT(*Predict(AnySizeModel(), {Floats({1, 2, 3, 4}), Floats({5, 6, 7, 8}), Floats({9}), Floats({1, 2, 3, 4})}),
              ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4));
  EXPECT_THAT(Failure(AnySizeModel(), {Floats({1, 2, 3})}),
              AllOf(HasSubstr("not a square image"), HasSubstr("--input_shape=x:1,HEIGHT,WIDTH")));
  EXPECT_THAT(*Predict(AnySizeModel(), {Floats({1, 2, 3})}, {{"x", {1, 1, 3, 1}}}), ElementsAre(1, 2, 3));
  auto loader = InferenceModelRegistry::Get().Create("tf_lite");
  EXPECT_THAT(std::string((*loader)->Load(Save(AnySizeModel()), {}, {{"image", {1, 1, 3, 1}}}).status().message()),
              AllOf(HasSubstr("model.tflite"), HasSubstr("no input \"image\"")));
}

TEST_F(TfliteInferenceTest, InputsWithoutNamesAreCalledByTheirPlace) {
  ModelBuilder b;
  const int x = b.Tensor("", schema::TensorType_FLOAT32, {-1, 1});
  const int y = b.Tensor("", schema::TensorType_FLOAT32, {-1, 1});
  b.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {x, x}, {y});
  b.InputsOutputs({x}, {y});
  EXPECT_THAT(*Predict(b.Finish(), {ExampleBuilder().Floats("input_0", {2}), ExampleBuilder().Floats("input_0", {3})}),
              ElementsAre(4, 6));
}

TEST_F(TfliteInferenceTest, AnOutputThatIsNotOnePerExample) {
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_FLOAT32, {-1, 2});
  const int axis = b.Constant<int32_t>("axis", schema::TensorType_INT32, {1}, {0});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {2});
  b.Op(schema::BuiltinOperator_SUM, schema::ReducerOptionsT(), {x, axis}, {y});
  b.InputsOutputs({x}, {y});
  EXPECT_THAT(Failure(b.Finish(), {Floats({1, 2}), Floats({3, 4}), Floats({5, 6})}),
              AllOf(HasSubstr("first dimension must be the batch"), HasSubstr("3 examples")));
}

// Outputs that say nothing of an example do not matter where another one is the prediction.
TEST_F(TfliteInferenceTest, OfSeveralOutputsOnlyThoseThatAreAskedForAreJudged) {
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_FLOAT32, {-1, 2});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {-1, 2});
  const int axes = b.Constant<int32_t>("axes", schema::TensorType_INT32, {2}, {0, 1});
  const int sum = b.Tensor("sum", schema::TensorType_FLOAT32, {});
  const int anchors = b.Constant<float>("boxes", schema::TensorType_FLOAT32, {7, 2}, std::vector<float>(14, 1));
  const int copy = b.Tensor("anchors", schema::TensorType_FLOAT32, {7, 2});
  b.Op(schema::BuiltinOperator_MAXIMUM, schema::MaximumMinimumOptionsT(), {x, x}, {y});
  b.Op(schema::BuiltinOperator_SUM, schema::ReducerOptionsT(), {x, axes}, {sum});
  b.Op(schema::BuiltinOperator_MAXIMUM, schema::MaximumMinimumOptionsT(), {anchors, anchors}, {copy});
  b.InputsOutputs({x}, {y, sum, copy});
  b.Signature("serving_default", {{"x", x}}, {{"y", y}, {"sum", sum}, {"anchors", copy}});
  const std::string model = Save(b.Finish());

  std::vector<std::string> records;
  for (const float i : {0.0f, 1.0f, 2.0f}) {
    records.push_back(Floats({i, i + 1}).Floats("label", {i, i + 2}).Serialize());
  }
  EvaluateOptions options;
  options.files = {WriteRecords(dir_ / "data", records)};
  options.models = {{"", model}};
  int evaluations = 0;
  const auto evaluate = [&](const std::string& spec, const std::string& metrics_spec) {
    options.eval_config =
        Config("model_specs { label_key: 'label' model_type: 'tf_lite' " + spec +
               " } metrics_specs { metrics { class_name: 'MeanAbsoluteError' } " + metrics_spec + " }");
    options.output_dir = dir_ / absl::StrCat("out", ++evaluations);
    return model_analysis::Evaluate(options);
  };
  for (const auto& [spec, metrics_spec] : {std::pair{"prediction_key: 'y'", ""}, std::pair{"", "output_names: 'y'"}}) {
    const auto result = evaluate(spec, metrics_spec);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->Overall("mean_absolute_error"), 0.5);
  }
  for (const auto& [spec, metrics_spec] :
       {std::pair{"prediction_key: 'anchors'", ""}, std::pair{"prediction_key: 'y'", "output_names: 'anchors'"}}) {
    EXPECT_THAT(std::string(evaluate(spec, metrics_spec).status().message()),
                AllOf(HasSubstr("model.tflite"), HasSubstr("output \"anchors\" has shape [7, 2] for 3 examples"),
                      HasSubstr("first dimension must be the batch")));
  }
  EXPECT_THAT(std::string(evaluate("", "").status().message()), HasSubstr("prediction_key in the model_spec"));
}

// words [batch] -> y [batch, 1].
std::string StringModel() {
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_STRING, {-1});
  const int shape = b.Constant<int32_t>("shape", schema::TensorType_INT32, {2}, {-1, 1});
  const int y = b.Tensor("y", schema::TensorType_STRING, {-1, 1});
  b.Op(schema::BuiltinOperator_RESHAPE, schema::ReshapeOptionsT(), {x, shape}, {y});
  b.InputsOutputs({x}, {y});
  b.Signature("serving_default", {{"x", x}}, {{"y", y}});
  return b.Finish();
}

TEST_F(TfliteInferenceTest, StringsGoInAndOut) {
  const std::string kWithZero("a\0b", 3);
  const auto words = [](const std::string& word) { return ExampleBuilder().Bytes("x", {word}); };
  std::vector<ExampleBuilder> examples = {words("cat"), ExampleBuilder(), words(""), words(kWithZero)};
  ASSERT_TRUE(Predict(StringModel(), examples).ok());
  EXPECT_THAT(strings_, ElementsAre("cat", "", "", kWithZero));
  EXPECT_THAT(Failure(StringModel(), {Ints({1})}), HasSubstr("feature \"x\" is INT; expected 1 of type string"));
  EXPECT_THAT(Failure(StringModel(), {ExampleBuilder().Bytes("x", {"a", "b"})}), HasSubstr("2 values"));
}

TEST_F(TfliteInferenceTest, CostsOfAModelOfStrings) {
  std::vector<ExampleBuilder> examples;
  for (const char* word : {"cat", "dog"})
    examples.push_back(ExampleBuilder().Bytes("x", {word}).Bytes("label", {"cat"}));
  const auto result = Evaluate(StringModel(), examples, "ExactMatch");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(*result->Overall("exact_match"), 0.5);
  EXPECT_EQ(result->models[0].cost.numbers.at("delegated_op_share"), 0);
  EXPECT_EQ(result->models[0].cost.texts.at("not_delegated"), "1 RESHAPE");
  EXPECT_THAT(result->warnings, testing::IsEmpty());
}

// In a whole evaluation.

TEST_F(TfliteInferenceTest, ALabelThatTheModelsOutputDoesNotHaveNamesTheRecord) {
  std::vector<ExampleBuilder> examples;
  for (int label : {0, 1, 2}) examples.push_back(Floats({0.5f, 0.25f}).Ints("label", {label}));
  const auto result = Evaluate(IdentityModel({}, 2), examples, "SparseCategoricalAccuracy");
  EXPECT_THAT(std::string(result.status().message()),
              AllOf(HasSubstr("record 2 of"), HasSubstr("label 2"), HasSubstr("2 classes")));
  EXPECT_FALSE(io::Exists(dir_ / "out"));
}

TEST_F(TfliteInferenceTest, NanPredictionsAreCounted) {
  std::vector<ExampleBuilder> examples;
  for (float x : {0.5f, NAN, 0.25f, NAN}) examples.push_back(Floats({x, 0}).Ints("label", {1}));
  const auto result = Evaluate(IdentityModel({}, 2), examples, "SparseCategoricalCrossentropy");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->models[0].nan_predictions, 2);
  ASSERT_EQ(result->warnings.size(), 1u);
  EXPECT_THAT(result->warnings[0], AllOf(HasSubstr("2 of 4"), HasSubstr("record 1 of")));
  EXPECT_TRUE(std::isnan(*result->Overall("sparse_categorical_crossentropy")));
}

TEST_F(TfliteInferenceTest, AnotherUnitThanTheModelWasCalibratedInIsNamed) {
  const std::string model = IdentityModel({schema::TensorType_UINT8, 1, 0}, 2);  // 0..255
  const auto warnings = [&](float largest) {
    std::vector<ExampleBuilder> examples;
    for (int i = 0; i < 50; ++i) {
      examples.push_back(Floats({largest * i / 49, largest * (49 - i) / 49}).Ints("label", {1}));
    }
    io::RemoveAll(dir_ / "out").IgnoreError();
    const auto result = Evaluate(model, examples, "SparseCategoricalAccuracy");
    EXPECT_TRUE(result.ok()) << result.status();
    return result->warnings;
  };
  EXPECT_THAT(warnings(255), testing::IsEmpty());
  EXPECT_THAT(warnings(1), ElementsAre(AllOf(HasSubstr("\"x\" sees 2 of 256 levels"), HasSubstr("[0, 255]"))));
  EXPECT_THAT(warnings(25500),
              ElementsAre(AllOf(HasSubstr("cuts off 98 % of the values"), HasSubstr("[0, 2.55e+04]"))));
}

TEST_F(TfliteInferenceTest, AnEmptySplit) {
  const auto result = Evaluate(IdentityModel({}, 2), {}, "SparseCategoricalAccuracy");
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("no examples"));
  EXPECT_FALSE(io::Exists(dir_ / "out"));
}

TEST_F(TfliteInferenceTest, ADamagedModelIsNamed) {
  std::string bytes = IdentityModel({}, 2);
  bytes.resize(bytes.size() - 40);
  const auto result = Evaluate(bytes, {Floats({1, 2}).Ints("label", {1})}, "SparseCategoricalAccuracy");
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("model.tflite"));
  EXPECT_FALSE(io::Exists(dir_ / "out"));
}

}  // namespace
}  // namespace tfxm::model_analysis
