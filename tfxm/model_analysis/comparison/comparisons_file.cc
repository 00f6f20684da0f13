// SPDX-License-Identifier: Apache-2.0

#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/comparison/compare.h"
#include "tfxm/model_analysis/comparison/slice_struct.h"
#include "tfxm/proto/key_text.h"
#include "tfxm/proto/sidecar_files.h"
#include "tfxm/proto/sidecars.pb.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/message_json.h"

namespace tfxm::model_analysis {
namespace {

std::string AggregationText(Aggregation aggregation) {
  switch (aggregation) {
    case Aggregation::kNone: return "";
    case Aggregation::kMicro: return sidecars::kMicro;
    case Aggregation::kMacro: return sidecars::kMacro;
    case Aggregation::kWeightedMacro: return sidecars::kWeightedMacro;
  }
  return "";
}

sidecars::Comparison ToProto(const MetricComparison& c) {
  sidecars::Comparison out;
  out.set_model_name(c.key.model_name);
  out.set_reference_model_name(c.reference_model);
  out.set_metric_name(Utf8Text(c.key.name));
  if (!c.key.output_name.empty()) out.set_output_name(Utf8Text(c.key.output_name));
  const SubKey& key = c.key.sub_key;
  if (const std::string text = sidecars::SubKeyText(key.class_id, key.k, key.top_k); !text.empty())
    out.set_sub_key(text);
  if (const std::string text = AggregationText(c.key.aggregation); !text.empty()) out.set_aggregation(text);
  if (c.key.example_weighted) out.set_example_weighted(*c.key.example_weighted);
  *out.mutable_slice() = SliceStruct(c.slice);
  out.set_difference(c.difference);
  if (c.bounds) {
    out.set_lower_bound(c.bounds->lower);
    out.set_upper_bound(c.bounds->upper);
  }
  if (c.p_value) out.set_p_value(*c.p_value);
  if (!c.method.empty()) out.set_method(c.method);
  return out;
}

}  // namespace

absl::Status WriteComparisons(const std::vector<MetricComparison>& comparisons, const std::string& directory) {
  sidecars::ComparisonsFile file;
  for (const MetricComparison& comparison : comparisons) *file.add_comparisons() = ToProto(comparison);
  ASSIGN_OR_RETURN(const std::string json, MessageToJson(file));
  return io::WriteFile(io::JoinPath(directory, sidecars::kComparisonsFile), json);
}

}  // namespace tfxm::model_analysis
