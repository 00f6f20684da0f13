// SPDX-License-Identifier: Apache-2.0

// Small SavedModels for tests, written with fixed weights.
#ifndef TFXM_REWRITING_TEST_SAVED_MODELS_H_
#define TFXM_REWRITING_TEST_SAVED_MODELS_H_

#include <cmath>
#include <string>
#include <vector>

#include "tfxm/data/tensor.h"
#include "tfxm/ops/ops.h"
#include "tfxm/rewriting/rewriter_options.h"
#include "tfxm/saved_model/saved_model_builder.h"

namespace tfxm::rewriting::testing {

// Values between -1 and 1 that look random and are the same everywhere.
inline Tensor Weights(const Shape& shape, double scale = 1, int seed = 1) {
  Tensor tensor(DataType::kFloat, shape);
  int64_t i = 0;
  for (float& v : tensor.values<float>()) v = static_cast<float>(scale * std::sin(12.9898 * (++i + 1000 * seed)));
  return tensor;
}

// A classifier: x [None, 16] -> scores [None, 4]; two dense layers.
inline absl::Status WriteClassifier(const std::string& dir) {
  ops::Graph graph;
  const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, 16}, "x");
  auto variable = [&](const char* name, const Shape& shape) {
    return ops::ReadVariable(ops::VarHandle(graph, name, DataType::kFloat, shape));
  };
  const ops::Tensor hidden =
      ops::Relu(ops::BiasAdd(ops::MatMul(x, variable("w1", {16, 32})), variable("b1", {32})), "hidden");
  const ops::Tensor logits = ops::BiasAdd(ops::MatMul(hidden, variable("w2", {32, 4})), variable("b2", {4}));
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"x", x}}, {{"scores", ops::Softmax(logits)}});
  builder.AddVariable("w1", Weights({16, 32}, 0.5, 1));
  builder.AddVariable("b1", Weights({32}, 0.2, 2));
  builder.AddVariable("w2", Weights({32, 4}, 0.5, 3));
  builder.AddVariable("b2", Weights({4}, 0.2, 4));
  return builder.Write(dir);
}

// An image model: image [None, 8, 8, 2] -> a [None, 3], b [None, 4, 4, 4]; convolution, depthwise convolution, pooling.
inline absl::Status WriteImageModel(const std::string& dir) {
  ops::Graph graph;
  const ops::Tensor image = ops::Placeholder(graph, DataType::kFloat, {-1, 8, 8, 2}, "image");
  const ops::Tensor conv =
      ops::Relu6(ops::BiasAdd(ops::Conv2D(image, ops::Constant(graph, Weights({3, 3, 2, 4}, 0.5)), {1, 1}, "SAME"),
                              ops::Constant(graph, Weights({4}, 0.1))),
                 "conv");
  const ops::Tensor depthwise = ops::DepthwiseConv2D(conv, ops::Constant(graph, Weights({3, 3, 4, 1}, 0.5, 2)), {1, 1},
                                                     "SAME", {1, 1}, "depthwise");
  const ops::Tensor pooled = ops::MaxPool2D(depthwise, {2, 2}, {2, 2}, "VALID", "pooled");
  const ops::Tensor flat = ops::Reshape(pooled, ops::Constant(graph, std::vector<int32_t>{-1, 64}));
  const ops::Tensor a = ops::MatMul(flat, ops::Constant(graph, Weights({64, 3}, 0.3, 3)));
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"image", image}}, {{"a", a}, {"b", pooled}});
  return builder.Write(dir);
}

// As a model is after quantization-aware training: image [None, 8, 8, 2] -> y [None, 3], with FakeQuant operations.
inline absl::Status WriteQuantizationAware(const std::string& dir) {
  ops::Graph graph;
  const ops::Tensor image = ops::Placeholder(graph, DataType::kFloat, {-1, 8, 8, 2}, "image");
  auto in_range = [&](const ops::Tensor& x, float min, float max) {
    return ops::Op("FakeQuantWithMinMaxVars", {x, ops::Constant(graph, min), ops::Constant(graph, max)});
  };
  // Channels of very different size, one scale each.
  Tensor kernel = Weights({3, 3, 2, 4}, 0.5);
  for (int64_t i = 0; i < kernel.num_elements(); i += 4) kernel.values<float>()[i] *= 0.001f;
  const ops::Tensor weights = ops::Constant(graph, kernel), range = ops::ReduceMax(ops::Abs(weights), {0, 1, 2});
  const ops::Tensor quantized =
      ops::Op("FakeQuantWithMinMaxVarsPerChannel", {weights, -range, range}, {{"narrow_range", true}});
  const ops::Tensor conv = in_range(ops::Relu(ops::Conv2D(in_range(image, -1, 1), quantized, {2, 2}, "SAME")), 0, 2);
  const ops::Tensor flat = ops::Reshape(conv, ops::Constant(graph, std::vector<int32_t>{-1, 64}));
  const ops::Tensor dense = ops::Constant(graph, Weights({64, 3}, 0.3, 3)), widest = ops::ReduceMax(ops::Abs(dense));
  const ops::Tensor y =
      ops::MatMul(flat, ops::Op("FakeQuantWithMinMaxVars", {dense, -widest, widest}, {{"narrow_range", true}}));
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"image", image}}, {{"y", in_range(y, -3, 3)}});
  return builder.Write(dir);
}

// y = OP(x), an operator that TFLite has not.
inline absl::Status WriteUnsupported(const std::string& dir, const std::string& op) {
  ops::Graph graph;
  const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, 3}, "x");
  const ops::Tensor y = ops::Op(graph, op, {x}, {}, "layer_7/special");
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"x", x}}, {{"y", y}});
  return builder.Write(dir);
}

// Samples of batch size 1 for one float input.
inline std::vector<Sample> Samples(const std::string& input, Shape shape, int n) {
  std::vector<Sample> samples;
  shape[0] = 1;
  for (int i = 0; i < n; ++i) samples.push_back({{input, Weights(shape, 1, 100 + i)}});
  return samples;
}

}  // namespace tfxm::rewriting::testing

#endif  // TFXM_REWRITING_TEST_SAVED_MODELS_H_
