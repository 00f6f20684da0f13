// SPDX-License-Identifier: Apache-2.0

// What the members of a page's data count by: its models, slices and metrics, each with its place.
#ifndef TFXM_REPORT_HTML_PAGE_INDEX_H_
#define TFXM_REPORT_HTML_PAGE_INDEX_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/report/evaluation/evaluation.h"
#include "tfxm/report/evaluation/metric_direction.h"
#include "tfxm/report/evaluation/sidecars.h"
#include "tfxm/report/html/report.h"

namespace tfxm::report {

// A model on the page.
struct PageModel {
  std::string name;        // As displayed.
  std::string model_name;  // As in the evaluation.
  int evaluation = 0;
  ModelFacts facts;
};

// A metric on the page: its key without the model.
Key MetricIdentity(Key key);

class PageIndex {
 public:
  // `input` must outlive the index.
  explicit PageIndex(const ReportInput& input);

  const ReportInput& input() const { return input_; }
  const std::vector<PageModel>& models() const { return models_; }
  // Of the model that others are compared with. INVALID_ARGUMENT if input.reference_model names none.
  absl::StatusOr<int> Reference() const;
  // -1: not on the page.
  int ModelOf(int evaluation, const std::string& name) const;

  const std::map<Slice, int>& slices() const { return slices_; }
  const std::map<SliceText, int>& slice_by_text() const { return slice_by_text_; }
  // By identity.
  struct MetricEntry {
    int index = 0;
    Direction direction = Direction::kNone;
  };
  const std::map<Key, MetricEntry>& metrics() const { return metrics_; }

  // fn(model, slice, metric, const Metric&) of every metric of every evaluation.
  template <typename Fn>
  void ForEachMetric(Fn&& fn) const {
    for (size_t e = 0; e < input_.evaluations.size(); ++e) {
      for (const SliceMetrics& slice : input_.evaluations[e].evaluation.slices) {
        const int slice_index = slices_.at(slice.slice);
        for (const Metric& metric : slice.metrics) {
          fn(ModelOf(static_cast<int>(e), metric.key.model_name), slice_index,
             metrics_.at(MetricIdentity(metric.key)).index, metric);
        }
      }
    }
  }

 private:
  void CollectModels();
  void CollectSlicesAndMetrics();

  const ReportInput& input_;
  std::vector<PageModel> models_;
  std::map<std::pair<int, std::string>, int> model_index_;
  std::map<Slice, int> slices_;
  std::map<Key, MetricEntry> metrics_;
  std::map<SliceText, int> slice_by_text_;
};

}  // namespace tfxm::report

#endif  // TFXM_REPORT_HTML_PAGE_INDEX_H_
