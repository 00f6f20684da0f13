// SPDX-License-Identifier: Apache-2.0

// What is wrong with data, labels or options is said once and clearly, before there is a training to lose.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <tuple>

#include "tfxm/nn/nn.h"
#include "tfxm/nn/test_util.h"
#include "tfxm/ops/ops.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"

namespace tfxm::nn {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Tensor Zeros(const Shape& shape, DataType dtype = DataType::kFloat) { return Tensor(dtype, shape); }

// A model of one output, "out".
Model OneOutput(int units, Loss loss, std::vector<Metric> metrics = {}) {
  const KerasTensor x = Input({2}, {.name = "x"});
  Model model({x}, {layers::Dense(units, {.name = "out"})(x)});
  EXPECT_EQ(model.Compile({.loss = loss, .metrics = metrics}), absl::OkStatus());
  return model;
}

Batch Four(Tensor labels) { return {.features = {{"x", Zeros({4, 2})}}, .labels = {{"", std::move(labels)}}}; }

std::string TrainMessage(Model model, Tensor labels) {
  const auto logs = model.TrainOnBatch(Four(std::move(labels)));
  EXPECT_EQ(model.iterations(), logs.ok() ? 1 : 0);
  return std::string(logs.status().message());
}

TEST(BadInputTest, LabelsOfTheWrongShape) {
  const std::string sparse = "sparse_categorical_crossentropy", categorical = "categorical_crossentropy";
  EXPECT_THAT(TrainMessage(OneOutput(3, sparse), Zeros({4, 3})),
              AllOf(HasSubstr("loss sparse_categorical_crossentropy of output \"out\""),
                    HasSubstr("labels are float32[None, 3], the output is float32[None, 3]"),
                    HasSubstr("one-hot labels are for categorical_crossentropy")));
  EXPECT_THAT(TrainMessage(OneOutput(3, categorical), Zeros({4}, DataType::kInt64)),
              AllOf(HasSubstr("loss categorical_crossentropy of output \"out\""), HasSubstr("int64[None]"),
                    HasSubstr("class numbers are for sparse_categorical_crossentropy")));
  EXPECT_THAT(TrainMessage(OneOutput(3, "mse"), Zeros({4, 2})),
              AllOf(HasSubstr("loss mse of output \"out\""), HasSubstr("labels are float32[None, 2]")));
  EXPECT_THAT(TrainMessage(OneOutput(1, "mse"), Zeros({4, 2})), HasSubstr("output \"out\""));
  EXPECT_THAT(TrainMessage(OneOutput(1, "mse"), Zeros({3, 1})),
              HasSubstr("labels of output \"out\" are float32[3, 1] for 4 examples"));
  EXPECT_EQ(TrainMessage(OneOutput(1, "mse"), Zeros({4})), "");
  EXPECT_EQ(TrainMessage(OneOutput(3, sparse), Zeros({4, 1}, DataType::kInt32)), "");

  // A custom loss takes what it likes; then the metric is what does not fit.
  const Loss own("own", [](const ops::Tensor&, const ops::Tensor& y_pred) { return y_pred; });
  EXPECT_THAT(TrainMessage(OneOutput(3, own, {"sparse_categorical_accuracy"}), Zeros({4, 3})),
              HasSubstr("metric sparse_categorical_accuracy of output \"out\""));

  const KerasTensor image = Input({8, 8, 1}, {.name = "x"});
  Model model({image}, {layers::Dense(3, {.name = "kind"})(layers::Conv2D(2, 3)(image))});
  ASSERT_EQ(model.Compile({.loss = sparse}), absl::OkStatus());
  const Dataset data = *Dataset::FromTensors({{"x", Zeros({4, 8, 8, 1})}, {"y", Zeros({4}, DataType::kInt64)}},
                                             {.batch_size = 2, .label_key = "y"});
  EXPECT_THAT(
      std::string(model.Fit(data, {.verbose = 0}).status().message()),
      AllOf(HasSubstr("output \"kind\""), HasSubstr("labels are int64[None], the output is float32[None, 6, 6, 3]"),
            HasSubstr("is a Flatten or GlobalAveragePooling2D missing")));
}

TEST(BadInputTest, LabelsOfTheWrongTypeOrRange) {
  EXPECT_THAT(TrainMessage(OneOutput(3, "sparse_categorical_crossentropy"), Zeros({4}, DataType::kString)),
              AllOf(HasSubstr("output \"out\""), HasSubstr("labels are string[None]")));
  EXPECT_THAT(TrainMessage(OneOutput(1, "mse"), Zeros({4}, DataType::kString)), HasSubstr("labels are string[None]"));
  EXPECT_THAT(
      TrainMessage(OneOutput(3, "sparse_categorical_crossentropy"), Ints({4}, {0, 1, 3, 2})),
      HasSubstr("label 3 of output \"out\" is out of range: loss sparse_categorical_crossentropy takes the numbers "
                "of classes, 0 to 2 (the output has 3)"));
  EXPECT_THAT(TrainMessage(OneOutput(3, losses::SparseCategoricalCrossentropy({.from_logits = true})),
                           Ints({4}, {0, 1, -1, 2})),
              HasSubstr("label -1 of output \"out\""));
  EXPECT_THAT(TrainMessage(OneOutput(3, "sparse_categorical_crossentropy"), Floats({4}, {0, 1, 0.5, 2})),
              HasSubstr("label 0.5 of output \"out\""));
  EXPECT_THAT(
      TrainMessage(OneOutput(1, "binary_crossentropy"), Ints({4}, {1, 2, 1, 2})),
      HasSubstr("label 2 of output \"out\" is out of range: loss binary_crossentropy takes numbers between 0 and 1"));
  EXPECT_THAT(
      TrainMessage(OneOutput(3, "categorical_crossentropy"), Ints({4}, {1, 2, 1, 0})),
      HasSubstr("label 2 of output \"out\" is out of range: loss categorical_crossentropy takes numbers between "
                "0 and 1 for each of its 3; one class number per example is for sparse_categorical_crossentropy"));
  EXPECT_EQ(TrainMessage(OneOutput(3, "sparse_categorical_crossentropy"), Floats({4}, {0, 1, 2, 2})), "");
}

// Outputs "kind" (of 3 classes) and "weight"; the second without a loss if asked for.
Model TwoOutputs(bool both = true) {
  const KerasTensor x = Input({2}, {.name = "x"});
  Model model({x}, {layers::Dense(3, {.name = "kind"})(x), layers::Dense(1, {.name = "weight"})(x)});
  CompileOptions options;
  options.losses["kind"] = losses::SparseCategoricalCrossentropy({.from_logits = true});
  if (both) options.losses["weight"] = "mse";
  EXPECT_EQ(model.Compile(options), absl::OkStatus());
  return model;
}

TEST(BadInputTest, LabelsOfNoOutput) {
  const auto fit = [](Model model, const DatasetOptions& options) {
    const Dataset data = *Dataset::FromTensors(
        {{"x", Zeros({4, 2})}, {"kind", Zeros({4}, DataType::kInt64)}, {"weight", Zeros({4})}, {"wieght", Zeros({4})}},
        options);
    return std::string(model.Fit(data, {.verbose = 0}).status().message());
  };
  EXPECT_THAT(fit(TwoOutputs(), {.label_keys = {"kind"}}),
              AllOf(HasSubstr("no labels for output \"weight\"; it has labels for \"kind\""),
                    HasSubstr("label_keys: features that are called as the outputs they are labels of")));
  EXPECT_THAT(fit(TwoOutputs(), {.label_key = "kind"}),
              AllOf(HasSubstr("belongs to no output"), HasSubstr("the model's outputs are \"kind\", \"weight\"")));
  EXPECT_THAT(fit(TwoOutputs(), {.label_keys = {"kind", "wieght"}}),
              HasSubstr("label \"wieght\" belongs to no output; the model's outputs are \"kind\", \"weight\""));
  EXPECT_THAT(fit(TwoOutputs(), {.label_keys = {"kind", "weight", "wieght"}}), HasSubstr("\"wieght\" belongs to no"));
  EXPECT_THAT(fit(TwoOutputs(false), {.label_keys = {"weight"}}), HasSubstr("no labels for output \"kind\""));
  EXPECT_THAT(fit(TwoOutputs(false), {}), HasSubstr("it has none; name them with label_key"));
  // One label and one output with a loss go together; labels of an output without one are not in the way.
  EXPECT_EQ(fit(TwoOutputs(false), {.label_key = "kind"}), "");
  EXPECT_EQ(fit(TwoOutputs(false), {.label_keys = {"kind", "weight"}}), "");
  EXPECT_EQ(fit(TwoOutputs(), {.label_keys = {"kind", "weight"}}), "");
}

TEST(BadInputTest, SampleWeights) {
  const auto message = [](Tensor weight) {
    Model model = OneOutput(1, "mse", {"mae"});
    Batch batch = Four(Zeros({4}));
    batch.weight = std::move(weight);
    return std::string(model.TrainOnBatch(batch).status().message());
  };
  EXPECT_THAT(message(Zeros({4, 2})), AllOf(HasSubstr("output \"out\""), HasSubstr("sample weights are [None, 2]")));
  EXPECT_THAT(message(Zeros({3})), HasSubstr("sample weights are float32[3] for 4 examples"));
  EXPECT_THAT(message(Zeros({4}, DataType::kString)), HasSubstr("sample weights are string[4]"));
  EXPECT_EQ(message(Zeros({4, 1, 1}, DataType::kUint8)), "");
}

TEST(BadInputTest, ClassWeights) {
  Model model = TwoOutputs();
  const Dataset data =
      *Dataset::FromTensors({{"x", Zeros({2, 2})}, {"kind", Ints({2}, {0, 1})}, {"weight", Floats({2}, {1, 3})}},
                            {.batch_size = 2, .label_keys = {"kind", "weight"}});
  const auto fit = [&](std::map<std::string, std::map<int64_t, double>> weights) {
    return model.Fit(data, {.class_weights = std::move(weights), .verbose = 0});
  };
  EXPECT_THAT(std::string(fit({{"kin", {{0, 1.0}}}}).status().message()), HasSubstr("no output \"kin\" has a loss"));
  // Each output has its own.
  ASSERT_EQ(model.SetWeights({{"kind/kernel", Zeros({2, 3})}, {"weight/kernel", Zeros({2, 1})}}), absl::OkStatus());
  const auto history = fit({{"kind", {{1, 5.0}}}, {"weight", {{3, 2.0}}}});
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_NEAR(history->history.at("kind_loss")[0], std::log(3) * (1 + 5) / 2, 1e-5);
  EXPECT_NEAR(history->history.at("weight_loss")[0], (1 + 2 * 9) / 2.0, 1e-5);
}

TEST(BadInputTest, OptionsThatALossDoesNotHave) {
  const KerasTensor x = Input({2}, {.name = "x"});
  Model model({x}, {layers::Dense(3)(x)});
  EXPECT_THAT(
      std::string(model.Compile({.loss = losses::SparseCategoricalCrossentropy({.label_smoothing = 0.2})}).message()),
      HasSubstr("sparse_categorical_crossentropy has no label_smoothing"));
  EXPECT_THAT(std::string(model.Compile({.loss = losses::BinaryCrossentropy({.label_smoothing = 2})}).message()),
              HasSubstr("label_smoothing must be between 0 and 1, got 2"));
  EXPECT_THAT(std::string(model
                              .Compile({.loss = "sparse_categorical_crossentropy",
                                        .metrics = {metrics::SparseCategoricalCrossentropy({.label_smoothing = 0.2})}})
                              .message()),
              HasSubstr("has no label_smoothing"));
}

TEST(BadInputTest, DataWithoutBatches) {
  Model model = OneOutput(1, "mse");
  const auto data = [](int64_t n, int64_t batch_size, bool drop) {
    return *Dataset::FromTensors({{"x", Zeros({n, 2})}, {"y", Zeros({n})}},
                                 {.batch_size = batch_size, .label_key = "y", .drop_final_batch = drop});
  };
  const std::string too_large = "there are 3 examples, less than one batch of 8, and drop_final_batch drops those";
  EXPECT_THAT(std::string(model.Fit(data(3, 8, true), {.verbose = 0}).status().message()), HasSubstr(too_large));
  EXPECT_THAT(std::string(model.Fit(data(3, 8, true), {.steps_per_epoch = 2, .verbose = 0}).status().message()),
              HasSubstr(too_large));
  EXPECT_THAT(std::string(model.Evaluate(data(3, 8, true)).status().message()), HasSubstr(too_large));
  EXPECT_THAT(std::string(model.Predict(data(3, 8, true)).status().message()), HasSubstr(too_large));
  EXPECT_THAT(std::string(model.Fit(data(0, 8, false), {.verbose = 0}).status().message()),
              HasSubstr("dataset without examples: there are no examples"));
  EXPECT_TRUE(model.Fit(data(3, 8, false), {.verbose = 0}).ok());
}

// As Keras, which refuses a dict without the input's name, and takes one with more than that.
TEST(BadInputTest, AnInputTakesTheFeatureOfItsName) {
  const Tensor x = Zeros({4, 2}), y = Zeros({4, 1});
  const auto fit = [&](Model model, std::map<std::string, Tensor> features) {
    EXPECT_EQ(model.Compile({.loss = "mse"}), absl::OkStatus());
    const absl::Status predicted = model.Predict(features).status();
    features["y"] = y;
    const Dataset data = *Dataset::FromTensors(features, {.batch_size = 2, .label_key = "y"});
    const absl::Status fitted = model.Fit(data, {.verbose = 0}).status();
    EXPECT_EQ(fitted.ok(), predicted.ok()) << fitted << predicted;
    return std::string(fitted.message());
  };
  const auto sequential = [](const std::string& name) {
    return Sequential({layers::InputLayer({2}, {.name = name}), layers::Dense(1)});
  };
  const auto functional = [](const std::string& name) {
    const KerasTensor input = Input({2}, {.name = name});
    return Model({input}, {layers::Dense(1)(input)});
  };
  for (const bool is_sequential : {true, false}) {
    const auto make = [&](const std::string& name) { return is_sequential ? sequential(name) : functional(name); };
    EXPECT_THAT(fit(make("x"), {{"xx", x}}),
                AllOf(HasSubstr("the data has no feature \"x\" for the model's input; it has: xx"),
                      HasSubstr("an input takes the feature of its own name")));
    EXPECT_EQ(fit(make("x"), {{"x", x}}), "");
    EXPECT_EQ(fit(make("x"), {{"x", x}, {"xx", x}}), "");
    // Nobody has said what the input is called.
    EXPECT_EQ(fit(make(""), {{"xx", x}}), "");
    EXPECT_THAT(fit(make(""), {{"xx", x}, {"z", x}}), HasSubstr("no feature \"input_1\""));
  }
  // A model in front has the input's name.
  EXPECT_EQ(fit(Sequential({sequential(""), layers::Dense(1)}), {{"xx", x}}), "");
  EXPECT_THAT(fit(Sequential({sequential("x"), layers::Dense(1)}), {{"xx", x}}), HasSubstr("no feature \"x\""));
  // And so in a signature.
  ops::Graph graph;
  FunctionContext context(graph, {});
  const ops::Tensor fed = ops::Placeholder(graph, DataType::kFloat, {-1, 2});
  EXPECT_THAT(std::string(functional("x").Call(context, {{"xx", fed}}).status().message()),
              HasSubstr("the model's input \"x\" is missing; there are: xx"));
  EXPECT_TRUE(functional("").Call(context, {{"xx", fed}}).ok());
}

TEST(BadInputTest, InputsOfDifferentNumbersOfExamples) {
  const KerasTensor a = Input({2}, {.name = "a"}), b = Input({2}, {.name = "b"});
  Model model({b, a}, {layers::Dense(1)(layers::Concatenate()({a, b}))});
  const std::string message = "inputs of different numbers of examples: \"b\" has 4, \"a\" has 3";
  EXPECT_THAT(std::string(model.Predict({{"a", Zeros({3, 2})}, {"b", Zeros({4, 2})}}).status().message()), message);
  ASSERT_EQ(model.Compile({.loss = "mse"}), absl::OkStatus());
  const Batch batch = {.features = {{"a", Zeros({3, 2})}, {"b", Zeros({4, 2})}}, .labels = {{"", Zeros({3})}}};
  EXPECT_THAT(std::string(model.TrainOnBatch(batch).status().message()), message);
}

TEST(BadInputTest, StringsForALayerThatTakesNumbers) {
  for (const LayerRef& layer : {layers::Dense(3), layers::ActivationLayer("relu"), layers::LayerNormalization()}) {
    Sequential model({layers::InputLayer({4}, {.name = "word", .dtype = DataType::kString}), layer});
    EXPECT_THAT(std::string(model.status().message()),
                AllOf(HasSubstr(layer->type() + " on [None, 4]: the input is a string, wanted numbers"),
                      HasSubstr("make it numbers in the preprocessing_fn")));
  }
}

TEST(BadInputTest, FilesOfWeightsThatAreNotThere) {
  Sequential model({layers::InputLayer({4}), layers::Dense(3)});
  for (const std::string path : {"/no/model.keras", "/no/model.weights.h5"})
    EXPECT_THAT(std::string(model.LoadWeights(path).message()), "there is no file " + path);
  EXPECT_THAT(std::string(model.LoadWeights("/no/model").message()), HasSubstr("there is no checkpoint /no/model"));
}

// Keras trains to NaN, and uphill.
TEST(BadInputTest, LearningRates) {
  const double nan = std::nan(""), infinite = std::numeric_limits<double>::infinity();
  for (const double rate : {nan, infinite, -1.0, 1e300}) {
    Model model = OneOutput(1, "mse");
    EXPECT_THAT(
        std::string(model.Compile({.optimizer = optimizers::Adam({.learning_rate = rate}), .loss = "mse"}).message()),
        AllOf(HasSubstr("optimizer Adam: the learning rate is "), HasSubstr("a number that is not negative")));
    model.SetLearningRate(rate);
    EXPECT_THAT(std::string(model.TrainOnBatch(Four(Zeros({4}))).status().message()),
                HasSubstr("training step 0: the learning rate is "));
    EXPECT_EQ(model.iterations(), 0);
  }
  // A schedule is known step by step.
  Model model = OneOutput(1, "mse");
  const LearningRate falling([](int64_t step) { return 0.1 - 0.05 * static_cast<double>(step); });
  ASSERT_EQ(model.Compile({.optimizer = optimizers::SGD({.learning_rate = falling}), .loss = "mse"}), absl::OkStatus());
  const Dataset data =
      *Dataset::FromTensors({{"x", Zeros({9, 2})}, {"y", Zeros({9})}}, {.batch_size = 1, .label_key = "y"});
  EXPECT_THAT(std::string(model.Fit(data, {.verbose = 0}).status().message()),
              AllOf(HasSubstr("training step 3: the learning rate is -0.05"), HasSubstr("keeps its 3 updates")));
  EXPECT_EQ(model.iterations(), 3);
  Model resting = OneOutput(1, "mse");
  EXPECT_EQ(resting.Compile({.optimizer = optimizers::SGD({.learning_rate = 0}), .loss = "mse"}), absl::OkStatus());
}

TEST(BadInputTest, WeightsThatAreNoNumbers) {
  Model model = OneOutput(1, "mse");
  for (const float weight : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    Batch batch = Four(Zeros({4}));
    batch.weight = Floats({4}, {1, -1, weight, 1});
    EXPECT_THAT(std::string(model.TrainOnBatch(batch).status().message()),
                AllOf(HasSubstr("example 2 of the batch: the sample weight is "), HasSubstr("wanted a number")));
    std::vector<float> weights(20, 1);
    weights[13] = weight;
    const Dataset data =
        *Dataset::FromTensors({{"x", Zeros({20, 2})}, {"y", Zeros({20})}, {"w", Floats({20}, weights)}},
                              {.batch_size = 4, .label_key = "y", .weight_key = "w"});
    EXPECT_THAT(std::string(model.Fit(data, {.verbose = 0}).status().message()),
                HasSubstr("training data: example 13: the sample weight is "));
    EXPECT_THAT(std::string(model.Fit(data, {.class_weight = {{0, weight}}, .verbose = 0}).status().message()),
                HasSubstr("the weight of class 0 of output \"out\" is "));
  }
  EXPECT_EQ(model.iterations(), 0);
}

// Two hundred examples whose label is 0 but for number 150, which has `label`.
struct TwoHundred {
  explicit TwoHundred(int64_t label) : labels(Zeros({200}, DataType::kInt64)) { labels.values<int64_t>()[150] = label; }
  Dataset In(DatasetOptions options) const {
    options.batch_size = 32;
    options.label_key = "y";
    options.shuffle_seed = 1;
    return *Dataset::FromTensors({{"x", Zeros({200, 2})}, {"y", labels}}, options);
  }
  Tensor labels;
};

// Whatever row they are in, as far as training gets.
TEST(BadInputTest, LabelsInMemoryAreCheckedBeforeTheFirstUpdate) {
  const TwoHundred good(2), bad(3);
  const std::string what = "example 150: label 3 of output \"out\" is out of range";
  for (const bool shuffle : {false, true}) {
    Model model = OneOutput(3, "sparse_categorical_crossentropy");
    const auto message = [&](const Dataset& data, FitOptions options = {}) {
      options.verbose = 0;
      return std::string(model.Fit(data, options).status().message());
    };
    EXPECT_THAT(message(bad.In({.shuffle = shuffle})), HasSubstr("training data: " + what));
    EXPECT_THAT(message(bad.In({.shuffle = shuffle}).Repeat(), {.epochs = 9, .steps_per_epoch = 2}),
                HasSubstr("training data: " + what));
    const Dataset validation = bad.In({.shuffle = shuffle});
    EXPECT_THAT(message(good.In({}), {.validation_data = &validation}), HasSubstr("validation data: " + what));
    EXPECT_EQ(model.iterations(), 0);
  }
  // What training does not reach is not in its way.
  Model model = OneOutput(3, "sparse_categorical_crossentropy");
  const Dataset data = bad.In({.shuffle = false});
  EXPECT_TRUE(
      model
          .Fit(data, {.epochs = 2, .steps_per_epoch = 2, .validation_data = &data, .validation_steps = 4, .verbose = 0})
          .ok());
  EXPECT_TRUE(model.Fit(data.Take(4), {.verbose = 0}).ok());
}

// What a Map makes is known when it is made. The message says how to go on.
TEST(BadInputTest, ALabelInTheMiddleOfTrainingLosesNothing) {
  const TempDir root;
  const auto map = [](const Dataset& data) { return data.Map([](Batch&, int64_t) { return absl::OkStatus(); }); };
  const auto train = [&](const Dataset& data, const std::string& backup) {
    Model model = OneOutput(3, "sparse_categorical_crossentropy");
    const auto status =
        model
            .Fit(data, {.callbacks = {callbacks::BackupAndRestore({.backup_dir = root / backup, .save_freq = 1})},
                        .verbose = 0})
            .status();
    return std::make_tuple(std::string(status.message()), model.iterations(), *model.GetWeights());
  };
  const Dataset good = map(TwoHundred(2).In({.shuffle = false})), bad = map(TwoHundred(3).In({.shuffle = false}));
  const auto [message, updates, weights] = train(bad, "backup");
  EXPECT_THAT(message, AllOf(HasSubstr("training data, step 5 of epoch 1: example 150: label 3 of output \"out\""),
                             HasSubstr("the model keeps its 4 updates, and checkpoints and backups stay: when that is "
                                       "mended, Fit goes on, with a BackupAndRestore from the last backup")));
  EXPECT_EQ(updates, 4);
  const auto resumed = train(good, "backup"), unbroken = train(good, "other");
  EXPECT_EQ(std::get<0>(resumed), "");
  EXPECT_EQ(std::get<1>(resumed), 7);
  EXPECT_EQ(FloatValues(std::get<2>(resumed).at("out/kernel")), FloatValues(std::get<2>(unbroken).at("out/kernel")));

  Model model = OneOutput(3, "sparse_categorical_crossentropy");
  EXPECT_THAT(std::string(model.Fit(good, {.validation_data = &bad, .verbose = 0}).status().message()),
              AllOf(HasSubstr("validation data after epoch 1: evaluation, step 5: example 150: label 3"),
                    HasSubstr("the model keeps its 7 updates")));
  EXPECT_THAT(std::string(model.Evaluate(bad).status().message()),
              HasSubstr("evaluation, step 5: example 150: label 3"));
  // A Map that makes other batches has examples of its own.
  const Dataset halves = bad.Map([](Batch& batch, int64_t) {
    const auto values = batch.labels.at("").values<int64_t>();
    batch = {.features = {{"x", Zeros({2, 2})}}, .labels = {{"", Ints({2}, {values[0], values[values.size() - 2]})}}};
    return absl::OkStatus();
  });
  Batch batch;
  const auto iterator = *halves.MakeIterator(0);
  ASSERT_TRUE(*iterator->Next(&batch));
  EXPECT_EQ(iterator->Where(1), "example 1 of the batch");
}

// Before the first epoch, not after it.
TEST(BadInputTest, ValidationDataIsCheckedBeforeTraining) {
  Model model = OneOutput(3, "sparse_categorical_crossentropy");
  const auto data = [](Tensor labels, int64_t n = 4) {
    return *Dataset::FromTensors({{"x", Zeros({n, 2})}, {"y", std::move(labels)}}, {.batch_size = 2, .label_key = "y"});
  };
  const Dataset good = data(Ints({4}, {0, 1, 2, 0}));
  const auto message = [&](const Dataset& validation) {
    const auto history = model.Fit(good, {.validation_data = &validation, .verbose = 0});
    EXPECT_EQ(model.iterations(), 0);
    return std::string(history.status().message());
  };
  EXPECT_THAT(message(data(Ints({4}, {7, 1, 2, 0}))), AllOf(HasSubstr("validation data"), HasSubstr("label 7")));
  EXPECT_THAT(message(data(Zeros({4, 3}))), AllOf(HasSubstr("validation data"), HasSubstr("output \"out\"")));
  EXPECT_THAT(message(data(Zeros({0}, DataType::kInt64), 0)), HasSubstr("validation data"));
}

// What has failed once does no harm to what comes after it.
TEST(BadInputTest, AModelIsAsGoodAsBeforeAfterAnError) {
  Model model = OneOutput(3, "sparse_categorical_crossentropy");
  ASSERT_TRUE(model.TrainOnBatch(Four(Ints({4}, {0, 1, 2, 0}))).ok());
  const auto trained = *model.GetWeights();
  EXPECT_FALSE(model.TrainOnBatch(Four(Zeros({4, 3}))).ok());
  EXPECT_FALSE(model.TestOnBatch(Four(Zeros({4, 3}))).ok());
  EXPECT_FALSE(model.Predict({{"x", Zeros({4, 7})}}).ok());
  EXPECT_EQ(FloatValues(model.GetWeights()->at("out/kernel")), FloatValues(trained.at("out/kernel")));
  const TempDir temporary;
  const std::string& dir = temporary.path();
  EXPECT_EQ(model.Save(dir), absl::OkStatus());
  EXPECT_TRUE(model.TestOnBatch(Four(Ints({4}, {0, 1, 2, 0}))).ok());
  EXPECT_TRUE(model.TrainOnBatch(Four(Ints({4}, {0, 1, 2, 0}))).ok());
  EXPECT_EQ(io::RemoveAll(dir), absl::OkStatus());
}

TEST(BadInputTest, PredictionsAreInTheOrderOfTheData) {
  Sequential model({layers::InputLayer({1}, {.name = "x"}), layers::Dense(1, {.kernel_initializer = "ones"})});
  std::vector<float> numbers(20);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i);
  const Dataset data = *Dataset::FromTensors({{"x", Floats({20, 1}, numbers)}}, {.batch_size = 8});
  const auto predicted = model.Predict(data);
  ASSERT_TRUE(predicted.ok()) << predicted.status();
  EXPECT_EQ(FloatValues((*predicted)[0]), numbers);
}

