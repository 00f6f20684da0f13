// SPDX-License-Identifier: Apache-2.0

// What a Tuner searches over: KerasTuner's HyperParameters, each declared before the search begins.
//
//   nn::HyperParameters hp;
//   hp.Float("learning_rate", 1e-4, 1e-1, {.sampling = "log"});
//   hp.Int("units", 8, 64, {.step = 8});
//   hp.Choice("activation", {"relu", "tanh"});
//   double rate = hp.Get<double>("learning_rate").value();   // The first of its values until a tuner sets another.
#ifndef TFXM_NN_TUNER_HYPERPARAMETERS_H_
#define TFXM_NN_TUNER_HYPERPARAMETERS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace tfxm::nn {

using HyperParameterValue = std::variant<bool, int64_t, double, std::string>;

// Of a number. With a step the values are min_value, min_value + step, …; for "log" and "reverse_log" min_value, min_value *
// step, …, for "reverse_log" counted from max_value. An Int without one has step 1 (sampling "linear").
struct NumberOptions {
  std::optional<double> step = std::nullopt;
  std::string sampling = "linear";  // Or "log", "reverse_log": how densely the values lie, KerasTuner's formulas.
  std::optional<double> default_value = std::nullopt;  // Else min_value.
};

class HyperParameters {
 public:
  // Each takes a name that is new. What is wrong (a name twice, an empty range, a sampling of a logarithm that begins at
  // 0) is an error of status().
  void Float(absl::string_view name, double min_value, double max_value, const NumberOptions& options = {});
  void Int(absl::string_view name, int64_t min_value, int64_t max_value, const NumberOptions& options = {});
  void Boolean(absl::string_view name, bool default_value = false);
  // Values of one kind: {"relu", "tanh"}, {16, 32}, {0.5, 1.0}.
  void Choice(absl::string_view name, const std::vector<HyperParameterValue>& values);
  // Not searched over.
  void Fixed(absl::string_view name, HyperParameterValue value);
  absl::Status status() const { return status_; }

  // The value now. NOT_FOUND names those that there are, INVALID_ARGUMENT the kind that it is: bool, int64_t, double or
  // std::string.
  template <typename T>
  absl::StatusOr<T> Get(absl::string_view name) const {
    absl::StatusOr<HyperParameterValue> value = Value(name);
    if (!value.ok()) return value.status();
    if (const T* as = std::get_if<T>(&*value)) return *as;
    return absl::InvalidArgumentError(absl::StrCat("hyperparameter \"", name, "\" is ", KindOf(*value)));
  }
  // The config that keras_tuner.HyperParameters.from_config takes, as JSON: what a Trainer gets.
  std::string ToJson() const;

  // For tuners: the values of those that are searched over, each as an index into what it may be or, where that is a
  // continuum, as a probability in [0, 1).
  struct Space {
    std::string name;
    size_t count = 0;  // 0: a continuum.
  };
  std::vector<Space> Searched() const;
  void SetByIndex(const std::string& name, size_t index);
  void SetByProbability(const std::string& name, double probability);
  const std::map<std::string, HyperParameterValue>& values() const { return values_; }

 private:
  struct Parameter {
    std::string name, class_name, sampling;
    double min_value = 0, max_value = 0;
    std::optional<double> step;
    HyperParameterValue default_value;
    std::vector<HyperParameterValue> choices;  // Of Choice and Boolean.
  };
  void AddNumber(absl::string_view name, const char* class_name, double min_value, double max_value,
                 const NumberOptions& options);
  void Add(Parameter parameter);
  absl::StatusOr<HyperParameterValue> Value(absl::string_view name) const;
  static std::string KindOf(const HyperParameterValue& value);
  static size_t CountOf(const Parameter& parameter);
  const Parameter& Find(const std::string& name) const;
  void SetNumber(const Parameter& parameter, double value);

  std::vector<Parameter> parameters_;  // As declared.
  std::map<std::string, HyperParameterValue> values_;
  absl::Status status_;
};

}  // namespace tfxm::nn

#endif  // TFXM_NN_TUNER_HYPERPARAMETERS_H_
