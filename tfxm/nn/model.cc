// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/model.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tfxm/nn/internal/model_rep.h"
#include "tfxm/nn/internal/num_threads.h"
#include "tfxm/nn/internal/towers.h"
#include "tfxm/nn/layers/model_layer.h"
#include "tfxm/nn/random.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {
namespace {

// Dense models of a few thousand weights are done before a second thread has woken up.
int NumThreads(const Network& network, int asked) {
  if (asked > 0) return asked;
  for (const Weight* weight : network.weights()) {
    if (weight->shape.size() > 2 || NumElements(weight->shape) > (1 << 20)) return DefaultNumThreads();
  }
  return 1;
}

absl::StatusOr<int> NumTowers(const Network& network, const CompileOptions& options) {
  if (options.num_towers < 0 || options.num_towers > 64) {
    return absl::InvalidArgumentError(absl::StrCat("num_towers is ", options.num_towers, "; expected 0 to 64"));
  }
  if (options.num_towers > 1) RETURN_IF_ERROR(CheckTowers(network));
  if (options.num_towers > 0) return options.num_towers;
  const int num_threads = options.num_threads > 0 ? options.num_threads : DefaultNumThreads();
  return num_threads == 1 ? 1 : DefaultNumTowers(network);
}

}  // namespace

Model::Model(std::vector<KerasTensor> inputs, std::vector<KerasTensor> outputs, std::string name)
    : rep_(std::make_unique<Rep>()) {
  rep_->name = std::move(name);
  rep_->Make(inputs, outputs, {});
}

Model::Model(std::vector<KerasTensor> inputs, std::vector<std::pair<std::string, KerasTensor>> outputs,
             std::string name)
    : rep_(std::make_unique<Rep>()) {
  rep_->name = std::move(name);
  rep_->outputs_are_named = true;
  std::vector<KerasTensor> tensors;
  std::vector<std::string> names;
  for (auto& [output, tensor] : outputs) {
    names.push_back(output);
    tensors.push_back(tensor);
  }
  rep_->Make(inputs, tensors, names);
}

void Model::Rep::Make(const std::vector<KerasTensor>& inputs, const std::vector<KerasTensor>& outputs,
                      const std::vector<std::string>& output_names) {
  seed = RandomSeed();
  auto made = Network::Create(inputs, outputs, output_names);
  network = made.ok() ? std::make_unique<Network>(std::move(*made)) : std::make_unique<Network>();
  if (!made.ok()) status = made.status();
  built = true;
}

Model::Model(std::string name, std::vector<LayerRef> layers) : rep_(std::make_unique<Rep>()) {
  rep_->name = std::move(name);
  rep_->seed = RandomSeed();
  rep_->network = std::make_unique<Network>();
  rep_->stack = std::move(layers);
}

Model::~Model() = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;

void Model::AddLayer(LayerRef layer) {
  if (rep_->built && rep_->status.ok()) {
    rep_->status = absl::FailedPreconditionError("a layer is added to a model that is in use");
    return;
  }
  rep_->stack.push_back(std::move(layer));
}

absl::Status Model::Rep::Build() {
  if (std::exchange(built, true)) return status.ok() ? Sync() : status;
  if (!stack.empty()) {
    // A model tells what it takes.
    const auto* const model = dynamic_cast<const ModelLayer*>(&*stack[0]);
    if (model != nullptr && model->network().inputs().size() == 1) {
      const TensorSpec& spec = model->network().inputs()[0];
      const bool is_unnamed = model->network().has_unnamed_input();
      stack.insert(stack.begin(), layers::InputLayer({spec.shape.begin() + 1, spec.shape.end()},
                                                     {.name = spec.name, .dtype = spec.dtype}));
      if (is_unnamed) stack[0]->SetAutomaticName(spec.name);
    }
  }
  const auto* input = stack.empty() ? nullptr : dynamic_cast<const InputLayerImpl*>(&*stack[0]);
  if (input == nullptr) {
    return status = absl::InvalidArgumentError(
               "the first layer of a Sequential must be an InputLayer, which tells the shape, or a model of one input");
  }
  auto node = std::make_shared<KerasNode>();
  node->layer = stack[0].get();
  node->shape = input->shape();
  node->dtype = input->dtype();
  const KerasTensor first(node);
  KerasTensor x = first;
  for (size_t i = 1; i < stack.size(); ++i) x = stack[i](x);
  auto made = Network::Create({first}, {x});
  if (!made.ok()) return status = made.status();
  network = std::make_unique<Network>(std::move(*made));
  return absl::OkStatus();
}

