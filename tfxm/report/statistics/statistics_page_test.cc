// SPDX-License-Identifier: Apache-2.0

#include "tfxm/report/statistics/statistics_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/report/html/report.h"
#include "tfxm/report/statistics/test_util.h"
#include "tfxm/util/io.h"
#include "tfxm/util/text/json_writer.h"

namespace tfxm::report {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Struct;
using google::protobuf::Value;
using testing::HasSubstr;

Struct DataOf(absl::string_view html) {
  const size_t from = html.find("id=\"data\">") + 10;
  Struct data;
  EXPECT_TRUE(io::ParseJson(html.substr(from, html.find("</script>", from) - from), &data).ok());
  return data;
}

Struct Data(const StatisticsPageInput& input) {
  const auto html = RenderStatisticsPage(input);
  EXPECT_TRUE(html.ok()) << html.status();
  return DataOf(html.value_or(""));
}

const ListValue& List(const Struct& object, const std::string& name) { return object.fields().at(name).list_value(); }
std::string Text(const Struct& object, const std::string& name) { return object.fields().at(name).string_value(); }

const Struct* Feature(const Struct& data, const std::string& name) {
  for (const Value& feature : List(data, "features").values()) {
    if (Text(feature.struct_value(), "name") == name) return &feature.struct_value();
  }
  return nullptr;
}
const ListValue& Entry(const Struct& feature, int i) { return List(feature, "entries").values(i).list_value(); }
// Part `i` of an entry (web/README.md), as JSON.
std::string Part(const ListValue& entry, int i) {
  JsonWriter json;
  json.Value(entry.values(i));
  return std::move(json).Take();
}

TEST(StatisticsPageTest, HoldsWhatTheStatisticsHold) {
  const Struct data = Data(TaxiPage());
  EXPECT_EQ(List(data, "columns").values_size(), 4);
  const Struct* fare = Feature(data, "fare");
  ASSERT_NE(fare, nullptr);
  ASSERT_EQ(List(*fare, "entries").values_size(), 4);
  const ListValue& train = Entry(*fare, 0);
  EXPECT_EQ(train.values(0).number_value(), 0);
  EXPECT_EQ(train.values(2).number_value(), 1000);
  EXPECT_EQ(Part(train, 7), "[50,25,10,0,50,100,0]") << "mean, std dev, zeros, min, median, max, NaN";
  EXPECT_EQ(Part(train, 9), "[[0,100],[600,250,100,50]]");
  EXPECT_EQ(Part(train, 10), "[[0,100],[250,250,250,250]]");
  const Struct* payment = Feature(data, "payment");
  EXPECT_EQ(Part(Entry(*payment, 0), 8), "[2,5,[0,600,1,400],2,0]") << "unique, length, [value, count, …], stored";
  EXPECT_EQ(List(*payment, "values").values(0).string_value(), "Cash");
  EXPECT_EQ(Text(*payment, "name"), "payment");
}

TEST(StatisticsPageTest, FeaturesThatOnlyAnomaliesNameAreThere) {
  const Struct data = Data(TaxiPage());
  const Struct* gone = Feature(data, "gone");
  ASSERT_NE(gone, nullptr);
  EXPECT_EQ(List(*gone, "entries").values_size(), 0);
  const ListValue& anomaly = List(*gone, "anomalies").values(0).list_value();
  EXPECT_EQ(anomaly.values(0).number_value(), 1) << "the data set";
  EXPECT_EQ(anomaly.values(1).string_value(), "WARNING");
  EXPECT_EQ(anomaly.values(3).string_value(), "Column is completely missing");
}

TEST(StatisticsPageTest, DistancesAreThoseOfTheComparators) {
  const Struct data = Data(TaxiPage());
  // In train nothing is compared. By hand, of [.6 .4 0] and [.1 .6 .3]:
  EXPECT_EQ(Part(Entry(*Feature(data, "payment"), 0), 11), "{}");
  const ListValue& eval = Entry(*Feature(data, "payment"), 3);
  ASSERT_EQ(eval.values(0).number_value(), 3) << "the column";
  const ListValue& distance = List(eval.values(11).struct_value(), "distance");
  const auto divergence = [](double p, double q) {
    const double m = (p + q) / 2;
    return (p > 0 ? p * std::log2(p / m) : 0) / 2 + (q > 0 ? q * std::log2(q / m) : 0) / 2;
  };
  EXPECT_NEAR(distance.values(0).number_value(), divergence(.6, .1) + divergence(.4, .6) + divergence(0, .3), 1e-6);
  EXPECT_NEAR(distance.values(1).number_value(), 0.5, 1e-6);
  EXPECT_EQ(List(*Feature(data, "payment"), "values")
                .values(static_cast<int>(distance.values(2).number_value()))
                .string_value(),
            "Cash");
}

TEST(StatisticsPageTest, NoTextLeavesItsPlace) {
  StatisticsPageInput input = TaxiPage();
  const std::string hostile = "</script><script>alert(1)</script><!--@SCRIPT@\xe2\x80\xa8\xff";
  input.title = input.datasets[0].name = hostile;
  DatasetFeatureStatistics* all = input.datasets[0].statistics.mutable_datasets(0);
  AddTexts(all, hostile, {{hostile, 3}});
  all->mutable_features(0)->add_custom_stats()->set_name(hostile);
  (*input.datasets[1].anomalies->mutable_anomaly_info())[hostile].set_description(hostile);
  const auto html = RenderStatisticsPage(input);
  ASSERT_TRUE(html.ok()) << html.status();
  EXPECT_FALSE(absl::StrContains(*html, "alert(1)</script>"));
  EXPECT_FALSE(absl::StrContains(*html, "<!--"));
  EXPECT_THAT(Text(DataOf(*html), "title"), HasSubstr("</script><script>alert(1)</script><!--@SCRIPT@"));
  EXPECT_EQ(RenderStatisticsPage(input).value(), *html) << "the same inputs, the same bytes";
}

TEST(StatisticsPageTest, NumbersThatAreNoneAndHistogramsOfAnyForm) {
  StatisticsPageInput input;
  DatasetFeatureStatistics* all = input.datasets.emplace_back().statistics.add_datasets();
  auto* stats = AddFloats(all, "x", 0, 1, {1, 2})->mutable_num_stats();
  stats->set_mean(NAN);
  stats->set_max(INFINITY);
  Histogram* histogram = stats->mutable_histograms(0);
  histogram->set_num_nan(7);
  histogram->mutable_buckets(1)->set_low_value(0.75);  // A gap.
  auto* infinite = histogram->add_buckets();
  infinite->set_low_value(1);
  infinite->set_high_value(INFINITY);
  infinite->set_sample_count(4);
  const Struct data = Data(input);
  EXPECT_EQ(Part(Entry(*Feature(data, "x"), 0), 7), "[\"NaN\",0.25,0,0,0.5,\"Infinity\",7]");
  EXPECT_EQ(Part(Entry(*Feature(data, "x"), 0), 9), "[[0,0.5,0.75,1],[1,null,2],[1,\"Infinity\",4]]");
}

TEST(StatisticsPageTest, NeighboursAmongVeryManyBucketsAreOne) {
  StatisticsPageInput input;
  DatasetFeatureStatistics* all = input.datasets.emplace_back().statistics.add_datasets();
  AddFloats(all, "x", 0, 1000, std::vector<double>(1000, 2));
  const Struct data = Data(input);
  const ListValue& histogram = Entry(*Feature(data, "x"), 0).values(9).list_value();
  ASSERT_EQ(histogram.values(1).list_value().values_size(), 100);
  for (const Value& count : histogram.values(1).list_value().values()) EXPECT_EQ(count.number_value(), 20);
}

TEST(StatisticsPageTest, ReadsWhatTfdvWrites) {
  for (const char* name : {"cross", "lift", "lift_weighted", "composite"}) {
    StatisticsPageInput input;
    NamedStatistics& dataset = input.datasets.emplace_back();
    ASSERT_TRUE(io::ReadBinaryProto(absl::StrCat("tfxm/statistics/testdata/cases/", name, "/statistics.pb"),
                                    &dataset.statistics)
                    .ok());
    const Struct data = Data(input);
    EXPECT_GE(List(data, "features").values_size(), dataset.statistics.datasets(0).features_size());
    EXPECT_EQ(List(data, "crosses").values_size() > 0, name == std::string("cross")) << name;
    EXPECT_EQ(List(data, "lift").values_size() > 0, absl::StartsWith(name, "lift")) << name;
  }
}

TEST(StatisticsPageTest, ManyFeaturesFitIntoEightMegabytes) {
  StatisticsPageInput input;
  for (int d = 0; d < 2; ++d) {
    NamedStatistics& dataset = input.datasets.emplace_back();
    for (int s = 0; s <= 10; ++s) {
      DatasetFeatureStatistics* slice = dataset.statistics.add_datasets();
      slice->set_name(s == 0 ? "All Examples" : absl::StrCat("slice_", s));
      for (int f = 0; f < 1000; ++f) {
        if (f % 2 == 0) {
          AddFloats(slice, absl::StrCat("feature_", f), 0.123 * f, 7.654321 * (s + 1),
                    {1234.5, 234.5, 345.5, 4, 5, 6, 7, 8, 9, 10});
          continue;
        }
        std::vector<std::pair<std::string, double>> texts;
        for (int v = 0; v < 30; ++v) {
          texts.emplace_back(absl::StrCat("a rather long value of this feature ", f, "_", s % 3 == 0 ? v : v * (s + 1)),
                             1000 - v);
        }
        AddTexts(slice, absl::StrCat("feature_", f), texts);
      }
    }
  }
  const auto html = RenderStatisticsPage(input);
  ASSERT_TRUE(html.ok()) << html.status();
  EXPECT_LT(html->size(), 8'000'000);
  EXPECT_GT(html->size(), 2'000'000);
  for (const int f : {0, 1, 999}) EXPECT_TRUE(absl::StrContains(*html, absl::StrCat("{\"name\":\"feature_", f, "\"")));
}

TEST(StatisticsPageTest, NothingToShowIsAnError) {
  EXPECT_EQ(RenderStatisticsPage({}).status().code(), absl::StatusCode::kInvalidArgument);
  StatisticsPageInput input;
  input.datasets.emplace_back().name = "empty";
  EXPECT_THAT(RenderStatisticsPage(input).status().message(), HasSubstr("\"empty\""));
  input.datasets[0].statistics.add_datasets();
  const std::string path = testing::TempDir() + "/empty_statistics.html";
  EXPECT_TRUE(WriteStatisticsPage(input, path).ok()) << "statistics of no example can be shown";
  EXPECT_FALSE(IsAnothersFile(path));
}

}  // namespace
}  // namespace tfxm::report
