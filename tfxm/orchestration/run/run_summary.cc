// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/run/run_summary.h"

#include <cstdio>
#include <optional>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/orchestration/pipeline_main.h"
#include "tfxm/orchestration/run/statistics_pages.h"
#include "tfxm/report/evaluation/comparison.h"
#include "tfxm/report/html/report.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"
#include "tfxm/util/text/text_table.h"

namespace tfxm {
namespace {

constexpr char kReport[] = "report.html", kComparisonText[] = "comparison.txt", kComparisonJson[] = "comparison.json";

const Artifact* Output(const NodeResult& node, const std::string& key) {
  const auto it = node.outputs.find(key);
  return it == node.outputs.end() || it->second.empty() ? nullptr : &it->second[0];
}

// The evaluations of a run, each named by its model's kind where that tells them apart, else by the Evaluator.
absl::StatusOr<std::vector<report::EvaluationSource>> Evaluations(const RunResult& result) {
  std::vector<report::EvaluationSource> sources;
  std::set<std::string> formats;
  for (const NodeResult& node : result.nodes) {
    const Artifact* evaluation = Output(node, "evaluation");
    if (evaluation == nullptr) continue;
    ASSIGN_OR_RETURN(const report::Sidecars sidecars, report::ReadSidecars(evaluation->uri));
    report::EvaluationSource source{.display_name = node.node_id, .directory = evaluation->uri};
    if (sidecars.facts.size() == 1) source.display_name = sidecars.facts[0].format();
    formats.insert(source.display_name);
    sources.push_back(std::move(source));
  }
  if (formats.size() < sources.size()) {
    size_t i = 0;
    for (const NodeResult& node : result.nodes) {
      if (Output(node, "evaluation") != nullptr) sources[i++].display_name = node.node_id;
    }
  }
  return sources;
}

report::PipelineNode::State StateOf(NodeState state) {
  switch (state) {
    case NodeState::kComplete: return report::PipelineNode::State::kComplete;
    case NodeState::kCached: return report::PipelineNode::State::kCached;
    case NodeState::kFailed: return report::PipelineNode::State::kFailed;
    case NodeState::kRunning: return report::PipelineNode::State::kRunning;
    case NodeState::kPending:
    case NodeState::kSkipped:
    case NodeState::kCanceled: break;
  }
  return report::PipelineNode::State::kSkipped;
}

std::string MessageOf(const NodeResult& node) {
  if (node.status.ok()) return node.message;
  return absl::StrCat(node.status.message(), node.log_path.empty() ? "" : absl::StrCat("\nlog: ", node.log_path));
}

report::PipelineRun DescribeRun(const RunResult& result) {
  report::PipelineRun run{.pipeline = result.pipeline_name, .run_id = result.run_id};
  for (const NodeResult& node : result.nodes) {
    run.nodes.push_back({.id = node.node_id,
                         .component = node.type_name.substr(node.type_name.rfind('.') + 1),
                         .state = StateOf(node.state),
                         .start_seconds = node.start_seconds,
                         .duration_seconds = node.seconds,
                         .message = MessageOf(node),
                         .upstream = node.upstream});
  }
  return run;
}

void Say(absl::string_view line) { std::printf("%s\n", WrapLines(line, TerminalWidth()).c_str()); }

// Where each model went, or why it did not.
void PrintModels(const RunResult& result) {
  for (const NodeResult& node : result.nodes) {
    if (Output(node, "blessing") != nullptr && absl::StartsWith(node.message, "NOT blessed")) {
      Say(absl::StrCat(node.node_id, ": ", PrintableText(node.message)));
    }
    const Artifact* pushed = Output(node, "pushed_model");
    if (pushed == nullptr) continue;
    const auto destination = pushed->custom_properties.find("pushed_destination");
    if (destination == pushed->custom_properties.end()) {
      Say(absl::StrCat(node.node_id, ": not pushed, the model is not blessed"));
    } else {
      Say(absl::StrCat(node.node_id, ": pushed to ", std::get<std::string>(destination->second)));
    }
  }
}

}  // namespace

absl::Status CheckRunSummary(const PipelineArgs& args) {
  const std::string report = io::JoinPath(args.output, kReport);
  std::string found;
  for (const std::string& page : {report, io::JoinPath(args.output, kStatisticsPage)}) {
    if (found.empty() && report::IsAnothersFile(page)) found = page;
  }
  for (const char* name : {kComparisonText, kComparisonJson}) {
    const std::string path = io::JoinPath(args.output, name);
    if (found.empty() && !io::Exists(report) && io::Exists(path)) found = path;
  }
  if (found.empty()) return absl::OkStatus();
  return UsageError(absl::StrCat(found,
                                 " is not of an earlier run, and this one would write over it: move it away, or give "
                                 "another folder with --output"));
}

absl::Status WriteRunSummary(const PipelineArgs& args, const RunResult& result) {
  ASSIGN_OR_RETURN(const std::vector<report::EvaluationSource> evaluations, Evaluations(result));
  RETURN_IF_ERROR(io::MakeDirs(args.output));
  std::optional<report::ModelComparison> comparison;
  if (!evaluations.empty()) {
    ASSIGN_OR_RETURN(comparison, report::CompareEvaluations(evaluations));
    std::printf("\n%s\n", report::ComparisonText(*comparison, TerminalWidth()).c_str());
  }
  report::PipelineRun run = DescribeRun(result);
  const absl::StatusOr<std::vector<StatisticsPage>> pages = WriteStatisticsPages(result, args.output);
  if (pages.ok()) {
    for (const StatisticsPage& page : *pages)
      run.pages.push_back({absl::StrCat(page.node_id, ": the data"), page.file});
  }
  const std::string html = io::JoinPath(args.output, kReport);
  RETURN_IF_ERROR(report::WritePipelineReport(run, {.title = result.pipeline_name, .evaluations = evaluations}, html));
  if (comparison) {  // After the report, which says whose they are.
    RETURN_IF_ERROR(io::WriteFile(io::JoinPath(args.output, kComparisonText), report::ComparisonText(*comparison)));
    RETURN_IF_ERROR(io::WriteFile(io::JoinPath(args.output, kComparisonJson), report::ComparisonJson(*comparison)));
  }
  PrintModels(result);
  // Statistics that cannot be shown are no reason for a run to fail, or to be without a report.
  if (!pages.ok()) Say(absl::StrCat("No page of statistics: ", PrintableText(pages.status().message())));
  for (size_t i = 0; pages.ok() && i < pages->size(); ++i) {
    Say(absl::StrCat("Statistics: ", io::JoinPath(args.output, (*pages)[i].file)));
  }
  Say(absl::StrCat("Report: ", html));
  return absl::OkStatus();
}

}  // namespace tfxm
