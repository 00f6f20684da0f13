// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/layers/recurrent.h"

#include <algorithm>
#include <functional>
#include <type_traits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "tfxm/nn/layers/function_layer.h"
#include "tfxm/ops/internal/call_function.h"
#include "tfxm/ops/ops.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn::layers {
namespace {

using ops::Tensor;

enum class Kind { kSimpleRNN, kLSTM, kGRU };

// The options of all three; those of the others have no effect.
struct Config : LSTMOptions {
  Kind kind = Kind::kSimpleRNN;
  int units = 0;
  bool reset_after = true;

  bool per_example() const { return !activation.is_custom() && !recurrent_activation.is_custom(); }
  int num_gates() const { return kind == Kind::kLSTM ? 4 : kind == Kind::kGRU ? 3 : 1; }
  size_t num_states() const { return kind == Kind::kLSTM ? 2 : 1; }
  std::string type() const { return kind == Kind::kLSTM ? "LSTM" : kind == Kind::kGRU ? "GRU" : "SimpleRNN"; }
  std::string cell_name() const {
    return kind == Kind::kLSTM ? "lstm_cell" : kind == Kind::kGRU ? "gru_cell" : "simple_rnn_cell";
  }
};

template <typename Options>
Config ConfigOf(Kind kind, int units, const Options& options) {
  Config config;
  config.kind = kind;
  config.units = units;
  config.activation = options.activation;
  config.use_bias = options.use_bias;
  config.kernel_initializer = options.kernel_initializer;
  config.recurrent_initializer = options.recurrent_initializer;
  config.bias_initializer = options.bias_initializer;
  config.kernel_regularizer = options.kernel_regularizer;
  config.recurrent_regularizer = options.recurrent_regularizer;
  config.bias_regularizer = options.bias_regularizer;
  config.kernel_constraint = options.kernel_constraint;
  config.recurrent_constraint = options.recurrent_constraint;
  config.bias_constraint = options.bias_constraint;
  config.dropout = options.dropout;
  config.recurrent_dropout = options.recurrent_dropout;
  config.return_sequences = options.return_sequences;
  config.return_state = options.return_state;
  config.go_backwards = options.go_backwards;
  config.name = options.name;
  if constexpr (!std::is_same_v<Options, SimpleRNNOptions>) config.recurrent_activation = options.recurrent_activation;
  if constexpr (std::is_same_v<Options, LSTMOptions>) {
    config.unit_forget_bias = options.unit_forget_bias;
    config.fused = options.fused;
  }
  if constexpr (std::is_same_v<Options, GRUOptions>) config.reset_after = options.reset_after;
  return config;
}

// `initializer`, with ones for the second quarter, the forget gate.
Initializer UnitForgetBias(int units, const Initializer& initializer) {
  return {"unit_forget_bias", [=](const Shape& shape, DataType dtype, Random& random) -> absl::StatusOr<tfxm::Tensor> {
            ASSIGN_OR_RETURN(tfxm::Tensor bias, initializer.Make(shape, dtype, random));
            auto values = bias.values<float>();
            std::fill(values.begin() + units, values.begin() + 2 * units, 1.0f);
            return bias;
          }};
}

// 0 for a share `rate` of [batch, size of `like`'s last dimension], 1 / (1 - rate) for the others; invalid if nothing
// is to be dropped.
Tensor DropoutMask(CallContext& context, double rate, const Tensor& batch, int64_t size) {
  if (!context.training() || rate <= 0) return {};
  const Tensor shape =
      ops::Concat({batch, ops::Constant(context.graph(), std::vector<int32_t>{static_cast<int32_t>(size)})}, 0);
  const Tensor keep = ops::GreaterEqual(context.RandomUniform(shape), rate);
  return ops::StopGradient(ops::Cast(keep, DataType::kFloat) * (1 / (1 - rate)));
}

// One way through the steps, with its weights. A state that is an invalid tensor is 0: what is multiplied with it is
// left out.
class Direction {
 public:
  using AddWeight = std::function<const Weight*(std::string name, Shape shape, WeightOptions options)>;

  explicit Direction(Config config) : config_(std::move(config)) {}
  const Config& config() const { return config_; }

