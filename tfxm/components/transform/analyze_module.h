// SPDX-License-Identifier: Apache-2.0

// A transform graph from a module file, in C++ or Python: what the Transform component and `tfxm transform` make.
//
//   ASSIGN_OR_RETURN(AnalyzedModule module,
//                    AnalyzeModule({.module_file = "taxi_utils.py", .tmp_dir = dir}, schema, train_files));
//   RETURN_IF_ERROR(module.graph->Write(transform_graph_uri));
#ifndef TFXM_COMPONENTS_TRANSFORM_ANALYZE_MODULE_H_
#define TFXM_COMPONENTS_TRANSFORM_ANALYZE_MODULE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tfxm/distribution/workers.h"
#include "tfxm/transform/transform_graph.h"

namespace tfxm {

struct AnalyzeModuleOptions {
  std::string module_file;
  std::string custom_config;  // JSON, for a preprocessing_fn in Python that takes it.
  std::string tmp_dir;        // An existing folder; must last as long as the graph, whose vocabularies it gets.
  std::function<void(absl::string_view message, double fraction)> progress = [](absl::string_view, double) {};
  transform::AnalyzerCacheOptions analyzer_cache;  // Used by threads only.
  // Gets a line of text for everything that should stay in a log: what was left out, what the cache was good for.
  std::function<void(absl::string_view line)> log = [](absl::string_view) {};
  // Who makes the passes. Of workers, tmp_dir must be a folder that all of them see.
  distribution::Workers workers = {};
};

struct AnalyzedModule {
  std::unique_ptr<transform::TransformGraph> graph;
  bool has_stats_options_updater_fn = false;  // See statistics/stats_options_updater.h.
};

// Calls the module's preprocessing_fn and makes the passes over `files` that it asks for. Errors name the module; others
// as TransformGraph::Analyze's, ModuleFile::Load's and CallPython's (modules/python_module.h).
absl::StatusOr<AnalyzedModule> AnalyzeModule(const AnalyzeModuleOptions& options,
                                             const tensorflow::metadata::v0::Schema& schema,
                                             const std::vector<std::string>& files);

// The same with the passes that `options` makes; a module in Python has been called already, and left its trace in the
// folder of the analysis, AnalyzeModuleOptions::tmp_dir.
absl::StatusOr<std::unique_ptr<transform::TransformGraph>> AnalyzeWith(const std::string& module_file,
                                                                       const std::string& analysis_dir,
                                                                       const tensorflow::metadata::v0::Schema& schema,
                                                                       const std::vector<std::string>& files,
                                                                       const transform::AnalyzeOptions& options);

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_TRANSFORM_ANALYZE_MODULE_H_
