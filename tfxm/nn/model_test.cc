// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tensorflow/core/util/event.pb.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/nn/nn.h"
#include "tfxm/nn/test_util.h"
#include "tfxm/ops/ops.h"
#include "tfxm/saved_model/saved_model.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"

namespace tfxm::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kPixels = 49;

// The guide's model, on smaller pictures.
Sequential BuildMnistModel() {
  Sequential model;
  model.Add(layers::InputLayer({kPixels}, {.name = "image_floats_xf"}));
  model.Add(layers::Dense(64, {.activation = "relu"}));
  model.Add(layers::Dropout(0.2));
  model.Add(layers::Dense(64, {.activation = "relu"}));
  model.Add(layers::Dropout(0.2));
  model.Add(layers::Dense(10));
  return model;
}

absl::Status CompileMnistModel(Model& model) {
  return model.Compile({.optimizer = optimizers::RMSprop({.learning_rate = 0.0015}),
                        .loss = losses::SparseCategoricalCrossentropy({.from_logits = true}),
                        .metrics = {"sparse_categorical_accuracy"}});
}

Dataset MnistData(int64_t n, uint64_t seed, bool shuffle = true) {
  Pictures pictures = MakePictures(n, kPixels, seed);
  auto data = Dataset::FromTensors({{"image_floats_xf", pictures.images}, {"image_class_xf", pictures.labels}},
                                   {.batch_size = 40, .label_key = "image_class_xf", .shuffle = shuffle});
  return *data;
}

std::string TempPath(const std::string& name) {
  static const TempDir dir;
  const std::string path = dir / name;
  io::RemoveAll(path).IgnoreError();
  return path;
}

std::vector<tensorflow::Event> ReadEvents(const std::string& dir) {
  std::vector<tensorflow::Event> events;
  auto files = io::Glob(io::JoinPath(dir, "events.out.tfevents.*.v2"));
  EXPECT_TRUE(files.ok() && files->size() == 1) << dir;
  EXPECT_TRUE(data::ForEachRecord(*files, [&](absl::string_view record) {
                return events.emplace_back().ParseFromString(record) ? absl::OkStatus()
                                                                     : absl::InternalError("no Event");
              }).ok());
  return events;
}

TEST(ModelTest, TheGuidesModelLearns) {
  Sequential model = BuildMnistModel();
  ASSERT_EQ(CompileMnistModel(model), absl::OkStatus());
  const Dataset train = MnistData(1000, 1).Repeat(), eval = MnistData(400, 2).Repeat();
  auto history =
      model.Fit(train, {.steps_per_epoch = 200, .validation_data = &eval, .validation_steps = 10, .verbose = 0});
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_GT(history->history.at("val_sparse_categorical_accuracy")[0], 0.95);
  EXPECT_LT(history->history.at("val_loss")[0], 0.3);
  EXPECT_LT(history->history.at("val_loss")[0], history->history.at("loss")[0]);
  EXPECT_EQ(model.iterations(), 200);
}

TEST(ModelTest, TheSameSeedGivesTheSameWeights) {
  const auto train = [](uint64_t seed) {
    SetRandomSeed(seed);
    Sequential model = BuildMnistModel();
    EXPECT_EQ(CompileMnistModel(model), absl::OkStatus());
    EXPECT_TRUE(model.Fit(MnistData(200, 1).Repeat(), {.steps_per_epoch = 20, .verbose = 0}).ok());
    SetRandomSeed(0);
    return FloatValues(model.GetWeights()->at("dense_1/kernel"));
  };
  const std::vector<float> first = train(5);
  EXPECT_EQ(first, train(5));
  EXPECT_NE(first, train(6));
}

// A loss that is the prediction itself, to see it in the logs.
Loss Prediction() {
  return Loss("prediction", [](const ops::Tensor& y_true, const ops::Tensor& y_pred) { return y_pred; });
}

