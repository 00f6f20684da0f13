// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/validation/batch_check.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/litert/test_compiled_model.h"
#include "tfxm/litert/test_models.h"
#include "tfxm/rewriting/test_saved_models.h"
#include "tfxm/rewriting/tflite_rewriter.h"
#include "tfxm/testing/temp_dir.h"

namespace tfxm::rewriting {
namespace {

using litert::testing::ModelBuilder;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::Weights;

// x [None, 4] -> y
std::unique_ptr<SavedModel> Saved(const std::string& dir, const std::function<ops::Tensor(const ops::Tensor&)>& y) {
  ops::Graph graph;
  const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, 4}, "x");
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"x", x}}, {{"y", y(x)}});
  EXPECT_EQ(builder.Write(dir), absl::OkStatus());
  auto loaded = SavedModel::Load(dir);
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  return *std::move(loaded);
}

// y = x + the largest of the batch, place by place: 2 x of an example alone.
std::string AddsTheLargestOfTheBatch() {
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_FLOAT32, {-1, 4});
  const int axis = b.Constant<int32_t>("axis", schema::TensorType_INT32, {1}, {0});
  const int largest = b.Tensor("largest", schema::TensorType_FLOAT32, {4});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {-1, 4});
  b.Op(schema::BuiltinOperator_REDUCE_MAX, schema::ReducerOptionsT(), {x, axis}, {largest});
  b.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {x, largest}, {y});
  b.InputsOutputs({x}, {y});
  b.Signature("serving_default", {{"x", x}}, {{"y", y}});
  return b.Finish();
}

SampleSet Examples(int n) {
  SampleSet set{.samples = testing::Samples("x", {1, 4}, n)};
  for (int i = 0; i < n; ++i) set.names.push_back(absl::StrCat("record ", i, " of data"));
  return set;
}

absl::StatusOr<std::string> Check(const SavedModel& saved_model, const std::string& tflite, const SampleSet& samples) {
  const auto model = litert::testing::Make(tflite);
  return CheckExamplesInBatch(saved_model, **saved_model.FindSignature("serving_default"), *model, samples,
                              DefaultLimits(QuantizationMode::kNone));
}

class BatchCheckTest : public ::testing::Test {
 protected:
  RewriteReport Rewrite(RewriterOptions options, absl::Status* status) {
    options.name = "test";
    TfliteRewriter rewriter(options);
    *status = RewriteSavedModel(dir_ / "saved", dir_ / "out", rewriter, ModelType::kTfliteModel);
    return rewriter.report();
  }
  const TempDir dir_;
};

TEST_F(BatchCheckTest, AFileThatIsRightForOneExampleOnlyIsRefused) {
  const auto twice = Saved(dir_ / "saved", [](const ops::Tensor& x) { return x + x; });
  const auto found = Check(*twice, AddsTheLargestOfTheBatch(), Examples(5));
  EXPECT_EQ(found.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(found.status().message()),
              AllOf(HasSubstr("output \"y\" of record "), HasSubstr("of data is "), HasSubstr(" in a batch of 3 and "),
                    HasSubstr("in the SavedModel it is the same both ways"), HasSubstr("(--batch_size=1)")));
  // What the message advises.
  absl::Status status;
  const RewriteReport report = Rewrite({.batch_size = 1}, &status);
  EXPECT_EQ(status, absl::OkStatus());
  EXPECT_EQ(report.model.signatures[0].inputs[0].spec.shape, (Shape{1, 4}));
  EXPECT_THAT(report.batch, IsEmpty());
}

// Also of made-up inputs, which are many rows at once.
TEST_F(BatchCheckTest, OfALargerSampleTheRowsAreTheExamples) {
  const auto twice = Saved(dir_ / "saved", [](const ops::Tensor& x) { return x + x; });
  SampleSet rows{.samples = {{{"x", Weights({16, 4})}}}, .names = {"the made-up inputs"}};
  EXPECT_THAT(std::string(Check(*twice, AddsTheLargestOfTheBatch(), rows).status().message()),
              AllOf(HasSubstr("of row "), HasSubstr(" of the made-up inputs is ")));
}

