// SPDX-License-Identifier: Apache-2.0

// What is wrong with data, labels or options is said once and clearly, before there is a training to lose.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tfxm/nn/nn.h"
#include "tfxm/nn/test_util.h"
#include "tfxm/ops/ops.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"

namespace tfxm::nn {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
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

TEST(BadInputTest, NamesOfOutputs) {
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
