#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/comparison/compare.h"
#include "tfxm/model_analysis/comparison/slice_json.h"
#include "tfxm/util/io.h"

namespace tfxm::model_analysis {
namespace {

// As the report spells them (report::Key::SubKeyText and Key::aggregation).
std::string SubKeyText(const SubKey& key) {
  if (key.class_id) return absl::StrCat("class ", *key.class_id);
  if (key.k) return absl::StrCat("k ", *key.k);
  return key.top_k ? absl::StrCat("top ", *key.top_k) : "";
}

std::string AggregationText(Aggregation aggregation) {
  switch (aggregation) {
    case Aggregation::kNone: return "";
    case Aggregation::kMicro: return "micro";
    case Aggregation::kMacro: return "macro";
    case Aggregation::kWeightedMacro: return "weighted macro";
  }
  return "";
}

void WriteComparison(const MetricComparison& c, JsonWriter* json) {
  json->BeginObject().Key("model_name").String(c.key.model_name);
  json->Key("reference_model_name").String(c.reference_model).Key("metric_name").String(c.key.name);
  const auto text = [&](absl::string_view name, const std::string& value) {
    if (!value.empty()) json->Key(name).String(value);
  };
  text("output_name", c.key.output_name);
  text("sub_key", SubKeyText(c.key.sub_key));
  text("aggregation", AggregationText(c.key.aggregation));
  if (c.key.example_weighted) json->Key("example_weighted").Bool(*c.key.example_weighted);
  json->Key("slice");
  WriteSlice(c.slice, json);
  json->Key("difference").Number(c.difference);
  if (c.bounds) json->Key("lower_bound").Number(c.bounds->lower).Key("upper_bound").Number(c.bounds->upper);
  if (c.p_value) json->Key("p_value").Number(*c.p_value);
  text("method", c.method);
  json->End();
}

}  // namespace

absl::Status WriteComparisons(const std::vector<MetricComparison>& comparisons, const std::string& directory) {
  JsonWriter json;
  json.BeginObject().Key("comparisons").BeginArray();
  for (const MetricComparison& comparison : comparisons) WriteComparison(comparison, &json);
  json.End().End();
  return io::WriteFile(io::JoinPath(directory, kComparisonsFile), std::move(json).Take() + "\n");
}

}  // namespace tfxm::model_analysis
