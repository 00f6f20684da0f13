// SPDX-License-Identifier: Apache-2.0

#include "tfxm/litert/compiled_model.h"

#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tflite_generated.h"
#include "tfxm/litert/test_compiled_model.h"
#include "tfxm/litert/test_models.h"
#include "tfxm/util/io.h"

namespace tfxm::litert {
namespace {

using testing::AddModel;
using testing::DenseModel;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Input;
using testing::Make;
using testing::ModelBuilder;
using testing::Output;

constexpr char kMnist[] = "tfxm/litert/testdata/mnist_dynamic_range.tflite";

TEST(CompiledModelTest, ComputesInPlace) {
  auto model = Make(AddModel());
  ASSERT_TRUE(model->ResizeBatch(2).ok());
  EXPECT_EQ(model->input_shape(0), (Shape{2, 3}));
  EXPECT_EQ(model->output_shape(0), (Shape{2, 3}));
  for (int i = 0; i < 6; ++i) {
    Input(*model, 0)[i] = i;
    Input(*model, 1)[i] = 10 * i;
  }
  ASSERT_TRUE(model->Run().ok());
  EXPECT_THAT(Output(*model, 0), ElementsAre(0, 11, 22, 33, 44, 55));
}

TEST(CompiledModelTest, ResizesUpAndDown) {
  for (bool xnnpack : {true, false}) {
    auto model = Make(DenseModel({1, 2, 3, -1, -1, -1}, {0.5, 0}), {.xnnpack = xnnpack});
    for (int batch : {1, 7, 2, 300, 1}) {
      ASSERT_TRUE(model->ResizeBatch(batch).ok());
      ASSERT_EQ(Input(*model, 0).size(), batch * 3);
      for (int i = 0; i < batch; ++i) {
        for (int k = 0; k < 3; ++k) Input(*model, 0)[i * 3 + k] = i;
      }
      ASSERT_TRUE(model->Run().ok());
      const std::vector<float> out = Output(*model, 0);
      ASSERT_EQ(out.size(), batch * 2);
      for (int i = 0; i < batch; ++i) {
        EXPECT_EQ(out[2 * i], 6 * i + 0.5);
        EXPECT_EQ(out[2 * i + 1], 0);  // relu
      }
    }
  }
}

TEST(CompiledModelTest, TakesAnEmptyBatch) {
  auto model = Make(AddModel());
  // Either answer is right, a crash is not.
  if (model->ResizeBatch(0).ok()) model->Run().IgnoreError();
  ASSERT_TRUE(model->ResizeBatch(1).ok());
  for (int i : {0, 1}) {
    for (float& x : Input(*model, i)) x = static_cast<float>(i + 1);
  }
  ASSERT_TRUE(model->Run().ok());
  EXPECT_THAT(Output(*model, 0), ElementsAre(3, 3, 3));
}

// As a decoder with its cache and a position has them: "a" is a single value, and comes first.
TEST(CompiledModelTest, InputsOfOneBatchBesideASingleValueGrowAtOnce) {
  ModelBuilder b;
  const int a = b.Tensor("a", schema::TensorType_FLOAT32, {});
  const int x = b.Tensor("x", schema::TensorType_FLOAT32, {-1, 3});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {-1, 3});
  const int sum = b.Tensor("sum", schema::TensorType_FLOAT32, {-1, 3});
  const int z = b.Tensor("z", schema::TensorType_FLOAT32, {-1, 3});
  b.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {x, y}, {sum});
  b.Op(schema::BuiltinOperator_MUL, schema::MulOptionsT(), {sum, a}, {z});
  b.InputsOutputs({a, x, y}, {z});
  b.Signature("serving_default", {{"a", a}, {"x", x}, {"y", y}}, {{"z", z}});
  auto model = Make(b.Finish());
  for (const int64_t batch : {3, 33, 2}) {
    std::map<std::string, Tensor> inputs;
    inputs.emplace("a", Tensor(DataType::kFloat, {}));
    for (const char* name : {"x", "y"}) inputs.emplace(name, Tensor(DataType::kFloat, {batch, 3}));
    for (auto& [name, tensor] : inputs) {
      for (float& v : tensor.values<float>()) v = 2;
    }
    const auto out = model->Run(inputs);
    ASSERT_TRUE(out.ok()) << out.status();
    EXPECT_EQ(out->at("z").shape(), (Shape{batch, 3}));
    EXPECT_EQ(out->at("z").values<float>()[5], 8);
  }
}

TEST(CompiledModelTest, RefusesAShapeTheModelHasNot) {
  auto model = Make(AddModel());
  for (const Shape& shape : {Shape{2, 4}, Shape{3}, Shape{1, 3, 1}, Shape{-1, 3}}) {
    const absl::Status status = model->ResizeInput(0, shape);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("left"), HasSubstr("[None, 3]")));
  }
}