TEST_F(BatchCheckTest, TheReportSaysSo) {
  Saved(dir_ / "saved", [](const ops::Tensor& x) { return x + x; });
  for (const QuantizationMode mode : {QuantizationMode::kNone, QuantizationMode::kInt8}) {
    for (const DataType type : {DataType::kFloat, DataType::kInt8}) {
      if (mode == QuantizationMode::kNone && type != DataType::kFloat) continue;
      RewriterOptions options{.quantization = mode, .inference_input_type = type, .inference_output_type = type};
      options.representative_dataset.samples = testing::Samples("x", {1, 4}, 20);
      absl::Status status;
      const RewriteReport report = Rewrite(options, &status);
      EXPECT_EQ(status, absl::OkStatus());
      EXPECT_EQ(report.batch, "In a batch of 3 each example is answered as alone.");
      EXPECT_THAT(report.Render(), HasSubstr(report.batch));
    }
  }
}

// A model may look at the whole batch: then the SavedModel's own answers to a batch are what counts.
TEST_F(BatchCheckTest, AModelThatLooksAtTheBatchIsNotRefusedForIt) {
  const auto centered = [](const ops::Tensor& x) {
    return ops::MatMul(x, ops::Constant(*x.graph(), Weights({4, 4}, 0.3))) +
           ops::MatMul(x - ops::ReduceMean(x, {0}, true), ops::Constant(*x.graph(), Weights({4, 4}, 3, 2)));
  };
  Saved(dir_ / "saved", centered);
  RewriterOptions options{.quantization = QuantizationMode::kNone};
  options.representative_dataset.samples = testing::Samples("x", {1, 4}, 20);
  absl::Status status;
  EXPECT_THAT(
      Rewrite(options, &status).batch,
      AllOf(HasSubstr("In a batch, output \"y\": of the whole batch, since what an example gets depends on the others"),
            HasSubstr("On a batch of 3 it is as in the SavedModel, within the limits")));
  EXPECT_EQ(status, absl::OkStatus());

  // Alone, what is centered is zero, and so are the ranges that int8 is made with.
  options.quantization = QuantizationMode::kInt8;
  Rewrite(options, &status);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("output \"y\""), HasSubstr("a batch of 3"), HasSubstr("(--batch_size=N)")));
  // What the message advises.
  for (const int batch : {1, 4}) {
    options.batch_size = batch;
    const RewriteReport report = Rewrite(options, &status);
    EXPECT_EQ(status, absl::OkStatus()) << batch;
    EXPECT_EQ(report.model.signatures[0].inputs[0].spec.shape, (Shape{batch, 4}));
  }
}

// A file that has lost its batch.
TEST_F(BatchCheckTest, AnOutputThatIsOneForAllIsRefused) {
  const auto twice = Saved(dir_ / "saved", [](const ops::Tensor& x) { return x + x; });
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_FLOAT32, {-1, 4});
  const int axis = b.Constant<int32_t>("axis", schema::TensorType_INT32, {1}, {0});
  const int sum = b.Tensor("sum", schema::TensorType_FLOAT32, {1, 4});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {1, 4});
  schema::ReducerOptionsT keep;
  keep.keep_dims = true;
  b.Op(schema::BuiltinOperator_SUM, keep, {x, axis}, {sum});
  b.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {sum, sum}, {y});
  b.InputsOutputs({x}, {y});
  b.Signature("serving_default", {{"x", x}}, {{"y", y}});
  EXPECT_THAT(std::string(Check(*twice, b.Finish(), Examples(3)).status().message()),
              HasSubstr("output \"y\" is one [1, 4] for 3 examples"));
}

