// SPDX-License-Identifier: Apache-2.0

// tfxm transform: in a plugin of its own, since it needs libtensorflow_cc.
#include <cstdio>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/cli/command.h"
#include "tfxm/cli/flags/pass_workers.h"
#include "tfxm/components/transform/analyze_module.h"
#include "tfxm/components/transform/transform_passes.h"
#include "tfxm/data/examples.h"
#include "tfxm/statistics/infer_schema.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/files/temporary.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::cli {
namespace {

constexpr char kGraph[] = "transform_graph";
constexpr char kExamples[] = "transformed_examples";

class TransformCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags("tfxm transform --module_file=FILE --data=GLOB --schema=FILE --output=DIR",
                "What a Transform component does, outside of a pipeline: calls the module's preprocessing_fn, analyzes "
                "the data and\n"
                "transforms them. DIR gets transform_graph, which tft.TFTransformOutput reads, and "
                "transformed_examples, one file for\n"
                "each of the data's. Neither may be there already.\n\n"
                "Examples:\n"
                "  tfxm transform --module_file=taxi_utils.py --data='examples/Split-train/*' --schema=schema.pbtxt "
                "--output=out");
    flags.Add("module_file", &options_.module_file, "FILE", "C++ (.cc) or Python (.py) that defines preprocessing_fn")
        .Required();
    flags.Add("data", &data_, "GLOB", "TFRecords of tf.Examples").Required();
    flags.Add("schema", &schema_, "FILE", "the schema.pbtxt of the data").Required();
    flags.Add("output", &output_, "DIR", "where the graph and the examples go").Required();
    flags.Add("custom_config", &options_.custom_config, "JSON", "for a preprocessing_fn in Python that takes it");
    launcher_.AddTo(&flags);
    return flags;
  }

  absl::Status Run(const std::vector<std::string>& arguments) override {
    RETURN_IF_ERROR(CheckCustomConfig());
    ASSIGN_OR_RETURN(options_.workers, PassWorkers(launcher_));
    ASSIGN_OR_RETURN(const std::vector<std::string> files, data::MatchFiles(data_));
    ASSIGN_OR_RETURN(const auto schema, statistics::ReadSchema(schema_));
    for (const char* name : {kGraph, kExamples}) {
      const std::string path = io::JoinPath(output_, name);
      if (io::Exists(path)) return absl::FailedPreconditionError(absl::StrCat(path, " is there already; remove it"));
    }
    io::NewDirs output(output_);
    RETURN_IF_ERROR(output.Make());
    ASSIGN_OR_RETURN(const auto making, io::TempDir::Make(output_, ".transforming-", io::TempDir::Rights::kUmask));
    options_.tmp_dir = io::JoinPath(making->path(), "tmp");
    options_.log = [](absl::string_view line) { std::fprintf(stderr, "tfxm: %s\n", PrintableText(line).c_str()); };
    RETURN_IF_ERROR(io::MakeDirs(options_.tmp_dir));
    const std::string graph_dir = io::JoinPath(making->path(), kGraph);
    const std::string examples_dir = io::JoinPath(making->path(), kExamples);
    ASSIGN_OR_RETURN(const AnalyzedModule module, AnalyzeModule(options_, schema, files));
    RETURN_IF_ERROR(module.graph->Write(graph_dir));
    RETURN_IF_ERROR(TransformExamples(*module.graph, options_, files, examples_dir, "transforming"));
    RETURN_IF_ERROR(io::Rename(examples_dir, io::JoinPath(output_, kExamples)));
    RETURN_IF_ERROR(io::Rename(graph_dir, io::JoinPath(output_, kGraph)));
    output.Keep();
    return Print(absl::StrCat(io::JoinPath(output_, kGraph), "\n", io::JoinPath(output_, kExamples), "\n"));
  }

 private:
  absl::Status CheckCustomConfig() const {
    if (options_.custom_config.empty()) return absl::OkStatus();
    if (!absl::EndsWith(options_.module_file, ".py")) {
      return UsageError("--custom_config is for a module in Python");
    }
    google::protobuf::Struct object;
    if (const absl::Status status = io::ParseJson(options_.custom_config, &object); !status.ok()) {
      return UsageError(absl::StrCat("--custom_config is not a JSON object: ", status.message()));
    }
    return absl::OkStatus();
  }

  AnalyzeModuleOptions options_;
  distribution::LauncherFlags launcher_;
  std::string data_, schema_, output_;
};

TFXM_REGISTER(CommandRegistry, "transform", [] { return std::make_unique<TransformCommand>(); });

}  // namespace
}  // namespace tfxm::cli
