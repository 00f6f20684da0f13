// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/layer.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/nn/input_layer.h"
#include "tfxm/ops/ops.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {
namespace {

std::string LayerLabel(const Layer& layer) {
  return layer.name().empty() ? absl::StrCat("layer ", layer.type())
                              : absl::StrCat("layer \"", layer.name(), "\" (", layer.type(), ")");
}

}  // namespace

std::string Weight::full_name() const {
  return absl::StrCat(layer->name().empty() ? layer->type() : layer->name(), "/", name);
}

bool Weight::trainable() const { return options.trainable && layer->trainable(); }

ops::Tensor CallContext::Read(const Weight* weight, const Shape& shape) {
  if (weight == nullptr) {
    graph_.SetError(absl::InvalidArgumentError("a layer reads a weight that it did not add"));
    return ops::Tensor(&graph_, -1, 0);
  }
  ops::Tensor& read = reads_[weight];
  if (!read.valid()) {
    read = ops::ReadVariable(ops::VarHandle(graph_, weight->full_name(), weight->options.dtype, weight->shape));
  }
  const ops::Tensor value = shape.empty() ? read : ops::Reshape(read, shape);
  return hooks_ == nullptr ? value : hooks_->OnRead(*this, *weight, value);
}

void CallContext::Update(const Weight* weight, const ops::Tensor& value) {
  for (auto& [updated, last] : updates_) {
    if (updated != weight) continue;
    last = value;
    return;
  }
  updates_.emplace_back(weight, value);
}

ops::Tensor CallContext::Updated(const Weight* weight) {
  for (const auto& [updated, value] : updates_) {
    if (updated == weight) return value;
  }
  return Read(weight);
}

ops::Tensor CallContext::Activate(const Activation& activation, const ops::Tensor& x) {
  return hooks_ == nullptr ? activation(x) : hooks_->OnActivation(*this, activation, x);
}

ops::Tensor CallContext::Intermediate(absl::string_view name, const ops::Tensor& x) {
  return hooks_ == nullptr ? x : hooks_->OnIntermediate(*this, name, x);
}

std::vector<ops::Tensor> CallContext::CallLayer(Layer& layer, const std::vector<ops::Tensor>& inputs,
                                                const std::vector<ops::Tensor>& masks, ops::Tensor* mask) {
  // A model that is a layer calls layers of its own.
  const std::vector<ops::Tensor> outer_masks = std::exchange(masks_, masks);
  const ops::Tensor outer_mask = std::exchange(output_mask_, {});
  std::vector<ops::Tensor> outputs = layer.CallAll(*this, inputs);
  *mask = output_mask_;
  if (!mask->valid() && layer.supports_masking()) {
    // As Keras: a step of several inputs counts where it counts in one of them.
    *mask = input_mask(0);
    for (size_t i = 1; i < inputs.size() && mask->valid(); ++i) {
      *mask = input_mask(i).valid() ? ops::LogicalOr(*mask, input_mask(i)) : ops::Tensor();
    }
  }
  masks_ = outer_masks;
  output_mask_ = outer_mask;
  return outputs;
}

ops::Tensor CallContext::RandomUniform(const ops::Tensor& shape) {
  return RandomNumbers("StatelessRandomUniformV2", shape);
}
ops::Tensor CallContext::RandomNormal(const ops::Tensor& shape) {
  return RandomNumbers("StatelessRandomNormalV2", shape);
}

ops::Tensor CallContext::RandomNumbers(absl::string_view operation, const ops::Tensor& shape) {
  const auto uint64s = [&](const std::vector<uint64_t>& values) {
    tfxm::Tensor tensor(DataType::kUint64, {static_cast<int64_t>(values.size())});
    std::copy(values.begin(), values.end(), tensor.values<uint64_t>().begin());
    return ops::Constant(graph_, std::move(tensor));
  };
  // Philox: the key tells the uses apart, the counter the steps. A step's numbers are 2^64 counts apart.
  constexpr int kPhilox = 1;
  const ops::Tensor key = uint64s({DeriveSeed(seed_, ++num_streams_)});
  const ops::Tensor counter = random_counter_.valid() ? random_counter_ : uint64s({0, 0});
  return ops::Op(operation, {shape, key, counter, ops::Constant(graph_, kPhilox)}, {});
}

