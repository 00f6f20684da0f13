// SPDX-License-Identifier: Apache-2.0

// The MNIST mobile pipeline of TFX's guide: one model trained twice, kept once as a SavedModel and once as a TFLite
// file, and both judged by the same Evaluator.
//
//   tfxm run examples/mnist/mnist_pipeline_native_keras.cc --data_root=DIR --output=runs/mnist
//
// The guide's 5,000 training steps fit its sample of 1,000 images; for the complete set `make mnist` gives
// --train_steps=30000.
#include <limits>
#include <string>

#include "tfxm/dsl/components.h"
#include "tfxm/orchestration/pipeline_main.h"
#include "tfxm/util/io.h"

using namespace tfxm;

// Implements the handwritten digit classification example using TFX's components.
Pipeline CreateMnistPipeline(const std::string& pipeline_name, const std::string& pipeline_root,
                             const std::string& data_root, const std::string& module_file,
                             const std::string& module_file_lite, const std::string& serving_model_dir,
                             const std::string& serving_model_dir_lite, const std::string& metadata_path,
                             int train_steps, double accuracy_threshold) {
  // Brings data into the pipeline.
  auto example_gen = ImportExampleGen({.input_base = data_root});

  // Computes statistics over data for visualization and example validation.
  auto statistics_gen = StatisticsGen({.examples = example_gen.outputs("examples")});

  // Generates schema based on statistics files.
  auto schema_gen = SchemaGen({.statistics = statistics_gen.outputs("statistics"), .infer_feature_shape = true});

  // Performs anomaly detection based on statistics and data schema.
  auto example_validator =
      ExampleValidator({.statistics = statistics_gen.outputs("statistics"), .schema = schema_gen.outputs("schema")});

  // Performs transformations and feature engineering in training and serving.
  auto transform = Transform({.examples = example_gen.outputs("examples"),
                              .schema = schema_gen.outputs("schema"),
                              .module_file = module_file});

  auto create_trainer = [&](const std::string& module_file, const std::string& component_id) {
    return Trainer({.module_file = module_file,
                    .examples = transform.outputs("transformed_examples"),
                    .transform_graph = transform.outputs("transform_graph"),
                    .schema = schema_gen.outputs("schema"),
                    .train_args = {.num_steps = train_steps},
                    .eval_args = {.num_steps = 100}})
        .with_id(component_id);
  };

  // Uses the user's run_fn, which trains a Keras-like model.
  auto trainer = create_trainer(module_file, "Trainer.mnist");

  // Trains the same model as the one above, but converts it into a TFLite one.
  auto trainer_lite = create_trainer(module_file_lite, "Trainer.mnist_lite");

  // Uses TFMA's metrics to compute evaluation statistics over features of a model and performs quality validation of a
  // candidate model.
  tensorflow_model_analysis::EvalConfig eval_config;
  eval_config.add_model_specs()->set_label_key("image_class");
  eval_config.add_slicing_specs();
  auto* metrics_spec = eval_config.add_metrics_specs();
  auto* accuracy = metrics_spec->add_metrics();
  accuracy->set_class_name("SparseCategoricalAccuracy");
  accuracy->mutable_threshold()->mutable_value_threshold()->mutable_lower_bound()->set_value(accuracy_threshold);
  auto* loss = metrics_spec->add_metrics();
  loss->set_class_name("SparseCategoricalCrossentropy");
  loss->set_config(R"({"name": "loss", "from_logits": true})");
  metrics_spec->add_metrics()->set_class_name("ExampleCount");

  tensorflow_model_analysis::EvalConfig eval_config_lite = eval_config;
  // Informs the evaluator that the model is a TFLite model.
  eval_config_lite.mutable_model_specs(0)->set_model_type("tf_lite");

  // Computes the evaluation statistics over features of a model.
  auto evaluator =
      Evaluator(
          {.examples = example_gen.outputs("examples"), .model = trainer.outputs("model"), .eval_config = eval_config})
          .with_id("Evaluator.mnist");

  // Computes the evaluation statistics over features of a TFLite model.
  auto evaluator_lite = Evaluator({.examples = example_gen.outputs("examples"),
                                   .model = trainer_lite.outputs("model"),
                                   .eval_config = eval_config_lite})
                            .with_id("Evaluator.mnist_lite");

  // Checks whether the model passed the validation steps and pushes the model to a file destination if check passed.
  auto pusher = Pusher({.model = trainer.outputs("model"),
                        .model_blessing = evaluator.outputs("blessing"),
                        .push_destination = PushDestination{.filesystem = {.base_directory = serving_model_dir}}})
                    .with_id("Pusher.mnist");

  // Checks whether the TFLite model passed the validation steps and pushes the model to a file destination if check
  // passed.
  auto pusher_lite =
      Pusher({.model = trainer_lite.outputs("model"),
              .model_blessing = evaluator_lite.outputs("blessing"),
              .push_destination = PushDestination{.filesystem = {.base_directory = serving_model_dir_lite}}})
          .with_id("Pusher.mnist_lite");

  return Pipeline{.pipeline_name = pipeline_name,
                  .pipeline_root = pipeline_root,
                  .components = {example_gen, statistics_gen, schema_gen, example_validator, transform, trainer,
                                 trainer_lite, evaluator, evaluator_lite, pusher, pusher_lite},
                  .enable_cache = true,
                  .metadata_path = metadata_path};
}

absl::StatusOr<Pipeline> CreatePipeline(const PipelineArgs& args) {
  const std::string mnist_root = io::Dirname(__FILE__);
  return CreateMnistPipeline(
      /*pipeline_name=*/"mnist_native_keras",
      /*pipeline_root=*/io::JoinPath(args.output, "pipeline_root"),
      /*data_root=*/args.data_root,
      /*module_file=*/args.Get("module_file", io::JoinPath(mnist_root, "mnist_utils_native_keras.cc")),
      /*module_file_lite=*/args.Get("module_file_lite", io::JoinPath(mnist_root, "mnist_utils_native_keras_lite.cc")),
      /*serving_model_dir=*/io::JoinPath(args.output, "serving_model"),
      /*serving_model_dir_lite=*/io::JoinPath(args.output, "serving_model_lite"),
      /*metadata_path=*/io::JoinPath(args.output, "metadata.db"),
      /*train_steps=*/static_cast<int>(args.GetInt("train_steps", 5000, 1, std::numeric_limits<int>::max())),
      /*accuracy_threshold=*/args.GetDouble("accuracy_threshold", 0.8));
}

int main(int argc, char** argv) { return RunPipelineMain(argc, argv, CreatePipeline); }
