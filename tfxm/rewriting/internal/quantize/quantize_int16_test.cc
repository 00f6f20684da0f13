// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/quantize/quantize_int16.h"

#include <cmath>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/litert/compiled_model.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/litert/test_models.h"
#include "tfxm/rewriting/internal/quantize/calibration.h"

namespace tfxm::rewriting {
namespace {

using litert::testing::ModelBuilder;
using ::testing::ElementsAre;

Tensor Row(const std::vector<float>& values) {
  Tensor tensor(DataType::kFloat, {1, static_cast<int64_t>(values.size())});
  std::copy(values.begin(), values.end(), tensor.values<float>().begin());
  return tensor;
}

std::vector<std::string> Ops(const litert::ModelFile& file) {
  std::vector<std::string> out;
  for (const auto* op : litert::Each(file.model().subgraphs()->Get(0)->operators())) {
    out.push_back(litert::OpName(file.model(), *op));
  }
  return out;
}

class QuantizeInt16x8Test : public ::testing::Test {
 protected:
  // y = concat(floor(dense(x)), x + c): FLOOR has no 16x8 kernel, the rest has.
  void SetUp() override {
    ModelBuilder b;
    const int x = b.Tensor("x", schema::TensorType_FLOAT32, {-1, 3});
    const int w = b.Constant<float>("w", schema::TensorType_FLOAT32, {2, 3}, {1, 0.5, -0.25, 0.125, 2, -1});
    const int bias = b.Constant<float>("bias", schema::TensorType_FLOAT32, {2}, {0.5, -0.5});
    const int dense = b.Tensor("dense", schema::TensorType_FLOAT32, {-1, 2});
    const int floored = b.Tensor("floored", schema::TensorType_FLOAT32, {-1, 2});
    const int c = b.Constant<float>("c", schema::TensorType_FLOAT32, {1, 3}, {3, -2, 0.5});
    const int sum = b.Tensor("sum", schema::TensorType_FLOAT32, {-1, 3});
    const int y = b.Tensor("y", schema::TensorType_FLOAT32, {-1, 5});
    b.Op(schema::BuiltinOperator_FULLY_CONNECTED, schema::FullyConnectedOptionsT(), {x, w, bias}, {dense});
    b.Op(schema::BuiltinOperator_FLOOR, schema::AbsOptionsT(), {dense}, {floored});
    b.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {x, c}, {sum});
    schema::ConcatenationOptionsT concat;
    concat.axis = 1;
    b.Op(schema::BuiltinOperator_CONCATENATION, concat, {floored, sum}, {y});
    b.InputsOutputs({x}, {y});
    b.Signature("s", {{"x", x}}, {{"y", y}});
    float_ = *litert::ModelFile::FromBytes(b.Finish(), "float");
    for (int i = 0; i < 10; ++i) {
      samples_.push_back({{"x", Row({std::sin(1.0f * i), std::cos(2.0f * i), 2 * std::sin(3.0f * i)})}});
    }
    auto calibrated = Calibrate(float_, "s", {samples_, std::vector<std::string>(samples_.size())}, {}, {});
    ASSERT_TRUE(calibrated.ok()) << calibrated.status();
    ranges_ = calibrated->ranges;
  }
  std::shared_ptr<const litert::ModelFile> Quantize(const QuantizeOptions& options) {
    auto bytes = QuantizeInt16x8(float_->bytes(), ranges_, options);
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    auto file = litert::ModelFile::FromBytes(*bytes, "quantized");
    EXPECT_TRUE(file.ok()) << file.status();
    return *file;
  }

