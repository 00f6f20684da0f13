// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/stats_options.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tfxm/statistics/schema/feature_path.h"
#include "tfxm/statistics/schema/roles.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::statistics {
namespace {

absl::Status CheckRate(absl::string_view name, double rate) {
  if (rate > 0 && rate <= 1) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(name, " is ", rate, "; expected one in (0, 1]"));
}

absl::Status CheckAtLeast(absl::string_view name, int64_t value, int64_t least) {
  if (value >= least) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(name, " is ", value, "; expected at least ", least));
}

absl::Status CheckLabel(const StatsOptions& options) {
  if (options.label_feature.empty() || !options.schema.has_value()) return absl::OkStatus();
  const auto* label = FindFeature({options.label_feature}, *options.schema);
  if (label == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("label_feature \"", options.label_feature, "\" is not a feature of the schema"));
  }
  if (!IsCategorical(*label) || label->type() == tensorflow::metadata::v0::FLOAT) {
    return absl::InvalidArgumentError(
        absl::StrCat("label_feature \"", options.label_feature,
                     "\" is not categorical in the schema; lift is on the values of strings, or of integers with a "
                     "bool_domain or int_domain { is_categorical: true }"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckStatsOptions(const StatsOptions& options) {
  RETURN_IF_ERROR(CheckRate("sample_rate", options.sample_rate));
  RETURN_IF_ERROR(CheckRate("semantic_domain_stats_sample_rate", options.semantic_domain_stats_sample_rate));
  RETURN_IF_ERROR(CheckAtLeast("num_top_values", options.num_top_values, 0));
  RETURN_IF_ERROR(CheckAtLeast("num_rank_histogram_buckets", options.num_rank_histogram_buckets, 0));
  RETURN_IF_ERROR(CheckAtLeast("num_values_histogram_buckets", options.num_values_histogram_buckets, 2));
  RETURN_IF_ERROR(CheckAtLeast("num_histogram_buckets", options.num_histogram_buckets, 1));
  RETURN_IF_ERROR(CheckAtLeast("num_quantiles_histogram_buckets", options.num_quantiles_histogram_buckets, 1));
  if (options.slice_functions.size() < options.slice_sqls.size()) {
    return absl::InvalidArgumentError("the options slice by SQL, which is not possible here");
  }
  return CheckLabel(options);
}

}  // namespace tfxm::statistics
