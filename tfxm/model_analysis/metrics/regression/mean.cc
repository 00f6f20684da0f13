// SPDX-License-Identifier: Apache-2.0

// Mean of a feature, and ExactMatch of labels and predictions (numbers or strings): TFMA's stats.py and exact_match.py.
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/message_differencer.h"
#include "tfxm/model_analysis/metrics/accumulators.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

class FeatureMean : public AccumulatorOf<FeatureMean> {
 public:
  FeatureMean(MetricKey key, std::vector<std::string> feature, std::vector<std::string> weight)
      : key_(std::move(key)), feature_(std::move(feature)), weight_(std::move(weight)) {}

  absl::Status Add(BatchViews* batch, std::span<const int32_t> rows) override {
    for (int32_t row : rows) {
      ASSIGN_OR_RETURN(const double value, Scalar(*batch, feature_, row));
      double weight = 1;
      if (!weight_.empty()) {
        ASSIGN_OR_RETURN(weight, Scalar(*batch, weight_, row));
      }
      total_.AddProduct(value, weight);
      count_.Add(weight);
    }
    return absl::OkStatus();
  }
  auto Parts() { return std::tie(total_, count_); }
  absl::Status Output(MetricsMap* results) const override {
    const double count = count_.Value();
    (*results)[key_] = count == 0 ? std::nan("") : total_.Value() / count;
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<double> Scalar(const BatchViews& batch, const std::vector<std::string>& path, int row) const {
    const Extracts& extracts = batch.extracts();
    const Values* values = nullptr;
    if (path[0] == "features") {
      values = FindValues(extracts.feature_values, path[1]);
    } else if (path.size() == 1) {
      const NamedValues& all = path[0] == "labels"        ? extracts.models[0].labels
                               : path[0] == "predictions" ? extracts.models[0].predictions
                                                          : extracts.models[0].example_weights;
      if (!all.empty()) values = &all[0].second;
    }
    if (values == nullptr || values->is_string || values->size(row) != 1) {
      return absl::InvalidArgumentError(absl::StrCat(extracts.Describe(row), ": metric Mean needs one number at ",
                                                     absl::StrJoin(path, "/"), ", found ",
                                                     values == nullptr   ? "none"
                                                     : values->is_string ? "bytes"
                                                                         : absl::StrCat(values->size(row))));
    }
    return values->row(row)[0];
  }

  const MetricKey key_;
  const std::vector<std::string> feature_, weight_;
  CompactSum total_, count_;
};

class Mean : public Metric {
 public:
  absl::Status Configure(MetricArguments* arguments) override {
    ASSIGN_OR_RETURN(feature_, arguments->Strings("feature_key_path"));
    ASSIGN_OR_RETURN(weight_, arguments->Strings("example_weights_key_path"));
    if (feature_.empty()) return arguments->Error("feature_key_path", "must be given: [\"features\", NAME]");
    for (const auto* path : {&feature_, &weight_}) {
      const bool is_feature = path->size() == 2 && (*path)[0] == "features";
      const bool is_extract = path->size() == 1 && ((*path)[0] == "labels" || (*path)[0] == "predictions" ||
                                                    (*path)[0] == "example_weights");
      if (!path->empty() && !is_feature && !is_extract) {
        return arguments->Error(
            path == &feature_ ? "feature_key_path" : "example_weights_key_path",
            "must be [\"features\", NAME], [\"labels\"], [\"predictions\"] or [\"example_weights\"]");
      }
    }
    return absl::OkStatus();
  }
  std::string DefaultName(absl::string_view) const override {
    return absl::StrCat("mean_", absl::StrJoin(feature_, "."));
  }
  absl::Status AddComputations(const MetricRequest& request, ComputationPlan* plan) const override {
    const MetricKey key{.name = name(), .example_weighted = !weight_.empty()};
    for (const auto* path : {&feature_, &weight_}) {
      if (path->size() == 2) plan->AddFeature((*path)[1]);
    }
    plan->Add("Mean", {key}, [key, feature = feature_, weight = weight_] {
      return std::make_unique<FeatureMean>(key, feature, weight);
    });
    return absl::OkStatus();
  }

