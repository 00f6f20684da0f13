// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/statistics_display.h"

#include <cmath>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "tfxm/statistics/schema/feature_path.h"
#include "tfxm/statistics/schema/fit_feature.h"
#include "tfxm/statistics/text/display_text.h"
#include "tfxm/statistics/validate/statistics_view.h"
#include "tfxm/util/text/numbers.h"
#include "tfxm/util/text/text_table.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::Anomalies;
using tensorflow::metadata::v0::AnomalyInfo;
using tensorflow::metadata::v0::CommonStatistics;
using tensorflow::metadata::v0::DatasetFeatureStatistics;
using tensorflow::metadata::v0::DatasetFeatureStatisticsList;
using tensorflow::metadata::v0::DriftSkewInfo;
using tensorflow::metadata::v0::Feature;
using tensorflow::metadata::v0::FeatureNameStatistics;
using tensorflow::metadata::v0::NumericStatistics;
using tensorflow::metadata::v0::Schema;
using tensorflow::metadata::v0::StringDomain;
using tensorflow::metadata::v0::StringStatistics;

constexpr int kMaxText = 32;

// Five digits; integers whole up to 2^53.
std::string Number(double value) {
  if (std::floor(value) == value && std::abs(value) < 0x1p53) return absl::StrFormat("%.0f", value);
  return absl::StrFormat("%.5g", value);
}

std::string Percent(double part, double whole) {
  if (whole == 0) return "";
  const double percent = 100 * part / whole;
  return percent > 0 && percent < 0.05 ? "<0.1 %" : absl::StrFormat("%.1f %%", percent);
}

// Type, examples, missing and values: the columns that all kinds of features have.
std::vector<std::string> CommonCells(const FeatureNameStatistics& feature, const CommonStatistics& common) {
  const auto min = common.min_num_values(), max = common.max_num_values();
  return {Printable(SerializePath(PathOf(feature)), kMaxText), FeatureNameStatistics::Type_Name(feature.type()),
          WithCommas(static_cast<int64_t>(common.num_non_missing())),
          Percent(common.num_missing(), common.num_missing() + common.num_non_missing()),
          min == max ? absl::StrCat(min) : absl::StrCat(min, "-", max)};
}

TextTable MakeTable(const std::string& kind, std::vector<TextTable::Column> more) {
  std::vector<TextTable::Column> columns = {{kind + " feature"},
                                            {"type"},
                                            {"examples", TextTable::kRight},
                                            {"missing", TextTable::kRight},
                                            {"values", TextTable::kRight}};
  columns.insert(columns.end(), more.begin(), more.end());
  return TextTable(std::move(columns));
}

void AddNumeric(const FeatureNameStatistics& feature, TextTable* table) {
  const NumericStatistics& stats = feature.num_stats();
  std::vector<std::string> cells = CommonCells(feature, stats.common_stats());
  for (const std::string& cell :
       {Number(stats.mean()), Number(stats.std_dev()),
        Percent(static_cast<double>(stats.num_zeros()), static_cast<double>(stats.common_stats().tot_num_values())),
        Number(stats.min()), Number(stats.median()), Number(stats.max())}) {
    cells.push_back(stats.common_stats().tot_num_values() == 0 ? "" : cell);
  }
  table->AddRow(std::move(cells));
}

void AddStrings(const FeatureNameStatistics& feature, TextTable* table) {
  const StringStatistics& stats = feature.string_stats();
  std::vector<std::string> cells = CommonCells(feature, stats.common_stats());
  if (stats.common_stats().tot_num_values() > 0) {
    cells.push_back(WithCommas(static_cast<int64_t>(stats.unique())));
    cells.push_back(absl::StrFormat("%.1f", stats.avg_length()));
    if (stats.top_values_size() > 0) {
      cells.push_back(Printable(stats.top_values(0).value(), kMaxText));
      cells.push_back(
          Percent(stats.top_values(0).frequency(), static_cast<double>(stats.common_stats().tot_num_values())));
    }
  }
  table->AddRow(std::move(cells));
}

