// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/internal/program.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/compute/pass.h"
#include "tfxm/nn/internal/feed.h"
#include "tfxm/nn/internal/step_builder.h"
#include "tfxm/nn/internal/towers.h"
#include "tfxm/nn/internal/watch/finite.h"
#include "tfxm/nn/internal/watch/index_range.h"
#include "tfxm/ops/internal/graph_access.h"
#include "tfxm/ops/internal/session_access.h"
#include "tfxm/ops/ops.h"
#include "tfxm/ops/session.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {
namespace {

namespace tf = ::tensorflow;

// A step that is built, with the tensors that are fed.
struct Step {
  StepGraph graph;
  std::vector<LabelSpec> labels, weights;
  int num_towers = 1;
  std::unique_ptr<ops::Function> function;
  std::unique_ptr<ops::Function> accumulate, use_averages;  // Where the optimizer has such steps.
  std::vector<tf::Tensor> feeds, fetches;                   // Used again at each step.
};

// Of labels or weights of an output. Where the output's length is unknown, theirs may be another one in each batch.
LabelSpec LabelSpecOf(const tf::Tensor& labels, const Shape& output) {
  LabelSpec spec{static_cast<DataType>(labels.dtype()), {}};
  for (int i = 0; i < labels.dims(); ++i) {
    const bool varies = i == 0 || (i < static_cast<int>(output.size()) && output[i] < 0);
    spec.shape.push_back(varies ? -1 : labels.dim_size(i));
  }
  return spec;
}

bool Same(const std::vector<LabelSpec>& a, const std::vector<LabelSpec>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const LabelSpec& x, const LabelSpec& y) { return x.dtype == y.dtype && x.shape == y.shape; });
}

Tensor Filled(const Shape& shape, double value) {
  Tensor tensor(DataType::kFloat, shape);
  std::ranges::fill(tensor.values<float>(), static_cast<float>(value));
  return tensor;
}

// Those of all programs differ.
int64_t NextVersion() {
  static std::atomic<int64_t> last = 0;
  return ++last;
}

}  // namespace

struct Program::Rep {
  const Network* network = nullptr;
  StepConfig config;
  ops::Graph graph;
  std::unique_ptr<ops::Session> session;
  std::vector<std::unique_ptr<Step>> steps[3];
  // How a variable is set and read.
  struct Variable {
    ops::Tensor handle, value, read;
    ops::Node assign;
  };
  std::map<std::string, Variable> variables;
  std::map<std::string, Tensor> waiting;
  bool expects_slots = false;
  std::unique_ptr<ops::Function> read_all, read_weights;

  absl::Status AddVariables(const std::map<std::string, Tensor>& initial);
  absl::Status Assign(const std::map<std::string, Tensor>& values);
  absl::Status CheckSlots(const std::map<std::string, Tensor>& slots) const;
  absl::StatusOr<Step*> GetStep(StepMode mode, const Feed& feed);
  absl::Status Run(Step& step, const ops::Function& function);
  void Count(const Step& step, const Feed& feed, Totals* totals);
};

