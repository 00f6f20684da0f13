// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/optimizers/optimizers.h"

#include <cmath>
#include <map>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/ops/ops.h"
#include "tfxm/util/registry.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {
namespace {

using ops::Tensor;

// A schedule is told by its values at some steps.
std::string TextOf(const LearningRate& rate) {
  if (!rate.is_schedule()) return absl::StrCat(rate.At(0));
  std::string text = "a schedule (";
  for (const int64_t step : {0, 1, 10, 100, 1000, 10000, 100000, 1000000})
    absl::StrAppend(&text, step == 0 ? "" : ", ", rate.At(step));
  return text + ", … at steps 0, 1, 10, 100, …)";
}

template <typename Options>
std::map<std::string, std::string> OptionsByName(const Options& o) {
  std::map<std::string, std::string> options = {
      {"learning_rate", TextOf(o.learning_rate)},
      {"clipnorm", absl::StrCat(o.clipnorm)},
      {"clipvalue", absl::StrCat(o.clipvalue)},
      {"global_clipnorm", absl::StrCat(o.global_clipnorm)},
      {"use_ema", absl::StrCat(o.use_ema)},
      {"ema_momentum", absl::StrCat(o.ema_momentum)},
      {"ema_overwrite_frequency", absl::StrCat(o.ema_overwrite_frequency)},
      {"gradient_accumulation_steps", absl::StrCat(o.gradient_accumulation_steps)}};
  if constexpr (requires { o.exclude_from_weight_decay; })
    options["exclude_from_weight_decay"] = absl::StrJoin(o.exclude_from_weight_decay, ", ");
  if constexpr (requires { o.momentum; }) options["momentum"] = absl::StrCat(o.momentum);
  if constexpr (requires { o.nesterov; }) options["nesterov"] = absl::StrCat(o.nesterov);
  if constexpr (requires { o.rho; }) options["rho"] = absl::StrCat(o.rho);
  if constexpr (requires { o.epsilon; }) options["epsilon"] = absl::StrCat(o.epsilon);
  if constexpr (requires { o.centered; }) options["centered"] = absl::StrCat(o.centered);
  if constexpr (requires { o.beta_1; }) options["beta_1"] = absl::StrCat(o.beta_1);
  if constexpr (requires { o.beta_2; }) options["beta_2"] = absl::StrCat(o.beta_2);
  if constexpr (requires { o.amsgrad; }) options["amsgrad"] = absl::StrCat(o.amsgrad);
  if constexpr (requires { o.initial_accumulator_value; })
    options["initial_accumulator_value"] = absl::StrCat(o.initial_accumulator_value);
  if constexpr (requires { o.learning_rate_power; }) {
    options["learning_rate_power"] = absl::StrCat(o.learning_rate_power);
    options["l1_regularization_strength"] = absl::StrCat(o.l1_regularization_strength);
    options["l2_regularization_strength"] = absl::StrCat(o.l2_regularization_strength);
    options["l2_shrinkage_regularization_strength"] = absl::StrCat(o.l2_shrinkage_regularization_strength);
    options["beta"] = absl::StrCat(o.beta);
  }
  return options;
}

template <typename Options>
OptimizerBase::Common CommonOf(const Options& options) {
  OptimizerBase::Common common;
  common.learning_rate = options.learning_rate;
  common.clipnorm = options.clipnorm;
  common.clipvalue = options.clipvalue;
  common.global_clipnorm = options.global_clipnorm;
  common.use_ema = options.use_ema;
  common.ema_momentum = options.ema_momentum;
  common.ema_overwrite_frequency = options.ema_overwrite_frequency;
  common.gradient_accumulation_steps = options.gradient_accumulation_steps;
  if constexpr (!std::is_same_v<Options, optimizers::FtrlOptions>) {
    if constexpr (std::is_same_v<Options, optimizers::AdamOptions>) {
      common.weight_decay = options.weight_decay.value_or(0);
    } else {
      common.weight_decay = options.weight_decay;
    }
    common.exclude_from_weight_decay = options.exclude_from_weight_decay;
  }
  common.options = OptionsByName(options);
  common.options["weight_decay"] = absl::StrCat(common.weight_decay);
  return common;
}

// variable -= delta, after everything in `delta`.
ops::Node Subtract(const Tensor& handle, const Tensor& delta) {
  return ops::Op("AssignSubVariableOp", {handle, delta});
}

// The same, the last of several assignments.
ops::Node SubtractAfter(const Tensor& handle, const Tensor& delta, const std::vector<ops::Node>& assignments) {
  const ops::Node update = Subtract(handle, delta);
  for (const ops::Node& assignment : assignments) handle.graph()->AddControlDependency(assignment, update);
  return update;
}

class SgdOptimizer : public OptimizerBase {
 public:
  explicit SgdOptimizer(optimizers::SGDOptions options) : OptimizerBase("SGD", CommonOf(options)), options_(options) {}
  ops::Node Update(UpdateContext& context, const Tensor& handle, const Tensor& gradient) const override {
    const Tensor rate = context.Scalar("learning_rate");
    if (options_.momentum == 0) return ops::Op("ResourceApplyGradientDescent", {handle, rate, gradient});
    // velocity = momentum * velocity - rate * g; variable += velocity
    return ops::Op("ResourceApplyKerasMomentum",
                   {handle, context.Slot("momentum"), rate, gradient, ops::ScalarLike(gradient, options_.momentum)},
                   {{"use_nesterov", options_.nesterov}});
  }

