// SPDX-License-Identifier: Apache-2.0

// StatisticsGen: the statistics of every split of Examples.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/components/executor.h"
#include "tfxm/components/splits.h"
#include "tfxm/components/statistics/complete_stats_options.h"
#include "tfxm/data/examples.h"
#include "tfxm/distribution/launched_pass.h"
#include "tfxm/metadata/artifact_layout.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

class StatisticsGenExecutor : public Executor {
 public:
  absl::Status Do(const ArtifactDict& inputs, const Properties& exec_properties, const ExecutorContext& context,
                  ArtifactDict* outputs) override {
    ASSIGN_OR_RETURN(const Artifact* examples, SingleArtifact(inputs, "examples"));
    ASSIGN_OR_RETURN(Artifact* const output, SingleArtifact(outputs, "statistics"));
    ASSIGN_OR_RETURN(const std::vector<std::string> splits, IncludedSplits(*examples, exec_properties));
    const std::string json = StringPropertyOr(exec_properties, "stats_options_json", "");
    absl::StatusOr<statistics::StatsOptions> parsed = CompleteStatsOptions(json.empty() ? "{}" : json);
    if (!parsed.ok()) return Annotate(parsed.status(), "stats_options");
    statistics::StatsOptions options = *std::move(parsed);
    if (OptionalArtifact(inputs, "schema") != nullptr) {
      if (options.schema.has_value()) {
        return absl::InvalidArgumentError("both the input schema and stats_options have a schema; give one of them");
      }
      ASSIGN_OR_RETURN(options.schema, ReadSchemaArtifact(inputs));
    }
    int64_t all = 0;
    std::vector<std::string> counts;
    for (const std::string& split : splits) {
      ASSIGN_OR_RETURN(const std::vector<std::string> files, data::SplitFiles(examples->uri, split));
      const auto progress = [&](const distribution::PassProgress& done) {
        context.progress(absl::StrCat(split, ": ", ToText(done)), -1);
      };
      ASSIGN_OR_RETURN(const auto statistics,
                       distribution::GenerateStatistics(files, options, context.workers, progress));
      const std::string dir = data::SplitDir(output->uri, split);
      RETURN_IF_ERROR(io::MakeDirs(dir));
      RETURN_IF_ERROR(io::WriteBinaryProto(io::JoinPath(dir, kFeatureStatsFile), statistics));
      const int64_t n = statistics.datasets_size() == 0 ? 0 : statistics.datasets(0).num_examples();
      all += n;
      counts.push_back(absl::StrCat(split, " ", n));
    }
    context.progress(absl::StrCat(all, " examples (", absl::StrJoin(counts, ", "), ")"), 1);
    CopySplitsAndSpan(*examples, splits, output);
    return absl::OkStatus();
  }
};

TFXM_REGISTER(ExecutorRegistry, "tfx.components.statistics_gen.executor.Executor",
              [] { return std::make_unique<StatisticsGenExecutor>(); });

}  // namespace
}  // namespace tfxm
