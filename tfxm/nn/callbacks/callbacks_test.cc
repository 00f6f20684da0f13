// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/callbacks/callbacks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tfxm/nn/nn.h"
#include "tfxm/nn/test_util.h"
#include "tfxm/ops/ops.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"

namespace tfxm::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kPixels = 16;

std::string TempPath(const std::string& name) {
  static const TempDir dir;
  const std::string path = dir / name;
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
              HasSubstr("watches \"val_loss\", but there are only: loss, accuracy (Fit has no validation_data)"));
}

TEST(LearningRateSchedulerTest, SetsTheRateOfEachEpoch) {
  Sequential model = MakeModel(/*learning_rate=*/0.4);
  std::vector<double> given, used;
  const auto halve = callbacks::LearningRateScheduler([&](int epoch, double learning_rate) {
    given.push_back(learning_rate);
    return epoch == 0 ? learning_rate : learning_rate / 2;
  });
  const auto watch = callbacks::LambdaCallback(
      {.on_epoch_end = [&](FitState& state, const Logs&) { used.push_back(state.learning_rate); }});
  const auto history = model.Fit(Data(), {.epochs = 3, .callbacks = {halve, watch}, .verbose = 0});
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_THAT(given, ElementsAre(0.4, 0.4, 0.2));
  EXPECT_THAT(used, ElementsAre(0.4, 0.2, 0.1));
  EXPECT_EQ(history->history.at("learning_rate"), used);  // As in Keras, where a callback sets it.
}

TEST(LearningRateSchedulerTest, SaysWhatItCannotSet) {
  Sequential model = MakeModel();
  const auto fit = [&](double rate) {
    const auto schedule = callbacks::LearningRateScheduler([=](int, double) { return rate; });
    return std::string(model.Fit(Data(), {.callbacks = {schedule}, .verbose = 0}).status().message());
  };
  EXPECT_THAT(fit(std::nan("")), HasSubstr("the schedule gave nan for epoch 0"));
  ASSERT_EQ(model.Compile({.optimizer = optimizers::SGD({.learning_rate = schedules::CosineDecay({})}),
                           .loss = losses::SparseCategoricalCrossentropy({.from_logits = true})}),
            absl::OkStatus());
  EXPECT_THAT(fit(0.1), HasSubstr("the optimizer's is a schedule"));
}

TEST(MonitorTest, TheDirectionIsTheMetrics) {
  // By name alone "acceleration" looks like an accuracy, and "top3" like nothing.
  const KerasTensor x = Input({kPixels}, {.name = "x"});
  Model model({x}, {layers::Dense(1, {.name = "acceleration"})(x), layers::Dense(10, {.name = "kind"})(x)});
  const auto one = [](const ops::Tensor&, const ops::Tensor& y_pred) { return ops::OnesLike(y_pred); };
  ASSERT_EQ(
      model.Compile(
          {.optimizer = optimizers::Adam({.learning_rate = 0.01}),
           .losses = {{"acceleration", "mse"}, {"kind", losses::SparseCategoricalCrossentropy({.from_logits = true})}},
           .output_metrics =
               {{"kind", {metrics::SparseTopKCategoricalAccuracy(3).WithName("top3"), metrics::Mean("f1", one)}}}}),
      absl::OkStatus());
  Pictures pictures = MakePictures(100, kPixels, 1);
  Tensor speed(DataType::kFloat, {100});
  for (int i = 0; i < 100; ++i) speed.values<float>()[i] = 3 + pictures.images.values<float>()[i * kPixels];
  const Dataset data =
      *Dataset::FromTensors({{"x", pictures.images}, {"acceleration", speed}, {"kind", pictures.labels}},
                            {.batch_size = 10, .label_keys = {"acceleration", "kind"}});
  const auto fit = [&](const std::string& monitor, const std::string& mode) {
    return model.Fit(data, {.epochs = 8,
                            .validation_data = &data,
                            .callbacks = {callbacks::EarlyStopping({.monitor = monitor, .patience = 2, .mode = mode})},
                            .verbose = 0});
  };
  // Both get better all the time, so nothing stops.
  const auto loss = fit("val_acceleration_loss", "auto");
  ASSERT_TRUE(loss.ok()) << loss.status();
  EXPECT_EQ(loss->epochs.size(), 8);
  EXPECT_LT(loss->history.at("val_acceleration_loss").back(), loss->history.at("val_acceleration_loss").front());
  const auto top3 = fit("val_kind_top3", "auto");
  ASSERT_TRUE(top3.ok()) << top3.status();
  EXPECT_GT(top3->history.at("val_kind_top3").back(), 0.6);
  const int64_t before = model.iterations();
  EXPECT_THAT(
      std::string(fit("val_kind_f1", "auto").status().message()),
      HasSubstr("watches \"val_kind_f1\", a metric that does not say whether more of it is better; give the mode"));
  EXPECT_THAT(std::string(fit("val_kind_f2", "auto").status().message()),
              HasSubstr("there are only: loss, acceleration_loss, kind_loss, kind_top3, kind_f1, val_loss"));
  EXPECT_EQ(model.iterations(), before);  // Said before there was a training to lose.
  EXPECT_EQ(fit("val_kind_f1", "max")->epochs.size(), 3);
}

