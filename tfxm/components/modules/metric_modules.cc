// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/modules/metric_modules.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/components/modules/module_file.h"
#include "tfxm/model_analysis/metrics/metric.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

bool IsFile(absl::string_view module) {
  for (const char* ending : {".cc", ".cpp", ".cxx", ".so"}) {
    if (absl::EndsWith(module, ending)) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> MetricModules(const tensorflow_model_analysis::EvalConfig& eval_config) {
  std::vector<std::string> modules;
  for (const auto& spec : eval_config.metrics_specs()) {
    for (const auto& metric : spec.metrics()) {
      if (IsFile(metric.module())) modules.push_back(metric.module());
    }
  }
  return modules;
}

absl::Status LoadMetricModules(absl::string_view module_file,
                               const tensorflow_model_analysis::EvalConfig& eval_config) {
  if (!module_file.empty()) RETURN_IF_ERROR(ModuleFile::Load(module_file).status());
  for (const auto& spec : eval_config.metrics_specs()) {
    for (const auto& metric : spec.metrics()) {
      if (!IsFile(metric.module())) continue;
      RETURN_IF_ERROR(
          Annotate(ModuleFile::Load(metric.module()).status(), absl::StrCat("metric ", metric.class_name())));
      const auto& registry = model_analysis::MetricRegistry::Get();
      if (registry.Has(metric.class_name())) continue;
      const std::string near = NearestNames(metric.class_name(), registry.Names());
      return absl::InvalidArgumentError(absl::StrCat(
          "module ", metric.module(), " defines no metric \"", metric.class_name(),
          "\": it must say TFXM_MEAN_METRIC(\"", metric.class_name(), "\", …) (tfxm/model_analysis/custom_metric.h)",
          near.empty() ? "" : absl::StrCat("; nearest metrics: ", near)));
    }
  }
  return absl::OkStatus();
}

}  // namespace tfxm
