// SPDX-License-Identifier: Apache-2.0

// Models: trained, evaluated, saved. The names, arguments, defaults and numbers are Keras's.
//
//   nn::Sequential model({layers::InputLayer({784}, {.name = "image"}), layers::Dense(64, {.activation = "relu"}),
//                         layers::Dropout(0.2), layers::Dense(10)});
//   RETURN_IF_ERROR(model.Compile({.optimizer = optimizers::RMSprop({.learning_rate = 0.0015}),
//                                  .loss = losses::SparseCategoricalCrossentropy({.from_logits = true}),
//                                  .metrics = {"sparse_categorical_accuracy"}}));
//   RETURN_IF_ERROR(
//       model.Fit(train, {.steps_per_epoch = 5000, .validation_data = &eval, .validation_steps = 100}).status());
//   RETURN_IF_ERROR(model.Save(dir));
//
// Building a model never fails in the middle: the first error is kept in status() and returned by what is called next.
// The same seed, program and data give the same weights. A model is used by one thread at a time.
#ifndef TFXM_NN_MODEL_H_
#define TFXM_NN_MODEL_H_

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/data/tensor.h"
#include "tfxm/nn/callbacks/callbacks.h"
#include "tfxm/nn/data/dataset.h"
#include "tfxm/nn/layer.h"
#include "tfxm/nn/losses/losses.h"
#include "tfxm/nn/metrics/metrics.h"
#include "tfxm/nn/optimizers/optimizers.h"

namespace tfxm::nn {

using NamedTensors = std::map<std::string, ops::Tensor>;

struct CompileOptions {
  Optimizer optimizer = "rmsprop";
  Loss loss;                           // Of the only output, or of every one.
  std::map<std::string, Loss> losses;  // By output; takes the place of `loss`.
  std::map<std::string, double> loss_weights;
  // Of every output with a loss, or by output, where those of all then do not count: without weights, and with sample
  // and class weights.
  std::vector<Metric> metrics;
  std::map<std::string, std::vector<Metric>> output_metrics;
  std::vector<Metric> weighted_metrics;
  std::map<std::string, std::vector<Metric>> output_weighted_metrics;
  // Threads of one operation; 0: one for small dense models, for others a number that does not depend on the machine
  // (nn/internal/num_threads.h). 1: all of the model runs in the calling thread.
  int num_threads = 0;
  // Models whose examples take much work (convolutions, recurrent layers, attention) are trained on slices of the batch
  // side by side, one thread each, where no layer looks at other examples of the batch as BatchNormalization does. The
  // numbers are the same but for the order of additions; dropout draws others. 0: 2 or 4 slices where that pays, by the
  // model and the batch's size, never by the machine (nn/internal/towers.h), and none if num_threads is 1; 1: none; more: as
  // many, INVALID_ARGUMENT names a layer that cannot.
  int num_towers = 0;
};

struct FitOptions {
  int epochs = 1;
  int initial_epoch = 0;
  // 0: once through the data. Where the data ends before an epoch's steps do, the epoch ends there with a warning, and
  // the next one begins with another pass; it goes on where this one was otherwise.
  int64_t steps_per_epoch = 0;
  const Dataset* validation_data = nullptr;
  int64_t validation_steps = 0;  // 0: all of it.
  int validation_freq = 1;       // Every so many epochs; callbacks that watch a "val_…" pass over the others.
  std::vector<CallbackRef> callbacks;
  // Of the only output with a loss, by label; 1 where there is none. Examples that have weights of their own (weight_key)
  // get the product, as in Keras 2; Keras 3 refuses one beside the other.
  std::map<int64_t, double> class_weight;
  std::map<std::string, std::map<int64_t, double>> class_weights;  // By output, then by label.
  // 0: silent, 1: progress bar, 2: a line per epoch, -1: a bar on a terminal, otherwise the progress listener or lines.
  int verbose = -1;
};

struct EvaluateOptions {
  int64_t steps = 0;  // 0: all of the data.
};

// What Fit returns: one value per epoch and name ("loss", "val_loss", …).
struct History {
  std::vector<int> epochs;
  std::map<std::string, std::vector<double>> history;
};

// The inside of a signature while it is built.
class FunctionContext {
 public:
  FunctionContext(ops::Graph& graph, NamedTensors inputs) : graph_(graph), inputs_(std::move(inputs)) {}
  ops::Graph& graph() { return graph_; }
  // An invalid tensor and an error in the graph if there is none of that name.
  ops::Tensor input(absl::string_view name);
  const NamedTensors& inputs() const { return inputs_; }
  // Values of variables that were imported into the graph (those of a transform graph).
  void AddVariables(const std::map<std::string, Tensor>& variables) {
    variables_.insert(variables.begin(), variables.end());
  }
  const std::map<std::string, Tensor>& variables() const { return variables_; }

