// SPDX-License-Identifier: Apache-2.0

#include "tfxm/data/example_encoder.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tensorflow/core/example/example.pb.h"
#include "tensorflow/core/example/feature.pb.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/data/text/example_text.h"
#include "tfxm/util/io.h"

namespace tfxm::data {
namespace {

TEST(ExampleEncoderTest, WritesWhatADeterministicSerializationGives) {
  const std::vector<float> floats = {0.5f, -1.f, 3e30f};
  const std::vector<int64_t> ints = {-1, 7, 300, INT64_MAX};
  const std::vector<absl::string_view> strings = {"", "Müller"};
  std::vector<ExampleColumn> columns(6);
  columns[0].name = "a", columns[0].values = std::span<const float>(floats), columns[0].row_size = 3;
  columns[1].name = "b", columns[1].values = std::span<const int64_t>(ints), columns[1].ends = {0, 4};
  columns[2].name = "c", columns[2].values = std::span<const int64_t>(ints), columns[2].ends = {0, 0},
  columns[2].empty = ExampleColumn::Empty::kNoFeature;
  columns[3].name = "d";  // Without a type.
  columns[4].name = "e", columns[4].values = std::span<const absl::string_view>(strings), columns[4].ends = {2, 2};

  columns[5].name = "f", columns[5].values = std::span<const float>(floats), columns[5].ends = {0, 0},
  columns[5].empty = ExampleColumn::Empty::kNoList;

  const auto expect = [&](int64_t i, const std::string& text) {
    tensorflow::Example want;
    ASSERT_TRUE(io::ParseTextProto(text, &want).ok());
    std::string record = "what was there before";
    EncodeExample(columns, i, &record);
    EXPECT_EQ(record, io::SerializeDeterministically(want)) << text;
  };
  columns[0].ends = {3, 3};
  expect(0, R"(features { feature { key: "a" value { float_list { value: [0.5, -1, 3e30] } } }
                          feature { key: "b" value { int64_list {} } }
                          feature { key: "d" value {} }
                          feature { key: "e" value { bytes_list { value: ["", "Müller"] } } }
                          feature { key: "f" value {} } })");
  expect(1, R"(features { feature { key: "a" value { float_list {} } }
                          feature { key: "b" value { int64_list { value: [-1, 7, 300, 9223372036854775807] } } }
                          feature { key: "d" value {} }
                          feature { key: "e" value { bytes_list {} } }
                          feature { key: "f" value {} } })");
}

TEST(ExampleEncoderTest, ABatchTakesColumnsAsIfTheyWereSerialized) {
  const std::vector<float> floats = {0.5f, -1.f, 3e30f};
  const std::vector<int64_t> ints = {-1, 7, INT64_MAX};
  const std::vector<absl::string_view> strings = {"", "Müller", "\xff"};
  std::vector<ExampleColumn> columns(5);
  columns[0].name = "floats", columns[0].values = std::span<const float>(floats), columns[0].ends = {2, 2, 3};
  columns[1].name = "ints", columns[1].values = std::span<const int64_t>(ints), columns[1].row_size = 1;
  columns[2].name = "strings", columns[2].values = std::span<const absl::string_view>(strings),
  columns[2].ends = {0, 2, 3}, columns[2].empty = ExampleColumn::Empty::kNoFeature;
  columns[3].name = "later", columns[3].values = std::span<const int64_t>(ints), columns[3].ends = {0, 0, 2},
  columns[3].empty = ExampleColumn::Empty::kNoList;
  columns[4].name = "untyped";
  ExampleBatch direct, at_once, serialized, with_records(/*keep_records=*/true);
  for (int i = 0; i < 3; ++i) {
    std::string record;
    EncodeExample(columns, i, &record);
    ASSERT_TRUE(serialized.Append(record).ok());
    ASSERT_TRUE(direct.Append(columns, i, i + 1).ok());
    ASSERT_TRUE(with_records.Append(columns, i, i + 1).ok());
    EXPECT_EQ(with_records.record(i), record);
  }
  ASSERT_TRUE(at_once.Append(columns, 0, 0).ok());
  ASSERT_TRUE(at_once.Append(columns, 0, 1).ok());
  ASSERT_TRUE(at_once.Append(columns, 1, 3).ok());
  for (const ExampleBatch* batch : {&direct, &at_once, &with_records}) {
    ASSERT_EQ(batch->num_examples(), 3);
    ASSERT_EQ(batch->columns().size(), serialized.columns().size());
    for (size_t c = 0; c < serialized.columns().size(); ++c) {
      const Column &got = batch->columns()[c], &want = serialized.columns()[c];
      EXPECT_EQ(got.name(), want.name());
      EXPECT_EQ(got.type(), want.type()) << want.name();
      EXPECT_TRUE(std::ranges::equal(got.all_ints(), want.all_ints())) << want.name();
      EXPECT_TRUE(std::ranges::equal(got.all_floats(), want.all_floats())) << want.name();
      ASSERT_EQ(got.num_all_bytes(), want.num_all_bytes()) << want.name();
      for (size_t k = 0; k < want.num_all_bytes(); ++k) EXPECT_EQ(got.bytes_at(k), want.bytes_at(k));
      for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(got.present(i), want.present(i)) << want.name() << " " << i;
        EXPECT_EQ(got.num_values(i), want.num_values(i)) << want.name() << " " << i;
      }
    }
  }
  // A type that changes is the error that it would be.
  columns[1].values = std::span<const float>(floats);
  EXPECT_EQ(direct.Append(columns, 0, 1).message(),
            "feature \"ints\" is FLOAT here but INT in earlier examples; a feature must have one type in all examples");
}

