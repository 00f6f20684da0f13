// SPDX-License-Identifier: Apache-2.0

// Module file of the Trainers: a MobileNet-style CNN on MNIST, kept as a SavedModel. Its rewriting to TFLite is left to
// the pipeline. With a base_model training begins with its weights; with the custom_config "quantization_aware" it is
// trained for int8.
#include "tfxm/nn/fn_args.h"
#include "tfxm/nn/nn.h"
#include "tfxm/statistics/infer_schema.h"
#include "tfxm/util/status_macros.h"

using namespace tfxm;
namespace layers = nn::layers;

// A depthwise convolution and a pointwise one, each normalized and cut off at 6, as in MobileNet.
static void AddSeparableBlock(nn::Sequential& model, int filters, int strides) {
  model.Add(layers::DepthwiseConv2D(3, {.strides = strides, .padding = "same", .use_bias = false}));
  model.Add(layers::BatchNormalization());
  model.Add(layers::ActivationLayer("relu6"));
  model.Add(layers::Conv2D(filters, 1, {.use_bias = false}));
  model.Add(layers::BatchNormalization());
  model.Add(layers::ActivationLayer("relu6"));
}

static nn::Sequential BuildModel() {
  nn::Sequential model;
  model.Add(layers::InputLayer({784}, {.name = "image_floats"}));
  model.Add(layers::Reshape({28, 28, 1}));
  model.Add(layers::Conv2D(16, 3, {.strides = 2, .padding = "same", .use_bias = false}));
  model.Add(layers::BatchNormalization());
  model.Add(layers::ActivationLayer("relu6"));
  AddSeparableBlock(model, 32, 1);
  AddSeparableBlock(model, 64, 2);
  AddSeparableBlock(model, 64, 1);
  model.Add(layers::GlobalAveragePooling2D());
  model.Add(layers::Dropout(0.1));
  model.Add(layers::Dense(10));
  return model;
}

absl::Status run_fn(const FnArgs& fn_args) {
  ASSIGN_OR_RETURN(const auto schema, statistics::ReadSchema(fn_args.schema_path));
  ASSIGN_OR_RETURN(const nn::Dataset train_dataset,
                   fn_args.data_accessor.tf_dataset_factory(fn_args.train_files,
                                                            {.batch_size = 64, .label_key = "image_class"}, schema));
  ASSIGN_OR_RETURN(const nn::Dataset eval_dataset,
                   fn_args.data_accessor.tf_dataset_factory(fn_args.eval_files,
                                                            {.batch_size = 64, .label_key = "image_class"}, schema));
  nn::Model model = BuildModel();
  if (!fn_args.base_model.empty()) RETURN_IF_ERROR(model.LoadWeights(fn_args.base_model));
  if (fn_args.custom_config.count("quantization_aware") > 0) {
    // Ranges follow the batches more quickly than by default, as there are not many.
    ASSIGN_OR_RETURN(model, nn::QuantizeModel(model, {.ema_decay = 0.99}));
  }
  const auto learning_rate = nn::schedules::CosineDecay(
      {.initial_learning_rate = fn_args.base_model.empty() ? 0.003 : 0.0003, .decay_steps = fn_args.train_steps});
  RETURN_IF_ERROR(model.Compile({.optimizer = nn::optimizers::Adam({.learning_rate = learning_rate}),
                                 .loss = nn::losses::SparseCategoricalCrossentropy({.from_logits = true}),
                                 .metrics = {"sparse_categorical_accuracy"}}));
  // A run that is killed goes on from here when it is started again.
  const auto backup =
      nn::callbacks::BackupAndRestore({.backup_dir = fn_args.custom_config.at("backup_dir"), .save_freq = 500});
  RETURN_IF_ERROR(model
                      .Fit(train_dataset.Repeat(),
                           {.steps_per_epoch = fn_args.train_steps,
                            .validation_data = &eval_dataset,
                            .validation_steps = fn_args.eval_steps,
                            .callbacks = {nn::callbacks::TensorBoard({.log_dir = fn_args.model_run_dir}), backup}})
                      .status());
  return model.Save(fn_args.serving_model_dir);
}
