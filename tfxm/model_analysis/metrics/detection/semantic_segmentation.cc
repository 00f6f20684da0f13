// SPDX-License-Identifier: Apache-2.0

// Pixels that are labeled and predicted as a class: TFMA's semantic_segmentation_confusion_matrix_metrics.py. Label and
// prediction are images of class indices: PNGs in a feature, or numbers that a model gives out.
#include <array>

#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/metrics/accumulators.h"
#include "tfxm/model_analysis/metrics/detection/class_image.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

enum Count { kTruePositives, kTrueNegatives, kFalsePositives, kFalseNegatives, kNumCounts };

struct SegmentationSettings {
  std::vector<int> class_ids;
  std::string ground_truth_key, prediction_key;
  bool decode_ground_truth = true, decode_prediction = false;
  std::optional<int> ignored;
  int model_index = 0;
  std::vector<MetricKey> keys;  // By class.
  int count = -1;               // Which one is reported; -1: all, as a matrix.
};

// An image as numbers; the width is 0 if it is not known.
struct Pixels {
  std::vector<double> values;
  int width = 0;
};

absl::StatusOr<Pixels> ReadImage(const Extracts& extracts, const NamedValues& of_model, const std::string& key,
                                 bool decode, int row) {
  const Values* values = FindValues(of_model, key);
  if (values == nullptr || values->size(row) == 0) values = FindValues(extracts.feature_values, key);
  if (values == nullptr || values->size(row) == 0) {
    return absl::InvalidArgumentError(absl::StrCat("no image \"", key, "\" among outputs and features"));
  }
  Pixels pixels;
  if (decode) {
    if (!values->is_string || values->size(row) != 1) {
      return absl::InvalidArgumentError(absl::StrCat("\"", key, "\" must hold one encoded image"));
    }
    absl::StatusOr<ClassImage> image = DecodeClassPng(values->strings[values->begin(row)]);
    if (!image.ok()) return Annotate(image.status(), absl::StrCat("\"", key, "\""));
    pixels.values.assign(image->pixels.begin(), image->pixels.end());
    pixels.width = image->width;
    return pixels;
  }
  if (values->is_string) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", key, "\" holds bytes; say decode_ground_truth or decode_prediction"));
  }
  const auto numbers = values->row(row);
  pixels.values.assign(numbers.begin(), numbers.end());
  pixels.width = values->last_dimension;
  return pixels;
}

class SegmentationAccumulator : public AccumulatorOf<SegmentationAccumulator> {
 public:
  explicit SegmentationAccumulator(std::shared_ptr<const SegmentationSettings> settings)
      : settings_(std::move(settings)), counts_(settings_->class_ids.size()) {}

  absl::Status Add(BatchViews* batch, std::span<const int32_t> rows) override {
    const Extracts& extracts = batch->extracts();
    for (int32_t row : rows) RETURN_IF_ERROR(Annotate(AddRow(extracts, row), extracts.Describe(row)));
    return absl::OkStatus();
  }
  auto Parts() { return std::tie(counts_); }
  absl::Status Output(MetricsMap* results) const override {
    for (size_t c = 0; c < counts_.size(); ++c) {
      const auto count = [&](Count i) { return static_cast<double>(counts_[c][i]); };
      if (settings_->count >= 0) {
        (*results)[settings_->keys[c]] = count(static_cast<Count>(settings_->count));
      } else {
        (*results)[settings_->keys[c]] = BinaryConfusionMatrices{
            {0}, {count(kTruePositives)}, {count(kTrueNegatives)}, {count(kFalsePositives)}, {count(kFalseNegatives)}};
      }
    }
    return absl::OkStatus();
  }

