// SPDX-License-Identifier: Apache-2.0

// The slices of an SQL statement by name, for who has no use for slice keys: statistics.
//
//   ASSIGN_OR_RETURN(const SliceNamesFunction names_of, SqlSliceNames("SELECT STRUCT(country) FROM example.country"));
//   RETURN_IF_ERROR(names_of(batch, row, &names));  // "country_de"
#ifndef TFXM_MODEL_ANALYSIS_SLICING_SQL_SLICE_NAMES_H_
#define TFXM_MODEL_ANALYSIS_SLICING_SQL_SLICE_NAMES_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/data/example_batch.h"

namespace tfxm::model_analysis {

// Appends the names of the slices that example `row` is in. Many threads may call it.
using SliceNamesFunction =
    std::function<absl::Status(const data::ExampleBatch& batch, int row, std::vector<std::string>* names)>;

// Names as TFDV's: "country_de_device_phone". sql_slicer.h says which SQL; INVALID_ARGUMENT for other.
absl::StatusOr<SliceNamesFunction> SqlSliceNames(const std::string& sql);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_SLICING_SQL_SLICE_NAMES_H_
