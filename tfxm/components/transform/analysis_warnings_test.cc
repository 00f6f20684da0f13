// SPDX-License-Identifier: Apache-2.0

// What an analysis warns of (AnalyzeOptions::warning).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tfxm/ops/ops.h"
#include "tfxm/testing/example_builder.h"
#include "tfxm/transform/tft.h"
#include "tfxm/transform/transform_graph.h"
#include "tfxm/util/io.h"

namespace tfxm::transform {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class AnalysisWarningsTest : public ::testing::Test {
 protected:
  void SetUp() override { folder_ = io::MakeTempDir(::testing::TempDir(), "warnings").value(); }
  void TearDown() override { io::RemoveAll(folder_).IgnoreError(); }

  // Of examples with the floats x and the words w.
  std::vector<std::string> Warnings(const std::vector<std::string>& records, const std::function<PreprocessingFn>& fn) {
    tensorflow::metadata::v0::Schema schema;
    EXPECT_EQ(io::ParseTextProto(R"(feature { name: "x" type: FLOAT } feature { name: "w" type: BYTES })", &schema),
              absl::OkStatus());
    std::vector<std::string> warnings;
    AnalyzeOptions options{.assets_dir = folder_};
    options.warning = [&](absl::string_view warning) { warnings.emplace_back(warning); };
    const std::string file = WriteRecords(io::JoinPath(folder_, "data"), records);
    EXPECT_EQ(TransformGraph::Analyze(fn, schema, {file}, options).status(), absl::OkStatus());
    return warnings;
  }

  std::string folder_;
};

TEST_F(AnalysisWarningsTest, WhatAVocabularyLeavesOut) {
  const auto vocabulary = [](const TensorMap& inputs) -> absl::StatusOr<TensorMap> {
    TensorMap outputs;
    outputs["w"] = tft::compute_and_apply_vocabulary(inputs["w"], {.vocabulary = {.vocab_filename = "words"}});
    return outputs;
  };
  EXPECT_THAT(
      Warnings({ExampleBuilder().Bytes("w", {"two\nlines", "", "a\r", "red"}).Serialize(),
                ExampleBuilder().Bytes("w", {"two\nlines"}).Serialize()},
               vocabulary),
      ElementsAre(HasSubstr("the vocabulary \"words\" leaves out 4 strings that are empty or have a line break")));
  EXPECT_EQ(*io::ReadFile(io::JoinPath(folder_, "words")), "red\n");
  EXPECT_THAT(Warnings({ExampleBuilder().Bytes("w", {"red"}).Serialize()}, vocabulary), ElementsAre());
}

TEST_F(AnalysisWarningsTest, ManyKeys) {
  const std::vector<float> values(100'001, 1);
  std::vector<std::string> keys;
  for (size_t i = 0; i < values.size(); ++i) keys.push_back(std::to_string(i));
  const std::vector<std::string> records = {ExampleBuilder().Floats("x", values).Bytes("w", keys).Serialize()};
  const auto scaled = [](const TensorMap& inputs) -> absl::StatusOr<TensorMap> {
    TensorMap outputs;
    outputs["x"] = tft::scale_to_z_score_per_key(inputs["x"], inputs["w"]);
    return outputs;
  };
  EXPECT_THAT(Warnings(records, scaled),
              ElementsAre(HasSubstr("has values of 100001 keys: they are constants of the transform graph")));
  // As it advises.
  const auto hashed = [](const TensorMap& inputs) -> absl::StatusOr<TensorMap> {
    TensorMap outputs;
    const FeatureTensor hash = tft::hash_strings(inputs["w"], 100);
    outputs["x"] = tft::scale_to_z_score_per_key(inputs["x"], hash.WithValues(ops::AsString(hash.values())));
    return outputs;
  };
  EXPECT_THAT(Warnings(records, hashed), ElementsAre());
}

}  // namespace
}  // namespace tfxm::transform
