// SPDX-License-Identifier: Apache-2.0

// One training, five TFLite files: a CNN on MNIST as float, float16, dynamic range, int8 and int16x8, each judged by an
// Evaluator beside the SavedModel they come from. The table at the end shows what each costs and loses.
//
//   tfxm run examples/mnist_cnn/mnist_cnn_pipeline.cc --data_root=DIR --output=runs/mnist_cnn
//
// With --quantization_aware, a second Trainer goes on from the first one's model, training it for int8: one more file
// and row.
#include <limits>
#include <string>
#include <vector>

#include "tfxm/dsl/components.h"
#include "tfxm/orchestration/pipeline_main.h"
#include "tfxm/util/io.h"

using namespace tfxm;

// A model is blessed if it is accurate enough on every slice: on all examples and on those of each digit.
static tensorflow_model_analysis::EvalConfig MakeEvalConfig(const std::string& model_type, double accuracy_threshold) {
  tensorflow_model_analysis::EvalConfig eval_config;
  auto* model_spec = eval_config.add_model_specs();
  model_spec->set_label_key("image_class");
  model_spec->set_model_type(model_type);
  eval_config.add_slicing_specs();
  eval_config.add_slicing_specs()->add_feature_keys("image_class");
  auto* metrics_spec = eval_config.add_metrics_specs();
  auto* accuracy = metrics_spec->add_metrics();
  accuracy->set_class_name("SparseCategoricalAccuracy");
  accuracy->mutable_threshold()->mutable_value_threshold()->mutable_lower_bound()->set_value(accuracy_threshold);
  auto* loss = metrics_spec->add_metrics();
  loss->set_class_name("SparseCategoricalCrossentropy");
  loss->set_config(R"({"name": "loss", "from_logits": true})");
  return eval_config;
}

absl::StatusOr<Pipeline> CreatePipeline(const PipelineArgs& args) {
  const double accuracy_threshold = args.GetDouble("accuracy_threshold", 0.97);
  auto example_gen = ImportExampleGen({.input_base = args.data_root});
  auto statistics_gen = StatisticsGen({.examples = example_gen.outputs("examples")});
  auto schema_gen = SchemaGen({.statistics = statistics_gen.outputs("statistics")});
  auto trainer = Trainer({.module_file = io::JoinPath(io::Dirname(__FILE__), "mnist_cnn_utils.cc"),
                          .examples = example_gen.outputs("examples"),
                          .schema = schema_gen.outputs("schema"),
                          .train_args = {.num_steps = static_cast<int>(
                                             args.GetInt("train_steps", 12000, 1, std::numeric_limits<int>::max()))},
                          .eval_args = {.num_steps = 100},
                          .custom_config = {{"backup_dir", io::JoinPath(args.output, "backup", "trainer")}}});
  auto evaluator = Evaluator({.examples = example_gen.outputs("examples"),
                              .model = trainer.outputs("model"),
                              .eval_config = MakeEvalConfig("", accuracy_threshold)})
                       .with_id("saved_model");
  std::vector<Node> components = {example_gen, statistics_gen, schema_gen, trainer, evaluator};
  const auto add_variant = [&](const std::string& name, const Node& rewriter) {
    auto evaluator_lite = Evaluator({.examples = example_gen.outputs("examples"),
                                     .model = rewriter.outputs("model"),
                                     .eval_config = MakeEvalConfig("tf_lite", accuracy_threshold)})
                              .with_id(name);
    auto pusher = Pusher({.model = rewriter.outputs("model"),
                          .model_blessing = evaluator_lite.outputs("blessing"),
                          .push_destination = PushDestination{.filesystem = {.base_directory = io::JoinPath(
                                                                                 args.output, "serving_model", name)}}})
                      .with_id("Pusher." + name);
    components.insert(components.end(), {rewriter, evaluator_lite, pusher});
  };
  for (const std::string quantization : {"float", "float16", "dynamic_range", "int8", "int16x8"}) {
    add_variant(quantization, ModelRewriter({.model = trainer.outputs("model"),
                                             .examples = example_gen.outputs("examples"),
                                             .quantization = quantization == "float" ? "" : quantization})
                                  .with_id("ModelRewriter." + quantization));
  }
  if (args.GetBool("quantization_aware", false)) {
    auto aware = Trainer({.module_file = io::JoinPath(io::Dirname(__FILE__), "mnist_cnn_utils.cc"),
                          .examples = example_gen.outputs("examples"),
                          .schema = schema_gen.outputs("schema"),
                          .base_model = trainer.outputs("model"),
                          .train_args = {.num_steps = static_cast<int>(
                                             args.GetInt("aware_steps", 2000, 1, std::numeric_limits<int>::max()))},
                          .eval_args = {.num_steps = 100},
                          .custom_config = {{"quantization_aware", "true"},
                                            {"backup_dir", io::JoinPath(args.output, "backup", "quantization_aware")}}})
                     .with_id("Trainer.quantization_aware");
    components.push_back(aware);
    // The ranges of the activations are in the model: no examples are needed.
    add_variant(
        "int8_aware",
        ModelRewriter({.model = aware.outputs("model"), .quantization = "int8"}).with_id("ModelRewriter.int8_aware"));
  }
  return Pipeline{.pipeline_name = "mnist_cnn",
                  .pipeline_root = io::JoinPath(args.output, "pipeline_root"),
                  .components = components,
                  .enable_cache = true,
                  .metadata_path = io::JoinPath(args.output, "metadata.db")};
}

int main(int argc, char** argv) { return RunPipelineMain(argc, argv, CreatePipeline); }
