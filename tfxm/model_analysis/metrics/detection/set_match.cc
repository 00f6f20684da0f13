// SPDX-License-Identifier: Apache-2.0

// SetMatchPrecision and SetMatchRecall: the predicted classes of an example are a set, as are its labels. TFMA's
// set_match_confusion_matrix_metrics.py and preprocessors/set_match_preprocessors.py.
#include <limits>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/metrics/binary/confusion_matrix_metrics.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

// A threshold that every prediction reaches.
constexpr double kBelowAll = -std::numeric_limits<double>::infinity();

struct SetMatchSettings {
  int model_index = 0;
  std::optional<int> top_k;
  std::string class_output, score_output;     // The model's outputs.
  std::string class_feature, weight_feature;  // Weights by class; the labels if class_feature is empty.
  bool weighted = false;
};

std::vector<std::string> Texts(const Values& values, int row) {
  std::vector<std::string> texts;
  for (int i = values.begin(row); i < values.ends[row]; ++i) {
    texts.push_back(values.is_string ? values.strings[i] : absl::StrCat(values.numbers[i]));
  }
  return texts;
}

// Triples of one example: every label that is predicted (1, its score), every label that is not (1, -infinity) and
// every other prediction (0, its score).
absl::Status MatchSets(const SetMatchSettings& settings, const Extracts& extracts, FlatView* view) {
  const ModelExtracts& model = extracts.models[settings.model_index];
  const Values* labels = FindValues(model.labels, "");
  if (labels == nullptr) return absl::InvalidArgumentError("a set match metric needs a label_key in the model_spec");
  const Values* classes = FindValues(model.predictions, settings.class_output);
  const Values* scores = FindValues(model.predictions, settings.score_output);
  if (classes == nullptr || scores == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("a set match metric needs the outputs \"", settings.class_output,
                                                   "\" and \"", settings.score_output,
                                                   "\"; prediction_class_key and prediction_score_key name others"));
  }
  const Values* weights =
      settings.weight_feature.empty() ? nullptr : FindValues(extracts.feature_values, settings.weight_feature);
  const Values* weight_classes =
      settings.class_feature.empty() ? labels : FindValues(extracts.feature_values, settings.class_feature);
  const Values* example_weights = settings.weighted ? FindValues(model.example_weights, "") : nullptr;
  for (int row = 0; row < extracts.num_examples; ++row) {
    const std::vector<std::string> label_list = Texts(*labels, row), class_list = Texts(*classes, row);
    if (scores->size(row) != static_cast<int>(class_list.size())) {
      return absl::InvalidArgumentError(absl::StrCat(extracts.Describe(row), ": there are ", class_list.size(),
                                                     " predicted classes but ", scores->size(row), " scores"));
    }
    std::map<std::string, double> class_weights;
    if (weights != nullptr) {
      const std::vector<std::string> names = Texts(*weight_classes, row);
      if (static_cast<int>(names.size()) != weights->size(row)) {
        return absl::InvalidArgumentError(absl::StrCat(extracts.Describe(row), ": there are ", names.size(),
                                                       " classes but ", weights->size(row), " weights in \"",
                                                       settings.weight_feature, "\""));
      }
      for (size_t i = 0; i < names.size(); ++i) class_weights[names[i]] = weights->row(row)[i];
    }
    const double example_weight =
        example_weights != nullptr && example_weights->size(row) > 0 ? example_weights->row(row)[0] : 1;
    auto add = [&](const std::string& name, double label, double score) {
      double weight = 1;
      if (settings.weighted) {
        weight = example_weight;
        if (const auto it = class_weights.find(name); it != class_weights.end()) weight *= it->second;
      }
      view->labels.push_back(label);
      view->predictions.push_back(score);
      view->weights.push_back(weight);
    };
    const std::set<std::string> label_set(label_list.begin(), label_list.end());
    std::map<std::string, double> predicted;
    const size_t n = settings.top_k ? std::min<size_t>(*settings.top_k, class_list.size()) : class_list.size();
    for (size_t i = 0; i < n; ++i) predicted[class_list[i]] = scores->row(row)[i];
    for (const auto& [name, score] : predicted) add(name, label_set.count(name) > 0 ? 1 : 0, score);
    for (const std::string& name : label_set) {
      if (predicted.count(name) == 0) add(name, 1, kBelowAll);
    }
    view->ends.push_back(static_cast<int32_t>(view->labels.size()));
  }
  return absl::OkStatus();
}

