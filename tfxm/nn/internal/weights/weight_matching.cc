// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/internal/weights/weight_matching.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace tfxm::nn {
namespace {

// The layer and the weight: the last two parts of a name.
std::string ShortName(absl::string_view name) {
  std::vector<std::string> parts = absl::StrSplit(name, '/');
  if (parts.size() > 2) parts.erase(parts.begin(), parts.end() - 2);
  if (parts.back() == "depthwise_kernel") parts.back() = "kernel";
  return absl::StrJoin(parts, "/");
}
std::string LastPart(const std::string& short_name) { return short_name.substr(short_name.rfind('/') + 1); }

bool Fits(const Weight& weight, const StoredVariable& variable) {
  return weight.shape == variable.shape && weight.options.dtype == variable.dtype;
}
std::string Describe(DataType dtype, const Shape& shape) {
  return absl::StrCat(DataTypeName(dtype), " ", ShapeString(shape));
}

// As names are compared: Keras 3's "kernel" of a depthwise convolution is "depthwise_kernel" here.
std::string Comparable(absl::string_view name) {
  return absl::EndsWith(name, "/depthwise_kernel") ? absl::StrCat(name.substr(0, name.rfind('/')), "/kernel")
                                                   : std::string(name);
}

// By name; null for weights without a variable. A variable's name may be longer at its front: "model/dense/kernel".
std::vector<const StoredVariable*> ByName(const std::vector<const Weight*>& weights,
                                          const std::vector<StoredVariable>& variables) {
  std::map<std::string, const StoredVariable*> exact, by_end;
  std::set<std::string> ambiguous;
  for (const StoredVariable& variable : variables) {
    exact.emplace(variable.name, &variable);
    std::string end = Comparable(variable.name);
    while (true) {
      if (!by_end.emplace(end, &variable).second) ambiguous.insert(end);
      const size_t slash = end.find('/');
      if (slash == std::string::npos) break;
      end = end.substr(slash + 1);
    }
  }
  std::vector<const StoredVariable*> found;
  for (const Weight* weight : weights) {
    const auto it = exact.find(weight->full_name());
    const std::string name = Comparable(weight->full_name());
    const auto end = by_end.find(name);
    found.push_back(it != exact.end()                                   ? it->second
                    : end != by_end.end() && ambiguous.count(name) == 0 ? end->second
                                                                        : nullptr);
  }
  return found;
}

// Whether the layer's name may be one that Keras or Network gave it: "separable_conv2d_1". In a session of Python such
// names go on counting from model to model.
bool HasAutomaticName(const Layer& layer) {
  std::string name = layer.name();
  const size_t number = name.find_last_not_of("0123456789");
  if (number != std::string::npos && number + 1 < name.size() && name[number] == '_') name.resize(number);
  name.erase(std::remove(name.begin(), name.end(), '_'), name.end());
  return name == absl::AsciiStrToLower(layer.type());
}

// Whether each weight can be the variable in its place: there are as many, of the same shapes and names within their
// layers, and no name that was given to a layer says otherwise.
bool AllInPlace(const std::vector<const Weight*>& weights, const std::vector<StoredVariable>& variables,
                const std::vector<const StoredVariable*>& by_name) {
  if (weights.size() != variables.size()) return false;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (!variables[i].in_order || !Fits(*weights[i], variables[i])) return false;
    const std::string last = LastPart(ShortName(variables[i].name));
    const bool is_number = std::all_of(last.begin(), last.end(), absl::ascii_isdigit);
    if (!is_number && last != LastPart(ShortName(weights[i]->full_name()))) return false;
    if (by_name[i] != nullptr && by_name[i] != &variables[i] && !HasAutomaticName(*weights[i]->layer)) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<std::map<std::string, std::string>> MatchWeights(const std::vector<const Weight*>& weights,
                                                                const std::vector<StoredVariable>& variables,
                                                                bool skip_mismatch) {
  std::vector<const StoredVariable*> found = ByName(weights, variables);
  if (std::all_of(found.begin(), found.end(), [](const auto* variable) { return variable == nullptr; })) {
    for (size_t i = 0; i < weights.size() && i < variables.size(); ++i) {
      // From the first that is something else, places say nothing.
      if (!variables[i].in_order) break;
      if (LastPart(ShortName(weights[i]->full_name())) != LastPart(ShortName(variables[i].name))) break;
      found[i] = &variables[i];
    }
  }
  for (size_t i = 0; i < weights.size(); ++i) {
    if (found[i] != nullptr && Fits(*weights[i], *found[i])) continue;
    if (!AllInPlace(weights, variables, found)) break;
    for (size_t k = 0; k < weights.size(); ++k) found[k] = &variables[k];
    break;
  }
  std::map<std::string, std::string> keys;
  std::vector<std::string> wrong;
  std::set<const StoredVariable*> used;
  for (size_t i = 0; i < weights.size(); ++i) {
    const Weight& weight = *weights[i];
    if (found[i] == nullptr) {
      wrong.push_back(
          absl::StrCat("\"", weight.full_name(), "\" ", Describe(weight.options.dtype, weight.shape), " is not there"));
    } else if (!Fits(weight, *found[i])) {
      wrong.push_back(absl::StrCat("\"", weight.full_name(), "\" is ", Describe(weight.options.dtype, weight.shape),
                                   ", there ", Describe(found[i]->dtype, found[i]->shape)));
    } else {
      keys[weight.full_name()] = found[i]->key;
    }
    used.insert(found[i]);
  }
  if (wrong.empty() || (skip_mismatch && !keys.empty())) return keys;
  std::vector<std::string> unused;
  for (const StoredVariable& variable : variables) {
    if (used.count(&variable) == 0)
      unused.push_back(absl::StrCat("\"", variable.name, "\" ", Describe(variable.dtype, variable.shape)));
  }
  return absl::InvalidArgumentError(absl::StrCat(
      skip_mismatch ? "nothing in the checkpoint fits the model: " : "the checkpoint does not fit the model: ",
      absl::StrJoin(wrong, "; "),
      unused.empty() ? "" : absl::StrCat(". Not used from there: ", absl::StrJoin(unused, ", ")),
      skip_mismatch ? "" : ". With skip_mismatch, weights that do not fit stay as they are"));
}

}  // namespace tfxm::nn
