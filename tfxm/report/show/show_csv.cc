// SPDX-License-Identifier: Apache-2.0

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "tfxm/report/show/show_formats.h"
#include "tfxm/util/text/text.h"

namespace tfxm::report {
namespace {

std::string Quoted(absl::string_view text) {
  std::string printable = PrintableText(text);
  // What spreadsheets would take for a formula, out of a name or a value of the data, stays text for them.
  if (!printable.empty() && absl::StrContains("=+-@", printable[0])) printable.insert(0, "'");
  if (printable.find_first_of(",\"") == std::string::npos) return printable;
  return absl::StrCat("\"", absl::StrReplaceAll(printable, {{"\"", "\"\""}}), "\"");
}

std::string ValuesText(const std::vector<std::pair<std::string, SliceValue>>& values) {
  return absl::StrJoin(values, ", ", [](std::string* out, const auto& v) {
    absl::StrAppend(out, PrintableText(v.first), ": ", SliceValueText(v.second));
  });
}

// The numbers of a value, each with what tells it from the others.
std::vector<std::pair<std::string, double>> Elements(const MetricValue& v) {
  std::vector<std::pair<std::string, double>> all;
  if (v.kind == MetricValue::Kind::kNumber) all.emplace_back("", v.number);
  for (size_t i = 0; i < v.numbers.size(); ++i) all.emplace_back(absl::StrCat("[", i, "]"), v.numbers[i]);
  for (const auto& [cutoff, x] : v.cutoffs) all.emplace_back(absl::StrCat("cutoff=", cutoff), x);
  for (const BinaryMatrix& m : v.binary) {
    const std::string at = absl::StrCat("threshold=", ExactNumber(m.threshold), " ");
    all.emplace_back(at + "true_positives", m.tp);
    all.emplace_back(at + "true_negatives", m.tn);
    all.emplace_back(at + "false_positives", m.fp);
    all.emplace_back(at + "false_negatives", m.fn);
  }
  for (const MultiClassMatrix& m : v.multi_class) {
    for (const auto& c : m.cells) {
      all.emplace_back(
          absl::StrCat("threshold=", ExactNumber(m.threshold), " actual=", c.actual, " predicted=", c.predicted),
          c.examples);
    }
  }
  return all;
}

}  // namespace

std::string ShowCsv(const Evaluation& evaluation, const Sidecars& sidecars) {
  std::string text =
      "slice,baseline_slice,model,output,metric,sub_key,aggregation,weighted,is_diff,element,value,lower_bound,"
      "upper_bound,standard_error\r\n";
  for (const SliceMetrics& slice : evaluation.slices) {
    const std::string where =
        absl::StrCat(Quoted(ValuesText(slice.slice.values)), ",",
                     !slice.slice.cross_baseline           ? ""
                     : slice.slice.cross_baseline->empty() ? "Overall"
                                                           : Quoted(ValuesText(*slice.slice.cross_baseline)));
    for (const Metric& metric : slice.metrics) {
      const Key& key = metric.key;
      const std::string identity = absl::StrJoin({where, Quoted(key.model_name), Quoted(key.output_name),
                                                  Quoted(key.name), Quoted(key.SubKeyText()), Quoted(key.aggregation),
                                                  std::string(!key.example_weighted   ? ""
                                                              : *key.example_weighted ? "true"
                                                                                      : "false"),
                                                  std::string(key.is_diff ? "true" : "false")},
                                                 ",");
      const auto elements = Elements(metric.value);
      const auto bounds = [&](const MetricValue Interval::* part, size_t i) -> std::string {
        if (!metric.interval) return "";
        const auto all = Elements((*metric.interval).*part);
        return i < all.size() && all[i].first == elements[i].first ? ExactNumber(all[i].second) : "";
      };
      for (size_t i = 0; i < elements.size(); ++i) {
        absl::StrAppend(&text, identity, ",", elements[i].first, ",", ExactNumber(elements[i].second), ",",
                        bounds(&Interval::lower, i), ",", bounds(&Interval::upper, i), ",",
                        bounds(&Interval::standard_error, i), "\r\n");
      }
    }
  }
  for (const Comparison& c : sidecars.comparisons) {
    const std::string slice = absl::StrJoin(ToSliceText(c.slice()), ", ", absl::PairFormatter(": "));
    const std::string identity =
        absl::StrJoin({Quoted(slice), std::string(), Quoted(c.model_name()), Quoted(c.output_name()),
                       Quoted(c.metric_name()), Quoted(c.sub_key()), Quoted(c.aggregation()),
                       std::string(!c.has_example_weighted() ? ""
                                   : c.example_weighted()    ? "true"
                                                             : "false"),
                       std::string("true")},
                      ",");
    const std::string element = absl::StrCat("minus ", c.reference_model_name());
    const auto optional = [](bool has, double x) { return has ? ExactNumber(x) : ""; };
    absl::StrAppend(&text, identity, ",", Quoted(element), ",", ExactNumber(c.difference()), ",",
                    optional(c.has_lower_bound(), c.lower_bound()), ",", optional(c.has_upper_bound(), c.upper_bound()),
                    ",\r\n");
    if (c.has_p_value())
      absl::StrAppend(&text, identity, ",", Quoted(element + ", p-value"), ",", ExactNumber(c.p_value()), ",,,\r\n");
  }
  return text;
}

}  // namespace tfxm::report