TEST(ModelTest, DropoutChangesFromStepToStepAndIsOffInEvaluation) {
  Sequential model({layers::InputLayer({1000}), layers::Dropout(0.25)});
  ASSERT_EQ(model.Compile({.optimizer = "sgd", .loss = Prediction()}), absl::OkStatus());
  Batch batch;
  batch.features["x"] = Floats({1, 1000}, std::vector<float>(1000, 1));
  batch.labels[""] = Floats({1}, {0});
  const double first = model.TrainOnBatch(batch)->at(0).second, second = model.TrainOnBatch(batch)->at(0).second;
  EXPECT_NE(first, second);
  EXPECT_NEAR(first, 1, 0.1);  // What is kept is scaled up.
  EXPECT_NEAR(second, 1, 0.1);
  EXPECT_FLOAT_EQ(model.TestOnBatch(batch)->at(0).second, 1);
}

// `loss` of what `layer` makes of `x`, in training and in evaluation.
std::pair<double, double> TrainAndTest(const LayerRef& layer, const Tensor& x,
                                       const std::function<ops::Tensor(const ops::Tensor& y_pred)>& loss) {
  const Loss of_prediction("of_prediction",
                           [&](const ops::Tensor&, const ops::Tensor& y_pred) { return loss(y_pred); });
  Sequential model({layers::InputLayer(Shape(x.shape().begin() + 1, x.shape().end())), layer});
  EXPECT_EQ(model.Compile({.optimizer = "sgd", .loss = of_prediction}), absl::OkStatus());
  Batch batch;
  batch.features["x"] = x;
  batch.labels[""] = Floats({1}, {0});
  return {model.TrainOnBatch(batch)->at(0).second, model.TestOnBatch(batch)->at(0).second};
}

TEST(ModelTest, SpatialDropout1DDropsAFeatureAtAllSteps) {
  const Tensor ones = Floats({1, 5, 200}, std::vector<float>(1000, 1));
  const auto changes = [](const ops::Tensor& y) {
    return ops::ReduceSum(ops::Abs(y - ops::Slice(y, {0, 0, 0}, {-1, 1, -1})), {1, 2});
  };
  EXPECT_EQ(TrainAndTest(layers::SpatialDropout1D(0.5), ones, changes).first, 0);
  EXPECT_GT(TrainAndTest(layers::Dropout(0.5), ones, changes).first, 0);  // Which drops single numbers.
  const auto mean = [](const ops::Tensor& y) { return ops::ReduceMean(y, {1, 2}); };
  const auto [train, test] = TrainAndTest(layers::SpatialDropout1D(0.5), ones, mean);
  EXPECT_NEAR(train, 1, 0.3);
  EXPECT_NE(train, 1);
  EXPECT_EQ(test, 1);
}

TEST(ModelTest, GaussianNoiseHasItsStandardDeviationInTrainingOnly) {
  const Tensor zeros = Floats({1, 10000}, std::vector<float>(10000, 0));
  const auto square = [](const ops::Tensor& y) { return ops::ReduceMean(ops::Square(y), {1}); };
  const auto [train, test] = TrainAndTest(layers::GaussianNoise(0.5), zeros, square);
  EXPECT_NEAR(train, 0.25, 0.02);
  EXPECT_EQ(test, 0);
  EXPECT_NEAR(
      TrainAndTest(layers::GaussianNoise(0.5), zeros, [](const auto& y) { return ops::ReduceMean(y, {1}); }).first, 0,
      0.03);
}

TEST(ModelTest, LossesAndMetricsOfAnEpochAreThoseOfAllItsExamples) {
  Sequential model({layers::InputLayer({1}), layers::Dense(1, {.kernel_initializer = "ones"})});
  ASSERT_EQ(model.Compile({.optimizer = optimizers::SGD({.learning_rate = 0.0}), .loss = "mse", .metrics = {"mae"}}),
            absl::OkStatus());
  // Two batches, of 2 and of 1.
  const Dataset data = *Dataset::FromTensors({{"x", Floats({3, 1}, {1, 2, 3})}, {"y", Floats({3, 1}, {0, 0, 0})}},
                                             {.batch_size = 2, .label_key = "y", .shuffle = false});
  auto history = model.Fit(data, {.verbose = 0});
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_NEAR(history->history.at("loss")[0], (1 + 4 + 9) / 3.0, 1e-6);
  EXPECT_NEAR(history->history.at("mae")[0], 2, 1e-6);
  const auto logs = model.Evaluate(data);
  ASSERT_TRUE(logs.ok());
  EXPECT_NEAR(FindLog(*logs, "loss").value(), (1 + 4 + 9) / 3.0, 1e-6);
}