 private:
  ops::Graph& graph_;
  NamedTensors inputs_;
  std::map<std::string, Tensor> variables_;
};

// A signature: what it takes, and how its outputs follow from that.
struct Function {
  std::vector<TensorSpec> inputs;
  std::function<absl::StatusOr<NamedTensors>(FunctionContext& context)> body;
};

struct QuantizeOptions;  // quantization.h

// A model called as a layer.
struct ModelCallOptions {
  // False, as Keras's base(x, training=False): its layers work as in inference while the model around it is trained, so
  // that BatchNormalization keeps its averages when the base is unfrozen for fine-tuning, and Dropout drops nothing. So
  // in Keras 2; in Keras 3.15, fit overrules it.
  bool training = true;
};

class Model {
 public:
  Model(std::vector<KerasTensor> inputs, std::vector<KerasTensor> outputs, std::string name = "model");
  // Outputs by name, as Keras's dict of outputs: for losses, metrics and labels, and in the SavedModel's signature.
  //   Model model({x}, {{"kind", kind}, {"amount", amount}});
  Model(std::vector<KerasTensor> inputs, std::vector<std::pair<std::string, KerasTensor>> outputs,
        std::string name = "model");
  virtual ~Model();
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;

  // The first error of building the model.
  const absl::Status& status() const;
  const std::string& name() const;
  const std::vector<TensorSpec>& inputs() const;
  const std::vector<TensorSpec>& outputs() const;
  // What a SavedModel calls the outputs: by the names the model was given or, as Keras, "output_0", ….
  std::vector<std::string> output_names() const;
  const std::vector<std::shared_ptr<Layer>>& layers() const;
  // Null if there is none of that name.
  Layer* GetLayer(absl::string_view name) const;
  // The model as a layer of another, and its layers in a model of a part of it:
  //   KerasTensor features = base(image);
  //   Model features({base.input_tensors()}, {base.OutputOf("pooling")});
  // Layers and weights are shared, as in Keras: what one model trains or loads, the others have when they are used
  // next. Their optimizers are their own. Names given to layers with weights must differ between the models that make up
  // one; automatic ones are changed where they do not.
  KerasTensor operator()(const KerasTensor& input, const ModelCallOptions& options = {}) const {
    return (*this)(std::vector<KerasTensor>{input}, options)[0];
  }
  std::vector<KerasTensor> operator()(const std::vector<KerasTensor>& inputs,
                                      const ModelCallOptions& options = {}) const;
  // The same where a layer is taken: Sequential({base, layers::Dense(2)}), layers::TimeDistributed(base).
  operator LayerRef() const;
  std::vector<KerasTensor> input_tensors() const;
  KerasTensor OutputOf(absl::string_view layer) const;
  // Of all layers; holds from the next Compile on, of every model that has them.
  void set_trainable(bool trainable);
  int64_t CountParams() const;
  // Keras's table of layers, output shapes and numbers of parameters.
  std::string Summary() const;

  // May be called again: weights stay, the optimizer starts anew.
  absl::Status Compile(CompileOptions options);
  // INVALID_ARGUMENT names what of the data does not fit, and where: in training or validation data, file and record (or
  // the number of the example). What is in memory (Dataset::batches_in_memory) is looked through before the first update,
  // as far as this Fit gets in its first pass. An error after that leaves the updates so far in the model.
  absl::StatusOr<History> Fit(const Dataset& data, const FitOptions& options = {});
  // "loss", with several outputs that of each ("OUTPUT_loss"), and the metrics. As in Keras, and in Fit, "loss" is the
  // mean over the examples, "OUTPUT_loss" the mean over the batches: where the last one is smaller, its examples count
  // more. Goes through the data in its own order, whether or not the dataset shuffles, as Keras does with arrays. Of a
  // dataset that shuffles, `steps` are other examples each time, and a Take the same ones.
  absl::StatusOr<Logs> Evaluate(const Dataset& data, const EvaluateOptions& options = {});
  // One tensor per output, of all examples in the order of the data, whether or not the dataset shuffles.
  absl::StatusOr<std::vector<Tensor>> Predict(const Dataset& data, int64_t steps = 0);
  absl::StatusOr<std::vector<Tensor>> Predict(const std::map<std::string, Tensor>& features);
  // One update, or none; returns the loss and metrics of the batch.
  absl::StatusOr<Logs> TrainOnBatch(const Batch& batch);
  absl::StatusOr<Logs> TestOnBatch(const Batch& batch);

