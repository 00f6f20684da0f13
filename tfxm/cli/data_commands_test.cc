// SPDX-License-Identifier: Apache-2.0

// The commands about data, as their user meets them: convert, head, stats, schema, validate, and CSV of evaluate.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/testing/example_builder.h"
#include "tfxm/testing/program.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class DataCommandsTest : public ::testing::Test {
 protected:
  std::string Path(absl::string_view name) const { return dir_ / name; }
  static SubprocessResult Tfxm(const std::vector<std::string>& arguments) { return RunProgram(arguments); }
  std::string Write(const std::string& name, absl::string_view content) const {
    EXPECT_TRUE(io::WriteFile(Path(name), content).ok());
    return Path(name);
  }
  const TempDir dir_;
};

TEST_F(DataCommandsTest, ValidateTakesOptionsAndKeepsExamplesAndSaysHowTheSchemaWouldFit) {
  const std::string example = ExampleBuilder().Ints("label", {1}).Floats("prediction", {0.5F}).Serialize();
  const std::string data = WriteRecords(Path("data"), std::vector<std::string>(40, example));
  const std::string schema = Write("schema.pbtxt", "feature { name: 'none' type: INT }");
  const std::vector<std::string> call = {"validate", "--schema=" + schema, "--data=" + data};
  const auto with = [&](const std::vector<std::string>& flags) {
    std::vector<std::string> all = call;
    all.insert(all.end(), flags.begin(), flags.end());
    return Tfxm(all);
  };
  const std::string warnings = "--validation_options={\"severity_overrides\": {\"SCHEMA_NEW_COLUMN\": \"WARNING\"}}";
  EXPECT_EQ(with({}).exit_code, 1);
  const SubprocessResult warned = with({warnings, "--diff_regions", "--output=" + Path("anomalies.pbtxt")});
  EXPECT_EQ(warned.exit_code, 0) << warned.output;
  EXPECT_THAT(warned.output, AllOf(HasSubstr("WARNING"), HasSubstr("The schema would fit"), HasSubstr("+ feature {")));
  EXPECT_THAT(*io::ReadFile(Path("anomalies.pbtxt")), HasSubstr("type: SCHEMA_NEW_COLUMN"));
  EXPECT_EQ(with({"--validation_options={\"severity\": 1}"}).exit_code, 2);
  const SubprocessResult kept = with({"--anomalous_examples=" + Path("kept"), "--max_anomalous_examples=3"});
  EXPECT_EQ(kept.exit_code, 1) << kept.output;
  EXPECT_THAT(kept.output, HasSubstr("SCHEMA_NEW_COLUMN        40     3"));
  EXPECT_THAT(*io::ReadFile(Path("kept/anomalous_examples.jsonl")), HasSubstr("data: record 2"));
  const SubprocessResult again = with({"--anomalous_examples=" + Path("kept")});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_THAT(again.output, HasSubstr("there is something in it"));
  ASSERT_EQ(Tfxm({"stats", "--data=" + data, "--output=" + Path("stats.pb")}).exit_code, 0);
  EXPECT_EQ(
      Tfxm({"validate", "--schema=" + schema, "--stats=" + Path("stats.pb"), "--anomalous_examples=" + Path("more")})
          .exit_code,
      2);
}

