// SPDX-License-Identifier: Apache-2.0

// A module's stats_options_updater_fn: what it wants otherwise in the statistics that Transform computes of the data
// before and after. In C++:
//
//   #include "tfxm/components/statistics/stats_options_updater.h"
//   using namespace tfxm;
//
//   absl::StatusOr<statistics::StatsOptions> stats_options_updater_fn(StatsType type, statistics::StatsOptions options) {
//     if (type == StatsType::kPostTransform) options.num_top_values = 5;
//     return options;
//   }
//
// In Python it takes a tfx.components.transform.stats_options_util.StatsType and a tfdv.StatsOptions, as in TFX.
#ifndef TFXM_COMPONENTS_STATISTICS_STATS_OPTIONS_UPDATER_H_
#define TFXM_COMPONENTS_STATISTICS_STATS_OPTIONS_UPDATER_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tfxm/statistics/stats_options.h"

namespace tfxm {

// As TFX numbers them.
enum class StatsType { kUnknown, kPreTransform, kPostTransform };

inline constexpr char kStatsOptionsUpdaterFn[] = "stats_options_updater_fn";
using StatsOptionsUpdaterFn = absl::StatusOr<statistics::StatsOptions>(StatsType stats_type,
                                                                       statistics::StatsOptions stats_options);

struct TransformStatsOptions {
  // Each has the schema of its data.
  statistics::StatsOptions pre_transform, post_transform;
};

struct StatsOptionsUpdate {
  std::string module_file;  // C++ or Python, with the function.
  std::string tmp_dir;      // An existing folder, for one in Python.
  std::function<void(absl::string_view message, double fraction)> progress = [](absl::string_view, double) {};
};

// What the function makes of `options`, in which only the schemas are set. Errors name the module; also those of
// CompleteStatsOptions and CheckStatsOptions for what it returns.
absl::StatusOr<TransformStatsOptions> UpdateStatsOptions(const StatsOptionsUpdate& update,
                                                         TransformStatsOptions options);

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_STATISTICS_STATS_OPTIONS_UPDATER_H_
