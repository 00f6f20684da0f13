// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/transform/transform_passes.h"

#include <filesystem>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/compute/example_count.h"
#include "tfxm/data/examples.h"
#include "tfxm/distribution/run_pass.h"
#include "tfxm/distribution/steps/whole_files.h"
#include "tfxm/statistics/statistics_accumulator.h"
#include "tfxm/util/files/temporary.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using distribution::PassRequest;
using distribution::TransformStep;
using statistics::StatisticsAccumulator;
using tensorflow::metadata::v0::Schema;
using transform::AnalysisPass;
using transform::TransformGraph;

// What pass `number` of the analysis came to.
std::string StatePath(const std::string& analysis_dir, int number) {
  return io::JoinPath(analysis_dir, absl::StrCat("pass-", number));
}

absl::Status LoadPass(const std::string& analysis_dir, int number, AnalysisPass* pass) {
  const std::string path = StatePath(analysis_dir, number);
  ASSIGN_OR_RETURN(const std::string bytes, io::ReadFile(path));
  const auto values = OpenState(AnalysisPass::kind(), bytes);
  if (!values.ok()) return Annotate(values.status(), path);
  StateReader reader(*values);
  return Annotate(pass->Load(&reader), path);
}

TransformStep StepOf(const AnalyzeModuleOptions& options, const Schema& schema) {
  TransformStep step;
  step.set_module_file(io::AbsolutePath(options.module_file));
  *step.mutable_schema() = schema;
  step.set_analysis_dir(io::AbsolutePath(options.tmp_dir));
  return step;
}

class Worker : public distribution::LedByAnother {
 public:
  explicit Worker(const PassRequest& request) : request_(request), step_(request_.transform()) {}
  StateKind kind() const override {
    return step_.has_write() ? StatisticsAccumulator::kStateKind : AnalysisPass::kind();
  }

  absl::StatusOr<std::string> Map(const compute::Shard& shard, int64_t* num_examples) override {
    ASSIGN_OR_RETURN(const auto vocabularies,
                     io::TempDir::Make(std::filesystem::temp_directory_path().string(), "tfxm-transform-"));
    std::optional<std::string> values;  // Of the pass that is asked for.
    transform::AnalyzeOptions options{.assets_dir = vocabularies->path()};
    options.make_pass = [&](int number, AnalysisPass* pass) -> absl::Status {
      if (step_.has_write() || number < step_.analysis()) return LoadPass(step_.analysis_dir(), number, pass);
      ASSIGN_OR_RETURN(values, pass->Map(shard, num_examples));
      return absl::CancelledError("this was all");
    };
    const auto graph = AnalyzeWith(step_.module_file(), step_.analysis_dir(), step_.schema(), /*files=*/{}, options);
    if (values.has_value()) return *std::move(values);
    if (!graph.ok()) return graph.status();
    if (!step_.has_write()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the preprocessing_fn of ", step_.module_file(), " has no pass ", step_.analysis()));
    }
    return Write(**graph, shard, num_examples);
  }

 private:
  absl::StatusOr<std::string> Write(const TransformGraph& graph, const compute::Shard& shard, int64_t* num_examples) {
    ASSIGN_OR_RETURN(const distribution::FileNumber file, distribution::NumberOf(shard, request_));
    std::optional<StatisticsAccumulator> statistics;
    if (step_.write().statistics()) {
      statistics.emplace(statistics::StatsOptions{.schema = graph.transformed_schema()});
    }
    transform::TransformExamplesOptions options{.statistics = statistics.has_value() ? &*statistics : nullptr,
                                                .first_file = file.number,
                                                .num_files = file.count};
    compute::ExampleCount count;
    options.progress = count.Progress();
    RETURN_IF_ERROR(distribution::WriteWhole(
        step_.analysis_dir(), step_.write().output_dir(),
        data::ShardName("transformed_examples", file.number, file.count),
        [&](const std::string& folder) { return graph.TransformExamples({shard.file}, folder, options); }));
    *num_examples = count.value();
    StateWriter writer;
    if (statistics.has_value()) statistics->Save(&writer);
    return writer.bytes();
  }

  const PassRequest request_;
  const TransformStep& step_;
};

TFXM_REGISTER(distribution::StepRegistry, "transform",
              [](const PassRequest& request, const std::string& output) { return std::make_unique<Worker>(request); });

}  // namespace

std::function<absl::Status(int number, AnalysisPass* pass)> PassesByWorkers(const AnalyzeModuleOptions& options,
                                                                            const Schema& schema,
                                                                            const std::vector<std::string>& files) {
  return [&](int number, AnalysisPass* pass) -> absl::Status {
    PassRequest request;
    request.mutable_files()->Add(files.begin(), files.end());
    *request.mutable_transform() = StepOf(options, schema);
    request.mutable_transform()->set_analysis(number);
    distribution::LedStep leader(AnalysisPass::kind(), [&](const compute::Shard& shard, StateReader* values) {
      return pass->Merge(shard, values);
    });
    const auto progress = [&](const distribution::PassProgress& done) {
      options.progress(absl::StrCat("analyzing, pass ", number, ": ", ToText(done)), -1);
    };
    RETURN_IF_ERROR(distribution::RunPass(std::move(request), options.workers, &leader, progress));
    ASSIGN_OR_RETURN(const std::string values, pass->Save());
    ASSIGN_OR_RETURN(const std::string sealed, SealState(AnalysisPass::kind(), values));
    return io::WriteFile(StatePath(options.tmp_dir, number), sealed);
  };
}

absl::Status TransformExamples(const TransformGraph& graph, const AnalyzeModuleOptions& options,
                               const std::vector<std::string>& files, const std::string& output_dir,
                               absl::string_view what, StatisticsAccumulator* statistics) {
  const auto progress = [&](const distribution::PassProgress& done) {
    options.progress(absl::StrCat(what, ": ", ToText(done)), -1);
  };
  if (options.workers.are_threads()) {
    transform::TransformExamplesOptions by_threads{.statistics = statistics};
    by_threads.progress = [&](int64_t n) { progress({.num_examples = n}); };
    return graph.TransformExamples(files, output_dir, by_threads);
  }
  RETURN_IF_ERROR(io::MakeDirs(output_dir));
  PassRequest request;
  distribution::SplitIntoFiles(files, &request);
  *request.mutable_transform() = StepOf(options, graph.raw_schema());
  request.mutable_transform()->mutable_write()->set_output_dir(io::AbsolutePath(output_dir));
  request.mutable_transform()->mutable_write()->set_statistics(statistics != nullptr);
  distribution::LedStep leader(StatisticsAccumulator::kStateKind,
                               [&](const compute::Shard& shard, StateReader* values) {
                                 if (statistics == nullptr) return values->Finish();
                                 StatisticsAccumulator of_file = statistics->MakeEmpty();
                                 of_file.Load(values);
                                 RETURN_IF_ERROR(values->Finish());
                                 return Annotate(statistics->Merge(std::move(of_file)), shard.file);
                               });
  return distribution::RunPass(std::move(request), options.workers, &leader, progress);
}

}  // namespace tfxm