 private:
  const optimizers::SGDOptions options_;
};

class RmspropOptimizer : public OptimizerBase {
 public:
  explicit RmspropOptimizer(optimizers::RMSpropOptions options)
      : OptimizerBase("RMSprop", CommonOf(options)), options_(options) {}
  ops::Node Update(UpdateContext& context, const Tensor& handle, const Tensor& gradient) const override {
    const Tensor rate = context.Scalar("learning_rate");
    const auto scalar = [&](double value) { return ops::ScalarLike(gradient, value); };
    // velocity = rho * velocity + (1 - rho) * g^2; momentum = momentum * momentum + rate * g / sqrt(velocity + epsilon)
    const Tensor velocity = context.Slot("velocity"), momentum = context.Slot("momentum");
    if (!options_.centered) {
      return ops::Op("ResourceApplyRMSProp", {handle, velocity, momentum, rate, scalar(options_.rho),
                                              scalar(options_.momentum), scalar(options_.epsilon), gradient});
    }
    return ops::Op("ResourceApplyCenteredRMSProp",
                   {handle, context.Slot("average_gradient"), velocity, momentum, rate, scalar(options_.rho),
                    scalar(options_.momentum), scalar(options_.epsilon), gradient});
  }

 private:
  const optimizers::RMSpropOptions options_;
};

class AdagradOptimizer : public OptimizerBase {
 public:
  explicit AdagradOptimizer(optimizers::AdagradOptions options)
      : OptimizerBase("Adagrad", CommonOf(options)), options_(options) {}
  ops::Node Update(UpdateContext& context, const Tensor& handle, const Tensor& gradient) const override {
    const Tensor slot = context.Slot("accumulator", options_.initial_accumulator_value);
    const Tensor sum = ops::ReadVariable(slot) + ops::Square(gradient);
    const ops::Node assign = ops::AssignVariable(slot, sum);
    const ops::Node update =
        Subtract(handle, context.Scalar("learning_rate") * gradient * ops::Rsqrt(sum + options_.epsilon));
    handle.graph()->AddControlDependency(assign, update);
    return update;
  }

