#include "tfxm/model_analysis/model_facts.h"

#include "google/protobuf/struct.pb.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

using google::protobuf::Struct;

Struct* Object(Struct* parent, const std::string& name) {
  return (*parent->mutable_fields())[name].mutable_struct_value();
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
    fields["format"].set_string_value(summary.model_type == "tf_lite" ? "TFLite" : "SavedModel");
    for (const auto& [name, number] : summary.cost.numbers)
      (*Object(&model, "numbers")->mutable_fields())[name].set_number_value(number);
    for (const auto& [name, noise] : summary.cost.noise)
      (*Object(&model, "noise")->mutable_fields())[name].set_number_value(noise);
    for (const auto& [name, count] : summary.cost.op_counts)
      (*Object(&model, "op_counts")->mutable_fields())[name].set_number_value(count);
    for (const auto& [name, text] : summary.cost.texts)
      (*Object(&model, "texts")->mutable_fields())[name].set_string_value(text);
  }
  if (models.values().empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string json, io::ToJson(facts));
  return io::WriteFile(io::JoinPath(directory, kModelFactsFile), json + "\n");
}

}  // namespace tfxm::model_analysis
