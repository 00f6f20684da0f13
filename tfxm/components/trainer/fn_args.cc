// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/trainer/fn_args.h"

#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "tfx/proto/trainer.pb.h"
#include "tfxm/components/executor.h"
#include "tfxm/components/splits.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/metadata/artifact_layout.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

// The members of a JSON object; what is not a string stays JSON.
absl::StatusOr<std::map<std::string, std::string>> JsonMembers(absl::string_view json) {
  google::protobuf::Struct object;
  RETURN_IF_ERROR(io::ParseJson(json, &object));
  std::map<std::string, std::string> members;
  for (const auto& [name, value] : object.fields()) {
    if (value.has_string_value()) {
      members[name] = value.string_value();
    } else {
      ASSIGN_OR_RETURN(members[name], io::ToJson(value));
    }
  }
  return members;
}

// A KerasTuner HyperParameters file: {"space": …, "values": {name: value}}; or just the values.
absl::StatusOr<std::map<std::string, std::string>> ReadHyperparameters(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string json, io::ReadFile(path));
  google::protobuf::Struct object;
  RETURN_IF_ERROR(Annotate(io::ParseJson(json, &object), path));
  const auto values = object.fields().find("values");
  if (values == object.fields().end()) return JsonMembers(json);
  ASSIGN_OR_RETURN(const std::string members, io::ToJson(values->second));
  return JsonMembers(members);
}

// Of all artifacts: a Resolver may give several spans.
template <typename SplitArgs>
absl::StatusOr<std::vector<std::string>> FilesOf(absl::string_view component, const std::vector<Artifact>& examples,
                                                 const SplitArgs& args, const std::string& default_split) {
  std::vector<std::string> splits(args.splits().begin(), args.splits().end());
  if (splits.empty()) splits = {default_split};
  std::vector<std::string> files;
  for (const Artifact& artifact : examples) {
    ASSIGN_OR_RETURN(const std::vector<std::string> more,
                     FilesOfSplits(artifact, splits,
                                   absl::StrCat("say which the ", component, " takes with .", default_split,
                                                "_args = {.splits = {\"…\"}}")));
    files.insert(files.end(), more.begin(), more.end());
  }
  return files;
}

absl::StatusOr<bool> AreEmpty(const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    ASSIGN_OR_RETURN(const auto reader, data::TFRecordReader::Open(file));
    ASSIGN_OR_RETURN(const bool more, reader->Skip());
    if (more) return false;
  }
  return true;
}

}  // namespace

std::string HyperparametersFile(const ArtifactDict& inputs) {
  const Artifact* const hyperparameters = OptionalArtifact(inputs, "hyperparameters");
  return hyperparameters == nullptr ? "" : io::JoinPath(hyperparameters->uri, kBestHyperparametersFile);
}

absl::StatusOr<FnArgs> MakeFnArgs(absl::string_view component, const ArtifactDict& inputs,
                                  const Properties& exec_properties) {
  FnArgs fn_args;
  const auto examples = inputs.find("examples");
  if (examples == inputs.end() || examples->second.empty()) return SingleArtifact(inputs, "examples").status();
  tfx::components::trainer::TrainArgs train_args;
  tfx::components::trainer::EvalArgs eval_args;
  RETURN_IF_ERROR(
      Annotate(io::ParseJson(StringPropertyOr(exec_properties, "train_args", "{}"), &train_args), "train_args"));
  RETURN_IF_ERROR(
      Annotate(io::ParseJson(StringPropertyOr(exec_properties, "eval_args", "{}"), &eval_args), "eval_args"));
  ASSIGN_OR_RETURN(fn_args.train_files, FilesOf(component, examples->second, train_args, "train"));
  ASSIGN_OR_RETURN(fn_args.eval_files, FilesOf(component, examples->second, eval_args, "eval"));
  fn_args.train_steps = train_args.num_steps();
  fn_args.eval_steps = eval_args.num_steps();
  fn_args.data_accessor = MakeDataAccessor();
  const auto uri = [&](const std::string& key) {
    const Artifact* const artifact = OptionalArtifact(inputs, key);
    return artifact == nullptr ? std::string() : artifact->uri;
  };
  fn_args.transform_graph_path = fn_args.transform_output = uri("transform_graph");
  if (!uri("schema").empty()) fn_args.schema_path = fn_args.schema_file = io::JoinPath(uri("schema"), kSchemaFile);
  if (!uri("base_model").empty()) fn_args.base_model = io::JoinPath(uri("base_model"), kServingModelDir);
  if (const std::string path = HyperparametersFile(inputs); !path.empty()) {
    ASSIGN_OR_RETURN(fn_args.hyperparameters, ReadHyperparameters(path));
  }
  const std::string custom_config = StringPropertyOr(exec_properties, "custom_config", "");
  if (!custom_config.empty()) {
    absl::StatusOr<std::map<std::string, std::string>> members = JsonMembers(custom_config);
    RETURN_IF_ERROR(Annotate(members.status(), "custom_config"));
    fn_args.custom_config = *std::move(members);
  }
  return fn_args;
}

absl::Status WithEmptySplits(const absl::Status& status, const FnArgs& fn_args) {
  if (status.ok()) return status;
  if (AreEmpty(fn_args.train_files).value_or(false)) {
    return absl::Status(
        status.code(),
        absl::StrCat(status.message(), "; there is no example to train on: the splits of train_args are empty"));
  }
  if (!AreEmpty(fn_args.eval_files).value_or(false)) return status;
  return absl::Status(
      status.code(),
      absl::StrCat(
          status.message(), "; there is no example to validate on: the splits of eval_args are empty. Give the ",
          "ExampleGen more data or other splits, train without validation data, or validate on what is trained "
          "on, which tells less: .eval_args = {.splits = {\"train\"}}"));
}

}  // namespace tfxm