 private:
  const optimizers::AdagradOptions options_;
};

class AdamOptimizer : public OptimizerBase {
 public:
  AdamOptimizer(std::string name, optimizers::AdamOptions options)
      : OptimizerBase(std::move(name), CommonOf(options)), options_(options) {}
  // In Keras, the powers are of betas in float32, whereas the means take 1 - beta of Python's numbers. The kernel takes
  // that of float32 as well, which of 0.999 is 1e-5 less, and so the square root of the mean square half as much. The
  // rate and epsilon make up for it.
  Scalars ScalarsAt(int64_t step, double learning_rate) const override {
    const auto power = [&](double beta) {
      return std::pow(double{static_cast<float>(beta)}, static_cast<double>(step + 1));
    };
    return {{"learning_rate", learning_rate},
            {"kernel_rate", learning_rate * std::sqrt(Kept(options_.beta_2)) / Kept(options_.beta_1)},
            {"beta_1_power", power(options_.beta_1)},
            {"beta_2_power", power(options_.beta_2)}};
  }
  ops::Node Update(UpdateContext& context, const Tensor& handle, const Tensor& gradient) const override {
    const auto scalar = [&](double value) { return ops::ScalarLike(gradient, value); };
    // variable -= rate * sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) + epsilon)
    ops::Inputs inputs = {handle, context.Slot("momentum"), context.Slot("velocity")};
    if (options_.amsgrad) inputs.push_back(context.Slot("velocity_hat"));
    for (const Tensor& t : {context.Scalar("beta_1_power"), context.Scalar("beta_2_power"),
                            context.Scalar("kernel_rate"), scalar(options_.beta_1), scalar(options_.beta_2),
                            scalar(options_.epsilon * std::sqrt(Kept(options_.beta_2))), gradient}) {
      inputs.push_back(t);
    }
    return ops::Op(options_.amsgrad ? "ResourceApplyAdamWithAmsgrad" : "ResourceApplyAdam", inputs);
  }

 private:
  // How much of 1 - beta is left in float32.
  static double Kept(double beta) { return beta == 1 ? 1 : (1 - static_cast<float>(beta)) / (1 - beta); }
  const optimizers::AdamOptions options_;
};

class NadamOptimizer : public OptimizerBase {
 public:
  explicit NadamOptimizer(optimizers::AdamOptions options)
      : OptimizerBase("Nadam", CommonOf(options)), options_(options) {}
  Scalars ScalarsAt(int64_t step, double learning_rate) const override {
    // Dozat's momentum schedule; the product over all steps so far.
    double product = 1;
    for (int64_t t = 1; t <= step + 1; ++t) product *= Schedule(t);
    const double u = Schedule(step + 1), next = Schedule(step + 2);
    return {{"momentum_factor", learning_rate * next / (1 - product * next)},
            {"gradient_factor", learning_rate * (1 - u) / (1 - product)},
            {"velocity_factor", 1 / (1 - std::pow(options_.beta_2, static_cast<double>(step + 1)))},
            {"learning_rate", learning_rate}};
  }
  ops::Node Update(UpdateContext& context, const Tensor& handle, const Tensor& gradient) const override {
    const Tensor m_slot = context.Slot("momentum"), v_slot = context.Slot("velocity");
    const Tensor m0 = ops::ReadVariable(m_slot), v0 = ops::ReadVariable(v_slot);
    const Tensor m = m0 + (gradient - m0) * (1 - options_.beta_1);
    const Tensor v = v0 + (ops::Square(gradient) - v0) * (1 - options_.beta_2);
    const ops::Node assign_m = ops::AssignVariable(m_slot, m), assign_v = ops::AssignVariable(v_slot, v);
    const Tensor step = context.Scalar("momentum_factor") * m + context.Scalar("gradient_factor") * gradient;
    const Tensor root = ops::Sqrt(v * context.Scalar("velocity_factor")) + options_.epsilon;
    const ops::Node update = Subtract(handle, step / root);
    handle.graph()->AddControlDependency(assign_m, update);
    handle.graph()->AddControlDependency(assign_v, update);
    return update;
  }

 private:
  double Schedule(int64_t t) const { return options_.beta_1 * (1 - 0.5 * std::pow(0.96, static_cast<double>(t))); }
  const optimizers::AdamOptions options_;
};

class AdamaxOptimizer : public OptimizerBase {
 public:
  explicit AdamaxOptimizer(optimizers::AdamaxOptions options)
      : OptimizerBase("Adamax", CommonOf(options)), options_(options) {}
  Scalars ScalarsAt(int64_t step, double learning_rate) const override {
    return {{"corrected_rate", learning_rate / (1 - std::pow(options_.beta_1, static_cast<double>(step + 1)))},
            {"learning_rate", learning_rate}};
  }
  ops::Node Update(UpdateContext& context, const Tensor& handle, const Tensor& gradient) const override {
    const Tensor m_slot = context.Slot("momentum"), u_slot = context.Slot("norm");
    const Tensor m0 = ops::ReadVariable(m_slot);
    const Tensor m = m0 + (gradient - m0) * (1 - options_.beta_1);
    const Tensor u = ops::Maximum(ops::ReadVariable(u_slot) * options_.beta_2, ops::Abs(gradient));
    return SubtractAfter(handle, context.Scalar("corrected_rate") * m / (u + options_.epsilon),
                         {ops::AssignVariable(m_slot, m), ops::AssignVariable(u_slot, u)});
  }

