// SPDX-License-Identifier: Apache-2.0

// Sparse and ragged features, and those that may be missing, as tensors for training.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <optional>

#include "tensorflow/core/example/example.pb.h"
#include "tensorflow/core/example/feature.pb.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/nn/data/dataset.h"
#include "tfxm/nn/fn_args.h"
#include "tfxm/nn/test_util.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> WriteFile(const std::string& name, const std::vector<std::string>& records) {
  static const TempDir root;
  auto writer = data::TFRecordWriter::Create(root / name);
  EXPECT_TRUE(writer.ok());
  for (const std::string& record : records) EXPECT_EQ((*writer)->Write(record), absl::OkStatus());
  EXPECT_EQ((*writer)->Close(), absl::OkStatus());
  return {root / name};
}

// Of clicks at places of a grid of 2 x 3, boxes of four numbers, lines of words, and a score that may be missing.
std::string Clicks(const std::vector<std::array<int64_t, 3>>& clicks, const std::vector<float>& boxes,
                   const std::vector<std::vector<std::string>>& lines, std::optional<float> score) {
  tensorflow::Example example;
  auto& features = *example.mutable_features()->mutable_feature();
  for (const auto& [row, column, value] : clicks) {
    features["row"].mutable_int64_list()->add_value(row);
    features["column"].mutable_int64_list()->add_value(column);
    features["click"].mutable_int64_list()->add_value(value);
  }
  for (const float x : boxes) features["boxes"].mutable_float_list()->add_value(x);
  for (const auto& line : lines) {
    features["line_lengths"].mutable_int64_list()->add_value(static_cast<int64_t>(line.size()));
    for (const std::string& word : line) features["words"].mutable_bytes_list()->add_value(word);
  }
  if (score) features["score"].mutable_float_list()->add_value(*score);
  features["y"].mutable_float_list()->add_value(1);
  return example.SerializeAsString();
}

tensorflow::metadata::v0::Schema ClicksSchema(const std::string& grid = "dim { size: 2 } dim { size: 3 }") {
  std::string text;
  for (const char* integers : {"row", "column", "click", "line_lengths"})
    absl::StrAppend(&text, "feature { name: \"", integers, "\" type: INT }\n");
  for (const char* floats : {"boxes", "score"})
    absl::StrAppend(&text, "feature { name: \"", floats, "\" type: FLOAT }\n");
  absl::StrAppend(&text, R"(
      feature { name: "words" type: BYTES }
      feature { name: "y" type: FLOAT shape { dim { size: 1 } } }
      tensor_representation_group { key: "" value {
        tensor_representation { key: "clicks" value { sparse_tensor { dense_shape { )",
                  grid, R"( }
          index_column_names: "row" index_column_names: "column" value_column_name: "click" } } }
        tensor_representation { key: "boxes" value { ragged_tensor {
          feature_path { step: "boxes" } partition { uniform_row_length: 4 } } } }
        tensor_representation { key: "lines" value { ragged_tensor {
          feature_path { step: "words" } partition { row_length: "line_lengths" } } } }
        tensor_representation { key: "rating" value { dense_tensor {
          column_name: "score" shape {} default_value { float_value: -1 } } } }
      } })");
  tensorflow::metadata::v0::Schema schema;
  EXPECT_EQ(io::ParseTextProto(text, &schema), absl::OkStatus());
  return schema;
}

absl::StatusOr<Batch> FirstBatch(const std::vector<std::string>& files, const DatasetOptions& options,
                                 const tensorflow::metadata::v0::Schema& schema) {
  ASSIGN_OR_RETURN(const Dataset dataset, MakeDataAccessor().tf_dataset_factory(files, options, schema));
  ASSIGN_OR_RETURN(const auto iterator, dataset.MakeIterator());
  Batch batch;
  RETURN_IF_ERROR(iterator->Next(&batch).status());
  return batch;
}

