// SPDX-License-Identifier: Apache-2.0

// An EvalConfig as text (the first byte is even) or JSON, and all that is made of it before data are read.
#include "tfxm/model_analysis/eval_config.h"

#include "fuzz/input.h"
#include "tfxm/model_analysis/metrics/metric_specs.h"
#include "tfxm/util/io.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace ma = tfxm::model_analysis;
  if (size == 0) return 0;
  tensorflow_model_analysis::EvalConfig config;
  const absl::string_view text = tfxm::fuzz::Text(data + 1, size - 1);
  if (!(data[0] % 2 ? tfxm::io::ParseJson(text, &config) : tfxm::io::ParseTextProto(text, &config)).ok()) return 0;
  ma::CheckEvalConfig(config).IgnoreError();
  for (const bool has_baseline : {false, true}) {
    const auto complete = ma::WithDefaults(config, has_baseline, /*rubber_stamp=*/!has_baseline);
    if (!complete.ok() || !ma::CheckEvalConfig(*complete).ok()) continue;
    ma::MakeQueryPlans(*complete, nullptr).IgnoreError();
    ma::KeysWithoutConfidenceInterval(*complete).IgnoreError();
    ma::MakeThresholds(*complete).IgnoreError();
    ma::HasChangeThreshold(*complete);
  }
  return 0;
}
