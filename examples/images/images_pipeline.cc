// SPDX-License-Identifier: Apache-2.0

// Pictures, from a folder of JPEGs to a file for a phone: decoded and resized in Transform, a small CNN, an int8 file
// that takes the pixels as bytes, judged on the JPEGs.
//
//   python3 examples/images/make_data.py runs/shapes
//   tfxm run examples/images/images_pipeline.cc --data_root=runs/shapes --output=runs/images
#include <limits>
#include <string>
#include <vector>

#include "tfxm/dsl/components.h"
#include "tfxm/orchestration/pipeline_main.h"
#include "tfxm/util/io.h"

using namespace tfxm;

// The label is one of the transform graph's outputs; the class's name to slice by is a feature of the raw examples.
static tensorflow_model_analysis::EvalConfig MakeEvalConfig(const std::string& model_type, double accuracy_threshold) {
  tensorflow_model_analysis::EvalConfig eval_config;
  auto* model_spec = eval_config.add_model_specs();
  model_spec->set_label_key("label");
  model_spec->set_model_type(model_type);
  eval_config.add_slicing_specs();
  eval_config.add_slicing_specs()->add_feature_keys("image/class/text");
  auto* metrics_spec = eval_config.add_metrics_specs();
  auto* accuracy = metrics_spec->add_metrics();
  accuracy->set_class_name("SparseCategoricalAccuracy");
  accuracy->mutable_threshold()->mutable_value_threshold()->mutable_lower_bound()->set_value(accuracy_threshold);
  return eval_config;
}

absl::StatusOr<Pipeline> CreatePipeline(const PipelineArgs& args) {
  const std::string module_file = io::JoinPath(io::Dirname(__FILE__), "images_utils.cc");
  const double accuracy_threshold = args.GetDouble("accuracy_threshold", 0.9);
  auto example_gen = ImageExampleGen({.input_base = args.data_root});
  auto statistics_gen = StatisticsGen({.examples = example_gen.outputs("examples")});
  auto schema_gen = SchemaGen({.statistics = statistics_gen.outputs("statistics")});
  auto transform = Transform({.examples = example_gen.outputs("examples"),
                              .schema = schema_gen.outputs("schema"),
                              .module_file = module_file});
  auto trainer = Trainer({.module_file = module_file,
                          .examples = transform.outputs("transformed_examples"),
                          .transform_graph = transform.outputs("transform_graph"),
                          .train_args = {.num_steps = static_cast<int>(
                                             args.GetInt("train_steps", 600, 1, std::numeric_limits<int>::max()))}});
  // The model takes pixels, so the JPEGs that its ranges are measured on go through the graph.
  auto rewriter = ModelRewriter({.model = trainer.outputs("model"),
                                 .examples = example_gen.outputs("examples"),
                                 .transform_graph = transform.outputs("transform_graph"),
                                 .quantization = "int8",
                                 .custom_config = {{"inference_input_type", "uint8"}}});
  std::vector<Node> components = {example_gen, statistics_gen, schema_gen, transform, trainer, rewriter};
  for (const bool lite : {false, true}) {
    const Node& model = lite ? rewriter : trainer;
    const std::string name = lite ? "int8" : "saved_model";
    auto evaluator = Evaluator({.examples = example_gen.outputs("examples"),
                                .model = model.outputs("model"),
                                .transform_graph = transform.outputs("transform_graph"),
                                .eval_config = MakeEvalConfig(lite ? "tf_lite" : "", accuracy_threshold)})
                         .with_id(name);
    components.push_back(evaluator);
    if (!lite) continue;
    components.push_back(Pusher({.model = model.outputs("model"),
                                 .model_blessing = evaluator.outputs("blessing"),
                                 .push_destination = PushDestination{
                                     .filesystem = {.base_directory = io::JoinPath(args.output, "serving_model")}}}));
  }
  return Pipeline{.pipeline_name = "images",
                  .pipeline_root = io::JoinPath(args.output, "pipeline_root"),
                  .components = components,
                  .enable_cache = true,
                  .metadata_path = io::JoinPath(args.output, "metadata.db")};
}

int main(int argc, char** argv) { return RunPipelineMain(argc, argv, CreatePipeline); }