TEST_F(DataCommandsTest, StatisticsAsAPage) {
  std::string train = "fare,kind\n", other = "fare,kind\n";
  for (int i = 0; i < 40; ++i) absl::StrAppend(&train, i, i % 2 ? ",a\n" : ",b\n");
  for (int i = 0; i < 40; ++i) absl::StrAppend(&other, i, i % 4 ? ",a\n" : ",zzz\n");
  const std::string csv = "--csv=" + Write("train.csv", train);
  ASSERT_EQ(Tfxm({"schema", csv, "--output=" + Path("schema.pbtxt")}).exit_code, 0);
  ASSERT_EQ(Tfxm({"stats", "--csv=" + Write("other.csv", other), "--output=" + Path("other.pb")}).exit_code, 0);
  const std::string schema = "--schema=" + Path("schema.pbtxt"), html = "--html=" + Path("page.html");

  SubprocessResult result = Tfxm({"stats", csv, "--name=train", "--compare=eval=" + Path("other.pb"),
                                  "--compare=" + Path("other.csv"), schema, html, "--title=Fares"});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(*io::ReadFile(Path("page.html")),
              AllOf(HasSubstr("<title>Fares</title>"), HasSubstr("\"name\":\"train\""), HasSubstr("\"name\":\"eval\""),
                    HasSubstr("\"name\":\"other.csv\""), HasSubstr("Unexpected string values")));
  // Written over, because it is a page of ours.
  result = Tfxm({"validate", schema, "--stats=" + Path("other.pb"), "--previous_span=" + Path("train.csv"), html});
  EXPECT_EQ(result.exit_code, 3) << "CSV without --csv";
  result = Tfxm({"validate", schema, "--csv=" + Path("other.csv"), "--previous_span=" + Path("train.csv"), html,
                 "--output=" + Path("SchemaDiff.pb")});
  EXPECT_EQ(result.exit_code, 1) << result.output;
  EXPECT_THAT(*io::ReadFile(Path("page.html")), HasSubstr("\"name\":\"previous span\""));
  result = Tfxm({"stats", "--stats=" + Path("other.pb"), "--anomalies=" + Path("SchemaDiff.pb"), html});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(*io::ReadFile(Path("page.html")), HasSubstr("Unexpected string values"));

  EXPECT_EQ(Tfxm({"stats", csv, "--compare=" + Path("other.pb")}).exit_code, 2) << "for what?";
  EXPECT_EQ(Tfxm({"stats", csv, "--html=" + Path("train.csv")}).exit_code, 2);
  EXPECT_EQ(*io::ReadFile(Path("train.csv")), train);
  EXPECT_EQ(Tfxm({"stats", csv, html, "--anomalies=" + Path("train.csv")}).exit_code, 3);
}

TEST_F(DataCommandsTest, CsvBecomesExamplesInSplits) {
  std::string text = "name,age\n";
  for (int i = 0; i < 30; ++i) absl::StrAppend(&text, "n", i, ",", i, "\n");
  const std::string csv = Write("people.csv", text);
  SubprocessResult result = Tfxm({"convert", "--csv=" + csv, "--output=" + Path("people"), "--splits=train:2,eval:1"});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, AllOf(HasSubstr("train"), HasSubstr("eval"), HasSubstr(Path("people/Split-eval"))));

  result = Tfxm({"head", Path("people/Split-train"), "--n=2"});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, AllOf(HasSubstr("age   int64  "), HasSubstr("name  bytes  \"n"), HasSubstr(": record 1")));
  EXPECT_THAT(Tfxm({"head", "--csv=" + csv, "--n=1", "--format=json"}).output,
              StartsWith("{\"age\":[0],\"name\":[\"n0\"]}"));

  // Nothing is overwritten, and a wrong call leaves nothing.
  result = Tfxm({"convert", "--csv=" + csv, "--output=" + Path("people")});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.output, HasSubstr("holds something already (Split-eval)"));
  EXPECT_EQ(Tfxm({"convert", "--csv=" + csv, "--output=" + Path("b"), "--splits=a:0"}).exit_code, 2);
  EXPECT_EQ(Tfxm({"convert", "--csv=" + Write("bad.csv", "a,b\n1\n"), "--output=" + Path("b")}).exit_code, 3);
  EXPECT_THAT(*io::ListDir(dir_.path()), ElementsAre("bad.csv", "people", "people.csv"));
}

