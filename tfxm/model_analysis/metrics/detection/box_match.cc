// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/metrics/detection/box_match.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

absl::StatusOr<double> Area(const Box& box) {
  if (box.right < box.left || box.bottom < box.top) {
    return absl::InvalidArgumentError(absl::StrCat("a box has left ", box.left, ", right ", box.right, ", top ",
                                                   box.top, ", bottom ", box.bottom,
                                                   ": right and bottom must not be less than left and top"));
  }
  return (box.right - box.left) * (box.bottom - box.top);
}

double IntersectionOverUnion(const Box& a, double area_a, const Box& b, double area_b) {
  const double width = std::max(std::min(a.right, b.right) - std::max(a.left, b.left), 0.0);
  const double height = std::max(std::min(a.bottom, b.bottom) - std::max(a.top, b.top), 0.0);
  const double both = width * height, either = area_a + area_b - both;
  return either != 0 ? both / either : 0;
}

// Reads the columns of one example's boxes side by side.
class BoxReader {
 public:
  BoxReader(const Extracts& extracts, const NamedValues& values, const std::vector<std::string>& names, int num_columns,
            bool allow_missing, absl::string_view what)
      : extracts_(extracts), num_columns_(num_columns), what_(what), stacked_(!names.empty()) {
    if (!stacked_) {
      if (values.size() == 1) columns_.push_back(&values[0].second);
    }
    for (const std::string& name : names) {
      const Values* column = FindValues(values, name);
      if (column == nullptr || column->is_string) column = FindValues(extracts.feature_values, name);
      if (column == nullptr) missing_ = name;
      columns_.push_back(column);
    }
    if (allow_missing && !missing_.empty()) {
      missing_.clear();
      columns_.clear();
      absent_ = true;
    }
  }

  absl::StatusOr<std::vector<Box>> Read(int row) const {
    std::vector<Box> boxes;
    if (absent_) return boxes;
    if (!missing_.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("object detection: column \"", missing_, "\" of the ", what_,
                                                     " is neither among them nor a feature; ",
                                                     "allow_missing_key makes that no boxes"));
    }
    if (columns_.empty()) return absl::InvalidArgumentError(absl::StrCat("object detection: there are no ", what_));
    int n = -1, total = 0;
    for (const Values* column : columns_) {
      if (column->is_string)
        return absl::InvalidArgumentError(absl::StrCat("object detection: a column of the ", what_, " holds strings"));
      const int width = stacked_ ? std::max(1, column->last_dimension) : column->last_dimension;
      if (width == 0) {
        return absl::InvalidArgumentError(
            absl::StrCat("object detection: the ", what_, " must be a matrix of ", num_columns_,
                         " columns per example, or its columns must be given to be stacked"));
      }
      const int rows = column->size(row) / width;
      if (n >= 0 && rows != n) {
        return absl::InvalidArgumentError(
            absl::StrCat(extracts_.Describe(row), ": columns of the ", what_, " have ", n, " and ", rows, " boxes"));
      }
      n = rows;
      total += width;
    }
    if (total != num_columns_) {
      return absl::InvalidArgumentError(
          absl::StrCat("object detection: the ", what_, " have ", total, " columns instead of ", num_columns_,
                       " (left, top, right, bottom, class", num_columns_ > 5 ? ", confidence)" : ")"));
    }
    for (int b = 0; b < n; ++b) {
      double cells[6] = {};
      int at = 0;
      for (const Values* column : columns_) {
        const int width = std::max(1, column->last_dimension);
        for (int k = 0; k < width; ++k) cells[at++] = column->row(row)[b * width + k];
      }
      boxes.push_back({cells[0], cells[1], cells[2], cells[3], cells[4], cells[5]});
    }
    return boxes;
  }

 private:
  const Extracts& extracts_;
  const int num_columns_;
  const absl::string_view what_;
  const bool stacked_;
  std::vector<const Values*> columns_;
  std::string missing_;
  bool absent_ = false;
};

}  // namespace

absl::Status BoxMatchSettings::Configure(MetricArguments* arguments) {
  ASSIGN_OR_RETURN(const auto area, arguments->Numbers("area_range"));
  if (area) {
    if (area->size() != 2 || !((*area)[0] < (*area)[1]))
      return arguments->Error("area_range", "must be two numbers, the first less than the second");
    min_area = (*area)[0];
    max_area = (*area)[1];
  }
  ASSIGN_OR_RETURN(max_num_detections, arguments->Integer("max_num_detections"));
  if (max_num_detections && *max_num_detections <= 0) return arguments->Error("max_num_detections", "must be positive");
  ASSIGN_OR_RETURN(labels_to_stack, arguments->Strings("labels_to_stack"));
  ASSIGN_OR_RETURN(predictions_to_stack, arguments->Strings("predictions_to_stack"));
  ASSIGN_OR_RETURN(num_detections_key, arguments->String("num_detections_key", ""));
  ASSIGN_OR_RETURN(allow_missing_key, arguments->Bool("allow_missing_key", false));
  return absl::OkStatus();
}

absl::Status BoxMatchSettings::Validate(const KeyRequest& request) const {
  if (!request.output_name.empty() && (!labels_to_stack.empty() || !predictions_to_stack.empty())) {
    return absl::InvalidArgumentError(
        "object detection: output_names cannot be combined with labels_to_stack or predictions_to_stack");
  }
  if (class_id < 0 || class_weight < 0)
    return absl::InvalidArgumentError("object detection: class ids and class weights must not be negative");
  return absl::OkStatus();
}