// An output of the whole batch that rounding changes is judged as any: one value of few may be another.
TEST_F(BatchCheckTest, HowOftenALoopRanMayBeAnother) {
  ops::Graph graph;
  const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, 4}, "x");
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"x", x}},
                       {{"count", ops::Constant(graph, std::vector<int32_t>{2})}, {"y", x + x}});
  ASSERT_EQ(builder.Write(dir_ / "saved"), absl::OkStatus());
  const auto saved = SavedModel::Load(dir_ / "saved");
  ASSERT_TRUE(saved.ok()) << saved.status();
  // Of TFLite, the number of examples stands for it.
  ModelBuilder b;
  const int in = b.Tensor("x", schema::TensorType_FLOAT32, {-1, 4});
  const int shape = b.Tensor("shape", schema::TensorType_INT32, {2});
  const int begin = b.Constant<int32_t>("begin", schema::TensorType_INT32, {1}, {0});
  const int size = b.Constant<int32_t>("size", schema::TensorType_INT32, {1}, {1});
  const int count = b.Tensor("count", schema::TensorType_INT32, {1});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {-1, 4});
  schema::ShapeOptionsT of_int32;
  of_int32.out_type = schema::TensorType_INT32;
  b.Op(schema::BuiltinOperator_SHAPE, of_int32, {in}, {shape});
  b.Op(schema::BuiltinOperator_SLICE, schema::SliceOptionsT(), {shape, begin, size}, {count});
  b.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {in, in}, {y});
  b.InputsOutputs({in}, {count, y});
  b.Signature("serving_default", {{"x", in}}, {{"count", count}, {"y", y}});
  const auto found = Check(**saved, b.Finish(), Examples(3));
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(*found, HasSubstr("output \"count\": of the whole batch"));
}

// Where two classes are as likely, rounding decides: one may be another in a batch, two of three may not.
TEST_F(BatchCheckTest, OneClassMayBeAnother) {
  ops::Graph graph;
  const ops::Tensor x = ops::Placeholder(graph, DataType::kInt32, {-1, 1}, "x");
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"x", x}}, {{"class", x * ops::Constant(graph, std::vector<int32_t>{1})}});
  ASSERT_EQ(builder.Write(dir_ / "saved"), absl::OkStatus());
  const auto saved = SavedModel::Load(dir_ / "saved");
  ASSERT_TRUE(saved.ok()) << saved.status();
  // The largest of the batch, for each.
  ModelBuilder b;
  const int in = b.Tensor("x", schema::TensorType_INT32, {-1, 1});
  const int axis = b.Constant<int32_t>("axis", schema::TensorType_INT32, {1}, {0});
  const int zero = b.Constant<int32_t>("zero", schema::TensorType_INT32, {1}, {0});
  const int largest = b.Tensor("largest", schema::TensorType_INT32, {1});
  const int zeros = b.Tensor("zeros", schema::TensorType_INT32, {-1, 1});
  const int y = b.Tensor("y", schema::TensorType_INT32, {-1, 1});
  b.Op(schema::BuiltinOperator_REDUCE_MAX, schema::ReducerOptionsT(), {in, axis}, {largest});
  b.Op(schema::BuiltinOperator_MUL, schema::MulOptionsT(), {in, zero}, {zeros});
  b.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {zeros, largest}, {y});
  b.InputsOutputs({in}, {y});
  b.Signature("serving_default", {{"x", in}}, {{"class", y}});
  const std::string tflite = b.Finish();
  const auto check = [&](const std::vector<int32_t>& classes) {
    SampleSet set;
    for (const int32_t value : classes) {
      Tensor tensor(DataType::kInt32, {1, 1});
      tensor.values<int32_t>()[0] = value;
      set.samples.push_back({{"x", tensor}});
    }
    return Check(**saved, tflite, set).status();
  };
  EXPECT_EQ(check({3, 3, 1}), absl::OkStatus());
  EXPECT_EQ(check({1, 3, 1}).code(), absl::StatusCode::kFailedPrecondition);
}

