// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/data/augmentation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tfxm/nn/nn.h"
#include "tfxm/nn/test_util.h"

namespace tfxm::nn {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// 2 x 2 pictures of one channel: 1 2 / 3 4.
Batch Pictures2x2(int64_t n) {
  std::vector<float> values;
  for (int64_t i = 0; i < n; ++i) values.insert(values.end(), {1, 2, 3, 4});
  Batch batch;
  batch.features["image"] = Floats({n, 2, 2, 1}, values);
  return batch;
}

std::vector<std::vector<float>> Each(const Batch& batch) {
  const Tensor& images = batch.features.at("image");
  const int64_t n = images.shape()[0], size = images.num_elements() / n;
  std::vector<std::vector<float>> each;
  const auto values = images.values<float>();
  for (int64_t i = 0; i < n; ++i) each.emplace_back(values.begin() + i * size, values.begin() + (i + 1) * size);
  return each;
}

TEST(ImageAugmentationTest, NothingAskedForChangesNothing) {
  Batch batch = Pictures2x2(3);
  ASSERT_EQ(ImageAugmentation("image", {})(batch, 0), absl::OkStatus());
  EXPECT_EQ(Each(batch), Each(Pictures2x2(3)));
}

TEST(ImageAugmentationTest, FlipsHalfOfThePictures) {
  Batch batch = Pictures2x2(200);
  ASSERT_EQ(ImageAugmentation("image", {.horizontal_flip = true})(batch, 0), absl::OkStatus());
  int flipped = 0;
  for (const auto& picture : Each(batch)) {
    EXPECT_THAT(picture, AnyOf(ElementsAre(1, 2, 3, 4), ElementsAre(2, 1, 4, 3)));
    flipped += picture[0] == 2;
  }
  EXPECT_GT(flipped, 60);
  EXPECT_LT(flipped, 140);
}

TEST(ImageAugmentationTest, CropsAtRandomPlaces) {
  Batch batch = Pictures2x2(200);
  ASSERT_EQ(ImageAugmentation("image", {.crop_height = 1, .crop_width = 1})(batch, 0), absl::OkStatus());
  EXPECT_EQ(batch.features.at("image").shape(), (Shape{200, 1, 1, 1}));
  std::vector<int> counts(5);
  for (const auto& picture : Each(batch)) ++counts[static_cast<int>(picture[0])];
  EXPECT_THAT(counts, ElementsAre(0, ::testing::Gt(20), ::testing::Gt(20), ::testing::Gt(20), ::testing::Gt(20)));
}

TEST(ImageAugmentationTest, ShiftsRotationsAndZoomsStayInTheRangeOfThePicture) {
  Batch batch = Pictures2x2(50);
  const ImageAugmentationOptions options{.height_shift = 0.5, .width_shift = 0.5, .rotation = 0.5, .zoom = 0.3};
  ASSERT_EQ(ImageAugmentation("image", options)(batch, 0), absl::OkStatus());
  EXPECT_NE(Each(batch), Each(Pictures2x2(50)));
  for (const auto& picture : Each(batch))
    EXPECT_THAT(picture, ::testing::Each(::testing::AllOf(::testing::Ge(1), ::testing::Le(4))));
}

TEST(ImageAugmentationTest, TheSameBatchOfTheSameSeedIsChangedTheSameWay) {
  const auto augment = [](uint64_t seed, int64_t index) {
    Batch batch = Pictures2x2(20);
    EXPECT_EQ(ImageAugmentation("image", {.rotation = 0.2, .seed = seed})(batch, index), absl::OkStatus());
    return Each(batch);
  };
  EXPECT_EQ(augment(1, 0), augment(1, 0));
  EXPECT_NE(augment(1, 0), augment(1, 1));
  EXPECT_NE(augment(1, 0), augment(2, 0));
}

TEST(ImageAugmentationTest, WhatIsNoPictureIsRefused) {
  Batch batch;
  batch.features["image"] = Floats({2, 4}, std::vector<float>(8));
  EXPECT_THAT(std::string(ImageAugmentation("image", {})(batch, 0).message()), HasSubstr("float32[2, 4]"));
  EXPECT_THAT(std::string(ImageAugmentation("photo", {})(batch, 0).message()), HasSubstr("no feature \"photo\""));
  batch = Pictures2x2(1);
  EXPECT_THAT(std::string(ImageAugmentation("image", {.crop_height = 3})(batch, 0).message()),
              HasSubstr("crop of 3 x 2"));
}

// One pixel per example tells which transforms were drawn.
TEST(ImageAugmentationTest, IsDrawnAnewInEachEpochAndTheSameInEachRun) {
  const auto train = [](bool shuffle, int64_t steps_per_epoch) {
    const Dataset images = *Dataset::FromTensors(
        {{"image", Pictures2x2(8).features.at("image")}, {"y", Tensor(DataType::kFloat, {8})}},
        {.batch_size = 4, .label_key = "y", .shuffle = shuffle, .num_epochs = steps_per_epoch > 0 ? -1 : 1});
    std::vector<float> sums;  // Of the first pixels of an epoch's pictures.
    const Dataset data =
        images.Map(ImageAugmentation("image", {.width_shift = 0.5, .rotation = 0.3})).Map([&](Batch& batch, int64_t) {
          float sum = 0;
          for (const auto& picture : Each(batch)) sum += picture[0];
          sums.push_back(sum);
          return absl::OkStatus();
        });
    Sequential model({layers::InputLayer({2, 2, 1}, {.name = "image"}), layers::Flatten(), layers::Dense(1)});
    EXPECT_EQ(model.Compile({.loss = "mse"}), absl::OkStatus());
    EXPECT_TRUE(model.Fit(data, {.epochs = 3, .steps_per_epoch = steps_per_epoch, .verbose = 0}).ok());
    sums.resize(6);  // What was prefetched beyond is not of interest.
    return sums;
  };
  for (const bool shuffle : {false, true}) {
    for (const int64_t steps : {0, 2}) {
      const std::vector<float> sums = train(shuffle, steps);
      for (size_t i = 0; i < sums.size(); ++i) {
        for (size_t k = 0; k < i; ++k) EXPECT_NE(sums[i], sums[k]) << "batches " << k << ", " << i;
      }
      EXPECT_EQ(sums, train(shuffle, steps));
    }
  }
}

}  // namespace
}  // namespace tfxm::nn
