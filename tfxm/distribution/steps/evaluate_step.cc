// SPDX-License-Identifier: Apache-2.0

#include "tfxm/distribution/steps/evaluate_step.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/data/input_shape.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::distribution {

using model_analysis::EvaluateOptions;
using model_analysis::Evaluation;

EvaluateStep ToProto(const EvaluateOptions& options, const std::string& module_file) {
  EvaluateStep step;
  *step.mutable_eval_config() = options.eval_config;
  if (options.schema) *step.mutable_schema() = *options.schema;
  step.mutable_models()->insert(options.models.begin(), options.models.end());
  for (const auto& [name, shape] : options.input_shapes) {
    step.add_input_shapes(absl::StrCat(name, ":", absl::StrJoin(shape, ",")));
  }
  step.set_reference_model(options.reference_model);
  step.set_max_disagreements(options.max_disagreements);
  step.set_module_file(module_file);
  step.set_transform_graph(options.transform_graph);
  step.set_rubber_stamp(options.rubber_stamp);
  step.set_data_location(options.data_location.empty() ? options.data : options.data_location);
  return step;
}

absl::StatusOr<std::unique_ptr<EvaluatePass>> EvaluatePass::Make(const PassRequest& request,
                                                                 const std::string& output) {
  const EvaluateStep& step = request.evaluate();
  EvaluateOptions options;
  options.eval_config = step.eval_config();
  if (step.has_schema()) options.schema = step.schema();
  options.models.insert(step.models().begin(), step.models().end());
  for (const std::string& text : step.input_shapes()) {
    RETURN_IF_ERROR(Annotate(ParseInputShape(text, &options.input_shapes), "input_shapes of the request"));
  }
  options.transform_graph = step.transform_graph();
  options.reference_model = step.reference_model();
  if (step.has_max_disagreements()) options.max_disagreements = step.max_disagreements();
  options.data_location = step.data_location().empty() ? absl::StrJoin(request.files(), ",") : step.data_location();
  for (const PassShard& shard : request.shards()) {
    if (options.files.empty() || options.files.back() != shard.file()) options.files.push_back(shard.file());
  }
  options.rubber_stamp = step.rubber_stamp();
  options.detect_model_type = true;
  options.output_dir = output;
  options.replace_output = true;
  return Make(options);
}

absl::StatusOr<std::unique_ptr<EvaluatePass>> EvaluatePass::Make(const EvaluateOptions& options) {
  ASSIGN_OR_RETURN(std::unique_ptr<Evaluation> evaluation, Evaluation::Create(options));
  return std::unique_ptr<EvaluatePass>(new EvaluatePass(std::move(evaluation)));
}

absl::StatusOr<std::string> EvaluatePass::Map(const compute::Shard& shard, int64_t* num_examples) {
  return evaluation_->Map(shard, num_examples);
}

absl::Status EvaluatePass::Merge(const compute::Shard& shard, StateReader* values) {
  return evaluation_->Merge(shard.file, values);
}

}  // namespace tfxm::distribution
