// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/slicing/sql_slice_names.h"

#include <memory>
#include <variant>

#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/slicing/sql_slicer.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

std::string SliceName(const SliceKey& key) {
  std::string name;
  for (const auto& [feature, value] : key) {
    absl::StrAppend(&name, name.empty() ? "" : "_", feature, "_");
    std::visit([&](const auto& v) { absl::StrAppend(&name, v); }, value);
  }
  return name;
}

}  // namespace

absl::StatusOr<SliceNamesFunction> SqlSliceNames(const std::string& sql) {
  const auto slicer = std::make_shared<SqlSlicer>();
  RETURN_IF_ERROR(Annotate(slicer->AddStatement(sql), absl::StrCat("slices by \"", sql, "\"")));
  return SliceNamesFunction(
      [slicer](const data::ExampleBatch& batch, int row, std::vector<std::string>* names) -> absl::Status {
        std::vector<SliceKey> keys;
        RETURN_IF_ERROR(slicer->Slice(batch, row, &keys));
        for (const SliceKey& key : keys) {
          if (!key.empty()) names->push_back(SliceName(key));
        }
        return absl::OkStatus();
      });
}

}  // namespace tfxm::model_analysis
