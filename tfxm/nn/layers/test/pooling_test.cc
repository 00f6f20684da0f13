// SPDX-License-Identifier: Apache-2.0

// In training, max pooling goes before the ReLU and leaves out what it does not need: the numbers stay the same.
#include "tfxm/nn/layers/pooling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tfxm/nn/nn.h"
#include "tfxm/nn/test_util.h"
#include "tfxm/ops/ops.h"

namespace tfxm::nn {
namespace {

// `relu` is told by its type, or hidden from what looks for it.
using Layers = std::function<KerasTensor(const KerasTensor& x, const Activation& relu)>;

struct Case {
  std::string name;
  Layers layers;
  int64_t size = 16;
};

std::vector<Case> Cases() {
  using namespace layers;  // NOLINT
  const auto conv = [](int filters, int size, const Activation& relu, const char* padding = "valid", int strides = 1) {
    return Conv2D(filters, size,
                  {.strides = strides, .padding = padding, .activation = relu, .bias_initializer = "random_normal"});
  };
  return {
      {"two that leave a rest",
       [=](const KerasTensor& x, const Activation& relu) {
         KerasTensor y = MaxPooling2D(2)(conv(17, 3, relu)(x));
         return MaxPooling2D(2)(conv(18, 3, relu)(y));
       }},
      {"the same with few channels",
       [=](const KerasTensor& x, const Activation& relu) {
         KerasTensor y = MaxPooling2D(2)(conv(3, 3, relu)(x));
         return MaxPooling2D(2)(conv(5, 3, relu)(y));
       }},
      {"a stride and another padding",
       [=](const KerasTensor& x, const Activation& relu) {
         KerasTensor y = MaxPooling2D(3, {.strides = 2, .padding = "same"})(conv(4, 3, relu, "same")(x));
         return MaxPooling2D({2, 3})(conv(6, 2, relu, "valid", 2)(y));
       }},
      {"something between",
       [=](const KerasTensor& x, const Activation& relu) {
         KerasTensor y = AveragePooling2D(2)(MaxPooling2D(2)(conv(4, 3, relu)(x)));
         return MaxPooling2D(2)(ActivationLayer(relu)(conv(16, 2, {})(y)));
       }},
      {"what others take too",
       [=](const KerasTensor& x, const Activation& relu) {
         const KerasTensor a = conv(4, 3, relu)(x), b = MaxPooling2D(2)(a);
         const KerasTensor c = MaxPooling2D(2)(conv(4, 3, relu)(b));
         return Concatenate()({Flatten()(a), Flatten()(b), Flatten()(c)});
       }},
      {"no bias, and normalized",
       [=](const KerasTensor& x, const Activation& relu) {
         KerasTensor y = BatchNormalization()(Conv2D(4, 3, {.use_bias = false})(x));
         y = MaxPooling2D(2)(ActivationLayer(relu)(y));
         return MaxPooling2D(2, {.strides = 1})(conv(4, 3, relu)(y));
       }},
      {"windows as large as the picture",
       [=](const KerasTensor& x, const Activation& relu) { return MaxPooling2D(5)(conv(3, 3, relu)(x)); }, 7},
  };
}

struct Trained {
  std::vector<double> losses;
  std::map<std::string, Tensor> weights;
};

Trained Train(const Case& c, const Activation& relu, int num_towers) {
  SetRandomSeed(1);
  const KerasTensor x = Input({c.size, c.size, 2}, {.name = "x"});
  Model model({x}, {layers::Dense(3, {.name = "head"})(layers::Flatten()(c.layers(x, relu)))});
  EXPECT_EQ(
      model.Compile({.optimizer = optimizers::SGD({.learning_rate = 0.02}), .loss = "mse", .num_towers = num_towers}),
      absl::OkStatus());
  Trained trained;
  for (int step = 0; step < 2; ++step) {
    Batch batch;
    batch.features["x"] = Wave({16, c.size, c.size, 2}, step);
    batch.labels[""] = Wave({16, 3}, step + 7);
    const auto logs = model.TrainOnBatch(batch);
    EXPECT_TRUE(logs.ok()) << logs.status();
    if (!logs.ok()) return trained;
    trained.losses.push_back(logs->front().second);
  }
  trained.weights = *model.GetWeights();
  return trained;
}

TEST(PoolingTest, TrainsAsItsOperationsOneAfterTheOther) {
  const Activation hidden("mine", [](const ops::Tensor& x) { return ops::Relu(x) * 1.0; });
  const Activation hidden6("mine", [](const ops::Tensor& x) { return ops::Relu6(x) * 1.0; });
  const std::vector<Case> cases = Cases();
  for (const Case& c : cases) {
    for (const bool six : {false, true}) {
      if (six && &c != &cases[0]) continue;
      SCOPED_TRACE(c.name + (six ? ", ReLU6" : ""));
      const Trained fast = Train(c, six ? "relu6" : "relu", 1), plain = Train(c, six ? hidden6 : hidden, 1);
      ASSERT_EQ(fast.losses.size(), 2);
      ASSERT_EQ(plain.losses.size(), 2);
      for (size_t i = 0; i < 2; ++i) EXPECT_NEAR(fast.losses[i], plain.losses[i], 1e-5 * plain.losses[i]);
      for (const auto& [name, weight] : plain.weights) {
        const std::vector<float> a = FloatValues(fast.weights.at(name)), b = FloatValues(weight);
        for (size_t i = 0; i < b.size(); ++i) ASSERT_NEAR(a[i], b[i], 2e-5 * std::max(1.0F, std::abs(b[i]))) << name;
      }
    }
  }
}

}  // namespace
}  // namespace tfxm::nn