TEST_F(DataCommandsTest, PicturesBecomeExamples) {
  const std::string png("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\3\0\0\0\2", 24);  // As far as its head goes.
  for (const char* folder : {"flowers/rose", "flowers/tulip"}) ASSERT_TRUE(io::MakeDirs(Path(folder)).ok());
  for (const char* file : {"flowers/rose/1.png", "flowers/rose/2.png", "flowers/tulip/1.png"}) Write(file, png);
  SubprocessResult result = Tfxm({"convert", "--images=" + Path("flowers"), "--output=" + Path("a"), "--splits=all:1"});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(Tfxm({"head", Path("a/Split-all"), "--format=json"}).output,
              AllOf(HasSubstr("\"image/class/label\":[1]"), HasSubstr("\"image/class/text\":[\"tulip\"]")));

  // Files that a table labels, in any folder below.
  const std::string labels = Write("labels.csv", "file,label\nrose/2.png,red\ntulip/1.png,white\n");
  result = Tfxm(
      {"convert", "--images=" + Path("flowers"), "--labels_file=" + labels, "--output=" + Path("b"), "--splits=all:1"});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("all           2"));
  EXPECT_THAT(Tfxm({"head", Path("b/Split-all"), "--format=json"}).output, HasSubstr("[\"white\"]"));
  EXPECT_EQ(Tfxm({"convert", "--csv=" + labels, "--labels_file=" + labels, "--output=" + Path("c")}).exit_code, 2);
  Write("labels.csv", "file,label\nrose/3.png,red\n");
  result = Tfxm({"convert", "--images=" + Path("flowers"), "--labels_file=" + labels, "--output=" + Path("c")});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.output, HasSubstr("rose/3.png"));
  Write("outside.png", png);
  Write("labels.csv", "file,label\n../outside.png,red\n");
  result = Tfxm({"convert", "--images=" + Path("flowers"), "--labels_file=" + labels, "--output=" + Path("c")});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.output, HasSubstr("../outside.png is not a path below"));
}

TEST_F(DataCommandsTest, EvaluatesCsv) {
  const std::string config = Write("config.pbtxt",
                                   "model_specs { label_key: 'y' prediction_key: 'p' }\n"
                                   "slicing_specs {}\n"
                                   "metrics_specs { metrics { class_name: 'MeanAbsoluteError' } }\n");
  const std::string csv = Write("p.csv", "y,p\n1.5,1\n2.5,3\n4.25,4.25\n0.5,2.5\n");
  const SubprocessResult result = Tfxm({"evaluate", "--eval_config=" + config, "--csv=" + csv, "--format=csv"});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, AllOf(HasSubstr("0.75"), HasSubstr("4 examples")));
  EXPECT_EQ(Tfxm({"evaluate", "--eval_config=" + config, "--csv=" + csv, "--data=" + csv}).exit_code, 2);
  EXPECT_EQ(Tfxm({"evaluate", "--eval_config=" + config}).exit_code, 2);
}

TEST_F(DataCommandsTest, ASchemaIsUpdatedWhereItIsUnlessItsCommentsWouldBeLost) {
  const std::string csv = "--csv=" + Write("a.csv", "age,kind\n1,u\n2,v\n");
  const std::string first = "feature { name: 'age' type: INT }\n", reviewed = first + "# reviewed by Anna\n";
  const std::string schema = Write("schema.pbtxt", reviewed);
  const SubprocessResult refused = Tfxm({"schema", csv, "--update=" + schema, "--output=" + schema});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.output,
              AllOf(HasSubstr("its comments would be lost, the first in line 2"), HasSubstr("another file")));
  EXPECT_EQ(io::ReadFile(schema).value(), reviewed);
  // As advised.
  EXPECT_EQ(Tfxm({"schema", csv, "--update=" + schema, "--output=" + Path("new.pbtxt")}).exit_code, 0);
  Write("schema.pbtxt", first + "string_domain { name: 'a # b' value: '\\'#' }\n");
  const SubprocessResult updated = Tfxm({"schema", csv, "--update=" + schema, "--output=" + schema});
  EXPECT_EQ(updated.exit_code, 0) << updated.output;
  EXPECT_THAT(io::ReadFile(schema).value(), AllOf(HasSubstr("kind"), HasSubstr("a # b")));
}