absl::StatusOr<CustomTriples> AddBoxMatch(const KeyRequest& request, const BoxMatchSettings& settings,
                                          ComputationPlan* plan) {
  for (const auto* names : {&settings.labels_to_stack, &settings.predictions_to_stack}) {
    for (const std::string& name : *names) plan->AddFeature(name);
  }
  if (!settings.num_detections_key.empty()) plan->AddFeature(settings.num_detections_key);
  ASSIGN_OR_RETURN(const int model_index, FindModelSpec(*request.request->eval_config, request.model_name));
  const bool weighted = request.example_weighted();
  const std::string output_name = request.output_name;
  const std::string id = absl::StrCat(
      "box_match:", settings.class_id, ",", settings.iou_threshold, ",", settings.min_area, ",", settings.max_area, ",",
      settings.max_num_detections.value_or(0), ",", settings.class_weight, ",",
      absl::StrJoin(settings.labels_to_stack, "+"), ",", absl::StrJoin(settings.predictions_to_stack, "+"), ",",
      settings.num_detections_key, ",", settings.allow_missing_key, ",", model_index, ",", weighted, ",", output_name);
  const FlatViewId view = plan->AddCustomView(id, [=](const Extracts& extracts, FlatView* view) -> absl::Status {
    const ModelExtracts& model = extracts.models[model_index];
    NamedValues one_output;
    const NamedValues* outputs = &model.predictions;
    if (!output_name.empty()) {
      if (const Values* values = FindValues(model.predictions, output_name)) one_output.emplace_back("", *values);
      outputs = &one_output;
    }
    const BoxReader truth(extracts, model.labels, settings.labels_to_stack, 5, settings.allow_missing_key, "labels");
    const BoxReader predicted(extracts, *outputs, settings.predictions_to_stack, 6, settings.allow_missing_key,
                              "predictions");
    const Values* counts = nullptr;
    if (!settings.num_detections_key.empty()) {
      counts = FindValues(model.predictions, settings.num_detections_key);
      if (counts == nullptr) counts = FindValues(extracts.feature_values, settings.num_detections_key);
    }
    const Values* weights = weighted ? FindValues(model.example_weights, "") : nullptr;
    for (int row = 0; row < extracts.num_examples; ++row) {
      ASSIGN_OR_RETURN(const std::vector<Box> labels, truth.Read(row));
      ASSIGN_OR_RETURN(std::vector<Box> predictions, predicted.Read(row));
      if (counts != nullptr && !counts->is_string && counts->size(row) == 1 && counts->row(row)[0] > 0) {
        predictions.resize(std::min<size_t>(predictions.size(), static_cast<size_t>(counts->row(row)[0])));
      }
      double weight = 1;
      if (weighted)
        weight = settings.class_weight * (weights != nullptr && weights->size(row) > 0 ? weights->row(row)[0] : 1);
      RETURN_IF_ERROR(Annotate(MatchBoxes(labels, predictions, settings, weight, view), extracts.Describe(row)));
      view->ends.push_back(static_cast<int32_t>(view->labels.size()));
    }
    return absl::OkStatus();
  });
  return CustomTriples{id, view};
}

absl::Status MatchBoxes(const std::vector<Box>& all_truth, const std::vector<Box>& all_predictions,
                        const BoxMatchSettings& settings, double weight, FlatView* view) {
  std::vector<Box> truth, predictions;
  std::vector<double> truth_areas, prediction_areas;
  auto in_range = [&](double area) { return settings.min_area <= area && area <= settings.max_area; };
  for (const Box& box : all_truth) {
    if (box.class_id != settings.class_id) continue;
    ASSIGN_OR_RETURN(const double area, Area(box));
    if (!in_range(area)) continue;
    truth.push_back(box);
    truth_areas.push_back(area);
  }
  for (const Box& box : all_predictions) {
    if (box.class_id == settings.class_id) predictions.push_back(box);
  }
  std::stable_sort(predictions.begin(), predictions.end(),
                   [](const Box& a, const Box& b) { return a.confidence > b.confidence; });
  if (settings.max_num_detections && static_cast<int>(predictions.size()) > *settings.max_num_detections)
    predictions.resize(*settings.max_num_detections);
  for (const Box& box : predictions) {
    ASSIGN_OR_RETURN(const double area, Area(box));
    prediction_areas.push_back(area);
  }
  auto add = [&](double label, double confidence) {
    view->labels.push_back(label);
    view->predictions.push_back(confidence);
    view->weights.push_back(weight);
  };
  // The most confident prediction takes the true box it overlaps most, if enough and not taken.
  std::vector<double> matched(truth.size(), std::nan(""));
  for (size_t p = 0; p < predictions.size(); ++p) {
    double best = std::min(settings.iou_threshold, 1 - 1e-10);
    int match = -1;
    for (size_t t = 0; t < truth.size(); ++t) {
      if (!std::isnan(matched[t])) continue;
      const double iou = IntersectionOverUnion(predictions[p], prediction_areas[p], truth[t], truth_areas[t]);
      if (iou < best) continue;
      best = iou;
      match = static_cast<int>(t);
    }
    if (match >= 0) {
      matched[match] = predictions[p].confidence;
    } else if (in_range(prediction_areas[p])) {
      add(0, predictions[p].confidence);
    }
  }
  for (double confidence : matched) add(1, std::isnan(confidence) ? 0 : confidence);
  return absl::OkStatus();
}

}  // namespace tfxm::model_analysis