 private:
  absl::Status AddRow(const Extracts& extracts, int row) {
    const ModelExtracts& model = extracts.models[settings_->model_index];
    ASSIGN_OR_RETURN(const Pixels truth, ReadImage(extracts, model.labels, settings_->ground_truth_key,
                                                   settings_->decode_ground_truth, row));
    ASSIGN_OR_RETURN(const Pixels prediction, ReadImage(extracts, model.predictions, settings_->prediction_key,
                                                        settings_->decode_prediction, row));
    if (truth.values.size() != prediction.values.size() ||
        (truth.width != 0 && prediction.width != 0 && truth.width != prediction.width)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the true image has ", truth.values.size(), " pixels in rows of ", truth.width, ", the predicted one ",
          prediction.values.size(), " in rows of ", prediction.width, "; they must have the same shape"));
    }
    for (size_t i = 0; i < truth.values.size(); ++i) {
      const double is = truth.values[i], said = prediction.values[i];
      const bool ignored = settings_->ignored && is == *settings_->ignored;
      for (size_t c = 0; c < counts_.size(); ++c) {
        const double id = settings_->class_ids[c];
        if (is != id && ignored) continue;
        ++counts_[c][is == id ? (said == id ? kTruePositives : kFalseNegatives)
                              : (said == id ? kFalsePositives : kTrueNegatives)];
      }
    }
    return absl::OkStatus();
  }

  const std::shared_ptr<const SegmentationSettings> settings_;
  std::vector<std::array<int64_t, kNumCounts>> counts_;
};

class SegmentationMetric : public Metric {
 public:
  SegmentationMetric(int count, std::string default_name) : default_name_(std::move(default_name)) {
    settings_.count = count;
  }
  absl::Status Configure(MetricArguments* arguments) override {
    ASSIGN_OR_RETURN(const auto ids, arguments->Numbers("class_ids"));
    if (!ids || ids->empty()) return arguments->Error("class_ids", "must be given");
    for (double id : *ids) settings_.class_ids.push_back(static_cast<int>(id));
    ASSIGN_OR_RETURN(settings_.ground_truth_key, arguments->String("ground_truth_key", ""));
    ASSIGN_OR_RETURN(settings_.prediction_key, arguments->String("prediction_key", ""));
    if (settings_.ground_truth_key.empty()) return arguments->Error("ground_truth_key", "must be given");
    if (settings_.prediction_key.empty()) return arguments->Error("prediction_key", "must be given");
    ASSIGN_OR_RETURN(settings_.decode_ground_truth, arguments->Bool("decode_ground_truth", true));
    ASSIGN_OR_RETURN(settings_.decode_prediction, arguments->Bool("decode_prediction", false));
    ASSIGN_OR_RETURN(settings_.ignored, arguments->Integer("ignore_ground_truth_id"));
    return absl::OkStatus();
  }
  std::string DefaultName(absl::string_view) const override { return default_name_; }
  absl::Status AddComputations(const MetricRequest& request, ComputationPlan* plan) const override {
    for (const std::string& model_name : request.model_names) {
      for (const std::string& output_name : request.output_names) {
        auto settings = std::make_shared<SegmentationSettings>(settings_);
        ASSIGN_OR_RETURN(settings->model_index, FindModelSpec(*request.eval_config, model_name));
        for (int id : settings->class_ids) {
          settings->keys.push_back(
              {.name = name(), .model_name = model_name, .output_name = output_name, .sub_key = {.class_id = id}});
        }
        plan->AddFeature(settings->ground_truth_key);
        plan->AddFeature(settings->prediction_key);
        std::shared_ptr<const SegmentationSettings> shared = settings;
        plan->Add("SemanticSegmentation", shared->keys,
                  [shared] { return std::make_unique<SegmentationAccumulator>(shared); });
      }
    }
    return absl::OkStatus();
  }

 private:
  SegmentationSettings settings_;
  const std::string default_name_;
};

TFXM_REGISTER(MetricRegistry, "SemanticSegmentationConfusionMatrix",
              [] { return std::make_unique<SegmentationMetric>(-1, "_semantic_segmentation_confusion_matrix"); });
TFXM_REGISTER(MetricRegistry, "SemanticSegmentationTruePositive", [] {
  return std::make_unique<SegmentationMetric>(kTruePositives, "semantic_segmentation_true_positives");
});
TFXM_REGISTER(MetricRegistry, "SemanticSegmentationFalsePositive", [] {
  return std::make_unique<SegmentationMetric>(kFalsePositives, "semantic_segmentation_false_positives");
});

}  // namespace
}  // namespace tfxm::model_analysis