 private:
  std::vector<std::string> feature_, weight_;
};

class ExactMatchAccumulator : public AccumulatorOf<ExactMatchAccumulator> {
 public:
  ExactMatchAccumulator(MetricKey key, ListViewId view, bool json) : key_(std::move(key)), view_(view), json_(json) {}

  absl::Status Add(BatchViews* batch, std::span<const int32_t> rows) override {
    return ForEachMatch(batch, rows, [this](size_t, bool equal, double weight) {
      if (equal) matches_.Add(weight);
      weight_.Add(weight);
    });
  }
  // Calls sink(position in `rows`, whether a value is matched, weight).
  template <typename Sink>
  absl::Status ForEachMatch(BatchViews* batch, std::span<const int32_t> rows, Sink sink) const {
    ASSIGN_OR_RETURN(const ListView* view, batch->List(view_));
    for (size_t k = 0; k < rows.size(); ++k) {
      const int32_t row = rows[k];
      const int n = view->predictions->size(row);
      if (view->labels->size(row) != n || view->labels->is_string != view->predictions->is_string) {
        return absl::InvalidArgumentError(absl::StrCat(batch->extracts().Describe(row),
                                                       ": metric ExactMatch needs labels and predictions of the same ",
                                                       "number and kind, found ", view->labels->size(row), " and ", n));
      }
      for (int i = 0; i < n; ++i) {
        ASSIGN_OR_RETURN(const bool equal, Equal(*view, row, i));
        sink(k, equal, view->weights[row]);
      }
    }
    return absl::OkStatus();
  }
  auto Parts() { return std::tie(matches_, weight_); }
  absl::Status Output(MetricsMap* results) const override {
    (*results)[key_] = matches_.Value() / weight_.Value();
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<bool> Equal(const ListView& view, int row, int i) const {
    if (!view.labels->is_string) return view.labels->row(row)[i] == view.predictions->row(row)[i];
    const std::string &label = view.labels->strings[view.labels->begin(row) + i],
                      &prediction = view.predictions->strings[view.predictions->begin(row) + i];
    if (!json_) return label == prediction;
    google::protobuf::Value a, b;
    RETURN_IF_ERROR(Annotate(io::ParseJson(label, &a), "label"));
    RETURN_IF_ERROR(Annotate(io::ParseJson(prediction, &b), "prediction"));
    return google::protobuf::util::MessageDifferencer::Equals(a, b);
  }

  const MetricKey key_;
  const ListViewId view_;
  const bool json_;
  CompactSum matches_, weight_;
};

class ExactMatch : public PerKeyMetric {
 public:
  absl::Status Configure(MetricArguments* arguments) override {
    ASSIGN_OR_RETURN(const std::string convert_to, arguments->String("convert_to", ""));
    if (!convert_to.empty() && convert_to != "json") return arguments->Error("convert_to", "must be \"json\"");
    json_ = convert_to == "json";
    return absl::OkStatus();
  }
  absl::Status AddForKey(const KeyRequest& request, ComputationPlan* plan) const override {
    const MetricKey key = request.Key(name());
    ASSIGN_OR_RETURN(ViewSpec view, request.View());
    view.sub_key = {};
    view.class_weights.clear();
    plan->Add("ExactMatch", {key}, [key, view = plan->AddListView(view), json = json_] {
      return std::make_unique<ExactMatchAccumulator>(key, view, json);
    });
    auto matches = std::make_shared<const ExactMatchAccumulator>(key, plan->AddListView(view), json_);
    plan->AddExampleTerms(
        key, [matches](BatchViews* batch, std::span<const int32_t> rows, std::vector<ExampleTerm>* terms) {
          const size_t first = terms->size();
          terms->resize(first + rows.size());
          return matches->ForEachMatch(
              batch, rows, [&](size_t k, bool equal, double weight) { (*terms)[first + k].Add(equal, weight); });
        });
    return absl::OkStatus();
  }

 private:
  bool json_ = false;
};

TFXM_REGISTER(MetricRegistry, "Mean", [] { return std::make_unique<Mean>(); });
TFXM_REGISTER(MetricRegistry, "ExactMatch", [] { return std::make_unique<ExactMatch>(); });

}  // namespace
}  // namespace tfxm::model_analysis
