// SPDX-License-Identifier: Apache-2.0

// Optimizers and learning rate schedules with Keras's names, arguments, defaults and update rules.
//
//   model.Compile({.optimizer = optimizers::RMSprop({.learning_rate = 0.0015}), …});
//   optimizers::Adam({.learning_rate = schedules::ExponentialDecay({.initial_learning_rate = 0.01, .decay_steps = 1000,
//                                                                   .decay_rate = 0.9})});
//
// All take: weight_decay (decoupled: a weight loses learning_rate * weight_decay of itself before the update; not those
// with one of exclude_from_weight_decay in their name: {"bias", "gamma", "beta"}), clipnorm (each gradient's norm),
// clipvalue (each element), global_clipnorm (the norm of all gradients together); 0 means off.
// use_ema: Fit ends with an average of the weights in their place: average = ema_momentum * average + (1 -
// ema_momentum)
// * weight after each step. With ema_overwrite_frequency they are put there every so many updates, too.
// gradient_accumulation_steps: an update every so many steps, with the mean of their gradients: a large batch in little
// memory.
#ifndef TFXM_NN_OPTIMIZERS_OPTIMIZERS_H_
#define TFXM_NN_OPTIMIZERS_OPTIMIZERS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/nn/layer.h"
#include "tfxm/ops/graph.h"

namespace tfxm::nn {

// A number, or a function of the step (0 for the first). Never negative, NaN or infinite: Compile refuses such a number,
// the step whose rate it would be that of a schedule or a callback.
class LearningRate {
 public:
  LearningRate(double value) : value_(value) {}
  LearningRate(std::function<double(int64_t step)> schedule) : schedule_(std::move(schedule)) {}
  double At(int64_t step) const { return schedule_ == nullptr ? value_ : schedule_(step); }
  bool is_schedule() const { return schedule_ != nullptr; }

 private:
  double value_ = 0;
  std::function<double(int64_t)> schedule_;
};

namespace schedules {

struct ExponentialDecayOptions {
  double initial_learning_rate = 0.001;
  int64_t decay_steps = 1000;
  double decay_rate = 0.96;
  bool staircase = false;
};
// initial * rate ^ (step / decay_steps)
LearningRate ExponentialDecay(ExponentialDecayOptions options);
// initial / (1 + rate * step / decay_steps)
LearningRate InverseTimeDecay(ExponentialDecayOptions options);
struct PolynomialDecayOptions {
  double initial_learning_rate = 0.001;
  int64_t decay_steps = 1000;
  double end_learning_rate = 0.0001;
  double power = 1;
  bool cycle = false;
};
LearningRate PolynomialDecay(PolynomialDecayOptions options);
struct CosineDecayOptions {
  double initial_learning_rate = 0.001;
  int64_t decay_steps = 1000;
  double alpha = 0;          // The part of the rate that is left at the end.
  double warmup_target = 0;  // With warmup_steps: rises linearly from initial_learning_rate to this first.
  int64_t warmup_steps = 0;
};
LearningRate CosineDecay(CosineDecayOptions options);
// values[i] up to and including step boundaries[i]; one value more than boundaries.
LearningRate PiecewiseConstantDecay(std::vector<int64_t> boundaries, std::vector<double> values);
// Linear from 0 over the first steps, then `then` as if it began at its step 0.
LearningRate LinearWarmup(int64_t warmup_steps, double target, LearningRate then);

}  // namespace schedules

// What an optimizer builds one weight's update with.
class UpdateContext {
 public:
  virtual ~UpdateContext() = default;
  // The scalar that the optimizer's Scalars() gives at each step under this name.
  virtual ops::Tensor Scalar(absl::string_view name) = 0;
  // A variable of the optimizer for the weight, of its shape, starting with `initial_value`: its handle.
  virtual ops::Tensor Slot(absl::string_view name, double initial_value = 0) = 0;
};

// INVALID_ARGUMENT for one that is negative, NaN or infinite (as float).
absl::Status CheckLearningRate(double rate);

class OptimizerBase {
 public:
  struct Common {
    LearningRate learning_rate = 0.001;
    double weight_decay = 0;
    double clipnorm = 0;
    double clipvalue = 0;
    double global_clipnorm = 0;
    std::vector<std::string> exclude_from_weight_decay;
    bool use_ema = false;
    double ema_momentum = 0.99;
    int ema_overwrite_frequency = 0;
    int gradient_accumulation_steps = 0;
    // All options by name, as text: two optimizers of one name with the same ones are the same. Of one of your own, its
    // own too.
    std::map<std::string, std::string> options;
  };
  OptimizerBase(std::string name, Common common) : name_(std::move(name)), common_(std::move(common)) {}
  virtual ~OptimizerBase() = default;
  const std::string& name() const { return name_; }
  const Common& common() const { return common_; }

  using Scalars = std::vector<std::pair<std::string, double>>;
  // What changes from step to step, the same names each time; step 0 is the first.
  virtual Scalars ScalarsAt(int64_t step, double learning_rate) const { return {{"learning_rate", learning_rate}}; }
  // Those of the update that step `step` belongs to, and of the moving average.
  Scalars AllScalarsAt(int64_t step, double learning_rate) const;
  // Which update a step belongs to; whether it ends with it.
  int64_t UpdateOf(int64_t step) const { return step / Accumulated(); }
  bool Updates(int64_t step) const { return (step + 1) % Accumulated() == 0; }
  int64_t Accumulated() const {
    return common_.gradient_accumulation_steps > 1 ? common_.gradient_accumulation_steps : 1;
  }
  // Adds the nodes that update the variable behind `handle`; the last of them is returned.
  virtual ops::Node Update(UpdateContext& context, const ops::Tensor& handle, const ops::Tensor& gradient) const = 0;

