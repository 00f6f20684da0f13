// SPDX-License-Identifier: Apache-2.0

// Indices that an Embedding does not have are named with their example, where that can be known; classes that an output
// does not have are warned of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <type_traits>

#include "tfxm/nn/nn.h"
#include "tfxm/nn/test_util.h"
#include "tfxm/testing/example_builder.h"
#include "tfxm/testing/temp_dir.h"

namespace tfxm::nn {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Of three words of ten each and a kind of three; `layers` stand between the words and the Embedding.
Sequential Words(DataType dtype = DataType::kInt64, std::vector<LayerRef> between = {}) {
  std::vector<LayerRef> all = {layers::InputLayer({3}, {.name = "words", .dtype = dtype})};
  all.insert(all.end(), between.begin(), between.end());
  for (const LayerRef& layer : {layers::Embedding(10, 4, {.name = "table"}), layers::Flatten(),
                                layers::Dense(3, {.activation = "softmax", .name = "kind"})})
    all.push_back(layer);
  Sequential model(std::move(all));
  EXPECT_EQ(model.Compile({.loss = "sparse_categorical_crossentropy"}), absl::OkStatus());
  return model;
}

template <typename T>
Tensor Of(DataType dtype, const Shape& shape, const std::vector<T>& values) {
  Tensor tensor(dtype, shape);
  std::copy(values.begin(), values.end(), tensor.values<T>().begin());
  return tensor;
}

// 20 examples in batches of 4; the second word of example 13 is `word`.
template <typename T>
Dataset Data(T word) {
  std::vector<T> words(60, 9);
  words[40] = word;
  const DataType dtype = std::is_same_v<T, float> ? DataType::kFloat : DataType::kInt64;
  return *Dataset::FromTensors({{"words", Of(dtype, {20, 3}, words)}, {"y", Tensor(DataType::kInt64, {20})}},
                               {.batch_size = 4, .label_key = "y"});
}

TEST(IndexRangeTest, AnIndexIsNamedBeforeTheFirstUpdate) {
  const auto message = [](Sequential model, const Dataset& data) {
    const auto history = model.Fit(data, {.epochs = 2, .verbose = 0});
    EXPECT_EQ(model.iterations(), 0);
    return std::string(history.status().message());
  };
  const std::string why = " of input \"words\" is out of range: Embedding \"table\" with input_dim 10 takes 0 to 9";
  EXPECT_THAT(message(Words(), Data<int64_t>(10)), HasSubstr("example 13: 10" + why));
  EXPECT_THAT(message(Words(), Data<int64_t>(-1)), HasSubstr("example 13: -1" + why));
  EXPECT_THAT(message(Words(DataType::kFloat), Data<float>(10.5f)), HasSubstr("example 13: 10.5" + why));
  Sequential rounds = Words(DataType::kFloat);
  EXPECT_TRUE(rounds.Fit(Data<float>(9.9f), {.verbose = 0}).ok());
}

TEST(IndexRangeTest, AnIndexOfAFileIsNamedWithItsRecord) {
  const TempDir dir;
  std::vector<std::string> records;
  for (int i = 0; i < 20; ++i) {
    const int64_t word = i == 13 ? 77 : 1;
    records.push_back(ExampleBuilder().Ints("words", {1, word, 3}).Ints("y", {0}).Serialize());
  }
  WriteRecords(dir / "words.tfrecord", records);
  const Dataset data =
      Dataset::FromExamples({dir / "words.tfrecord"}, {{"words", DataType::kInt64, {3}}, {"y", DataType::kInt64, {}}},
                            {.batch_size = 4, .label_key = "y"});
  Sequential model = Words();
  const auto history = model.Fit(data, {.verbose = 0});
  EXPECT_THAT(std::string(history.status().message()),
              AllOf(HasSubstr("words.tfrecord"), HasSubstr("record 13"), HasSubstr("77 of input \"words\"")));
}

TEST(IndexRangeTest, PredictionsAndEvaluationsNameItAsWell) {
  Sequential model = Words();
  EXPECT_THAT(std::string(model.Evaluate(Data<int64_t>(11)).status().message()), HasSubstr("example 13: 11 of input"));
  const Tensor words = Of<int64_t>(DataType::kInt64, {2, 3}, {1, 2, 3, 4, 5, 60});
  EXPECT_THAT(std::string(model.Predict({{"words", words}}).status().message()),
              HasSubstr("example 1 of the batch: 60 of input"));
}

// Where a layer has made other numbers of the input.
TEST(IndexRangeTest, OtherwiseTheLayerIsNamed) {
  Sequential model = Words(DataType::kFloat, {layers::Rescaling(2)});
  const auto history = model.Fit(Data<float>(1), {.verbose = 0});
  EXPECT_THAT(std::string(history.status().message()),
              AllOf(HasSubstr("18 is not in [0, 10)"), HasSubstr("input_dim of Embedding \"table\"")));
}

TEST(ClassWeightTest, OfAClassThatIsNotThereIsWarnedOf) {
  const auto warnings = [](std::map<int64_t, double> class_weight) {
    Sequential model = Words();
    ::testing::internal::CaptureStderr();
    EXPECT_TRUE(model.Fit(Data<int64_t>(1), {.class_weight = std::move(class_weight), .verbose = 0}).ok());
    return ::testing::internal::GetCapturedStderr();
  };
  EXPECT_THAT(warnings({{0, 2.}, {3, 2.}}),
              HasSubstr("output \"kind\" has the classes 0 to 2; the weight of class 3 is of no use"));
  EXPECT_THAT(warnings({{0, 2.}, {2, 2.}}), Not(HasSubstr("class_weight")));
}

}  // namespace
}  // namespace tfxm::nn
