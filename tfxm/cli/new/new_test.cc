// SPDX-License-Identifier: Apache-2.0

// `tfxm new`, as its user meets it.
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/testing/program.h"
#include "tfxm/util/io.h"
#include "tfxm/util/subprocess.h"

namespace tfxm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class NewTest : public ::testing::Test {
 protected:
  void SetUp() override { dir_ = *io::MakeTempDir(testing::TempDir(), "new"); }
  void TearDown() override { io::RemoveAll(dir_).IgnoreError(); }
  std::string Path(absl::string_view name) const { return io::JoinPath(dir_, name); }
  static SubprocessResult Tfxm(const std::vector<std::string>& arguments) { return RunProgram(arguments); }
  // Rows of a CSV file of these columns, each made from the row's number.
  std::string Csv(const std::string& names, int rows, std::string (*row)(int)) const {
    std::string text = names + "\n";
    for (int i = 0; i < rows; ++i) absl::StrAppend(&text, row(i), "\n");
    EXPECT_TRUE(io::WriteFile(Path("data.csv"), text).ok());
    return Path("data.csv");
  }
  static std::string MixedRow(int i) {
    const std::vector<std::string> kinds = {"a", "b", "c\"\"d"};
    return absl::StrCat(i % 7 == 0 ? "" : absl::StrCat(i * 0.37), ",", i % 5, ",\"", kinds[i % 3], "\",n", i, ",,same,",
                        i % 3 == 0 ? 1 : 0, ",", i * 2.5);
  }
  std::string MixedCsv(int rows = 120) const {
    return Csv("trip miles (km),hour,kind,名前,nothing,one,rich,tips", rows, MixedRow);
  }
  SubprocessResult New(const std::string& csv, const std::string& label, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"new", Path("project"), "--csv=" + csv, "--label=" + label};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Tfxm(arguments);
  }
  std::string File(const std::string& name) const { return *io::ReadFile(io::JoinPath(Path("project"), name)); }

  std::string dir_;
};

// Also with classes that the split train lacks, and with line breaks, which a vocabulary cannot hold.
TEST_F(NewTest, RunsAtOnceToAPushedFile) {
  const std::string csv = Csv("trip miles (km),hour,kind,名前,nothing,one,rich,tips,class", 150, [](int i) {
    const std::string frequent = i % 3 == 0 ? "one\nline" : "two\r\n\nlines";
    return absl::StrCat(MixedRow(i), ",\"", i < 15 ? absl::StrCat("rare", i) : frequent, "\"");
  });
  const std::string odd = Path("{SPAN} [1].csv");  // Neither a span nor a pattern.
  ASSERT_TRUE(io::WriteFile(odd, *io::ReadFile(csv)).ok());
  ASSERT_EQ(New(odd, "class").exit_code, 0);
  EXPECT_THAT(File("utils.cc"), HasSubstr("OneLine(inputs[kLabel])"));
  const SubprocessResult run = Tfxm({"run", Path("project/pipeline.cc"), "--output=" + Path("out")});
  EXPECT_EQ(run.exit_code, 0) << run.output;
  EXPECT_THAT(*io::Glob(Path("out/serving_model/*/tflite")), SizeIs(1)) << run.output;
  const auto vocabulary = io::Glob(Path("out/pipeline_root/Transform/transform_graph/*/transform_fn/assets/class"));
  ASSERT_THAT(*vocabulary, SizeIs(1));
  EXPECT_THAT(*io::ReadFile((*vocabulary)[0]), AllOf(HasSubstr("one line\n"), HasSubstr("two lines\n")));
}

TEST_F(NewTest, ColumnsAreWhatTheyLookLike) {
  const SubprocessResult result = New(MixedCsv(), "tips");
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("tips is a number (regression), judged on the split eval"),
                    HasSubstr("numbers: rich, trip miles (km)\n"), HasSubstr("categories: hour, kind\n"),
                    HasSubstr("left out: nothing, it has no values"), HasSubstr("left out: one, it has the same value"),
                    HasSubstr("left out: 名前, text that is another one in most rows")));
  EXPECT_THAT(File("utils.cc"), AllOf(HasSubstr("{\"trip miles (km)\", \"trip_miles_km\"}"),
                                      HasSubstr("mean_squared_error"), Not(HasSubstr("%if")), Not(HasSubstr("@"))));
  EXPECT_THAT(File("pipeline.cc"),
              AllOf(HasSubstr("RootMeanSquaredError"), Not(HasSubstr("AUC")), Not(HasSubstr("%"))));
}

// Of a label of any unit a model is learned that says more than the mean; where there is nothing to learn, it is refused.
TEST_F(NewTest, ARegressionIsLearnedInAnyUnit) {
  const auto run = [&](const std::string& csv, const std::string& label) {
    EXPECT_TRUE(io::RemoveAll(Path("project")).ok());
    EXPECT_EQ(New(csv, label).exit_code, 0);
    return Tfxm({"run", Path("project/pipeline.cc"), "--output=" + Path("out_" + label), "--fail_unless_blessed"});
  };
  const SubprocessResult learned = run(Csv("x,small", 300,
                                           [](int i) {
                                             const double x = (i * 37 % 300) / 300.0;
                                             return absl::StrCat(x, ",", 1e-9 * x);
                                           }),
                                       "small");
  EXPECT_EQ(learned.exit_code, 0) << learned.output;
  EXPECT_THAT(File("utils.cc"), HasSubstr("kLabelScale = 2.88"));  // The standard deviation of i / 300 billion.
  const SubprocessResult refused = run(Csv("x,noise", 300,
                                           [](int i) {
                                             const uint32_t hash = static_cast<uint32_t>(i) * 2654435761U;
                                             return absl::StrCat((i * 37 % 300) / 300.0, ",", 5e6 * (hash >> 8));
                                           }),
                                       "noise");
  EXPECT_EQ(refused.exit_code, 1) << refused.output;
  EXPECT_THAT(refused.output, HasSubstr("RootMeanSquaredError"));
}

