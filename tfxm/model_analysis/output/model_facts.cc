// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/output/model_facts.h"

#include "tfxm/proto/sidecar_files.h"
#include "tfxm/proto/sidecars.pb.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/message_json.h"

namespace tfxm::model_analysis {

absl::Status WriteModelFacts(const EvaluationResult& result, const std::string& directory) {
  sidecars::ModelFactsFile file;
  for (const ModelSummary& summary : result.models) {
    if (summary.path.empty()) continue;
    sidecars::ModelFacts& facts = *file.add_models();
    facts.set_model_name(summary.name);
    facts.set_format(summary.model_type == "tf_lite" ? "TFLite" : "SavedModel");
    facts.mutable_numbers()->insert(summary.cost.numbers.begin(), summary.cost.numbers.end());
    facts.mutable_noise()->insert(summary.cost.noise.begin(), summary.cost.noise.end());
    for (const auto& [name, count] : summary.cost.op_counts) (*facts.mutable_op_counts())[Utf8Text(name)] = count;
    for (const auto& [name, text] : summary.cost.texts) (*facts.mutable_texts())[name] = Utf8Text(text);
  }
  if (file.models().empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string json, MessageToJson(file));
  return io::WriteFile(io::JoinPath(directory, sidecars::kModelFactsFile), json);
}

}  // namespace tfxm::model_analysis
