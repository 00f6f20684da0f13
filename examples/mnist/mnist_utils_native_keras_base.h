// SPDX-License-Identifier: Apache-2.0

// What the two module files of the MNIST pipeline share: preprocessing, input and model.
#ifndef MNIST_UTILS_NATIVE_KERAS_BASE_H_
#define MNIST_UTILS_NATIVE_KERAS_BASE_H_

#include <string>
#include <vector>

#include "tfxm/nn/fn_args.h"
#include "tfxm/nn/nn.h"
#include "tfxm/transform/tf_transform_output.h"
#include "tfxm/transform/tft.h"
#include "tfxm/util/status_macros.h"

namespace base {

using namespace tfxm;

// MNIST dataset consists of an image of the handwritten digits, and its label which is the class indicating digits 0
// through 9.
inline const std::string IMAGE_KEY = "image_floats";
inline const std::string LABEL_KEY = "image_class";

inline std::string transformed_name(const std::string& key) { return key + "_xf"; }

// Generates features and label for training: batches of (features, labels), without end.
inline absl::StatusOr<nn::Dataset> input_fn(const std::vector<std::string>& file_pattern,
                                            const DataAccessor& data_accessor,
                                            const TFTransformOutput& tf_transform_output, int batch_size = 200) {
  ASSIGN_OR_RETURN(const nn::Dataset dataset,
                   data_accessor.tf_dataset_factory(
                       file_pattern, {.batch_size = batch_size, .label_key = transformed_name(LABEL_KEY)},
                       tf_transform_output.transformed_metadata_schema()));
  return dataset.Repeat();
}

// Creates a DNN Keras model for classifying MNIST data. The guide's learning rate of 0.0015 is where this one starts:
// it falls to zero over the `train_steps` updates (a cosine), without which the weights end wherever the last batches
// left them.
inline absl::StatusOr<nn::Sequential> build_keras_model(int64_t train_steps) {
  namespace layers = nn::layers;
  nn::Sequential model;
  model.Add(layers::InputLayer({784}, {.name = transformed_name(IMAGE_KEY)}));
  model.Add(layers::Dense(64, {.activation = "relu"}));
  model.Add(layers::Dropout(0.2));
  model.Add(layers::Dense(64, {.activation = "relu"}));
  model.Add(layers::Dropout(0.2));
  model.Add(layers::Dense(10));
  const auto learning_rate = nn::schedules::CosineDecay({.initial_learning_rate = 0.0015, .decay_steps = train_steps});
  RETURN_IF_ERROR(model.Compile({.optimizer = nn::optimizers::RMSprop({.learning_rate = learning_rate}),
                                 .loss = nn::losses::SparseCategoricalCrossentropy({.from_logits = true}),
                                 .metrics = {"sparse_categorical_accuracy"}}));
  return model;
}

// tf.transform's callback function for preprocessing inputs: from raw not-yet-transformed features to transformed ones.
inline absl::StatusOr<tft::TensorMap> preprocessing_fn(const tft::TensorMap& inputs) {
  tft::TensorMap outputs;
  // The input float values for the image encoding are in the range [-0.5, 0.5]. So scale_by_min_max is an identity
  // operation, since the range is preserved.
  outputs[transformed_name(IMAGE_KEY)] = tft::scale_by_min_max(inputs[IMAGE_KEY], -0.5, 0.5);
  // The label is not transformed: the Evaluator compares predictions with the raw label.
  outputs[transformed_name(LABEL_KEY)] = inputs[LABEL_KEY];
  return outputs;
}

}  // namespace base

#endif  // MNIST_UTILS_NATIVE_KERAS_BASE_H_
