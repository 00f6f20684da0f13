// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/internal/step_builder.h"

#include <algorithm>
#include <array>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/nn/internal/towers.h"
#include "tfxm/nn/metrics/confusion_metrics.h"
#include "tfxm/ops/internal/graph_access.h"
#include "tfxm/ops/ops.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {
namespace {

using ops::Tensor;

// Keras's sum_over_batch_size: the mean of the losses of all examples, each times its weight. With a mask of the
// prediction's steps, of those that count.
Tensor ReduceLoss(Tensor losses, const Tensor& weight, const Tensor& mask) {
  if (mask.valid() && mask.rank() == losses.rank()) {
    const Tensor counts = ops::Cast(mask, losses.dtype());
    losses = losses * counts / ops::Maximum(ops::ReduceMean(counts), 1e-7);
  }
  if (!weight.valid() || !losses.valid()) return ops::ReduceMean(losses);
  Tensor w = weight;
  while (w.rank() < losses.rank()) w = ops::ExpandDims(w, -1);
  const Shape of_losses = losses.shape(), of_weights = w.shape();
  bool fits = !losses.has_rank() || of_losses.empty() || of_weights.size() == of_losses.size();
  for (size_t i = 1; fits && i < of_losses.size(); ++i)
    fits = of_losses[i] < 0 || of_weights[i] == 1 || of_weights[i] == of_losses[i];
  if (!fits) {
    losses.graph()->SetError(absl::InvalidArgumentError(
        absl::StrCat("sample weights are ", ShapeString(weight.shape()), ", the losses ", ShapeString(of_losses),
                     "; wanted one weight per example or one per loss")));
  }
  return ops::ReduceMean(losses * w);
}

Tensor Penalty(const Regularizer& regularizer, const Tensor& value) {
  Tensor sum;
  if (regularizer.l1 != 0) sum = ops::ReduceSum(ops::Abs(value)) * regularizer.l1;
  if (regularizer.l2 != 0) {
    const Tensor l2 = ops::ReduceSum(ops::Square(value)) * regularizer.l2;
    sum = sum.valid() ? sum + l2 : l2;
  }
  return sum;
}

class StepUpdateContext : public UpdateContext {
 public:
  StepUpdateContext(ops::Graph& graph, StepGraph* step, std::string optimizer)
      : graph_(graph), step_(step), optimizer_(optimizer) {}
  void set_weight(const Weight* weight) { weight_ = weight; }
  Tensor Scalar(absl::string_view name) override {
    for (size_t i = 0; i < step_->scalar_names.size(); ++i) {
      if (step_->scalar_names[i] == name) return step_->scalars[i];
    }
    graph_.SetError(absl::InternalError(absl::StrCat("optimizer ", optimizer_, " has no scalar \"", name, "\"")));
    return Tensor(&graph_, -1, 0);
  }
  Tensor Slot(absl::string_view name, double initial_value) override {
    const std::string full_name = absl::StrCat(kOptimizerPrefix, name, "/", weight_->full_name());
    step_->slots.push_back({full_name, weight_->shape, initial_value});
    return ops::VarHandle(graph_, full_name, weight_->options.dtype, weight_->shape);
  }