  // By full name: "dense/kernel".
  absl::StatusOr<std::map<std::string, Tensor>> GetWeights() const;
  // Those that are given; INVALID_ARGUMENT for an unknown name or another shape.
  absl::Status SetWeights(const std::map<std::string, Tensor>& weights);
  // A TensorFlow checkpoint (`path` is its prefix) of the weights, with Keras's and SavedModel's keys.
  absl::Status SaveWeights(absl::string_view path) const;
  // From such a checkpoint, or one of tf.train.Checkpoint's or Keras 2's, or the variables of a SavedModel directory (a
  // base_model), whether made here or by Keras 2 or 3, or a file of Keras 2 or 3: .keras, .weights.h5 or .h5. Weights
  // are found by layer and name ("dense/kernel") or, where the layers are called otherwise, by their order.
  // INVALID_ARGUMENT names each that is not there or of another shape or type; with `skip_mismatch` those stay as they
  // are.
  absl::Status LoadWeights(absl::string_view path, bool skip_mismatch = false);

  // Updates since Compile.
  int64_t iterations() const;
  double learning_rate() const;
  // From now on, instead of the optimizer's.
  void SetLearningRate(double learning_rate);
  std::optional<double> learning_rate_override() const;
  // Whether the optimizer's rate is a function of the step.
  bool has_learning_rate_schedule() const;
  // The name of the optimizer ("adam"); "" before Compile.
  std::string optimizer_name() const;

  // The model inside a signature: `features` by the inputs' names (more are ignored). Its outputs are those of
  // output_names().
  absl::StatusOr<NamedTensors> Call(FunctionContext& context, const NamedTensors& features) const;
  // Takes the model's inputs.
  Function DefaultFunction() const;
  // A SavedModel in TensorFlow 2's form. Without signatures: serving_default on the model's inputs.
  absl::Status Save(absl::string_view dir, std::map<std::string, Function> signatures = {}) const;

  // What model and training are made of, as text by name, for telling one from another: 'layer "dense"' is "Dense
  // (MatMul, BiasAdd, Relu)#…", "beta_1 of the optimizer" "0.9", …; what stands behind a # is a hash of all the rest.
  // FAILED_PRECONDITION before Compile.
  absl::StatusOr<std::map<std::string, std::string>> Configuration() const;

  // For callbacks that keep a training's state: variables of model and optimizer, and the number of updates.
  // INVALID_ARGUMENT for the state of another model; of another optimizer, by the next update.
  absl::StatusOr<std::map<std::string, Tensor>> GetState() const;
  absl::Status SetState(const std::map<std::string, Tensor>& state, int64_t iterations);

 protected:
  Model(std::string name, std::vector<LayerRef> layers);
  void AddLayer(LayerRef layer);

 private:
  std::shared_ptr<Layer> AsLayer(bool training) const;
  friend absl::StatusOr<Model> QuantizeNetwork(const Model& model, bool all, const QuantizeOptions& options);
  struct Rep;
  absl::Status Prepare() const;
  absl::StatusOr<Logs> EvaluatePass(const Dataset& data, const EvaluateOptions& options, uint64_t pass,
                                    std::string* not_finite);
  absl::Status CheckValidationData(const Dataset& data, int64_t steps);
  std::unique_ptr<Rep> rep_;
};

// A stack of layers; the first is an InputLayer, or a model of one input.
class Sequential : public Model {
 public:
  explicit Sequential(std::vector<LayerRef> layers = {}, std::string name = "sequential")
      : Model(std::move(name), std::move(layers)) {}
  void Add(LayerRef layer) { AddLayer(std::move(layer)); }
};

}  // namespace tfxm::nn

#endif  // TFXM_NN_MODEL_H_
