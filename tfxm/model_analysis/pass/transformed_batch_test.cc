// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/pass/transformed_batch.h"

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
  ASSERT_TRUE(MakeTransformedBatch(batch, transformed, &result).ok());
  ASSERT_EQ(result.num_examples(), 2);
  EXPECT_THAT(result.Find("age")->floats(1), ElementsAre(0.25f));
  EXPECT_EQ(result.Find("band")->bytes(0, 0), "old");
  EXPECT_EQ(result.Find("city")->bytes(0, 0), "Rome");
  EXPECT_FALSE(result.Find("city")->present(1));
}

}  // namespace
}  // namespace tfxm::model_analysis
