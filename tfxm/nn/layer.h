// SPDX-License-Identifier: Apache-2.0

// Layers and the graph of layers that a functional model is made of.
//
//   nn::KerasTensor image = nn::Input({28, 28, 1}, {.name = "image"});
//   nn::KerasTensor x = layers::Flatten()(image);
//   nn::KerasTensor scores = layers::Dense(10)(x);
//   nn::Model model({image}, {scores});
//
// A custom layer is a class:
//
//   class Scale : public nn::Layer {
//    public:
//     Scale() : Layer("Scale") {}
//     absl::Status Build(const std::vector<Shape>& input_shapes) override {
//       factor_ = AddWeight("factor", {input_shapes[0].back()}, {.initializer = "ones"});
//       return absl::OkStatus();
//     }
//     ops::Tensor Call(nn::CallContext& context, const std::vector<ops::Tensor>& inputs) override {
//       return inputs[0] * context.Read(factor_);
//     }
//    private:
//     const nn::Weight* factor_;
//   };
//
// which `nn::MakeLayer<Scale>()(x)` applies.
//
// Nothing here is synchronized.
#ifndef TFXM_NN_LAYER_H_
#define TFXM_NN_LAYER_H_

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tfxm/data/tensor.h"
#include "tfxm/nn/layers/activations.h"
#include "tfxm/nn/layers/constraints.h"
#include "tfxm/nn/layers/initializers.h"
#include "tfxm/ops/graph.h"

namespace tfxm::nn {

class CallContext;
class Layer;
class Program;
struct QuantizeConfig;  // quantization.h

// A penalty on a weight: l1 * sum|w| + l2 * sum w^2, added to the loss.
struct Regularizer {
  double l1 = 0;
  double l2 = 0;
};
namespace regularizers {
inline Regularizer L1(double l1 = 0.01) { return {l1, 0}; }
inline Regularizer L2(double l2 = 0.01) { return {0, l2}; }
inline Regularizer L1L2(double l1 = 0, double l2 = 0) { return {l1, l2}; }
}  // namespace regularizers

struct WeightOptions {
  Initializer initializer = "glorot_uniform";
  Regularizer regularizer;
  Constraint constraint;  // constraints.h
  bool trainable = true;
  DataType dtype = DataType::kFloat;
};

// A variable of a layer.
struct Weight {
  const Layer* layer = nullptr;
  std::string name;  // Within the layer: "kernel".
  Shape shape;
  WeightOptions options;
  // That which has the value, of the models that share the layer. Model's own business.
  mutable std::shared_ptr<Program> home;

  // "dense/kernel": the variable's name in graphs and checkpoints.
  std::string full_name() const;
  bool trainable() const;
};

// What a layer that wraps another puts around its parts while it calls it: quantization-aware training
// (quantization.h).
class CallHooks {
 public:
  virtual ~CallHooks() = default;
  // `value`: what was read.
  virtual ops::Tensor OnRead(CallContext& context, const Weight& weight, const ops::Tensor& value) = 0;
  virtual ops::Tensor OnActivation(CallContext& context, const Activation& activation, const ops::Tensor& x) = 0;
  virtual ops::Tensor OnIntermediate(CallContext& context, absl::string_view name, const ops::Tensor& x) = 0;
};

// What a layer's Call has around it: the graph it adds to, and whether that is for training.
class CallContext {
 public:
  // `random_counter`: uint64 [2], different at each step; needed where a layer draws random numbers in training.
  CallContext(ops::Graph& graph, bool training, ops::Tensor random_counter = {}, uint64_t seed = 0)
      : graph_(graph), training_(training), random_counter_(random_counter), seed_(seed) {}
  CallContext(const CallContext&) = delete;
  CallContext& operator=(const CallContext&) = delete;

