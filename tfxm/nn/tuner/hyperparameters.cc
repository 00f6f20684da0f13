// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/tuner/hyperparameters.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_join.h"
#include "tfxm/util/text/json_writer.h"

namespace tfxm::nn {
namespace {

constexpr double kMostValues = 1e6;  // Of one with a step.

void Write(const HyperParameterValue& value, JsonWriter* json) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    json->String(*text);
  } else if (const auto* number = std::get_if<int64_t>(&value)) {
    json->Integer(*number);
  } else if (const auto* real = std::get_if<double>(&value)) {
    json->Real(*real);
  } else {
    json->Bool(std::get<bool>(value));
  }
}

// Where probability p lies between the two.
double Between(const std::string& sampling, double least, double most, double p) {
  if (sampling == "log") return least * std::pow(most / least, p);
  if (sampling == "reverse_log") return most + least - least * std::pow(most / least, 1 - p);
  return least + p * (most - least);
}

}  // namespace

void HyperParameters::Add(Parameter parameter) {
  if (parameter.name.empty() && status_.ok()) status_ = absl::InvalidArgumentError("a hyperparameter has no name");
  if (!values_.emplace(parameter.name, parameter.default_value).second && status_.ok()) {
    status_ = absl::InvalidArgumentError(absl::StrCat("hyperparameter \"", parameter.name, "\" is declared twice"));
  }
  parameters_.push_back(std::move(parameter));
}

void HyperParameters::AddNumber(absl::string_view name, const char* class_name, double min_value, double max_value,
                                const NumberOptions& options) {
  const bool is_int = std::string(class_name) == "Int";
  Parameter parameter{.name = std::string(name),
                      .class_name = class_name,
                      .sampling = options.sampling,
                      .min_value = min_value,
                      .max_value = max_value,
                      .step = options.step};
  const bool linear = options.sampling == "linear";
  if (is_int && linear && !parameter.step.has_value()) parameter.step = 1;
  const double otherwise = options.default_value.value_or(min_value);
  std::string wrong;
  if (!std::isfinite(min_value) || !std::isfinite(max_value) || min_value > max_value) {
    wrong = absl::StrCat("goes from ", min_value, " to ", max_value);
  } else if (!linear && options.sampling != "log" && options.sampling != "reverse_log") {
    wrong = absl::StrCat("has sampling \"", options.sampling, "\"; expected linear, log or reverse_log");
  } else if (!linear && min_value <= 0) {
    wrong = absl::StrCat("begins at ", min_value, "; of a logarithm it must be above 0");
  } else if (parameter.step.has_value() && !(*parameter.step > (linear ? 0 : 1) && std::isfinite(*parameter.step))) {
    wrong = absl::StrCat("has step ", *parameter.step, "; expected more than ", linear ? 0 : 1);
  } else if (is_int && parameter.step.has_value() && std::trunc(*parameter.step) != *parameter.step) {
    wrong = absl::StrCat("is an Int with step ", *parameter.step);
  } else if (!(otherwise >= min_value && otherwise <= max_value) || (is_int && std::trunc(otherwise) != otherwise)) {
    wrong = absl::StrCat("has the default ", otherwise, ", which it cannot have");
  } else if (linear && parameter.step.has_value() && (max_value - min_value) / *parameter.step > kMostValues) {
    wrong = absl::StrCat("has more than ", kMostValues, " values; give a larger step");
  }
  if (!wrong.empty()) {
    if (status_.ok()) status_ = absl::InvalidArgumentError(absl::StrCat("hyperparameter \"", name, "\" ", wrong));
    return;
  }
  if (is_int) {
    parameter.default_value = static_cast<int64_t>(otherwise);
  } else {
    parameter.default_value = otherwise;
  }
  Add(std::move(parameter));
}

void HyperParameters::Float(absl::string_view name, double min_value, double max_value, const NumberOptions& options) {
  AddNumber(name, "Float", min_value, max_value, options);
}

void HyperParameters::Int(absl::string_view name, int64_t min_value, int64_t max_value, const NumberOptions& options) {
  constexpr int64_t kExact = int64_t{1} << 53;
  if (min_value < -kExact || max_value > kExact) {
    if (status_.ok()) {
      status_ = absl::InvalidArgumentError(absl::StrCat("hyperparameter \"", name, "\" goes beyond 2^53"));
    }
    return;
  }
  AddNumber(name, "Int", static_cast<double>(min_value), static_cast<double>(max_value), options);
}

void HyperParameters::Boolean(absl::string_view name, bool default_value) {
  Add({.name = std::string(name), .class_name = "Boolean", .default_value = default_value, .choices = {true, false}});
}

void HyperParameters::Choice(absl::string_view name, const std::vector<HyperParameterValue>& values) {
  const bool one_kind = std::all_of(values.begin(), values.end(),
                                    [&](const HyperParameterValue& v) { return v.index() == values[0].index(); });
  if (values.empty() || !one_kind) {
    if (status_.ok()) {
      status_ = absl::InvalidArgumentError(
          absl::StrCat("hyperparameter \"", name, "\" has ", values.empty() ? "no values" : "values of several kinds"));
    }
    return;
  }
  Add({.name = std::string(name), .class_name = "Choice", .default_value = values[0], .choices = values});
}

