// SPDX-License-Identifier: Apache-2.0

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "tensorflow/core/example/example.pb.h"
#include "tensorflow/core/example/feature.pb.h"
#include "tfxm/components/driver.h"
#include "tfxm/components/executor.h"
#include "tfxm/data/examples.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/testing/memory_store.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

constexpr char kName[] = "tfx.components.example_gen.import_example_gen.executor.Executor";
constexpr char kInput[] = R"({"splits": [{"name": "single_split", "pattern": "*"}]})";
constexpr char kOutput[] =
    R"({"split_config": {"splits": [{"name": "train", "hash_buckets": 2}, {"name": "eval", "hash_buckets": 1}]}})";

// Features in the order b, a on disk: TFX hashes the deterministic serialization, in which a comes first.
std::string Record(int i) {
  tensorflow::Example a, b;
  (*b.mutable_features()->mutable_feature())["b"].mutable_int64_list()->add_value(i);
  (*a.mutable_features()->mutable_feature())["a"].mutable_bytes_list()->add_value("x" + std::to_string(i));
  return b.SerializeAsString() + a.SerializeAsString();
}

class ImportExampleGenTest : public testing::Test {
 protected:
  void SetUp() override {
    input_ = *io::MakeTempDir(testing::TempDir(), "input");
    output_ = *io::MakeTempDir(testing::TempDir(), "output");
    properties_ = {{"input_base", input_}, {"input_config", kInput}, {"output_config", kOutput}};
  }

  void WriteInput(const std::string& name, const std::vector<std::string>& records) {
    ASSERT_TRUE(io::MakeDirs(io::Dirname(io::JoinPath(input_, name))).ok());
    auto writer = *data::TFRecordWriter::Create(io::JoinPath(input_, name));
    for (const std::string& record : records) ASSERT_TRUE(writer->Write(record).ok());
    ASSERT_TRUE(writer->Close().ok());
  }

  absl::Status Generate() {
    if (auto status = (*DriverRegistry::Get().Create(kName))->ResolveExecProperties(&properties_); !status.ok())
      return status;
    outputs_ = {{"examples", {Artifact{.type_name = "Examples", .uri = output_}}}};
    ExecutorContext context;
    context.progress = [this](absl::string_view message, double) { said_ = std::string(message); };
    return (*ExecutorRegistry::Get().Create(kName))->Do({}, properties_, context, &outputs_);
  }

  std::vector<std::string> SplitRecords(const std::string& split) {
    std::vector<std::string> records;
    EXPECT_TRUE(data::ForEachRecord(*data::SplitFiles(output_, split), [&](absl::string_view r) {
                  records.emplace_back(r);
                  return absl::OkStatus();
                }).ok());
    std::sort(records.begin(), records.end());
    return records;
  }

  // The files below the output with their contents.
  std::map<std::string, std::string> OutputFiles() {
    std::map<std::string, std::string> files;
    for (const char* split : {"train", "eval"}) {
      const auto paths = *io::ListFiles(data::SplitDir(output_, split));
      for (const std::string& path : paths) files[path] = *io::ReadFile(path);
    }
    return files;
  }

  std::string input_, output_, said_;
  Properties properties_;
  ArtifactDict outputs_;
};

TEST_F(ImportExampleGenTest, SplitsTwoToOneByTfxsHash) {
  // TFX 1.15.1's _PartitionFn on the same 40 examples, buckets [2, 3].
  constexpr int kSplitOf[40] = {0, 1, 1, 0, 0, 0, 1, 1, 1, 0, 1, 1, 0, 1, 1, 0, 0, 1, 0, 1,
                                1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1};
  std::vector<std::string> all, train, eval;
  for (int i = 0; i < 40; ++i) {
    all.push_back(Record(i));
    (kSplitOf[i] == 0 ? train : eval).push_back(Record(i));
  }
  WriteInput("a.gz", {all.begin(), all.begin() + 25});
  WriteInput("b.tfrecord", {all.begin() + 25, all.end()});
  ASSERT_TRUE(Generate().ok());
  std::sort(train.begin(), train.end());
  std::sort(eval.begin(), eval.end());
  EXPECT_TRUE(SplitRecords("train") == train);
  EXPECT_TRUE(SplitRecords("eval") == eval);
  const Artifact& examples = outputs_["examples"][0];
  EXPECT_EQ(std::get<std::string>(examples.properties.at("split_names")), R"(["train", "eval"])");
  EXPECT_EQ(std::get<int64_t>(examples.custom_properties.at("span")), 0);
  EXPECT_TRUE(std::get<std::string>(examples.custom_properties.at("input_fingerprint")).find("num_files:2") !=
              std::string::npos);
}