TEST(ModelTest, ClassAndSampleWeightsMultiply) {
  Sequential model({layers::InputLayer({1}), layers::Dense(1, {.kernel_initializer = "ones"})});
  ASSERT_EQ(
      model.Compile({.optimizer = optimizers::SGD({.learning_rate = 0.0}),
                     .loss = Prediction(),
                     .metrics = {metrics::Mean("plain", [](const ops::Tensor&, const ops::Tensor& p) { return p; })},
                     .weighted_metrics = {metrics::Mean("weighted",
                                                        [](const ops::Tensor&, const ops::Tensor& p) { return p; })}}),
      absl::OkStatus());
  const Dataset data =
      *Dataset::FromTensors({{"x", Floats({2, 1}, {1, 10})}, {"y", Ints({2}, {0, 1})}, {"w", Floats({2}, {3, 1})}},
                            {.batch_size = 2, .label_key = "y", .weight_key = "w", .shuffle = false});
  auto history = model.Fit(data, {.class_weight = {{1, 5.0}}, .verbose = 0});
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_NEAR(history->history.at("loss")[0], (1 * 3 + 10 * 5) / 2.0, 1e-5);  // Over the number of examples.
  EXPECT_NEAR(history->history.at("plain")[0], 5.5, 1e-5);
  EXPECT_NEAR(history->history.at("weighted")[0], (1 * 3 + 10 * 5) / 8.0, 1e-5);  // Over the weights.
}

TEST(ModelTest, MetricsOfOneNameAreToldApart) {
  Sequential model({layers::InputLayer({1}), layers::Dense(1, {.kernel_initializer = "ones"})});
  ASSERT_EQ(model.Compile({.loss = "mse", .metrics = {"mae", "mae"}, .weighted_metrics = {"mae"}}), absl::OkStatus());
  Batch batch;
  batch.features["x"] = Floats({2, 1}, {1, 3});
  batch.labels[""] = Floats({2, 1}, {0, 0});
  batch.weight = Floats({2}, {1, 0});
  const auto logs = model.TestOnBatch(batch);
  ASSERT_TRUE(logs.ok()) << logs.status();
  EXPECT_EQ(FindLog(*logs, "mae"), 2);
  EXPECT_EQ(FindLog(*logs, "mae_1"), 2);
  EXPECT_EQ(FindLog(*logs, "weighted_mae"), 1);
}

TEST(ModelTest, ClassWeightsOfSeveralOutputsAreRefused) {
  const KerasTensor x = Input({1}, {.name = "x"});
  Model model({x}, {layers::Dense(1, {.name = "a"})(x), layers::Dense(1, {.name = "b"})(x)});
  ASSERT_EQ(model.Compile({.loss = "mse"}), absl::OkStatus());
  const Dataset data =
      *Dataset::FromTensors({{"x", Floats({2, 1}, {1, 2})}, {"a", Floats({2}, {0, 1})}, {"b", Floats({2}, {0, 1})}},
                            {.label_keys = {"a", "b"}});
  EXPECT_THAT(std::string(model.Fit(data, {.class_weight = {{1, 2.0}}}).status().message()), HasSubstr("weight_key"));
}

