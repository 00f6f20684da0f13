// SPDX-License-Identifier: Apache-2.0

// A model whose kernels' sums depend on the number of threads: its weights do not depend on the machine.
#include "tfxm/nn/internal/num_threads.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <map>
#include <string>

#include "tfxm/nn/nn.h"
#include "tfxm/nn/random.h"
#include "tfxm/nn/test_util.h"

namespace tfxm::nn {
namespace {

std::map<std::string, Tensor> TrainedWeights() {
  SetRandomSeed(1);
  Sequential model;
  model.Add(layers::InputLayer({28, 28, 1}, {.name = "x"}));
  model.Add(layers::Conv2D(32, 3, {.activation = "relu"}));
  model.Add(layers::Conv2D(32, 3, {.activation = "relu"}));
  model.Add(layers::Flatten());
  model.Add(layers::Dense(10));
  EXPECT_TRUE(model
                  .Compile({.optimizer = optimizers::Adam(),
                            .loss = losses::SparseCategoricalCrossentropy({.from_logits = true})})
                  .ok());
  const Pictures pictures = MakePictures(64, 784, 5);
  Tensor images(DataType::kFloat, {64, 28, 28, 1});
  std::ranges::copy(pictures.images.values<float>(), images.values<float>().begin());
  const Dataset data =
      *Dataset::FromTensors({{"x", images}, {"y", pictures.labels}}, {.batch_size = 32, .label_key = "y"});
  const auto history = model.Fit(data.Repeat(), {.steps_per_epoch = 4});
  EXPECT_TRUE(history.ok()) << history.status();
  return *model.GetWeights();
}

TEST(NumThreadsTest, WeightsDoNotDependOnTheCores) {
  std::map<std::string, Tensor> first;
  for (const char* threads : {"1", "3", "7"}) {
    setenv("TFXM_NUM_THREADS", threads, 1);
    const std::map<std::string, Tensor> weights = TrainedWeights();
    if (first.empty()) first = weights;
    ASSERT_EQ(weights.size(), first.size());
    for (const auto& [name, tensor] : weights)
      EXPECT_TRUE(std::ranges::equal(tensor.bytes(), first.at(name).bytes())) << name << ", " << threads;
  }
  unsetenv("TFXM_NUM_THREADS");
}

TEST(NumThreadsTest, TheDefaultCanBeSetForAProcess) {
  EXPECT_EQ(DefaultNumThreads(), kDefaultNumThreads);
  SetDefaultNumThreads(2);
  EXPECT_EQ(DefaultNumThreads(), 2);
  SetDefaultNumThreads(kDefaultNumThreads);
}

}  // namespace
}  // namespace tfxm::nn
