// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/text/json_value.h"

#include <cstdint>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/testing/status_matchers.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class JsonValueTest : public ::testing::Test {
 protected:
  absl::Status Set(const std::string& json) {
    google::protobuf::Struct object;
    EXPECT_THAT(io::ParseJson(json, &object), IsOk());
    return SetMembers("option", object,
                      {{"small", SetsJson(&small_)}, {"seed", SetsJson(&seed_)}, {"names", SetsJson(&names_)}});
  }
  static auto Refused(const std::string& message) {
    return StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(message));
  }

  int small_ = 7;
  uint64_t seed_ = 7;
  std::vector<std::string> names_;
};

TEST_F(JsonValueTest, MembersAreSetAndNullIsNot) {
  EXPECT_THAT(Set(R"({"small": -3, "seed": null, "names": ["a", "b"]})"), IsOk());
  EXPECT_EQ(small_, -3);
  EXPECT_EQ(seed_, 7u);
  EXPECT_THAT(names_, ElementsAre("a", "b"));
}

TEST_F(JsonValueTest, NumbersThatDoNotFitAreRefused) {
  EXPECT_THAT(Set(R"({"small": 1e20})"), Refused("small: expected an integer, found 1e+20"));
  EXPECT_THAT(Set(R"({"small": 2147483648})"), Refused("small: expected a smaller integer"));
  EXPECT_THAT(Set(R"({"small": 1.5})"), Refused("small: expected an integer"));
  EXPECT_THAT(Set(R"({"seed": -1})"), Refused("seed: expected an integer from 0, found -1"));
  EXPECT_EQ(small_, 7);
  EXPECT_EQ(seed_, 7u);
}

TEST_F(JsonValueTest, OtherKindsAndOtherNamesAreRefused) {
  EXPECT_THAT(Set(R"({"small": "3"})"), Refused("small: expected an integer, found \"3\""));
  EXPECT_THAT(Set(R"({"names": "a"})"), Refused("names: expected a list of texts, found \"a\""));
  EXPECT_THAT(Set(R"({"names": ["a", 1]})"), Refused("names: expected text, found 1"));
  EXPECT_THAT(names_, ElementsAre());
  EXPECT_THAT(Set(R"({"smal": 3})"), Refused("no option \"smal\"; nearest: \"small\""));
}

}  // namespace
}  // namespace tfxm
