// SPDX-License-Identifier: Apache-2.0

// Module file of Transform and Trainer.mnist: trains the model and saves it with a signature that takes serialized
// tf.Examples.
#include "mnist_utils_native_keras_base.h"

using namespace tfxm;

// Returns a function that parses a serialized tf.Example, applies the transform graph and feeds the model.
static nn::Function _get_serve_tf_examples_fn(const nn::Model& model, const TFTransformOutput& tf_transform_output) {
  return {.inputs = {{.name = "examples", .dtype = DataType::kString, .shape = {-1}}},
          .body = [&](nn::FunctionContext& context) -> absl::StatusOr<nn::NamedTensors> {
            transform::FeatureSpec feature_spec = tf_transform_output.raw_feature_spec();
            feature_spec.erase(base::LABEL_KEY);
            const ops::ParsedExample parsed_features =
                ops::ParseExample(context.input("examples"), feature_spec.fixed, feature_spec.var);
            ASSIGN_OR_RETURN(const tft::TensorMap transformed_features,
                             tf_transform_output.transform_features_layer(context.graph(), parsed_features));
            return model.Call(context, transformed_features);
          }};
}

// TFX Transform will call this function.
absl::StatusOr<tft::TensorMap> preprocessing_fn(const tft::TensorMap& inputs) { return base::preprocessing_fn(inputs); }

// TFX Trainer will call this function.
absl::Status run_fn(const FnArgs& fn_args) {
  ASSIGN_OR_RETURN(const TFTransformOutput tf_transform_output, TFTransformOutput::Load(fn_args.transform_output));

  ASSIGN_OR_RETURN(const nn::Dataset train_dataset,
                   base::input_fn(fn_args.train_files, fn_args.data_accessor, tf_transform_output, 40));
  ASSIGN_OR_RETURN(const nn::Dataset eval_dataset,
                   base::input_fn(fn_args.eval_files, fn_args.data_accessor, tf_transform_output, 40));

  ASSIGN_OR_RETURN(nn::Sequential model, base::build_keras_model(fn_args.train_steps));

  // Write logs to path
  const auto tensorboard_callback =
      nn::callbacks::TensorBoard({.log_dir = fn_args.model_run_dir, .update_freq = "epoch"});

  RETURN_IF_ERROR(model
                      .Fit(train_dataset, {.steps_per_epoch = fn_args.train_steps,
                                           .validation_data = &eval_dataset,
                                           .validation_steps = fn_args.eval_steps,
                                           .callbacks = {tensorboard_callback}})
                      .status());

  return model.Save(fn_args.serving_model_dir,
                    {{"serving_default", _get_serve_tf_examples_fn(model, tf_transform_output)}});
}
