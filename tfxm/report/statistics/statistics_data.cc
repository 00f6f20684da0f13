// SPDX-License-Identifier: Apache-2.0

#include "tfxm/report/statistics/statistics_data.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tfxm/report/statistics/feature_data.h"
#include "tfxm/report/statistics/feature_index.h"
#include "tfxm/statistics/schema/feature_path.h"
#include "tfxm/statistics/schema/text_proto.h"
#include "tfxm/util/text/json_writer.h"

namespace tfxm::report {
namespace {

using tensorflow::metadata::v0::AnomalyInfo;
using tensorflow::metadata::v0::CrossFeatureStatistics;
using tensorflow::metadata::v0::DriftSkewInfo;
using tensorflow::metadata::v0::LiftSeries;
using tensorflow::metadata::v0::Path;

constexpr size_t kMostBytes = 7'000'000;
constexpr PageDetail kDetails[] = {{100, 20, 80, 100}, {30, 10, 80, 50}, {20, 5, 60, 30},
                                   {10, 3, 40, 20},    {5, 1, 30, 10},   {3, 0, 20, 10}};
// Crosses and lift of thousands of pairs would hide those that say something.
constexpr int kMostCrosses = 2000, kMostLifts = 1000, kMostLiftValues = 10;
constexpr size_t kMostSchemaText = 1500;

std::string PathText(const Path& path) { return statistics::SerializePath({path.step().begin(), path.step().end()}); }

// [severity, short description, description]
void WriteAnomaly(const AnomalyInfo& info, JsonWriter& json) {
  std::string brief = info.short_description(), text = info.description();
  if (brief.empty() && text.empty()) {
    for (const auto& reason : info.reason()) {
      absl::StrAppend(&brief, brief.empty() ? "" : "; ", reason.short_description());
      absl::StrAppend(&text, text.empty() ? "" : " ", reason.description());
    }
  }
  json.String(AnomalyInfo::Severity_Name(info.severity())).String(brief).String(text);
}

void WriteDatasets(const FeatureIndex& index, JsonWriter& json) {
  json.Key("datasets").BeginArray();
  for (const NamedStatistics& dataset : index.input().datasets) {
    json.BeginObject().Key("name").String(dataset.name).Key("sample_rate").Number(dataset.sample_rate);
    json.Key("checked").Bool(dataset.anomalies.has_value()).Key("anomalies").BeginArray();
    if (dataset.anomalies && dataset.anomalies->data_missing()) {
      json.BeginArray().String("ERROR").String("No examples").String("There are no examples at all.").End();
    }
    if (dataset.anomalies && dataset.anomalies->has_dataset_anomaly_info()) {
      json.BeginArray();
      WriteAnomaly(dataset.anomalies->dataset_anomaly_info(), json);
      json.End();
    }
    json.End().End();
  }
  json.End().Key("columns").BeginArray();
  for (const StatisticsColumn& column : index.columns()) {
    json.BeginObject().Key("dataset").Integer(column.dataset).Key("slice").String(column.slice);
    json.Key("examples").Number(static_cast<double>(column.statistics->num_examples()));
    json.Key("features").Integer(column.statistics->features_size());
    if (column.statistics->weighted_num_examples() > 0) {
      json.Key("weight").Number(Rounded(column.statistics->weighted_num_examples()));
    }
    json.End();
  }
  json.End();
}

// [data set, "drift" or "skew", measure, value, threshold]
void WriteMeasurements(const IndexedFeature& feature, JsonWriter& json) {
  json.Key("measurements").BeginArray();
  for (const auto& [dataset, info] : feature.measurements) {
    for (const auto& [kind, list] :
         {std::pair("drift", &info->drift_measurements()), std::pair("skew", &info->skew_measurements())}) {
      for (const DriftSkewInfo::Measurement& m : *list) {
        json.BeginArray().Integer(dataset).String(kind).String(DriftSkewInfo::Measurement::Type_Name(m.type()));
        json.Number(Rounded(m.value())).Number(m.threshold()).End();
      }
    }
  }
  json.End();
}

void WriteFeatures(const FeatureIndex& index, const PageDetail& detail, JsonWriter& json) {
  json.Key("features").BeginArray();
  for (const IndexedFeature& feature : index.features()) {
    json.BeginObject().Key("name").String(feature.name);
    if (!feature.anomalies.empty()) {
      json.Key("anomalies").BeginArray();
      for (const auto& [dataset, info] : feature.anomalies) {
        json.BeginArray().Integer(dataset);
        WriteAnomaly(*info, json);
        json.End();
      }
      json.End();
    }
    if (!feature.measurements.empty()) WriteMeasurements(feature, json);
    if (feature.schema != nullptr) {
      std::string text = statistics::PrintAsPython(*feature.schema);
      if (text.size() > kMostSchemaText) {
        size_t end = kMostSchemaText;
        while (end > 0 && (text[end] & 0xC0) == 0x80) --end;
        text = absl::StrCat(text.substr(0, end), "…");
      }
      json.Key("schema").String(text);
    }
    WriteEntries(index, feature, detail, json);
    json.End();
  }
  json.End();
}

void WriteY(const LiftSeries& series, JsonWriter& json) {
  switch (series.y_value_case()) {
    case LiftSeries::kYInt: json.String(absl::StrCat(series.y_int())); break;
    case LiftSeries::kYString: json.String(series.y_string()); break;
    default: json.String(absl::StrCat("[", series.y_bucket().low_value(), ", ", series.y_bucket().high_value(), ")"));
  }
}

// {column, x, y, value of y, count, of, weighted, lifts: [value of x, lift, count of x, count of both]}: of the values of
// x those whose lift is farthest from 1, of `of`.
void WriteSeries(int column, const CrossFeatureStatistics& cross, const LiftSeries& series, JsonWriter& json) {
  // TFDV has both kinds in lift_series.
  const bool weighted = series.has_weighted_y_count();
  std::vector<const LiftSeries::LiftValue*> values;
  for (const auto& value : series.lift_values()) values.push_back(&value);
  const auto strength = [](const LiftSeries::LiftValue* v) { return std::abs(std::log(std::max(v->lift(), 1e-9))); };
  std::stable_sort(values.begin(), values.end(),
                   [&](const auto* a, const auto* b) { return strength(a) > strength(b); });
  json.BeginObject().Key("column").Integer(column);
  json.Key("x").String(PathText(cross.path_x())).Key("y").String(PathText(cross.path_y())).Key("value");
  WriteY(series, json);
  json.Key("count").Number(weighted ? Rounded(series.weighted_y_count()) : static_cast<double>(series.y_count()));
  json.Key("weighted").Bool(weighted).Key("of").Integer(series.lift_values_size()).Key("lifts").BeginArray();
  if (values.size() > kMostLiftValues) values.resize(kMostLiftValues);
  for (const auto* v : values) {
    json.BeginArray().String(v->has_x_string() ? v->x_string() : absl::StrCat(v->x_int())).Number(Rounded(v->lift()));
    json.Number(weighted ? Rounded(v->weighted_x_count()) : static_cast<double>(v->x_count()));
    json.Number(weighted ? Rounded(v->weighted_x_and_y_count()) : static_cast<double>(v->x_and_y_count())).End();
  }
  json.End().End();
}

// "crosses": [column, x, y, count, correlation, covariance], the strongest first, and "lift"; "crosses_left_out" and
// "lift_left_out": how many more there are.
void WriteCrosses(const FeatureIndex& index, JsonWriter& json) {
  std::vector<std::pair<int, const CrossFeatureStatistics*>> numeric, categorical;
  for (size_t c = 0; c < index.columns().size(); ++c) {
    for (const CrossFeatureStatistics& cross : index.columns()[c].statistics->cross_features()) {
      if (cross.has_num_cross_stats()) numeric.emplace_back(static_cast<int>(c), &cross);
      if (cross.has_categorical_cross_stats()) categorical.emplace_back(static_cast<int>(c), &cross);
    }
  }
  // NaN, of a feature that has one value only, comes last.
  const auto strength = [](const auto& cross) {
    const double r = std::abs(cross.second->num_cross_stats().correlation());
    return std::isnan(r) ? -1 : r;
  };
  std::stable_sort(numeric.begin(), numeric.end(),
                   [&](const auto& a, const auto& b) { return strength(a) > strength(b); });
  json.Key("crosses").BeginArray();
  const int most = std::min<int>(kMostCrosses, static_cast<int>(numeric.size()));
  for (int i = 0; i < most; ++i) {
    const CrossFeatureStatistics& cross = *numeric[i].second;
    json.BeginArray().Integer(numeric[i].first).String(PathText(cross.path_x())).String(PathText(cross.path_y()));
    json.Number(static_cast<double>(cross.count())).Number(Rounded(cross.num_cross_stats().correlation()));
    json.Number(Rounded(cross.num_cross_stats().covariance())).End();
  }
  json.End().Key("crosses_left_out").Number(static_cast<double>(numeric.size()) - most).Key("lift").BeginArray();
  int lifts = 0;
  for (const auto& [column, cross] : categorical) {
    const auto& lift = cross->categorical_cross_stats().lift();
    for (const auto* list : {&lift.lift_series(), &lift.weighted_lift_series()}) {
      for (const LiftSeries& series : *list) {
        if (++lifts <= kMostLifts) WriteSeries(column, *cross, series, json);
      }
    }
  }
  json.End().Key("lift_left_out").Integer(std::max(0, lifts - kMostLifts));
}

void WriteImages(const FeatureIndex& index, JsonWriter& json) {
  json.Key("images").BeginArray();
  for (size_t d = 0; d < index.input().datasets.size(); ++d) {
    for (const SampleImage& image : index.input().datasets[d].images) {
      json.BeginObject().Key("dataset").Integer(static_cast<int>(d)).Key("feature").String(image.feature);
      json.Key("example").Integer(image.example);
      if (!image.encoded.empty()) {
        json.Key("encoded").String(absl::Base64Escape(image.encoded));
      } else {
        json.Key("width").Integer(image.width).Key("height").Integer(image.height);
        json.Key("channels").Integer(image.channels).Key("pixels").String(absl::Base64Escape(image.pixels));
      }
      json.End();
    }
  }
  json.End();
}

}  // namespace

std::string StatisticsData(const StatisticsPageInput& input) {
  const FeatureIndex index(input);
  std::string data;
  for (const PageDetail& detail : kDetails) {
    JsonWriter json(/*indent=*/false, /*printable=*/true);
    json.BeginObject().Key("title").String(input.title).Key("has_schema").Bool(input.schema.has_value());
    json.Key("detail").BeginArray().Integer(detail.values).Integer(detail.slice_values);
    json.Integer(detail.buckets).End();
    WriteDatasets(index, json);
    WriteFeatures(index, detail, json);
    WriteCrosses(index, json);
    WriteImages(index, json);
    json.End();
    data = std::move(json).Take();
    if (data.size() <= kMostBytes) break;
  }
  return data;
}

}  // namespace tfxm::report