// A loop of Fit with steps_per_epoch goes through all of the data, as one Fit does.
TEST(BadInputTest, EvaluationsOfAPartSeeWhatTheDatasetGives) {
  Tensor x = Zeros({100, 2});
  for (int64_t i = 0; i < 100; ++i) x.values<float>()[2 * i] = static_cast<float>(i);
  const Dataset data = *Dataset::FromTensors({{"x", x}, {"y", Zeros({100})}}, {.batch_size = 10, .label_key = "y"});
  Model model = OneOutput(1, "mse");
  ASSERT_EQ(model.SetWeights({{"out/kernel", Floats({2, 1}, {1, 0})}}), absl::OkStatus());
  const auto loss = [&](const Dataset& of, int64_t steps) {
    const auto logs = model.Evaluate(of, {.steps = steps});
    EXPECT_TRUE(logs.ok()) << logs.status();
    return logs.ok() ? (*logs)[0].second : -1;
  };
  EXPECT_NE(loss(data, 1), loss(data, 1));
  EXPECT_EQ(loss(data.Take(1), 0), loss(data.Take(1), 0));
  const double first_ten = 28.5;
  EXPECT_EQ(loss(data.Unshuffled().Take(1), 0), first_ten);
  EXPECT_NE(loss(data.Take(1), 0), first_ten);
}