TEST(ModelTest, FunctionalModelsHaveSeveralInputsAndOutputs) {
  const KerasTensor a = Input({2}, {.name = "a"}), b = Input({2}, {.name = "b"});
  const LayerRef shared = layers::Dense(3, {.name = "shared"});
  const KerasTensor x = shared(a), y = shared(b);
  EXPECT_EQ(x.shape(), (Shape{-1, 3}));
  Model model({a, b}, {layers::Dense(1, {.name = "sum"})(x), layers::Dense(2, {.name = "kind"})(y)});
  ASSERT_EQ(model.status(), absl::OkStatus());
  EXPECT_EQ(model.CountParams(), 2 * 3 + 3 + 3 + 1 + 3 * 2 + 2);
  ASSERT_EQ(
      model.Compile({.optimizer = "adam",
                     .losses = {{"sum", "mse"}, {"kind", losses::SparseCategoricalCrossentropy({.from_logits = true})}},
                     .loss_weights = {{"kind", 0.5}},
                     .output_metrics = {{"kind", {"accuracy"}}, {"sum", {}}}}),
      absl::OkStatus());
  const Dataset data = *Dataset::FromTensors({{"a", Floats({2, 2}, {1, 2, 3, 4})},
                                              {"b", Floats({2, 2}, {4, 3, 2, 1})},
                                              {"sum", Floats({2}, {3, 7})},
                                              {"kind", Ints({2}, {0, 1})}},
                                             {.batch_size = 2, .label_keys = {"sum", "kind"}});
  const auto logs = model.Evaluate(data);
  ASSERT_TRUE(logs.ok()) << logs.status();
  std::vector<std::string> names;
  for (const auto& [name, value] : *logs) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("loss", "sum_loss", "kind_loss", "kind_accuracy"));
  EXPECT_NEAR((*logs)[0].second, (*logs)[1].second + 0.5 * (*logs)[2].second, 1e-5);
  ASSERT_TRUE(model.Fit(data, {.epochs = 3, .verbose = 0}).ok());
  const auto outputs = model.Predict({{"a", Floats({1, 2}, {1, 2})}, {"b", Floats({1, 2}, {1, 2})}});
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  EXPECT_EQ((*outputs)[0].shape(), (Shape{1, 1}));
  EXPECT_EQ((*outputs)[1].shape(), (Shape{1, 2}));
}

class Scale : public Layer {
 public:
  Scale() : Layer("Scale") {}
  absl::Status Build(const std::vector<Shape>& input_shapes) override {
    factor_ = AddWeight("factor", {input_shapes[0].back()}, {.initializer = "ones"});
    return absl::OkStatus();
  }
  ops::Tensor Call(CallContext& context, const std::vector<ops::Tensor>& inputs) override {
    return inputs[0] * context.Read(factor_);
  }

 private:
  const Weight* factor_ = nullptr;
};

TEST(ModelTest, LayersOfOnesOwnTrain) {
  Sequential model({layers::InputLayer({2}), MakeLayer<Scale>()});
  ASSERT_EQ(model.Compile({.optimizer = optimizers::SGD({.learning_rate = 0.5}), .loss = Prediction()}),
            absl::OkStatus());
  Batch batch;
  batch.features["x"] = Floats({1, 2}, {1, 3});
  batch.labels[""] = Floats({1}, {0});
  ASSERT_TRUE(model.TrainOnBatch(batch).ok());
  // The loss is the mean of both products.
  EXPECT_THAT(FloatValues(model.GetWeights()->at("scale/factor")), ElementsAre(1 - 0.5 * 0.5, 1 - 0.5 * 1.5));
}

TEST(ModelTest, FrozenLayersKeepTheirWeights) {
  Sequential model = BuildMnistModel();
  ASSERT_EQ(model.status(), absl::OkStatus());
  model.GetLayer("dense")->set_trainable(false);
  ASSERT_EQ(CompileMnistModel(model), absl::OkStatus());
  const auto before = *model.GetWeights();
  ASSERT_TRUE(model.Fit(MnistData(40, 1), {.verbose = 0}).ok());
  const auto after = *model.GetWeights();
  EXPECT_EQ(FloatValues(before.at("dense/kernel")), FloatValues(after.at("dense/kernel")));
  EXPECT_NE(FloatValues(before.at("dense_1/kernel")), FloatValues(after.at("dense_1/kernel")));
}