 private:
  ops::Graph& graph_;
  StepGraph* const step_;
  const std::string optimizer_;
  const Weight* weight_ = nullptr;
};

// The gradient of an Embedding is a sum of rows, one for each occurrence of a token: {rows, tokens, number of tokens} of
// each sum it is made of, or nothing if it is of anything else too. Clipping looks at these rows, in Keras 2 and 3.
std::vector<std::array<Tensor, 3>> RowsOf(const Tensor& gradient) {
  std::vector<std::array<Tensor, 3>> rows;
  std::vector<const tensorflow::Node*> todo = {ops::internal::TfNode(gradient)};
  while (!todo.empty()) {
    const tensorflow::Node* const node = todo.back();
    todo.pop_back();
    std::vector<const tensorflow::Edge*> inputs(node->num_inputs());
    for (const tensorflow::Edge* edge : node->in_edges()) {
      if (!edge->IsControlEdge()) inputs[edge->dst_input()] = edge;
    }
    if (node->type_string() == "UnsortedSegmentSum") {
      std::array<Tensor, 3> sum;
      for (int i = 0; i < 3; ++i)
        sum[i] = ops::internal::FromTf(*gradient.graph(), inputs[i]->src(), inputs[i]->src_output());
      rows.push_back(sum);
    } else if (node->type_string() == "AddN" || node->type_string() == "Identity") {
      for (const tensorflow::Edge* edge : inputs) todo.push_back(edge->src());
    } else {
      return {};
    }
  }
  return rows;
}

Tensor SquaredNorm(const Tensor& gradient) {
  std::vector<Tensor> squares;
  for (const auto& [rows, tokens, num_tokens] : RowsOf(gradient)) squares.push_back(ops::ReduceSum(ops::Square(rows)));
  if (squares.empty()) return ops::ReduceSum(ops::Square(gradient));
  return squares.size() == 1 ? squares[0] : ops::Op("AddN", {squares});
}

Tensor ClipElements(const Tensor& gradient, double limit) {
  std::vector<Tensor> sums;
  for (const auto& [rows, tokens, num_tokens] : RowsOf(gradient))
    sums.push_back(ops::Op("UnsortedSegmentSum", {ops::ClipByValue(rows, -limit, limit), tokens, num_tokens}));
  if (sums.empty()) return ops::ClipByValue(gradient, -limit, limit);
  return sums.size() == 1 ? sums[0] : ops::Op("AddN", {sums});
}

// tf.clip_by_value, clip_by_norm and clip_by_global_norm, whichever the optimizer asks for.
void ClipGradients(const OptimizerBase::Common& common, std::vector<Tensor>* gradients) {
  if (common.clipvalue > 0) {
    for (Tensor& g : *gradients) g = ClipElements(g, common.clipvalue);
  }
  if (common.clipnorm > 0) {
    for (Tensor& g : *gradients) g = g * common.clipnorm / ops::Maximum(ops::Sqrt(SquaredNorm(g)), common.clipnorm);
  }
  if (common.global_clipnorm > 0 && !gradients->empty()) {
    std::vector<Tensor> squares;
    for (const Tensor& g : *gradients) squares.push_back(SquaredNorm(g));
    const Tensor norm = ops::Sqrt(ops::Op("AddN", {squares}));
    const Tensor scale = common.global_clipnorm / ops::Maximum(norm, common.global_clipnorm);
    for (Tensor& g : *gradients) g = g * scale;
  }
}

bool IsExcluded(const OptimizerBase::Common& common, const Weight& weight) {
  return std::any_of(common.exclude_from_weight_decay.begin(), common.exclude_from_weight_decay.end(),
                     [&](const std::string& part) { return absl::StrContains(weight.name, part); });
}

// Where gradients add up over steps: those of the steps so far are added to `gradients`, which become the mean. Returns
// what empties the sums after the update, per weight; nothing if each step has an update.
std::vector<ops::Node> Accumulate(const OptimizerBase& optimizer, const std::vector<const Weight*>& weights,
                                  StepUpdateContext& context, std::vector<Tensor>* gradients, StepGraph* step) {
  std::vector<ops::Node> reset;
  if (optimizer.Accumulated() == 1) return reset;
  for (size_t i = 0; i < weights.size(); ++i) {
    Tensor& gradient = (*gradients)[i];
    const ops::NameScope scope(*gradient.graph(), absl::StrCat("accumulate/", weights[i]->full_name()));
    context.set_weight(weights[i]);
    const Tensor sum = context.Slot("gradient_accumulator", 0);
    step->accumulate_targets.push_back(ops::AssignAddVariable(sum, gradient));
    reset.push_back(ops::AssignVariable(sum, ops::ZerosLike(gradient)));
    gradient = (gradient + ops::ReadVariable(sum)) * (1.0 / static_cast<double>(optimizer.Accumulated()));
  }
  return reset;
}

// The variable's value after `before`, if that is valid.
Tensor ReadAfter(const Tensor& handle, const ops::Node& before) {
  const Tensor value = ops::ReadVariable(handle);
  if (before.valid()) handle.graph()->AddControlDependency(before, ops::Node(value.graph(), value.node()));
  return value;
}

// The moving average of a weight, after `update` if there is one.
ops::Node FollowAverage(StepUpdateContext& context, const Tensor& average, const Tensor& handle,
                        const ops::Node& update) {
  const Tensor value = ReadAfter(handle, update);
  const Tensor momentum = context.Scalar("ema_momentum");
  return ops::AssignVariable(average, ops::ReadVariable(average) * momentum + value * (1 - momentum));
}

absl::Status AddUpdates(ops::Graph& graph, const StepConfig& config, CallContext& context,
                        const std::vector<const Weight*>& weights, const Tensor& loss, StepGraph* step) {
  const OptimizerBase& optimizer = *config.optimizer;
  const OptimizerBase::Common& common = optimizer.common();
  for (const auto& [name, value] : optimizer.AllScalarsAt(0, 0)) {
    step->scalar_names.push_back(name);
    step->scalars.push_back(ops::Placeholder(graph, DataType::kFloat, {}, name));
  }
  std::vector<const Weight*> trainable;
  std::vector<Tensor> values;
  for (const Weight* weight : weights) {
    if (!weight->trainable()) continue;
    trainable.push_back(weight);
    values.push_back(context.Read(weight));
  }
  std::vector<Tensor> gradients;
  if (!trainable.empty()) {
    ASSIGN_OR_RETURN(gradients, ops::Gradients({loss}, values));
  }
  for (size_t i = gradients.size(); i-- > 0;) {
    if (gradients[i].valid()) continue;  // The loss does not depend on it.
    gradients.erase(gradients.begin() + i);
    trainable.erase(trainable.begin() + i);
    values.erase(values.begin() + i);
  }
  StepUpdateContext update_context(graph, step, optimizer.name());
  const std::vector<ops::Node> reset = Accumulate(optimizer, trainable, update_context, &gradients, step);
  ClipGradients(common, &gradients);
  // Updates wait for everything that reads the variables, so that they happen in place: a variable that is still being
  // read would be copied first.
  const ops::Node barrier = ops::Op(graph, "NoOp", {}, {}, "gradients_done");
  const auto before = [&](const Tensor& tensor) {
    graph.AddControlDependency(ops::Node(&graph, tensor.node()), barrier);
  };
  for (const Tensor& gradient : gradients) before(gradient);
  for (const StepGraph::Log& log : step->logs) {
    for (const Tensor& update : log.updates) before(update);
  }
  for (const auto& [weight, value] : context.updates()) before(value);

  for (size_t i = 0; i < trainable.size(); ++i) {
    const Weight* weight = trainable[i];
    const ops::NameScope scope(graph, absl::StrCat("update/", weight->full_name()));
    const Tensor handle = ops::VarHandle(graph, weight->full_name(), weight->options.dtype, weight->shape);
    update_context.set_weight(weight);
    ops::Node decay;
    if (common.weight_decay > 0 && !IsExcluded(common, *weight)) {
      decay = ops::Op("AssignSubVariableOp",
                      {handle, values[i] * (update_context.Scalar("learning_rate") * common.weight_decay)});
      graph.AddControlDependency(barrier, decay);
    }
    const ops::Node update = optimizer.Update(update_context, handle, gradients[i]);
    graph.AddControlDependency(barrier, update);
    if (decay.valid()) graph.AddControlDependency(decay, update);
    step->targets.push_back(update);
    ops::Node last = update, last_accumulated;
    if (!reset.empty()) {
      graph.AddControlDependency(update, reset[i]);
      step->targets.push_back(reset[i]);
    }
    if (common.use_ema) {
      const Tensor average = update_context.Slot("average", 0);
      last = FollowAverage(update_context, average, handle, update);
      step->targets.push_back(last);
      if (!reset.empty()) {
        last_accumulated = FollowAverage(update_context, average, handle, {});
        step->accumulate_targets.push_back(last_accumulated);
      }
      step->average_targets.push_back(ops::AssignVariable(handle, ops::ReadVariable(average)));
    }
    if (const Constraint& constraint = weight->options.constraint; constraint != nullptr) {
      const auto constrain = [&](const ops::Node& before) {
        return ops::AssignVariable(handle, constraint(ReadAfter(handle, before.valid() ? before : barrier)));
      };
      step->targets.push_back(constrain(last));
      // Keras does so at each step, also where gradients only add up.
      if (!reset.empty()) step->accumulate_targets.push_back(constrain(last_accumulated));
    }
  }
  for (const auto& [weight, value] : context.updates()) {
    const ops::Node assign =
        ops::AssignVariable(ops::VarHandle(graph, weight->full_name(), weight->options.dtype, weight->shape), value);
    graph.AddControlDependency(barrier, assign);
    step->targets.push_back(assign);
    step->accumulate_targets.push_back(assign);
  }
  return absl::OkStatus();
}

bool Several(const StepConfig& config) {
  return std::count_if(config.losses.begin(), config.losses.end(), [](const Loss& l) { return !l.empty(); }) > 1;
}

// The losses of a step and what is computed beside them.
struct LossGraph {
  std::vector<Tensor> labels, weights;  // Placeholders.
  Tensor total;
  std::vector<StepGraph::Log> losses, metrics;
};

absl::StatusOr<LossGraph> AddLosses(ops::Graph& graph, const Network& network, const StepConfig& config,
                                    const std::vector<Tensor>& outputs, const std::vector<Tensor>& masks,
                                    const std::vector<LabelSpec>& labels, const std::vector<LabelSpec>& weights) {
  LossGraph made;
  const std::vector<LogSpec> names = LogSpecs(network, config);
  const bool several = Several(config);
  size_t next_name = 1 + (several ? labels.size() : 0);
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (config.losses[i].empty()) continue;
    const std::string& name = network.outputs()[i].name;
    const LabelSpec& spec = labels[made.labels.size()];
    const Tensor y_true = ops::Placeholder(graph, spec.dtype, spec.shape, absl::StrCat(name, "_labels"));
    const Tensor& y_pred = outputs[i];
    Tensor weight;
    if (!weights.empty()) {
      const LabelSpec& weight_spec = weights[made.labels.size()];
      weight = ops::Placeholder(graph, weight_spec.dtype, weight_spec.shape, absl::StrCat(name, "_sample_weight"));
      made.weights.push_back(weight);
    }
    made.labels.push_back(y_true);
    {
      const ops::NameScope loss_scope(graph, config.losses[i].name());
      ASSIGN_OR_RETURN(const Tensor each, config.losses[i].Call(y_true, y_pred));
      const Tensor loss = ReduceLoss(each, weight, masks[i]);
      RETURN_IF_ERROR(
          Annotate(graph.status(), absl::StrCat("loss ", config.losses[i].name(), " of output \"", name, "\"")));
      if (several) made.losses.push_back({absl::StrCat(name, "_loss"), std::nullopt, {loss}});
      const Tensor part = config.loss_weights[i] == 1 ? loss : loss * config.loss_weights[i];
      made.total = made.total.valid() ? made.total + part : part;
    }
    const auto add_metrics = [&](const std::vector<Metric>& wanted, const Tensor& metric_weight) -> absl::Status {
      for (const Metric& asked : wanted) {
        ASSIGN_OR_RETURN(const Metric metric, asked.Resolve(y_true, y_pred));
        const ops::NameScope metric_scope(graph, metric.name());
        Tensor counts = metric_weight;
        if (metric.takes_mask() && masks[i].valid() && masks[i].rank() + 1 == y_pred.rank()) {
          counts = ops::Cast(masks[i], DataType::kFloat);
          if (metric_weight.valid()) counts = counts * WeightLike(counts, metric_weight);
        }
        made.metrics.push_back({names[next_name++].name, metric, metric.Add(y_true, y_pred, counts)});
        RETURN_IF_ERROR(Annotate(graph.status(), absl::StrCat("metric ", metric.name(), " of output \"", name, "\"")));
      }
      return absl::OkStatus();
    };
    RETURN_IF_ERROR(add_metrics(config.metrics[i], Tensor()));
    RETURN_IF_ERROR(add_metrics(config.weighted_metrics[i], weight));
  }
  return made;
}

}  // namespace