Program::Program(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
Program::~Program() = default;

absl::StatusOr<std::unique_ptr<Program>> Program::Create(const Network* network, StepConfig config,
                                                         std::map<std::string, Tensor> values) {
  auto rep = std::make_unique<Rep>();
  rep->network = network;
  rep->config = std::move(config);
  // A large model as a whole has two gradients at a time to compute, of a layer's input and of its weights.
  // Results do not depend on how many nodes run at the same time.
  const int parallel = std::min(compute::NumThreads(), rep->config.num_towers > 1    ? rep->config.num_towers
                                                       : rep->config.num_threads > 1 ? 2
                                                                                     : 1);
  ASSIGN_OR_RETURN(rep->session, ops::Session::Create(rep->graph, {.num_threads = rep->config.num_threads,
                                                                   .num_parallel_nodes = parallel}));
  RETURN_IF_ERROR(rep->AddVariables(values));
  return std::unique_ptr<Program>(new Program(std::move(rep)));
}

absl::Status Program::Rep::AddVariables(const std::map<std::string, Tensor>& initial) {
  for (const auto& [name, value] : initial) {
    Variable& variable = variables[name];
    if (variable.handle.valid()) continue;
    const ops::NameScope scope(graph, absl::StrCat("initialize/", name));
    variable.handle = ops::VarHandle(graph, name, value.dtype(), value.shape());
    variable.value = ops::Placeholder(graph, value.dtype(), value.shape(), "value");
    variable.assign = ops::AssignVariable(variable.handle, variable.value);
    variable.read = ops::ReadVariable(variable.handle);
  }
  read_all.reset();
  RETURN_IF_ERROR(session->Extend(graph));
  std::map<std::string, Tensor> values = initial;
  for (auto& [name, value] : values) {
    if (const auto found = waiting.find(name); found != waiting.end()) {
      value = found->second;
      waiting.erase(found);
    }
  }
  return Assign(values);
}

absl::Status Program::Rep::Assign(const std::map<std::string, Tensor>& values) {
  std::vector<ops::Tensor> feeds;
  std::vector<ops::Node> targets;
  std::vector<Tensor> fed;
  for (const auto& [name, value] : values) {
    const auto found = variables.find(name);
    if (found == variables.end()) {
      waiting[name] = value;
      continue;
    }
    const ops::Tensor& placeholder = found->second.value;
    if (value.dtype() != placeholder.dtype() || value.shape() != placeholder.shape()) {
      return absl::InvalidArgumentError(absl::StrCat("variable \"", name, "\" is ", DataTypeName(placeholder.dtype()),
                                                     ShapeString(placeholder.shape()), ", got ",
                                                     DataTypeName(value.dtype()), ShapeString(value.shape())));
    }
    feeds.push_back(placeholder);
    targets.push_back(found->second.assign);
    fed.push_back(value);
  }
  if (feeds.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const auto assign, session->MakeFunction(feeds, {}, targets));
  return assign->Run(fed).status();
}

absl::Status Program::SetVariables(const std::map<std::string, Tensor>& values) {
  version_ = NextVersion();
  return rep_->Assign(values);
}

absl::StatusOr<std::map<std::string, Tensor>> Program::GetVariables() const {
  std::map<std::string, Tensor> values = rep_->waiting;
  if (rep_->variables.empty()) return values;
  if (rep_->read_all == nullptr) {
    std::vector<ops::Tensor> reads;
    for (const auto& [name, variable] : rep_->variables) reads.push_back(variable.read);
    ASSIGN_OR_RETURN(rep_->read_all, rep_->session->MakeFunction({}, reads));
  }
  ASSIGN_OR_RETURN(std::vector<Tensor> tensors, rep_->read_all->Run({}));
  size_t i = 0;
  for (const auto& [name, variable] : rep_->variables) values[name] = std::move(tensors[i++]);
  return values;
}

absl::StatusOr<std::vector<std::string>> Program::NotFiniteWeights() {
  const auto weights = rep_->network->weights();
  std::vector<std::string> names;
  if (weights.empty()) return names;
  if (rep_->read_weights == nullptr) {
    std::vector<ops::Tensor> reads;
    for (const Weight* weight : weights) reads.push_back(rep_->variables.at(weight->full_name()).read);
    ASSIGN_OR_RETURN(rep_->read_weights, rep_->session->MakeFunction({}, reads));
  }
  std::vector<tf::Tensor> values;
  RETURN_IF_ERROR(rep_->read_weights->rep()->Run({}, &values));
  for (size_t i = 0; i < weights.size(); ++i) {
    if (values[i].dtype() != tf::DT_FLOAT) continue;
    const auto flat = values[i].flat<float>();
    if (FirstNotFinite({flat.data(), static_cast<size_t>(flat.size())}) >= 0) names.push_back(weights[i]->full_name());
  }
  return names;
}

void Program::ExpectSlots() { rep_->expects_slots = true; }

absl::Status Program::Rep::CheckSlots(const std::map<std::string, Tensor>& slots) const {
  const auto other = [&](absl::string_view name, absl::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("the training's state is of another optimizer, or of one with other ", "options than this ",
                     config.optimizer->name(), ": ", what, " \"", name, "\""));
  };
  for (const auto& [name, value] : slots) {
    if (waiting.count(name) == 0) return other(name, "it has no");
  }
  for (const auto& [name, value] : waiting) {
    if (slots.count(name) == 0) return other(name, "there is no place for its");
  }
  return absl::OkStatus();
}