void HyperParameters::Fixed(absl::string_view name, HyperParameterValue value) {
  Add({.name = std::string(name), .class_name = "Fixed", .default_value = std::move(value)});
}

std::string HyperParameters::KindOf(const HyperParameterValue& value) {
  constexpr const char* kKinds[] = {"a bool", "an int64_t", "a double", "a std::string"};
  return kKinds[value.index()];
}

absl::StatusOr<HyperParameterValue> HyperParameters::Value(absl::string_view name) const {
  const auto it = values_.find(std::string(name));
  if (it != values_.end()) return it->second;
  return absl::NotFoundError(absl::StrCat("there is no hyperparameter \"", name, "\"; there are ",
                                          absl::StrJoin(values_, ", ", [](std::string* out, const auto& entry) {
                                            absl::StrAppend(out, "\"", entry.first, "\"");
                                          })));
}

const HyperParameters::Parameter& HyperParameters::Find(const std::string& name) const {
  return *std::find_if(parameters_.begin(), parameters_.end(), [&](const Parameter& p) { return p.name == name; });
}

size_t HyperParameters::CountOf(const Parameter& parameter) {
  if (!parameter.choices.empty()) return parameter.choices.size();
  if (!parameter.step.has_value()) return 0;
  if (parameter.sampling == "linear") {
    return static_cast<size_t>(std::floor((parameter.max_value - parameter.min_value) / *parameter.step + 1e-8)) + 1;
  }
  return static_cast<size_t>(std::log(parameter.max_value / parameter.min_value) / std::log(*parameter.step) + 1e-8) +
         1;
}

std::vector<HyperParameters::Space> HyperParameters::Searched() const {
  std::vector<Space> spaces;
  for (const Parameter& parameter : parameters_) {
    if (parameter.class_name != "Fixed") spaces.push_back({parameter.name, CountOf(parameter)});
  }
  return spaces;
}

void HyperParameters::SetNumber(const Parameter& parameter, double value) {
  if (parameter.class_name == "Float") {
    values_[parameter.name] = std::clamp(value, parameter.min_value, parameter.max_value);
  } else {
    values_[parameter.name] =
        static_cast<int64_t>(std::clamp(std::floor(value + 1e-9), parameter.min_value, parameter.max_value));
  }
}

void HyperParameters::SetByIndex(const std::string& name, size_t index) {
  const Parameter& parameter = Find(name);
  if (!parameter.choices.empty()) {
    values_[name] = parameter.choices[index];
    return;
  }
  const double n = static_cast<double>(index);
  if (parameter.sampling == "linear") {
    SetNumber(parameter, parameter.min_value + n * *parameter.step);
  } else {
    const double from_least = parameter.min_value * std::pow(*parameter.step, n);
    SetNumber(parameter,
              parameter.sampling == "log" ? from_least : parameter.max_value + parameter.min_value - from_least);
  }
}

void HyperParameters::SetByProbability(const std::string& name, double probability) {
  const Parameter& parameter = Find(name);
  if (const size_t count = CountOf(parameter); count > 0) {
    SetByIndex(name, std::min(count - 1, static_cast<size_t>(probability * static_cast<double>(count))));
    return;
  }
  // So that the largest Int may come up.
  const double most = parameter.max_value + (parameter.class_name == "Int" ? 1 : 0);
  SetNumber(parameter, Between(parameter.sampling, parameter.min_value, most, probability));
}

std::string HyperParameters::ToJson() const {
  JsonWriter json;
  json.BeginObject().Key("space").BeginArray();
  for (const Parameter& parameter : parameters_) {
    json.BeginObject().Key("class_name").String(parameter.class_name).Key("config").BeginObject();
    json.Key("name").String(parameter.name).Key("conditions").BeginArray().End();
    json.Key(parameter.class_name == "Fixed" ? "value" : "default");
    Write(parameter.default_value, &json);
    const bool is_int = parameter.class_name == "Int";
    const auto number = [&](const char* name, double value) {
      json.Key(name);
      if (is_int) {
        json.Integer(static_cast<int64_t>(value));
      } else {
        json.Real(value);
      }
    };
    if (is_int || parameter.class_name == "Float") {
      number("min_value", parameter.min_value);
      number("max_value", parameter.max_value);
      if (parameter.step.has_value()) {
        number("step", *parameter.step);
      } else {
        json.Key("step").Null();
      }
      json.Key("sampling").String(parameter.sampling);
    } else if (parameter.class_name == "Choice") {
      json.Key("values").BeginArray();
      for (const HyperParameterValue& value : parameter.choices) Write(value, &json);
      json.End().Key("ordered").Bool(!std::holds_alternative<std::string>(parameter.default_value));
    }
    json.End().End();
  }
  json.End().Key("values").BeginObject();
  for (const Parameter& parameter : parameters_) {
    json.Key(parameter.name);
    Write(values_.at(parameter.name), &json);
  }
  json.End().End();
  return std::move(json).Take();
}

}  // namespace tfxm::nn
