// SPDX-License-Identifier: Apache-2.0

// The HTML report of one or several evaluations, or of a whole pipeline run: one self-contained file that opens
// offline.
//
//   RETURN_IF_ERROR(WriteReport({.title = "MNIST",
//                                .evaluations = {{.display_name = "SavedModel", .directory = evaluator_uri},
//                                                {.display_name = "TFLite", .directory = evaluator_lite_uri}}},
//                               "report.html"));
//
// The page shows the models side by side with their differences, quality against cost, thresholds and why they failed,
// a slice explorer, ROC, precision-recall, calibration and confusion-matrix plots, and examples on which the models
// disagree. Parts without data are left out. It makes no network request: its Content-Security-Policy forbids
// everything but its own script and style. The same inputs give the same bytes.
#ifndef TFXM_REPORT_HTML_REPORT_H_
#define TFXM_REPORT_HTML_REPORT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/report/evaluation/evaluation.h"
#include "tfxm/report/evaluation/sidecars.h"

namespace tfxm::report {

struct EvaluationSource {
  std::string display_name;  // Names the model, or prefixes the models' own names if there are several; may be empty.
  std::string directory;     // Read with ReadEvaluation and ReadSidecars.
  std::vector<ModelFacts> facts;  // Added to those of model_facts.json; these win.
};

struct ReportOptions {
  std::string title = "Evaluation";
  std::vector<EvaluationSource> evaluations;
  // Name, as displayed, of the model that differences are against at first. Empty: the baseline of the config, else the
  // first.
  std::string reference_model;
};

struct PipelineNode {
  enum class State { kComplete, kCached, kFailed, kSkipped, kRunning };
  std::string id;         // "Trainer.mnist".
  std::string component;  // "Trainer".
  State state = State::kComplete;
  double start_seconds = 0;  // After the start of the run.
  double duration_seconds = 0;
  std::string message;                // Why it failed, or what it was skipped for; the log's path.
  std::vector<std::string> upstream;  // Ids of the nodes it depends on.
};

// Another page beside the report's file.
struct PageLink {
  std::string text, file;  // `file`: a name in the report's own folder.
};

struct PipelineRun {
  std::string pipeline, run_id;
  std::string started;  // As shown: the caller formats it.
  std::vector<PipelineNode> nodes;
  std::vector<PageLink> pages;
};

// Everything a page is made of, read already: for callers that have it in memory.
struct ReportEvaluation {
  std::string display_name;
  Evaluation evaluation;
  Sidecars sidecars;
};
struct ReportInput {
  std::string title, reference_model;
  std::vector<ReportEvaluation> evaluations;
  std::optional<PipelineRun> pipeline;
};

// Errors of reading and writing name the file; INVALID_ARGUMENT if there is neither an evaluation nor a pipeline run,
// or no model of the name `reference_model`. The file appears whole or not at all.
absl::Status WriteReport(const ReportOptions& options, absl::string_view output_html);
// The page of a run: its nodes with state and durations, and the evaluations it made (there may be none).
absl::Status WritePipelineReport(const PipelineRun& run, const ReportOptions& options, absl::string_view output_html);

// Whether there is something at `path` that is not a page of tfxm's: what writes a page there asks first, since
// report.html is a name that people use for other things, too.
bool IsAnothersFile(absl::string_view path);

absl::StatusOr<ReportInput> ReadReportInput(const ReportOptions& options);
absl::StatusOr<std::string> RenderReport(const ReportInput& input);

}  // namespace tfxm::report

#endif  // TFXM_REPORT_HTML_REPORT_H_