// Examples behind another axis, and an output that is one for all.
TEST_F(BatchCheckTest, FindsTheExamplesInAnOutput) {
  ops::Graph graph;
  const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, 4, 2}, "x");
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"x", x}},
                       {{"of_time", ops::Transpose(x, {1, 0, 2})},
                        {"in_one_row", ops::Reshape(x, ops::Constant(graph, std::vector<int32_t>{-1}))},
                        {"constant", ops::Constant(graph, Weights({3}))},
                        {"mean", ops::ReduceMean(x)}});
  ASSERT_EQ(builder.Write(dir_ / "saved"), absl::OkStatus());
  RewriterOptions options;
  options.representative_dataset.samples = testing::Samples("x", {1, 4, 2}, 5);
  absl::Status status;
  const RewriteReport report = Rewrite(options, &status);
  EXPECT_EQ(status, absl::OkStatus());
  EXPECT_THAT(report.batch, AllOf(HasSubstr("output \"mean\": of the whole batch"), Not(HasSubstr("constant"))));
}

TEST_F(BatchCheckTest, StringsAndInputsWithoutABatchGoAlong) {
  ops::Graph graph;
  const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, 4}, "x");
  const ops::Tensor scale = ops::Placeholder(graph, DataType::kFloat, {}, "scale");
  const ops::Tensor words = ops::Placeholder(graph, DataType::kString, {-1, 2}, "words");
  SavedModelBuilder builder;
  builder.AddSignature(
      "serving_default", {{"x", x}, {"scale", scale}, {"words", words}},
      {{"y", x * scale}, {"first", ops::Reshape(words, ops::Constant(graph, std::vector<int32_t>{-1, 1, 2}))}});
  ASSERT_EQ(builder.Write(dir_ / "saved"), absl::OkStatus());
  RewriterOptions options;
  for (int i = 0; i < 4; ++i) {
    Tensor text(DataType::kString, {1, 2}), number(DataType::kFloat, {});
    text.strings() = {absl::StrCat("word ", i), "a"};
    number.values<float>()[0] = 1 + i;
    options.representative_dataset.samples.push_back(
        {{"x", Weights({1, 4}, 1, i)}, {"scale", number}, {"words", text}});
  }
  absl::Status status;
  EXPECT_EQ(Rewrite(options, &status).batch, "In a batch of 3 each example is answered as alone.");
  EXPECT_EQ(status, absl::OkStatus());
}

// Sequences of other lengths do not go into one batch; of a length that occurs once, the example goes in twice.
TEST_F(BatchCheckTest, TakesExamplesOfOneSize) {
  ops::Graph graph;
  const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, -1, 2}, "x");
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"x", x}}, {{"y", ops::Relu(x)}});
  ASSERT_EQ(builder.Write(dir_ / "saved"), absl::OkStatus());
  RewriterOptions options;
  for (const int64_t length : {5, 3, 4}) {
    options.representative_dataset.samples.push_back({{"x", Weights({1, length, 2})}});
  }
  absl::Status status;
  EXPECT_EQ(Rewrite(options, &status).batch, "In a batch of 2 each example is answered as alone.");
  options.representative_dataset.samples.push_back({{"x", Weights({1, 5, 2}, 1, 2)}});
  options.representative_dataset.samples.push_back({{"x", Weights({1, 5, 2}, 1, 3)}});
  EXPECT_EQ(Rewrite(options, &status).batch, "In a batch of 3 each example is answered as alone.");
  EXPECT_EQ(status, absl::OkStatus());
}

// A model of an open batch that takes one example all the same: its file is no worse.
TEST_F(BatchCheckTest, ASavedModelThatTakesOneExampleIsToldOf) {
  Saved(dir_ / "saved", [](const ops::Tensor& x) {
    return ops::Relu(ops::Reshape(x, ops::Constant(*x.graph(), std::vector<int32_t>{1, 2, 2})));
  });
  RewriterOptions options;
  options.representative_dataset.samples = testing::Samples("x", {1, 4}, 5);
  absl::Status status;
  EXPECT_THAT(Rewrite(options, &status).batch,
              HasSubstr("The SavedModel takes one example at a time: of a batch of 3 it says "));
  EXPECT_EQ(status, absl::OkStatus());
}

}  // namespace
}  // namespace tfxm::rewriting