TEST(CompiledModelTest, WhatLiteRtCannotPrepareIsSaidInOneSentence) {
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_FLOAT32, {1, 6, 6, 3});
  const int w = b.Constant<float>("w", schema::TensorType_FLOAT32, {2, 1, 1, 3}, std::vector<float>(6));
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {1, 6, 6, 2});
  b.Op(schema::BuiltinOperator_CONV_2D, schema::Conv2DOptionsT(), {x, w, -1}, {y});  // Without a bias.
  b.InputsOutputs({x}, {y});
  const auto file = ModelFile::FromBytes(b.Finish(), "no_bias.tflite");
  ASSERT_TRUE(file.ok()) << file.status();
  const std::string message(CompiledModel::Create(*file).status().message());
  EXPECT_THAT(message, AllOf(HasSubstr("no_bias.tflite: the model cannot work on inputs of shape x [1, 6, 6, 3]: an "
                                       "operator has inputs or options that LiteRT does not support. LiteRT says: "),
                             HasSubstr("Node number 0 (CONV_2D) failed to prepare; "), Not(HasSubstr("\n")),
                             Not(HasSubstr(");"))));
}

TEST(CompiledModelTest, StringsGoInAndOut) {
  ModelBuilder b;
  const int words = b.Tensor("words", schema::TensorType_STRING, {-1});
  const int shape = b.Constant<int32_t>("shape", schema::TensorType_INT32, {2}, {-1, 2});
  const int pairs = b.Tensor("pairs", schema::TensorType_STRING, {-1, 2});
  b.Op(schema::BuiltinOperator_RESHAPE, schema::ReshapeOptionsT(), {words, shape}, {pairs});
  b.InputsOutputs({words}, {pairs});
  b.Signature("serving_default", {{"words", words}}, {{"pairs", pairs}});
  auto model = Make(b.Finish());
  for (size_t length : {3, 300000, 0}) {  // The second needs more room than an output has at first.
    Tensor in(DataType::kString, {4});
    in.strings() = {"a", "", std::string(length, 'x'), "b"};
    auto out = model->Run({{"words", in}});
    ASSERT_TRUE(out.ok()) << out.status();
    EXPECT_EQ(out->at("pairs").shape(), (Shape{2, 2}));
    EXPECT_EQ(out->at("pairs").strings(), in.strings()) << length;
  }
  EXPECT_THAT(std::string(model->SetStrings(0, std::vector<std::string>{"one"}).message()),
              AllOf(HasSubstr("words"), HasSubstr("[4]")));
}

TEST(CompiledModelTest, OutputsWhoseShapesOnlyRunningTells) {
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_FLOAT32, {-1});
  const int zero = b.Constant<float>("zero", schema::TensorType_FLOAT32, {}, {0});
  const int positive = b.Tensor("positive", schema::TensorType_BOOL, {-1});
  const int places = b.Tensor("places", schema::TensorType_INT64, {-1, 1});
  const int picked = b.Tensor("picked", schema::TensorType_FLOAT32, {-1, 1});
  b.Op(schema::BuiltinOperator_GREATER, schema::GreaterOptionsT(), {x, zero}, {positive});
  b.Op(schema::BuiltinOperator_WHERE, schema::WhereOptionsT(), {positive}, {places});
  b.Op(schema::BuiltinOperator_GATHER, schema::GatherOptionsT(), {x, places}, {picked});
  b.InputsOutputs({x}, {places, picked, positive});
  b.Signature("serving_default", {{"x", x}}, {{"places", places}, {"picked", picked}, {"positive", positive}});
  auto model = Make(b.Finish());
  auto run = [&](std::vector<float> values) {
    Tensor in(DataType::kFloat, {static_cast<int64_t>(values.size())});
    std::copy(values.begin(), values.end(), in.values<float>().begin());
    auto out = model->Run({{"x", in}});
    EXPECT_TRUE(out.ok()) << out.status();
    return *std::move(out);
  };
  auto out = run({-1, 5, 0, 7});
  EXPECT_THAT(out["places"].values<int64_t>(), ElementsAre(1, 3));
  EXPECT_EQ(out["places"].shape(), (Shape{2, 1}));
  EXPECT_THAT(out["picked"].values<float>(), ElementsAre(5, 7));
  EXPECT_THAT(out["positive"].values<bool>(), ElementsAre(false, true, false, true));
  EXPECT_THAT(run({1, 2, 3})["picked"].values<float>(), ElementsAre(1, 2, 3));
}

TEST(CompiledModelTest, RunsByName) {
  auto model = Make(AddModel());
  Tensor left(DataType::kFloat, {1, 3}), right(DataType::kFloat, {1, 3});
  left.values<float>()[1] = 4;
  right.values<float>()[1] = 0.5;
  auto out = model->Run({{"left", left}, {"right", right}});
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_EQ(out->at("sum").shape(), (Shape{1, 3}));
  EXPECT_EQ(out->at("sum").values<float>()[1], 4.5f);
  EXPECT_THAT(std::string(model->Run({{"left", left}}).status().message()), HasSubstr("\"right\" is missing"));
  EXPECT_THAT(std::string(model->Run({{"left", left}, {"right", right}, {"up", right}}).status().message()),
              HasSubstr("no input \"up\""));
  EXPECT_THAT(std::string(model->Run({{"left", left}, {"right", Tensor(DataType::kInt32, {1, 3})}}).status().message()),
              HasSubstr("float32, not int32"));
}

