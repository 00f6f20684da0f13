// SPDX-License-Identifier: Apache-2.0

// Statistics made up for tests of their page.
#ifndef TFXM_REPORT_STATISTICS_TEST_UTIL_H_
#define TFXM_REPORT_STATISTICS_TEST_UTIL_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tensorflow_metadata/proto/v0/statistics.pb.h"
#include "tfxm/report/statistics/statistics_page.h"

namespace tfxm::report {

using ::tensorflow::metadata::v0::DatasetFeatureStatistics;
using ::tensorflow::metadata::v0::FeatureNameStatistics;
using ::tensorflow::metadata::v0::Histogram;

inline void SetCommon(int64_t present, int64_t missing, ::tensorflow::metadata::v0::CommonStatistics* common) {
  common->set_num_non_missing(present);
  common->set_num_missing(missing);
  common->set_min_num_values(1);
  common->set_max_num_values(1);
  common->set_tot_num_values(present);
}

// Floats in buckets of one width from `low` to `high`, and quartiles that fit.
inline FeatureNameStatistics* AddFloats(DatasetFeatureStatistics* dataset, const std::string& name, double low,
                                        double high, const std::vector<double>& counts, int64_t missing = 0,
                                        int64_t zeros = 0) {
  FeatureNameStatistics* feature = dataset->add_features();
  feature->mutable_path()->add_step(name);
  feature->set_type(FeatureNameStatistics::FLOAT);
  double total = 0;
  auto* stats = feature->mutable_num_stats();
  Histogram* histogram = stats->add_histograms();
  const double width = (high - low) / static_cast<double>(counts.size());
  for (size_t i = 0; i < counts.size(); ++i) {
    Histogram::Bucket* bucket = histogram->add_buckets();
    bucket->set_low_value(low + width * static_cast<double>(i));
    bucket->set_high_value(i + 1 == counts.size() ? high : low + width * static_cast<double>(i + 1));
    bucket->set_sample_count(counts[i]);
    total += counts[i];
  }
  Histogram* quantiles = stats->add_histograms();
  quantiles->set_type(Histogram::QUANTILES);
  for (int i = 0; i < 4; ++i) {
    Histogram::Bucket* bucket = quantiles->add_buckets();
    bucket->set_low_value(low + (high - low) * i / 4);
    bucket->set_high_value(low + (high - low) * (i + 1) / 4);
    bucket->set_sample_count(total / 4);
  }
  SetCommon(static_cast<int64_t>(total), missing, stats->mutable_common_stats());
  stats->set_min(low);
  stats->set_max(high);
  stats->set_mean((low + high) / 2);
  stats->set_median((low + high) / 2);
  stats->set_std_dev((high - low) / 4);
  stats->set_num_zeros(zeros);
  return feature;
}

inline FeatureNameStatistics* AddTexts(DatasetFeatureStatistics* dataset, const std::string& name,
                                       const std::vector<std::pair<std::string, double>>& counts, int64_t missing = 0) {
  FeatureNameStatistics* feature = dataset->add_features();
  feature->mutable_path()->add_step(name);
  feature->set_type(FeatureNameStatistics::STRING);
  double total = 0;
  auto* stats = feature->mutable_string_stats();
  for (const auto& [text, count] : counts) {
    auto* top = stats->add_top_values();
    top->set_value(text);
    top->set_frequency(count);
    auto* bucket = stats->mutable_rank_histogram()->add_buckets();
    bucket->set_label(text);
    bucket->set_sample_count(count);
    total += count;
  }
  stats->set_unique(counts.size());
  stats->set_avg_length(5);
  SetCommon(static_cast<int64_t>(total), missing, stats->mutable_common_stats());
  return feature;
}

// Two data sets, train with two slices: fares that drift, a payment type with an anomaly in eval, a feature that eval does
// not have.
inline StatisticsPageInput TaxiPage() {
  StatisticsPageInput page{.title = "Taxi"};
  for (const bool train : {true, false}) {
    NamedStatistics& set = page.datasets.emplace_back();
    set.name = train ? "train" : "eval";
    DatasetFeatureStatistics* all = set.statistics.add_datasets();
    all->set_name("All Examples");
    all->set_num_examples(train ? 1000 : 500);
    if (train) {
      AddFloats(all, "fare", 0, 100, {600, 250, 100, 50}, 0, 10);
      AddFloats(all, "tips", 0, 10, {800, 50, 50}, 100, 500);
      AddTexts(all, "payment", {{"Cash", 600}, {"Credit", 400}});
      AddFloats(all, "only_train", 1, 2, {1000});
    } else {
      AddFloats(all, "fare", 50, 200, {100, 200, 200});
      AddFloats(all, "tips", 0, 10, {440, 28, 27}, 5, 275);
      AddTexts(all, "payment", {{"Credit", 300}, {"Barter", 150}, {"Cash", 50}});
    }
    set.anomalies.emplace();
  }
  for (const char* name : {"company_a", "company_b"}) {
    DatasetFeatureStatistics* slice = page.datasets[0].statistics.add_datasets();
    slice->set_name(name);
    slice->set_num_examples(500);
    AddFloats(slice, "fare", 0, 50, {300, 150, 50});
    AddTexts(slice, "payment", {{absl::StrCat("of ", name), 500}});
  }
  auto& info = (*page.datasets[1].anomalies->mutable_anomaly_info())["payment"];
  info.set_severity(tensorflow::metadata::v0::AnomalyInfo::ERROR);
  info.set_short_description("Unexpected string values");
  info.set_description("Examples contain values missing from the schema: Barter (~30%). ");
  auto& gone = (*page.datasets[1].anomalies->mutable_anomaly_info())["gone"];
  gone.set_severity(tensorflow::metadata::v0::AnomalyInfo::WARNING);
  gone.set_short_description("Column dropped");
  gone.set_description("Column is completely missing");
  return page;
}

}  // namespace tfxm::report

#endif  // TFXM_REPORT_STATISTICS_TEST_UTIL_H_