  absl::Status Build(const Shape& shape, const AddWeight& add) {
    if (shape.size() != 3 || shape[1] < 1 || shape[2] < 1) {
      return absl::InvalidArgumentError(
          "the input must be [batch, steps, features], steps and features known; pad sequences of several lengths to "
          "one and mask them (Embedding's mask_zero, Masking)");
    }
    if (config_.units < 1)
      return absl::InvalidArgumentError(absl::StrCat("units must be positive, got ", config_.units));
    for (const double rate : {config_.dropout, config_.recurrent_dropout}) {
      if (rate < 0 || rate >= 1)
        return absl::InvalidArgumentError(absl::StrCat("a rate must be in [0, 1), got ", rate));
    }
    if (config_.fused && (config_.activation.name() != "tanh" || config_.recurrent_activation.name() != "sigmoid" ||
                          !config_.use_bias || config_.return_state)) {
      return absl::InvalidArgumentError(
          "fused: the operator has tanh and sigmoid, a bias, and no states that come out; leave fused out");
    }
    const int64_t units = config_.units, width = units * config_.num_gates();
    kernel_ = add("kernel", {shape[2], width},
                  {.initializer = config_.kernel_initializer,
                   .regularizer = config_.kernel_regularizer,
                   .constraint = config_.kernel_constraint});
    recurrent_kernel_ = add("recurrent_kernel", {units, width},
                            {.initializer = config_.recurrent_initializer,
                             .regularizer = config_.recurrent_regularizer,
                             .constraint = config_.recurrent_constraint});
    if (!config_.use_bias) return absl::OkStatus();
    const bool two = config_.kind == Kind::kGRU && config_.reset_after;
    const bool unit_forget = config_.kind == Kind::kLSTM && config_.unit_forget_bias;
    bias_ = add("bias", two ? Shape{2, width} : Shape{width},
                {.initializer =
                     unit_forget ? UnitForgetBias(config_.units, config_.bias_initializer) : config_.bias_initializer,
                 .regularizer = config_.bias_regularizer,
                 .constraint = config_.bias_constraint});
    return absl::OkStatus();
  }

  struct Result {
    Tensor last;
    Tensor sequence;  // [batch, steps, units]; invalid unless the layer returns it.
    std::vector<Tensor> states;
  };
  // `mask`: [batch, steps], or invalid. `turned`: the sequence's last step is the one that was computed first.
  Result Run(CallContext& context, Tensor x, std::vector<Tensor> states, const Tensor& mask, bool turned = false) {
    const Tensor batch = ops::Slice(ops::ShapeOf(x), {0}, {1});
    if (config_.fused && (mask.valid() || !states.empty())) {
      return {Fail(x, "fused: TFLite's operator takes no mask and no initial states; leave fused out"), {}, {}};
    }
    if (config_.fused && context.for_export()) {
      Result result = Fused(context, x, batch);
      if (turned && config_.return_sequences) result.sequence = ops::Reverse(result.sequence, {1});
      return result;
    }
    const Tensor drop = DropoutMask(context, config_.dropout, batch, kernel_->shape[0]);
    if (drop.valid()) x = x * ops::ExpandDims(drop, 1);
    recurrent_drop_ = DropoutMask(context, config_.recurrent_dropout, batch, config_.units);
    ReadWeights(context);
    return Steps(x, std::move(states), mask, turned);
  }

 private:
  // As a function that TensorFlow's converter knows by its attributes and replaces, if the states' shapes are known,
  // by the operator (tf_keras's standard_lstm). What it computes is what Steps does.
  Result Fused(CallContext& context, const Tensor& x, const Tensor& batch) {
    std::string name = absl::StrCat("lstm_", kernel_->full_name(), ShapeString(x.shape()));
    for (char& c : name) c = absl::ascii_isalnum(c) ? c : '_';
    const Tensor shape = ops::Concat({batch, ops::Constant(*x.graph(), std::vector<int32_t>{config_.units})}, 0);
    const Tensor zeros = ops::Fill(shape, ops::Constant(*x.graph(), 0.0f));
    const std::vector<Tensor> results = ops::internal::CallFunction(
        name, {x, zeros, zeros, context.Read(kernel_), context.Read(recurrent_kernel_), context.Read(bias_)},
        {{"api_implements", name}, {"time_major", false}, {"go_backwards", config_.go_backwards}},
        [&](const std::vector<Tensor>& in) -> std::vector<Tensor> {
          read_ = {in[3], in[4], in[5], {}, {}, {}};
          recurrent_drop_ = {};
          const Result result = Steps(in[0], {}, {}, /*turned=*/false);
          return {result.last, result.sequence, result.states[0], result.states[1],
                  ops::Constant(*in[0].graph(), 0.0f)};
        });
    if (results.size() < 2) return {results[0], results[0], {}};
    return {results[0], results[1], {}};
  }