TEST(CompiledModelTest, TellsQuantization) {
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_INT8, {-1, 4});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {-1, 4});
  b.Quantize(x, 0.5, -3);
  b.Op(schema::BuiltinOperator_DEQUANTIZE, schema::DequantizeOptionsT(), {x}, {y});
  b.InputsOutputs({x}, {y});
  auto model = Make(b.Finish());
  EXPECT_EQ(model->inputs()[0].dtype, DataType::kInt8);
  EXPECT_EQ(model->input_quantization(0).scale, 0.5f);
  EXPECT_EQ(model->input_quantization(0).zero_point, -3);
  EXPECT_EQ(model->output_quantization(0).scale, 0);
  for (int i = 0; i < 4; ++i) model->input(0)[i] = static_cast<char>(i - 3);
  ASSERT_TRUE(model->Run().ok());
  EXPECT_THAT(Output(*model, 0), ElementsAre(0, 0.5, 1, 1.5));
}

TEST(CompiledModelTest, OneTensorUnderTwoNamesAndAnInputAsOutput) {
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_FLOAT32, {-1, 1});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {-1, 1});
  b.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {x, x}, {y});
  b.InputsOutputs({x}, {y, y, x});
  b.Signature("s", {{"in", x}}, {{"twice", y}, {"same", y}, {"in_again", x}});
  auto model = Make(b.Finish());
  Tensor in(DataType::kFloat, {1, 1});
  in.values<float>()[0] = 3;
  auto out = model->Run({{"in", in}});
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_EQ(out->at("twice").values<float>()[0], 6);
  EXPECT_EQ(out->at("same").values<float>()[0], 6);
  EXPECT_EQ(out->at("in_again").values<float>()[0], 3);
}

TEST(CompiledModelTest, AStringInputIsAnOutput) {
  ModelBuilder b;
  const int words = b.Tensor("words", schema::TensorType_STRING, {-1});
  const int n = b.Tensor("n", schema::TensorType_INT32, {1});
  schema::ShapeOptionsT shape;
  shape.out_type = schema::TensorType_INT32;
  b.Op(schema::BuiltinOperator_SHAPE, shape, {words}, {n});
  b.InputsOutputs({words}, {words, n});
  b.Signature("s", {{"words", words}}, {{"same", words}, {"n", n}});
  auto model = Make(b.Finish());
  for (int count : {1, 3, 33, 2}) {
    Tensor in(DataType::kString, {count});
    for (int i = 0; i < count; ++i) in.strings()[i] = std::string(10 * i, 'a');
    auto out = model->Run({{"words", in}});
    ASSERT_TRUE(out.ok()) << out.status();
    EXPECT_EQ(out->at("same").strings(), in.strings());
    EXPECT_EQ(out->at("n").values<int32_t>()[0], count);
  }
}

TEST(CompiledModelTest, NamesTheOperatorsTheRuntimeLacks) {
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_FLOAT32, {1});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {1});
  b.CustomOp("FlexErfc", {x}, {y});
  b.InputsOutputs({x}, {y});
  auto model = CompiledModel::Create(*ModelFile::FromBytes(b.Finish(), "erfc.tflite"));
  EXPECT_EQ(model.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(model.status().message()), AllOf(HasSubstr("erfc.tflite"), HasSubstr("FlexErfc")));
}

TEST(CompiledModelTest, MissingSignatureAndMissingFile) {
  EXPECT_EQ(CompiledModel::Load(kMnist, {.signature = "nope"}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(CompiledModel::Load("/no/such/tflite").status().code(), absl::StatusCode::kNotFound);
}

TEST(CompiledModelTest, ThreadsShareAFile) {
  auto file = ModelFile::Read(kMnist);
  ASSERT_TRUE(file.ok());
  std::vector<std::vector<float>> scores(4);
  std::vector<std::thread> threads;
  for (auto& out : scores) {
    threads.emplace_back([&] {
      auto model = CompiledModel::Create(*file);
      ASSERT_TRUE(model.ok()) << model.status();
      ASSERT_TRUE((*model)->ResizeBatch(5).ok());
      for (size_t i = 0; i < 5 * 784; ++i) Input(**model, 0)[i] = (i % 97) / 97.0f - 0.5f;
      ASSERT_TRUE((*model)->Run().ok());
      out = Output(**model, 0);
    });
  }
  for (auto& thread : threads) thread.join();
  ASSERT_EQ(scores[0].size(), 50);
  for (const auto& out : scores) EXPECT_EQ(out, scores[0]);
}

}  // namespace
}  // namespace tfxm::litert