absl::StatusOr<Step*> Program::Rep::GetStep(StepMode mode, const Feed& feed) {
  std::vector<LabelSpec> labels, weights;
  if (mode != StepMode::kPredict) {
    std::vector<Shape> outputs;
    for (size_t i = 0; i < config.losses.size(); ++i) {
      if (!config.losses[i].empty()) outputs.push_back(network->outputs()[i].shape);
    }
    for (size_t i = 0; i < feed.labels.size(); ++i) labels.push_back(LabelSpecOf(feed.labels[i], outputs[i]));
    for (size_t i = 0; i < feed.weights.size(); ++i) weights.push_back(LabelSpecOf(feed.weights[i], outputs[i]));
  }
  int num_towers = mode == StepMode::kTrain ? config.num_towers : 1;
  if (feed.num_examples < kMinExamplesPerTower * num_towers) num_towers = 1;
  auto& known = steps[static_cast<int>(mode)];
  for (const auto& step : known) {
    if (step->num_towers == num_towers && Same(step->labels, labels) && Same(step->weights, weights)) return step.get();
  }
  // Layers may have become trainable since the model was compiled.
  if (num_towers > 1 && !CheckTowers(*network).ok()) {
    config.num_towers = 1;
    return GetStep(mode, feed);
  }
  // First where it does no harm: what has failed once stays in a graph.
  if (mode != StepMode::kPredict) RETURN_IF_ERROR(CheckLosses(*network, config, labels, weights));
  auto step = std::make_unique<Step>();
  step->num_towers = num_towers;
  step->labels = labels;
  step->weights = weights;
  ASSIGN_OR_RETURN(step->graph, BuildStep(graph, *network, config, mode, labels, weights, num_towers));
  std::map<std::string, Tensor> slots;
  for (const StepGraph::Slot& slot : step->graph.slots) {
    if (variables.count(slot.name) == 0) slots[slot.name] = Filled(slot.shape, slot.initial_value);
  }
  if (mode == StepMode::kTrain && std::exchange(expects_slots, false)) RETURN_IF_ERROR(CheckSlots(slots));
  RETURN_IF_ERROR(AddVariables(slots));
  const StepGraph& g = step->graph;
  std::vector<ops::Tensor> feeds = g.inputs, fetches;
  feeds.insert(feeds.end(), g.labels.begin(), g.labels.end());
  feeds.insert(feeds.end(), g.weights.begin(), g.weights.end());
  if (g.random_counter.valid()) feeds.push_back(g.random_counter);
  feeds.insert(feeds.end(), g.scalars.begin(), g.scalars.end());
  for (const StepGraph::Log& log : g.logs) fetches.insert(fetches.end(), log.updates.begin(), log.updates.end());
  if (mode == StepMode::kPredict) fetches = g.outputs;
  ASSIGN_OR_RETURN(step->function, session->MakeFunction(feeds, fetches, g.targets));
  if (mode == StepMode::kTrain && config.optimizer->Accumulated() > 1) {
    ASSIGN_OR_RETURN(step->accumulate, session->MakeFunction(feeds, fetches, g.accumulate_targets));
  }
  if (num_towers > 1) {
    // The towers are the threads, so that sums within an operation do not depend on a number of them.
    for (const auto& function : {&step->function, &step->accumulate})
      if (*function != nullptr) (*function)->rep()->threads = {};
  }
  if (!g.average_targets.empty()) {
    ASSIGN_OR_RETURN(step->use_averages, session->MakeFunction({}, {}, g.average_targets));
  }
  known.push_back(std::move(step));
  return known.back().get();
}

absl::Status Program::Rep::Run(Step& step, const ops::Function& function) {
  // The tensors of before are let go first, so that their memory can be used again.
  step.fetches.clear();
  const absl::Status status = function.rep()->Run(step.feeds, &step.fetches);
  step.feeds.clear();
  return ExplainIndexError(status, *network);
}

void Program::Rep::Count(const Step& step, const Feed& feed, Totals* totals) {
  if (totals->entries_.empty()) {
    for (const StepGraph::Log& log : step.graph.logs) {
      totals->entries_.push_back({log.name, log.metric, std::vector<std::vector<double>>(log.updates.size())});
    }
  }
  const double n = static_cast<double>(feed.num_examples);
  size_t next = 0;
  for (Totals::Entry& entry : totals->entries_) {
    for (std::vector<double>& sums : entry.state) {
      const auto values = step.fetches[next++].flat<float>();
      sums.resize(values.size());
      const double times = &entry == &totals->entries_[0] ? n : 1;
      for (int64_t i = 0; i < values.size(); ++i) sums[i] += values(i) * times;
    }
  }
  totals->num_examples_ += n;
  ++totals->num_batches_;
  totals->last_loss_ = step.fetches[0].flat<float>()(0);
  if (!totals->to_restore_.empty()) totals->Restore(std::exchange(totals->to_restore_, {}));
}

