// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/metrics/keras/keras_default_metrics.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/protobuf/struct.pb.h"
#include "tensorflow/python/keras/protobuf/saved_metadata.pb.h"
#include "tfxm/model_analysis/metrics/metric_specs.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;
namespace tfma = ::tensorflow_model_analysis;

// Functions by the names that compile() takes, and the class that computes each.
constexpr std::pair<const char*, const char*> kFunctions[] = {
    {"binary_accuracy", "BinaryAccuracy"},
    {"categorical_accuracy", "CategoricalAccuracy"},
    {"sparse_categorical_accuracy", "SparseCategoricalAccuracy"},
    {"top_k_categorical_accuracy", "TopKCategoricalAccuracy"},
    {"sparse_top_k_categorical_accuracy", "SparseTopKCategoricalAccuracy"},
    {"binary_crossentropy", "BinaryCrossentropy"},
    {"binary_focal_crossentropy", "BinaryFocalCrossentropy"},
    {"categorical_crossentropy", "CategoricalCrossentropy"},
    {"categorical_focal_crossentropy", "CategoricalFocalCrossentropy"},
    {"sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"},
    {"mean_squared_error", "MeanSquaredError"},
    {"mse", "MeanSquaredError"},
    {"mean_absolute_error", "MeanAbsoluteError"},
    {"mae", "MeanAbsoluteError"},
    {"mean_absolute_percentage_error", "MeanAbsolutePercentageError"},
    {"mape", "MeanAbsolutePercentageError"},
    {"mean_squared_logarithmic_error", "MeanSquaredLogarithmicError"},
    {"msle", "MeanSquaredLogarithmicError"},
    {"hinge", "Hinge"},
    {"squared_hinge", "SquaredHinge"},
    {"categorical_hinge", "CategoricalHinge"},
    {"cosine_similarity", "CosineSimilarity"},
    {"kl_divergence", "KLDivergence"},
    {"kullback_leibler_divergence", "KLDivergence"},
    {"poisson", "Poisson"},
    {"log_cosh", "LogCosh"},
    {"logcosh", "LogCosh"},
    {"huber", "Huber"}};

const Value* Find(const Struct& fields, const char* name) {
  const auto it = fields.fields().find(name);
  return it == fields.fields().end() || it->second.has_null_value() ? nullptr : &it->second;
}

// The metadata of the root object.
std::string RootMetadata(const std::string& file) {
  third_party::tensorflow::python::keras::protobuf::SavedMetadata objects;
  if (!objects.ParseFromString(file)) return "";
  for (const auto& object : objects.nodes()) {
    if (object.node_path() == "root") return object.metadata();
  }
  return "";
}

// The names of the outputs, in the model's order.
std::vector<std::string> OutputNames(const Struct& metadata) {
  std::vector<std::string> names;
  const Value* model = Find(metadata, "model_config");
  const Value* config = model == nullptr ? nullptr : Find(model->struct_value(), "config");
  const Value* layers = config == nullptr ? nullptr : Find(config->struct_value(), "output_layers");
  if (layers == nullptr) return names;
  for (const auto& [name, layer] : layers->struct_value().fields()) names.push_back(name);
  std::sort(names.begin(), names.end());
  for (const Value& layer : layers->list_value().values()) {
    if (layer.list_value().values_size() > 0) names.push_back(layer.list_value().values(0).string_value());
  }
  return names;
}

// A metric or loss as compile() was given it: a function's name, or a class with its config.
bool MakeConfig(const Value& value, const std::string& name, bool is_loss, tfma::MetricConfig* config) {
  std::string class_name, function = value.string_value();
  Struct arguments;
  if (value.has_struct_value()) {
    if (const Value* v = Find(value.struct_value(), "class_name")) class_name = v->string_value();
    if (const Value* v = Find(value.struct_value(), "config")) {
      arguments = v->struct_value();
      if (v->has_string_value()) function = v->string_value();
    }
    if (const Value* v = Find(arguments, "fn")) function = v->string_value();
    if (class_name != "MeanMetricWrapper" && class_name != "LossFunctionWrapper" && class_name != "function")
      function = "";
  }
  if (!function.empty()) {
    class_name.clear();
    for (const auto& [known, of_class] : kFunctions) {
      if (function == known) class_name = of_class;
    }
  }
  // Those that TFMA has its own versions of, which are not losses.
  if (is_loss && MetricRegistry::Get().Has("Keras>" + class_name)) class_name = "Keras>" + class_name;
  if (class_name.empty() || !MetricRegistry::Get().Has(class_name)) return false;
  // Settings of Keras that its get_config() always writes and that say nothing new.
  for (const char* setting : {"dtype", "fn", "reduction", "multi_label", "num_labels", "label_weights"}) {
    arguments.mutable_fields()->erase(setting);
  }
  if (class_name == "AUC") arguments.mutable_fields()->erase("from_logits");
  std::vector<std::string> nulls;
  for (const auto& [argument, v] : arguments.fields()) {
    if (v.has_null_value()) nulls.push_back(argument);
  }
  for (const std::string& argument : nulls) arguments.mutable_fields()->erase(argument);
  (*arguments.mutable_fields())["name"].set_string_value(name);
  config->set_class_name(class_name);
  config->set_module(kCompiledModule);
  const absl::StatusOr<std::string> json = io::ToJson(arguments);
  if (!json.ok()) return false;
  config->set_config(*json);
  return MakeMetric(*config).ok();
}