TEST(ModelTest, SummaryCountsParameters) {
  const std::string summary = BuildMnistModel().Summary();
  EXPECT_THAT(summary, HasSubstr("dense_1 (Dense)                 [None, 64]                 4160"));
  EXPECT_THAT(summary, HasSubstr("Total params: 8010"));
}

TEST(ModelTest, ErrorsSayWhichLayerAndWhy) {
  Sequential unknown({layers::InputLayer({4}), layers::Dense(3, {.activation = "rellu"})});
  EXPECT_THAT(std::string(unknown.status().message()),
              HasSubstr("no activation is called \"rellu\"; did you mean \"relu\""));
  Sequential no_input({layers::Dense(3)});
  EXPECT_THAT(std::string(no_input.status().message()), HasSubstr("InputLayer"));
  Sequential wrong_shape({layers::InputLayer({4}), layers::Reshape({3, 2})});
  EXPECT_THAT(std::string(wrong_shape.status().message()), HasSubstr("layer Reshape on [None, 4]"));

  Sequential model = BuildMnistModel();
  EXPECT_THAT(std::string(model.Compile({.loss = "spare_categorical_crossentropy"}).message()),
              HasSubstr("did you mean"));
}

TEST(ModelTest, DataThatDoesNotFitIsExplained) {
  Sequential model = BuildMnistModel();
  ASSERT_EQ(CompileMnistModel(model), absl::OkStatus());
  const auto fit = [&](std::map<std::string, Tensor> tensors, std::string label_key) {
    auto data = Dataset::FromTensors(std::move(tensors), {.batch_size = 1, .label_key = label_key});
    return std::string(model.Fit(*data, {.verbose = 0}).status().message());
  };
  EXPECT_THAT(fit({{"image_floats_xf", Tensor(DataType::kFloat, {1, 5})}, {"y", Ints({1}, {0})}}, "y"),
              HasSubstr("input \"image_floats_xf\" is float32[None, 49], the data has float32[1, 5]"));
  EXPECT_THAT(
      fit({{"a", Tensor(DataType::kFloat, {1, 49})}, {"b", Tensor(DataType::kFloat, {1, 49})}, {"y", Ints({1}, {0})}},
          "y"),
      HasSubstr("no feature \"image_floats_xf\" for the model's input; it has: a, b"));
  EXPECT_THAT(fit({{"image_floats_xf", Tensor(DataType::kFloat, {1, 49})}, {"y", Ints({1}, {0})}}, "z"),
              HasSubstr("no feature \"z\""));
  EXPECT_THAT(fit({{"image_floats_xf", Tensor(DataType::kFloat, {1, 49})}, {"y", Ints({1}, {11})}}, "y"),
              HasSubstr("11"));
}

TEST(ModelTest, TensorBoardFilesHoldWhatKerasWrites) {
  const std::string dir = TempPath("logs");
  Sequential model = BuildMnistModel();
  ASSERT_EQ(CompileMnistModel(model), absl::OkStatus());
  const Dataset train = MnistData(80, 1), eval = MnistData(40, 2);
  auto history = model.Fit(
      train,
      {.epochs = 2, .validation_data = &eval, .callbacks = {callbacks::TensorBoard({.log_dir = dir})}, .verbose = 0});
  ASSERT_TRUE(history.ok()) << history.status();
  const auto events = ReadEvents(io::JoinPath(dir, "train"));
  EXPECT_EQ(events[0].file_version(), "brain.Event:2");
  std::map<std::string, std::vector<float>> values;
  for (const tensorflow::Event& event : events) {
    for (const auto& value : event.summary().value()) {
      if (value.metadata().plugin_data().plugin_name() == "scalars")
        values[value.tag()].push_back(value.tensor().float_val(0));
    }
  }
  EXPECT_THAT(values.at("epoch_loss"), ElementsAre(static_cast<float>(history->history.at("loss")[0]),
                                                   static_cast<float>(history->history.at("loss")[1])));
  EXPECT_EQ(values.count("epoch_sparse_categorical_accuracy"), 1);
  std::vector<std::string> tags;
  for (const tensorflow::Event& event : ReadEvents(io::JoinPath(dir, "validation"))) {
    for (const auto& value : event.summary().value()) tags.push_back(absl::StrCat(value.tag(), "@", event.step()));
  }
  EXPECT_THAT(tags,
              ElementsAre("evaluation_loss_vs_iterations@2", "evaluation_sparse_categorical_accuracy_vs_iterations@2",
                          "epoch_loss@0", "epoch_sparse_categorical_accuracy@0", "evaluation_loss_vs_iterations@4",
                          "evaluation_sparse_categorical_accuracy_vs_iterations@4", "epoch_loss@1",
                          "epoch_sparse_categorical_accuracy@1"));
}

