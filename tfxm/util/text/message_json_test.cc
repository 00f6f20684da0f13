// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/text/message_json.h"

#include <cmath>
#include <string>

#include "google/protobuf/struct.pb.h"
#include "gtest/gtest.h"

namespace tfxm {
namespace {

TEST(MessageJsonTest, MapsAreSortedAtEveryDepth) {
  google::protobuf::Struct outer;
  for (int i = 0; i < 40; ++i) {
    auto& inner = *(*outer.mutable_fields())["o" + std::to_string(10 + i)].mutable_list_value()->add_values();
    for (int j = 0; j < 20; ++j) (*inner.mutable_struct_value()->mutable_fields())["i" + std::to_string(10 + j)];
  }
  for (auto& [name, value] : *outer.mutable_fields()) {
    for (auto& [key, leaf] : *value.mutable_list_value()->mutable_values(0)->mutable_struct_value()->mutable_fields())
      leaf = ValueOf(0.1);
  }
  const auto json = MessageToJson(outer);
  ASSERT_TRUE(json.ok()) << json.status();
  size_t at = 0;
  for (int i = 0; i < 40; ++i) {
    at = json->find("\"o" + std::to_string(10 + i) + "\"", at);
    ASSERT_NE(at, std::string::npos) << i;
    for (int j = 0; j < 20; ++j) {
      at = json->find("\"i" + std::to_string(10 + j) + "\": 0.1", at);
      ASSERT_NE(at, std::string::npos) << i << " " << j;
    }
  }
  google::protobuf::Struct back;
  ASSERT_TRUE(ParseMessageJson(*json, &back).ok());
  EXPECT_EQ(back.fields_size(), 40);
}

TEST(MessageJsonTest, NumbersThatJsonHasNotAreStrings) {
  EXPECT_EQ(ValueOf(NAN).string_value(), "NaN");
  EXPECT_EQ(ValueOf(-INFINITY).string_value(), "-Infinity");
  EXPECT_EQ(ValueOf(0.1).number_value(), 0.1);
}

TEST(MessageJsonTest, TextThatIsNoUtf8IsShownAsBytes) {
  EXPECT_EQ(Utf8Text("a\xff"), "a\\xff");
  EXPECT_EQ(Utf8Text("\xe2\x82\xac"), "\xe2\x82\xac");
}

TEST(MessageJsonTest, AnErrorNamesTheMessageAndThePlace) {
  google::protobuf::Struct message;
  const absl::Status status = ParseMessageJson("{\"a\": ", &message);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("google.protobuf.Struct"), std::string::npos) << status;
}

}  // namespace
}  // namespace tfxm