TEST_F(DataCommandsTest, AFeatureThatIsNotThereIsNamed) {
  const std::string csv = Write("a.csv", "age,empty,kind\n1,,u\n2,,v\n");
  const std::string data =
      WriteRecords(Path("data"), {ExampleBuilder().Ints("age", {1}).Bytes("kind", {"u"}).Serialize()});
  for (const std::string& source : {"--csv=" + csv, "--data=" + data}) {
    SubprocessResult result = Tfxm({"stats", source, "--features=age,kinds", "--output=" + Path("none.pb")});
    EXPECT_EQ(result.exit_code, 2) << result.output;
    EXPECT_THAT(result.output, HasSubstr("--features: no example has a feature \"kinds\"; nearest: \"kind\""));
    EXPECT_FALSE(io::Exists(Path("none.pb")));
    // TFDV goes on.
    result = Tfxm({"stats", source, R"(--stats_options={"slices": ["knd"], "feature_allowlist": ["ages", "age"]})"});
    EXPECT_EQ(result.exit_code, 0) << result.output;
    EXPECT_THAT(result.output, AllOf(HasSubstr("slices: no example has a feature \"knd\"; nearest: \"kind\""),
                                     HasSubstr("feature_allowlist: no example has a feature \"ages\"")));
    EXPECT_EQ(
        Tfxm({"stats", source, R"(--stats_options={"slices": ["kind"]})", "--features=age"}).output.find("no exam"),
        std::string::npos);
  }
  EXPECT_EQ(Tfxm({"stats", "--csv=" + csv, "--features=empty"}).exit_code, 0);
}

TEST_F(DataCommandsTest, OnlyTheFeaturesThatAreAskedForAreValidated) {
  const std::string data =
      WriteRecords(Path("data"), {ExampleBuilder().Ints("age", {1}).Bytes("kind", {"u"}).Serialize()});
  const std::string schema = Write("schema.pbtxt",
                                   "feature { name: 'age' type: INT presence { min_fraction: 1 } }\n"
                                   "feature { name: 'kind' type: INT presence { min_fraction: 1 } }\n"
                                   "feature { name: 'gone' type: INT presence { min_fraction: 1 } }\n");
  const auto validate = [&](const std::string& features) {
    return Tfxm({"validate", "--schema=" + schema, "--data=" + data, "--features=" + features});
  };
  EXPECT_EQ(validate("age").exit_code, 0) << validate("age").output;
  EXPECT_EQ(validate("age,kind").exit_code, 1);
  EXPECT_THAT(validate("age,gone").output, HasSubstr("Column dropped"));  // Of the data.
  EXPECT_EQ(validate("age,gnoe").exit_code, 2);
}

TEST_F(DataCommandsTest, AnomalousExamplesAreThoseOfTheSample) {
  std::vector<std::string> records;
  for (int i = 0; i < 200; ++i) records.push_back(ExampleBuilder().Ints("age", {i}).Serialize());
  const std::string data = WriteRecords(Path("data"), records);
  const std::string schema = Write("schema.pbtxt", "feature { name: 'age' type: INT int_domain { max: -1 } }");
  const SubprocessResult result = Tfxm({"validate", "--schema=" + schema, "--data=" + data, "--sample_rate=0.25",
                                        "--anomalous_examples=" + Path("kept"), "--max_anomalous_examples=1000"});
  EXPECT_EQ(result.exit_code, 1) << result.output;
  const SubprocessResult statistics =
      Tfxm({"stats", "--data=" + data, "--sample_rate=0.25", "--output=" + Path("stats.pbtxt")});
  const size_t kept = ReadRecords(Path("kept/age_INT_TYPE_BIG_INT.tfrecord.gz")).size();
  EXPECT_GT(kept, 20);
  EXPECT_LT(kept, 80);
  EXPECT_THAT(*io::ReadFile(Path("stats.pbtxt")), HasSubstr(absl::StrCat("num_examples: ", kept, "\n")));
}

TEST_F(DataCommandsTest, StatisticsOfCsvAreThoseThatTfdvMakes) {
  const std::string csv = Write("a.csv", "x,y,z\n1,,\n2,b,\n");
  const SubprocessResult result = Tfxm({"stats", "--csv=" + csv, "--output=" + Path("stats.pb")});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, AllOf(HasSubstr("50.0 %"), HasSubstr("100.0 %")));  // Of y and z is missing.
  EXPECT_THAT(Tfxm({"schema", "--csv=" + csv}).output, HasSubstr("x"));
  EXPECT_EQ(Tfxm({"stats", "--csv=" + csv, "--data=" + csv}).exit_code, 2);
  EXPECT_EQ(Tfxm({"stats", "--data=" + csv, "--delimiter=;"}).exit_code, 2);
}

}  // namespace
}  // namespace tfxm
