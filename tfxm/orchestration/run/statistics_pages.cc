// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/run/statistics_pages.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "tfxm/components/splits.h"
#include "tfxm/components/statistics/sample_images.h"
#include "tfxm/data/examples.h"
#include "tfxm/report/html/report.h"
#include "tfxm/report/statistics/statistics_page.h"
#include "tfxm/statistics/validate_statistics.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

const Artifact* Output(const NodeResult& node, const std::string& key, absl::string_view type) {
  const auto it = node.outputs.find(key);
  return it == node.outputs.end() || it->second.empty() || it->second[0].type_name != type ? nullptr : &it->second[0];
}

// Such an output of one of the nodes that `node` waits for, or null.
const Artifact* UpstreamOutput(const RunResult& result, const NodeResult& node, const std::string& key,
                               absl::string_view type) {
  for (const std::string& id : node.upstream) {
    const NodeResult* upstream = result.Find(id);
    const Artifact* output = upstream == nullptr ? nullptr : Output(*upstream, key, type);
    if (output != nullptr) return output;
  }
  return nullptr;
}

absl::StatusOr<report::StatisticsPageInput> PageOf(const RunResult& result, const NodeResult& node,
                                                   const Artifact& statistics) {
  report::StatisticsPageInput page{.title = result.pipeline_name};
  const Artifact* anomalies = nullptr;
  for (const NodeResult& validator : result.nodes) {
    const Artifact* found = Output(validator, "anomalies", "ExampleAnomalies");
    if (found == nullptr || std::count(validator.upstream.begin(), validator.upstream.end(), node.node_id) == 0)
      continue;
    anomalies = found;
    const Artifact* schema = UpstreamOutput(result, validator, "schema", "Schema");
    if (schema != nullptr) {
      ASSIGN_OR_RETURN(page.schema, ReadSchemaArtifact({{"schema", {*schema}}}));
    }
    break;
  }
  const Artifact* examples = UpstreamOutput(result, node, "examples", "Examples");
  ASSIGN_OR_RETURN(const std::vector<std::string> splits, SplitNames(statistics));
  for (const std::string& split : splits) {
    report::NamedStatistics& dataset = page.datasets.emplace_back();
    dataset.name = split;
    ASSIGN_OR_RETURN(dataset.statistics, ReadSplitStatistics(statistics, split));
    // A validator may leave splits out.
    const std::string diff =
        anomalies == nullptr ? "" : io::JoinPath(data::SplitDir(anomalies->uri, split), "SchemaDiff.pb");
    if (!diff.empty() && io::Exists(diff)) {
      ASSIGN_OR_RETURN(dataset.anomalies, statistics::ReadAnomalies(diff));
    }
    if (examples == nullptr) continue;
    // Examples may be gone, or be Parquet: the page does without.
    const auto files = data::SplitFiles(examples->uri, split);
    if (!files.ok()) continue;
    auto images = SampleImages(*files, page.schema ? &*page.schema : nullptr);
    if (images.ok()) dataset.images = *std::move(images);
  }
  return page;
}

std::string FileName(std::string node_id) {
  for (char& c : node_id) {
    if (!absl::ascii_isalnum(c) && c != '-' && c != '.') c = '_';
  }
  return absl::StrCat("statistics_", node_id, ".html");
}

}  // namespace

absl::StatusOr<std::vector<StatisticsPage>> WriteStatisticsPages(const RunResult& result, absl::string_view directory) {
  std::vector<std::pair<const NodeResult*, const Artifact*>> nodes;
  for (const NodeResult& node : result.nodes) {
    const Artifact* statistics = Output(node, "statistics", "ExampleStatistics");
    if (statistics != nullptr) nodes.emplace_back(&node, statistics);
  }
  std::vector<StatisticsPage> pages;
  for (const auto& [node, statistics] : nodes) {
    absl::StatusOr<report::StatisticsPageInput> page = PageOf(result, *node, *statistics);
    if (!page.ok()) return Annotate(page.status(), node->node_id);
    if (page->datasets.empty()) continue;
    pages.push_back({node->node_id, nodes.size() == 1 ? kStatisticsPage : FileName(node->node_id)});
    const std::string path = io::JoinPath(directory, pages.back().file);
    if (report::IsAnothersFile(path)) {
      return absl::FailedPreconditionError(absl::StrCat(path, " is not a page of tfxm's: move it away"));
    }
    RETURN_IF_ERROR(report::WriteStatisticsPage(*page, path));
  }
  return pages;
}

}  // namespace tfxm