TEST_F(NewTest, TheLabelSaysWhichProblemItIs) {
  const std::string csv = MixedCsv();
  EXPECT_THAT(New(csv, "rich").output, HasSubstr("rich is 0 or 1"));
  EXPECT_THAT(File("pipeline.cc"), AllOf(HasSubstr("AUC"), HasSubstr("BinaryAccuracy"),
                                         HasSubstr("Who always says 0, the most frequent, has 0.667")));
  EXPECT_THAT(New(csv, "hour", {"--python"}).output, HasSubstr("hour is one of several classes"));
  EXPECT_THAT(File("utils.py"), HasSubstr("softmax"));
  ASSERT_TRUE(io::RemoveAll(Path("project")).ok());
  EXPECT_THAT(New(csv, "hour", {"--python", "--problem=regression"}).output,
              HasSubstr("hour is a number (regression)"));
}

TEST_F(NewTest, ManyRowsAreJudgedOnASplitOfTheirOwn) {
  EXPECT_THAT(New(MixedCsv(2500), "rich").output, HasSubstr("judged on the split test"));
  EXPECT_THAT(File("pipeline.cc"), HasSubstr(R"({"test", 1})"));
}

TEST_F(NewTest, HowTheFileIsReadIsWrittenDown) {
  const std::string csv =
      Csv("a;b", 60, [](int i) { return absl::StrCat(i, i % 9 == 0 ? "" : absl::StrCat(";", i % 2)); });
  const SubprocessResult result =
      Tfxm({"new", Path("my project"), "--csv=" + csv, "--label=b", "--delimiter=;", "--bad_rows=skip"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("53 rows"), HasSubstr("tfxm run '" + Path("my project/pipeline.cc") + "'")));
  EXPECT_THAT(*io::ReadFile(Path("my project/pipeline.cc")),
              AllOf(HasSubstr(".delimiter = \";\""), HasSubstr(".bad_rows = \"skip\"")));
}

TEST_F(NewTest, NothingIsOverwritten) {
  const std::string csv = MixedCsv();
  ASSERT_TRUE(io::MakeDirs(Path("project")).ok());
  ASSERT_TRUE(io::WriteFile(Path("project/utils.cc"), "mine").ok());
  const SubprocessResult result = New(csv, "tips");
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.output, HasSubstr("utils.cc is there already"));
  EXPECT_EQ(File("utils.cc"), "mine");
  EXPECT_FALSE(io::Exists(Path("project/pipeline.cc")));
}

TEST_F(NewTest, WhatIsWrongIsOneMessage) {
  const auto expect = [&](const std::string& csv, const std::string& label, const std::string& message) {
    const SubprocessResult result = New(csv, label);
    EXPECT_NE(result.exit_code, 0);
    EXPECT_THAT(result.output, HasSubstr(message));
    EXPECT_FALSE(io::Exists(Path("project"))) << message;
  };
  const std::string csv = MixedCsv();
  expect(Path("none.csv"), "tips", "there is no file");
  expect(dir_, "tips", "is a folder");
  expect(csv, "tip", "there is no column tip; did you mean \"tips\"?");
  expect(csv, "one", "the label one has the same value in all rows");
  expect(csv, "nothing", "the label nothing is empty, or not a finite number, in 120 of 120 rows");
  expect(csv, "名前", "too many to be learned as classes");
  expect(MixedCsv(5), "tips", "it has 5 rows");
  expect(Csv("a,b", 0, MixedRow), "a", "no rows");
  expect(Csv("id,a", 30, [](int i) { return absl::StrCat("n", i, ",", i); }), "a",
         "it has no column to predict a from");
  expect(Csv("a;b", 30, [](int i) { return absl::StrCat(i, ";", i); }), "b",
         "a single one, a;b: if its cells are separated by another character, --delimiter=';'");
  expect(Csv("a,b", 30, [](int i) { return absl::StrCat(i, ",", 1000000000 + i * 0.5); }), "b",
         "the label b is 1000000000 in all rows");
  expect(Csv("a,b", 30, [](int i) { return absl::StrCat(i, ",", 1000000000 + i * 0.5); }), "b", "32 bit floats");
  expect(Csv("a,b", 30, [](int i) { return absl::StrCat(i, i % 2 == 0 ? ",\"u\nv\"" : ",\"u v\""); }), "b",
         "which differ only in line breaks");
  // Its advice is one that this command can follow.
  expect(Csv("1,1", 30, [](int i) { return absl::StrCat(i, ",", i % 2); }), "1", "put one before it");
}

}  // namespace
}  // namespace tfxm
