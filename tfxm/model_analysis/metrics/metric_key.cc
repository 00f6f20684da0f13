// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/metrics/metric_key.h"

#include "absl/strings/str_cat.h"

namespace tfxm::model_analysis {
namespace {

void SetSubKey(const SubKey& key, ::tensorflow_model_analysis::SubKey* proto) {
  if (key.class_id) proto->mutable_class_id()->set_value(*key.class_id);
  if (key.k) proto->mutable_k()->set_value(*key.k);
  if (key.top_k) proto->mutable_top_k()->set_value(*key.top_k);
}

}  // namespace

MetricKey MetricKey::DiffKey() const {
  MetricKey key = *this;
  key.is_diff = true;
  return key;
}

MetricKey MetricKey::BaselineKey(const std::string& baseline_model_name) const {
  MetricKey key = *this;
  key.model_name = baseline_model_name;
  key.is_diff = false;
  return key;
}

::tensorflow_model_analysis::MetricKey MetricKey::ToProto() const {
  ::tensorflow_model_analysis::MetricKey proto;
  proto.set_name(name);
  proto.set_model_name(model_name);
  proto.set_output_name(output_name);
  if (!sub_key.empty()) SetSubKey(sub_key, proto.mutable_sub_key());
  if (aggregation == Aggregation::kMicro) proto.mutable_aggregation_type()->set_micro_average(true);
  if (aggregation == Aggregation::kMacro) proto.mutable_aggregation_type()->set_macro_average(true);
  if (aggregation == Aggregation::kWeightedMacro) proto.mutable_aggregation_type()->set_weighted_macro_average(true);
  if (example_weighted) proto.mutable_example_weighted()->set_value(*example_weighted);
  proto.set_is_diff(is_diff);
  return proto;
}

::tensorflow_model_analysis::PlotKey MetricKey::ToPlotProto() const {
  ::tensorflow_model_analysis::PlotKey proto;
  proto.set_name(name);
  proto.set_model_name(model_name);
  proto.set_output_name(output_name);
  if (!sub_key.empty()) SetSubKey(sub_key, proto.mutable_sub_key());
  if (example_weighted) proto.mutable_example_weighted()->set_value(*example_weighted);
  return proto;
}

std::string MetricKey::ToString() const {
  std::string text =
      absl::StrCat(model_name, model_name.empty() ? "" : "/", output_name, output_name.empty() ? "" : "/", name);
  if (sub_key.class_id) absl::StrAppend(&text, " (class ", *sub_key.class_id, ")");
  if (sub_key.k) absl::StrAppend(&text, " (k ", *sub_key.k, ")");
  if (sub_key.top_k) absl::StrAppend(&text, " (top ", *sub_key.top_k, ")");
  if (aggregation == Aggregation::kMicro) absl::StrAppend(&text, " (micro)");
  if (aggregation == Aggregation::kMacro) absl::StrAppend(&text, " (macro)");
  if (aggregation == Aggregation::kWeightedMacro) absl::StrAppend(&text, " (weighted macro)");
  if (example_weighted.value_or(false)) absl::StrAppend(&text, " (weighted)");
  if (is_diff) absl::StrAppend(&text, " (difference to the baseline)");
  return text;
}

}  // namespace tfxm::model_analysis
