// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/output/tensorboard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tensorflow/core/util/event.pb.h"
#include "tfxm/model_analysis/test_examples.h"
#include "tfxm/util/io.h"

namespace tfxm::model_analysis {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;

// Tag -> value of the event files in a folder.
std::map<std::string, float> Scalars(const std::string& folder) {
  std::map<std::string, float> scalars;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    EXPECT_EQ(entry.path().filename().string().rfind("events.out.tfevents.", 0), 0u);
    for (const std::string& record : ReadRecords(entry.path())) {
      tensorflow::Event event;
      EXPECT_TRUE(event.ParseFromString(record));
      EXPECT_EQ(event.step(), 0);
      for (const auto& value : event.summary().value()) {
        EXPECT_EQ(value.metadata().plugin_data().plugin_name(), "scalars");
        scalars[value.tag()] = value.tensor().float_val(0);
      }
    }
  }
  return scalars;
}

TEST(TensorBoardTest, WritesOneRunPerModel) {
  TempDir dir;
  EvaluationResult result;
  result.models = {{.name = "saved"}, {.name = "lite/int8"}};
  result.models[1].cost.numbers = {{"size_bytes", 1024}};
  SliceMetrics& overall = result.slices.emplace_back();
  overall.metrics[{.name = "auc", .model_name = "saved"}].value = 0.75;
  overall.metrics[{.name = "auc", .model_name = "lite/int8"}].value = 0.5;
  overall.metrics[{.name = "auc", .model_name = "lite/int8", .is_diff = true}].value = -0.25;
  overall.metrics[{.name = "recall", .model_name = "saved", .sub_key = {.class_id = 3}}].value = 1.0;
  overall.metrics[{.name = "text", .model_name = "saved"}].value = std::string("no number");
  SliceMetrics& other = result.slices.emplace_back();
  other.slice.slice = {{"x", int64_t{1}}};
  other.metrics[{.name = "auc", .model_name = "saved"}].value = 0.1;
  ASSERT_TRUE(WriteTensorBoard(result, dir / "out").ok());
  EXPECT_THAT(Scalars(dir / "out/tensorboard/saved"),
              UnorderedElementsAre(Pair("auc", 0.75f), Pair("recall (class 3)", 1.0f)));
  EXPECT_THAT(Scalars(dir / "out/tensorboard/lite_int8"),
              UnorderedElementsAre(Pair("auc", 0.5f), Pair("auc (difference to the baseline)", -0.25f),
                                   Pair("cost/size_bytes", 1024.0f)));
}

TEST(TensorBoardTest, NoNameLeadsOutOfTheFolder) {
  TempDir dir;
  EvaluationResult result;
  result.models = {{.name = ".."}, {.name = "a/../../b"}};
  ASSERT_TRUE(WriteTensorBoard(result, dir / "out").ok());
  EXPECT_EQ(*io::ListDir(dir / "out"), std::vector<std::string>{"tensorboard"});
  EXPECT_EQ(*io::ListDir(dir / "out/tensorboard"), (std::vector<std::string>{"_.", "a_.._.._b"}));
}

}  // namespace
}  // namespace tfxm::model_analysis