TEST(ModelTest, TensorBoardFilesAreWholeAfterAKillThatTookTheirFolder) {
  const std::string dir = TempPath("tensorboard_killed");
  const auto fit = [&](const std::string& logs, int64_t kill_at) {
    Sequential model = BuildMnistModel();
    EXPECT_EQ(CompileMnistModel(model), absl::OkStatus());
    const Dataset eval = MnistData(40, 2);
    const auto history = model.Fit(
        MnistData(80, 1), {.epochs = 3,
                           .validation_data = &eval,
                           .callbacks = {callbacks::TensorBoard({.log_dir = io::JoinPath(dir, logs)}),
                                         callbacks::BackupAndRestore({.backup_dir = io::JoinPath(dir, "backup")}),
                                         std::make_shared<KillAt>(kill_at)},
                           .verbose = 0});
    EXPECT_EQ(history.ok(), kill_at < 0) << history.status();
  };
  fit("first", 5);  // In the third epoch.
  fit("second", -1);
  for (const char* part : {"train", "validation"}) {
    std::vector<int64_t> epochs;
    for (const tensorflow::Event& event : ReadEvents(io::JoinPath(dir, "second", part))) {
      for (const auto& value : event.summary().value()) {
        if (value.tag() == "epoch_loss") epochs.push_back(event.step());
      }
    }
    EXPECT_THAT(epochs, ElementsAre(0, 1, 2)) << part;
  }
}

TEST(ModelTest, SavedModelsGiveTheSamePredictions) {
  Sequential model = BuildMnistModel();
  ASSERT_EQ(CompileMnistModel(model), absl::OkStatus());
  ASSERT_TRUE(model.Fit(MnistData(200, 1), {.verbose = 0}).ok());
  const Tensor images = MakePictures(5, kPixels, 3).images;
  const auto predicted = model.Predict({{"image_floats_xf", images}});
  ASSERT_TRUE(predicted.ok()) << predicted.status();

  const std::string dir = TempPath("saved_model");
  const Function serve{{{"examples", DataType::kString, {-1}}},
                       [&](FunctionContext& context) -> absl::StatusOr<NamedTensors> {
                         const auto parsed = ops::ParseExample(context.input("examples"), {{"image", {{kPixels}}}});
                         return model.Call(context, {{"image_floats_xf", parsed.dense.at("image")}});
                       }};
  const absl::Status saved = model.Save(dir, {{"serving_default", model.DefaultFunction()}, {"serve_examples", serve}});
  ASSERT_EQ(saved, absl::OkStatus());
  auto loaded = SavedModel::Load(dir);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const auto outputs = (*loaded)->Run(**(*loaded)->FindSignature("serving_default"), {{"image_floats_xf", images}});
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  const std::vector<float> expected = FloatValues((*predicted)[0]), actual = FloatValues(outputs->at("output_0"));
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-5);
  EXPECT_TRUE((*loaded)->FindSignature("serve_examples").ok());
}