  std::shared_ptr<const litert::ModelFile> float_;
  std::vector<Sample> samples_;
  Ranges ranges_;
};

TEST_F(QuantizeInt16x8Test, ConvertsAtTheBordersOfWhatHasNoKernel) {
  const auto quantized = Quantize({});
  EXPECT_THAT(Ops(*quantized), ElementsAre("QUANTIZE", "FULLY_CONNECTED", "DEQUANTIZE", "FLOOR", "ADD", "QUANTIZE",
                                           "QUANTIZE", "CONCATENATION", "DEQUANTIZE"));
  const litert::Inspection in = litert::Inspect(*quantized);
  EXPECT_EQ(in.weights_by_type.at("INT8"), 6);
  EXPECT_EQ(in.weights_by_type.at("INT64"), 2 * 8);
  EXPECT_EQ(in.weights_by_type.at("INT16"), 3 * 2);
  EXPECT_EQ(in.weights_by_type.count("FLOAT32"), 0);
  EXPECT_EQ(in.signatures[0].outputs[0].spec.name, "y");
  EXPECT_EQ(in.signatures[0].outputs[0].spec.dtype, DataType::kFloat);
}

TEST_F(QuantizeInt16x8Test, ComputesTheSameUpToRounding) {
  auto reference = litert::CompiledModel::Create(float_);
  auto model = litert::CompiledModel::Create(Quantize({}));
  ASSERT_TRUE(reference.ok() && model.ok()) << model.status();
  for (const Sample& sample : samples_) {
    auto want = (*reference)->Run(sample);
    auto got = (*model)->Run(sample);
    ASSERT_TRUE(want.ok() && got.ok()) << got.status();
    // The sum; the floored values may be on the other side of a whole number.
    for (int i = 2; i < 5; ++i) EXPECT_NEAR(got->at("y").values<float>()[i], want->at("y").values<float>()[i], 5e-4);
  }
}

TEST_F(QuantizeInt16x8Test, Int16InAndOut) {
  const auto quantized = Quantize({.input_type = DataType::kInt16, .output_type = DataType::kInt16});
  const litert::SignatureInfo& signature = quantized->signatures()[0];
  EXPECT_EQ(signature.inputs[0].spec.dtype, DataType::kInt16);
  EXPECT_EQ(signature.outputs[0].spec.dtype, DataType::kInt16);
  EXPECT_EQ(signature.inputs[0].quantization.zero_point, 0);
  EXPECT_TRUE(litert::CompiledModel::Create(quantized).ok());
}

TEST_F(QuantizeInt16x8Test, WhatIsToStayFloatStays) {
  EXPECT_THAT(Ops(*Quantize({.keep_float_ops = {"CONCATENATION", "ADD"}})),
              ElementsAre("QUANTIZE", "FULLY_CONNECTED", "DEQUANTIZE", "FLOOR", "ADD", "CONCATENATION"));
  EXPECT_THAT(Ops(*Quantize({.keep_float_ops = {"CONCATENATION", "ADD"}, .keep_float_nodes = {"dense"}})),
              ElementsAre("FULLY_CONNECTED", "FLOOR", "ADD", "CONCATENATION"));
}

TEST_F(QuantizeInt16x8Test, WithoutARangeAnOperatorStaysFloat) {
  ranges_.clear();
  EXPECT_THAT(Ops(*Quantize({})), ElementsAre("FULLY_CONNECTED", "FLOOR", "ADD", "CONCATENATION"));
}

TEST(QuantizeInt16x8SharingTest, LayersThatShareWeightsGoOnSharingThem) {
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_FLOAT32, {-1, 2});
  const int w = b.Constant<float>("w", schema::TensorType_FLOAT32, {2, 2}, {1, 0.5, -0.25, 2});
  const int h = b.Tensor("h", schema::TensorType_FLOAT32, {-1, 2});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {-1, 2});
  b.Op(schema::BuiltinOperator_FULLY_CONNECTED, schema::FullyConnectedOptionsT(), {x, w, -1}, {h});
  b.Op(schema::BuiltinOperator_FULLY_CONNECTED, schema::FullyConnectedOptionsT(), {h, w, -1}, {y});
  b.InputsOutputs({x}, {y});
  b.Signature("s", {{"x", x}}, {{"y", y}});
  const auto file = *litert::ModelFile::FromBytes(b.Finish(), "float");
  auto calibrated = Calibrate(file, "s", {{{{"x", Row({1, -2})}}}, {"the sample"}}, {}, {});
  ASSERT_TRUE(calibrated.ok()) << calibrated.status();
  auto quantized =
      litert::ModelFile::FromBytes(*QuantizeInt16x8(file->bytes(), calibrated->ranges, {.int16 = true}), "int16x8");
  ASSERT_TRUE(quantized.ok()) << quantized.status();
  std::vector<int> weights;
  for (const auto* op : litert::Each((*quantized)->model().subgraphs()->Get(0)->operators())) {
    if (litert::OpName((*quantized)->model(), *op) == "FULLY_CONNECTED") weights.push_back(op->inputs()->Get(1));
  }
  ASSERT_EQ(weights.size(), 2);
  EXPECT_EQ(weights[0], weights[1]);
}

// The first state of a recurrent layer is zeros, and what is added to it may be small: TFLite's ADD ends the process if
// the scales are too far apart.
TEST(QuantizeInt16x8ZerosTest, ZerosAndSmallValuesAreAdded) {
  ModelBuilder b;
  const int zeros = b.Tensor("zeros", schema::TensorType_FLOAT32, {1, 2});
  const int small = b.Tensor("small", schema::TensorType_FLOAT32, {1, 2});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {1, 2});
  b.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {zeros, small}, {y});
  b.InputsOutputs({zeros, small}, {y});
  b.Signature("s", {{"zeros", zeros}, {"small", small}}, {{"y", y}});
  const Ranges ranges = {{{0, zeros}, {0, 0}}, {{0, small}, {-0.01f, 0.01f}}, {{0, y}, {-0.01f, 0.01f}}};
  auto bytes = QuantizeInt16x8(b.Finish(), ranges, {.int16 = true});
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  auto model = litert::CompiledModel::Create(*litert::ModelFile::FromBytes(*bytes, "quantized"));
  ASSERT_TRUE(model.ok()) << model.status();
  auto out = (*model)->Run({{"zeros", Row({0, 0})}, {"small", Row({0.01f, -0.005f})}});
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_NEAR(out->at("y").values<float>()[0], 0.01, 1e-4);
  EXPECT_NEAR(out->at("y").values<float>()[1], -0.005, 1e-4);
}

