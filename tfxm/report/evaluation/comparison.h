// SPDX-License-Identifier: Apache-2.0

// Models side by side in a few lines: the end of a pipeline run. Each metric of the overall slice and each cost, and
// how far the other models are from the first.
//
//   ASSIGN_OR_RETURN(ModelComparison comparison, CompareEvaluations({{.display_name = "SavedModel", .directory = a},
//                                                               {.display_name = "TFLite", .directory = b}}));
//   std::cout << ComparisonText(comparison);
//
// ```text
//                                SavedModel       TFLite   difference
//   sparse_categorical_accuracy     0.97802      0.97735     -0.00067
//   size_bytes                      575,348      223,344     -61.2 %
// ```
#ifndef TFXM_REPORT_EVALUATION_COMPARISON_H_
#define TFXM_REPORT_EVALUATION_COMPARISON_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/report/html/report.h"

namespace tfxm::report {

struct ModelComparison {
  struct Row {
    std::string name;
    bool is_cost = false;  // A fact of the model (size, speed): differences are shown as parts of the first.
    std::vector<std::optional<double>> values;  // By model.
    std::vector<double> noise;                  // Of a cost, by model: ModelFacts::noise; 0 if it is not known.
  };
  std::vector<std::string> models;  // As displayed; the first is the reference.
  std::vector<Row> rows;            // Metrics in name order, then size_bytes, examples_per_second and other facts.
};

// Every model of every evaluation. Errors are those of ReadReportInput.
absl::StatusOr<ModelComparison> CompareEvaluations(const std::vector<EvaluationSource>& evaluations);

// An aligned table: of two models with a column of differences, of more with a row for each and the differences beside
// the values. A difference that is rounding is "same", one of costs that is no larger than their noise "within noise".
// `width`: the cells of a terminal, 0: as wide as it gets (util/text/text_table.h).
std::string ComparisonText(const ModelComparison& comparison, int width = 0);
// {"models": […], "rows": [{"name", "values": […]}]}, exact; a value that a model does not have is null.
std::string ComparisonJson(const ModelComparison& comparison);

}  // namespace tfxm::report

#endif  // TFXM_REPORT_EVALUATION_COMPARISON_H_