std::string DatasetText(const DatasetFeatureStatistics& dataset, absl::string_view name, int width) {
  TextTable numeric = MakeTable("numeric", {{"mean", TextTable::kRight},
                                            {"std dev", TextTable::kRight},
                                            {"zeros", TextTable::kRight},
                                            {"min", TextTable::kRight},
                                            {"median", TextTable::kRight},
                                            {"max", TextTable::kRight}});
  TextTable strings = MakeTable(
      "string",
      {{"unique", TextTable::kRight}, {"length", TextTable::kRight}, {"most frequent"}, {"share", TextTable::kRight}});
  TextTable bytes =
      MakeTable("bytes", {{"mean length", TextTable::kRight}, {"min", TextTable::kRight}, {"max", TextTable::kRight}});
  TextTable other = MakeTable("other", {});
  for (const FeatureNameStatistics& feature : dataset.features()) {
    switch (feature.stats_case()) {
      case FeatureNameStatistics::kNumStats: AddNumeric(feature, &numeric); break;
      case FeatureNameStatistics::kStringStats: AddStrings(feature, &strings); break;
      case FeatureNameStatistics::kBytesStats: {
        std::vector<std::string> cells = CommonCells(feature, feature.bytes_stats().common_stats());
        cells.push_back(absl::StrFormat("%.1f", feature.bytes_stats().avg_num_bytes()));
        cells.push_back(Number(feature.bytes_stats().min_num_bytes()));
        cells.push_back(Number(feature.bytes_stats().max_num_bytes()));
        bytes.AddRow(std::move(cells));
        break;
      }
      case FeatureNameStatistics::kStructStats:
        other.AddRow(CommonCells(feature, feature.struct_stats().common_stats()));
        break;
      default: other.AddRow({Printable(SerializePath(PathOf(feature)), kMaxText)});
    }
  }
  const std::string title = Printable(name.empty() ? absl::string_view(dataset.name()) : name, kMaxText);
  std::string text = absl::StrCat(title, title.empty() ? "" : ": ",
                                  WithCommas(static_cast<int64_t>(dataset.num_examples())), " examples");
  if (dataset.weighted_num_examples() != 0) {
    absl::StrAppend(&text, ", weight ", Number(dataset.weighted_num_examples()));
  }
  absl::StrAppend(&text, "\n");
  for (const TextTable* table : {&numeric, &strings, &bytes, &other}) {
    if (!table->empty()) absl::StrAppend(&text, "\n", table->Text({.width = width}));
  }
  return text;
}

void AddMeasurements(const std::string& kind, const DriftSkewInfo& info,
                     const google::protobuf::RepeatedPtrField<DriftSkewInfo::Measurement>& measurements,
                     TextTable* table) {
  const FeaturePath path(info.path().step().begin(), info.path().step().end());
  for (const DriftSkewInfo::Measurement& measurement : measurements) {
    table->AddRow({Printable(SerializePath(path), kMaxText), kind,
                   DriftSkewInfo::Measurement::Type_Name(measurement.type()),
                   absl::StrFormat("%.6g", measurement.value()), absl::StrFormat("%.6g", measurement.threshold()),
                   measurement.value() > measurement.threshold() ? "above" : ""});
  }
}

std::string ValuesText(const Feature& feature) {
  if (feature.has_shape()) {
    return absl::StrCat("[",
                        absl::StrJoin(feature.shape().dim(), ", ",
                                      [](std::string* out, const auto& dim) { absl::StrAppend(out, dim.size()); }),
                        "]");
  }
  const auto range = [](std::string* out, const tensorflow::metadata::v0::ValueCount& count) {
    if (count.has_min() && count.has_max() && count.min() == count.max()) {
      absl::StrAppend(out, count.min());
    } else {
      absl::StrAppend(out, count.min(), "-", count.has_max() ? absl::StrCat(count.max()) : "");
    }
  };
  std::string text;
  if (feature.has_value_count()) range(&text, feature.value_count());
  // Of lists in lists, level by level.
  if (feature.has_value_counts()) text = absl::StrJoin(feature.value_counts().value_count(), " of ", range);
  return text;
}

std::string DomainText(const Feature& feature) {
  const auto range = [](absl::string_view kind, const auto& domain) {
    if (!domain.has_min() && !domain.has_max()) return std::string(kind);
    return absl::StrCat(kind, " ", domain.has_min() ? Number(static_cast<double>(domain.min())) : "", "..",
                        domain.has_max() ? Number(static_cast<double>(domain.max())) : "");
  };
  switch (feature.domain_info_case()) {
    case Feature::kDomain: return Printable(feature.domain(), kMaxText);
    case Feature::kStringDomain: return absl::StrCat(feature.string_domain().value_size(), " strings");
    case Feature::kIntDomain: return range("int", feature.int_domain());
    case Feature::kFloatDomain: return range("float", feature.float_domain());
    case Feature::DOMAIN_INFO_NOT_SET: return "";
    default: {
      const auto* oneof = Feature::descriptor()->FindOneofByName("domain_info");
      const auto* field = Feature::GetReflection()->GetOneofFieldDescriptor(feature, oneof);
      return std::string(absl::StripSuffix(field->name(), "_domain"));
    }
  }
}