 private:
  const std::string name_;
  const Common common_;
};

// By Keras's name with its defaults ("rmsprop", "adam", "sgd", …), or one of those below. Cheap to copy.
class Optimizer {
 public:
  Optimizer(const char* name = "rmsprop") : name_(name) {}
  Optimizer(std::string name) : name_(std::move(name)) {}
  Optimizer(std::shared_ptr<const OptimizerBase> optimizer) : optimizer_(std::move(optimizer)) {}
  absl::StatusOr<std::shared_ptr<const OptimizerBase>> Get() const;

 private:
  std::string name_;
  std::shared_ptr<const OptimizerBase> optimizer_;
};

namespace optimizers {

struct SGDOptions {
  LearningRate learning_rate = 0.01;
  double momentum = 0;
  bool nesterov = false;
  double weight_decay = 0;
  double clipnorm = 0, clipvalue = 0, global_clipnorm = 0;
  std::vector<std::string> exclude_from_weight_decay;
  bool use_ema = false;
  double ema_momentum = 0.99;
  int ema_overwrite_frequency = 0;
  int gradient_accumulation_steps = 0;
};
Optimizer SGD(SGDOptions options = {});

struct RMSpropOptions {
  LearningRate learning_rate = 0.001;
  double rho = 0.9;
  double momentum = 0;
  double epsilon = 1e-7;
  bool centered = false;
  double weight_decay = 0;
  double clipnorm = 0, clipvalue = 0, global_clipnorm = 0;
  std::vector<std::string> exclude_from_weight_decay;
  bool use_ema = false;
  double ema_momentum = 0.99;
  int ema_overwrite_frequency = 0;
  int gradient_accumulation_steps = 0;
};
Optimizer RMSprop(RMSpropOptions options = {});

struct AdagradOptions {
  LearningRate learning_rate = 0.001;
  double initial_accumulator_value = 0.1;
  double epsilon = 1e-7;
  double weight_decay = 0;
  double clipnorm = 0, clipvalue = 0, global_clipnorm = 0;
  std::vector<std::string> exclude_from_weight_decay;
  bool use_ema = false;
  double ema_momentum = 0.99;
  int ema_overwrite_frequency = 0;
  int gradient_accumulation_steps = 0;
};
Optimizer Adagrad(AdagradOptions options = {});

struct AdamOptions {
  LearningRate learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;
  bool amsgrad = false;
  std::optional<double> weight_decay;  // None: 0, of AdamW 0.004.
  double clipnorm = 0, clipvalue = 0, global_clipnorm = 0;
  std::vector<std::string> exclude_from_weight_decay;
  bool use_ema = false;
  double ema_momentum = 0.99;
  int ema_overwrite_frequency = 0;
  int gradient_accumulation_steps = 0;
};
Optimizer Adam(AdamOptions options = {});
// Adam with a weight decay of 0.004 unless another is given.
Optimizer AdamW(AdamOptions options = {});
Optimizer Nadam(AdamOptions options = {});
// Adam with the largest gradient in the place of their mean square.
struct AdamaxOptions {
  LearningRate learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;
  double weight_decay = 0;
  double clipnorm = 0, clipvalue = 0, global_clipnorm = 0;
  std::vector<std::string> exclude_from_weight_decay;
  bool use_ema = false;
  double ema_momentum = 0.99;
  int ema_overwrite_frequency = 0;
  int gradient_accumulation_steps = 0;
};
Optimizer Adamax(AdamaxOptions options = {});

struct AdadeltaOptions {
  LearningRate learning_rate = 0.001;
  double rho = 0.95;
  double epsilon = 1e-7;
  double weight_decay = 0;
  double clipnorm = 0, clipvalue = 0, global_clipnorm = 0;
  std::vector<std::string> exclude_from_weight_decay;
  bool use_ema = false;
  double ema_momentum = 0.99;
  int ema_overwrite_frequency = 0;
  int gradient_accumulation_steps = 0;
};
Optimizer Adadelta(AdadeltaOptions options = {});

// Steps of the learning rate's size, in the direction of the sign of a mean of gradients.
struct LionOptions {
  LearningRate learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.99;
  double weight_decay = 0;
  double clipnorm = 0, clipvalue = 0, global_clipnorm = 0;
  std::vector<std::string> exclude_from_weight_decay;
  bool use_ema = false;
  double ema_momentum = 0.99;
  int ema_overwrite_frequency = 0;
  int gradient_accumulation_steps = 0;
};
Optimizer Lion(LionOptions options = {});

// For wide and sparse linear models: with l1_regularization_strength most weights are 0. In the place of weight_decay
// it has strengths of its own.
struct FtrlOptions {
  LearningRate learning_rate = 0.001;
  double learning_rate_power = -0.5;
  double initial_accumulator_value = 0.1;
  double l1_regularization_strength = 0;
  double l2_regularization_strength = 0;
  double l2_shrinkage_regularization_strength = 0;
  double beta = 0;
  double clipnorm = 0, clipvalue = 0, global_clipnorm = 0;
  bool use_ema = false;
  double ema_momentum = 0.99;
  int ema_overwrite_frequency = 0;
  int gradient_accumulation_steps = 0;
};
Optimizer Ftrl(FtrlOptions options = {});

}  // namespace optimizers
}  // namespace tfxm::nn

#endif  // TFXM_NN_OPTIMIZERS_OPTIMIZERS_H_
