// Module file of the Trainer: a MobileNet-style CNN on MNIST, kept as a SavedModel. Its rewriting to TFLite is left to the pipeline.
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
  ASSIGN_OR_RETURN(const nn::Dataset train_dataset, fn_args.data_accessor.tf_dataset_factory(
                                                        fn_args.train_files, {.batch_size = 64, .label_key = "image_class"}, schema));
  ASSIGN_OR_RETURN(const nn::Dataset eval_dataset, fn_args.data_accessor.tf_dataset_factory(
                                                       fn_args.eval_files, {.batch_size = 64, .label_key = "image_class"}, schema));
  nn::Sequential model = BuildModel();
  const auto learning_rate = nn::schedules::CosineDecay({.initial_learning_rate = 0.003, .decay_steps = fn_args.train_steps});
  RETURN_IF_ERROR(model.Compile({.optimizer = nn::optimizers::Adam({.learning_rate = learning_rate}),
                                 .loss = nn::losses::SparseCategoricalCrossentropy({.from_logits = true}),
                                 .metrics = {"sparse_categorical_accuracy"}}));
  RETURN_IF_ERROR(model.Fit(train_dataset.Repeat(), {.steps_per_epoch = fn_args.train_steps,
                                                     .validation_data = &eval_dataset,
                                                     .validation_steps = fn_args.eval_steps,
                                                     .callbacks = {nn::callbacks::TensorBoard({.log_dir = fn_args.model_run_dir})}})
                      .status());
  return model.Save(fn_args.serving_model_dir);
}