  ops::Graph& graph() { return graph_; }
  // Whether layers work as they do in training (dropout, statistics of the batch).
  bool training() const { return training_ && !inference_; }
  // Whether gradients are taken of the graph: also in a model that was called with training = false.
  bool has_gradients() const { return training_; }
  // Whether the graph is for a SavedModel, and so for converters.
  bool for_export() const { return for_export_; }
  void SetForExport() { for_export_ = true; }
  // From now on layers work as in inference, or not. Returns what was before.
  bool SetInference(bool inference) { return std::exchange(inference_, inference); }
  // The weight's value; always the same tensor within one context. As `shape`, if one is given.
  ops::Tensor Read(const Weight* weight, const Shape& shape = {});
  // Sets the weight to `value` after the step (moving averages); only while training. The last call holds.
  void Update(const Weight* weight, const ops::Tensor& value);
  // What the weight is to be set to so far; its value where there is nothing: what a layer that is called several times
  // goes on from.
  ops::Tensor Updated(const Weight* weight);
  // activation(x), at the end of a layer.
  ops::Tensor Activate(const Activation& activation, const ops::Tensor& x);
  // x, a value between two operations of one layer that a mobile runtime keeps in memory; `name` is its own in the
  // layer.
  ops::Tensor Intermediate(absl::string_view name, const ops::Tensor& x);
  // Until the next call; null: none. Returns those before.
  CallHooks* SetHooks(CallHooks* hooks) { return std::exchange(hooks_, hooks); }
  // Which steps of the called layer's inputs count: bool [batch, steps], invalid where all do. What Embedding's
  // mask_zero and Masking say about their output, and layers pass on (Layer::supports_masking).
  ops::Tensor input_mask(size_t i = 0) const { return i < masks_.size() ? masks_[i] : ops::Tensor(); }
  // The same of the called layer's output; called within Call.
  void SetOutputMask(const ops::Tensor& mask) { output_mask_ = mask; }
  // Calls the layer as a part of a model; `mask` is that of the output.
  std::vector<ops::Tensor> CallLayer(Layer& layer, const std::vector<ops::Tensor>& inputs,
                                     const std::vector<ops::Tensor>& masks, ops::Tensor* mask);
  // Whether `x`, the output of a layer, goes to one layer only; false if that is not known.
  bool HasOneUse(const ops::Tensor& x) const { return used_once_.count({x.node(), x.index()}) > 0; }
  void SetHasOneUse(const ops::Tensor& x) { used_once_.insert({x.node(), x.index()}); }
  // Adds a scalar to the loss.
  void AddLoss(const ops::Tensor& loss) { losses_.push_back(loss); }
  // Uniform numbers in [0, 1) of the shape `shape` (an int32 vector), new ones at each step.
  ops::Tensor RandomUniform(const ops::Tensor& shape);
  // The same of mean 0 and standard deviation 1.
  ops::Tensor RandomNormal(const ops::Tensor& shape);

  const std::vector<std::pair<const Weight*, ops::Tensor>>& updates() const { return updates_; }
  const std::vector<ops::Tensor>& losses() const { return losses_; }

 private:
  ops::Tensor RandomNumbers(absl::string_view operation, const ops::Tensor& shape);

  ops::Graph& graph_;
  const bool training_;
  bool inference_ = false;
  bool for_export_ = false;
  ops::Tensor random_counter_;
  const uint64_t seed_;
  uint64_t num_streams_ = 0;
  CallHooks* hooks_ = nullptr;
  std::vector<ops::Tensor> masks_;
  ops::Tensor output_mask_;
  std::set<std::pair<int, int>> used_once_;
  std::map<const Weight*, ops::Tensor> reads_;
  std::vector<std::pair<const Weight*, ops::Tensor>> updates_;
  std::vector<ops::Tensor> losses_;
};

class Layer {
 public:
  // `type`: the class, "Dense". Without a name, the model gives one: "dense", "dense_1", …
  explicit Layer(std::string type, std::string name = "") : type_(std::move(type)), name_(std::move(name)) {}
  virtual ~Layer() = default;
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;

  // Makes the weights. Called once, with the shapes of the inputs (-1: unknown, as the batch is).
  virtual absl::Status Build(const std::vector<Shape>& input_shapes) { return absl::OkStatus(); }
  // Adds the layer to the graph. May be called for several graphs, and several times for one.
  virtual ops::Tensor Call(CallContext& context, const std::vector<ops::Tensor>& inputs) = 0;
  // The same for a layer of several outputs, of which Call returns the first.
  virtual std::vector<ops::Tensor> CallAll(CallContext& context, const std::vector<ops::Tensor>& inputs) {
    return {Call(context, inputs)};
  }
  // Whether the output's steps are the inputs', so that a mask goes on with it.
  virtual bool supports_masking() const { return false; }
  // Whether an example's output is the same whatever the other examples of the batch are, in training too, and Call
  // adds no loss and updates no weight: then a batch may go through the layer in slices (CompileOptions::num_towers).
  virtual bool per_example() const { return false; }
  // Whether it goes through the steps of a sequence one after the other.
  virtual bool is_recurrent() const { return false; }
  // Where its input is indices, as an Embedding's: of how many; each is 0 to input_dim() - 1. 0: its input is anything.
  virtual int64_t input_dim() const { return 0; }
  // What a summary shows beside the type; "" if there is nothing to say.
  virtual std::string Description() const { return ""; }
  // What it ends with, or is (an Activation layer); linear if nothing.
  virtual Activation activation() const { return {}; }
  // Layers that it calls, whose weights are the model's too: Build calls their EnsureBuilt, Call context.CallLayer.
  virtual std::vector<std::shared_ptr<Layer>> sublayers() const { return {}; }