  Result Steps(const Tensor& x, std::vector<Tensor> states, const Tensor& mask, bool turned) const {
    const int num_steps = static_cast<int>(x.shape()[1]);
    std::vector<Tensor> outputs;
    const std::vector<Tensor> projected = Project(x, num_steps);
    std::vector<Tensor> step_masks;
    if (mask.valid()) step_masks = ops::Unstack(ops::ExpandDims(mask, -1), num_steps, 1);
    states.resize(config_.num_states());
    for (int i = 0; i < num_steps; ++i) {
      const int step = config_.go_backwards ? num_steps - 1 - i : i;
      std::vector<Tensor> next = Step(projected[step], states);
      Tensor output = next[0];
      if (mask.valid()) {
        const auto keep = [&](const Tensor& value, const Tensor& old) {
          return ops::Where(step_masks[step], value, old.valid() ? old : ops::ZerosLike(value));
        };
        output = keep(output, i == 0 ? Tensor() : outputs.back());
        for (size_t k = 0; k < next.size(); ++k) next[k] = keep(next[k], states[k]);
      }
      outputs.push_back(output);
      states = std::move(next);
    }
    Result result{outputs.back(), {}, std::move(states)};
    if (turned) std::reverse(outputs.begin(), outputs.end());
    // A function has both results.
    if (config_.return_sequences || config_.fused) result.sequence = ops::Stack(outputs, 1);
    return result;
  }

  void ReadWeights(CallContext& context) {
    read_ = {context.Read(kernel_), context.Read(recurrent_kernel_), {}, {}, {}, {}};
    if (bias_ != nullptr) {
      read_.bias = context.Read(bias_);
      if (bias_->shape.size() == 2) {
        const std::vector<Tensor> biases = ops::Unstack(read_.bias, 2, 0);
        read_.bias = biases[0];
        read_.recurrent_bias = biases[1];
      }
    }
    if (config_.kind == Kind::kGRU && !config_.reset_after) {
      read_.gates_kernel = ops::Slice(read_.recurrent_kernel, {0, 0}, {-1, 2 * config_.units});
      read_.state_kernel = ops::Slice(read_.recurrent_kernel, {0, 2 * config_.units}, {-1, -1});
    }
  }

  // x . kernel + bias of all steps at once, which is one large product instead of many small ones.
  std::vector<Tensor> Project(const Tensor& x, int num_steps) const {
    const int64_t width = kernel_->shape[1];
    Tensor y = ops::MatMul(ops::Reshape(x, Shape{-1, kernel_->shape[0]}), read_.kernel);
    if (read_.bias.valid()) y = ops::BiasAdd(y, read_.bias);
    if (num_steps == 1) return {y};
    return ops::Unstack(ops::Reshape(y, Shape{-1, num_steps, width}), num_steps, 1);
  }

  Tensor Recurrent(const Tensor& h, const Tensor& kernel) const {
    return ops::MatMul(recurrent_drop_.valid() ? h * recurrent_drop_ : h, kernel);
  }

  // The states after a step, the output first.
  std::vector<Tensor> Step(const Tensor& x, const std::vector<Tensor>& states) const {
    const Tensor& h = states[0];
    if (config_.kind == Kind::kGRU) return {GruStep(x, h)};
    const Tensor sum = h.valid() ? x + Recurrent(h, read_.recurrent_kernel) : x;
    if (config_.kind == Kind::kSimpleRNN) return {config_.activation(sum)};
    const Tensor& c = states[1];
    const std::vector<Tensor> gates = ops::Split(sum, 4, -1);
    const auto gate = [&](int i) { return config_.recurrent_activation(gates[i]); };
    Tensor next = gate(0) * config_.activation(gates[2]);
    if (c.valid()) next = gate(1) * c + next;
    return {gate(3) * config_.activation(next), next};
  }

  Tensor GruStep(const Tensor& x, const Tensor& h) const {
    const std::vector<Tensor> from_x = ops::Split(x, 3, -1);
    const auto gate = [&](const Tensor& value) { return config_.recurrent_activation(value); };
    Tensor update, candidate;
    if (config_.reset_after) {
      Tensor inner = h.valid() ? Recurrent(h, read_.recurrent_kernel) : Tensor();
      if (read_.recurrent_bias.valid()) {
        inner = inner.valid() ? ops::BiasAdd(inner, read_.recurrent_bias) : ops::ExpandDims(read_.recurrent_bias, 0);
      }
      std::vector<Tensor> from_h(3);
      if (inner.valid()) from_h = ops::Split(inner, 3, -1);
      const auto plus = [](const Tensor& a, const Tensor& b) { return b.valid() ? a + b : a; };
      update = gate(plus(from_x[0], from_h[0]));
      candidate = from_h[2].valid() ? from_x[2] + gate(plus(from_x[1], from_h[1])) * from_h[2] : from_x[2];
    } else if (h.valid()) {
      const std::vector<Tensor> from_h = ops::Split(Recurrent(h, read_.gates_kernel), 2, -1);
      update = gate(from_x[0] + from_h[0]);
      candidate = from_x[2] + Recurrent(gate(from_x[1] + from_h[1]) * h, read_.state_kernel);
    } else {
      update = gate(from_x[0]);
      candidate = from_x[2];
    }
    const Tensor fresh = (1 - update) * config_.activation(candidate);
    return h.valid() ? update * h + fresh : fresh;
  }

