// SPDX-License-Identifier: Apache-2.0

// Module file of Transform and Trainer: numbers, buckets and vocabularies into a wide and deep model.
#include <string>
#include <vector>

#include "tfxm/nn/fn_args.h"
#include "tfxm/nn/nn.h"
#include "tfxm/transform/tf_transform_output.h"
#include "tfxm/transform/tft.h"
#include "tfxm/util/status_macros.h"

using namespace tfxm;
namespace layers = nn::layers;

static const std::vector<std::string> kNumbers = {"age", "hours"};
static const std::vector<std::string> kWords = {"education", "occupation"};
constexpr int kNumAgeBuckets = 8;

absl::StatusOr<tft::TensorMap> preprocessing_fn(const tft::TensorMap& inputs) {
  tft::TensorMap outputs;
  for (const std::string& key : kNumbers) outputs[key + "_scaled"] = tft::scale_to_z_score(inputs[key]);
  outputs["age_bucket"] = tft::bucketize(inputs["age"], kNumAgeBuckets);
  for (const std::string& key : kWords) {
    // One number more, for words that the data did not have.
    outputs[key + "_id"] =
        tft::compute_and_apply_vocabulary(inputs[key], {.num_oov_buckets = 1, .vocabulary = {.vocab_filename = key}});
  }
  outputs["rich"] = inputs["rich"];
  return outputs;
}

static absl::StatusOr<nn::Model> BuildModel(const TFTransformOutput& tf_transform_output) {
  std::vector<nn::KerasTensor> inputs, deep, wide;
  const auto input = [&](const std::string& name, DataType dtype) {
    inputs.push_back(nn::Input({1}, {.name = name, .dtype = dtype}));
    return inputs.back();
  };
  // A weight per category, and a vector of it for the deep part.
  const auto category = [&](const nn::KerasTensor& id, int size) {
    wide.push_back(layers::Flatten()(layers::Embedding(size, 1, {.embeddings_initializer = "zeros"})(id)));
    deep.push_back(layers::Flatten()(layers::Embedding(size, 4)(id)));
  };
  for (const std::string& key : kNumbers) deep.push_back(input(key + "_scaled", DataType::kFloat));
  category(input("age_bucket", DataType::kInt64), kNumAgeBuckets);
  for (const std::string& key : kWords) {
    ASSIGN_OR_RETURN(const int64_t size, tf_transform_output.vocabulary_size_by_name(key));
    category(input(key + "_id", DataType::kInt64), static_cast<int>(size) + 1);
  }
  nn::KerasTensor x = layers::Concatenate()(deep);
  x = layers::Dense(32, {.activation = "relu"})(x);
  x = layers::Dropout(0.1)(x);
  x = layers::Dense(16, {.activation = "relu"})(x);
  wide.push_back(layers::Dense(1)(x));
  return nn::Model(inputs, {layers::ActivationLayer("sigmoid")(layers::Add()(wide))});
}

absl::Status run_fn(const FnArgs& fn_args) {
  ASSIGN_OR_RETURN(const TFTransformOutput tf_transform_output, TFTransformOutput::Load(fn_args.transform_output));
  const auto dataset = [&](const std::vector<std::string>& files, bool shuffle) {
    return fn_args.data_accessor.tf_dataset_factory(files, {.batch_size = 64, .label_key = "rich", .shuffle = shuffle},
                                                    tf_transform_output.transformed_metadata_schema());
  };
  ASSIGN_OR_RETURN(const nn::Dataset train, dataset(fn_args.train_files, true));
  ASSIGN_OR_RETURN(const nn::Dataset eval, dataset(fn_args.eval_files, false));
  ASSIGN_OR_RETURN(nn::Model model, BuildModel(tf_transform_output));
  RETURN_IF_ERROR(model.Compile(
      {.optimizer = nn::optimizers::AdamW({.learning_rate = 0.003, .exclude_from_weight_decay = {"bias"}}),
       .loss = "binary_crossentropy",
       .metrics = {"auc", nn::metrics::PrecisionAtRecall(0.8)}}));
  // Training may take as many steps as the pipeline says, and ends when the AUC has not grown for three epochs.
  RETURN_IF_ERROR(
      model
          .Fit(train.Repeat(), {.epochs = 20,
                                .steps_per_epoch = std::max<int64_t>(fn_args.train_steps / 20, 1),
                                .validation_data = &eval,
                                .callbacks = {nn::callbacks::EarlyStopping(
                                                  {.monitor = "val_auc", .patience = 3, .restore_best_weights = true}),
                                              nn::callbacks::TensorBoard({.log_dir = fn_args.model_run_dir})},
                                // The rich are few.
                                .class_weight = {{0, 1.0}, {1, 4.0}}})
          .status());
  return model.Save(fn_args.serving_model_dir);
}
