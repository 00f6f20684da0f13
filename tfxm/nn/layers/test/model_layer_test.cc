// SPDX-License-Identifier: Apache-2.0

// Models that are made of others' layers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tfxm/nn/nn.h"
#include "tfxm/nn/test_util.h"
#include "tfxm/testing/temp_dir.h"

namespace tfxm::nn {
namespace {

using testing::HasSubstr;

Batch OneBatch() {
  Batch batch;
  batch.features["x"] = Wave({4, 3}, 0);
  batch.labels[""] = Wave({4, 1}, 1);
  return batch;
}

std::vector<float> WeightOf(const Model& model, const std::string& name) {
  const auto weights = model.GetWeights();
  EXPECT_TRUE(weights.ok()) << weights.status();
  return weights.ok() && weights->count(name) > 0 ? FloatValues(weights->at(name)) : std::vector<float>();
}

TEST(ModelLayerTest, AModelHasTheWeightsOfTheModelThatIsItsLayer) {
  Sequential base({layers::InputLayer({3}), layers::Dense(2, {.activation = "tanh", .name = "features"})}, "base");
  const Tensor kernel = Wave({3, 2}, 5);
  ASSERT_EQ(base.SetWeights({{"features/kernel", kernel}}), absl::OkStatus());
  const KerasTensor x = Input({3}, {.name = "x"});
  Model model({x}, {layers::Dense(1)(base(x))});
  ASSERT_EQ(model.status(), absl::OkStatus());
  EXPECT_EQ(model.CountParams(), 8 + 3);
  EXPECT_EQ(WeightOf(model, "features/kernel"), FloatValues(kernel));

  // What one trains, the other has, also where its program is older.
  ASSERT_EQ(model.Compile({.optimizer = "sgd", .loss = "mse"}), absl::OkStatus());
  ASSERT_TRUE(model.TrainOnBatch(OneBatch()).ok());
  const std::vector<float> trained = WeightOf(model, "features/kernel");
  EXPECT_NE(trained, FloatValues(kernel));
  EXPECT_EQ(WeightOf(base, "features/kernel"), trained);
  ASSERT_TRUE(model.TrainOnBatch(OneBatch()).ok());
  EXPECT_NE(WeightOf(base, "features/kernel"), trained);
  EXPECT_EQ(WeightOf(base, "features/kernel"), WeightOf(model, "features/kernel"));
  ASSERT_EQ(base.SetWeights({{"features/kernel", kernel}}), absl::OkStatus());
  EXPECT_EQ(WeightOf(model, "features/kernel"), FloatValues(kernel));
}

TEST(ModelLayerTest, WeightsOutliveTheModelTheyCameFrom) {
  const Tensor kernel = Wave({3, 2}, 5);
  const KerasTensor x = Input({3}, {.name = "x"});
  KerasTensor features;
  {
    Sequential base({layers::InputLayer({3}), layers::Dense(2, {.name = "features"})});
    ASSERT_EQ(base.SetWeights({{"features/kernel", kernel}}), absl::OkStatus());
    features = base(x);
  }
  Model model({x}, {layers::Dense(1)(features)});
  EXPECT_EQ(WeightOf(model, "features/kernel"), FloatValues(kernel));
  EXPECT_TRUE(model.Predict({{"x", Wave({2, 3}, 0)}}).ok());
}

TEST(ModelLayerTest, AFrozenModelKeepsItsWeightsAndItsNormalization) {
  Sequential base({layers::InputLayer({3}), layers::Dense(2, {.name = "features"}),
                   layers::BatchNormalization({.name = "normalization"})});
  base.set_trainable(false);
  const KerasTensor x = Input({3}, {.name = "x"});
  Model model({x}, {layers::Dense(1)(base(x))});
  ASSERT_EQ(model.Compile({.optimizer = "sgd", .loss = "mse"}), absl::OkStatus());
  const auto before = model.GetWeights();
  ASSERT_TRUE(model.TrainOnBatch(OneBatch()).ok());
  EXPECT_EQ(WeightOf(model, "features/kernel"), FloatValues(before->at("features/kernel")));
  EXPECT_EQ(WeightOf(model, "normalization/moving_mean"), FloatValues(before->at("normalization/moving_mean")));
  EXPECT_NE(WeightOf(model, "dense/kernel"), FloatValues(before->at("dense/kernel")));
}

TEST(ModelLayerTest, OneModelTwiceHasOneSetOfWeights) {
  Sequential tower({layers::InputLayer({3}), layers::Dense(2)}, "tower");
  const KerasTensor a = Input({3}, {.name = "a"}), b = Input({3}, {.name = "b"});
  Model model({a, b}, {layers::Subtract()({tower(a), tower(b)})});
  ASSERT_EQ(model.status(), absl::OkStatus());
  EXPECT_EQ(model.CountParams(), 8);
  const auto same = model.Predict({{"a", Wave({2, 3}, 0)}, {"b", Wave({2, 3}, 0)}});
  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_THAT(FloatValues((*same)[0]), testing::Each(0));
}

TEST(ModelLayerTest, APartOfAModel) {
  Sequential model({layers::InputLayer({3}, {.name = "x"}), layers::Dense(2, {.activation = "relu", .name = "hidden"}),
                    layers::Dense(1)});
  ASSERT_EQ(model.Compile({.optimizer = "sgd", .loss = "mse"}), absl::OkStatus());
  ASSERT_TRUE(model.TrainOnBatch(OneBatch()).ok());
  Model part(model.input_tensors(), {model.OutputOf("hidden")});
  ASSERT_EQ(part.status(), absl::OkStatus());
  EXPECT_EQ(WeightOf(part, "hidden/kernel"), WeightOf(model, "hidden/kernel"));
  EXPECT_EQ((*part.Predict({{"x", Wave({5, 3}, 0)}}))[0].shape(), (Shape{5, 2}));
  Model none(model.input_tensors(), {model.OutputOf("hiden")});
  EXPECT_THAT(none.status().message(), HasSubstr("has no layer \"hiden\""));
}

TEST(ModelLayerTest, Saves) {
  Sequential base({layers::InputLayer({3}), layers::Dense(2, {.name = "features"})}, "base");
  const KerasTensor x = Input({3}, {.name = "x"});
  Model model({x}, {layers::Dense(1)(base(x))});
  const TempDir dir;
  EXPECT_EQ(model.Save(dir / "model"), absl::OkStatus());
}

TEST(ModelLayerTest, TwoModelsWithOneNameForTwoLayers) {
  const KerasTensor x = Input({3}), y = Input({3});
  const auto both = [&](const Model& a, const Model& b) {
    const KerasTensor left = a(x), right = b(y);
    return Model({x, y}, {layers::Concatenate()({left, right})});
  };
  const auto make = [](const std::string& name) {
    return Sequential({layers::InputLayer({3}), layers::Dense(2, {.name = name})});
  };
  const std::string error = "two layers are called \"dense\"";
  {
    const Sequential a = make("dense"), b = make("dense");
    EXPECT_THAT(both(a, b).status().message(), HasSubstr(error));
  }
  {  // A name that nobody gave gives way,
    const Sequential a = make(""), b = make("dense");
    const Model model = both(a, b);
    ASSERT_EQ(model.status(), absl::OkStatus());
    EXPECT_EQ(model.GetWeights()->size(), 4);
    EXPECT_EQ(a.GetWeights()->count("dense_1/kernel"), 1);
    EXPECT_EQ(WeightOf(a, "dense_1/kernel"), WeightOf(model, "dense_1/kernel"));
  }
  {  // unless weights are already called after it.
    Sequential a = make(""), b = make("");
    ASSERT_EQ(a.SetWeights({}), absl::OkStatus());
    EXPECT_EQ(both(a, b).GetWeights()->count("dense_1/kernel"), 1);
    EXPECT_EQ(a.GetWeights()->count("dense/kernel"), 1);
    Sequential c = make("");
    ASSERT_EQ(c.SetWeights({}), absl::OkStatus());
    EXPECT_THAT(both(a, c).status().message(), HasSubstr(error));
  }
}

TEST(ModelLayerTest, AModelAmongTheLayersOfASequential) {
  const Sequential base({layers::InputLayer({3}, {.name = "x"}), layers::Dense(2, {.name = "features"})}, "base");
  Sequential model({base, layers::Dense(1), Sequential({layers::InputLayer({1}), layers::Dense(4)})});
  ASSERT_EQ(model.status(), absl::OkStatus());
  EXPECT_EQ(model.inputs()[0].name, "x");
  EXPECT_EQ(model.inputs()[0].shape, (Shape{-1, 3}));
  EXPECT_EQ(model.outputs()[0].shape, (Shape{-1, 4}));
  EXPECT_EQ(WeightOf(model, "features/kernel"), WeightOf(base, "features/kernel"));
  EXPECT_NE(model.GetLayer("base"), nullptr);
  const KerasTensor a = Input({3}), b = Input({3});
  const Model two({a, b}, {layers::Add()({a, b})});
  EXPECT_THAT(Sequential({two, layers::Dense(1)}).status().message(),
              HasSubstr("must be an InputLayer, which tells the shape, or a model of one input"));
}

TEST(ModelLayerTest, TheErrorOfAModelIsThatOfTheModelAroundIt) {
  Sequential broken({layers::InputLayer({3}), layers::Dense(0)});
  const KerasTensor x = Input({3});
  Model model({x}, {broken(x)});
  EXPECT_THAT(model.status().message(), HasSubstr("units must be positive"));
}

}  // namespace
}  // namespace tfxm::nn