  const Config config_;
  const Weight *kernel_ = nullptr, *recurrent_kernel_ = nullptr, *bias_ = nullptr;
  // Of the graph that is being built.
  struct {
    Tensor kernel, recurrent_kernel, bias, recurrent_bias;
    Tensor gates_kernel, state_kernel;  // Parts of the recurrent kernel.
  } read_;
  Tensor recurrent_drop_;
};

// The inputs after the first, of which there must be none or `wanted`.
absl::StatusOr<std::vector<Tensor>> InitialStates(const std::vector<Tensor>& inputs, size_t wanted) {
  if (inputs.size() != 1 && inputs.size() != 1 + wanted) {
    return absl::InvalidArgumentError(
        absl::StrCat("it takes a sequence and ", wanted, " initial states or none, got ", inputs.size(), " inputs"));
  }
  return std::vector<Tensor>(inputs.begin() + 1, inputs.end());
}

class RecurrentLayer : public Layer {
 public:
  explicit RecurrentLayer(Config config) : Layer(config.type(), config.name), direction_(std::move(config)) {}
  const Config& config() const { return direction_.config(); }

  absl::Status Build(const std::vector<Shape>& input_shapes) override {
    return direction_.Build(input_shapes[0], [this](std::string name, Shape shape, WeightOptions options) {
      return AddWeight(absl::StrCat(config().cell_name(), "/", name), std::move(shape), std::move(options));
    });
  }
  Tensor Call(CallContext& context, const std::vector<Tensor>& inputs) override { return CallAll(context, inputs)[0]; }
  std::vector<Tensor> CallAll(CallContext& context, const std::vector<Tensor>& inputs) override {
    auto initial = InitialStates(inputs, config().num_states());
    if (!initial.ok()) return {Fail(inputs[0], std::string(initial.status().message()))};
    const Tensor mask = context.input_mask();
    Direction::Result result = direction_.Run(context, inputs[0], *std::move(initial), mask);
    if (config().return_sequences) context.SetOutputMask(mask);
    std::vector<Tensor> outputs = {config().return_sequences ? result.sequence : result.last};
    if (config().return_state) outputs.insert(outputs.end(), result.states.begin(), result.states.end());
    return outputs;
  }
  bool per_example() const override { return config().per_example(); }
  bool is_recurrent() const override { return true; }

 private:
  Direction direction_;
};

class BidirectionalLayer : public Layer {
 public:
  // `forward` is null where the pattern is not a recurrent layer.
  BidirectionalLayer(const RecurrentLayer* forward, const RecurrentLayer* backward, BidirectionalOptions options)
      : Layer("Bidirectional", options.name), options_(std::move(options)) {
    if (forward == nullptr || (options_.backward_layer && backward == nullptr)) {
      error_ = "it takes an LSTM, GRU or SimpleRNN layer";
      return;
    }
    Config reversed = forward->config();
    reversed.go_backwards = !reversed.go_backwards;
    forward_ = std::make_unique<Direction>(forward->config());
    backward_ = std::make_unique<Direction>(backward == nullptr ? reversed : backward->config());
    const Config &a = forward_->config(), &b = backward_->config();
    if (a.go_backwards == b.go_backwards || a.return_sequences != b.return_sequences ||
        a.return_state != b.return_state) {
      error_ = "backward_layer must have the other go_backwards, and return_sequences and return_state as the layer";
    }
  }

  absl::Status Build(const std::vector<Shape>& input_shapes) override {
    if (!error_.empty()) return absl::InvalidArgumentError(error_);
    const std::string& merge = options_.merge_mode;
    if (merge != "concat" && merge != "sum" && merge != "mul" && merge != "ave") {
      return absl::InvalidArgumentError(
          absl::StrCat("merge_mode is \"concat\", \"sum\", \"mul\" or \"ave\", got \"", merge, "\""));
    }
    for (const bool back : {false, true}) {
      Direction& direction = back ? *backward_ : *forward_;
      const Config& config = direction.config();
      const std::string inner =
          absl::StrCat(back ? "backward_" : "forward_", config.name.empty() ? ToLower(config.type()) : config.name);
      RETURN_IF_ERROR(direction.Build(input_shapes[0], [&](std::string name, Shape shape, WeightOptions options) {
        return AddWeight(absl::StrCat(inner, "/", config.cell_name(), "/", name), std::move(shape), std::move(options));
      }));
    }
    return absl::OkStatus();
  }

