// SPDX-License-Identifier: Apache-2.0

#include "tfxm/report/evaluation/evaluation.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/proto/key_text.h"
#include "tfxm/util/text/text.h"

namespace tfxm::report {
namespace {

using Values = std::vector<std::pair<std::string, SliceValue>>;

std::string ValuesText(const Values& values) {
  if (values.empty()) return "Overall";
  return absl::StrJoin(values, ", ", [](std::string* out, const auto& v) {
    const std::string value = SliceValueText(v.second);
    absl::StrAppend(out, PrintableText(v.first), ": ", value.empty() ? "(empty)" : value);
  });
}

// Bytes after numbers; integers and floats among each other as numbers.
int Compare(const SliceValue& a, const SliceValue& b) {
  const bool a_text = std::holds_alternative<std::string>(a), b_text = std::holds_alternative<std::string>(b);
  if (a_text != b_text) return a_text ? 1 : -1;
  if (a_text) return std::get<std::string>(a).compare(std::get<std::string>(b));
  if (a.index() == b.index()) return a < b ? -1 : (b < a ? 1 : 0);
  const auto number = [](const SliceValue& v) {
    return std::holds_alternative<float>(v) ? static_cast<double>(std::get<float>(v))
                                            : static_cast<double>(std::get<int64_t>(v));
  };
  const double x = number(a), y = number(b);
  if (x != y) return x < y ? -1 : 1;
  return a.index() < b.index() ? -1 : 1;
}

int Compare(const Values& a, const Values& b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  for (size_t i = 0; i < a.size(); ++i) {
    if (const int c = a[i].first.compare(b[i].first); c != 0) return c;
  }
  for (size_t i = 0; i < a.size(); ++i) {
    if (const int c = Compare(a[i].second, b[i].second); c != 0) return c;
  }
  return 0;
}

}  // namespace

std::string SliceValueText(const SliceValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return PrintableText(*text);
  if (const auto* number = std::get_if<float>(&value)) return absl::StrCat(*number);
  return absl::StrCat(std::get<int64_t>(value));
}

std::string Slice::Text() const {
  if (!cross_baseline) return ValuesText(values);
  return absl::StrCat(ValuesText(*cross_baseline), " − ", ValuesText(values));
}

bool Slice::operator<(const Slice& other) const {
  if (cross_baseline.has_value() != other.cross_baseline.has_value()) return !cross_baseline.has_value();
  if (cross_baseline) {
    if (const int c = Compare(*cross_baseline, *other.cross_baseline); c != 0) return c < 0;
  }
  return Compare(values, other.values) < 0;
}

std::string Key::SubKeyText() const { return sidecars::SubKeyText(class_id, k, top_k); }

std::string Key::Text() const {
  std::string text = output_name.empty() ? name : absl::StrCat(output_name, "/", name);
  if (const std::string sub_key = SubKeyText(); !sub_key.empty()) absl::StrAppend(&text, ", ", sub_key);
  if (!aggregation.empty()) absl::StrAppend(&text, ", ", aggregation);
  return PrintableText(text);
}

std::string Evaluation::BaselineModel() const {
  for (const auto& spec : config.model_specs()) {
    if (spec.is_baseline()) return spec.name();
  }
  return "";
}

std::vector<std::string> Evaluation::ModelNames() const {
  std::set<std::string> found;
  for (const SliceMetrics& slice : slices) {
    for (const Metric& metric : slice.metrics) found.insert(metric.key.model_name);
  }
  for (const Plot& plot : plots) found.insert(plot.key.model_name);
  std::vector<std::string> names;
  const auto take = [&](const std::string& name) {
    if (found.erase(name) > 0) names.push_back(name);
  };
  if (const std::string baseline = BaselineModel(); !baseline.empty()) take(baseline);
  for (const auto& spec : config.model_specs()) take(spec.name());
  names.insert(names.end(), found.begin(), found.end());
  return names;
}

}  // namespace tfxm::report
