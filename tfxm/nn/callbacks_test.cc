#include "tfxm/nn/callbacks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tfxm/nn/nn.h"
#include "tfxm/nn/test_util.h"
#include "tfxm/util/io.h"

namespace tfxm::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kPixels = 16;

std::string TempPath(const std::string& name) {
  const std::string path = io::JoinPath(::testing::TempDir(), "tfxm_nn_callbacks_test", name);
  io::RemoveAll(path).IgnoreError();
  EXPECT_EQ(io::MakeDirs(path), absl::OkStatus());
  return path;
}

Sequential MakeModel(double learning_rate = 0.001) {
  Sequential model({layers::InputLayer({kPixels}, {.name = "x"}), layers::Dense(8, {.activation = "relu"}),
                    layers::Dropout(0.5), layers::Dense(10)});
  EXPECT_EQ(model.Compile({.optimizer = optimizers::Adam({.learning_rate = learning_rate}),
                           .loss = losses::SparseCategoricalCrossentropy({.from_logits = true}),
                           .metrics = {"accuracy"}}),
            absl::OkStatus());
  return model;
}

Dataset Data() {
  Pictures pictures = MakePictures(100, kPixels, 1);
  return *Dataset::FromTensors({{"x", pictures.images}, {"y", pictures.labels}}, {.batch_size = 10, .label_key = "y"});
}

TEST(EarlyStoppingTest, EndsTrainingThatDoesNotImprove) {
  Sequential model = MakeModel(/*learning_rate=*/0);
  const Dataset eval = Data();
  const auto history = model.Fit(
      Data(),
      {.epochs = 20, .validation_data = &eval, .callbacks = {callbacks::EarlyStopping({.patience = 2})}, .verbose = 0});
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_THAT(history->epochs, ElementsAre(0, 1, 2));
}

TEST(EarlyStoppingTest, RestoresTheBestWeights) {
  Sequential model = MakeModel(/*learning_rate=*/0.03);
  std::vector<float> after_first;
  const auto keep = callbacks::LambdaCallback({.on_epoch_end = [&](FitState& state, const Logs&) {
    if (state.epoch == 0) after_first = FloatValues(state.model->GetWeights()->at("dense/kernel"));
  }});
  // The loss falls, so its largest value is the first epoch's.
  const auto stop =
      callbacks::EarlyStopping({.monitor = "loss", .patience = 1, .mode = "max", .restore_best_weights = true});
  ASSERT_TRUE(model.Fit(Data(), {.epochs = 5, .callbacks = {keep, stop}, .verbose = 0}).ok());
  EXPECT_EQ(FloatValues(model.GetWeights()->at("dense/kernel")), after_first);
}

TEST(EarlyStoppingTest, NamesTheLogsThereAre) {
  Sequential model = MakeModel();
  const auto history = model.Fit(Data(), {.callbacks = {callbacks::EarlyStopping()}, .verbose = 0});
  EXPECT_THAT(std::string(history.status().message()),
              HasSubstr("watches \"val_loss\", but there are only: loss, accuracy"));
}

TEST(ReduceLROnPlateauTest, LowersTheRate) {
  Sequential model = MakeModel(/*learning_rate=*/1e-12);
  const auto reduce =
      callbacks::ReduceLROnPlateau({.monitor = "accuracy", .factor = 0.5, .patience = 1, .mode = "min"});
  ASSERT_TRUE(model.Fit(Data(), {.epochs = 1, .callbacks = {reduce}, .verbose = 0}).ok());
  EXPECT_DOUBLE_EQ(model.learning_rate(), 1e-12);
  const auto always = callbacks::ReduceLROnPlateau({.monitor = "loss", .factor = 0.5, .patience = 1, .min_delta = 100});
  ASSERT_TRUE(model.Fit(Data(), {.epochs = 3, .callbacks = {always}, .verbose = 0}).ok());
  EXPECT_DOUBLE_EQ(model.learning_rate(), 0.25e-12);
}