  Tensor Call(CallContext& context, const std::vector<Tensor>& inputs) override { return CallAll(context, inputs)[0]; }
  std::vector<Tensor> CallAll(CallContext& context, const std::vector<Tensor>& inputs) override {
    const size_t num_states = forward_->config().num_states();
    auto initial = InitialStates(inputs, num_states + backward_->config().num_states());
    if (!initial.ok()) return {Fail(inputs[0], std::string(initial.status().message()))};
    std::vector<Tensor> there, back;
    if (!initial->empty()) {
      there.assign(initial->begin(), initial->begin() + num_states);
      back.assign(initial->begin() + num_states, initial->end());
    }
    const Tensor mask = context.input_mask();
    Direction::Result a = forward_->Run(context, inputs[0], std::move(there), mask);
    Direction::Result b = backward_->Run(context, inputs[0], std::move(back), mask, /*turned=*/true);
    Tensor x = a.last, y = b.last;
    if (forward_->config().return_sequences) {
      x = a.sequence;
      y = b.sequence;
      context.SetOutputMask(mask);
    }
    std::vector<Tensor> outputs = {Merge(x, y)};
    // As in Keras, where such a layer alone repeats the step before.
    if (mask.valid() && forward_->config().return_sequences)
      outputs[0] = outputs[0] * ops::Cast(ops::ExpandDims(mask, -1), outputs[0].dtype());
    if (forward_->config().return_state) {
      outputs.insert(outputs.end(), a.states.begin(), a.states.end());
      outputs.insert(outputs.end(), b.states.begin(), b.states.end());
    }
    return outputs;
  }
  bool per_example() const override { return forward_->config().per_example() && backward_->config().per_example(); }
  bool is_recurrent() const override { return true; }

 private:
  static std::string ToLower(const std::string& type) {
    return type == "SimpleRNN" ? "simple_rnn" : type == "LSTM" ? "lstm" : "gru";
  }
  Tensor Merge(const Tensor& x, const Tensor& y) const {
    if (options_.merge_mode == "sum") return x + y;
    if (options_.merge_mode == "mul") return x * y;
    if (options_.merge_mode == "ave") return (x + y) * 0.5;
    return ops::Concat({x, y}, -1);
  }

  const BidirectionalOptions options_;
  std::string error_;
  std::unique_ptr<Direction> forward_, backward_;
};

class MaskingLayer : public Layer {
 public:
  MaskingLayer(double mask_value, std::string name) : Layer("Masking", std::move(name)), mask_value_(mask_value) {}
  Tensor Call(CallContext& context, const std::vector<Tensor>& inputs) override {
    const Tensor& x = inputs[0];
    const Tensor counts = ops::ReduceAny(ops::NotEqual(x, mask_value_), {-1}, /*keep_dims=*/true);
    context.SetOutputMask(ops::Squeeze(counts, {-1}));
    return x * ops::Cast(counts, x.dtype());
  }
  bool per_example() const override { return true; }

 private:
  const double mask_value_;
};

}  // namespace

LayerRef SimpleRNN(int units, SimpleRNNOptions options) {
  return MakeLayer<RecurrentLayer>(ConfigOf(Kind::kSimpleRNN, units, options));
}
LayerRef LSTM(int units, LSTMOptions options) {
  return MakeLayer<RecurrentLayer>(ConfigOf(Kind::kLSTM, units, options));
}
LayerRef GRU(int units, GRUOptions options) { return MakeLayer<RecurrentLayer>(ConfigOf(Kind::kGRU, units, options)); }

LayerRef Bidirectional(const LayerRef& layer, BidirectionalOptions options) {
  const auto* const backward =
      options.backward_layer ? dynamic_cast<const RecurrentLayer*>(&**options.backward_layer) : nullptr;
  return MakeLayer<BidirectionalLayer>(dynamic_cast<const RecurrentLayer*>(&*layer), backward, std::move(options));
}

LayerRef Masking(double mask_value, MaskingOptions options) {
  return MakeLayer<MaskingLayer>(mask_value, std::move(options.name));
}

}  // namespace tfxm::nn::layers