 private:
  const optimizers::AdamaxOptions options_;
};

class AdadeltaOptimizer : public OptimizerBase {
 public:
  explicit AdadeltaOptimizer(optimizers::AdadeltaOptions options)
      : OptimizerBase("Adadelta", CommonOf(options)), options_(options) {}
  ops::Node Update(UpdateContext& context, const Tensor& handle, const Tensor& gradient) const override {
    const Tensor gradients_slot = context.Slot("accumulated_gradient"), deltas_slot = context.Slot("accumulated_delta");
    const Tensor deltas = ops::ReadVariable(deltas_slot);
    const auto follow = [&](const Tensor& mean, const Tensor& x) {
      return mean * options_.rho + ops::Square(x) * (1 - options_.rho);
    };
    const Tensor gradients = follow(ops::ReadVariable(gradients_slot), gradient);
    const Tensor delta = gradient * ops::Sqrt(deltas + options_.epsilon) / ops::Sqrt(gradients + options_.epsilon);
    return SubtractAfter(
        handle, context.Scalar("learning_rate") * delta,
        {ops::AssignVariable(gradients_slot, gradients), ops::AssignVariable(deltas_slot, follow(deltas, delta))});
  }

 private:
  const optimizers::AdadeltaOptions options_;
};

class LionOptimizer : public OptimizerBase {
 public:
  explicit LionOptimizer(optimizers::LionOptions options)
      : OptimizerBase("Lion", CommonOf(options)), options_(options) {}
  ops::Node Update(UpdateContext& context, const Tensor& handle, const Tensor& gradient) const override {
    const Tensor slot = context.Slot("momentum");
    const Tensor m = ops::ReadVariable(slot);
    const auto mean = [&](double beta) { return m * beta + gradient * (1 - beta); };
    return SubtractAfter(handle, context.Scalar("learning_rate") * ops::Sign(mean(options_.beta_1)),
                         {ops::AssignVariable(slot, mean(options_.beta_2))});
  }

 private:
  const optimizers::LionOptions options_;
};

class FtrlOptimizer : public OptimizerBase {
 public:
  explicit FtrlOptimizer(optimizers::FtrlOptions options)
      : OptimizerBase("Ftrl", CommonOf(options)), options_(options) {}
  ops::Node Update(UpdateContext& context, const Tensor& handle, const Tensor& gradient) const override {
    const Tensor rate = context.Scalar("learning_rate");
    const Tensor sum_slot = context.Slot("accumulator", options_.initial_accumulator_value);
    const Tensor linear_slot = context.Slot("linear");
    const Tensor weight = ops::ReadVariable(handle), sum = ops::ReadVariable(sum_slot);
    const auto root = [&](const Tensor& x) {
      return options_.learning_rate_power == -0.5 ? ops::Sqrt(x) : ops::Pow(x, -options_.learning_rate_power);
    };
    const Tensor next_sum = sum + ops::Square(gradient);
    const Tensor next_root = root(next_sum);
    const Tensor shrunk = gradient + weight * (2 * options_.l2_shrinkage_regularization_strength);
    const Tensor linear = ops::ReadVariable(linear_slot) + shrunk - (next_root - root(sum)) / rate * weight;
    Tensor quadratic = next_root / rate + 2 * options_.l2_regularization_strength;
    if (options_.beta != 0) quadratic = quadratic + options_.beta / rate;
    const double l1 = options_.l1_regularization_strength;
    const ops::Node update = ops::AssignVariable(handle, (ops::ClipByValue(linear, -l1, l1) - linear) / quadratic);
    for (const ops::Node& assign : {ops::AssignVariable(sum_slot, next_sum), ops::AssignVariable(linear_slot, linear)})
      handle.graph()->AddControlDependency(assign, update);
    return update;
  }

