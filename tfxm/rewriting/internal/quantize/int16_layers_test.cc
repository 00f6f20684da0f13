// SPDX-License-Identifier: Apache-2.0

// Layers of an int8 model whose activations are int16, through the rewriter's option.
#include "tfxm/rewriting/internal/quantize/int16_layers.h"

#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tflite_generated.h"
#include "tfxm/litert/flatbuffer.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/nn/nn.h"
#include "tfxm/rewriting/test_saved_models.h"
#include "tfxm/rewriting/tflite_rewriter.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"

namespace tfxm::rewriting {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::Weights;

class Int16LayersTest : public ::testing::Test {
 protected:
  void SetUp() override {
    namespace layers = nn::layers;
    const nn::KerasTensor x = nn::Input({6, 6, 2}, {.name = "x"});
    nn::KerasTensor y = layers::Conv2D(4, 3, {.activation = "relu", .name = "first"})(x);
    y = layers::Conv2D(4, 3, {.activation = "tanh", .name = "second"})(y);
    y = layers::Dense(3, {.name = "third"})(layers::Flatten()(y));
    nn::Model model({x}, {y});
    ASSERT_EQ(model.Save(Dir("model")), absl::OkStatus());
    for (int i = 0; i < 50; ++i)
      options_.representative_dataset.samples.push_back({{"x", Weights({1, 6, 6, 2}, 2, i)}});
    options_.name = "mixed";
    options_.quantization = QuantizationMode::kInt8;
  }
  static std::string Dir(const std::string& name) {
    static const TempDir root;
    return root / name;
  }
  RewriteReport Rewrite(const std::vector<std::string>& int16_layers, absl::Status* status) {
    options_.int16_layers = int16_layers;
    TfliteRewriter rewriter(options_);
    *status = RewriteSavedModel(Dir("model"), Dir("tflite"), rewriter, ModelType::kTfliteModel);
    return rewriter.report();
  }
  // Of each operator, the type of its result: "CONV_2D INT16".
  static std::vector<std::string> Ops() {
    const auto file = litert::ModelFile::Read(io::JoinPath(Dir("tflite"), "tflite"));
    EXPECT_TRUE(file.ok()) << file.status();
    const schema::Model& model = (*file)->model();
    const schema::SubGraph& graph = *model.subgraphs()->Get(0);
    std::vector<std::string> out;
    for (const auto* op : litert::Each(graph.operators())) {
      out.push_back(litert::OpName(model, *op) + " " +
                    schema::EnumNameTensorType(graph.tensors()->Get(op->outputs()->Get(0))->type()));
    }
    return out;
  }

  RewriterOptions options_;
};

TEST_F(Int16LayersTest, OneLayerBetweenOthers) {
  absl::Status status;
  const RewriteReport all_int8 = Rewrite({}, &status);
  ASSERT_EQ(status, absl::OkStatus());
  EXPECT_THAT(Ops(), ::testing::Not(::testing::Contains("CONV_2D INT16")));
  const RewriteReport mixed = Rewrite({"^[^;]*second"}, &status);
  ASSERT_EQ(status, absl::OkStatus()) << mixed.Render();
  EXPECT_THAT(Ops(), ::testing::ElementsAre("QUANTIZE INT8", "CONV_2D INT8", "DEQUANTIZE FLOAT32", "QUANTIZE INT16",
                                            "CONV_2D INT16", "TANH INT16", "QUANTIZE INT8", "RESHAPE INT8",
                                            "FULLY_CONNECTED INT8", "DEQUANTIZE FLOAT32"));
  ASSERT_TRUE(mixed.comparison.has_value()) << mixed.not_compared;
  EXPECT_GT(mixed.comparison->outputs[0].sqnr_db, 25);
}

TEST_F(Int16LayersTest, AllLayersAreAsExactAsInt16x8) {
  absl::Status status;
  const RewriteReport all_int8 = Rewrite({}, &status);
  ASSERT_EQ(status, absl::OkStatus());
  const RewriteReport mixed = Rewrite({"."}, &status);
  ASSERT_EQ(status, absl::OkStatus()) << mixed.Render();
  options_.quantization = QuantizationMode::kInt16x8;
  const RewriteReport int16 = Rewrite({}, &status);
  ASSERT_EQ(status, absl::OkStatus());
  const double int8_db = all_int8.comparison->outputs[0].sqnr_db;
  EXPECT_GT(mixed.comparison->outputs[0].sqnr_db, int8_db + 1);
  EXPECT_NEAR(mixed.comparison->outputs[0].sqnr_db, int16.comparison->outputs[0].sqnr_db, 3);
}

TEST_F(Int16LayersTest, WhatDoesNotFitIsSaid) {
  absl::Status status;
  Rewrite({"no_such_layer"}, &status);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no layer's name matches \"no_such_layer\""));
  Rewrite({"second("}, &status);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("int16_layers: \"second(\""), HasSubstr("missing )")));
  options_.quantization = QuantizationMode::kInt16x8;
  Rewrite({"second"}, &status);
  EXPECT_THAT(std::string(status.message()), HasSubstr("int16_layers goes with quantization int8"));
}

}  // namespace
}  // namespace tfxm::rewriting