TEST_F(ImportExampleGenTest, InputSplitsAreKeptWhenNoOutputIsConfigured) {
  WriteInput("train/a.gz", {Record(0), Record(1)});
  WriteInput("test/a.gz", {Record(2)});
  properties_["input_config"] =
      std::string(R"({"splits": [{"name": "train", "pattern": "train/*"}, {"name": "test", "pattern": "test/*"}]})");
  properties_["output_config"] = std::string("{}");
  ASSERT_TRUE(Generate().ok());
  EXPECT_EQ(SplitRecords("train").size(), 2u);
  EXPECT_EQ(SplitRecords("test").size(), 1u);
}

TEST_F(ImportExampleGenTest, PartitionFeatureKeepsEqualValuesTogether) {
  std::vector<std::string> records;
  for (int i = 0; i < 60; ++i) records.push_back(Record(i % 6));
  WriteInput("a.gz", records);
  properties_["output_config"] = std::string(
      R"({"split_config": {"partition_feature_name": "b", "splits": [{"name": "train", "hash_buckets": 2}, {"name": "eval", "hash_buckets": 1}]}})");
  ASSERT_TRUE(Generate().ok());
  for (const std::string& record : SplitRecords("train")) {
    const auto eval = SplitRecords("eval");
    EXPECT_EQ(std::count(eval.begin(), eval.end(), record), 0);
  }
}

TEST_F(ImportExampleGenTest, NewestSpanAndVersionAreFound) {
  properties_["allow_empty_splits"] = int64_t{1};
  WriteInput("span-7/v1/a.gz", {Record(0)});
  WriteInput("span-7/v2/a.gz", {Record(1), Record(2)});
  WriteInput("span-6/v9/a.gz", {Record(3)});
  properties_["input_config"] = std::string(R"({"splits": [{"name": "s", "pattern": "span-{SPAN}/v{VERSION}/*"}]})");
  ASSERT_TRUE(Generate().ok());
  EXPECT_EQ(SplitRecords("train").size() + SplitRecords("eval").size(), 2u);
  EXPECT_EQ(std::get<int64_t>(outputs_["examples"][0].custom_properties.at("span")), 7);
  EXPECT_EQ(std::get<int64_t>(outputs_["examples"][0].custom_properties.at("version")), 2);
}

TEST_F(ImportExampleGenTest, ADateIsASpan) {
  properties_["allow_empty_splits"] = int64_t{1};
  WriteInput("1970-01-03/a.gz", {Record(0)});
  properties_["input_config"] = std::string(R"({"splits": [{"name": "s", "pattern": "{YYYY}-{MM}-{DD}/*"}]})");
  ASSERT_TRUE(Generate().ok());
  EXPECT_EQ(std::get<int64_t>(properties_.at("span")), 2);
}

TEST_F(ImportExampleGenTest, PatternsAgainstTheRulesAreRefused) {
  WriteInput("a.gz", {Record(0)});
  for (const char* pattern : {"{SPAN}{SPAN}", "{VERSION}", "{YYYY}-{MM}", "{SPAN:x}", "{SPAN"}) {
    properties_["input_config"] = std::string(R"({"splits": [{"name": "s", "pattern": ")") + pattern + "\"}]}";
    EXPECT_EQ(Generate().code(), absl::StatusCode::kInvalidArgument) << pattern;
  }
}

TEST_F(ImportExampleGenTest, ErrorsNameTheFileAndTheRecord) {
  EXPECT_EQ(Generate().code(), absl::StatusCode::kNotFound) << "an empty directory";
  WriteInput("a.gz", {Record(0), "no example"});
  const absl::Status bad = Generate();
  EXPECT_TRUE(bad.message().find("a.gz: record 1: not a tf.Example") != std::string::npos) << bad;
}

TEST_F(ImportExampleGenTest, AnInputWithoutRecordsIsRefused) {
  WriteInput("a.gz", {});
  const absl::Status status = Generate();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(status.message().find("has no record") != std::string::npos) << status;
}

TEST_F(ImportExampleGenTest, TheSameDataGiveTheSameFilesForAnyNumberOfThreads) {
  std::vector<std::string> records;
  for (int i = 0; i < 500; ++i) records.push_back(Record(i));
  WriteInput("a.gz", records);
  std::map<std::string, std::string> first;
  for (const char* threads : {"1", "3", "7"}) {
    setenv("TFXM_NUM_THREADS", threads, 1);
    ASSERT_TRUE(io::RemoveAll(output_).ok());
    ASSERT_TRUE(Generate().ok());
    const auto files = OutputFiles();
    EXPECT_EQ(files.size(), 4u) << "at least two shards a split";
    if (first.empty()) first = files;
    EXPECT_TRUE(files == first) << threads << " threads";
  }
  unsetenv("TFXM_NUM_THREADS");
}

TEST_F(ImportExampleGenTest, AllSplitsAreCounted) {
  WriteInput("train/a.gz", {Record(0), Record(1)});
  WriteInput("eval/a.gz", {Record(2)});
  properties_["input_config"] =
      std::string(R"({"splits": [{"name": "train", "pattern": "train/*"}, {"name": "eval", "pattern": "eval/*"}]})");
  properties_["output_config"] = std::string("{}");
  ASSERT_TRUE(Generate().ok());
  EXPECT_EQ(said_, "3 examples (train 2, eval 1)");
}

TEST_F(ImportExampleGenTest, FilesWithoutARecordAreNamed) {
  WriteInput("none.gz", {});
  ASSERT_TRUE(io::WriteFile(io::JoinPath(input_, "zero.gz"), "").ok());
  absl::Status status = Generate();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  for (const char* name : {"none.gz", "zero.gz"}) {
    EXPECT_TRUE(status.message().find(name) != std::string::npos) << status;
  }
  std::vector<std::string> records;
  for (int i = 0; i < 40; ++i) records.push_back(Record(i));
  WriteInput("a.gz", records);
  status = Generate();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_TRUE(said_.find("warning: without a record: ") != std::string::npos) << said_;
  EXPECT_TRUE(said_.find("zero.gz") != std::string::npos) << said_;
}

TEST_F(ImportExampleGenTest, AnEmptySplitIsAnErrorUnlessItIsAllowed) {
  WriteInput("a.gz", {Record(0), Record(0), Record(0)});
  absl::Status status = Generate();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(status.message().find("split \"eval\" is empty: all 3 examples") != std::string::npos) << status;
  EXPECT_TRUE(status.message().find("--allow_empty_splits") != std::string::npos) << status;
  properties_["allow_empty_splits"] = int64_t{1};
  status = Generate();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(SplitRecords("eval").size(), 0u);
}

TEST_F(ImportExampleGenTest, BucketsThatNoIntegerCountsAreRefused) {
  WriteInput("a.gz", {Record(0)});
  for (const char* buckets : {"4294967295, 1", "2147483647, 1", "0, 1", "4294967291, 5"}) {
    const std::vector<std::string> n = absl::StrSplit(buckets, ", ");
    properties_["output_config"] = R"({"split_config": {"splits": [{"name": "train", "hash_buckets": )" + n[0] +
                                   R"(}, {"name": "eval", "hash_buckets": )" + n[1] + "}]}}";
    const absl::Status status = Generate();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << buckets;
    EXPECT_TRUE(status.message().find("hash_buckets") != std::string::npos) << status;
  }
}

TEST_F(ImportExampleGenTest, AStoreGivesWhatAFolderGives) {
  MemoryStore& store = MemoryStore::Fresh();
  std::vector<std::string> records;
  for (int i = 0; i < 300; ++i) records.push_back(Record(i));
  WriteInput("span-1/a.gz", records);
  WriteInput("span-2/a.gz", records);
  WriteInput("span-2/b", {records[0], records[1]});
  properties_["input_config"] = std::string(R"({"splits": [{"name": "all", "pattern": "span-{SPAN}/*"}]})");
  ASSERT_TRUE(Generate().ok());
  const std::vector<std::string> train = SplitRecords("train"), eval = SplitRecords("eval");
  for (const char* name : {"span-1/a.gz", "span-2/a.gz", "span-2/b"}) {
    store.files["mem://bucket/data/" + std::string(name)] = *io::ReadFile(io::JoinPath(input_, name));
  }
  properties_["input_base"] = std::string("mem://bucket/data");
  properties_["input_config"] = std::string(R"({"splits": [{"name": "all", "pattern": "span-{SPAN}/*"}]})");
  output_ = *io::MakeTempDir(testing::TempDir(), "output");
  ASSERT_TRUE(Generate().ok());
  EXPECT_EQ(std::get<int64_t>(properties_["span"]), 2);
  EXPECT_EQ(SplitRecords("train"), train);
  EXPECT_EQ(SplitRecords("eval"), eval);
  store.broken = "mem://bucket/data";
  EXPECT_EQ(Generate().code(), absl::StatusCode::kUnavailable);
}

TEST_F(ImportExampleGenTest, FoldersMayHaveAnyName) {
  input_ = io::JoinPath(input_, "p[1]*?\\q, {x}");
  properties_["input_base"] = input_;
  std::vector<std::string> records;
  for (int i = 0; i < 40; ++i) records.push_back(Record(i));
  WriteInput("span-3/a.gz", records);
  properties_["input_config"] = std::string(R"({"splits": [{"name": "s", "pattern": "span-{SPAN}/*"}]})");
  output_ = io::JoinPath(output_, "o[1]*\\");
  const absl::Status status = Generate();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(SplitRecords("train").size() + SplitRecords("eval").size(), 40u);
}

TEST_F(ImportExampleGenTest, AFolderOfFoldersHintsAtSplits) {
  WriteInput("train/a.gz", {Record(0)});
  WriteInput("eval/a.gz", {Record(0)});
  const absl::Status status = Generate();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(status.message().find(R"(InputConfig{{{"eval", "eval/*"}, {"train", "train/*"}}})") != std::string::npos)
      << status;
}

TEST_F(ImportExampleGenTest, FilesThatAreNoDataAreLeftOutAndSaid) {
  WriteInput("data", {Record(1), Record(2), Record(3), Record(4), Record(5)});
  WriteInput("_SUCCESS", {});
  ASSERT_EQ(Generate(), absl::OkStatus());
  EXPECT_NE(said_.find("left out, because the name begins with _: " + io::JoinPath(input_, "_SUCCESS")),
            std::string::npos)
      << said_;
  ASSERT_EQ(symlink("nowhere", io::JoinPath(input_, "link").c_str()), 0);
  const absl::Status status = Generate();
  EXPECT_NE(status.message().find("link is a link to a file that is not there"), std::string::npos) << status;
}

TEST_F(ImportExampleGenTest, SequenceExamplesAreSplitByTheirHashOrAFeatureOfTheContext) {
  std::vector<std::string> records;
  for (int i = 0; i < 30; ++i) {
    tensorflow::SequenceExample example;
    (*example.mutable_context()->mutable_feature())["user"].mutable_int64_list()->add_value(i % 4);
    auto& list = (*example.mutable_feature_lists()->mutable_feature_list())["tokens"];
    list.add_feature()->mutable_int64_list()->add_value(i);
    records.push_back(example.SerializeAsString());
  }
  WriteInput("data", records);
  const absl::Status refused = Generate();
  EXPECT_NE(refused.message().find("payload_format = FORMAT_TF_SEQUENCE_EXAMPLE"), std::string::npos) << refused;
  properties_["output_data_format"] = int64_t{7};
  ASSERT_EQ(Generate(), absl::OkStatus());
  EXPECT_EQ(std::get<std::string>(outputs_["examples"][0].custom_properties["payload_format"]),
            "FORMAT_TF_SEQUENCE_EXAMPLE");
  std::vector<std::string> all = SplitRecords("train");
  const auto eval = SplitRecords("eval");
  EXPECT_FALSE(eval.empty());
  all.insert(all.end(), eval.begin(), eval.end());
  std::sort(all.begin(), all.end());
  std::sort(records.begin(), records.end());
  EXPECT_EQ(all, records);

  output_ = *io::MakeTempDir(testing::TempDir(), "by_user");
  properties_["output_config"] = R"({"split_config": {"splits": [{"name": "train", "hash_buckets": 2},
      {"name": "eval", "hash_buckets": 1}], "partition_feature_name": "user"}})";
  ASSERT_EQ(Generate(), absl::OkStatus());
  std::map<int64_t, std::set<std::string>> splits_of_user;
  for (const char* split : {"train", "eval"}) {
    for (const std::string& record : SplitRecords(split)) {
      tensorflow::SequenceExample example;
      ASSERT_TRUE(example.ParseFromString(record));
      splits_of_user[example.context().feature().at("user").int64_list().value(0)].insert(split);
    }
  }
  EXPECT_EQ(splits_of_user.size(), 4u);
  for (const auto& [user, splits] : splits_of_user) EXPECT_EQ(splits.size(), 1u) << user;
}

TEST_F(ImportExampleGenTest, APayloadFormatThatIsNotReadIsNamed) {
  WriteInput("data", {Record(1)});
  properties_["output_data_format"] = int64_t{11};
  const absl::Status status = Generate();
  EXPECT_NE(status.message().find("payload_format FORMAT_PROTO is not one of FORMAT_TF_EXAMPLE and "),
            std::string::npos)
      << status;
}

}  // namespace
}  // namespace tfxm
