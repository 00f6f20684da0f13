// SPDX-License-Identifier: Apache-2.0

#include "tfxm/report/statistics/feature_data.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tfxm/statistics/validate/comparators.h"
#include "tfxm/statistics/validate/statistics_view.h"

namespace tfxm::report {
namespace {

using tensorflow::metadata::v0::BytesStatistics;
using tensorflow::metadata::v0::CommonStatistics;
using tensorflow::metadata::v0::CustomStatistic;
using tensorflow::metadata::v0::FeatureNameStatistics;
using tensorflow::metadata::v0::Histogram;
using tensorflow::metadata::v0::HistogramSelection;
using tensorflow::metadata::v0::NumericStatistics;
using tensorflow::metadata::v0::RankHistogram;
using tensorflow::metadata::v0::StringStatistics;

// As much of a text as fits into `length` bytes, in whole characters.
absl::string_view Beginning(absl::string_view text, size_t length) {
  if (text.size() <= length) return text;
  while (length > 0 && (text[length] & 0xC0) == 0x80) --length;
  return text.substr(0, length);
}

template <typename Histograms>
const Histogram* Find(const Histograms& histograms, Histogram::HistogramType type) {
  for (const Histogram& histogram : histograms) {
    if (histogram.type() == type && histogram.buckets_size() > 0) return &histogram;
  }
  return nullptr;
}

// [edges, counts], a count for each pair of neighbouring edges; null between buckets that do not touch. Edges as [low,
// high] if all are as wide, counts as one number if all are the same. Buckets of infinite width stand behind, as
// [low, high, count].
void WriteHistogram(const Histogram* histogram, int most, JsonWriter& json) {
  if (histogram == nullptr) {
    json.Integer(0);
    return;
  }
  std::vector<double> edges;
  std::vector<std::optional<double>> counts;
  std::vector<const Histogram::Bucket*> infinite;
  for (const Histogram::Bucket& bucket : histogram->buckets()) {
    if (!std::isfinite(bucket.low_value()) || !std::isfinite(bucket.high_value())) {
      infinite.push_back(&bucket);
      continue;
    }
    if (edges.empty()) {
      edges.push_back(bucket.low_value());
    } else if (edges.back() != bucket.low_value()) {
      edges.push_back(bucket.low_value());
      counts.push_back(std::nullopt);
    }
    edges.push_back(bucket.high_value());
    counts.push_back(bucket.sample_count());
  }
  // The more buckets there are the more neighbours become one, which is a bucket of the same values.
  const size_t together = (counts.size() + most - 1) / most;
  if (together > 1 && std::find(counts.begin(), counts.end(), std::nullopt) == counts.end()) {
    std::vector<double> fewer_edges = {edges.front()};
    std::vector<std::optional<double>> sums;
    for (size_t i = 0; i < counts.size(); i += together) {
      const size_t end = std::min(i + together, counts.size());
      double sum = 0;
      for (size_t k = i; k < end; ++k) sum += *counts[k];
      sums.emplace_back(sum);
      fewer_edges.push_back(edges[end]);
    }
    edges = std::move(fewer_edges);
    counts = std::move(sums);
  }
  const double range = edges.empty() ? 0 : edges.back() - edges.front();
  bool even = edges.size() > 2;
  for (size_t i = 0; i < edges.size() && even; ++i) {
    const double at = edges.front() + range * static_cast<double>(i) / static_cast<double>(edges.size() - 1);
    even = std::abs(at - edges[i]) <= 1e-7 * range;
  }
  json.BeginArray().BeginArray();
  if (even) {
    json.Number(edges.front()).Number(edges.back());
  } else {
    for (const double edge : edges) json.Number(Rounded(edge, range));
  }
  json.End();
  const auto same = [&](const std::optional<double>& c) { return c && Rounded(*c) == Rounded(counts[0].value_or(-1)); };
  if (!counts.empty() && counts.size() + 1 == edges.size() && !even &&
      std::all_of(counts.begin(), counts.end(), same)) {
    json.Number(Rounded(*counts[0]));
  } else {
    json.BeginArray();
    for (const auto& count : counts) count ? json.Number(Rounded(*count)) : json.Null();
    json.End();
  }
  for (const Histogram::Bucket* bucket : infinite) {
    json.BeginArray().Number(bucket->low_value()).Number(bucket->high_value()).Number(bucket->sample_count()).End();
  }
  json.End();
}

// [place, count, place, count, …], most frequent first.
void WriteRanks(const RankHistogram& ranks,
                const google::protobuf::RepeatedPtrField<StringStatistics::FreqAndValue>& top, int most,
                ValueTexts& values, JsonWriter& json) {
  json.BeginArray();
  const int n = std::min(most, ranks.buckets_size());
  for (int i = 0; i < n; ++i) {
    json.Integer(values.PlaceOf(ranks.buckets(i).label())).Number(Rounded(ranks.buckets(i).sample_count()));
  }
  for (int i = 0; n == 0 && i < std::min(most, top.size()); ++i) {
    json.Integer(values.PlaceOf(top[i].value())).Number(Rounded(top[i].frequency()));
  }
  json.End();
}

void WriteNumber(const FeatureNameStatistics& stats, double x, double range, JsonWriter& json) {
  json.Number(stats.type() == FeatureNameStatistics::INT ? x : Rounded(x, range));
}

// [mean, std_dev, zeros, min, median, max, NaN], or 0.
void WriteNumeric(const FeatureNameStatistics& stats, JsonWriter& json) {
  if (!stats.has_num_stats()) {
    json.Integer(0);
    return;
  }
  const NumericStatistics& n = stats.num_stats();
  const double range = n.max() - n.min();
  json.BeginArray().Number(Rounded(n.mean(), range)).Number(Rounded(n.std_dev()));
  json.Number(static_cast<double>(n.num_zeros()));
  for (const double x : {n.min(), n.median(), n.max()}) WriteNumber(stats, x, range, json);
  const Histogram* standard = n.histograms_size() > 0 ? &n.histograms(0) : nullptr;
  json.Number(standard != nullptr ? static_cast<double>(standard->num_nan()) : 0).End();
}

// [unique, average length, most frequent, how many of these the statistics have, not UTF-8], of bytes
// [unique, average, smallest, largest size], or 0.
void WriteTexts(const FeatureNameStatistics& stats, int most, ValueTexts& values, JsonWriter& json) {
  if (stats.has_string_stats()) {
    const StringStatistics& s = stats.string_stats();
    json.BeginArray().Number(static_cast<double>(s.unique())).Number(Rounded(s.avg_length()));
    WriteRanks(s.rank_histogram(), s.top_values(), most, values, json);
    json.Integer(std::max(s.rank_histogram().buckets_size(), s.top_values_size()));
    json.Number(static_cast<double>(s.invalid_utf8_count())).End();
  } else if (stats.has_bytes_stats()) {
    const BytesStatistics& b = stats.bytes_stats();
    json.BeginArray().Number(static_cast<double>(b.unique())).Number(Rounded(b.avg_num_bytes()));
    json.Number(b.min_num_bytes());
    json.Number(b.max_num_bytes_int() > 0 ? static_cast<double>(b.max_num_bytes_int()) : b.max_num_bytes()).End();
  } else {
    json.Integer(0);
  }
}

// [present, missing, values, [mean, std_dev, median] or 0, most frequent or 0, histogram, quantiles]
void WriteWeighted(const FeatureNameStatistics& stats, const CommonStatistics& common, int most, int buckets,
                   ValueTexts& values, JsonWriter& json) {
  const auto& weighted = common.weighted_common_stats();
  json.Key("weighted").BeginArray().Number(Rounded(weighted.num_non_missing()));
  json.Number(Rounded(weighted.num_missing())).Number(Rounded(weighted.tot_num_values()));
  const auto& numbers = stats.num_stats().weighted_numeric_stats();
  if (stats.has_num_stats()) {
    json.BeginArray().Number(Rounded(numbers.mean())).Number(Rounded(numbers.std_dev()));
    json.Number(Rounded(numbers.median())).End();
  } else {
    json.Integer(0);
  }
  if (stats.has_string_stats()) {
    const auto& strings = stats.string_stats().weighted_string_stats();
    WriteRanks(strings.rank_histogram(), strings.top_values(), most, values, json);
  } else {
    json.Integer(0);
  }
  WriteHistogram(Find(numbers.histograms(), Histogram::STANDARD), buckets, json);
  WriteHistogram(Find(numbers.histograms(), Histogram::QUANTILES), buckets, json);
  json.End();
}

// [name, text, count, text, count, …] or [name, number] or [name, text]. What Facets draws of lift is in the cross
// features, too.
void WriteCustom(const FeatureNameStatistics& stats, int most, JsonWriter& json) {
  json.Key("custom").BeginArray();
  for (const CustomStatistic& custom : stats.custom_stats()) {
    json.BeginArray().String(custom.name());
    switch (custom.val_case()) {
      case CustomStatistic::kNum: json.Number(Rounded(custom.num())); break;
      case CustomStatistic::kStr: json.String(Beginning(custom.str(), 500)); break;
      case CustomStatistic::kRankHistogram:
        for (int i = 0; i < std::min(most, custom.rank_histogram().buckets_size()); ++i) {
          const auto& bucket = custom.rank_histogram().buckets(i);
          json.String(Beginning(bucket.label(), 80)).Number(Rounded(bucket.sample_count()));
        }
        break;
      case CustomStatistic::kHistogram:
        for (int i = 0; i < std::min(most, custom.histogram().buckets_size()); ++i) {
          const auto& bucket = custom.histogram().buckets(i);
          json.String(absl::StrCat(bucket.low_value(), " to ", bucket.high_value())).Number(bucket.sample_count());
        }
        break;
      default: json.String(absl::StrCat("a ", custom.any().type_url())); break;
    }
    json.End();
  }
  json.End();
}

// From the same slice of the first data set: [Jensen-Shannon divergence or null, L-infinity distance or null, its value].
void WriteDistance(const FeatureNameStatistics& stats, const FeatureNameStatistics* first, ValueTexts& values,
                   JsonWriter& json) {
  if (first == nullptr || stats.stats_case() == FeatureNameStatistics::STATS_NOT_SET ||
      first->stats_case() == FeatureNameStatistics::STATS_NOT_SET) {
    return;
  }
  const statistics::FeatureView a(&stats, 0, false), b(first, 0, false);
  HistogramSelection source;
  source.set_type(HistogramSelection::STANDARD);
  const bool strings = stats.string_stats().rank_histogram().buckets_size() > 0 &&
                       first->string_stats().rank_histogram().buckets_size() > 0;
  std::optional<double> divergence;
  if (strings || (stats.has_num_stats() && first->has_num_stats())) {
    divergence = statistics::JensenShannonDivergence(a, b, source);
  }
  if (!divergence && !strings) return;
  json.Key("distance").BeginArray();
  divergence ? json.Number(Rounded(*divergence)) : json.Null();
  if (strings) {
    const auto [value, distance] = statistics::LInfinityDistance(a, b);
    json.Number(Rounded(distance)).Integer(values.PlaceOf(value));
  }
  json.End();
}

const FeatureNameStatistics* InFirst(const FeatureIndex& index, const IndexedFeature& feature, int column) {
  const StatisticsColumn& own = index.columns()[column];
  if (own.dataset == 0) return nullptr;
  const bool whole = column > 0 && index.columns()[column - 1].dataset != own.dataset;
  for (const auto& [c, stats] : feature.stats) {
    const StatisticsColumn& other = index.columns()[c];
    if (other.dataset != 0) break;
    // All examples are compared with all, whatever the two are called.
    if (whole ? c == 0 : c > 0 && other.slice == own.slice) return stats;
  }
  return nullptr;
}

}  // namespace

int ValueTexts::PlaceOf(absl::string_view value) {
  const auto [it, added] = places_.try_emplace(std::string(value), static_cast<int>(in_order_.size()));
  if (added) in_order_.push_back(&it->first);
  return it->second;
}

void ValueTexts::Write(JsonWriter& json) const {
  json.BeginArray();
  for (const std::string* value : in_order_) {
    json.String(value->size() > length_ ? absl::StrCat(Beginning(*value, length_), "…") : *value);
  }
  json.End();
}

double Rounded(double x, double range) {
  if (!std::isfinite(x) || x == 0 || x == std::round(x)) return x;
  int digits = 6;
  if (range > 0 && std::isfinite(range)) {
    digits = std::clamp(static_cast<int>(std::ceil(std::log10(std::abs(x) / range))) + 5, 6, 17);
  }
  double rounded = x;
  return absl::SimpleAtod(absl::StrFormat("%.*g", digits, x), &rounded) ? rounded : x;
}

void WriteEntries(const FeatureIndex& index, const IndexedFeature& feature, const PageDetail& detail,
                  JsonWriter& json) {
  ValueTexts values(detail);
  json.Key("entries").BeginArray();
  for (const auto& [column, stats] : feature.stats) {
    const bool has_stats = stats->stats_case() != FeatureNameStatistics::STATS_NOT_SET;
    const statistics::FeatureView view(stats, 0, false);
    const CommonStatistics& common = has_stats ? view.common() : CommonStatistics::default_instance();
    const bool whole = column == 0 || index.columns()[column - 1].dataset != index.columns()[column].dataset;
    const int most = whole ? detail.values : detail.slice_values;
    json.BeginArray().Integer(column).Integer(stats->type());
    json.Number(static_cast<double>(common.num_non_missing())).Number(static_cast<double>(common.num_missing()));
    json.Number(static_cast<double>(common.min_num_values())).Number(static_cast<double>(common.max_num_values()));
    json.Number(has_stats ? Rounded(view.num_values()) : 0);
    WriteNumeric(*stats, json);
    WriteTexts(*stats, most, values, json);
    WriteHistogram(Find(stats->num_stats().histograms(), Histogram::STANDARD), detail.buckets, json);
    WriteHistogram(Find(stats->num_stats().histograms(), Histogram::QUANTILES), detail.buckets, json);
    json.BeginObject();
    WriteDistance(*stats, InFirst(index, feature, column), values, json);
    if (common.has_weighted_common_stats()) WriteWeighted(*stats, common, most, detail.buckets, values, json);
    if (stats->custom_stats_size() > 0) WriteCustom(*stats, most, json);
    json.End().End();
  }
  json.End().Key("values");
  values.Write(json);
}

}  // namespace tfxm::report