// A model of one operator after another, each with one float input besides constants.
class Int16ChainTest : public ::testing::Test {
 protected:
  int Activation(const std::string& name, Range range) {
    const int t = b_.Tensor(name, schema::TensorType_FLOAT32, {1, 4});
    ranges_[{0, t}] = range;
    return t;
  }
  std::shared_ptr<const litert::ModelFile> Quantize(int x, int y) {
    b_.InputsOutputs({x}, {y});
    b_.Signature("s", {{"x", x}}, {{"y", y}});
    auto bytes = QuantizeInt16x8(b_.Finish(), ranges_, {.int16 = true});
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    auto file = litert::ModelFile::FromBytes(*bytes, "quantized");
    EXPECT_TRUE(file.ok()) << file.status();
    return *file;
  }
  std::vector<float> Run(const std::shared_ptr<const litert::ModelFile>& file, const std::vector<float>& x) {
    auto model = litert::CompiledModel::Create(file);
    EXPECT_TRUE(model.ok()) << model.status();
    auto out = (*model)->Run({{"x", Row(x)}});
    EXPECT_TRUE(out.ok()) << out.status();
    const auto values = out->at("y").values<float>();
    return {values.begin(), values.end()};
  }

  ModelBuilder b_;
  Ranges ranges_;
};

TEST_F(Int16ChainTest, WhatIsFilledWithAConstantIsInt16FromTheStart) {
  const int x = Activation("x", {-1, 1});
  const int dims = b_.Constant<int>("dims", schema::TensorType_INT32, {2}, {1, 4});
  const int value = b_.Constant<float>("value", schema::TensorType_FLOAT32, {}, {0.5});
  const int filled = Activation("filled", {0.5, 0.5});
  const int y = Activation("y", {-1, 1.5});
  b_.Op(schema::BuiltinOperator_FILL, schema::FillOptionsT(), {dims, value}, {filled});
  b_.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {x, filled}, {y});
  const auto file = Quantize(x, y);
  EXPECT_THAT(Ops(*file), ElementsAre("FILL", "QUANTIZE", "ADD", "DEQUANTIZE"));
  EXPECT_NEAR(Run(file, {1, 0.25, -1, 0})[1], 0.75, 1e-4);
}

TEST_F(Int16ChainTest, AFloatOperatorsResultIsBroughtToAConcatenationsScaleAtOnce) {
  const int x = Activation("x", {-4, 4});
  const int floored = Activation("floored", {-1, 1});
  const int y = b_.Tensor("y", schema::TensorType_FLOAT32, {1, 8});
  ranges_[{0, y}] = {-4, 4};
  b_.Op(schema::BuiltinOperator_FLOOR, schema::AbsOptionsT(), {x}, {floored});
  schema::ConcatenationOptionsT concat;
  concat.axis = 1;
  b_.Op(schema::BuiltinOperator_CONCATENATION, concat, {x, floored}, {y});
  EXPECT_THAT(Ops(*Quantize(x, y)), ElementsAre("FLOOR", "QUANTIZE", "QUANTIZE", "CONCATENATION", "DEQUANTIZE"));
}

TEST_F(Int16ChainTest, BetweenFloatOperatorsNothingIsQuantized) {
  const int x = Activation("x", {-1, 1});
  const int first = Activation("first", {-1, 1}), sum = Activation("sum", {-2, 2}), y = Activation("y", {-2, 2});
  b_.Op(schema::BuiltinOperator_FLOOR, schema::AbsOptionsT(), {x}, {first});
  b_.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {first, first}, {sum});
  b_.Op(schema::BuiltinOperator_FLOOR, schema::AbsOptionsT(), {sum}, {y});
  EXPECT_THAT(Ops(*Quantize(x, y)), ElementsAre("FLOOR", "ADD", "FLOOR"));
}

TEST_F(Int16ChainTest, ALogarithmIsQuantizedWhereItsTableIsFineEnough) {
  const int x = Activation("x", {1, 4});
  const int y = Activation("y", {0, std::log(4.0f)});
  b_.Op(schema::BuiltinOperator_LOG, schema::AbsOptionsT(), {x}, {y});
  const auto file = Quantize(x, y);
  EXPECT_THAT(Ops(*file), ElementsAre("QUANTIZE", "LOG", "DEQUANTIZE"));
  EXPECT_NEAR(Run(file, {1, 2, 3, 4})[1], std::log(2.0f), 1e-3);
}

TEST_F(Int16ChainTest, ALogarithmOfValuesNearZeroStaysFloat) {
  const int x = Activation("x", {0.001f, 4});
  const int y = Activation("y", {std::log(0.001f), std::log(4.0f)});
  b_.Op(schema::BuiltinOperator_LOG, schema::AbsOptionsT(), {x}, {y});
  EXPECT_THAT(Ops(*Quantize(x, y)), ElementsAre("LOG"));
}

}  // namespace
}  // namespace tfxm::rewriting
