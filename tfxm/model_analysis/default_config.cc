// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/default_config.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/model_analysis/inference/feature_transform.h"
#include "tfxm/model_analysis/inference/inference_model.h"
#include "tfxm/util/filesystem/local_copy.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::model_analysis {
namespace {

namespace tfma = ::tensorflow_model_analysis;

constexpr int kExamples = 256;
constexpr int kManyClasses = 20;

// What the labels or the predictions of some examples have in common.
struct Extent {
  int size = 0;  // Numbers for each example; -1: not the same for all.
  double min = INFINITY, max = -INFINITY;
  bool whole = true;       // All are whole numbers.
  bool sum_to_one = true;  // Those of each example are at least 0 and sum to 1.

  void Add(std::span<const double> row) {
    const int n = static_cast<int>(row.size());
    size = min > max ? n : size == n ? n : -1;
    double sum = 0;
    for (const double x : row) {
      min = std::min(min, x), max = std::max(max, x);
      whole = whole && x == std::floor(x);
      sum += x;
    }
    sum_to_one = sum_to_one && min >= 0 && std::abs(sum - 1) < 1e-3;
  }
  bool Within(double low, double high) const { return min >= low && max <= high; }
};

absl::StatusOr<std::unique_ptr<data::ExampleBatch>> FirstExamples(const std::vector<std::string>& files) {
  auto batch = std::make_unique<data::ExampleBatch>(/*keep_records=*/true);
  for (const std::string& file : files) {
    ASSIGN_OR_RETURN(const auto reader, data::TFRecordReader::Open(file));
    absl::string_view record;
    while (batch->num_examples() < kExamples) {
      ASSIGN_OR_RETURN(const bool more, reader->Next(&record));
      if (!more) break;
      RETURN_IF_ERROR(Annotate(batch->Append(record), absl::StrCat("record ", batch->num_examples(), " of ", file)));
    }
  }
  if (batch->num_examples() == 0) {
    return absl::InvalidArgumentError(absl::StrCat("there are no examples to evaluate on: ", files.size(),
                                                   " file(s), the first is ", files.empty() ? "none" : files[0]));
  }
  return batch;
}

// The label among what the transform graph makes of the examples, or else in these themselves.
absl::StatusOr<Extent> LabelExtent(const data::ExampleBatch& batch, const NamedValues& transformed,
                                   const std::string& label_key) {
  const data::Column* const column = batch.Find(label_key);
  const Values* const made = FindValues(transformed, label_key);
  if (column == nullptr && made == nullptr) {
    std::vector<std::string> names;
    for (const auto& [name, values] : transformed) names.push_back(name);
    for (const data::Column& other : batch.columns()) names.push_back(other.name());
    const std::string near = NearestNames(label_key, names);
    names.resize(std::min<size_t>(names.size(), 20));
    return absl::InvalidArgumentError(absl::StrCat("no example has a feature \"", label_key, "\" to be the label; ",
                                                   near.empty() ? absl::StrCat("there are ", absl::StrJoin(names, ", "))
                                                                : absl::StrCat("did you mean ", near, "?")));
  }
  if (made != nullptr ? made->is_string : column->type() == data::ValueType::kBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the label \"", label_key,
        "\" is text: which class of the model a text is, an EvalConfig has to "
        "say (--eval_config)",
        transformed.empty() ? "; or the transform graph (--transform_graph) whose output the label is" : ""));
  }
  Extent shape;
  if (made != nullptr) {
    for (int i = 0; i < batch.num_examples(); ++i) shape.Add(made->row(i));
    return shape;
  }
  std::vector<double> row;
  for (int i = 0; i < batch.num_examples(); ++i) {
    row.clear();
    for (int k = 0; k < column->num_values(i); ++k) row.push_back(column->number(i, k));
    if (row.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("example ", i, " has no label \"", label_key, "\""));
    }
    shape.Add(row);
  }
  return shape;
}

