// SPDX-License-Identifier: Apache-2.0

// Module file of Transform and Trainer: JPEGs to pixels of one size, and a small CNN that takes pixels.
#include "tfxm/nn/fn_args.h"
#include "tfxm/nn/nn.h"
#include "tfxm/ops/image_ops.h"
#include "tfxm/transform/tf_transform_output.h"
#include "tfxm/transform/tft.h"
#include "tfxm/util/status_macros.h"

using namespace tfxm;
namespace layers = nn::layers;

constexpr int kSize = 32;
constexpr int kNumClasses = 3;

// What an app does to a picture of its camera before it runs the file, too.
absl::StatusOr<tft::TensorMap> preprocessing_fn(const tft::TensorMap& inputs) {
  tft::TensorMap outputs;
  outputs["pixels"] =
      ops::DecodeImages(inputs["image/encoded"].values(), {.height = kSize, .width = kSize, .channels = 3});
  outputs["label"] = inputs["image/class/label"];
  return outputs;
}

static nn::Sequential BuildModel() {
  nn::Sequential model;
  model.Add(layers::InputLayer({kSize, kSize, 3}, {.name = "pixels"}));
  model.Add(layers::Rescaling(1.0 / 127.5, -1));
  for (const int filters : {16, 32, 64}) {
    model.Add(layers::Conv2D(filters, 3, {.strides = 2, .padding = "same", .use_bias = false}));
    model.Add(layers::BatchNormalization({.momentum = 0.9}));
    model.Add(layers::ActivationLayer("relu6"));
  }
  model.Add(layers::GlobalAveragePooling2D());
  model.Add(layers::Dense(kNumClasses));
  return model;
}

absl::Status run_fn(const FnArgs& fn_args) {
  ASSIGN_OR_RETURN(const TFTransformOutput tf_transform_output, TFTransformOutput::Load(fn_args.transform_output));
  const auto dataset = [&](const std::vector<std::string>& files) {
    return fn_args.data_accessor.tf_dataset_factory(files, {.batch_size = 32, .label_key = "label"},
                                                    tf_transform_output.transformed_metadata_schema());
  };
  ASSIGN_OR_RETURN(const nn::Dataset train, dataset(fn_args.train_files));
  ASSIGN_OR_RETURN(const nn::Dataset eval, dataset(fn_args.eval_files));
  nn::Model model = BuildModel();
  const auto learning_rate =
      nn::schedules::CosineDecay({.initial_learning_rate = 0.005, .decay_steps = fn_args.train_steps});
  RETURN_IF_ERROR(model.Compile({.optimizer = nn::optimizers::Adam({.learning_rate = learning_rate}),
                                 .loss = nn::losses::SparseCategoricalCrossentropy({.from_logits = true}),
                                 .metrics = {"sparse_categorical_accuracy"}}));
  RETURN_IF_ERROR(
      model
          .Fit(train.Repeat(), {.steps_per_epoch = fn_args.train_steps,
                                .validation_data = &eval,
                                .callbacks = {nn::callbacks::TensorBoard({.log_dir = fn_args.model_run_dir})}})
          .status());
  return model.Save(fn_args.serving_model_dir);
}
