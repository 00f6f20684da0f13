// Quantization-aware training: what the model computes, what is saved.
#include "tfxm/nn/quantization.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "tfxm/nn/nn.h"
#include "tfxm/nn/test_util.h"
#include "tfxm/ops/ops.h"
#include "tfxm/ops/session.h"
#include "tfxm/saved_model/saved_model.h"

namespace tfxm::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::Contains;
using ::testing::UnorderedElementsAre;

std::vector<std::string> LayerNames(const Model& model) {
  std::vector<std::string> names;
  for (const auto& layer : model.layers()) names.push_back(layer->name());
  return names;
}

std::vector<std::string> RangeNames(const Model& model) {
  std::vector<std::string> names;
  const auto weights = model.GetWeights();
  EXPECT_TRUE(weights.ok()) << weights.status();
  for (const auto& [name, value] : *weights) {
    if (name.size() > 4 && name.substr(name.size() - 4) == "_max") names.push_back(name);
  }
  return names;
}

// y = FakeQuant(x) in [min, max] as TensorFlow defines it (8 bits): the range is moved so that 0 is a step.
std::vector<float> FakeQuant(const std::vector<float>& xs, double min, double max, bool narrow) {
  const double low = narrow ? 1 : 0, high = 255;
  const float scale = static_cast<float>((max - min) / (high - low));
  const double zero = std::round(std::clamp<double>(low - min / scale, low, high));
  const double from = (low - zero) * scale, to = (high - zero) * scale;
  std::vector<float> ys;
  for (const float x : xs) {
    const double clamped = std::clamp<double>(x, from, to);
    ys.push_back(static_cast<float>(std::floor((clamped - from) / scale + 0.5) * scale + from));
  }
  return ys;
}

TEST(QuantizationTest, ConvolutionNormalizationAndReluAreQuantizedAsOne) {
  Sequential model({layers::InputLayer({8, 8, 1}, {.name = "image"}), layers::Conv2D(4, 3), layers::BatchNormalization(),
                    layers::ActivationLayer("relu6"), layers::DepthwiseConv2D(3), layers::BatchNormalization(), layers::ReLU(),
                    layers::MaxPooling2D(2), layers::Flatten(), layers::Dense(3, {.activation = "softmax"})});
  auto quantized = QuantizeModel(model);
  ASSERT_TRUE(quantized.ok()) << quantized.status();
  EXPECT_THAT(LayerNames(*quantized),
              ElementsAre("image", "quantize_layer", "quant_conv2d", "quant_batch_normalization", "quant_activation",
                          "quant_depthwise_conv2d", "quant_batch_normalization_1", "quant_re_lu", "max_pooling2d", "flatten",
                          "quant_dense"));
  // After the input, each ReLU and before the softmax; nowhere between.
  EXPECT_THAT(RangeNames(*quantized), UnorderedElementsAre("quantize_layer/input_max", "quant_activation/output_max",
                                                           "quant_re_lu/output_max", "quant_dense/pre_activation_max"));
}

}  // namespace
}  // namespace tfxm::nn