TEST(BadInputTest, MetricsThatNoOutputHasLabelsFor) {
  const KerasTensor x = Input({2}, {.name = "x"});
  Model model({x}, {{"a", layers::Dense(1)(x)}, {"b", layers::Dense(1)(x)}});
  const auto message = [&](CompileOptions options) {
    options.losses = {{"a", "mse"}};
    return std::string(model.Compile(options).message());
  };
  EXPECT_EQ(message({.metrics = {"mae"}, .weighted_metrics = {"mae"}}), "");
  EXPECT_THAT(message({.output_weighted_metrics = {{"c", {"mae"}}}}),
              HasSubstr("weighted metrics for \"c\", but the model's outputs are: a, b"));
  for (const std::string& said :
       {message({.output_metrics = {{"b", {"mae"}}}}), message({.output_weighted_metrics = {{"b", {"mae"}}}})})
    EXPECT_THAT(said, HasSubstr("metrics for output \"b\", which has no loss"));
}

TEST(BadInputTest, NumbersOfStepsThatCannotBe) {
  Sequential model({layers::InputLayer({1}, {.name = "x"}), layers::Dense(1)});
  ASSERT_EQ(model.Compile({.loss = "mse"}), absl::OkStatus());
  const auto data = Dataset::FromTensors({{"x", Zeros({4, 1})}, {"y", Zeros({4})}}, {.label_key = "y"});
  EXPECT_THAT(std::string(model.Fit(*data, {.steps_per_epoch = -3}).status().message()),
              HasSubstr("steps_per_epoch = -3; wanted"));
  EXPECT_THAT(std::string(model.Fit(*data, {.validation_freq = 0}).status().message()),
              HasSubstr("validation_freq = 0; wanted"));
}

