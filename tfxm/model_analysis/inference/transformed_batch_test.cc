// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/inference/transformed_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tfxm/model_analysis/test_examples.h"

namespace tfxm::model_analysis {
namespace {

using ::testing::ElementsAre;

TEST(TransformedBatchTest, ReplacesAndAddsFeatures) {
  data::ExampleBatch batch;
  ASSERT_TRUE(batch.Append(ExampleBuilder().Ints("age", {41}).Bytes("city", {"Rome"}).Serialize()).ok());
  ASSERT_TRUE(batch.Append(ExampleBuilder().Ints("age", {23}).Serialize()).ok());
  NamedValues transformed(2);
  transformed[0].first = "age";  // Another type than before.
  transformed[0].second.numbers = {0.5, 0.25};
  transformed[0].second.ends = {1, 2};
  transformed[1].first = "band";
  transformed[1].second.is_string = true;
  transformed[1].second.strings = {"old", "young"};
  transformed[1].second.ends = {1, 2};
  data::ExampleBatch result;
  MakeTransformedBatch(batch, transformed, &result);
  ASSERT_EQ(result.num_examples(), 2);
  EXPECT_THAT(result.Find("age")->floats(1), ElementsAre(0.25f));
  EXPECT_EQ(result.Find("band")->bytes(0, 0), "old");
  EXPECT_EQ(result.Find("city")->bytes(0, 0), "Rome");
  EXPECT_FALSE(result.Find("city")->present(1));
}

TEST(TransformedBatchTest, NothingIsLeftOfTheBatchBefore) {
  data::ExampleBatch first, second, result;
  ASSERT_TRUE(first.Append(ExampleBuilder().Ints("age", {41}).Ints("old", {1, 2}).Serialize()).ok());
  ASSERT_TRUE(second.Append(ExampleBuilder().Floats("age", {0.5f}).Serialize()).ok());
  ASSERT_TRUE(second.Append(ExampleBuilder().Floats("age", {1.5f, 2.5f}).Serialize()).ok());
  MakeTransformedBatch(first, {}, &result);
  EXPECT_THAT(result.Find("old")->ints(0), ElementsAre(1, 2));
  MakeTransformedBatch(second, {}, &result);
  ASSERT_EQ(result.num_examples(), 2);
  EXPECT_THAT(result.Find("age")->floats(1), ElementsAre(1.5f, 2.5f));
  EXPECT_FALSE(result.Find("old")->present(0));
  EXPECT_EQ(result.Find("old")->num_values(0), 0);
}

TEST(TransformedBatchTest, OfFeaturesOfTheSameNameTheFirstCounts) {
  data::ExampleBatch batch, result;
  ASSERT_TRUE(batch.Append(ExampleBuilder().Ints("age", {41}).Serialize()).ok());
  NamedValues transformed(2, {"x", Values()});
  transformed[0].second.is_integer = true;
  transformed[0].second.ends = {0};  // Without a value, and so missing.
  transformed[1].second.numbers = {5};
  transformed[1].second.ends = {1};
  MakeTransformedBatch(batch, transformed, &result);
  EXPECT_FALSE(result.Find("x")->present(0));
}

}  // namespace
}  // namespace tfxm::model_analysis
