// SPDX-License-Identifier: Apache-2.0

// Small TFLite models, as inputs of fuzz_tflite: make_models DIR. What the files in testdata do not have: subgraphs
// that are called, custom operators, metadata, quantization by channel, sparsity, data behind the FlatBuffer.
#include <fstream>

#include "tfxm/litert/test_models.h"

using namespace tfxm;
using litert::testing::ModelBuilder;

namespace {

// Two subgraphs that If calls, a custom operator, metadata, and a weight that is quantized by channel.
std::string Varied() {
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_FLOAT32, {-1, 4});
  const int condition = b.Tensor("condition", schema::TensorType_BOOL, {1});
  const int w = b.Constant<int8_t>("w", schema::TensorType_INT8, {2, 4}, {1, 2, 3, 4, 5, 6, 7, 8});
  const int shared = b.Tensor("shared", schema::TensorType_FLOAT32, {-1, 2});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {-1, 2}),
            z = b.Tensor("z", schema::TensorType_FLOAT32, {-1, 2});
  auto& by_channel = b.graph().tensors[w]->quantization;
  by_channel = std::make_unique<schema::QuantizationParametersT>();
  by_channel->scale = {0.5f, 0.25f};
  by_channel->zero_point = {0, 0};
  by_channel->min = {-1, -1}, by_channel->max = {1, 1};
  b.Op(schema::BuiltinOperator_FULLY_CONNECTED, schema::FullyConnectedOptionsT(), {x, w, -1}, {shared});
  schema::IfOptionsT branches;
  branches.then_subgraph_index = 1, branches.else_subgraph_index = 1;
  b.Op(schema::BuiltinOperator_IF, std::move(branches), {condition, shared}, {y});
  b.CustomOp("FlexErf", {y}, {z});
  b.InputsOutputs({condition, x}, {z});
  b.Signature("serving_default", {{"x", x}, {"condition", condition}}, {{"z", z}});
  ModelBuilder branch;
  const int in = branch.Tensor("in", schema::TensorType_FLOAT32, {-1, 2});
  const int out = branch.Tensor("out", schema::TensorType_FLOAT32, {-1, 2});
  branch.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {in, in}, {out});
  branch.graph().operators[0]->opcode_index = 0;
  branch.InputsOutputs({in}, {out});
  b.model().subgraphs.push_back(std::move(branch.model().subgraphs[0]));
  auto version = std::make_unique<schema::BufferT>();
  version->data = {'1', '.', '5', '.', '0', 0};
  b.model().buffers.push_back(std::move(version));
  auto metadata = std::make_unique<schema::MetadataT>();
  metadata->name = "min_runtime_version";
  metadata->buffer = static_cast<uint32_t>(b.model().buffers.size()) - 1;
  b.model().metadata.push_back(std::move(metadata));
  b.model().description = "varied";
  return b.Finish();
}

std::string Convolution() {
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_FLOAT32, {-1, 4, 4, 1});
  const int w = b.Constant<float>("w", schema::TensorType_FLOAT32, {2, 3, 3, 1}, std::vector<float>(18, 0.5f));
  const int bias = b.Constant<float>("b", schema::TensorType_FLOAT32, {2}, {0, 1});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {-1, 2, 2, 2}),
            flat = b.Tensor("flat", schema::TensorType_FLOAT32, {-1, 8});
  const int shape = b.Constant<int32_t>("shape", schema::TensorType_INT32, {2}, {-1, 8});
  schema::Conv2DOptionsT options;
  options.padding = schema::Padding_VALID, options.stride_h = options.stride_w = 1;
  b.Op(schema::BuiltinOperator_CONV_2D, std::move(options), {x, w, bias}, {y});
  b.Op(schema::BuiltinOperator_RESHAPE, schema::ReshapeOptionsT(), {y, shape}, {flat});
  b.InputsOutputs({x}, {flat});
  return b.Finish();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  int n = 0;
  for (const std::string& model : {litert::testing::AddModel(), litert::testing::DenseModel({1, 2, 3, 4, 5, 6}, {0, 1}),
                                   Varied(), Convolution()}) {
    std::ofstream(std::string(argv[1]) + "/" + std::to_string(n++) + ".tflite", std::ios::binary) << model;
  }
}