TEST(BadInputTest, FitInALoopSeesOtherExamples) {
  Sequential model({layers::InputLayer({1}, {.name = "x"}), layers::Dense(1)});
  ASSERT_EQ(model.Compile({.loss = "mse"}), absl::OkStatus());
  std::vector<float> numbers(1000);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i);
  std::vector<std::vector<float>> firsts;
  std::set<float> seen;
  const Dataset data = Dataset::FromTensors({{"x", Floats({1000, 1}, numbers)}, {"y", Zeros({1000})}},
                                            {.batch_size = 10, .label_key = "y"})
                           ->Map([&](Batch& batch, int64_t index) {
                             const std::vector<float> values = FloatValues(batch.features.at("x"));
                             if (index % (int64_t{1} << 32) == 0) firsts.push_back(values);
                             if (index % (int64_t{1} << 32) < 5) seen.insert(values.begin(), values.end());
                             return absl::OkStatus();
                           })
                           .Repeat();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(model.Fit(data, {.steps_per_epoch = 5, .verbose = 0}).ok());
  EXPECT_EQ(firsts.size(), 20);
  EXPECT_NE(firsts[0], firsts[1]);
  EXPECT_GT(seen.size(), 550);  // 1000 drawn 50 at a time: 642 on average.
}

}  // namespace
}  // namespace tfxm::nn
