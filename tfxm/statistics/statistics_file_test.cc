// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/statistics_file.h"

#include "absl/strings/str_cat.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/statistics/test_util.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::DatasetFeatureStatisticsList;

class StatisticsFileTest : public testing::Test {
 protected:
  void SetUp() override { dir_ = *io::MakeTempDir(testing::TempDir(), "statistics_file"); }
  std::string Path(const std::string& name) const { return io::JoinPath(dir_, name); }
  std::string Write(const std::string& name, const std::string& bytes) const {
    EXPECT_TRUE(io::WriteFile(Path(name), bytes).ok());
    return Path(name);
  }
  std::string WriteRecords(const std::string& name, const std::vector<std::string>& records) const {
    auto writer = *data::TFRecordWriter::Create(Path(name));
    for (const std::string& record : records) EXPECT_TRUE(writer->Write(record).ok());
    EXPECT_TRUE(writer->Close().ok());
    return Path(name);
  }
  static std::string ErrorOf(const std::vector<std::string>& files) {
    return std::string(ReadStatistics(files).status().message());
  }
  std::string dir_;
};

DatasetFeatureStatisticsList Part(const std::string& dataset, const std::string& feature, int num_examples = 5) {
  return ParseText<DatasetFeatureStatisticsList>(
      absl::StrCat("datasets { name: '", dataset, "' num_examples: ", num_examples, " features { path { step: '",
                   feature, "' } num_stats { mean: 1.5 } } cross_features { path_x { step: '", feature, "' } } }"));
}

TEST_F(StatisticsFileTest, WhatIsWrittenIsReadWhateverTheForm) {
  const auto statistics = ReadBinary<DatasetFeatureStatisticsList>("statistics.pb");
  for (const char* name : {"FeatureStats.pb", "stats.pbtxt", "stats.tfrecord", "stats.tfrecord.gz"}) {
    ASSERT_TRUE(WriteStatistics(Path(name), statistics).ok());
    EXPECT_TRUE(IsStatisticsFile(Path(name))) << name;
    const auto read = ReadStatistics({Path(name)});
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(Differences(statistics, *read, 0), "") << name;
  }
  // The text is text, and the form is told by what is in a file, not by its name.
  EXPECT_EQ(io::ReadFile(Path("stats.pbtxt"))->substr(0, 8), "datasets");
  const std::string other_name = Write("stats.other", *io::ReadFile(Path("stats.pbtxt")));
  EXPECT_TRUE(ReadStatistics({other_name}).ok());
}

TEST_F(StatisticsFileTest, PartsInFilesAndRecordsAreMerged) {
  ASSERT_TRUE(WriteStatistics(Path("a.pb"), Part("all", "x")).ok());
  WriteRecords("b", {Part("all", "y").SerializeAsString(), Part("slice", "x", 2).SerializeAsString()});
  const auto merged = ReadStatistics({Path("a.pb"), Path("b")});
  ASSERT_TRUE(merged.ok()) << merged.status();
  ASSERT_EQ(merged->datasets_size(), 2);
  EXPECT_EQ(merged->datasets(0).features_size(), 2);
  EXPECT_EQ(merged->datasets(0).cross_features_size(), 2);
  EXPECT_EQ(merged->datasets(1).name(), "slice");
}

TEST_F(StatisticsFileTest, PartsThatAreNoPartsOfOneAreRefused) {
  EXPECT_EQ(MergeStatistics({Part("all", "x"), Part("all", "x")}).status().message(),
            "feature x of dataset \"all\" is in two parts of the statistics");
  EXPECT_EQ(MergeStatistics({Part("all", "x"), Part("all", "y", 6)}).status().message(),
            "dataset \"all\" is of 5 examples in one part and of 6 in another; parts of statistics are of the same "
            "examples");
}

TEST_F(StatisticsFileTest, OtherFilesAreNamed) {
  const std::string records = WriteRecords("data.tfrecord", Examples({Ints("x", "1"), Ints("x", "2")}));
  const std::string csv = Write("data.csv", "a,b\n1,2\n");
  const std::string noise = Write("noise", std::string("\x0a\xff\xff\xff\xff\xff\x7f", 7));
  std::string cut = *io::ReadFile(TestData("statistics.pb"));
  cut = Write("cut.pb", cut.substr(0, cut.size() / 2));
  const std::string text = Write("misspelt.pbtxt", "datasets { nam: 'x' }");
  for (const std::string& file : {records, csv, noise, cut, text, TestData("schema.pbtxt")}) {
    EXPECT_FALSE(IsStatisticsFile(file)) << file;
    EXPECT_EQ(ErrorOf({file}), absl::StrCat(file,
                                            " is not a file of statistics: neither a DatasetFeatureStatisticsList "
                                            "(binary or text) nor TFRecords of them"));
  }
  EXPECT_TRUE(ErrorOf({Path("none")}).find(Path("none")) != std::string::npos) << ErrorOf({Path("none")});
  EXPECT_FALSE(IsStatisticsFile(Path("none")));
}

TEST_F(StatisticsFileTest, AnEmptyTextPartIsNotLost) {
  const std::string empty = Write("empty.pb", "");
  const auto read = ReadStatistics({empty});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->datasets_size(), 0);
}

}  // namespace
}  // namespace tfxm::statistics