std::string NameOf(const Value& value) {
  const Value* config = Find(value.struct_value(), "config");
  const Value* name = config == nullptr ? nullptr : Find(config->struct_value(), "name");
  return name != nullptr ? name->string_value() : value.string_value();
}

// Calls fn(output, value) for what compile() was given per output: one for the only output, a list, or by name.
template <typename Fn>
void ForEachOutput(const Value* values, const std::vector<std::string>& outputs, const Fn& fn) {
  if (values == nullptr) return;
  if (values->has_list_value()) {
    for (int i = 0; i < values->list_value().values_size(); ++i) {
      fn(i < static_cast<int>(outputs.size()) && outputs.size() > 1 ? outputs[i] : "", values->list_value().values(i));
    }
  } else if (values->has_struct_value() && Find(values->struct_value(), "class_name") == nullptr) {
    for (const auto& [output, value] : values->struct_value().fields()) fn(outputs.size() > 1 ? output : "", value);
  } else {
    fn("", *values);
  }
}

// The sum of the outputs' losses.
DerivedFunction TotalLoss(const MetricKey& total, const std::vector<std::pair<MetricKey, double>>& losses) {
  return [=](const MetricsMap& metrics, MetricsMap* results) -> absl::Status {
    double sum = 0;
    for (const auto& [key, weight] : losses) {
      ASSIGN_OR_RETURN(const double* loss, FindResult<double>(metrics, key));
      sum += weight * *loss;
    }
    (*results)[total] = sum;
    return absl::OkStatus();
  };
}

}  // namespace

absl::StatusOr<CompiledMetrics> ReadCompiledMetrics(const std::string& path) {
  CompiledMetrics compiled;
  const std::string file = io::JoinPath(path, "keras_metadata.pb");
  if (!io::Exists(file)) return compiled;
  ASSIGN_OR_RETURN(const std::string content, io::ReadFile(file));
  const std::string text = RootMetadata(content);
  Struct metadata;
  if (text.empty() || !io::ParseJson(text, &metadata).ok()) return compiled;
  const Value* training = Find(metadata, "training_config");
  if (training == nullptr) return compiled;
  const std::vector<std::string> outputs = OutputNames(metadata);

  ForEachOutput(Find(training->struct_value(), "loss"), outputs, [&](const std::string& output, const Value& value) {
    if (value.has_null_value()) return;
    CompiledMetric loss{.output_name = output, .weighted = true};
    if (MakeConfig(value, "loss", /*is_loss=*/true, &loss.config)) {
      compiled.losses.push_back(std::move(loss));
    } else {
      compiled.not_supported.push_back("loss");
    }
  });
  for (const bool weighted : {false, true}) {
    const Value* lists = Find(training->struct_value(), weighted ? "weighted_metrics" : "metrics");
    ForEachOutput(lists, outputs, [&](const std::string& output, const Value& of_output) {
      std::vector<const Value*> values;
      for (const Value& value : of_output.list_value().values()) values.push_back(&value);
      if (!of_output.has_list_value()) values.push_back(&of_output);
      for (const Value* value : values) {
        // Keras writes "output_metric"; the output is told apart in the key.
        std::string name = NameOf(*value);
        if (!output.empty()) name = std::string(absl::StripPrefix(name, output + "_"));
        CompiledMetric metric{.output_name = output, .weighted = weighted};
        if (name.empty() || !MakeConfig(*value, name, /*is_loss=*/false, &metric.config)) {
          compiled.not_supported.push_back(name);
        } else {
          compiled.metrics.push_back(std::move(metric));
        }
      }
    });
  }
  if (const Value* weights = Find(training->struct_value(), "loss_weights")) {
    ForEachOutput(weights, outputs, [&](const std::string& output, const Value& value) {
      compiled.loss_weights[output] = value.number_value();
    });
  }
  return compiled;
}

absl::Status AddCompiledMetrics(const tfma::EvalConfig& eval_config, const std::string& model_name,
                                const CompiledMetrics& compiled, ComputationPlan* plan) {
  auto add = [&](const CompiledMetric& compiled_metric) -> absl::Status {
    MetricRequest request{.eval_config = &eval_config,
                          .model_names = {model_name},
                          .output_names = {compiled_metric.output_name},
                          .sub_keys = {SubKey()},
                          .example_weighted = compiled_metric.weighted,
                          .is_default = true};
    ASSIGN_OR_RETURN(const std::unique_ptr<Metric> metric, MakeMetric(compiled_metric.config));
    return metric->AddComputations(request, plan);
  };
  for (const CompiledMetric& metric : compiled.metrics) RETURN_IF_ERROR(add(metric));
  std::vector<std::pair<MetricKey, double>> losses;
  for (const CompiledMetric& loss : compiled.losses) {
    RETURN_IF_ERROR(add(loss));
    const auto weight = compiled.loss_weights.find(loss.output_name);
    losses.emplace_back(MetricKey{.name = "loss",
                                  .model_name = model_name,
                                  .output_name = loss.output_name,
                                  .example_weighted = std::nullopt},
                        weight == compiled.loss_weights.end() ? 1 : weight->second);
  }
  // A single loss of the only output is the total itself (it has no weight).
  if (losses.empty() || (losses.size() == 1 && losses[0].first.output_name.empty())) return absl::OkStatus();
  MetricKey total = losses[0].first;
  total.output_name.clear();
  plan->AddDerived({total}, TotalLoss(total, losses));
  return absl::OkStatus();
}

}  // namespace tfxm::model_analysis