absl::Status Layer::EnsureBuilt(const std::vector<Shape>& input_shapes) {
  if (built_) return absl::OkStatus();
  RETURN_IF_ERROR(Build(input_shapes));
  built_ = true;
  return absl::OkStatus();
}

std::vector<const Weight*> Layer::AllWeights() const {
  std::vector<const Weight*> all;
  for (const auto& weight : weights_) all.push_back(weight.get());
  for (const auto& sublayer : sublayers()) {
    for (const Weight* weight : sublayer->AllWeights()) all.push_back(weight);
  }
  return all;
}

const Weight* Layer::AddWeight(std::string name, Shape shape, WeightOptions options) {
  weights_.push_back(
      std::make_unique<Weight>(Weight{this, std::move(name), std::move(shape), std::move(options), nullptr}));
  return weights_.back().get();
}

const Shape& KerasTensor::shape() const {
  static const Shape* const none = new Shape;
  if (node_ == nullptr) return *none;
  return index_ == 0 ? node_->shape : node_->more_outputs[index_ - 1].first;
}

DataType KerasTensor::dtype() const {
  if (node_ == nullptr) return DataType::kInvalid;
  return index_ == 0 ? node_->dtype : node_->more_outputs[index_ - 1].second;
}

std::vector<KerasTensor> LayerRef::Outputs(const std::vector<KerasTensor>& inputs) const {
  auto node = std::make_shared<KerasNode>();
  node->layer = layer_;
  node->inputs = inputs;
  const auto fail = [&](absl::Status status) {
    node->status = std::move(status);
    return std::vector<KerasTensor>{KerasTensor(node)};
  };
  std::vector<Shape> shapes;
  std::string shown;
  for (const KerasTensor& input : inputs) {
    if (input.node() == nullptr) {
      return fail(
          absl::InvalidArgumentError(absl::StrCat(LayerLabel(*layer_), " is called with an unassigned KerasTensor")));
    }
    if (!input.node()->status.ok()) return fail(input.node()->status);
    shapes.push_back(input.shape());
    absl::StrAppend(&shown, shown.empty() ? "" : ", ", ShapeString(input.shape()));
  }
  const std::string label = absl::StrCat(LayerLabel(*layer_), " on ", shown);
  if (absl::Status built = layer_->EnsureBuilt(shapes); !built.ok()) return fail(Annotate(built, label));
  // A throw-away graph tells what comes out.
  ops::Graph graph;
  CallContext context(graph, /*training=*/false);
  std::vector<ops::Tensor> tensors;
  for (const KerasTensor& input : inputs) tensors.push_back(ops::Placeholder(graph, input.dtype(), input.shape()));
  const std::vector<ops::Tensor> outputs = layer_->CallAll(context, tensors);
  if (!graph.status().ok()) {
    // TensorFlow's own words for it; a layer's are clearer.
    if (absl::StrContains(graph.status().message(), "string is not in the list of allowed values") ||
        absl::StrContains(graph.status().message(), "DT_STRING")) {
      return fail(absl::InvalidArgumentError(
          absl::StrCat(label,
                       ": the input is a string, wanted numbers; make it numbers in the preprocessing_fn (a "
                       "vocabulary, a hash), and give the model's Input their dtype")));
    }
    return fail(Annotate(graph.status(), label));
  }
  std::vector<KerasTensor> made;
  for (const ops::Tensor& output : outputs) {
    if (!output.valid()) return fail(absl::InternalError(absl::StrCat(label, ": Call returned no tensor")));
    if (made.empty()) {
      node->shape = output.shape();
      node->dtype = output.dtype();
    } else {
      node->more_outputs.emplace_back(output.shape(), output.dtype());
    }
    made.emplace_back(node, static_cast<int>(made.size()));
  }
  if (made.empty()) return fail(absl::InternalError(absl::StrCat(label, ": Call returned no tensor")));
  return made;
}

KerasTensor Input(Shape shape, InputOptions options) {
  auto layer = std::make_shared<InputLayerImpl>(std::move(shape), options.dtype, std::move(options.name));
  auto node = std::make_shared<KerasNode>();
  node->shape = layer->shape();
  node->dtype = layer->dtype();
  node->layer = std::move(layer);
  return KerasTensor(node);
}

namespace layers {
LayerRef InputLayer(Shape shape, InputOptions options) {
  return MakeLayer<InputLayerImpl>(std::move(shape), options.dtype, std::move(options.name));
}
}  // namespace layers

}  // namespace tfxm::nn
