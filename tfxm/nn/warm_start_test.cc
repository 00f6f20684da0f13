// SPDX-License-Identifier: Apache-2.0

// Weights from elsewhere: SavedModels that Keras made, other names, another head.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tfxm/nn/nn.h"
#include "tfxm/nn/test_util.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"

namespace tfxm::nn {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// testdata/make_keras_saved_models.py's model.
Sequential KerasModel(const std::vector<std::string>& names, int classes = 2) {
  return Sequential({layers::InputLayer({4, 4, 2}, {.name = "image"}), layers::Conv2D(3, 3, {.name = names[0]}),
                     layers::BatchNormalization({.name = names[1]}),
                     layers::DepthwiseConv2D(2, {.use_bias = false, .name = names[2]}), layers::Flatten(),
                     layers::Dense(classes, {.name = names[3]})});
}
const std::vector<std::string> kNames = {"stem", "stem_bn", "depthwise", "head"}, kOtherNames = {"", "", "", ""};

// The first value of a weight: 0.5 + 0.1 for each weight before it.
double First(const Model& model, const std::string& name) {
  const auto weights = model.GetWeights();
  EXPECT_TRUE(weights.ok() && weights->count(name) == 1) << name;
  return weights->at(name).values<float>()[0];
}

TEST(WarmStartTest, SavedModelsOfKeras) {
  for (const char* dir : {"tfxm/nn/testdata/keras3_export", "tfxm/nn/testdata/keras2_saved_model"}) {
    SCOPED_TRACE(dir);
    Sequential model = KerasModel(kNames);
    ASSERT_EQ(model.LoadWeights(dir), absl::OkStatus());
    EXPECT_FLOAT_EQ(First(model, "stem/kernel"), 0.5f);
    EXPECT_FLOAT_EQ(First(model, "stem/bias"), 0.6f);
    EXPECT_FLOAT_EQ(First(model, "stem_bn/gamma"), 0.7f);
    const auto weights = model.GetWeights();
    EXPECT_FLOAT_EQ(weights->at("stem/kernel").values<float>()[53], 0.5f + 0.53f);
    EXPECT_NEAR(weights->at("head/kernel").values<float>()[5] - weights->at("head/kernel").values<float>()[0], 0.05,
                1e-6);

    // What its layers are called makes no difference if all is in its place.
    Sequential other = KerasModel(kOtherNames);
    ASSERT_EQ(other.LoadWeights(dir), absl::OkStatus());
    EXPECT_EQ(FloatValues(other.GetWeights()->at("depthwise_conv2d/depthwise_kernel")),
              FloatValues(weights->at("depthwise/depthwise_kernel")));
    EXPECT_EQ(FloatValues(other.GetWeights()->at("batch_normalization/moving_variance")),
              FloatValues(weights->at("stem_bn/moving_variance")));
  }
}

TEST(WarmStartTest, EachMismatchIsNamed) {
  Sequential model = KerasModel({"stem", "stem_bn", "depthwise", "new_head"}, 5);
  const std::string dir = "tfxm/nn/testdata/keras3_export";
  EXPECT_THAT(
      std::string(model.LoadWeights(dir).message()),
      AllOf(HasSubstr(dir), HasSubstr("\"new_head/kernel\" float32 [3, 5] is not there"),
            HasSubstr("\"new_head/bias\""), HasSubstr("Not used from there: \"sequential/head/kernel\" float32 [3, 2]"),
            Not(HasSubstr("\"stem"))));
  Sequential wider = KerasModel(kNames, 5);
  EXPECT_THAT(std::string(wider.LoadWeights(dir).message()),
              HasSubstr("\"head/kernel\" is float32 [3, 5], there float32 [3, 2]"));
  // The rest is taken if asked for.
  const std::vector<float> head = FloatValues(wider.GetWeights()->at("head/kernel"));
  ASSERT_EQ(wider.LoadWeights(dir, /*skip_mismatch=*/true), absl::OkStatus());
  EXPECT_FLOAT_EQ(First(wider, "stem/kernel"), 0.5f);
  EXPECT_EQ(FloatValues(wider.GetWeights()->at("head/kernel")), head);
  Sequential strange({layers::InputLayer({3}), layers::LayerNormalization()});
  EXPECT_THAT(std::string(strange.LoadWeights(dir, true).message()), HasSubstr("nothing in the checkpoint fits"));
}

TEST(WarmStartTest, AFloatModelStartsAQuantizedOne) {
  Sequential model = KerasModel(kNames);
  auto quantized = QuantizeModel(model);
  ASSERT_TRUE(quantized.ok()) << quantized.status();
  EXPECT_FALSE(quantized->LoadWeights("tfxm/nn/testdata/keras3_export").ok());  // It has no ranges.
  ASSERT_EQ(quantized->LoadWeights("tfxm/nn/testdata/keras3_export", /*skip_mismatch=*/true), absl::OkStatus());
  EXPECT_FLOAT_EQ(First(*quantized, "stem/kernel"), 0.5f);
}

TEST(WarmStartTest, ASavedModelOfOnesOwn) {
  const TempDir temporary;
  const std::string& dir = temporary.path();
  Sequential model = KerasModel(kNames), same = KerasModel(kNames), other = KerasModel(kOtherNames);
  ASSERT_EQ(model.LoadWeights("tfxm/nn/testdata/keras3_export"), absl::OkStatus());
  ASSERT_EQ(model.Save(dir), absl::OkStatus());
  ASSERT_EQ(same.LoadWeights(dir), absl::OkStatus());
  EXPECT_FLOAT_EQ(First(same, "stem/kernel"), 0.5f);
  // Its variables are sorted by name, so their order says nothing.
  EXPECT_THAT(std::string(other.LoadWeights(dir).message()), HasSubstr("\"conv2d/kernel\""));
  EXPECT_EQ(io::RemoveAll(dir), absl::OkStatus());
}

}  // namespace
}  // namespace tfxm::nn