  const std::string& type() const { return type_; }
  const std::string& name() const { return name_; }
  void set_name(std::string name) {
    name_ = std::move(name);
    has_automatic_name_ = false;
  }
  // As a model names it: another model that it becomes a part of may change that.
  void SetAutomaticName(std::string name) {
    name_ = std::move(name);
    has_automatic_name_ = true;
  }
  bool has_automatic_name() const { return has_automatic_name_; }
  // A layer that is not trainable keeps its weights in training (Keras's layer.trainable = False).
  bool trainable() const { return trainable_; }
  void set_trainable(bool trainable) { trainable_ = trainable; }
  const std::vector<std::unique_ptr<Weight>>& weights() const { return weights_; }
  // Its own, then those of its sublayers.
  std::vector<const Weight*> AllWeights() const;
  // Set by QuantizeAnnotateLayer; null: not annotated.
  const std::shared_ptr<const QuantizeConfig>& quantize_config() const { return quantize_config_; }
  void set_quantize_config(std::shared_ptr<const QuantizeConfig> config) { quantize_config_ = std::move(config); }

  // Build, if it was not called yet.
  absl::Status EnsureBuilt(const std::vector<Shape>& input_shapes);

 protected:
  // The pointer stays valid as long as the layer.
  const Weight* AddWeight(std::string name, Shape shape, WeightOptions options = {});

 private:
  const std::string type_;
  std::string name_;
  bool has_automatic_name_ = false;
  bool trainable_ = true;
  bool built_ = false;
  std::vector<std::unique_ptr<Weight>> weights_;
  std::shared_ptr<const QuantizeConfig> quantize_config_;
};

struct KerasNode;

// A symbolic output of a layer.
class KerasTensor {
 public:
  KerasTensor() = default;
  explicit KerasTensor(std::shared_ptr<const KerasNode> node, int index = 0) : node_(std::move(node)), index_(index) {}
  // [None, …]; {} after an error, which the model then reports.
  const Shape& shape() const;
  DataType dtype() const;
  const std::shared_ptr<const KerasNode>& node() const { return node_; }
  // Which of the layer's outputs.
  int index() const { return index_; }

 private:
  std::shared_ptr<const KerasNode> node_;
  int index_ = 0;
};

// A layer, shared: calling it twice uses the same weights twice.
class LayerRef {
 public:
  LayerRef(std::shared_ptr<Layer> layer) : layer_(std::move(layer)) {}
  KerasTensor operator()(const KerasTensor& input) const { return (*this)(std::vector<KerasTensor>{input}); }
  KerasTensor operator()(const std::vector<KerasTensor>& inputs) const { return Outputs(inputs)[0]; }
  // All outputs of a layer that has several (LSTM with return_state). After an error, one.
  std::vector<KerasTensor> Outputs(const std::vector<KerasTensor>& inputs) const;
  Layer& operator*() const { return *layer_; }
  Layer* operator->() const { return layer_.get(); }
  const std::shared_ptr<Layer>& get() const { return layer_; }

 private:
  std::shared_ptr<Layer> layer_;
};

template <typename T, typename... Args>
LayerRef MakeLayer(Args&&... args) {
  return LayerRef(std::make_shared<T>(std::forward<Args>(args)...));
}

struct KerasNode {
  std::shared_ptr<Layer> layer;
  std::vector<KerasTensor> inputs;
  // Of the first output, and of those after it.
  Shape shape;
  DataType dtype = DataType::kFloat;
  std::vector<std::pair<Shape, DataType>> more_outputs;
  absl::Status status;  // The first error among this node and its inputs.
};

struct InputOptions {
  // What the model's input is called, and so the feature that it takes. The only input of a model may go without: then it
  // takes the only feature of the data, whatever that is called.
  std::string name;
  DataType dtype = DataType::kFloat;
};

// An input of a model; `shape` without the batch.
KerasTensor Input(Shape shape, InputOptions options = {});

namespace layers {
// The same for the front of a Sequential.
LayerRef InputLayer(Shape shape, InputOptions options = {});
}  // namespace layers

}  // namespace tfxm::nn

#endif  // TFXM_NN_LAYER_H_