TEST(DataAccessorTest, TensorRepresentationsAreDense) {
  const auto files = WriteFile(
      "represented", {Clicks({{0, 2, 7}, {1, 0, 8}}, {1, 2, 3, 4, 5, 6, 7, 8}, {{"a", "b", "c"}, {}, {"d"}}, 0.5f),
                      Clicks({}, {}, {}, std::nullopt)});
  for (const int64_t cache_bytes : {int64_t{1} << 20, int64_t{0}}) {
    const DatasetOptions options = {.batch_size = 2,
                                    .label_key = "y",
                                    .padded_shapes = {{"boxes", {3, 4}}, {"lines", {3, 2}}},
                                    .padding_values = {{"boxes", -1}},
                                    .shuffle = false,
                                    .cache_bytes = cache_bytes};
    const auto batch = FirstBatch(files, options, ClicksSchema());
    ASSERT_TRUE(batch.ok()) << batch.status();
    EXPECT_EQ(batch->features.size(), 4);  // What they are made of is not there by itself.
    EXPECT_EQ(batch->features.at("clicks").shape(), (Shape{2, 2, 3}));
    EXPECT_THAT(batch->features.at("clicks").values<int64_t>(), ElementsAre(0, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0));
    EXPECT_EQ(batch->features.at("boxes").shape(), (Shape{2, 3, 4}));
    EXPECT_THAT(FloatValues(batch->features.at("boxes")),
                ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1));
    // The third word of the first line is cut off.
    EXPECT_THAT(batch->features.at("lines").strings(), ElementsAre("a", "b", "", "", "d", "", "", "", "", "", "", ""));
    EXPECT_THAT(FloatValues(batch->features.at("rating")), ElementsAre(0.5, -1));
  }
}

TEST(DataAccessorTest, RepresentationsThatDoNotFitAreNamed) {
  const auto files = WriteFile("wrong", {Clicks({{0, 2, 7}}, {1, 2, 3}, {{"a"}}, 1)});
  const auto message = [&](const DatasetOptions& options, const std::string& grid = "dim { size: 2 } dim { size: 3 }") {
    return std::string(FirstBatch(files, options, ClicksSchema(grid)).status().message());
  };
  EXPECT_THAT(message({}, "dim { size: 2 } dim { size: 2 }"),
              HasSubstr("record 0: the place 2 in \"column\" is outside of \"clicks\", which is [2, 2]"));
  EXPECT_THAT(message({.padded_shapes = {{"boxes", {2, 4}}}}),
              HasSubstr("\"boxes\" has 3 values, which are no whole rows of 4"));
  EXPECT_THAT(message({.padded_shapes = {{"boxes", {2, 3}}}}),
              HasSubstr("\"boxes\" is [None, 4], which [2, 3] does not go with"));
  EXPECT_THAT(message({.padded_shapes = {{"lines", 4}}}), HasSubstr("\"lines\" is [None, None], which [4]"));
  EXPECT_THAT(message({.padded_shapes = {{"lines", {-1, 4}}}}), HasSubstr("\"lines\" is -1; wanted a number"));
  EXPECT_THAT(message({.label_key = "words"}), HasSubstr("a tensor_representation or sparse_feature takes it"));
  // A size that is not known is given by hand.
  EXPECT_THAT(message({.padded_shapes = {{"clicks", {1, 3}}}}, "dim { size: -1 } dim { size: 3 }"), "");
  EXPECT_THAT(message({.padded_shapes = {{"clicks", {1, 2}}}}, "dim { size: -1 } dim { size: -1 }"),
              HasSubstr("the place 2 in \"column\" is outside"));
  const auto crooked = WriteFile("crooked", {[] {
                                   tensorflow::Example example;
                                   example.ParseFromString(Clicks({{0, 1, 5}}, {}, {{"a", "b"}}, 1));
                                   auto& features = *example.mutable_features()->mutable_feature();
                                   features["line_lengths"].mutable_int64_list()->add_value(1);
                                   features["row"].mutable_int64_list()->add_value(1);
                                   return example.SerializeAsString();
                                 }()});
  EXPECT_THAT(std::string(FirstBatch(crooked, {}, ClicksSchema()).status().message()),
              HasSubstr("\"clicks\" has 1 values in \"click\" and 2 places in \"row\""));
  EXPECT_THAT(std::string(FirstBatch(crooked, {.padded_shapes = {{"lines", {2, 2}}}},
                                     ClicksSchema("dim { size: -1 } dim { size: -1 }"))
                              .status()
                              .message()),
              HasSubstr("the lengths of rows in \"line_lengths\" do not add up to the 2 values of \"lines\""));
}

TEST(DataAccessorTest, SequenceExamplesAreForTransform) {
  tensorflow::metadata::v0::Schema schema;
  ASSERT_EQ(io::ParseTextProto(R"pb(
                                 feature {
                                   name: "##SEQUENCE##"
                                   type: STRUCT
                                   struct_domain { feature { name: "step" type: INT } }
                                 }
                                 tensor_representation_group {
                                   key: ""
                                   value {
                                     tensor_representation {
                                       key: "steps"
                                       value { ragged_tensor { feature_path { step: "##SEQUENCE##" step: "step" } } }
                                     }
                                   }
                                 })pb",
                               &schema),
            absl::OkStatus());
  const auto files = WriteFile("sequence", {""});
  const absl::Status status = FirstBatch(files, {.padded_shapes = {{"steps", {2, 2}}}}, schema).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(status.message()), HasSubstr("which only Transform reads"));
}

}  // namespace
}  // namespace tfxm::nn