std::vector<LogSpec> LogSpecs(const Network& network, const StepConfig& config) {
  const bool several = Several(config);
  std::vector<LogSpec> losses = {{"loss", Metric::Direction::kDown}}, metrics;
  for (size_t i = 0; i < network.outputs().size(); ++i) {
    if (config.losses[i].empty()) continue;
    const std::string& output = network.outputs()[i].name;
    if (several) losses.push_back({absl::StrCat(output, "_loss"), Metric::Direction::kDown});
    const std::string prefix = several ? absl::StrCat(output, "_") : "";
    const auto taken = [&](const std::string& name) {
      return std::any_of(metrics.begin(), metrics.end(), [&](const LogSpec& log) { return log.name == name; });
    };
    for (const bool weighted : {false, true}) {
      for (const Metric& metric : weighted ? config.weighted_metrics[i] : config.metrics[i]) {
        // As Keras tells metrics of one name apart.
        std::string unique = absl::StrCat(prefix, metric.log_name());
        if (weighted && taken(unique)) unique = absl::StrCat(prefix, "weighted_", metric.log_name());
        const std::string base = unique;
        for (int n = 1; taken(unique); ++n) unique = absl::StrCat(base, "_", n);
        metrics.push_back({unique, metric.direction()});
      }
    }
  }
  losses.insert(losses.end(), metrics.begin(), metrics.end());
  return losses;
}

