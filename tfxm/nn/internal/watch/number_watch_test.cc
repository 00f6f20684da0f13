// SPDX-License-Identifier: Apache-2.0

// Inputs and weights that are not numbers are named, though the loss is a number: a relu makes 0 of nan.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/nn/internal/watch/finite.h"
#include "tfxm/nn/test_util.h"
#include "tfxm/ops/ops.h"
#include "tfxm/testing/example_builder.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"

namespace tfxm::nn {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

Sequential ReluModel() {
  Sequential model({layers::InputLayer({2}, {.name = "x"}), layers::Dense(4, {.activation = "relu", .name = "first"}),
                    layers::Dense(1, {.name = "last"})});
  EXPECT_EQ(model.Compile({.optimizer = optimizers::SGD({.learning_rate = 0.1}), .loss = "mse"}), absl::OkStatus());
  return model;
}

// 20 examples in batches of 4; in example 13 the second value is `value`.
Dataset Data(float value, bool shuffle = true) {
  Tensor x = Wave({20, 2}, 1);
  x.values<float>()[27] = value;
  return *Dataset::FromTensors({{"x", x}, {"y", Wave({20, 1}, 2)}},
                               {.batch_size = 4, .label_key = "y", .shuffle = shuffle});
}

// What Fit says on stderr. The loss is a number in any case; `finite`: the weights are, too.
std::string FitMessages(const Dataset& data, FitOptions options, bool finite) {
  Sequential model = ReluModel();
  options.verbose = 0;
  ::testing::internal::CaptureStderr();
  const auto history = model.Fit(data, options);
  const std::string messages = ::testing::internal::GetCapturedStderr();
  EXPECT_TRUE(history.ok()) << history.status();
  if (!history.ok()) return messages;
  EXPECT_EQ(history->epochs.size(), options.epochs);
  EXPECT_TRUE(std::isfinite(history->history.at("loss").back()));
  // Of the second value of x.
  EXPECT_EQ(std::isfinite(FloatValues(model.GetWeights()->at("first/kernel")).back()), finite);
  return messages;
}

int Count(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(NumberWatchTest, ANanThatTheLossDoesNotShowIsNamedOnceAndTheWeightsAfterIt) {
  // TerminateOnNaN, as Keras's, looks at the loss.
  for (const std::vector<CallbackRef>& callbacks : {std::vector<CallbackRef>(), {callbacks::TerminateOnNaN()}}) {
    const std::string messages = FitMessages(Data(kNan), {.epochs = 3, .callbacks = callbacks}, /*finite=*/false);
    EXPECT_THAT(
        messages,
        AllOf(HasSubstr("warning: input \"x\" is nan in example 13; a step with such values makes weights nan"),
              HasSubstr("warning: after training \"first/kernel\" has nan or infinite values: the model is of no "
                        "use any more")));
    EXPECT_EQ(Count(messages, "warning: "), 2) << messages;
  }
}

TEST(NumberWatchTest, WeightsAreLookedAtWhileATrainingGoesOn) {
  EXPECT_THAT(FitMessages(Data(kNan).Repeat(), {.epochs = 3, .steps_per_epoch = 50}, /*finite=*/false),
              AllOf(HasSubstr("after epoch 2 \"first/kernel\""), Not(HasSubstr("after training"))));
}

TEST(NumberWatchTest, InfiniteValues) {
  Sequential model = ReluModel();
  ::testing::internal::CaptureStderr();
  ASSERT_TRUE(model.Fit(Data(-kInfinity), {.verbose = 0}).ok());
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("input \"x\" is infinite in example 13;"));
}

TEST(NumberWatchTest, NothingIsSaidOfNumbersOrOfWhatNoInputTakes) {
  EXPECT_EQ(FitMessages(Data(1e30f).Map([](Batch& batch, int64_t) {
              batch.features["unused"] = Floats({4}, {kNan, 0, 0, 0});
              for (float& x : batch.features["x"].values<float>()) x = std::min(x, 1.0f);
              return absl::OkStatus();
            }),
                        {.epochs = 2}, /*finite=*/true),
            "");
}

TEST(NumberWatchTest, ALabelIsNamed) {
  Tensor y = Wave({20, 1}, 2);
  y.values<float>()[13] = kNan;
  const auto data =
      Dataset::FromTensors({{"x", Wave({20, 2}, 1)}, {"y", y}}, {.batch_size = 4, .label_key = "y", .shuffle = true});
  Sequential model = ReluModel();
  ::testing::internal::CaptureStderr();
  ASSERT_TRUE(model.Fit(*data, {.verbose = 0}).ok());
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("the label of output \"last\" is nan in example 13;"));
}

TEST(NumberWatchTest, TheLastBackupWithANumberStays) {
  const TempDir dir;
  const std::string backup = dir / "backup";
  const auto fit = [&](bool is_damaged) {
    const Dataset data = Data(0).Map([is_damaged](Batch& batch, int64_t index) {
      if (is_damaged && index >> 32 == 2) batch.labels[""].values<float>()[0] = kNan;  // In the third epoch.
      return absl::OkStatus();
    });
    Sequential model = ReluModel();
    return model.Fit(data,
                     {.epochs = 4,
                      .callbacks = {callbacks::TerminateOnNaN(), callbacks::BackupAndRestore({.backup_dir = backup})},
                      .verbose = 0});
  };
  ::testing::internal::CaptureStderr();
  const auto stopped = fit(/*is_damaged=*/true);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("the backup in " + backup + " is kept"));
  ASSERT_TRUE(stopped.ok()) << stopped.status();
  const auto mended = fit(/*is_damaged=*/false);
  ASSERT_TRUE(mended.ok()) << mended.status();
  EXPECT_THAT(mended->epochs, ::testing::ElementsAre(2, 3));
  EXPECT_FALSE(io::Exists(backup));
}

