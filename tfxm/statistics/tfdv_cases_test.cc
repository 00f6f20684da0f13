// SPDX-License-Identifier: Apache-2.0

// Statistics, anomalies and updated schemas with the options that testdata/make_case_goldens.py tries, against TFDV's.
#include <algorithm>
#include <filesystem>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tensorflow_metadata/proto/v0/anomalies.pb.h"
#include "tfxm/statistics/infer_schema.h"
#include "tfxm/statistics/options/stats_options_json.h"
#include "tfxm/statistics/test_util.h"
#include "tfxm/statistics/validate_statistics.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::Anomalies;
using tensorflow::metadata::v0::DatasetFeatureStatisticsList;
using tensorflow::metadata::v0::Schema;

std::vector<std::string> Cases(absl::FunctionRef<bool(const std::string&)> takes) {
  std::vector<std::string> cases;
  for (const auto& entry : std::filesystem::directory_iterator(TestData("cases"))) {
    const std::string name = entry.path().filename();
    if (takes(name)) cases.push_back(name);
  }
  std::sort(cases.begin(), cases.end());
  return cases;
}

// What TFDV leaves to the order of its parts: features, their custom statistics and the crosses.
void Sort(DatasetFeatureStatisticsList* list) {
  for (auto& dataset : *list->mutable_datasets()) {
    std::sort(dataset.mutable_features()->begin(), dataset.mutable_features()->end(), [](const auto& a, const auto& b) {
      return absl::StrJoin(a.path().step(), "/") < absl::StrJoin(b.path().step(), "/");
    });
    for (auto& feature : *dataset.mutable_features()) {
      std::stable_sort(feature.mutable_custom_stats()->begin(), feature.mutable_custom_stats()->end(),
                       [](const auto& a, const auto& b) { return a.name() < b.name(); });
      for (auto& custom : *feature.mutable_custom_stats()) {
        // Of equal lifts the order is TFDV's chance.
        std::sort(custom.mutable_rank_histogram()->mutable_buckets()->begin(),
                  custom.mutable_rank_histogram()->mutable_buckets()->end(),
                  [](const auto& a, const auto& b) { return a.label() < b.label(); });
      }
    }
    const auto name = [](const auto& cross) {
      return absl::StrCat(cross.path_x().step(0), "/", cross.path_y().step(0));
    };
    std::sort(dataset.mutable_cross_features()->begin(), dataset.mutable_cross_features()->end(),
              [&](const auto& a, const auto& b) { return name(a) < name(b); });
    for (auto& cross : *dataset.mutable_cross_features()) {
      if (!cross.has_categorical_cross_stats()) continue;
      auto* all = cross.mutable_categorical_cross_stats()->mutable_lift()->mutable_lift_series();
      const auto y = [](const auto& series) {
        return absl::StrCat(series.weighted_y_count() > 0, series.y_string(), series.y_int());
      };
      std::sort(all->begin(), all->end(), [&](const auto& a, const auto& b) { return y(a) < y(b); });
      for (auto& series : *all) {
        const auto x = [](const auto& value) { return absl::StrCat(value.x_string(), value.x_int()); };
        std::sort(series.mutable_lift_values()->begin(), series.mutable_lift_values()->end(),
                  [&](const auto& a, const auto& b) { return x(a) < x(b); });
      }
    }
  }
}

class TfdvCasesTest : public testing::TestWithParam<std::string> {
 protected:
  static std::string File(const std::string& name) { return TestData(absl::StrCat("cases/", GetParam(), "/", name)); }
  static DatasetFeatureStatisticsList Golden() {
    return ReadBinary<DatasetFeatureStatisticsList>(absl::StrCat("cases/", GetParam(), "/statistics.pb"));
  }
  static std::optional<Schema> GivenSchema() {
    if (!io::Exists(File("schema.pbtxt"))) return std::nullopt;
    const auto schema = ReadSchema(File("schema.pbtxt"));
    EXPECT_TRUE(schema.ok()) << schema.status();
    return *schema;
  }
};

TEST_P(TfdvCasesTest, StatisticsAreTfdvs) {
  auto options = ParseStatsOptions(*io::ReadFile(File("options.json")));
  ASSERT_TRUE(options.ok()) << options.status();
  options->schema = GivenSchema();
  auto actual = GenerateStatistics({File("examples.tfrecord.gz")}, *options);
  ASSERT_TRUE(actual.ok()) << actual.status();
  auto expected = Golden();
  Sort(&expected);
  Sort(&*actual);
  EXPECT_EQ(Differences(expected, *actual, 1e-5), "");
}

class TfdvSchemaCasesTest : public TfdvCasesTest {};

TEST_P(TfdvSchemaCasesTest, AnomaliesAndUpdatedSchemaAreTfdvs) {
  const std::optional<Schema> schema = GivenSchema();
  ASSERT_TRUE(schema.has_value());
  auto anomalies = ValidateStatistics(Golden(), *schema);
  ASSERT_TRUE(anomalies.ok()) << anomalies.status();
  anomalies->clear_baseline();
  Anomalies expected;
  ASSERT_TRUE(io::ReadTextProto(File("anomalies.pbtxt"), &expected).ok());
  EXPECT_EQ(Differences(expected, *anomalies, 0), "");
  const auto updated = UpdateSchema(*schema, Golden());
  ASSERT_TRUE(updated.ok()) << updated.status();
  const auto expected_schema = ReadSchema(File("updated_schema.pbtxt"));
  ASSERT_TRUE(expected_schema.ok()) << expected_schema.status();
  EXPECT_EQ(Differences(*expected_schema, *updated, 0), "");
}

// The statistics of "derived" are not of its examples alone.
INSTANTIATE_TEST_SUITE_P(Cases, TfdvCasesTest,
                         testing::ValuesIn(Cases([](const std::string& name) { return name != "derived"; })),
                         [](const auto& info) { return info.param; });
INSTANTIATE_TEST_SUITE_P(Cases, TfdvSchemaCasesTest, testing::ValuesIn(Cases([](const std::string& name) {
                           return io::Exists(TestData(absl::StrCat("cases/", name, "/schema.pbtxt")));
                         })),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace tfxm::statistics
