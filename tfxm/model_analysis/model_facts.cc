#include "tfxm/model_analysis/model_facts.h"

#include <algorithm>

#include "google/protobuf/struct.pb.h"
#include "tfxm/litert/flatbuffer.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

using google::protobuf::Struct;

void AddTfliteFacts(const std::string& path, Struct* model, Struct* numbers) {
  const std::string file = io::IsDirectory(path) ? io::JoinPath(path, "tflite") : path;
  const auto model_file = litert::ModelFile::Read(file);
  if (!model_file.ok()) return;  // It was evaluated, so it can be read; a file that has changed since has no facts.
  const litert::Inspection inspection = litert::Inspect(**model_file);
  auto& fields = *numbers->mutable_fields();
  fields["arena_bytes"].set_number_value(static_cast<double>(inspection.arena_bytes));
  fields["weight_bytes"].set_number_value(static_cast<double>(inspection.weight_bytes));
  fields["multiply_adds"].set_number_value(static_cast<double>(inspection.multiply_adds));
  auto& ops = *(*model->mutable_fields())["op_counts"].mutable_struct_value()->mutable_fields();
  for (const auto& [name, use] : inspection.ops) ops[name].set_number_value(use.count);
}

}  // namespace

absl::Status WriteModelFacts(const EvaluationResult& result, const std::string& directory) {
  Struct facts;
  auto& models = *(*facts.mutable_fields())["models"].mutable_list_value();
  for (const ModelSummary& summary : result.models) {
    if (summary.path.empty()) continue;
    Struct& model = *models.add_values()->mutable_struct_value();
    auto& fields = *model.mutable_fields();
    fields["model_name"].set_string_value(summary.name);
    const bool tflite = summary.model_type == "tf_lite";
    fields["format"].set_string_value(tflite ? "TFLite" : "SavedModel");
    Struct& numbers = *fields["numbers"].mutable_struct_value();
    (*numbers.mutable_fields())["size_bytes"].set_number_value(static_cast<double>(summary.size_bytes));
    (*numbers.mutable_fields())["examples_per_second"].set_number_value(summary.examples_per_second);
    if (tflite) AddTfliteFacts(summary.path, &model, &numbers);
  }
  if (models.values().empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string json, io::ToJson(facts));
  return io::WriteFile(io::JoinPath(directory, "model_facts.json"), json + "\n");
}

}  // namespace tfxm::model_analysis
