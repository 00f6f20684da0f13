// SPDX-License-Identifier: Apache-2.0

#include "tfxm/report/evaluation/metric_direction.h"

#include <cctype>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/proto/costs.h"
#include "tfxm/util/io.h"

namespace tfxm::report {
namespace {

namespace tfma = ::tensorflow_model_analysis;

constexpr absl::string_view kLower[] = {"loss",
                                        "error",
                                        "entropy",
                                        "crossentropy",
                                        "hinge",
                                        "poisson",
                                        "log_cosh",
                                        "logcosh",
                                        "kl_divergence",
                                        "false_positive",
                                        "false_negative",
                                        "fall_out",
                                        "fallout",
                                        "miss_rate",
                                        "fpr",
                                        "fnr",
                                        "false_discovery",
                                        "false_omission",
                                        "flip_rate",
                                        "flip_count",
                                        "min_label_position",
                                        "prediction_difference",
                                        "latency",
                                        cost::kOpCount};
constexpr absl::string_view kHigher[] = {"accuracy",
                                         "auc",
                                         "precision",
                                         "recall",
                                         "f1",
                                         "sensitivity",
                                         "specificity",
                                         "true_positive_rate",
                                         "true_negative_rate",
                                         "tpr",
                                         "tnr",
                                         "positive_predictive_value",
                                         "negative_predictive_value",
                                         "ppv",
                                         "npv",
                                         "ndcg",
                                         "mean_average",
                                         "average_precision",
                                         "cosine_similarity",
                                         "pearson",
                                         "spearman",
                                         "squared_pearson",
                                         "coefficient_of_discrimination",
                                         "relative_coefficient_of_discrimination",
                                         "r2",
                                         "hit_rate",
                                         "hits",
                                         "iou",
                                         "threat_score",
                                         "informedness",
                                         "markedness",
                                         "balanced",
                                         "matthews",
                                         "fowlkes_mallows",
                                         "exact_match",
                                         "rouge",
                                         "bleu",
                                         "true_positives",
                                         "true_negatives"};

Direction FromProto(tfma::MetricDirection direction) {
  if (direction == tfma::HIGHER_IS_BETTER) return Direction::kHigherIsBetter;
  return direction == tfma::LOWER_IS_BETTER ? Direction::kLowerIsBetter : Direction::kNone;
}

std::string Folded(absl::string_view name) {
  std::string folded;
  for (const char c : name) {
    if (c != '_') folded += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return folded;
}

}  // namespace

bool SameMetricName(absl::string_view a, absl::string_view b) { return Folded(a) == Folded(b); }

std::string ConfiguredName(const tfma::MetricConfig& config) {
  google::protobuf::Struct parsed;
  if (!config.config().empty() && io::ParseJson(config.config(), &parsed).ok()) {
    const auto it = parsed.fields().find("name");
    if (it != parsed.fields().end() && !it->second.string_value().empty()) return it->second.string_value();
    const auto op = parsed.fields().find("op");
    if (config.class_name() == cost::kOpCountClass && op != parsed.fields().end())
      return absl::StrCat(config.class_name(), "_", op->second.string_value());
  }
  return config.class_name();
}

Direction MetricDirection(absl::string_view name) {
  // Lower first: "false_positive_rate" and "mean_squared_error" hold none of the higher words, "error" wins over
  // "precision".
  for (const absl::string_view word : kLower) {
    if (absl::StrContains(name, word)) return Direction::kLowerIsBetter;
  }
  for (const Cost& cost : kCosts) {
    if (!cost.metric.empty() && cost.direction != 0 && absl::StrContains(name, cost.name))
      return cost.direction > 0 ? Direction::kHigherIsBetter : Direction::kLowerIsBetter;
  }
  for (const absl::string_view word : kHigher) {
    if (absl::StrContains(name, word)) return Direction::kHigherIsBetter;
  }
  return Direction::kNone;
}

Direction MetricDirection(absl::string_view name, const tfma::EvalConfig& config) {
  const auto of = [](const tfma::MetricThreshold& threshold) {
    return threshold.has_change_threshold() ? FromProto(threshold.change_threshold().direction()) : Direction::kNone;
  };
  for (const auto& spec : config.metrics_specs()) {
    for (const auto& metric : spec.metrics()) {
      if (!SameMetricName(ConfiguredName(metric), name)) continue;
      if (const Direction d = of(metric.threshold()); d != Direction::kNone) return d;
      for (const auto& per_slice : metric.per_slice_thresholds()) {
        if (const Direction d = of(per_slice.threshold()); d != Direction::kNone) return d;
      }
    }
    for (const auto& [metric_name, threshold] : spec.thresholds()) {
      if (metric_name == name && of(threshold) != Direction::kNone) return of(threshold);
    }
  }
  return MetricDirection(name);
}

}  // namespace tfxm::report