TEST(ModelCheckpointTest, FillsInThePath) {
  const std::string dir = TempPath("checkpoint");
  Sequential model = MakeModel();
  const auto save = callbacks::ModelCheckpoint({.filepath = io::JoinPath(dir, "w_{epoch:02d}"), .monitor = "loss"});
  ASSERT_TRUE(model.Fit(Data(), {.epochs = 2, .callbacks = {save}, .verbose = 0}).ok());
  EXPECT_TRUE(io::Exists(io::JoinPath(dir, "w_01.index")));
  Sequential other = MakeModel();
  ASSERT_EQ(other.LoadWeights(io::JoinPath(dir, "w_02")), absl::OkStatus());
  EXPECT_EQ(FloatValues(other.GetWeights()->at("dense/kernel")), FloatValues(model.GetWeights()->at("dense/kernel")));
}

TEST(CSVLoggerTest, WritesALinePerEpoch) {
  const std::string path = io::JoinPath(TempPath("csv"), "log.csv");
  Sequential model = MakeModel();
  ASSERT_TRUE(model.Fit(Data(), {.epochs = 2, .callbacks = {callbacks::CSVLogger(path)}, .verbose = 0}).ok());
  EXPECT_THAT(*io::ReadFile(path),
              ::testing::MatchesRegex("epoch,loss,accuracy\n0,[0-9.e-]+,[0-9.e-]+\n1,[0-9.e-]+,[0-9.e-]+\n"));
}

// Trains 3 epochs of 10 steps; `kill_at`: an update after which training ends as if killed.
std::optional<std::map<std::string, Tensor>> TrainWithBackup(const std::string& dir, bool endless, int64_t kill_at) {
  Sequential model = MakeModel(0.01);
  class Kill : public Callback {
   public:
    explicit Kill(int64_t at) : at_(at) {}
    absl::Status OnTrainBatchEnd(FitState& state) override {
      return state.iteration == at_ ? absl::AbortedError("killed") : absl::OkStatus();
    }

   private:
    const int64_t at_;
  };
  FitOptions options{
      .epochs = 3,
      .callbacks = {callbacks::BackupAndRestore({.backup_dir = dir, .save_freq = 4}), std::make_shared<Kill>(kill_at)},
      .verbose = 0};
  if (endless) options.steps_per_epoch = 10;
  const auto history = model.Fit(endless ? Data().Repeat() : Data(), options);
  if (!history.ok()) {
    EXPECT_EQ(history.status().code(), absl::StatusCode::kAborted) << history.status();
    return std::nullopt;
  }
  return *model.GetWeights();
}

TEST(BackupAndRestoreTest, AKilledTrainingEndsLikeAnUnbrokenOne) {
  for (const bool endless : {false, true}) {
    const auto unbroken = TrainWithBackup(TempPath("unbroken"), endless, -1);
    ASSERT_TRUE(unbroken.has_value());
    const std::string dir = TempPath("broken");
    EXPECT_FALSE(TrainWithBackup(dir, endless, 6).has_value());   // In the first epoch, two after a backup.
    EXPECT_FALSE(TrainWithBackup(dir, endless, 11).has_value());  // Just after an epoch's end.
    EXPECT_FALSE(TrainWithBackup(dir, endless, 28).has_value());
    const auto resumed = TrainWithBackup(dir, endless, -1);
    ASSERT_TRUE(resumed.has_value());
    for (const auto& [name, value] : *unbroken) EXPECT_EQ(FloatValues(value), FloatValues(resumed->at(name))) << name;
    EXPECT_FALSE(io::Exists(dir));
  }
}

TEST(ProgressTest, AListenerHearsOfEachEpoch) {
  std::vector<double> fractions;
  SetProgressListener([&](absl::string_view message, double fraction) {
    EXPECT_THAT(std::string(message), HasSubstr("loss: "));
    fractions.push_back(fraction);
  });
  Sequential model = MakeModel();
  const auto history = model.Fit(Data(), {.epochs = 2});
  SetProgressListener(nullptr);
  ASSERT_TRUE(history.ok()) << history.status();
  ASSERT_FALSE(fractions.empty());
  EXPECT_EQ(fractions.back(), 1);
}

}  // namespace
}  // namespace tfxm::nn
