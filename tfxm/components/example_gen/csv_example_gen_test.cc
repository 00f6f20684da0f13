// SPDX-License-Identifier: Apache-2.0

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "tensorflow/core/example/example.pb.h"
#include "tensorflow/core/example/feature.pb.h"
#include "tfxm/components/driver.h"
#include "tfxm/components/executor.h"
#include "tfxm/data/examples.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

using testing::HasSubstr;

constexpr char kName[] = "tfx.components.example_gen.csv_example_gen.executor.Executor";

class CsvExampleGenTest : public testing::Test {
 protected:
  void SetUp() override {
    input_ = *io::MakeTempDir(testing::TempDir(), "input");
    output_ = *io::MakeTempDir(testing::TempDir(), "output");
    properties_ = {{"input_base", input_},
                   {"input_config", R"({"splits": [{"name": "single_split", "pattern": "*"}]})"},
                   {"output_config", R"({"split_config": {"splits": [{"name": "train", "hash_buckets": 2},
                                                                      {"name": "eval", "hash_buckets": 1}]}})"}};
  }
  void TearDown() override {
    EXPECT_TRUE(io::RemoveAll(input_).ok());
    EXPECT_TRUE(io::RemoveAll(output_).ok());
  }
  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(io::MakeDirs(io::Dirname(io::JoinPath(input_, name))).ok());
    ASSERT_TRUE(io::WriteFile(io::JoinPath(input_, name), text).ok());
  }
  absl::Status Run() {
    if (auto status = (*DriverRegistry::Get().Create(kName))->ResolveExecProperties(&properties_); !status.ok())
      return status;
    outputs_ = {{"examples", {Artifact{.type_name = "Examples", .uri = output_}}}};
    ExecutorContext context;
    context.progress = [this](absl::string_view message, double) { said_ = std::string(message); };
    return (*ExecutorRegistry::Get().Create(kName))->Do({}, properties_, context, &outputs_);
  }
  std::vector<tensorflow::Example> Split(const std::string& split) {
    std::vector<tensorflow::Example> out;
    EXPECT_TRUE(data::ForEachRecord(*data::SplitFiles(output_, split), [&](absl::string_view r) {
                  EXPECT_TRUE(out.emplace_back().ParseFromString(std::string(r)));
                  return absl::OkStatus();
                }).ok());
    return out;
  }

  std::string input_, output_, said_;
  Properties properties_;
  ArtifactDict outputs_;
};

// The splits are TFX's: in Python, int(sha256(example.SerializeToString(deterministic=True)).hexdigest(), 16) % 3 < 2 with
// id an Int64List and name a BytesList gives 5, 7 to eval.
TEST_F(CsvExampleGenTest, RowsAreSplitByTheHashOfTheirExample) {
  std::string text = "id,name\n";
  for (int i = 0; i < 8; ++i) absl::StrAppend(&text, i, ",n", i, "\n");
  Write("data.csv", text);
  ASSERT_EQ(Run(), absl::OkStatus());
  std::vector<int64_t> eval;
  for (const auto& example : Split("eval")) eval.push_back(example.features().feature().at("id").int64_list().value(0));
  EXPECT_EQ(Split("train").size() + eval.size(), 8);
  std::sort(eval.begin(), eval.end());
  EXPECT_THAT(eval, testing::ElementsAre(5, 7));
}

TEST_F(CsvExampleGenTest, SplitsOfTheInputHaveTheSameTypes) {
  Write("train/a.csv", "x\n1\n2\n");
  Write("eval/a.csv", "x\n0.5\n");
  properties_["input_config"] =
      R"({"splits": [{"name": "train", "pattern": "train/*"}, {"name": "eval", "pattern": "eval/*"}]})";
  properties_["output_config"] = "{}";
  ASSERT_EQ(Run(), absl::OkStatus());
  EXPECT_EQ(Split("train")[0].features().feature().at("x").float_list().value(0), 1.f);
}

TEST_F(CsvExampleGenTest, OptionsAreTakenFromTheExecProperties) {
  Write("a.csv", "zip\tn\n01\t1\n02\n03\t3\n04\t4\n05\t5\n06\t6\n07\t7\n");
  const std::string schema = io::JoinPath(output_, "schema.pbtxt");
  ASSERT_TRUE(io::WriteFile(schema, "feature { name: \"zip\" type: BYTES }").ok());
  properties_["schema_file"] = schema;
  properties_["delimiter"] = std::string("tab");
  properties_["bad_rows"] = std::string("skip");
  properties_["allow_empty_splits"] = int64_t{1};
  ASSERT_EQ(Run(), absl::OkStatus());
  auto examples = Split("train");
  for (const auto& example : Split("eval")) examples.push_back(example);
  ASSERT_EQ(examples.size(), 6);
  EXPECT_EQ(examples[0].features().feature().at("zip").bytes_list().value(0)[0], '0');
  EXPECT_THAT(said_, HasSubstr("warning: 1 row with another number of cells than columns left out"));
  const auto files = (*DriverRegistry::Get().Create(kName))->InputFilesOf(properties_);
  ASSERT_TRUE(files.ok());
  EXPECT_THAT(*files, testing::Contains(schema));
}

TEST_F(CsvExampleGenTest, WithoutARowThereIsAnError) {
  Write("a.csv", "x\n");
  EXPECT_THAT(std::string(Run().message()), AllOf(HasSubstr("no record"), HasSubstr("CSV files"), HasSubstr("a.csv")));
}

}  // namespace
}  // namespace tfxm