TEST(MonitorTest, EpochsWithoutValidationArePassedOver) {
  const std::string dir = TempPath("validation_freq");
  Sequential model = MakeModel(0.01);
  const Dataset data = Data();
  const auto history = model.Fit(
      data, {.epochs = 5,
             .validation_data = &data,
             .validation_freq = 2,
             .callbacks = {callbacks::EarlyStopping({.patience = 3}), callbacks::ReduceLROnPlateau(),
                           callbacks::ModelCheckpoint({.filepath = io::JoinPath(dir, "best"), .save_best_only = true}),
                           callbacks::ModelCheckpoint({.filepath = io::JoinPath(dir, "{epoch}_{val_loss:.1f}")}),
                           callbacks::ModelCheckpoint({.filepath = io::JoinPath(dir, "all_{epoch}")}),
                           callbacks::CSVLogger(io::JoinPath(dir, "log.csv"))},
             .verbose = 0});
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_THAT(history->epochs, ElementsAre(0, 1, 2, 3, 4));
  EXPECT_EQ(history->history.at("val_loss").size(), 2);
  EXPECT_TRUE(io::Exists(io::JoinPath(dir, "best.index")));
  EXPECT_EQ(io::Glob(io::JoinPath(dir, "all_*.index"))->size(), 5);
  EXPECT_EQ(io::Glob(io::JoinPath(dir, "2_*.index"))->size(), 1);
  EXPECT_EQ(io::Glob(io::JoinPath(dir, "[1-5]_*.index"))->size(), 2);
  EXPECT_THAT(*io::ReadFile(io::JoinPath(dir, "log.csv")),
              ::testing::MatchesRegex("epoch,loss,accuracy,val_loss,val_accuracy,learning_rate\n"
                                      "0,[0-9.e-]+,[0-9.e-]+,NA,NA,0.01\n"
                                      "1,[0-9.e-]+,[0-9.e-]+,[0-9.e-]+,[0-9.e-]+,0.01\n(.|\n)*"));
}

TEST(TerminateOnNaNTest, EndsATrainingThatExplodes) {
  Sequential model({layers::InputLayer({kPixels}, {.name = "x"}), layers::Dense(8), layers::Dense(1)});
  ASSERT_EQ(model.Compile({.optimizer = optimizers::SGD({.learning_rate = 1e20}), .loss = "mse"}), absl::OkStatus());
  ::testing::internal::CaptureStderr();
  const auto history = model.Fit(Data(), {.epochs = 3, .verbose = 0});
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              ::testing::AllOf(HasSubstr("warning: the loss is "), HasSubstr("of epoch 1, at learning rate 1e+20; "),
                               HasSubstr("TerminateOnNaN")));
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_EQ(model.iterations(), 30);
  ASSERT_EQ(model.Compile({.optimizer = optimizers::SGD({.learning_rate = 1e20}), .loss = "mse"}), absl::OkStatus());
  const auto ended = model.Fit(Data(), {.epochs = 3, .callbacks = {callbacks::TerminateOnNaN()}, .verbose = 0});
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_EQ(ended->epochs.size(), 1);
  EXPECT_LT(model.iterations(), 10);
}

