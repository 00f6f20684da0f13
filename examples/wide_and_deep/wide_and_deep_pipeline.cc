// SPDX-License-Identifier: Apache-2.0

// Tabular data: numbers, buckets and vocabularies, a wide and deep model trained with class weights until it stops
// getting better, and its int8 version judged beside it.
//
//   python3 examples/wide_and_deep/make_data.py runs/people
//   tfxm run examples/wide_and_deep/wide_and_deep_pipeline.cc --data_root=runs/people --output=runs/wide_and_deep
#include <limits>
#include <string>
#include <vector>

#include "tfxm/dsl/components.h"
#include "tfxm/orchestration/pipeline_main.h"
#include "tfxm/util/io.h"

using namespace tfxm;

static tensorflow_model_analysis::EvalConfig MakeEvalConfig(const std::string& model_type, double auc_threshold) {
  tensorflow_model_analysis::EvalConfig eval_config;
  auto* model_spec = eval_config.add_model_specs();
  model_spec->set_label_key("rich");
  model_spec->set_model_type(model_type);
  eval_config.add_slicing_specs();
  auto* metrics_spec = eval_config.add_metrics_specs();
  auto* auc = metrics_spec->add_metrics();
  auc->set_class_name("AUC");
  auc->mutable_threshold()->mutable_value_threshold()->mutable_lower_bound()->set_value(auc_threshold);
  metrics_spec->add_metrics()->set_class_name("Precision");
  metrics_spec->add_metrics()->set_class_name("Recall");
  return eval_config;
}

absl::StatusOr<Pipeline> CreatePipeline(const PipelineArgs& args) {
  const std::string module_file = io::JoinPath(io::Dirname(__FILE__), "wide_and_deep_utils.cc");
  const double auc_threshold = args.GetDouble("auc_threshold", 0.8);
  auto example_gen = ImportExampleGen({.input_base = args.data_root});
  auto statistics_gen = StatisticsGen({.examples = example_gen.outputs("examples")});
  auto schema_gen = SchemaGen({.statistics = statistics_gen.outputs("statistics"), .infer_feature_shape = true});
  auto transform = Transform({.examples = example_gen.outputs("examples"),
                              .schema = schema_gen.outputs("schema"),
                              .module_file = module_file});
  auto trainer = Trainer({.module_file = module_file,
                          .examples = transform.outputs("transformed_examples"),
                          .transform_graph = transform.outputs("transform_graph"),
                          .schema = schema_gen.outputs("schema"),
                          .train_args = {.num_steps = static_cast<int>(
                                             args.GetInt("train_steps", 4000, 1, std::numeric_limits<int>::max()))},
                          .eval_args = {.num_steps = 100}});
  // The models take transformed features: the words' numbers are looked up by the app, as TFLite has no vocabularies.
  auto rewriter = ModelRewriter({.model = trainer.outputs("model"),
                                 .examples = transform.outputs("transformed_examples"),
                                 .quantization = "int8"});
  std::vector<Node> components = {example_gen, statistics_gen, schema_gen, transform, trainer, rewriter};
  for (const bool lite : {false, true}) {
    const Node& model = lite ? rewriter : trainer;
    const std::string name = lite ? "int8" : "saved_model";
    auto evaluator = Evaluator({.examples = transform.outputs("transformed_examples"),
                                .model = model.outputs("model"),
                                .eval_config = MakeEvalConfig(lite ? "tf_lite" : "", auc_threshold)})
                         .with_id(name);
    auto pusher = Pusher({.model = model.outputs("model"),
                          .model_blessing = evaluator.outputs("blessing"),
                          .push_destination = PushDestination{.filesystem = {.base_directory = io::JoinPath(
                                                                                 args.output, "serving_model", name)}}})
                      .with_id("Pusher." + name);
    components.insert(components.end(), {evaluator, pusher});
  }
  return Pipeline{.pipeline_name = "wide_and_deep",
                  .pipeline_root = io::JoinPath(args.output, "pipeline_root"),
                  .components = components,
                  .enable_cache = true,
                  .metadata_path = io::JoinPath(args.output, "metadata.db")};
}

int main(int argc, char** argv) { return RunPipelineMain(argc, argv, CreatePipeline); }
