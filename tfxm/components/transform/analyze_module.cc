// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/transform/analyze_module.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/components/modules/module_file.h"
#include "tfxm/components/modules/python_module.h"
#include "tfxm/components/statistics/stats_options_updater.h"
#include "tfxm/components/transform/transform_passes.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/metadata/artifact_layout.h"
#include "tfxm/statistics/infer_schema.h"
#include "tfxm/transform/traced_function.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/json_writer.h"

namespace tfxm {
namespace {

using tensorflow::metadata::v0::Schema;

std::string TraceDir(const std::string& analysis_dir) { return io::JoinPath(analysis_dir, "trace"); }

// What a call in Python gets, beside what is its own.
JsonWriter PythonArguments(const AnalyzeModuleOptions& options) {
  JsonWriter arguments;
  arguments.BeginObject().Key("schema_path").String(io::AbsolutePath(io::JoinPath(options.tmp_dir, kSchemaFile)));
  arguments.Key("custom_config").String(options.custom_config);
  return arguments;
}

// The keys that a vocabulary's key_fn has made of its values.
std::string KeysPath(const std::string& analysis_dir, int analyzer) {
  return io::JoinPath(analysis_dir, absl::StrCat("keys-", analyzer, ".gz"));
}

absl::StatusOr<std::vector<std::string>> ReadKeys(const std::string& path) {
  std::vector<std::string> keys;
  RETURN_IF_ERROR(data::ForEachRecord({path}, [&](absl::string_view record) {
    keys.emplace_back(record);
    return absl::OkStatus();
  }));
  return keys;
}

absl::StatusOr<std::vector<std::string>> KeysInPython(const AnalyzeModuleOptions& options, int analyzer,
                                                      const std::vector<std::string>& values) {
  options.progress("calling key_fn", -1);
  const std::string values_path = io::JoinPath(options.tmp_dir, absl::StrCat("values-", analyzer, ".gz"));
  const std::string keys_path = KeysPath(options.tmp_dir, analyzer);
  ASSIGN_OR_RETURN(const auto writer, data::TFRecordWriter::Create(values_path));
  for (const std::string& value : values) RETURN_IF_ERROR(writer->Write(value));
  RETURN_IF_ERROR(writer->Close());
  PythonCall call{.function = "key_fn", .module_file = options.module_file};
  JsonWriter arguments = PythonArguments(options);
  arguments.Key("analyzer").Number(analyzer);
  arguments.Key("values_path").String(io::AbsolutePath(values_path));
  arguments.Key("keys_path").String(io::AbsolutePath(keys_path)).End();
  call.arguments = std::move(arguments).Take();
  call.tmp_dir = options.tmp_dir;
  call.progress = options.progress;
  RETURN_IF_ERROR(CallPython(call).status());
  return ReadKeys(keys_path);
}

// The function is called in Python, the passes over the data are made here.
absl::Status TraceInPython(const AnalyzeModuleOptions& options, const Schema& schema,
                           bool* has_stats_options_updater_fn) {
  options.progress("calling preprocessing_fn", -1);
  const std::string schema_path = io::JoinPath(options.tmp_dir, kSchemaFile);
  const std::string trace_dir = TraceDir(options.tmp_dir);
  RETURN_IF_ERROR(statistics::WriteSchema(schema_path, schema));
  PythonCall call{.function = "trace", .module_file = options.module_file};
  JsonWriter arguments = PythonArguments(options);
  arguments.Key("output_dir").String(io::AbsolutePath(trace_dir)).End();
  call.arguments = std::move(arguments).Take();
  call.tmp_dir = options.tmp_dir;
  call.progress = options.progress;
  ASSIGN_OR_RETURN(const google::protobuf::Struct returned, CallPython(call));
  const auto has = returned.fields().find(kStatsOptionsUpdaterFn);
  *has_stats_options_updater_fn = has != returned.fields().end() && has->second.bool_value();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<AnalyzedModule> AnalyzeModule(const AnalyzeModuleOptions& options, const Schema& schema,
                                             const std::vector<std::string>& files) {
  transform::AnalyzeOptions analyze_options{.assets_dir = io::JoinPath(options.tmp_dir, "assets")};
  RETURN_IF_ERROR(io::MakeDirs(analyze_options.assets_dir));
  analyze_options.progress = [&](int64_t n, int pass) {
    options.progress(absl::StrCat("analyzing, pass ", pass, ": ", n, " examples"), -1);
  };
  analyze_options.warning = [&](absl::string_view message) {
    options.progress(absl::StrCat("warning: ", message), -1);
    options.log(absl::StrCat("warning: ", message));
  };
  const bool has_cache = !options.analyzer_cache.input_dir.empty() || !options.analyzer_cache.output_dir.empty();
  if (!options.workers.are_threads()) {
    analyze_options.make_pass = PassesByWorkers(options, schema, files);
    if (has_cache) options.log("analyzer cache: not used by the workers of a launcher");
  } else if (has_cache) {
    analyze_options.analyzer_cache = options.analyzer_cache;
    analyze_options.cache_use = [&](int pass, int from_cache, int files) {
      options.log(
          absl::StrCat("analyzer cache: pass ", pass, ": ", from_cache, " of ", files, " shards come from the cache"));
    };
  }
  AnalyzedModule result;
  if (IsPythonModule(options.module_file)) {
    analyze_options.traced_keys = [&](int analyzer, const std::vector<std::string>& values) {
      return KeysInPython(options, analyzer, values);
    };
    RETURN_IF_ERROR(TraceInPython(options, schema, &result.has_stats_options_updater_fn));
  } else {
    options.progress("compiling the module file", -1);
    ASSIGN_OR_RETURN(const ModuleFile module, ModuleFile::Load(options.module_file));
    result.has_stats_options_updater_fn = module.HasFunction<StatsOptionsUpdaterFn>(kStatsOptionsUpdaterFn);
  }
  ASSIGN_OR_RETURN(result.graph, AnalyzeWith(options.module_file, options.tmp_dir, schema, files, analyze_options));
  return result;
}

absl::StatusOr<std::unique_ptr<transform::TransformGraph>> AnalyzeWith(const std::string& module_file,
                                                                       const std::string& analysis_dir,
                                                                       const Schema& schema,
                                                                       const std::vector<std::string>& files,
                                                                       const transform::AnalyzeOptions& options) {
  using transform::TransformGraph;
  absl::StatusOr<std::unique_ptr<TransformGraph>> graph;
  if (IsPythonModule(module_file)) {
    ASSIGN_OR_RETURN(const transform::TracedFunction traced, transform::ReadTracedFunction(TraceDir(analysis_dir)));
    transform::AnalyzeOptions with_keys = options;
    if (!with_keys.traced_keys) {  // Another process has called key_fn.
      with_keys.traced_keys = [&](int analyzer, const std::vector<std::string>&) {
        return ReadKeys(KeysPath(analysis_dir, analyzer));
      };
    }
    graph = TransformGraph::Analyze(traced, schema, files, with_keys);
  } else {
    ASSIGN_OR_RETURN(const ModuleFile module, ModuleFile::Load(module_file));
    ASSIGN_OR_RETURN(PreprocessingFn* const preprocessing_fn, module.Function<PreprocessingFn>("preprocessing_fn"));
    graph = TransformGraph::Analyze(preprocessing_fn, schema, files, options);
  }
  if (!graph.ok()) return Annotate(graph.status(), absl::StrCat("preprocessing_fn of ", module_file));
  return graph;
}

}  // namespace tfxm