TEST(ModelTest, NamedOutputsAreTheSignatures) {
  const KerasTensor x = Input({2}, {.name = "x"});
  Model model({x}, {{"kind", layers::Dense(3)(x)}, {"amount", layers::Dense(1)(x)}});
  ASSERT_EQ(
      model.Compile({.optimizer = "sgd", .losses = {{"kind", "sparse_categorical_crossentropy"}, {"amount", "mse"}}}),
      absl::OkStatus());
  const Dataset data = *Dataset::FromTensors(
      {{"x", Floats({2, 2}, {1, 2, 3, 4})}, {"kind", Ints({2}, {0, 2})}, {"amount", Floats({2}, {1, 2})}},
      {.batch_size = 2, .label_keys = {"kind", "amount"}});
  const auto history = model.Fit(data, {.verbose = 0});
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_EQ(history->history.count("amount_loss"), 1);
  const std::string dir = TempPath("named_outputs");
  ASSERT_EQ(model.Save(dir), absl::OkStatus());
  auto loaded = SavedModel::Load(dir);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const auto outputs =
      (*loaded)->Run(**(*loaded)->FindSignature("serving_default"), {{"x", Floats({2, 2}, {1, 2, 3, 4})}});
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  EXPECT_EQ(outputs->at("kind").shape(), (Shape{2, 3}));
  EXPECT_EQ(outputs->at("amount").shape(), (Shape{2, 1}));
  const auto quantized = QuantizeModel(model);
  ASSERT_TRUE(quantized.ok()) << quantized.status();
  EXPECT_THAT(quantized->output_names(), ElementsAre("kind", "amount"));
}

TEST(ModelTest, WeightsAreSavedAndLoaded) {
  Sequential model = BuildMnistModel();
  const std::string path = TempPath("checkpoint/weights");
  ASSERT_EQ(model.SaveWeights(path), absl::OkStatus());
  SetRandomSeed(9);
  Sequential other = BuildMnistModel();
  ASSERT_EQ(other.status(), absl::OkStatus());
  SetRandomSeed(0);
  EXPECT_NE(FloatValues(other.GetWeights()->at("dense/kernel")), FloatValues(model.GetWeights()->at("dense/kernel")));
  ASSERT_EQ(other.LoadWeights(path), absl::OkStatus());
  EXPECT_EQ(FloatValues(other.GetWeights()->at("dense/kernel")), FloatValues(model.GetWeights()->at("dense/kernel")));
  EXPECT_EQ(other.LoadWeights(TempPath("nothing")).code(), absl::StatusCode::kNotFound);
}

TEST(ModelTest, FoldersMayHaveNamesThatArePatterns) {
  Sequential model = BuildMnistModel();
  const std::string weights = TempPath("a[b]*c?d/weights"), saved_model = TempPath("a[b]*c?d/model");
  ASSERT_EQ(model.SaveWeights(weights), absl::OkStatus());
  ASSERT_EQ(model.Save(saved_model), absl::OkStatus());
  EXPECT_TRUE(SavedModel::Load(saved_model).ok());
  for (const std::string& path : {weights, saved_model}) {
    SetRandomSeed(9);
    Sequential other = BuildMnistModel();
    ASSERT_EQ(other.status(), absl::OkStatus());
    SetRandomSeed(0);
    ASSERT_EQ(other.LoadWeights(path), absl::OkStatus());
    EXPECT_EQ(FloatValues(other.GetWeights()->at("dense/kernel")), FloatValues(model.GetWeights()->at("dense/kernel")));
  }
}

TEST(ModelTest, NamesOfOutputs) {
  const KerasTensor x = Input({2}, {.name = "x"});
  const KerasTensor a = layers::Dense(1)(x), b = layers::Dense(2)(x);
  Model twice({x}, {{"a", a}, {"a", b}});
  EXPECT_THAT(std::string(twice.status().message()), HasSubstr("two outputs are called \"a\""));
  Model model({x}, {{"amount", a}, {"kind", b}});
  ASSERT_EQ(model.status(), absl::OkStatus());
  EXPECT_THAT(model.output_names(), ElementsAre("amount", "kind"));
  ASSERT_EQ(model.Compile({.losses = {{"amount", "mse"}, {"kind", "mse"}}}), absl::OkStatus());
}

}  // namespace
}  // namespace tfxm::nn