absl::StatusOr<Extent> PredictionExtent(const std::string& path, const data::ExampleBatch& batch,
                                        const InputShapes& input_shapes,
                                        const std::shared_ptr<const FeatureTransform>& transform) {
  ASSIGN_OR_RETURN(auto model, LoadInferenceModel(path, tfma::ModelSpec(), /*detect_type=*/true, input_shapes));
  if (transform != nullptr) model = WithTransform(std::move(model), transform);
  ASSIGN_OR_RETURN(const auto session, model->NewSession());
  NamedValues outputs;
  RETURN_IF_ERROR(Annotate(session->Predict(batch, &outputs), path));
  if (outputs.size() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " has ", outputs.size(), " outputs (",
                     absl::StrJoin(outputs, ", ",
                                   [](std::string* out, const auto& o) { absl::StrAppend(out, "\"", o.first, "\""); }),
                     "): which of them are the predictions, an EvalConfig has to say (model_specs.prediction_key)"));
  }
  const Values& values = outputs[0].second;
  if (values.is_string) {
    return absl::InvalidArgumentError(absl::StrCat(path, " answers with text, for which there are no usual metrics"));
  }
  Extent shape;
  for (int i = 0; i < batch.num_examples(); ++i) shape.Add(values.row(i));
  return shape;
}

std::string Between(const Extent& shape) {
  return absl::StrCat("between ", ShortNumber(shape.min), " and ", ShortNumber(shape.max));
}

Problem OneNumber(const Extent& label, const Extent& prediction) {
  Problem problem;
  const bool is_binary = label.whole && label.Within(0, 1) && prediction.Within(0, 1);
  const bool is_logit = label.whole && label.Within(0, 1) && label.min < label.max && prediction.min < 0;
  if (is_binary) {
    problem.metrics = {{"BinaryAccuracy", ""},
                       {"AUC", ""},
                       {"AUCPrecisionRecall", ""},
                       {"BinaryCrossentropy", ""},
                       {"Calibration", ""}};
    problem.why = absl::StrCat("is 0 or 1, the predictions are ", Between(prediction), ": binary classification");
  } else if (is_logit) {
    problem.metrics = {{"BinaryAccuracy", R"({"threshold": 0})"}};
    problem.why = absl::StrCat("is 0 or 1, the predictions are ", Between(prediction),
                               ": binary classification by logits. (AUC and cross-entropy need probabilities)");
  } else {
    problem.metrics = {{"MeanAbsoluteError", ""}, {"RootMeanSquaredError", ""}, {"Calibration", ""}};
    problem.why = absl::StrCat("is ", Between(label), ", the predictions are ", Between(prediction), ": regression");
  }
  return problem;
}

std::optional<Problem> SeveralNumbers(const Extent& label, const Extent& prediction) {
  const int n = prediction.size;
  const bool is_index = label.size == 1 && label.whole && label.Within(0, n - 1);
  const bool is_one_hot = label.size == n && label.whole && label.sum_to_one;
  Problem problem;
  if (is_index || is_one_hot) {
    const std::string sparse = is_index ? "Sparse" : "";
    problem.metrics.emplace_back(sparse + "CategoricalAccuracy", "");
    if (n >= kManyClasses) problem.metrics.emplace_back(sparse + "TopKCategoricalAccuracy", R"({"k": 5})");
    if (prediction.sum_to_one) problem.metrics.emplace_back(sparse + "CategoricalCrossentropy", "");
    problem.why =
        absl::StrCat(is_index ? "is the number of a class" : "has a 1 for its class", ", the predictions are ", n,
                     " numbers", prediction.sum_to_one ? " that sum to 1" : "", ": classification");
    return problem;
  }
  if (label.size == n && label.whole && label.Within(0, 1) && prediction.Within(0, 1)) {
    problem.metrics = {{"BinaryAccuracy", ""}, {"BinaryCrossentropy", ""}};
    problem.why = absl::StrCat("and the predictions are ", n, " numbers from 0 to 1: several labels at a time");
    return problem;
  }
  if (label.size == n) {
    problem.metrics = {{"MeanAbsoluteError", ""}, {"RootMeanSquaredError", ""}};
    problem.why = absl::StrCat("and the predictions are ", n, " numbers: regression");
    return problem;
  }
  return std::nullopt;
}

