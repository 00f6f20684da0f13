// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/trainer/python_run_fn.h"

#include <cstdio>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/components/modules/python_module.h"
#include "tfxm/rewriting/rewriter.h"
#include "tfxm/rewriting/rewriter_options_json.h"
#include "tfxm/rewriting/tflite_rewriter.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/json_value.h"
#include "tfxm/util/text/json_writer.h"

namespace tfxm {
namespace {

using google::protobuf::Struct;

void AddList(const char* name, const std::vector<std::string>& texts, JsonWriter* json) {
  json->Key(name).BeginArray();
  for (const std::string& text : texts) json->String(text);
  json->End();
}

std::string FnArgsJson(const PythonRunFn& run_fn) {
  const FnArgs& fn_args = run_fn.fn_args;
  JsonWriter json;
  json.BeginObject();
  AddList("train_files", fn_args.train_files, &json);
  AddList("eval_files", fn_args.eval_files, &json);
  json.Key("train_steps").Integer(fn_args.train_steps);
  json.Key("eval_steps").Integer(fn_args.eval_steps);
  std::vector<std::pair<const char*, const std::string*>> paths = {
      {"working_dir", &fn_args.working_dir},
      {"checkpoint_dir", &fn_args.checkpoint_dir},
      {"schema_path", &fn_args.schema_path},
      {"transform_graph_path", &fn_args.transform_graph_path},
      {"serving_model_dir", &fn_args.serving_model_dir},
      {"eval_model_dir", &fn_args.eval_model_dir},
      {"model_run_dir", &fn_args.model_run_dir},
      {"base_model", &fn_args.base_model}};
  if (run_fn.function == "tuner_fn") {
    paths.emplace_back("best_hyperparameters", &run_fn.best_hyperparameters);
    paths.emplace_back("tuner_results", &run_fn.tuner_results);
  }
  for (const auto& [name, path] : paths) {
    // The function may change directory.
    json.Key(name).String(path->empty() ? "" : io::AbsolutePath(*path));
  }
  // As text: Python tells 1 from 1.0.
  json.Key("custom_config").String(run_fn.custom_config);
  json.Key("hyperparameters").String(run_fn.hyperparameters);
  json.End();
  return std::move(json).Take();
}

// What rewriting.converters.rewrite_saved_model asks for; the answer is the report.
absl::StatusOr<std::string> Rewrite(const Struct& arguments) {
  ASSIGN_OR_RETURN(const RewriterOptions options,
                   RewriterOptionsFromJson(JsonMember(arguments, "options").struct_value()));
  RETURN_IF_ERROR(ResolveQuantization(options, /*trained_ranges=*/true).status());
  TfliteRewriter rewriter(options);
  const absl::Status status =
      RewriteSavedModel(JsonText(arguments, "src"), JsonText(arguments, "dst"), rewriter, ModelType::kTfliteModel);
  std::string report = rewriter.report().Render();
  std::fputs(report.c_str(), stdout);  // Into the node's log.
  std::fflush(stdout);
  RETURN_IF_ERROR(status);
  return report;
}

}  // namespace

absl::Status CallRunFn(const PythonRunFn& run_fn, const ExecutorContext& context) {
  PythonCall call{.function = run_fn.function, .module_file = run_fn.module_file};
  call.arguments = FnArgsJson(run_fn);
  call.tmp_dir = context.tmp_dir;
  call.progress = context.progress;
  call.services["rewrite"] = Rewrite;
  if (run_fn.num_threads.has_value()) {
    for (const char* name : {"TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"}) {
      call.environment.push_back(absl::StrCat(name, "=", *run_fn.num_threads));
    }
  }
  return CallPython(call).status();
}

}  // namespace tfxm
