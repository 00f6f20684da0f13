// The main function of a pipeline file.
//
//   absl::StatusOr<Pipeline> CreatePipeline(const PipelineArgs& args) {
//     auto example_gen = ImportExampleGen({.input_base = args.data_root});
//     auto trainer = Trainer({…, .train_args = {.num_steps = args.GetInt("train_steps", 5000)}});
//     return Pipeline{.pipeline_name = "mnist", .pipeline_root = io::JoinPath(args.output, "pipeline_root"), …};
//   }
//   int main(int argc, char** argv) { return tfxm::RunPipelineMain(argc, argv, CreatePipeline); }
//
//   $ mnist --data_root=data --output=runs/mnist --train_steps=100
#ifndef TFXM_ORCHESTRATION_PIPELINE_MAIN_H_
#define TFXM_ORCHESTRATION_PIPELINE_MAIN_H_

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/dsl/pipeline.h"
#include "tfxm/orchestration/run_result.h"
#include "tfxm/orchestration/run_summary.h"

namespace tfxm {

// The program's flags. Any --name=value that CreatePipeline asks for is one; one that nobody asks for is a mistake of
// the user's and ends the program with a message.
struct PipelineArgs {
  std::string data_root;  // --data_root: absolute; empty if it is not given.
  std::string output;     // --output: absolute; the folder for all that the run leaves. Default: runs/PROGRAM.

  std::string Get(const std::string& name, const std::string& otherwise) const;
  int64_t GetInt(const std::string& name, int64_t otherwise) const;
  double GetDouble(const std::string& name, double otherwise) const;
  bool GetBool(const std::string& name, bool otherwise) const;

  // For RunPipelineMain: what was given, what was asked for with which default, and values that are no numbers.
  std::map<std::string, std::string> values;
  mutable std::map<std::string, std::string> asked;
  mutable std::set<std::string> malformed;
};

struct PipelineMainOptions {
  // Called after a run in which every node is complete or cached; the default compares the models that were evaluated.
  // An error is printed and becomes the exit status.
  std::function<absl::Status(const PipelineArgs& args, const RunResult& result)> after_run = WriteRunSummary;
};

// Runs the pipeline that `create_pipeline` makes and returns the exit status: 0 if all went well, 1 if not, 2 for a
// wrong flag, 130 after an interruption. Handles --help, --print_ir (TFX's intermediate representation of the
// pipeline), --nocache and
// --max_parallel_nodes.
int RunPipelineMain(int argc, char** argv,
                    const std::function<absl::StatusOr<Pipeline>(const PipelineArgs& args)>& create_pipeline,
                    const PipelineMainOptions& options = {});

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_PIPELINE_MAIN_H_
