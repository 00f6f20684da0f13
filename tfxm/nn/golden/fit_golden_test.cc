// SPDX-License-Identifier: Apache-2.0

// What Fit and Evaluate tell, and what trainings after examples of Keras's end with, compared with Keras:
// testdata/fit_goldens.json.
#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "tfxm/nn/golden/test_goldens.h"
#include "tfxm/nn/nn.h"
#include "tfxm/ops/ops.h"

namespace tfxm::nn {
namespace {

using google::protobuf::Value;
using Fields = google::protobuf::Map<std::string, Value>;

const Fields& Goldens(const std::string& kind) {
  static const auto* const goldens = new google::protobuf::Struct(ReadGoldens("fit_goldens.json"));
  return goldens->fields().at(kind).struct_value().fields();
}
const Fields& FieldsOf(const Value& value) { return value.struct_value().fields(); }

// Within 1e-6 of the value; all names and no others.
void ExpectLogs(const std::map<std::string, std::vector<double>>& actual, const Fields& golden) {
  for (const auto& [name, values] : golden) {
    const std::vector<double> expected = Numbers(values);
    ASSERT_EQ(actual.count(name), 1) << name;
    ASSERT_EQ(actual.at(name).size(), expected.size()) << name;
    for (size_t i = 0; i < expected.size(); ++i)
      EXPECT_NEAR(actual.at(name)[i], expected[i], 1e-6 * std::max(1.0, std::fabs(expected[i]))) << name << " " << i;
  }
  EXPECT_EQ(actual.size(), golden.size());
}

std::map<std::string, std::vector<double>> AsHistory(const Logs& logs) {
  std::map<std::string, std::vector<double>> history;
  for (const auto& [name, value] : logs) history[name].push_back(value);
  return history;
}

Tensor Head(const Tensor& tensor, int64_t n) {
  Shape shape = tensor.shape();
  shape[0] = n;
  Tensor head(tensor.dtype(), shape);
  std::copy_n(tensor.bytes().begin(), head.bytes().size(), head.bytes().begin());
  return head;
}

// make_fit_goldens.py's fit_and_evaluate: two outputs, the last batch of each pass is smaller. The data shuffle where
// the examples' order must not matter.
TEST(FitGoldenTest, LossesAndMetricsOfSeveralOutputs) {
  Tensor weight = Wave({10}, 8);
  for (float& w : weight.values<float>()) w = std::abs(w) + 0.1f;
  std::map<std::string, Tensor> features = {
      {"x", Wave({10, 3}, 5)}, {"a", Wave({10, 2}, 6, 3)}, {"b", Wave({10, 1}, 7, 2)}};
  for (const auto& [name, golden] : Goldens("outputs")) {
    SCOPED_TRACE(name);
    DatasetOptions options{.batch_size = 4, .label_keys = {"a", "b"}, .shuffle = false};
    if (name == "weighted") {
      features["w"] = weight;
      options.weight_key = "w";
    }
    const Dataset data = *Dataset::FromTensors(features, options);
    std::map<std::string, Tensor> some;
    for (const auto& [feature, tensor] : features) some[feature] = Head(tensor, 7);
    const Dataset validation = *Dataset::FromTensors(some, options);

    const KerasTensor x = Input({3}, {.name = "x"});
    Model model({x}, {{"a", layers::Dense(2, {.name = "a"})(x)}, {"b", layers::Dense(1, {.name = "b"})(x)}});
    ASSERT_EQ(model.SetWeights({{"a/kernel", Wave({3, 2}, 0)},
                                {"a/bias", Wave({2}, 1)},
                                {"b/kernel", Wave({3, 1}, 2)},
                                {"b/bias", Wave({1}, 3)}}),
              absl::OkStatus());
    ASSERT_EQ(model.Compile({.optimizer = optimizers::SGD({.learning_rate = 0.05}),
                             .losses = {{"a", "mse"}, {"b", "mae"}},
                             .loss_weights = {{"a", 0.5}, {"b", 2}},
                             .output_metrics = {{"a", {"mae"}}},
                             .output_weighted_metrics = {{"a", {"mae"}}, {"b", {"mse", "cosine_similarity"}}}}),
              absl::OkStatus());
    const auto history = model.Fit(data, {.epochs = 2, .validation_data = &validation, .verbose = 0});
    ASSERT_TRUE(history.ok()) << history.status();
    ExpectLogs(history->history, FieldsOf(FieldsOf(golden).at("history")));
    // Evaluate goes through the data in its own order, also where it shuffles.
    for (const Dataset& evaluated : {data, data.Shuffle(10, 3)}) {
      const auto logs = model.Evaluate(evaluated);
      ASSERT_TRUE(logs.ok()) << logs.status();
      ExpectLogs(AsHistory(*logs), FieldsOf(FieldsOf(golden).at("evaluate")));
    }
  }
}

// Sets the weights to waves, in Keras's order; trains in batches of 4; compares history and weights.
void ExpectTraining(Model& model, const CompileOptions& compiled, const std::vector<std::string>& weights,
                    const Dataset& data, const FitOptions& options, const Value& golden) {
  std::map<std::string, Tensor> values;
  const auto given = model.GetWeights();
  ASSERT_TRUE(given.ok()) << given.status();
  for (const std::string& name : weights) {
    ASSERT_EQ(given->count(name), 1) << name;
    values[name] = Wave(given->at(name).shape(), static_cast<double>(values.size()), 0.5);
  }
  ASSERT_EQ(model.SetWeights(values), absl::OkStatus());
  ASSERT_EQ(model.Compile(compiled), absl::OkStatus());
  const auto history = model.Fit(data, options);
  ASSERT_TRUE(history.ok()) << history.status();
  ExpectLogs(history->history, FieldsOf(FieldsOf(golden).at("history")));
  const auto trained = model.GetWeights();
  ASSERT_TRUE(trained.ok()) << trained.status();
  const Fields& expected = FieldsOf(FieldsOf(golden).at("weights"));
  EXPECT_EQ(expected.size(), weights.size());
  for (const auto& [name, value] : expected) ExpectNear(trained->at(name), Numbers(value), name);
}

// Keras clips an Embedding's gradient before it adds up what belongs to one token.
TEST(FitGoldenTest, ClippedGradientsOfAnEmbedding) {
  const std::map<std::string, optimizers::SGDOptions> cases = {
      {"clipnorm", {.clipnorm = 0.05}},
      {"clipvalue", {.clipvalue = 0.02}},
      {"global_clipnorm", {.global_clipnorm = 0.05}},
      {"global_clipnorm_and_regularizer", {.global_clipnorm = 0.05}},
      {"global_clipnorm_and_accumulation", {.global_clipnorm = 0.05, .gradient_accumulation_steps = 2}}};
  const std::vector<std::vector<int64_t>> rows = {{1, 2, 2}, {3, 1, 4}, {0, 2, 2}, {5, 5, 6},
                                                  {1, 1, 1}, {6, 0, 2}, {3, 3, 1}, {2, 4, 2}};
  std::vector<int64_t> tokens, reversed;
  for (size_t i = 0; i < rows.size(); ++i) {
    tokens.insert(tokens.end(), rows[i].begin(), rows[i].end());
    reversed.insert(reversed.end(), rows[rows.size() - 1 - i].begin(), rows[rows.size() - 1 - i].end());
  }
  const Dataset data =
      *Dataset::FromTensors({{"a", Ints({8, 3}, tokens)}, {"b", Ints({8, 3}, reversed)}, {"y", Wave({8, 1}, 9)}},
                            {.batch_size = 4, .label_key = "y", .shuffle = false});
  for (const auto& [name, golden] : Goldens("clipping")) {
    SCOPED_TRACE(name);
    ASSERT_EQ(cases.count(name), 1);
    optimizers::SGDOptions options = cases.at(name);
    options.learning_rate = options.momentum = 0.5;
    layers::EmbeddingOptions table_options{.name = "table"};
    if (name == "global_clipnorm_and_regularizer") table_options.embeddings_regularizer = regularizers::L2(0.1);
    const LayerRef table = layers::Embedding(7, 4, table_options);
    const KerasTensor a = Input({3}, {.name = "a", .dtype = DataType::kInt64});
    const KerasTensor b = Input({3}, {.name = "b", .dtype = DataType::kInt64});
    const KerasTensor x =
        layers::Add()({layers::GlobalAveragePooling1D()(table(a)), layers::GlobalMaxPooling1D()(table(b))});
    Model model({a, b}, {layers::Dense(1, {.name = "score"})(x)});
    ExpectTraining(model, {.optimizer = optimizers::SGD(options), .loss = "mse"},
                   {"table/embeddings", "score/kernel", "score/bias"}, data, {.epochs = 3, .verbose = 0}, golden);
  }
}

TEST(FitGoldenTest, AnAutoencoderStoppedEarly) {
  using namespace layers;  // NOLINT
  Sequential model(
      {InputLayer({12, 1}, {.name = "x"}),
       Conv1D(6, 5, {.strides = 2, .padding = "same", .activation = "relu", .name = "conv"}),
       Conv1DTranspose(6, 5, {.strides = 2, .padding = "same", .activation = "relu", .name = "conv_transpose"}),
       Conv1DTranspose(1, 5, {.padding = "same", .name = "out"})});
  const Tensor clean = Wave({18, 12, 1}, 3), noise = Wave({18, 12, 1}, 4, 0.2);
  Tensor noisy = clean;
  for (int64_t i = 0; i < noisy.num_elements(); ++i) noisy.values<float>()[i] += noise.values<float>()[i];
  const DatasetOptions options{.batch_size = 4, .label_key = "y", .shuffle = false};
  const Dataset data = *Dataset::FromTensors({{"x", noisy}, {"y", clean}}, options);
  const Dataset validation = *Dataset::FromTensors({{"x", Wave({6, 12, 1}, 5)}, {"y", Wave({6, 12, 1}, 5)}}, options);
  const auto stop = callbacks::EarlyStopping({.patience = 1, .restore_best_weights = true, .start_from_epoch = 2});
  ExpectTraining(model, {.optimizer = optimizers::Adam({.learning_rate = 0.05}), .loss = "mse"},
                 {"conv/kernel", "conv/bias", "conv_transpose/kernel", "conv_transpose/bias", "out/kernel", "out/bias"},
                 data, {.epochs = 9, .validation_data = &validation, .callbacks = {stop}, .verbose = 0},
                 Goldens("trainings").at("autoencoder"));
}

class Sampling : public Layer {
 public:
  Sampling() : Layer("Sampling") {}
  ops::Tensor Call(CallContext& context, const std::vector<ops::Tensor>& inputs) override {
    const ops::Tensor &mean = inputs[0], &log_variance = inputs[1], &noise = inputs[2];
    const ops::Tensor kl = (log_variance + 1 - ops::Square(mean) - ops::Exp(log_variance)) * -0.5;
    context.AddLoss(ops::ReduceMean(ops::ReduceSum(kl, {1})) * 0.1);
    return mean + ops::Exp(log_variance * 0.5) * noise;
  }
};

TEST(FitGoldenTest, AVariationalAutoencoderWithLossesOfItsOwn) {
  using namespace layers;  // NOLINT
  const KerasTensor x = Input({6}, {.name = "x"}), noise = Input({2}, {.name = "noise"});
  KerasTensor hidden = Dense(5, {.activation = "relu", .name = "encoder"})(x);
  const KerasTensor mean = Dense(2, {.name = "mean"})(hidden);
  const KerasTensor log_variance = Dense(2, {.name = "log_variance"})(hidden);
  const KerasTensor z = MakeLayer<Sampling>()({mean, log_variance, noise});
  hidden = ActivityRegularization(regularizers::L2(0.01))(Dense(5, {.activation = "relu", .name = "decoder"})(z));
  Model model({x, noise}, {{"rebuilt", Dense(6, {.name = "rebuilt"})(hidden)},
                           {"kind", Dense(3, {.activation = "softmax", .name = "kind"})(z)}});
  const Loss squared_distance("squared_distance", [](const ops::Tensor& y_true, const ops::Tensor& y_pred) {
    return ops::ReduceSum(ops::Square(y_true - y_pred), {-1});
  });
  const Tensor rows = Wave({10, 6}, 6);
  const Dataset data = *Dataset::FromTensors({{"x", rows},
                                              {"noise", Wave({10, 2}, 7)},
                                              {"rebuilt", rows},
                                              {"kind", Ints({10}, {0, 1, 2, 0, 1, 2, 0, 1, 2, 0})}},
                                             {.batch_size = 4, .label_keys = {"rebuilt", "kind"}, .shuffle = false});
  std::vector<std::string> weights;
  for (const char* layer : {"encoder", "mean", "log_variance", "decoder", "kind", "rebuilt"}) {
    for (const char* weight : {"/kernel", "/bias"}) weights.push_back(std::string(layer) + weight);
  }
  ExpectTraining(model,
                 {.optimizer = optimizers::Adam({.learning_rate = 0.02, .amsgrad = true}),
                  .losses = {{"rebuilt", squared_distance}, {"kind", "sparse_categorical_crossentropy"}},
                  .loss_weights = {{"rebuilt", 1}, {"kind", 0.3}},
                  .output_metrics = {{"rebuilt", {"mae"}}, {"kind", {"accuracy"}}}},
                 weights, data, {.epochs = 4, .verbose = 0}, Goldens("trainings").at("variational"));
}

}  // namespace
}  // namespace tfxm::nn