absl::Status CheckLosses(const Network& network, const StepConfig& config, const std::vector<LabelSpec>& labels,
                         const std::vector<LabelSpec>& weights) {
  ops::Graph graph;
  std::vector<Tensor> outputs;
  for (const TensorSpec& spec : network.outputs())
    outputs.push_back(ops::Placeholder(graph, spec.dtype, spec.shape, spec.name));
  return AddLosses(graph, network, config, outputs, std::vector<Tensor>(outputs.size()), labels, weights).status();
}

absl::StatusOr<StepGraph> BuildStep(ops::Graph& graph, const Network& network, const StepConfig& config, StepMode mode,
                                    const std::vector<LabelSpec>& labels, const std::vector<LabelSpec>& weights,
                                    int num_towers) {
  const ops::NameScope scope(graph, mode == StepMode::kTrain ? "train" : mode == StepMode::kTest ? "test" : "predict");
  StepGraph step;
  const bool training = mode == StepMode::kTrain;
  if (training) step.random_counter = ops::Placeholder(graph, DataType::kUint64, {2}, "random_counter");
  CallContext context(graph, training, step.random_counter, config.seed);
  std::map<std::string, Tensor> inputs;
  for (const TensorSpec& spec : network.inputs()) {
    step.inputs.push_back(ops::Placeholder(graph, spec.dtype, spec.shape, spec.name));
    inputs[spec.name] = step.inputs.back();
  }
  std::vector<Tensor> masks;
  ASSIGN_OR_RETURN(step.outputs, num_towers > 1 ? CallInTowers(network, num_towers, context, inputs, &masks)
                                                : network.Call(context, inputs, &masks));
  if (mode == StepMode::kPredict) return step;

  ASSIGN_OR_RETURN(LossGraph made, AddLosses(graph, network, config, step.outputs, masks, labels, weights));
  step.labels = std::move(made.labels);
  step.weights = std::move(made.weights);
  Tensor total = made.total;
  std::vector<Tensor> penalties = context.losses();
  for (const Weight* weight : network.weights()) {
    const Tensor penalty = Penalty(weight->options.regularizer, context.Read(weight));
    if (penalty.valid()) penalties.push_back(penalty);
  }
  for (const Tensor& penalty : penalties) total = total.valid() ? total + penalty : penalty;
  if (!total.valid()) return absl::InvalidArgumentError("no output has a loss");
  step.logs.push_back({"loss", std::nullopt, {total}});
  step.logs.insert(step.logs.end(), made.losses.begin(), made.losses.end());
  step.logs.insert(step.logs.end(), made.metrics.begin(), made.metrics.end());
  if (training) RETURN_IF_ERROR(AddUpdates(graph, config, context, network.weights(), total, &step));
  RETURN_IF_ERROR(graph.status());
  return step;
}

}  // namespace tfxm::nn
