// SPDX-License-Identifier: Apache-2.0

#include "tfxm/distribution/steps/evaluate_step.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/distribution/pass_phases.h"
#include "tfxm/distribution/request.h"
#include "tfxm/model_analysis/test_evaluate.h"
#include "tfxm/testing/status_matchers.h"

namespace tfxm::distribution {
namespace {

using model_analysis::EvaluateOptions;
using ::testing::HasSubstr;

constexpr char kTestdata[] = "tfxm/model_analysis/testdata/";

// The files of an evaluation by their names, but for what has measured times in it.
std::map<std::string, std::string> Files(const std::string& folder) {
  std::map<std::string, std::string> files;
  const std::vector<std::string> names = io::ListDir(folder).value();
  for (const std::string& name : names) {
    if (io::IsDirectory(io::JoinPath(folder, name)) || name == "model_facts.json" || absl::StartsWith(name, ".tfxm") ||
        absl::StartsWith(name, "events")) {
      continue;
    }
    files[name] = *io::ReadFile(io::JoinPath(folder, name));
  }
  return files;
}

class EvaluatePassTest : public ::testing::Test {
 protected:
  // The examples in a file of several shards and in two of one.
  std::vector<std::string> WriteFiles(const std::vector<std::string>& records) {
    const size_t third = records.size() / 3;
    const auto part = [&](size_t from, size_t to) {
      return std::vector<std::string>(records.begin() + static_cast<int64_t>(from),
                                      records.begin() + static_cast<int64_t>(to));
    };
    const std::vector<std::string> files = {WriteRecords(dir_ / "a", part(0, 2 * third)),
                                            WriteRecords(dir_ / "b.gz", part(2 * third, records.size())),
                                            WriteRecords(dir_ / "c", {})};
    shard_bytes_ = *io::FileSize(files[0]) / 4 + 1;
    return files;
  }

  // Expects the files of one process.
  void ExpectTheSame(EvaluateOptions options) {
    options.data = "the data";
    options.detect_model_type = true;
    options.output_dir = dir_ / "one";
    ASSERT_THAT(Evaluate(options), IsOk());
    options.output_dir.clear();
    PassRequest request;
    request.mutable_files()->Add(options.files.begin(), options.files.end());
    request.set_shard_bytes(shard_bytes_);
    *request.mutable_evaluate() = ToProto(options, "");
    ASSERT_THAT(PlanRequest(&request), IsOk());
    EXPECT_GE(request.shards_size(), 5);
    for (int shard = 0; shard < request.shards_size(); ++shard) {
      ASSERT_THAT(MapShard(request, shard, dir_ / absl::StrCat("parts/", shard)), IsOk());
    }
    ASSERT_THAT(ReduceParts(request, {dir_ / "parts"}, dir_ / "many"), IsOk());
    const auto one = Files(dir_ / "one"), many = Files(dir_ / "many");
    for (const auto& [name, bytes] : one) EXPECT_EQ(many.count(name) > 0 && many.at(name) == bytes, true) << name;
    EXPECT_EQ(one.size(), many.size());
  }

  const TempDir dir_;
  int64_t shard_bytes_ = 0;
};

class GoldenCaseTest : public EvaluatePassTest, public ::testing::WithParamInterface<std::string> {};

// All metrics, plots, kinds of slices and of thresholds, and queries.
TEST_P(GoldenCaseTest, ManyProcessesWriteWhatOneDoes) {
  ASSERT_THAT(io::MakeDirs(dir_ / "parts"), IsOk());
  const std::string folder = absl::StrCat(kTestdata, "golden/", GetParam());
  EvaluateOptions options;
  ASSERT_THAT(io::ReadTextProto(io::JoinPath(folder, "eval_config.pbtxt"), &options.eval_config), IsOk());
  const std::string data(absl::StripAsciiWhitespace(*io::ReadFile(io::JoinPath(folder, "data.txt"))));
  options.files = WriteFiles(ReadRecords(absl::StrCat(kTestdata, "data/", data, ".tfrecord.gz")));
  ExpectTheSame(options);
}

INSTANTIATE_TEST_SUITE_P(All, GoldenCaseTest, ::testing::ValuesIn(*io::ListDir(absl::StrCat(kTestdata, "golden"))),
                         [](const auto& info) { return info.param; });

TEST_F(EvaluatePassTest, WithConfidenceIntervals) {
  ASSERT_THAT(io::MakeDirs(dir_ / "parts"), IsOk());
  for (const char* method : {"JACKKNIFE", "POISSON_BOOTSTRAP"}) {
    EvaluateOptions options;
    options.eval_config = model_analysis::Config(absl::StrCat(model_analysis::kBinaryConfig,
                                                              "options { compute_confidence_intervals { value: true } ",
                                                              "confidence_intervals { method: ", method, " } }"));
    options.files = WriteFiles(model_analysis::BinaryRecords(900));
    options.replace_output = true;
    ExpectTheSame(options);
  }
}

// Of a model and of predictions in the examples, with what they disagree on, and NaN.
TEST_F(EvaluatePassTest, WithModelsThatAreCompared) {
  ASSERT_THAT(io::MakeDirs(dir_ / "parts"), IsOk());
  EvaluateOptions options;
  options.eval_config = model_analysis::Config(R"pb(
    model_specs { name: "a" label_key: "label" prediction_key: "prediction" }
    model_specs { name: "b" label_key: "label" prediction_key: "other" }
    slicing_specs {}
    slicing_specs { feature_keys: "day" }
    metrics_specs {
      metrics { class_name: "AUC" }
      metrics { class_name: "BinaryAccuracy" }
      metrics { class_name: "MeanSquaredError" }
    }
  )pb");
  std::vector<std::string> records;
  for (int i = 0; i < 600; ++i) {
    const float prediction = static_cast<float>(i * 37 % 101) / 101;
    records.push_back(ExampleBuilder()
                          .Ints("label", {i * 7 % 3 == 0})
                          .Ints("day", {i % 4})
                          .Floats("prediction", {i == 350 ? NAN : prediction})
                          .Floats("other", {i % 10 == 0 ? 1 - prediction : prediction})
                          .Serialize());
  }
  options.files = WriteFiles(records);
  options.max_disagreements = 7;
  ExpectTheSame(options);
}

TEST_F(EvaluatePassTest, WithATfliteModel) {
  ASSERT_THAT(io::MakeDirs(dir_ / "parts"), IsOk());
  EvaluateOptions options;
  options.eval_config = model_analysis::Config(R"pb(
    model_specs { name: "lite" label_key: "image_class" }
    metrics_specs { metrics { class_name: "SparseCategoricalAccuracy" } }
  )pb");
  options.models = {{"lite", model_analysis::kMnistModel}};
  options.files = WriteFiles(ReadRecords(model_analysis::kMnistData));
  ExpectTheSame(options);
}

TEST_F(EvaluatePassTest, WhatIsWrongWithTheOptionsIsSaidByEveryWorker) {
  PassRequest request;
  request.add_files(model_analysis::kMnistData);
  *request.mutable_evaluate()->mutable_eval_config() = model_analysis::Config("model_specs { label_key: 'label' }");
  (*request.mutable_evaluate()->mutable_models())[""] = dir_ / "not there";
  ASSERT_THAT(PlanRequest(&request), IsOk());
  EXPECT_THAT(MapShard(request, 0, dir_ / "part"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("not there")));
}

}  // namespace
}  // namespace tfxm::distribution