std::string Record(const std::string& text) {
  tensorflow::Example example;
  EXPECT_TRUE(io::ParseTextProto(text, &example).ok());
  return example.SerializeAsString();
}

TEST(ExampleTextTest, FeaturesAreLinesInTheOrderOfTheirNames) {
  const std::string record = Record(R"(features {
      feature { key: "n" value { int64_list { value: [1, 2, 3] } } }
      feature { key: "image" value { bytes_list { value: "\211PNG\r\n\032\n" } } }
      feature { key: "raw" value { bytes_list { value: "\377\376" } } }
      feature { key: "none" value { float_list {} } }
      feature { key: "name" value { bytes_list { value: "M\303\274ller\033[31m" } } } })");
  EXPECT_EQ(*ExampleText(record, {.max_values = 2}),
            "  image  bytes  PNG, 8 bytes\n"
            "  n      int64  1 2 … (3 values)\n"
            "  name   bytes  \"Müller\\x1b[31m\"\n"
            "  none   float  no value\n"
            "  raw    bytes  2 bytes that are not text\n");
  EXPECT_EQ(
      *ExampleJson(record),
      R"({"image":[{"b64":"iVBORw0KGgo="}],"n":[1,2,3],"name":["Müller\u001b[31m"],"none":[],"raw":[{"b64":"//4="}]})");
  EXPECT_FALSE(ExampleText("no example").ok());
  EXPECT_FALSE(ExampleJson("no example").ok());
}

TEST(ExampleTextTest, StepsOfSequenceExamples) {
  tensorflow::SequenceExample example;
  (*example.mutable_context()->mutable_feature())["user"].mutable_int64_list()->add_value(7);
  auto& lists = *example.mutable_feature_lists()->mutable_feature_list();
  auto* const words = lists["words"].add_feature()->mutable_bytes_list();
  words->add_value("a");
  words->add_value("b");
  lists["words"].add_feature();
  lists["words"].add_feature()->mutable_bytes_list();
  lists["words"].add_feature()->mutable_bytes_list()->add_value("c");
  lists["none"];
  const std::string record = example.SerializeAsString();
  EXPECT_EQ(*ExampleText(record),
            "  ##SEQUENCE##/none   none   no step\n"
            "  ##SEQUENCE##/words  bytes  [\"a\" \"b\"] none [] [\"c\"]\n"
            "  user                int64  7\n");
  EXPECT_EQ(*ExampleText(record, {.max_values = 1}),
            "  ##SEQUENCE##/none   none   no step\n"
            "  ##SEQUENCE##/words  bytes  [\"a\" … (4 steps, 3 values)\n"
            "  user                int64  7\n");
  EXPECT_EQ(*ExampleJson(record),
            "{\"user\":[7],\"##SEQUENCE##\":{\"none\":[],\"words\":[[\"a\",\"b\"],null,[],[\"c\"]]}}");
}

}  // namespace
}  // namespace tfxm::data