TEST(ReduceLROnPlateauTest, RefusesASchedule) {
  Sequential model({layers::InputLayer({kPixels}, {.name = "x"}), layers::Dense(1)});
  ASSERT_EQ(model.Compile({.optimizer = optimizers::SGD({.learning_rate = schedules::CosineDecay({})}), .loss = "mse"}),
            absl::OkStatus());
  const auto history = model.Fit(Data(), {.callbacks = {callbacks::ReduceLROnPlateau({.monitor = "loss"})}});
  EXPECT_THAT(std::string(history.status().message()), HasSubstr("the optimizer's is a schedule"));
}

TEST(ReduceLROnPlateauTest, LowersTheRate) {
  Sequential model = MakeModel(/*learning_rate=*/1e-12);
  const auto reduce =
      callbacks::ReduceLROnPlateau({.monitor = "accuracy", .factor = 0.5, .patience = 1, .mode = "min"});
  ASSERT_TRUE(model.Fit(Data(), {.epochs = 1, .callbacks = {reduce}, .verbose = 0}).ok());
  EXPECT_DOUBLE_EQ(model.learning_rate(), 1e-12);
  const auto always = callbacks::ReduceLROnPlateau({.monitor = "loss", .factor = 0.5, .patience = 1, .min_delta = 100});
  const auto history = model.Fit(Data(), {.epochs = 3, .callbacks = {always}, .verbose = 0});
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_DOUBLE_EQ(model.learning_rate(), 0.25e-12);
  EXPECT_THAT(history->history.at("learning_rate"), ElementsAre(1e-12, 1e-12, 0.5e-12));
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

TEST(ModelCheckpointTest, TheBestStaysTheBestInTheNextFit) {
  const std::string path = io::JoinPath(TempPath("best"), "best");
  Sequential model = MakeModel(0.01);
  const auto save = callbacks::ModelCheckpoint({.filepath = path, .monitor = "loss", .save_best_only = true});
  ASSERT_TRUE(model.Fit(Data(), {.epochs = 3, .callbacks = {save}, .verbose = 0}).ok());
  const std::string best = *io::ReadFile(path + ".data-00000-of-00001");
  // From other weights the loss is worse again.
  auto worse = *model.GetWeights();
  for (float& w : worse.at("dense_1/kernel").values<float>()) w = -10 * w;
  ASSERT_EQ(model.SetWeights(worse), absl::OkStatus());
  ASSERT_TRUE(model.Fit(Data(), {.epochs = 1, .callbacks = {save}, .verbose = 0}).ok());
  EXPECT_TRUE(*io::ReadFile(path + ".data-00000-of-00001") == best);
}

TEST(ModelCheckpointTest, NamesWhatItCannotFillInBeforeTraining) {
  Sequential model = MakeModel();
  const auto history =
      model.Fit(Data(), {.callbacks = {callbacks::ModelCheckpoint({.filepath = "/nowhere/{val_loss}"})}, .verbose = 0});
  EXPECT_THAT(std::string(history.status().message()), HasSubstr("cannot fill in {val_loss}"));
  EXPECT_EQ(model.iterations(), 0);
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
  FitOptions options{.epochs = 3,
                     .callbacks = {callbacks::BackupAndRestore({.backup_dir = dir, .save_freq = 4}),
                                   std::make_shared<KillAt>(kill_at)},
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

// Trains `model` until it is "killed" after 15 updates, with a backup of the first epoch in `dir`.
absl::Status TrainAndKill(Model& model, const std::string& dir, std::vector<CallbackRef> callbacks = {}) {
  callbacks.push_back(callbacks::BackupAndRestore({.backup_dir = dir}));
  callbacks.push_back(std::make_shared<KillAt>(15));
  return model.Fit(Data(), {.epochs = 3, .callbacks = callbacks, .verbose = 0}).status();
}

TEST(BackupAndRestoreTest, RefusesTheBackupOfAnotherTraining) {
  const std::string dir = TempPath("other");
  const auto make = [](Optimizer optimizer, int units, int more = 0) {
    Sequential model({layers::InputLayer({kPixels}, {.name = "x"}), layers::Dense(units)});
    for (int i = 0; i < more; ++i) model.Add(layers::Dense(10));
    EXPECT_EQ(
        model.Compile({.optimizer = optimizer, .loss = losses::SparseCategoricalCrossentropy({.from_logits = true})}),
        absl::OkStatus());
    return model;
  };
  Sequential model = make(optimizers::SGD(), 10);
  ASSERT_EQ(TrainAndKill(model, dir).code(), absl::StatusCode::kAborted);
  const auto message = [&](Sequential other) {
    const auto history =
        other.Fit(Data(), {.epochs = 3, .callbacks = {callbacks::BackupAndRestore({.backup_dir = dir})}, .verbose = 0});
    EXPECT_EQ(history.status().code(), absl::StatusCode::kInvalidArgument) << history.status();
    EXPECT_TRUE(io::Exists(io::JoinPath(dir, "latest")));  // Nothing is lost.
    return std::string(history.status().message());
  };
  EXPECT_THAT(message(make(optimizers::Adam(), 10)), HasSubstr("the optimizer was SGD, is Adam"));
  EXPECT_THAT(message(make(optimizers::SGD({.momentum = 0.9}), 10)),
              HasSubstr("of another training: the optimizer's momentum was 0, is 0.9; remove " + dir));
  EXPECT_THAT(message(make(optimizers::SGD({.learning_rate = 0.001}), 10)),
              HasSubstr("of another training: the optimizer's learning_rate was 0.01, is 0.001; remove "));
  EXPECT_THAT(message(make(optimizers::SGD(), 12)),
              HasSubstr("layer \"dense\" was Dense, 170 parameters (MatMul, BiasAdd), is Dense, 204 parameters "));
  EXPECT_THAT(message(make(optimizers::SGD(), 10, 1)), HasSubstr("of another training: layer \"dense_1\" is new"));
  // The right one goes on.
  Sequential same = make(optimizers::SGD(), 10);
  const auto history =
      same.Fit(Data(), {.epochs = 3, .callbacks = {callbacks::BackupAndRestore({.backup_dir = dir})}, .verbose = 0});
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_THAT(history->epochs, ElementsAre(1, 2));
  // Fewer layers than the backup has.
  Sequential deep = make(optimizers::SGD(), 10, 1);
  ASSERT_EQ(TrainAndKill(deep, dir).code(), absl::StatusCode::kAborted);
  EXPECT_THAT(message(make(optimizers::SGD(), 10)), HasSubstr("of another training: layer \"dense_1\" is gone"));
}

TEST(BackupAndRestoreTest, OfADamagedBackupItIsSaidWhatToDo) {
  const std::string dir = TempPath("damaged");
  Sequential model = MakeModel();
  ASSERT_EQ(TrainAndKill(model, dir).code(), absl::StatusCode::kAborted);
  ASSERT_EQ(io::RemoveAll(io::JoinPath(dir, *io::ReadFile(io::JoinPath(dir, "latest"))) + ".index"), absl::OkStatus());
  Sequential again = MakeModel();
  EXPECT_THAT(std::string(TrainAndKill(again, dir).message()),
              ::testing::AllOf(HasSubstr("cannot be read"), HasSubstr("; remove " + dir + " to start anew")));
}

// What has the same variables, and means something else.
TEST(BackupAndRestoreTest, RefusesTheBackupOfATrainingThatOnlyLooksAlike) {
  struct Training {
    std::string activation = "relu";
    double dropout = 0.5;
    double l2 = 0;
    bool from_logits = true;
    bool trainable = true;
    bool crossed = false;
    std::vector<Metric> metrics = {"accuracy"};
    int64_t batch_size = 10;
    int64_t steps = 5;
    std::map<int64_t, double> class_weight;
    Optimizer optimizer = optimizers::Adam();
    std::vector<CallbackRef> callbacks = {callbacks::EarlyStopping({.monitor = "loss", .patience = 9})};
  };
  const auto run = [](const Training& training, const std::string& dir, int64_t kill_at = -1) {
    const KerasTensor x = Input({kPixels}, {.name = "x"});
    const LayerRef dense = layers::Dense(
        8, {.activation = training.activation, .kernel_regularizer = regularizers::L2(training.l2), .name = "body"});
    dense->set_trainable(training.trainable);
    const LayerRef a = layers::Dense(8, {.name = "a"}), b = layers::Dense(8, {.name = "b"});
    const KerasTensor h = training.crossed ? a(b(dense(x))) : b(a(dense(x)));
    Model model({x}, {layers::Dense(10, {.name = "head"})(layers::Dropout(training.dropout, {.name = "drop"})(h))});
    EXPECT_EQ(model.Compile({.optimizer = training.optimizer,
                             .loss = losses::SparseCategoricalCrossentropy({.from_logits = training.from_logits}),
                             .metrics = training.metrics}),
              absl::OkStatus());
    const Pictures pictures = MakePictures(100, kPixels, 1);
    const Dataset data = *Dataset::FromTensors({{"x", pictures.images}, {"y", pictures.labels}},
                                               {.batch_size = training.batch_size, .label_key = "y"});
    std::vector<CallbackRef> callbacks = training.callbacks;
    callbacks.push_back(callbacks::BackupAndRestore({.backup_dir = dir, .save_freq = 1}));
    callbacks.push_back(std::make_shared<KillAt>(kill_at));
    return model
        .Fit(data.Repeat(), {.epochs = 2,
                             .steps_per_epoch = training.steps,
                             .callbacks = callbacks,
                             .class_weight = training.class_weight,
                             .verbose = 0})
        .status();
  };
  const std::string dir = TempPath("alike");
  ASSERT_EQ(run({}, dir, 3).code(), absl::StatusCode::kAborted);
  const auto message = [&](const Training& training) {
    const absl::Status status = run(training, dir);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    const std::string text(status.message());
    const size_t begin = text.find("of another training: "), end = text.find("; remove " + dir + " to start anew");
    return begin == std::string::npos || end == std::string::npos ? text : text.substr(begin + 21, end - begin - 21);
  };
  EXPECT_EQ(
      message({.activation = "tanh"}),
      "layer \"body\" was Dense, 136 parameters (MatMul, BiasAdd, Relu), is Dense, 136 parameters (MatMul, BiasAdd, "
      "Tanh)");
  EXPECT_EQ(message({.dropout = 0.2}), "layer \"drop\": other options");
  EXPECT_THAT(message({.l2 = 0.5}), HasSubstr("is Dense, 136 parameters, l2 of kernel 0.5 (MatMul"));
  EXPECT_THAT(message({.trainable = false}), HasSubstr("is Dense, 136 parameters, not trainable (MatMul"));
  const std::string unseen = "connections of layers, losses, metrics, constraints or updates: other options";
  EXPECT_EQ(message({.from_logits = false}), unseen);
  EXPECT_EQ(message({.crossed = true}), unseen);
  EXPECT_EQ(message({.metrics = {"accuracy", "sparse_top_k_categorical_accuracy"}}),
            "what is logged was loss, accuracy, is loss, accuracy, sparse_top_k_categorical_accuracy");
  EXPECT_EQ(message({.batch_size = 20}), "the batch size was 10, is 20");
  EXPECT_EQ(message({.steps = 6}), "the number of steps of an epoch was 5, is 6");
  EXPECT_EQ(message({.class_weight = {{0, 1}, {3, 2.5}}}), "class_weight of output \"head\" is new");
  EXPECT_EQ(message({.optimizer = optimizers::Adam({.beta_1 = 0.5, .clipnorm = 1})}),
            "the optimizer's beta_1 was 0.9, is 0.5; the optimizer's clipnorm was 0, is 1");
  EXPECT_THAT(message({.optimizer = optimizers::Adam({.learning_rate = schedules::CosineDecay({})})}),
              HasSubstr("the optimizer's learning_rate was 0.001, is a schedule (0.001, "));
  EXPECT_EQ(message({.callbacks = {callbacks::TerminateOnNaN(), callbacks::EarlyStopping({.monitor = "loss"})}}),
            "callback 1 (EarlyStoppingCallback) is gone; callback 2 (EarlyStoppingCallback) is new");
  EXPECT_EQ(message({.callbacks = {}}), "callback 1 (EarlyStoppingCallback) is gone");
  EXPECT_EQ(message({.callbacks = {callbacks::EarlyStopping({.monitor = "loss"}),
                                   callbacks::ReduceLROnPlateau({.monitor = "loss"})}}),
            "callback 2 (ReduceLROnPlateauCallback) is new");
  // As it was, it goes on.
  EXPECT_EQ(run({}, dir), absl::OkStatus());
  EXPECT_FALSE(io::Exists(dir));
}

// Before there is anything to lose.
TEST(CallbacksTest, FoldersThatCannotBeWrittenAreFoundBeforeTraining) {
  const std::string file = io::JoinPath(TempPath("unwritable"), "file"), inside = io::JoinPath(file, "a/b");
  ASSERT_EQ(io::WriteFile(file, "not a folder"), absl::OkStatus());
  const Dataset validation = Data();
  const auto message = [&](const CallbackRef& callback) {
    Sequential model = MakeModel();
    const auto history = model.Fit(Data(), {.validation_data = &validation, .callbacks = {callback}, .verbose = 0});
    EXPECT_EQ(model.iterations(), 0);
    return std::string(history.status().message());
  };
  EXPECT_THAT(message(callbacks::ModelCheckpoint({.filepath = inside})),
              ::testing::AllOf(HasSubstr("ModelCheckpoint: "), HasSubstr(file)));
  EXPECT_THAT(message(callbacks::ModelCheckpoint({.filepath = file + "/{epoch}/w"})), HasSubstr("ModelCheckpoint: "));
  EXPECT_THAT(message(callbacks::CSVLogger(inside)), ::testing::AllOf(HasSubstr("CSVLogger: "), HasSubstr(file)));
  EXPECT_THAT(message(callbacks::BackupAndRestore({.backup_dir = inside})), HasSubstr("BackupAndRestore: "));
  EXPECT_THAT(message(callbacks::TensorBoard({.log_dir = inside})), HasSubstr(file));
  const std::string logs = TempPath("logs");
  ASSERT_EQ(io::WriteFile(io::JoinPath(logs, "validation"), "not a folder"), absl::OkStatus());
  EXPECT_THAT(message(callbacks::TensorBoard({.log_dir = logs})), HasSubstr("TensorBoard: "));
}

TEST(BackupAndRestoreTest, TheBestWeightsAreThereAfterAKillThatTookTheirFolder) {
  const std::string root = TempPath("took");
  const auto best = [&](const std::string& run) {  // The loss falls, so the first epoch has the largest.
    return callbacks::ModelCheckpoint({.filepath = io::JoinPath(root, run, "best_{epoch}"),
                                       .monitor = "loss",
                                       .save_best_only = true,
                                       .mode = "max"});
  };
  Sequential model = MakeModel(0.01);
  ASSERT_EQ(TrainAndKill(model, io::JoinPath(root, "backup"), {best("run_1")}).code(), absl::StatusCode::kAborted);
  const std::string weights = *io::ReadFile(io::JoinPath(root, "run_1/best_1.data-00000-of-00001"));
  ASSERT_EQ(io::RemoveAll(io::JoinPath(root, "run_1")), absl::OkStatus());
  Sequential again = MakeModel(0.01);
  const auto history = again.Fit(
      Data(), {.epochs = 3,
               .callbacks = {best("run_2"), callbacks::BackupAndRestore({.backup_dir = io::JoinPath(root, "backup")})},
               .verbose = 0});
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_TRUE(*io::ReadFile(io::JoinPath(root, "run_2/best_1.data-00000-of-00001")) == weights);
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
