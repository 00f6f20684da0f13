// SPDX-License-Identifier: Apache-2.0

#include <memory>

#include "absl/strings/str_split.h"
#include "tfxm/model_analysis/sql/functions/function_arguments.h"

namespace tfxm::model_analysis::sql {
namespace {

Result ArrayLength(const Arguments& a) {
  RETURN_IF_ERROR(CheckCount(a, 1, 1, "ARRAY_LENGTH"));
  if (IsNull(a[0])) return Value();
  const auto* array = std::get_if<std::shared_ptr<Array>>(&a[0]);
  if (array == nullptr) return ValueError("ARRAY_LENGTH of something that is not an array");
  return Value(static_cast<int64_t>((*array)->values.size()));
}

Result Split(const Arguments& a) {
  return Apply<std::string, std::string>(a, [](const std::string& x, const std::string& by) -> Result {
    auto array = std::make_shared<Array>();
    if (by.empty()) {
      for (char c : x) array->values.emplace_back(std::string(1, c));
    } else {
      for (absl::string_view part : absl::StrSplit(x, by)) array->values.emplace_back(std::string(part));
    }
    return Value(std::move(array));
  });
}
Result ArrayToString(const Arguments& a) {
  return Apply<std::shared_ptr<Array>, std::string>(
      a, [](const std::shared_ptr<Array>& array, const std::string& by) -> Result {
        std::string text;
        bool first = true;
        for (const Value& value : array->values) {
          if (IsNull(value)) continue;
          ASSIGN_OR_RETURN(const std::string part, As<std::string>(value));
          if (text.size() + by.size() + part.size() > kMaxText)
            return ValueError("ARRAY_TO_STRING makes too long a text");
          absl::StrAppend(&text, first ? "" : by, part);
          first = false;
        }
        return Value(std::move(text));
      });
}
Result GenerateArray(const Arguments& a) {
  if (AnyNull(a)) return Value();
  if (a.size() != 2 && a.size() != 3) return ValueError("GENERATE_ARRAY takes a first and a last integer, and a step");
  ASSIGN_OR_RETURN(const int64_t first, As<int64_t>(a[0]));
  ASSIGN_OR_RETURN(const int64_t last, As<int64_t>(a[1]));
  ASSIGN_OR_RETURN(const int64_t step, a.size() == 3 ? As<int64_t>(a[2]) : absl::StatusOr<int64_t>(1));
  if (step == 0) return ValueError("GENERATE_ARRAY with step 0");
  auto array = std::make_shared<Array>();
  int64_t x = first;
  while (step > 0 ? x <= last : x >= last) {
    if (array->values.size() >= 100000) return ValueError("GENERATE_ARRAY of more than 100000 values");
    array->values.emplace_back(x);
    if (__builtin_add_overflow(x, step, &x)) break;
  }
  return Value(std::move(array));
}

}  // namespace

const FunctionTable& ArrayFunctions() {
  static const FunctionTable kFunctions = {{"ARRAY_LENGTH", ArrayLength},
                                           {"SPLIT", Split},
                                           {"ARRAY_TO_STRING", ArrayToString},
                                           {"GENERATE_ARRAY", GenerateArray}};
  return kFunctions;
}

}  // namespace tfxm::model_analysis::sql
