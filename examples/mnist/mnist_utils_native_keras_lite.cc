// SPDX-License-Identifier: Apache-2.0

// Module file of Trainer.mnist_lite: trains the same model and rewrites it to TFLite.
#include "mnist_utils_native_keras_base.h"
#include "tfxm/rewriting/rewriter.h"
#include "tfxm/util/io.h"

using namespace tfxm;

// Returns a function that feeds the input tensor into the model.
static nn::Function _get_serve_tf_examples_fn(const nn::Model& model, const TFTransformOutput& tf_transform_output) {
  return {.inputs = {{.name = "image_floats", .dtype = DataType::kFloat, .shape = {-1, 784}}},
          .body = [&](nn::FunctionContext& context) -> absl::StatusOr<nn::NamedTensors> {
            ASSIGN_OR_RETURN(const tft::TensorMap transformed_features,
                             tf_transform_output.transform_features_layer(
                                 context.graph(), tft::TensorMap{{base::IMAGE_KEY, context.input("image_floats")}}));
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

  const std::string temp_saving_model_dir = io::JoinPath(fn_args.serving_model_dir, "temp");
  RETURN_IF_ERROR(
      model.Save(temp_saving_model_dir, {{"serving_default", _get_serve_tf_examples_fn(model, tf_transform_output)}}));

  ASSIGN_OR_RETURN(const auto tfrw, CreateRewriter(kTfliteRewriter, {.name = "tflite_rewriter"}));
  return RewriteSavedModel(temp_saving_model_dir, fn_args.serving_model_dir, *tfrw, ModelType::kTfliteModel);
}
