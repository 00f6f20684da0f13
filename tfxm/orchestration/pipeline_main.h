// SPDX-License-Identifier: Apache-2.0

// The main function of a pipeline file.
//
//   absl::StatusOr<Pipeline> CreatePipeline(const PipelineArgs& args) {
//     auto example_gen = ImportExampleGen({.input_base = args.data_root});
//     const int steps = static_cast<int>(args.GetInt("train_steps", 5000, 1, 1'000'000));
//     auto trainer = Trainer({…, .train_args = {.num_steps = steps}});
//     return Pipeline{.pipeline_name = "mnist", .pipeline_root = io::JoinPath(args.output, "pipeline_root"), …};
//   }
//   int main(int argc, char** argv) { return tfxm::RunPipelineMain(argc, argv, CreatePipeline); }
//
// ```text
//   $ mnist --data_root=data --output=runs/mnist --train_steps=100
// ```
#ifndef TFXM_ORCHESTRATION_PIPELINE_MAIN_H_
#define TFXM_ORCHESTRATION_PIPELINE_MAIN_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/dsl/pipeline.h"
#include "tfxm/orchestration/run/run_result.h"
#include "tfxm/orchestration/run/run_summary.h"
#include "tfxm/util/flags.h"

namespace tfxm {

// The program's flags. Any --name=value that CreatePipeline asks for is one; one that nobody asks for is a mistake of
// the user's and ends the program with a message.
struct PipelineArgs {
  std::string data_root;  // --data_root: absolute; empty if it is not given.
  std::string output;     // --output: absolute; the folder for all that the run leaves. Default: runs/PROGRAM.

  std::string Get(const std::string& name, const std::string& otherwise) const;
  // What is not a number, or not in the range, ends the program with a message before anything runs.
  int64_t GetInt(const std::string& name, int64_t otherwise, int64_t least = std::numeric_limits<int64_t>::min(),
                 int64_t most = std::numeric_limits<int64_t>::max()) const;
  // Finite.
  double GetDouble(const std::string& name, double otherwise) const;
  bool GetBool(const std::string& name, bool otherwise) const;

  // For RunPipelineMain: what was given, and what was asked for.
  struct Asked {
    std::string default_text;
    bool is_bool;
    std::function<void(Flags* flags)> declare;
  };
  std::map<std::string, std::string> values;
  mutable std::map<std::string, Asked> asked;
};

struct PipelineMainOptions {
  // Called before a run; an error is printed and nothing runs. The default looks whose files after_run would replace.
  std::function<absl::Status(const PipelineArgs& args)> before_run = CheckRunSummary;
  // Called after every run, also after one in which nodes failed or that was interrupted (result.ok() says so); the
  // default compares the models that were evaluated and writes the report. An error is printed and becomes the exit
  // status.
  std::function<absl::Status(const PipelineArgs& args, const RunResult& result)> after_run = WriteRunSummary;
};

// Runs the pipeline that `create_pipeline` makes and returns the exit status (util/exit_status.h): 0 if every node is
// done, whether or not its model is blessed; 1 with --fail_unless_blessed if one is not; 2 for a wrong flag; 3 if
// something failed; 130 or 143 after an interruption. Handles --help, --print_ir (the pipeline as TFX's IR, with =kfp
// as Kubeflow Pipelines'), --nocache, --explain_cache, --allow_empty_splits, --from_nodes, --to_nodes,
// --max_parallel_nodes, and --launcher with what goes with it (distribution/launcher_flags.h).
int RunPipelineMain(int argc, char** argv,
                    const std::function<absl::StatusOr<Pipeline>(const PipelineArgs& args)>& create_pipeline,
                    const PipelineMainOptions& options = {});

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_PIPELINE_MAIN_H_
