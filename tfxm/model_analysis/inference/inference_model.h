// SPDX-License-Identifier: Apache-2.0

// A model as evaluation sees it: a function from a batch of examples to named outputs. Kinds of models register here,
// so that this library does not link what runs them: "tf_lite" is built in, "saved_model" is in the plugin
// saved_model_inference, which is loaded when a spec's model is a SavedModel.
#ifndef TFXM_MODEL_ANALYSIS_INFERENCE_INFERENCE_MODEL_H_
#define TFXM_MODEL_ANALYSIS_INFERENCE_INFERENCE_MODEL_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tensorflow_model_analysis/proto/config.pb.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/data/input_shape.h"
#include "tfxm/data/tensor.h"
#include "tfxm/model_analysis/pass/extracts.h"
#include "tfxm/util/registry.h"

namespace tfxm::model_analysis {

struct ModelCost;

// One thread's use of a model.
class InferenceSession {
 public:
  virtual ~InferenceSession() = default;
  // Appends one entry per output: a list per example. INVALID_ARGUMENT names a feature that is missing or does not fit
  // the model's input (the row is counted from 0 in the batch). Of several outputs, those that are not of a list per
  // example (a scalar, the anchors of a detector) are unusable.
  virtual absl::Status Predict(const data::ExampleBatch& batch, NamedValues* outputs) = 0;
  // The outputs as tensors of a row per example, by their names in the signature, with its types and shapes; what is
  // quantized is float32. Errors as Predict's; an output that is not of a row per example is one, too.
  virtual absl::StatusOr<std::map<std::string, Tensor>> PredictTensors(const data::ExampleBatch& batch);
  // Appends what the model's preprocessing functions make of the features; nothing if it has none.
  virtual absl::Status Transform(const data::ExampleBatch& batch, NamedValues* features) { return absl::OkStatus(); }

  // For measuring what a run costs: puts as many of the examples as the model takes at once into its inputs, and
  // returns how many (the batch must outlive the runs); then RunInputs runs the model on them, any number of times.
  virtual absl::StatusOr<int> SetInputs(const data::ExampleBatch& batch);
  virtual absl::Status RunInputs();
  // What the session's model costs without being run on data.
  virtual absl::Status AddCosts(ModelCost* cost) { return absl::OkStatus(); }

 private:
  const data::ExampleBatch* inputs_ = nullptr;
  NamedValues outputs_;
};

// A loaded model. Thread safe.
class InferenceModel {
 public:
  virtual ~InferenceModel() = default;
  virtual absl::StatusOr<std::unique_ptr<InferenceSession>> NewSession() const = 0;
  // A session that runs the model as an app would, where that is not how TFMA runs it.
  virtual absl::StatusOr<std::unique_ptr<InferenceSession>> NewAppSession() const { return NewSession(); }
  // What is to be said about the examples that its sessions have predicted.
  virtual std::vector<std::string> Warnings() const { return {}; }
  // Whether its sessions transform features.
  virtual bool HasTransform() const { return false; }
  // The signature that is run; "" if the model has none.
  virtual std::string signature_name() const { return ""; }
  // The one input that takes serialized examples; "" if the inputs are features.
  virtual std::string examples_input() const { return ""; }
  // Whether the batches must keep the serialized examples.
  virtual bool NeedsRecords() const { return false; }
};

class InferenceModelLoader {
 public:
  virtual ~InferenceModelLoader() = default;
  // Errors name the path and what is wrong with it. `input_shapes`: sizes of inputs that the data alone do not tell.
  virtual absl::StatusOr<std::unique_ptr<InferenceModel>> Load(const std::string& path,
                                                               const ::tensorflow_model_analysis::ModelSpec& spec,
                                                               const InputShapes& input_shapes) = 0;
};

using InferenceModelRegistry = Registry<InferenceModelLoader>;

// What a path holds: "saved_model" (a directory with a saved_model.pb), "tf_lite" (a TFLite file, or a directory with a
// file `tflite`, whose path is then in *file), or "" for neither.
std::string DetectModelType(const std::string& path, std::string* file);

// Loads the model that a spec describes. An empty model_type means a SavedModel, as in TFMA, unless `detect_type`. A
// path that holds the other kind is INVALID_ARGUMENT and says which model_type it would need; no model at all is
// NOT_FOUND.
absl::StatusOr<std::unique_ptr<InferenceModel>> LoadInferenceModel(const std::string& path,
                                                                   const ::tensorflow_model_analysis::ModelSpec& spec,
                                                                   bool detect_type,
                                                                   const InputShapes& input_shapes = {});

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_INFERENCE_INFERENCE_MODEL_H_
