// SPDX-License-Identifier: Apache-2.0

#include "tfxm/data/example_encoder.h"

#include <gtest/gtest.h>

#include "tensorflow/core/example/example.pb.h"
#include "tensorflow/core/example/feature.pb.h"
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
