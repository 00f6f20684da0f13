// SPDX-License-Identifier: Apache-2.0

// What Fit and Evaluate tell, compared with Keras's fit and evaluate: testdata/fit_goldens.json.
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

}  // namespace
}  // namespace tfxm::nn
