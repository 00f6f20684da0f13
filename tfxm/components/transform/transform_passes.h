// SPDX-License-Identifier: Apache-2.0

// The passes of Transform by the workers of a launcher: what AnalyzeModule (analyze_module.h) and those that write what
// its graph makes of the examples call. A worker calls the module's function, too, and has what earlier passes came to
// from the folder of the analysis.
//
//   ASSIGN_OR_RETURN(const AnalyzedModule module, AnalyzeModule(options, schema, files));
//   RETURN_IF_ERROR(
//       TransformExamples(*module.graph, options, files, output_dir, "transforming", &statistics_of_transformed));
#ifndef TFXM_COMPONENTS_TRANSFORM_TRANSFORM_PASSES_H_
#define TFXM_COMPONENTS_TRANSFORM_TRANSFORM_PASSES_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tfxm/components/transform/analyze_module.h"
#include "tfxm/transform/transform_graph.h"

namespace tfxm {

// As graph.TransformExamples, by options.workers: the graph is what AnalyzeModule has made with these options. A worker
// does whole files. options.progress says how far it is, with `what` before it.
absl::Status TransformExamples(const transform::TransformGraph& graph, const AnalyzeModuleOptions& options,
                               const std::vector<std::string>& files, const std::string& output_dir,
                               absl::string_view what, statistics::StatisticsAccumulator* statistics = nullptr);

// AnalyzeOptions::make_pass of AnalyzeModule. All must outlive it.
std::function<absl::Status(int number, transform::AnalysisPass* pass)> PassesByWorkers(
    const AnalyzeModuleOptions& options, const tensorflow::metadata::v0::Schema& schema,
    const std::vector<std::string>& files);

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_TRANSFORM_TRANSFORM_PASSES_H_