// Weights before there is a program to hold them.
absl::StatusOr<std::map<std::string, Tensor>> Model::Rep::InitialValues() {
  std::map<std::string, Tensor> values;
  for (const Weight* weight : network->weights()) {
    Random random(DeriveSeed(seed, weight->full_name()));
    auto value = weight->options.initializer.Make(weight->shape, weight->options.dtype, random);
    if (!value.ok()) return Annotate(value.status(), absl::StrCat("weight \"", weight->full_name(), "\""));
    values[weight->full_name()] = std::move(*value);
  }
  ASSIGN_OR_RETURN(auto elsewhere, ValuesElsewhere());
  for (auto& [name, value] : elsewhere) values[name] = std::move(value);
  return values;
}

// Models that share layers (a model that is a layer of another, two of the same KerasTensors) have variables of their
// own. Weight::home is the program that has the last values; the others take them from there when they are used.
absl::StatusOr<std::map<std::string, Tensor>> Model::Rep::ValuesElsewhere() {
  std::map<std::string, Tensor> values;
  if (!shares_weights) return values;
  std::map<const Program*, std::map<std::string, Tensor>> read;
  for (const Weight* weight : network->weights()) {
    const Program* const home = weight->home.get();
    if (home == nullptr || home == program.get()) continue;
    if (const auto seen = versions.find(home); seen != versions.end() && seen->second == home->version()) continue;
    if (read.count(home) == 0) {
      ASSIGN_OR_RETURN(read[home], home->GetVariables());
    }
    const auto found = read[home].find(weight->full_name());
    if (found != read[home].end()) values[weight->full_name()] = found->second;
  }
  for (const auto& [home, all] : read) versions[home] = home->version();
  return values;
}

