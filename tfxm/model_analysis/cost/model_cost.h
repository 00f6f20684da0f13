// SPDX-License-Identifier: Apache-2.0

// What a model costs a device, beside its quality.
#ifndef TFXM_MODEL_ANALYSIS_COST_MODEL_COST_H_
#define TFXM_MODEL_ANALYSIS_COST_MODEL_COST_H_

#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace tfxm::model_analysis {

struct ModelCost {
  // By the names that tfxm/proto/costs.h has for them. Of a SavedModel size and times only. What could not be found out
  // is not there.
  std::map<std::string, double> numbers;
  // Of the times among them: by how much they differed from one round of measuring to the others.
  std::map<std::string, double> noise;
  std::map<std::string, int> op_counts;      // Of TFLite models, by kind: "FULLY_CONNECTED".
  std::map<std::string, std::string> texts;  // Remarks: "not_delegated" -> "1 SHAPE, 2 PACK".

  std::optional<double> Find(absl::string_view name) const {
    const auto it = numbers.find(std::string(name));
    return it == numbers.end() ? std::nullopt : std::optional<double>(it->second);
  }
};

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_COST_MODEL_COST_H_
