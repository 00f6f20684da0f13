// SPDX-License-Identifier: Apache-2.0

// Reading files of golden values, and comparing with them.
#ifndef TFXM_NN_GOLDEN_TEST_GOLDENS_H_
#define TFXM_NN_GOLDEN_TEST_GOLDENS_H_

#include <google/protobuf/struct.pb.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/nn/test_util.h"
#include "tfxm/ops/ops.h"
#include "tfxm/ops/session.h"
#include "tfxm/util/io.h"

namespace tfxm::nn {

// The JSON object in tfxm/nn/testdata/`file`.
inline google::protobuf::Struct ReadGoldens(const std::string& file) {
  google::protobuf::Struct parsed;
  const auto json = io::ReadFile("tfxm/nn/testdata/" + file);
  EXPECT_TRUE(json.ok() && io::ParseJson(*json, &parsed).ok()) << file;
  return parsed;
}

inline std::vector<double> Numbers(const google::protobuf::Value& value) {
  std::vector<double> numbers;
  for (const auto& v : value.list_value().values()) numbers.push_back(v.number_value());
  return numbers;
}

// 1e-5 of the largest value, as float32 sums of different order differ.
inline void ExpectNear(const Tensor& actual, const std::vector<double>& expected, const std::string& what) {
  const std::vector<float> values = FloatValues(actual);
  ASSERT_EQ(values.size(), expected.size()) << what;
  double largest = 1;
  for (const double e : expected) largest = std::max(largest, std::fabs(e));
  for (size_t i = 0; i < values.size(); ++i)
    ASSERT_NEAR(values[i], expected[i], 1e-5 * largest) << what << "[" << i << "]";
}

// What `fetches` are, in a session in which `first` was run.
inline std::vector<Tensor> Evaluate(ops::Graph& graph, const std::vector<ops::Tensor>& fetches,
                                    const std::vector<ops::Node>& first = {}) {
  auto session = ops::Session::Create(graph);
  EXPECT_TRUE(session.ok()) << session.status();
  if (!session.ok()) return {};
  if (!first.empty()) {
    auto assign = (*session)->MakeFunction({}, {}, first);
    EXPECT_TRUE(assign.ok() && (*assign)->Run({}).ok());
  }
  auto function = (*session)->MakeFunction({}, fetches);
  EXPECT_TRUE(function.ok()) << function.status();
  auto outputs = (*function)->Run({});
  EXPECT_TRUE(outputs.ok()) << outputs.status();
  return outputs.ok() ? *outputs : std::vector<Tensor>();
}

inline Tensor Softmax(const Tensor& logits) {
  Tensor result = logits;
  const int64_t n = logits.shape().back();
  for (int64_t row = 0; row < logits.num_elements() / n; ++row) {
    double sum = 0;
    for (int64_t k = 0; k < n; ++k) sum += std::exp(logits.values<float>()[row * n + k]);
    for (int64_t k = 0; k < n; ++k) {
      result.values<float>()[row * n + k] = static_cast<float>(std::exp(logits.values<float>()[row * n + k]) / sum);
    }
  }
  return result;
}

// Of four classes.
inline Tensor OneHot(const std::vector<int64_t>& classes) {
  Tensor result(DataType::kFloat, {static_cast<int64_t>(classes.size()), 4});
  for (size_t i = 0; i < classes.size(); ++i) result.values<float>()[i * 4 + classes[i]] = 1;
  return result;
}

// A metric over two batches of six examples, weighted: of labels(batch) and of predictions that are the same for all.
template <typename Labels>
double ValueOverTwoBatches(const Metric& asked, Labels labels) {
  std::vector<std::vector<double>> state;
  std::optional<Metric> metric;
  for (const int batch : {0, 1}) {
    ops::Graph graph;
    const ops::Tensor y_true = ops::Constant(graph, labels(batch));
    const ops::Tensor y_pred = ops::Constant(graph, Softmax(Wave({6, 4}, batch, 2)));
    const auto resolved = asked.Resolve(y_true, y_pred);
    EXPECT_TRUE(resolved.ok()) << resolved.status();
    if (!resolved.ok()) return std::nan("");
    metric = *resolved;
    const auto outputs =
        Evaluate(graph, metric->Add(y_true, y_pred, ops::Constant(graph, Floats({6}, {1, 2, 0, 0.5, 3, 1}))));
    state.resize(outputs.size());
    for (size_t i = 0; i < outputs.size(); ++i) {
      state[i].resize(outputs[i].num_elements());
      for (int64_t k = 0; k < outputs[i].num_elements(); ++k) state[i][k] += outputs[i].ValueAsDouble(k);
    }
  }
  return metric->Value(state);
}

// The classes of these examples.
inline std::vector<int64_t> ClassesOf(int batch) {
  return batch == 0 ? std::vector<int64_t>{0, 3, 1, 2, 3, 1} : std::vector<int64_t>{2, 2, 0, 1, 0, 3};
}

// Its weights are its predictions.
class FreeWeights : public Layer {
 public:
  explicit FreeWeights(Tensor start, Constraint constraint = nullptr)
      : Layer("FreeWeights"), start_(std::move(start)), constraint_(std::move(constraint)) {}
  absl::Status Build(const std::vector<Shape>&) override {
    weight_ = AddWeight("w", start_.shape(), {.initializer = initializers::Value(start_), .constraint = constraint_});
    return absl::OkStatus();
  }
  ops::Tensor Call(CallContext& context, const std::vector<ops::Tensor>& inputs) override {
    return inputs[0] * context.Read(weight_);
  }

 private:
  const Tensor start_;
  const Constraint constraint_;
  const Weight* weight_ = nullptr;
};

// Of an input whose sum with the weights is the loss, so that it is the gradient.
inline Sequential FreeModel(const Optimizer& optimizer, const Constraint& constraint = nullptr) {
  Sequential model({layers::InputLayer({4}), MakeLayer<FreeWeights>(Wave({4}, 3), constraint)});
  const Loss sum("sum",
                 [](const ops::Tensor& y_true, const ops::Tensor& y_pred) { return ops::ReduceSum(y_pred, {-1}); });
  EXPECT_EQ(model.Compile({.optimizer = optimizer, .loss = sum}), absl::OkStatus());
  return model;
}

// So many updates of a FreeModel, after each of which the weights are the next of `golden`.
inline void ExpectSteps(Sequential model, int steps, const google::protobuf::Value& golden) {
  for (int step = 0; step < steps; ++step) {
    Batch batch;
    batch.features["x"] = Wave({1, 4}, 20 + step);
    batch.labels[""] = Floats({1}, {0});
    const auto logs = model.TrainOnBatch(batch);
    ASSERT_TRUE(logs.ok()) << logs.status();
    ExpectNear(model.GetWeights()->at("free_weights/w"), Numbers(golden.list_value().values(step)),
               absl::StrCat("step ", step));
  }
}

}  // namespace tfxm::nn

#endif  // TFXM_NN_GOLDEN_TEST_GOLDENS_H_