absl::Status Model::Rep::Sync() {
  if (program == nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(const auto values, ValuesElsewhere());
  return values.empty() ? absl::OkStatus() : program->SetVariables(values);
}

void Model::Rep::ClaimWeights(bool only_new) const {
  if (!shares_weights) return;
  for (const Weight* weight : network->weights()) {
    if (!only_new || weight->home == nullptr) weight->home = program;
  }
}

absl::Status Model::Prepare() const {
  RETURN_IF_ERROR(rep_->Build());
  if (rep_->program != nullptr) return absl::OkStatus();
  StepConfig config;
  config.seed = rep_->seed;
  config.num_threads = NumThreads(*rep_->network, 0);
  ASSIGN_OR_RETURN(auto values, rep_->InitialValues());
  ASSIGN_OR_RETURN(rep_->program, Program::Create(rep_->network.get(), config, std::move(values)));
  rep_->ClaimWeights(/*only_new=*/true);
  return absl::OkStatus();
}

absl::Status Model::Compile(CompileOptions options) {
  RETURN_IF_ERROR(rep_->Build());
  const Network& network = *rep_->network;
  StepConfig config;
  ASSIGN_OR_RETURN(config.optimizer, options.optimizer.Get());
  config.seed = rep_->seed;
  config.num_threads = NumThreads(network, options.num_threads);
  ASSIGN_OR_RETURN(config.num_towers, NumTowers(network, options));
  std::vector<std::string> names;
  for (const TensorSpec& output : network.outputs()) names.push_back(output.name);
  const auto check = [&](const auto& by_name, absl::string_view what) -> absl::Status {
    for (const auto& [name, value] : by_name) {
      if (std::count(names.begin(), names.end(), name) > 0) continue;
      return absl::InvalidArgumentError(
          absl::StrCat(what, " for \"", name, "\", but the model's outputs are: ", absl::StrJoin(names, ", ")));
    }
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(check(options.losses, "a loss"));
  RETURN_IF_ERROR(check(options.loss_weights, "a loss weight"));
  RETURN_IF_ERROR(check(options.output_metrics, "metrics"));
  RETURN_IF_ERROR(check(options.output_weighted_metrics, "weighted metrics"));
  for (const std::string& name : names) {
    const auto loss = options.losses.find(name);
    config.losses.push_back(options.losses.empty()         ? options.loss
                            : loss == options.losses.end() ? Loss()
                                                           : loss->second);
    const auto weight = options.loss_weights.find(name);
    config.loss_weights.push_back(weight == options.loss_weights.end() ? 1 : weight->second);
    const auto metrics = options.output_metrics.find(name);
    config.metrics.push_back(metrics == options.output_metrics.end() ? options.metrics : metrics->second);
    const auto weighted = options.output_weighted_metrics.find(name);
    config.weighted_metrics.push_back(weighted == options.output_weighted_metrics.end() ? options.weighted_metrics
                                                                                        : weighted->second);
    RETURN_IF_ERROR(config.losses.back().Check());
    if (config.losses.back().empty() &&
        (metrics != options.output_metrics.end() || weighted != options.output_weighted_metrics.end())) {
      return absl::InvalidArgumentError(
          absl::StrCat("metrics for output \"", name, "\", which has no loss: it takes no labels to compare with"));
    }
    for (const auto* metrics_of_output : {&config.metrics.back(), &config.weighted_metrics.back()}) {
      for (const Metric& metric : *metrics_of_output) RETURN_IF_ERROR(metric.Check());
    }
  }
  if (std::all_of(config.losses.begin(), config.losses.end(), [](const Loss& loss) { return loss.empty(); })) {
    return absl::InvalidArgumentError("Compile needs a loss");
  }
  std::map<std::string, Tensor> values;
  if (rep_->program != nullptr) {
    ASSIGN_OR_RETURN(values, GetWeights());
  } else {
    ASSIGN_OR_RETURN(values, rep_->InitialValues());
  }
  rep_->config = config;
  rep_->iterations = 0;
  rep_->learning_rate.reset();
  ASSIGN_OR_RETURN(rep_->program, Program::Create(rep_->network.get(), std::move(config), std::move(values)));
  rep_->ClaimWeights();
  return absl::OkStatus();
}

const absl::Status& Model::status() const {
  rep_->Build().IgnoreError();
  return rep_->status;
}
const std::string& Model::name() const { return rep_->name; }
const std::vector<TensorSpec>& Model::inputs() const {
  rep_->Build().IgnoreError();
  return rep_->network->inputs();
}
const std::vector<TensorSpec>& Model::outputs() const {
  rep_->Build().IgnoreError();
  return rep_->network->outputs();
}
std::vector<std::string> Model::output_names() const {
  std::vector<std::string> names;
  for (const TensorSpec& output : outputs())
    names.push_back(rep_->outputs_are_named ? output.name : absl::StrCat("output_", names.size()));
  return names;
}
const std::vector<std::shared_ptr<Layer>>& Model::layers() const {
  rep_->Build().IgnoreError();
  return rep_->network->layers();
}

Layer* Model::GetLayer(absl::string_view name) const {
  for (const auto& layer : layers()) {
    if (layer->name() == name) return layer.get();
  }
  return nullptr;
}

std::shared_ptr<Layer> Model::AsLayer(bool training) const {
  const absl::Status& built = status();
  std::shared_ptr<Layer>& as_layer = rep_->as_layer[training];
  if (as_layer == nullptr) {
    const bool is_sequential = !rep_->stack.empty();
    const std::string type = is_sequential ? "Sequential" : "Functional";
    const bool is_named = name() != (is_sequential ? "sequential" : "model");
    as_layer = std::make_shared<ModelLayer>(type, is_named ? name() : "", *rep_->network, built, training);
  }
  return as_layer;
}

std::vector<KerasTensor> Model::operator()(const std::vector<KerasTensor>& inputs,
                                           const ModelCallOptions& options) const {
  return LayerRef(AsLayer(options.training)).Outputs(inputs);
}

Model::operator LayerRef() const { return LayerRef(AsLayer(/*training=*/true)); }

void Model::set_trainable(bool trainable) {
  for (const auto& layer : layers()) layer->set_trainable(trainable);
}

std::vector<KerasTensor> Model::input_tensors() const {
  std::vector<KerasTensor> tensors;
  if (!status().ok()) return tensors;
  for (const KerasNode* input : rep_->network->input_nodes()) {
    for (const auto& node : rep_->network->nodes()) {
      if (node.get() == input) tensors.emplace_back(node);
    }
  }
  return tensors;
}

KerasTensor Model::OutputOf(absl::string_view layer) const {
  auto failed = std::make_shared<KerasNode>();
  failed->status = status();
  if (!failed->status.ok()) return KerasTensor(failed);
  for (const auto& node : rep_->network->nodes()) {
    if (node->layer->name() == layer) return KerasTensor(node);
  }
  failed->status = absl::NotFoundError(absl::StrCat("model \"", name(), "\" has no layer \"", layer, "\""));
  return KerasTensor(failed);
}

int64_t Model::CountParams() const {
  int64_t count = 0;
  if (!status().ok()) return 0;
  for (const Weight* weight : rep_->network->weights()) count += NumElements(weight->shape);
  return count;
}

std::string Model::Summary() const {
  if (!status().ok()) return absl::StrCat("Model \"", name(), "\": ", status().message(), "\n");
  std::string table = absl::StrFormat("Model: \"%s\"\n%s\n%-32s %-26s %s\n%s\n", name(), std::string(72, '_'),
                                      " Layer (type)", "Output Shape", "Param #", std::string(72, '='));
  int64_t trainable = 0, fixed = 0;
  for (const auto& node : rep_->network->nodes()) {
    int64_t count = 0;
    for (const Weight* weight : node->layer->AllWeights()) {
      const int64_t n = NumElements(weight->shape);
      count += n;
      (weight->trainable() ? trainable : fixed) += n;
    }
    absl::StrAppendFormat(&table, " %-31s %-26s %d\n",
                          absl::StrCat(node->layer->name(), " (", node->layer->type(), ")"), ShapeString(node->shape),
                          count);
  }
  absl::StrAppendFormat(&table, "%s\nTotal params: %d\nTrainable params: %d\nNon-trainable params: %d\n%s\n",
                        std::string(72, '='), trainable + fixed, trainable, fixed, std::string(72, '_'));
  return table;
}

absl::StatusOr<std::map<std::string, Tensor>> Model::GetWeights() const {
  RETURN_IF_ERROR(Prepare());
  ASSIGN_OR_RETURN(auto values, rep_->program->GetVariables());
  std::map<std::string, Tensor> weights;
  for (const Weight* weight : rep_->network->weights()) {
    weights[weight->full_name()] = std::move(values[weight->full_name()]);
  }
  return weights;
}

absl::Status Model::SetWeights(const std::map<std::string, Tensor>& weights) {
  RETURN_IF_ERROR(Prepare());
  for (const auto& [name, value] : weights) {
    const auto all = rep_->network->weights();
    if (std::any_of(all.begin(), all.end(), [&](const Weight* w) { return w->full_name() == name; })) continue;
    return absl::InvalidArgumentError(absl::StrCat("the model has no weight \"", name, "\""));
  }
  rep_->ClaimWeights();
  return rep_->program->SetVariables(weights);
}

absl::StatusOr<std::map<std::string, Tensor>> Model::GetState() const {
  RETURN_IF_ERROR(Prepare());
  return rep_->program->GetVariables();
}

absl::Status Model::SetState(const std::map<std::string, Tensor>& state, int64_t iterations) {
  RETURN_IF_ERROR(Prepare());
  const auto weights = rep_->network->weights();
  for (const Weight* weight : weights) {
    if (state.count(weight->full_name()) > 0) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("this is the state of another model: it has no \"", weight->full_name(), "\""));
  }
  for (const auto& [name, value] : state) {
    if (absl::StartsWith(name, kOptimizerPrefix) ||
        std::any_of(weights.begin(), weights.end(), [&](const Weight* w) { return w->full_name() == name; }))
      continue;
    return absl::InvalidArgumentError(
        absl::StrCat("this is the state of another model: it has \"", name, "\", this one has not"));
  }
  rep_->ClaimWeights();
  RETURN_IF_ERROR(rep_->program->SetVariables(state));
  if (iterations > 0) rep_->program->ExpectSlots();
  rep_->iterations = iterations;
  return absl::OkStatus();
}

int64_t Model::iterations() const { return rep_->iterations; }
double Model::learning_rate() const { return rep_->LearningRateAt(rep_->iterations); }
std::optional<double> Model::learning_rate_override() const { return rep_->learning_rate; }
bool Model::has_learning_rate_schedule() const {
  return rep_->config.optimizer != nullptr && rep_->config.optimizer->common().learning_rate.is_schedule();
}
std::string Model::optimizer_name() const {
  return rep_->config.optimizer == nullptr ? "" : rep_->config.optimizer->name();
}
void Model::SetLearningRate(double learning_rate) { rep_->learning_rate = learning_rate; }

double Model::Rep::LearningRateAt(int64_t step) const {
  if (learning_rate) return *learning_rate;
  return config.optimizer == nullptr ? 0 : config.optimizer->common().learning_rate.At(step);
}

}  // namespace tfxm::nn
