// SPDX-License-Identifier: Apache-2.0

// ModelRewriter's custom_config: all options by name, as Python and C++ pipelines can write them.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/components/executor.h"
#include "tfxm/data/examples.h"
#include "tfxm/rewriting/test_saved_models.h"
#include "tfxm/testing/example_builder.h"
#include "tfxm/testing/status_matchers.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

using rewriting::testing::Weights;
using rewriting::testing::WriteClassifier;
using ::testing::AllOf;
using ::testing::HasSubstr;

class ModelRewriterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_THAT(WriteClassifier(dir_ / "model/Format-Serving"), IsOk());
    const std::string split = data::SplitDir(dir_ / "examples", "train");
    ASSERT_THAT(io::MakeDirs(split), IsOk());
    std::vector<std::string> records;
    for (int i = 0; i < 64; ++i) {
      const Tensor x = Weights({16}, i % 8 == 0 ? 4 : 1, i);
      records.push_back(ExampleBuilder().Floats("x", {x.values<float>().begin(), x.values<float>().end()}).Serialize());
    }
    WriteRecords(io::JoinPath(split, data::ShardName("data_tfrecord", 0, 1)), records);
  }

  // The file that comes of it.
  absl::StatusOr<std::string> Rewrite(const std::string& custom_config, const std::string& quantization = "int8") {
    const TempDir out;
    const ArtifactDict inputs = {
        {"model", {Artifact{.uri = dir_ / "model"}}},
        {"examples", {Artifact{.uri = dir_ / "examples", .properties = {{"split_names", R"(["train"])"}}}}}};
    ArtifactDict outputs = {{"model", {Artifact{.uri = out.path()}}}};
    const auto executor = ExecutorRegistry::Get().Create("tfxm.components.model_rewriter.executor.Executor");
    EXPECT_THAT(executor, IsOk());
    const absl::Status status = (*executor)->Do(
        inputs,
        {{"quantization", quantization}, {"signature_name", std::string("null")}, {"custom_config", custom_config}},
        {.node_id = "ModelRewriter"}, &outputs);
    if (!status.ok()) return status;
    return io::ReadFile(out / "Format-Serving/tflite");
  }
  std::string Bytes(const std::string& custom_config, const std::string& quantization = "int8") {
    const absl::StatusOr<std::string> bytes = Rewrite(custom_config, quantization);
    EXPECT_THAT(bytes, IsOk()) << custom_config;
    return bytes.value_or("");
  }

  const TempDir dir_;
};

// What docs/guide.md advises when int8 is worse.
TEST_F(ModelRewriterTest, RemediesChangeTheFile) {
  const std::string int8 = Bytes("null");
  EXPECT_NE(Bytes(R"({"calibration": "percentile"})"), int8);
  EXPECT_NE(Bytes("null", "int16x8"), int8);
  const std::string keeps = Bytes(R"({"keep_float_layers": ["hidden"]})");
  EXPECT_NE(keeps, int8);
  EXPECT_EQ(Bytes(R"({"keep_float_layers": "[\"hidden\"]"})"), keeps) << "as a C++ pipeline writes a list";
  const std::string wider = Bytes(R"({"int16_layers": ["hidden"]})");
  EXPECT_NE(wider, int8);
  EXPECT_EQ(Bytes(R"({"int16_layers": "[\"hidden\"]"})"), wider);
  constexpr char kLimits[] = R"("limits": {"min_sqnr_db": 28})";
  EXPECT_THAT(Rewrite(absl::StrCat("{", kLimits, "}")), StatusIs(absl::StatusCode::kFailedPrecondition));
  const std::string automatic = Bytes(absl::StrCat(R"({"keep_float_automatically": true, )", kLimits, "}"));
  EXPECT_NE(automatic, int8);
  EXPECT_EQ(Bytes(R"({"keep_float_automatically": 1, "limits": "{\"min_sqnr_db\": 28}"})"), automatic);
}

TEST_F(ModelRewriterTest, WhatIsNotUnderstoodIsRefused) {
  const auto refused = [](const std::string& message) {
    return StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("custom_config: "), HasSubstr(message)));
  };
  EXPECT_THAT(Rewrite(R"({"keep_float_automatically": "true"})"),
              refused("keep_float_automatically: expected true or false, found \"true\""));
  EXPECT_THAT(Rewrite(R"({"keep_float_automatically": 2})"), refused("expected true or false, found 2"));
  EXPECT_THAT(Rewrite(R"({"keep_float_layers": "hidden"})"), refused("keep_float_layers: expected a list"));
  EXPECT_THAT(Rewrite(R"({"keep_float_layer": ["hidden"]})"), refused("nearest: \"keep_float_layers\""));
  EXPECT_THAT(Rewrite(R"({"sample_size": 1e20})"), refused("sample_size: expected an integer, found 1e+20"));
  EXPECT_THAT(Rewrite(R"({"quantization": "int4"})"), refused("quantization: is given twice"));
  EXPECT_THAT(Rewrite(R"({"split": "test"})"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("train")));
}

}  // namespace
}  // namespace tfxm
