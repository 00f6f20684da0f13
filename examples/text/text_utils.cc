// SPDX-License-Identifier: Apache-2.0

// Module file of Transform and Trainer: sentences to token ids of one length, and an embedding over them.
#include <string>
#include <vector>

#include "tfxm/nn/fn_args.h"
#include "tfxm/nn/nn.h"
#include "tfxm/ops/string_ops.h"
#include "tfxm/transform/tf_transform_output.h"
#include "tfxm/transform/tft.h"
#include "tfxm/util/status_macros.h"

using namespace tfxm;
namespace layers = nn::layers;

// Words of a sentence that the model sees: shorter ones are filled up with 0, longer ones cut off.
constexpr int kLength = 12;

// What an app does to a sentence before it runs the file, too: the vocabulary is a file of the transform graph.
absl::StatusOr<tft::TensorMap> preprocessing_fn(const tft::TensorMap& inputs) {
  const ops::Tensor text = ops::Reshape(inputs["text"].values(), {-1});
  const ops::Tensor words = ops::RegexReplace(ops::StringLower(text), "[^a-z0-9']+", " ");
  // Line 0 of the vocabulary is the padding; the number after its last is every other word's.
  const tft::FeatureTensor ids = tft::compute_and_apply_vocabulary(
      ops::StringSplit(words),
      {.num_oov_buckets = 1,
       .vocabulary = {.frequency_threshold = 5, .vocab_filename = "words", .reserved_tokens = {"[PAD]"}}});
  tft::TensorMap outputs;
  outputs["tokens"] = ops::PadToDense(ids.sparse(), kLength, ops::Constant(*text.graph(), int64_t{0}));
  outputs["label"] = tft::compute_and_apply_vocabulary(inputs["intent"], {.vocabulary = {.vocab_filename = "intents"}});
  return outputs;
}

static absl::StatusOr<nn::Model> BuildModel(const TFTransformOutput& tf_transform_output) {
  ASSIGN_OR_RETURN(const int64_t num_words, tf_transform_output.vocabulary_size_by_name("words"));
  ASSIGN_OR_RETURN(const int64_t num_intents, tf_transform_output.vocabulary_size_by_name("intents"));
  nn::Sequential model;
  model.Add(layers::InputLayer({kLength}, {.name = "tokens", .dtype = DataType::kInt64}));
  model.Add(layers::Embedding(static_cast<int>(num_words) + 1, 16, {.mask_zero = true}));
  model.Add(layers::GlobalAveragePooling1D());  // Of the words, not of the padding.
  model.Add(layers::Dense(16, {.activation = "relu"}));
  model.Add(layers::Dense(static_cast<int>(num_intents)));
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
  ASSIGN_OR_RETURN(nn::Model model, BuildModel(tf_transform_output));
  RETURN_IF_ERROR(model.Compile({.optimizer = nn::optimizers::Adam({.learning_rate = 0.005}),
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