std::optional<Problem> Tell(const Extent& label, const Extent& prediction) {
  if (prediction.size == 1 && label.size == 1) return OneNumber(label, prediction);
  if (prediction.size > 1 && label.size > 0) return SeveralNumbers(label, prediction);
  return std::nullopt;
}

}  // namespace

std::optional<Problem> TellProblem(const std::vector<std::vector<double>>& labels,
                                   const std::vector<std::vector<double>>& predictions) {
  Extent label, prediction;
  for (const auto& row : labels) label.Add(row);
  for (const auto& row : predictions) prediction.Add(row);
  return Tell(label, prediction);
}

absl::StatusOr<DefaultConfig> MakeDefaultConfig(const std::map<std::string, std::string>& models,
                                                const std::string& label_key, const std::vector<std::string>& files,
                                                const InputShapes& input_shapes, const std::string& transform_graph) {
  if (models.empty()) return absl::InvalidArgumentError("no model was given to tell the metrics from");
  ASSIGN_OR_RETURN(const auto batch, FirstExamples(files));
  std::shared_ptr<const FeatureTransform> transform;
  NamedValues transformed;
  if (!transform_graph.empty()) {
    ASSIGN_OR_RETURN(transform, LoadFeatureTransform(transform_graph));
    RETURN_IF_ERROR(transform->Transform(*batch, &transformed));
  }
  ASSIGN_OR_RETURN(const Extent label, LabelExtent(*batch, transformed, label_key));
  Extent prediction;
  for (const auto& [name, path] : models) {
    ASSIGN_OR_RETURN(const std::string local, io::LocalCopy(path));
    ASSIGN_OR_RETURN(const Extent shape, PredictionExtent(local, *batch, input_shapes, transform));
    if (name != models.begin()->first && shape.size != prediction.size) {
      return absl::InvalidArgumentError(absl::StrCat(models.begin()->second, " answers with ", prediction.size,
                                                     " numbers for an example, ", path, " with ", shape.size,
                                                     ": they cannot be compared"));
    }
    if (name == models.begin()->first) prediction = shape;
    prediction.min = std::min(prediction.min, shape.min), prediction.max = std::max(prediction.max, shape.max);
    prediction.sum_to_one = prediction.sum_to_one && shape.sum_to_one;
  }
  std::optional<Problem> problem = Tell(label, prediction);
  if (!problem) {
    return absl::InvalidArgumentError(absl::StrCat(
        "what the metrics of this problem are cannot be told from the label \"", label_key, "\" (",
        label.size < 0 ? "not as many numbers for each example" : absl::StrCat(label.size, " numbers ", Between(label)),
        ") and the predictions (",
        prediction.size < 0 ? "not as many numbers for each example"
                            : absl::StrCat(prediction.size, " numbers ", Between(prediction)),
        "): an EvalConfig has to say (--eval_config)"));
  }
  DefaultConfig config;
  for (const auto& [name, path] : models) {
    tfma::ModelSpec* const spec = config.eval_config.add_model_specs();
    spec->set_name(name);
    spec->set_label_key(label_key);
    std::string file;
    ASSIGN_OR_RETURN(const std::string local, io::LocalCopy(path));
    if (DetectModelType(local, &file) == "tf_lite") spec->set_model_type("tf_lite");
  }
  config.eval_config.add_slicing_specs();
  tfma::MetricsSpec* const metrics = config.eval_config.add_metrics_specs();
  problem->metrics.emplace_back("ExampleCount", "");
  for (const auto& [class_name, json] : problem->metrics) {
    tfma::MetricConfig* const metric = metrics->add_metrics();
    metric->set_class_name(class_name);
    metric->set_config(json);
  }
  config.why = absl::StrCat("the label \"", label_key, "\" ", problem->why);
  return config;
}

}  // namespace tfxm::model_analysis