// The advice of the message.
TEST(NumberWatchTest, ReplacedByMap) {
  const Dataset replaced = Data(kNan).Map([](Batch& batch, int64_t) {
    for (float& x : batch.features["x"].values<float>()) x = std::isnan(x) ? 0 : x;
    return absl::OkStatus();
  });
  EXPECT_EQ(FitMessages(replaced, {.epochs = 2}, /*finite=*/true), "");
}

TEST(NumberWatchTest, AModelThatIsMadeForThemKeepsItsWeights) {
  const auto replace = [](const std::vector<ops::Tensor>& x) {
    return ops::Where(ops::IsNan(x[0]), ops::ZerosLike(x[0]), x[0]);
  };
  Sequential model({layers::InputLayer({2}, {.name = "x"}), layers::Lambda(replace), layers::Dense(1)});
  ASSERT_EQ(model.Compile({.loss = "mse"}), absl::OkStatus());
  ::testing::internal::CaptureStderr();
  ASSERT_TRUE(model.Fit(Data(kNan), {.verbose = 0}).ok());
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr("Unless the model is made for them"), Not(HasSubstr("after training"))));
}

TEST(NumberWatchTest, ExamplesOfFilesAreNamedByFileAndRecord) {
  const TempDir dir;
  std::vector<std::string> files;
  for (int file = 0; file < 3; ++file) {
    std::vector<std::string> records;
    for (int record = 0; record < 7; ++record) {
      const float value = file == 1 && record == 5 ? kNan : 0.2f;
      records.push_back(ExampleBuilder().Floats("x", {0.1f, value}).Floats("y", {1}).Serialize());
    }
    files.push_back(WriteRecords(dir / absl::StrCat("data-", file), records));
  }
  for (const bool shuffle : {false, true}) {
    for (const int64_t cache_bytes : {0, 1 << 20}) {
      const Dataset data = Dataset::FromExamples(files, {{"x", DataType::kFloat, {2}}, {"y", DataType::kFloat, {1}}},
                                                 {.batch_size = 4,
                                                  .label_key = "y",
                                                  .shuffle = shuffle,
                                                  .shuffle_buffer_size = 3,
                                                  .cache_bytes = cache_bytes});
      EXPECT_THAT(FitMessages(data, {}, /*finite=*/false),
                  HasSubstr(absl::StrCat("input \"x\" is nan in ", files[1], ", record 5;")));
    }
  }
}

TEST(NumberWatchTest, ValidationEvaluationAndSavedModels) {
  const Dataset good = Data(0), bad = Data(kNan);
  EXPECT_EQ(Count(FitMessages(good, {.epochs = 2, .validation_data = &bad}, /*finite=*/true),
                  "warning: validation data: input \"x\" is nan in example 13;"),
            1);
  Sequential model = ReluModel();
  ::testing::internal::CaptureStderr();
  ASSERT_TRUE(model.Evaluate(bad).ok());
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "warning: evaluation: input \"x\" is nan in example 13\n");

  const TempDir dir;
  ASSERT_EQ(model.SetWeights({{"last/bias", Floats({1}, {kNan})}}), absl::OkStatus());
  ::testing::internal::CaptureStderr();
  ASSERT_EQ(model.Save(dir / "model"), absl::OkStatus());
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), absl::StrCat("warning: the model saved to ", dir / "model",
                                                                   ": \"last/bias\" has nan or infinite values\n"));
}

TEST(NumberWatchTest, TheDisplayOfAPipelineIsToldLast) {
  std::string last;
  SetProgressListener([&](absl::string_view message, double) { last = message; });
  Sequential model = ReluModel();
  ::testing::internal::CaptureStderr();
  EXPECT_TRUE(model.Fit(Data(kNan)).ok());
  ::testing::internal::GetCapturedStderr();
  SetProgressListener(nullptr);
  EXPECT_THAT(last, AllOf(HasSubstr("warning: input \"x\" is nan in example 13;"),
                          HasSubstr("; warning: after training \"first/kernel\"")));
}

TEST(FirstNotFiniteTest, FindsAnyValueInAnyPlace) {
  for (const size_t size : {0, 1, 3, 1023, 1024, 1025, 2500}) {
    std::vector<float> values(size, std::numeric_limits<float>::max());
    EXPECT_EQ(FirstNotFinite(values), -1);
    for (size_t at = 0; at < size; at += 1 + size / 50) {
      for (const float bad : {kNan, -kNan, kInfinity, -kInfinity}) {
        values[at] = bad;
        if (at + 1 < size) values.back() = kNan;
        EXPECT_EQ(FirstNotFinite(values), at);
        values[at] = values.back() = -1e-40f;  // Not 0, though smaller than all normal numbers.
      }
    }
  }
}

}  // namespace
}  // namespace tfxm::nn
