// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/layers/core.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tfxm/nn/nn.h"
#include "tfxm/nn/test_util.h"
#include "tfxm/ops/ops.h"

namespace tfxm::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(AlphaDropoutTest, MeanAndVarianceStay) {
  // The loss of its outputs against 0 is their mean square; against inputs of mean 0 and variance 1 that stays 1.
  Tensor x(DataType::kFloat, {1, 20000});
  Random random(1);
  for (float& value : x.values<float>()) value = static_cast<float>(random.Normal());
  const KerasTensor input = Input({20000}, {.name = "x"});
  const KerasTensor dropped = layers::Rescaling(1)(layers::AlphaDropout(0.3)(input));
  const auto mean = [](const ops::Tensor&, const ops::Tensor& y) { return ops::ReduceMean(y, {-1}); };
  Model model({input}, {dropped});
  ASSERT_EQ(model.Compile({.loss = "mse", .metrics = {metrics::Mean("mean", mean)}}), absl::OkStatus());
  Batch batch;
  batch.features["x"] = x;
  batch.labels[""] = Tensor(DataType::kFloat, {1, 20000});
  const auto logs = model.TrainOnBatch(batch);
  ASSERT_TRUE(logs.ok()) << logs.status();
  EXPECT_NEAR(*FindLog(*logs, "loss"), 1, 0.05);
  EXPECT_NEAR(*FindLog(*logs, "mean"), 0, 0.05);
  // Nothing happens to predictions.
  EXPECT_EQ(FloatValues((*model.Predict({{"x", x}}))[0]), FloatValues(x));
  EXPECT_THAT(std::string(Model({input}, {layers::AlphaDropout(1)(input)}).status().message()),
              HasSubstr("rate must be in [0, 1), got 1"));
}

Tensor Encoded(const LayerRef& layer, const std::vector<Tensor>& tensors) {
  std::vector<KerasTensor> inputs;
  std::map<std::string, Tensor> features;
  for (const Tensor& tensor : tensors) {
    const std::string name(1, static_cast<char>('a' + inputs.size()));
    inputs.push_back(Input({tensor.shape()[1]}, {.name = name, .dtype = tensor.dtype()}));
    features[name] = tensor;
  }
  Model model(inputs, {layer(inputs)});
  EXPECT_EQ(model.status(), absl::OkStatus());
  const auto encoded = model.Predict(features);
  EXPECT_TRUE(encoded.ok()) << encoded.status();
  return encoded.ok() ? (*encoded)[0] : Tensor();
}

TEST(CategoryEncodingTest, ListsOfSeveralLengthsArePadded) {
  const Tensor tokens = Ints({2, 4}, {2, 0, 2, 5, 1, -1, -1, -1});
  EXPECT_THAT(FloatValues(Encoded(layers::CategoryEncoding(3), {tokens})), ElementsAre(1, 0, 1, 0, 1, 0));
  EXPECT_THAT(FloatValues(Encoded(layers::CategoryEncoding(3, {.output_mode = "count"}), {tokens})),
              ElementsAre(1, 0, 2, 0, 1, 0));
  EXPECT_THAT(FloatValues(Encoded(layers::CategoryEncoding(3, {.output_mode = "count"}),
                                  {tokens, Floats({2, 4}, {0.5, 2, 3, 9, 4, 9, 9, 9})})),
              ElementsAre(2, 0, 3.5, 0, 4, 0));
}

TEST(CategoryEncodingTest, WhatItCannotDoIsSaid) {
  const KerasTensor x = Input({4}, {.dtype = DataType::kInt64}), words = Input({4}, {.dtype = DataType::kString});
  const auto message = [&](const LayerRef& layer, const std::vector<KerasTensor>& inputs) {
    return std::string(Model(inputs, {layer(inputs)}).status().message());
  };
  EXPECT_THAT(message(layers::CategoryEncoding(3, {.output_mode = "int"}), {x}), HasSubstr("got \"int\""));
  EXPECT_THAT(message(layers::CategoryEncoding(0), {x}), HasSubstr("num_tokens must be positive, got 0"));
  EXPECT_THAT(message(layers::CategoryEncoding(3), {words}), HasSubstr("a vocabulary in the preprocessing_fn"));
  EXPECT_THAT(message(layers::CategoryEncoding(3), {x, Input({4})}), HasSubstr("for output_mode \"count\""));
}

}  // namespace
}  // namespace tfxm::nn