absl::Status Program::TrainStep(const Feed& feed, int64_t step_number, double learning_rate, Totals* totals) {
  if (rep_->config.optimizer == nullptr) return absl::FailedPreconditionError("the model was not compiled");
  RETURN_IF_ERROR(Annotate(CheckLearningRate(learning_rate), absl::StrCat("training step ", step_number)));
  version_ = NextVersion();
  ASSIGN_OR_RETURN(Step* const step, rep_->GetStep(StepMode::kTrain, feed));
  step->feeds.assign(feed.inputs.begin(), feed.inputs.end());
  step->feeds.insert(step->feeds.end(), feed.labels.begin(), feed.labels.end());
  step->feeds.insert(step->feeds.end(), feed.weights.begin(), feed.weights.end());
  tf::Tensor counter(tf::DT_UINT64, tf::TensorShape({2}));
  counter.vec<uint64_t>()(0) = 0;
  counter.vec<uint64_t>()(1) = static_cast<uint64_t>(step_number);
  step->feeds.push_back(std::move(counter));
  for (const auto& [name, value] : rep_->config.optimizer->AllScalarsAt(step_number, learning_rate)) {
    // Not Tensor(value): its buffer is aligned as this file was compiled, which is less than TensorFlow was.
    tf::Tensor scalar(tf::DT_FLOAT, tf::TensorShape({}));
    scalar.scalar<float>()() = static_cast<float>(value);
    step->feeds.push_back(std::move(scalar));
  }
  const OptimizerBase& optimizer = *rep_->config.optimizer;
  const ops::Function& function = optimizer.Updates(step_number) ? *step->function : *step->accumulate;
  RETURN_IF_ERROR(Annotate(rep_->Run(*step, function), absl::StrCat("training step ", step_number)));
  rep_->Count(*step, feed, totals);
  const int frequency = optimizer.common().ema_overwrite_frequency;
  const bool overwrites = frequency > 0 && (optimizer.UpdateOf(step_number) + 1) % frequency == 0;
  return overwrites && step->use_averages != nullptr ? step->use_averages->Run({}).status() : absl::OkStatus();
}

absl::Status Program::UseAverages() {
  const auto& trained = rep_->steps[static_cast<int>(StepMode::kTrain)];
  if (trained.empty() || trained.back()->use_averages == nullptr) return absl::OkStatus();
  version_ = NextVersion();
  return trained.back()->use_averages->Run({}).status();
}

absl::Status Program::PrepareTestStep(const Feed& feed) { return rep_->GetStep(StepMode::kTest, feed).status(); }

absl::Status Program::TestStep(const Feed& feed, Totals* totals) {
  ASSIGN_OR_RETURN(Step* const step, rep_->GetStep(StepMode::kTest, feed));
  step->feeds.assign(feed.inputs.begin(), feed.inputs.end());
  step->feeds.insert(step->feeds.end(), feed.labels.begin(), feed.labels.end());
  step->feeds.insert(step->feeds.end(), feed.weights.begin(), feed.weights.end());
  RETURN_IF_ERROR(Annotate(rep_->Run(*step, *step->function), "evaluation"));
  rep_->Count(*step, feed, totals);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Tensor>> Program::PredictStep(const Feed& feed) {
  ASSIGN_OR_RETURN(Step* const step, rep_->GetStep(StepMode::kPredict, feed));
  step->feeds.assign(feed.inputs.begin(), feed.inputs.end());
  RETURN_IF_ERROR(Annotate(rep_->Run(*step, *step->function), "prediction"));
  std::vector<Tensor> outputs;
  for (const tf::Tensor& output : step->fetches) {
    ASSIGN_OR_RETURN(Tensor copy, ops::internal::FromTf(output));
    outputs.push_back(std::move(copy));
  }
  return outputs;
}

Logs Totals::Values() const {
  Logs logs;
  for (const Entry& entry : entries_) {
    const double count = &entry == &entries_[0] ? num_examples_ : static_cast<double>(num_batches_);
    const double value = entry.metric ? entry.metric->Value(entry.state) : count == 0 ? 0 : entry.state[0][0] / count;
    // Processors make a nan with a sign, which would be printed as "-nan".
    logs.emplace_back(entry.name, std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value);
  }
  return logs;
}

std::vector<double> Totals::Save() const {
  std::vector<double> saved = {num_examples_, static_cast<double>(num_batches_)};
  for (const Entry& entry : entries_) {
    for (const auto& sums : entry.state) saved.insert(saved.end(), sums.begin(), sums.end());
  }
  return saved;
}

// Adds what was saved; before the first batch there is nothing yet that it could be added to, so it waits.
void Totals::Restore(const std::vector<double>& saved) {
  if (entries_.empty()) {
    to_restore_ = saved;
    return;
  }
  size_t next = 2;
  for (Entry& entry : entries_) {
    for (auto& sums : entry.state) {
      for (double& sum : sums) sum += next < saved.size() ? saved[next] : 0, ++next;
    }
  }
  num_examples_ += saved.empty() ? 0 : saved[0];
  num_batches_ += saved.size() < 2 ? 0 : static_cast<int64_t>(saved[1]);
}

}  // namespace tfxm::nn
