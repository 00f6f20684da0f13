// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/accumulate/slicing.h"

#include <algorithm>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tfxm/util/text/text.h"

namespace tfxm::statistics {

absl::Status AssignSlices(const data::ExampleBatch& batch, std::span<const int> examples, const SliceFeatures& features,
                          std::map<std::string, std::vector<int>>* slices) {
  for (const auto& [name, values] : features) {
    const data::Column* column = batch.Find(name);
    if (column != nullptr && column->type() == data::ValueType::kFloat) {
      return absl::InvalidArgumentError(
          absl::StrCat("feature \"", name, "\" has floats; slice by a feature of integers or strings"));
    }
    for (const std::string& value : values) {
      int64_t number = 0;
      if (column != nullptr && column->type() == data::ValueType::kInt && !absl::SimpleAtoi(value, &number)) {
        return absl::InvalidArgumentError(
            absl::StrCat("feature \"", name, "\" has integers; it cannot be sliced by \"", value, "\""));
      }
    }
  }
  for (const int i : examples) {
    std::vector<std::string> keys = {""};
    for (const auto& [name, allowed] : features) {
      const data::Column* column = batch.Find(name);
      const int num_values = column == nullptr ? 0 : column->num_values(i);
      std::set<std::string> values;
      for (int k = 0; k < num_values; ++k) {
        std::string value = column->type() == data::ValueType::kBytes ? std::string(column->bytes(i, k))
                                                                      : absl::StrCat(column->ints(i)[k]);
        if (!IsUtf8(value)) {
          return absl::InvalidArgumentError(absl::StrCat("example ", batch.first_record() + i, ": feature \"", name,
                                                         "\" has a value that is not UTF-8, by which it cannot be "
                                                         "sliced"));
        }
        if (allowed.empty() || std::find(allowed.begin(), allowed.end(), value) != allowed.end()) {
          values.insert(std::move(value));
        }
      }
      std::vector<std::string> longer;
      for (const std::string& key : keys) {
        for (const std::string& value : values) {
          longer.push_back(absl::StrCat(key, key.empty() ? "" : "_", name, "_", value));
        }
      }
      keys = std::move(longer);
    }
    for (std::string& key : keys) {
      if (!key.empty()) (*slices)[std::move(key)].push_back(i);
    }
  }
  return absl::OkStatus();
}

}  // namespace tfxm::statistics
