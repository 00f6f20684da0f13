// SPDX-License-Identifier: Apache-2.0

// The arguments of one metric: MetricConfig.config, the JSON object that TFMA passes to the metric's constructor.
//
//   ASSIGN_OR_RETURN(MetricArguments arguments,
//                    MetricArguments::Parse("AUC", R"({"curve": "PR", "num_thresholds": 200})"));
//   ASSIGN_OR_RETURN(std::string curve, arguments.String("curve", "ROC"));
//   RETURN_IF_ERROR(arguments.CheckAllRead());     // an argument nobody asked for: names the nearest that exist
//
// null counts as not given. Errors are INVALID_ARGUMENT and name the metric and the argument.
#ifndef TFXM_MODEL_ANALYSIS_METRICS_METRIC_ARGUMENTS_H_
#define TFXM_MODEL_ANALYSIS_METRICS_METRIC_ARGUMENTS_H_

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace google::protobuf {
class Struct;
class Value;
}  // namespace google::protobuf

namespace tfxm::model_analysis {

class MetricArguments {
 public:
  // `json`: an object, or its members without the braces, or empty.
  static absl::StatusOr<MetricArguments> Parse(absl::string_view class_name, absl::string_view json);
  ~MetricArguments();
  MetricArguments(MetricArguments&&) noexcept;

  const std::string& class_name() const { return class_name_; }
  // MetricConfig.module: tells a loss of Keras from its metric of the same name.
  const std::string& module() const { return module_; }
  void set_module(std::string module) { module_ = std::move(module); }
  bool Has(absl::string_view name) const;
  // Overrides, or gives, an argument.
  void Set(absl::string_view name, absl::string_view value);

  absl::StatusOr<std::optional<double>> Number(absl::string_view name);
  absl::StatusOr<double> Number(absl::string_view name, double otherwise);
  absl::StatusOr<std::optional<int>> Integer(absl::string_view name);
  // How many of something are made (thresholds, buckets): from 1 to 1,000,000, as it takes memory.
  absl::StatusOr<std::optional<int>> Count(absl::string_view name);
  absl::StatusOr<bool> Bool(absl::string_view name, bool otherwise);
  absl::StatusOr<std::string> String(absl::string_view name, absl::string_view otherwise);
  absl::StatusOr<std::optional<std::vector<double>>> Numbers(absl::string_view name);
  absl::StatusOr<std::vector<std::string>> Strings(absl::string_view name);
  // Whether the argument is given as a list (a number and a list of one are not the same to TFMA).
  bool IsList(absl::string_view name) const;

  absl::Status CheckAllRead() const;
  absl::Status Error(absl::string_view name, absl::string_view message) const;

 private:
  MetricArguments();
  const google::protobuf::Value* Find(absl::string_view name);
  std::string class_name_, module_;
  std::unique_ptr<google::protobuf::Struct> fields_;
  std::set<std::string> read_;
};

// "MultiClassConfusionMatrix" -> "multi_class_confusion_matrix": TFMA's default name of a Keras metric.
std::string SnakeCase(absl::string_view class_name);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_METRICS_METRIC_ARGUMENTS_H_