std::string PresenceText(const Feature& feature) {
  if (IsDeprecated(feature)) return "deprecated";
  if (feature.presence().min_fraction() >= 1) return "required";
  if (feature.presence().min_fraction() > 0) return Percent(feature.presence().min_fraction(), 1);
  return feature.presence().min_count() > 0 ? "optional" : "";
}

// Also those inside of structures, by their paths.
void AddSchemaFeatures(const google::protobuf::RepeatedPtrField<Feature>& features, FeaturePath path,
                       TextTable* table) {
  for (const Feature& feature : features) {
    path.push_back(feature.name());
    table->AddRow({Printable(SerializePath(path), kMaxText), tensorflow::metadata::v0::FeatureType_Name(feature.type()),
                   PresenceText(feature), ValuesText(feature), DomainText(feature)});
    AddSchemaFeatures(feature.struct_domain().feature(), path, table);
    path.pop_back();
  }
}

}  // namespace

std::string StatisticsText(const DatasetFeatureStatisticsList& statistics, absl::string_view name, int width) {
  return absl::StrJoin(statistics.datasets(), "\n", [&](std::string* out, const DatasetFeatureStatistics& dataset) {
    absl::StrAppend(out, DatasetText(dataset, name, width));
  });
}

std::string AnomaliesText(const Anomalies& anomalies, int width) {
  if (anomalies.data_missing()) return "There are no examples.\n";
  TextTable table({{"feature"}, {"severity"}, {"anomaly"}, {"description"}});
  const auto add = [&](const std::string& feature, const AnomalyInfo& info) {
    const std::string description(absl::StripTrailingAsciiWhitespace(info.description()));
    table.AddRow({Printable(feature, kMaxText), AnomalyInfo::Severity_Name(info.severity()),
                  Printable(info.short_description(), 1 << 20), Printable(description, 1 << 20)});
  };
  if (anomalies.has_dataset_anomaly_info()) add("(dataset)", anomalies.dataset_anomaly_info());
  // The map of a proto has no order.
  const std::map<std::string, AnomalyInfo> sorted(anomalies.anomaly_info().begin(), anomalies.anomaly_info().end());
  for (const auto& [feature, info] : sorted) add(feature, info);
  std::string text = table.empty() ? "No anomalies.\n" : table.Text({.width = width});
  TextTable measurements({{"feature"},
                          {"compared for"},
                          {"distance"},
                          {"value", TextTable::kRight},
                          {"threshold", TextTable::kRight},
                          {""}});
  for (const DriftSkewInfo& info : anomalies.drift_skew_info()) {
    AddMeasurements("drift", info, info.drift_measurements(), &measurements);
    AddMeasurements("skew", info, info.skew_measurements(), &measurements);
  }
  if (!measurements.empty()) absl::StrAppend(&text, "\n", measurements.Text({.width = width}));
  return text;
}

std::string SchemaDiffText(const Anomalies& anomalies) {
  std::string text;
  const auto add = [&](absl::string_view mark, const auto& lines) {
    for (const std::string& line : lines) absl::StrAppend(&text, mark, Printable(line, 1 << 20), "\n");
  };
  const std::map<std::string, AnomalyInfo> sorted(anomalies.anomaly_info().begin(), anomalies.anomaly_info().end());
  for (const auto& [feature, info] : sorted) {
    if (info.diff_regions().empty()) continue;
    absl::StrAppend(&text, text.empty() ? "" : "\n", "The schema would fit ", Printable(feature, kMaxText), " with\n");
    for (const auto& region : info.diff_regions()) {
      add("  ", region.unchanged().contents());
      add("- ", region.removed().contents());
      add("+ ", region.added().contents());
      add("- ", region.changed().left_contents());
      add("+ ", region.changed().right_contents());
      if (region.has_hidden()) absl::StrAppend(&text, "  (", region.hidden().size(), " lines)\n");
    }
  }
  return text;
}

std::string SchemaText(const Schema& schema, int width) {
  TextTable features({{"feature"}, {"type"}, {"presence"}, {"values", TextTable::kRight}, {"domain"}});
  AddSchemaFeatures(schema.feature(), {}, &features);
  std::string text = features.empty() ? "No features.\n" : features.Text({.width = width});
  TextTable domains({{"string domain"}, {"size", TextTable::kRight}, {"values"}});
  for (const StringDomain& domain : schema.string_domain()) {
    domains.AddRow({Printable(domain.name(), kMaxText), absl::StrCat(domain.value_size()),
                    Printable(absl::StrJoin(domain.value(), ", "), 80)});
  }
  if (!domains.empty()) absl::StrAppend(&text, "\n", domains.Text({.width = width}));
  return text;
}

}  // namespace tfxm::statistics
