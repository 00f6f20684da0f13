// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/output/tensorboard.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tfxm/tensorboard/event_writer.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {

absl::Status WriteTensorBoard(const EvaluationResult& result, const std::string& directory) {
  const std::string logs = io::JoinPath(directory, kTensorBoardDir);
  for (const ModelSummary& model : result.models) {
    std::string name = model.name.empty() ? "model" : absl::StrReplaceAll(model.name, {{"/", "_"}});
    if (name[0] == '.') name[0] = '_';  // "..", and what would be hidden.
    ASSIGN_OR_RETURN(const std::unique_ptr<tensorboard::EventWriter> writer,
                     tensorboard::EventWriter::Create(io::JoinPath(logs, name)));
    for (const SliceMetrics& slice : result.slices) {
      if (slice.slice.baseline || !slice.slice.slice.empty()) continue;
      for (const auto& [key, metric] : slice.metrics) {
        const double* value = std::get_if<double>(&metric.value);
        if (value == nullptr || key.model_name != model.name) continue;
        MetricKey tag = key;
        tag.model_name.clear();  // It is the run's.
        RETURN_IF_ERROR(writer->Scalar(tag.ToString(), *value, /*step=*/0));
      }
    }
    for (const auto& [cost, number] : model.cost.numbers)
      RETURN_IF_ERROR(writer->Scalar(absl::StrCat("cost/", cost), number, /*step=*/0));
    RETURN_IF_ERROR(writer->Close());
  }
  return absl::OkStatus();
}

}  // namespace tfxm::model_analysis