class SetMatch : public PerKeyMetric {
 public:
  explicit SetMatch(bool precision) : precision_(precision) {}

  absl::Status Configure(MetricArguments* arguments) override {
    ASSIGN_OR_RETURN(thresholds_, arguments->Numbers("thresholds"));
    ASSIGN_OR_RETURN(settings_.top_k, arguments->Integer("top_k"));
    ASSIGN_OR_RETURN(settings_.class_output, arguments->String("prediction_class_key", "classes"));
    ASSIGN_OR_RETURN(settings_.score_output, arguments->String("prediction_score_key", "scores"));
    ASSIGN_OR_RETURN(settings_.class_feature, arguments->String("class_key", ""));
    ASSIGN_OR_RETURN(settings_.weight_feature, arguments->String("weight_key", ""));
    if (settings_.top_k && *settings_.top_k < 1) return arguments->Error("top_k", "must be at least 1");
    return absl::OkStatus();
  }

  absl::Status AddForKey(const KeyRequest& original, ComputationPlan* plan) const override {
    MetricRequest weighted = *original.request;
    if (!settings_.weight_feature.empty()) weighted.example_weighted = true;
    KeyRequest request = original;
    request.request = &weighted;
    SetMatchSettings settings = settings_;
    ASSIGN_OR_RETURN(settings.model_index, FindModelSpec(*request.request->eval_config, request.model_name));
    settings.weighted = weighted.example_weighted;
    if (!settings.weight_feature.empty()) plan->AddFeature(settings.weight_feature);
    if (!settings.class_feature.empty()) plan->AddFeature(settings.class_feature);
    const std::string id = absl::StrCat("set_match:", settings.top_k.value_or(0), ",", settings.class_output, ",",
                                        settings.score_output, ",", settings.class_feature, ",",
                                        settings.weight_feature, ",", settings.model_index, ",", settings.weighted);
    MatricesOptions options;
    options.triples = CustomTriples{id, plan->AddCustomView(id, [settings](const Extracts& extracts, FlatView* view) {
                                      return MatchSets(settings, extracts, view);
                                    })};
    options.thresholds = thresholds_ ? *thresholds_ : std::vector<double>{settings.top_k ? kBelowAll : 0.5};
    MetricKey key = request.Key(name());
    key.aggregation = request.aggregation();
    ASSIGN_OR_RETURN(const MetricKey matrices_key, AddBinaryConfusionMatrices(request, options, plan));
    plan->AddDerived({key},
                     [key, matrices_key, ratio = precision_ ? Precision : Recall](const MetricsMap& metrics,
                                                                                  MetricsMap* results) -> absl::Status {
                       ASSIGN_OR_RETURN(const BinaryConfusionMatrices* matrices,
                                        FindResult<BinaryConfusionMatrices>(metrics, matrices_key));
                       (*results)[key] = RatioAtThresholds(*matrices, ratio);
                       return absl::OkStatus();
                     });
    return absl::OkStatus();
  }

 private:
  const bool precision_;
  SetMatchSettings settings_;
  std::optional<std::vector<double>> thresholds_;
};

TFXM_REGISTER(MetricRegistry, "SetMatchPrecision", [] { return std::make_unique<SetMatch>(true); });
TFXM_REGISTER(MetricRegistry, "SetMatchRecall", [] { return std::make_unique<SetMatch>(false); });

}  // namespace
}  // namespace tfxm::model_analysis