 private:
  const optimizers::FtrlOptions options_;
};

}  // namespace

absl::Status CheckLearningRate(double rate) {
  if (rate >= 0 && std::isfinite(static_cast<float>(rate))) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the learning rate is ", rate, "; wanted a number that is not negative"));
}

OptimizerBase::Scalars OptimizerBase::AllScalarsAt(int64_t step, double learning_rate) const {
  Scalars scalars = ScalarsAt(UpdateOf(step), learning_rate);
  // The average starts with the weights.
  if (common_.use_ema) scalars.emplace_back("ema_momentum", UpdateOf(step) == 0 ? 0 : common_.ema_momentum);
  return scalars;
}

absl::StatusOr<std::shared_ptr<const OptimizerBase>> Optimizer::Get() const {
  if (optimizer_ != nullptr) {
    const OptimizerBase::Common& common = optimizer_->common();
    if (!common.learning_rate.is_schedule()) {
      RETURN_IF_ERROR(
          Annotate(CheckLearningRate(common.learning_rate.At(0)), absl::StrCat("optimizer ", optimizer_->name())));
    }
    if (common.ema_momentum >= 0 && common.ema_momentum <= 1) return optimizer_;
    return absl::InvalidArgumentError(
        absl::StrCat("optimizer ", optimizer_->name(), ": ema_momentum must be in [0, 1], got ", common.ema_momentum));
  }
  static const auto* const by_name = new std::map<std::string, Optimizer (*)(), std::less<>>{
      {"sgd", [] { return optimizers::SGD(); }},         {"rmsprop", [] { return optimizers::RMSprop(); }},
      {"adagrad", [] { return optimizers::Adagrad(); }}, {"adam", [] { return optimizers::Adam(); }},
      {"adamw", [] { return optimizers::AdamW(); }},     {"nadam", [] { return optimizers::Nadam(); }},
      {"adamax", [] { return optimizers::Adamax(); }},   {"adadelta", [] { return optimizers::Adadelta(); }},
      {"lion", [] { return optimizers::Lion(); }},       {"ftrl", [] { return optimizers::Ftrl(); }},
  };
  std::string lower = name_;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (const auto found = by_name->find(lower); found != by_name->end()) return found->second().Get();
  std::vector<std::string> names;
  for (const auto& [name, make] : *by_name) names.push_back(name);
  const std::string near = NearestNames(lower, names);
  return absl::InvalidArgumentError(
      absl::StrCat("no optimizer is called \"", name_, "\"", near.empty() ? "" : "; did you mean ", near));
}

namespace optimizers {

Optimizer SGD(SGDOptions options) { return Optimizer(std::make_shared<SgdOptimizer>(std::move(options))); }
Optimizer RMSprop(RMSpropOptions options) { return Optimizer(std::make_shared<RmspropOptimizer>(std::move(options))); }
Optimizer Adagrad(AdagradOptions options) { return Optimizer(std::make_shared<AdagradOptimizer>(std::move(options))); }
Optimizer Adam(AdamOptions options) { return Optimizer(std::make_shared<AdamOptimizer>("Adam", std::move(options))); }
Optimizer AdamW(AdamOptions options) {
  if (!options.weight_decay) options.weight_decay = 0.004;
  return Optimizer(std::make_shared<AdamOptimizer>("AdamW", std::move(options)));
}
Optimizer Adamax(AdamaxOptions options) { return Optimizer(std::make_shared<AdamaxOptimizer>(std::move(options))); }
Optimizer Adadelta(AdadeltaOptions options) {
  return Optimizer(std::make_shared<AdadeltaOptimizer>(std::move(options)));
}
Optimizer Lion(LionOptions options) { return Optimizer(std::make_shared<LionOptimizer>(std::move(options))); }
Optimizer Ftrl(FtrlOptions options) { return Optimizer(std::make_shared<FtrlOptimizer>(std::move(options))); }
Optimizer Nadam(AdamOptions options) { return Optimizer(std::make_shared<NadamOptimizer>(std::move(options))); }

}  // namespace optimizers
}  // namespace tfxm::nn
