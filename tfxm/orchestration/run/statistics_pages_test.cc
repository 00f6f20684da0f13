// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/run/statistics_pages.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tensorflow_metadata/proto/v0/anomalies.pb.h"
#include "tensorflow_metadata/proto/v0/statistics.pb.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

class StatisticsPagesTest : public testing::Test {
 protected:
  NodeResult Node(const std::string& id, const std::string& key, const std::string& type,
                  std::vector<std::string> upstream = {}) {
    NodeResult node{.node_id = id, .state = NodeState::kComplete, .upstream = std::move(upstream)};
    node.outputs[key] = {Artifact{
        .type_name = type, .uri = dir_ / id, .properties = {{"split_names", std::string(R"(["train","eval"])")}}}};
    return node;
  }
  void WriteSplit(const std::string& id, const std::string& split, const std::string& file,
                  const google::protobuf::Message& message) {
    const std::string folder = io::JoinPath(dir_ / id, absl::StrCat("Split-", split));
    ASSERT_TRUE(io::MakeDirs(folder).ok());
    ASSERT_TRUE(io::WriteBinaryProto(io::JoinPath(folder, file), message).ok());
  }
  // A StatisticsGen with two splits.
  NodeResult Statistics(const std::string& id) {
    tensorflow::metadata::v0::DatasetFeatureStatisticsList statistics;
    auto* feature = statistics.add_datasets()->add_features();
    feature->mutable_path()->add_step("fare");
    feature->mutable_num_stats()->mutable_common_stats()->set_num_non_missing(3);
    for (const char* split : {"train", "eval"}) WriteSplit(id, split, "FeatureStats.pb", statistics);
    return Node(id, "statistics", "ExampleStatistics");
  }
  std::string Page(const std::string& name) { return io::ReadFile(dir_ / name).value_or(""); }

  const TempDir dir_;
};

TEST_F(StatisticsPagesTest, ShowsSplitsSideBySideWithTheirAnomalies) {
  RunResult result{.pipeline_name = "taxi"};
  result.nodes.push_back(Statistics("StatisticsGen"));
  result.nodes.push_back(Node("SchemaGen", "schema", "Schema"));
  ASSERT_TRUE(io::MakeDirs(dir_ / "SchemaGen").ok());
  ASSERT_TRUE(io::WriteFile(dir_ / "SchemaGen/schema.pbtxt", "feature { name: 'fare' type: FLOAT }").ok());
  tensorflow::metadata::v0::Anomalies anomalies;
  (*anomalies.mutable_anomaly_info())["fare"].set_description("Too dear.");
  WriteSplit("ExampleValidator", "eval", "SchemaDiff.pb", anomalies);
  result.nodes.push_back(Node("ExampleValidator", "anomalies", "ExampleAnomalies", {"StatisticsGen", "SchemaGen"}));
  const auto pages = WriteStatisticsPages(result, dir_.path());
  ASSERT_TRUE(pages.ok()) << pages.status();
  ASSERT_EQ(pages->size(), 1);
  EXPECT_EQ((*pages)[0].node_id, "StatisticsGen");
  EXPECT_EQ((*pages)[0].file, "statistics.html");
  const std::string page = Page("statistics.html");
  for (const char* part : {"<title>taxi</title>", "\"name\":\"train\"", "\"name\":\"eval\"", "Too dear.", "type: FLOAT",
                           "\"checked\":false", "\"checked\":true"}) {
    EXPECT_TRUE(absl::StrContains(page, part)) << part;
  }
}

TEST_F(StatisticsPagesTest, SeveralNodesHaveAPageEach) {
  RunResult result;
  result.nodes.push_back(Statistics("StatisticsGen"));
  result.nodes.push_back(Statistics("StatisticsGen.a b"));
  const auto pages = WriteStatisticsPages(result, dir_.path());
  ASSERT_TRUE(pages.ok()) << pages.status();
  ASSERT_EQ(pages->size(), 2);
  EXPECT_EQ((*pages)[1].file, "statistics_StatisticsGen.a_b.html");
  EXPECT_FALSE(Page("statistics_StatisticsGen.html").empty());
  EXPECT_FALSE(Page("statistics_StatisticsGen.a_b.html").empty());
  EXPECT_TRUE(WriteStatisticsPages({}, dir_.path())->empty());
}

TEST_F(StatisticsPagesTest, StatisticsThatAreGoneAreNamed) {
  RunResult result;
  result.nodes.push_back(Node("StatisticsGen", "statistics", "ExampleStatistics"));
  const absl::Status status = WriteStatisticsPages(result, dir_.path()).status();
  EXPECT_TRUE(absl::StrContains(status.message(), "StatisticsGen")) << status;
}

}  // namespace
}  // namespace tfxm
