// SPDX-License-Identifier: Apache-2.0

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tfxm/tables/tables.h"
#include "tfxm/tables/test_tables.h"

namespace tfxm::tables {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class JsonlTest : public TableTest {
 protected:
  std::vector<std::string> Shorts(const std::string& text) {
    return TableTest::Shorts(OpenJsonl({File("a.jsonl", text)}, {}));
  }
  std::string Error(const std::string& text) { return TableTest::Error(OpenJsonl({File("bad.jsonl", text)}, {})); }
};

TEST_F(JsonlTest, MembersAreFeatures) {
  EXPECT_THAT(Shorts(R"({"n": 1, "x": 2, "s": "Müller", "ok": true, "none": null}
{"x": 2.5, "s": "a\nb", "list": [1, 2, null]}
)"),
              ElementsAre("list: none, n: int 1, none: none, ok: int 1, s: bytes Müller, x: float 2",
                          "list: int 1 2, n: none, none: none, ok: none, s: bytes a\nb, x: float 2.5"));
}

TEST_F(JsonlTest, ObjectsAndListsOfThemAreFeaturesOfTheirMembers) {
  EXPECT_THAT(Shorts(R"({"a": {"b": 1, "c": {"d": "x"}}, "l": [{"k": 1}, {"k": 2, "m": 0.5}]})"
                     "\n"),
              ElementsAre("a.b: int 1, a.c.d: bytes x, l.k: int 1 2, l.m: float 0.5"));
  EXPECT_THAT(Error("{\"a\": [[1]]}\n"), AllOf(HasSubstr("\"a\""), HasSubstr("a list in a list")));
}

TEST_F(JsonlTest, TextThatLooksLikeATimeStaysText) {
  EXPECT_THAT(Shorts("{\"t\": \"2026-11-30 10:00:00\"}\n{\"t\": \"never\"}\n"),
              ElementsAre("t: bytes 2026-11-30 10:00:00", "t: bytes never"));
  EXPECT_THAT(Shorts("{\"t\": [\"2026-11-30\"]}\n"), ElementsAre("t: bytes 2026-11-30"));
}

TEST_F(JsonlTest, TypesAreThoseOfAllFiles) {
  EXPECT_THAT(
      TableTest::Shorts(OpenJsonl(
          {File("a.jsonl", "{\"x\": 1}\n"), File("b.jsonl", "{\"x\": 0.5, \"y\": 2}"), File("c.jsonl", "")}, {})),
      ElementsAre("x: float 1, y: none", "x: float 0.5, y: int 2"));
  EXPECT_THAT(empty_files_, ElementsAre(HasSubstr("c.jsonl")));
}

TEST_F(JsonlTest, WhatIsWrongNamesTheLine) {
  EXPECT_THAT(Error("{\"a\": 1}\n\n{\"a\": 2\n{\"a\": 3}\n"), HasSubstr("bad.jsonl: line 3: "));
  EXPECT_THAT(Error("{\"a\": 1}\n\n{\"a\": 2}\n{\"a\": \"x\"}\n{\"a\": 3}\n{\"a\": \"y\"}\n"),
              AllOf(HasSubstr("bad.jsonl: line 4: "), HasSubstr("changed from number to string"),
                    testing::Not(HasSubstr("row"))));
  EXPECT_THAT(Error("{\"a\": 1}\n[1]\n"),
              HasSubstr("bad.jsonl: line 2: not a JSON object, of which there is one a line"));
  EXPECT_THAT(Error("{\"a\": \"\xff\"}\n"), HasSubstr("bad.jsonl: line 1: not UTF-8"));
  EXPECT_NE(Error(std::string(1000, '[')), "");
  EXPECT_NE(Error("{\"a\": 1} trailing\n"), "");
}

TEST_F(JsonlTest, IntegersThatBecomeOtherFloatsAreNamed) {
  const std::string beyond = File("beyond.jsonl", "{\"a\": 1}\n\n{\"a\": 12345678901234567890123}\n");
  EXPECT_THAT(TableTest::Shorts(OpenJsonl({beyond}, {})), ElementsAre("a: float 1", "a: float 1.23457e+22"));
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("beyond.jsonl: line 3: \"a\": the integer 12345678901234567890123 "
                                                     "becomes the float 1.23457e+22"),
                                           HasSubstr("as text"))));
  // 2^53 + 1, and 2^24 + 1, beside numbers that are none.
  const std::string mixed = File(
      "mixed.jsonl", "{\"a\": {\"b\": [1, 9007199254740993]}, \"c\": 16777217}\n{\"a\": {\"b\": [3.5]}, \"c\": 0.5}\n");
  TableTest::Shorts(OpenJsonl({mixed}, {}));
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("line 1: \"a.b\": the integer 9007199254740993"),
                                     HasSubstr("line 1: \"c\": the integer 16777217")));
  const std::string huge = File("huge.jsonl", "{\"a\": 1e300}\n");
  TableTest::Shorts(OpenJsonl({huge}, {}));
  EXPECT_THAT(warnings_,
              ElementsAre(HasSubstr("huge.jsonl: line 1: \"a\": a float (32 bits, as in tf.Example) cannot hold "
                                    "1e+300; it becomes inf")));
  // As advised; and floats that were meant as such.
  const std::string good = File("good.jsonl",
                                "{\"a\": \"12345678901234567890123\", \"b\": 1.5e20, \"c\": 9007199254740993}\n"
                                "{\"a\": \"1\", \"b\": 33554433.5, \"c\": 1, \"d\": 16777216.0}\n");
  TableTest::Shorts(OpenJsonl({good}, {}));
  EXPECT_THAT(warnings_, ElementsAre());
}

TEST_F(JsonlTest, BlocksAreJoined) {
  std::string text;
  for (int i = 0; i < 150'000; ++i)
    absl::StrAppend(&text, "{\"i\": ", i, i == 120'000 ? ", \"late\": 0.5" : "", ", \"s\": \"some text\"}\n");
  const std::string file = File("large.jsonl", text);
  setenv("TFXM_NUM_THREADS", "1", 1);
  std::vector<std::string> one, seven;
  ASSERT_TRUE(Read(OpenJsonl({file}, {}), &one).ok());
  setenv("TFXM_NUM_THREADS", "7", 1);
  ASSERT_TRUE(Read(OpenJsonl({file}, {}), &seven).ok());
  unsetenv("TFXM_NUM_THREADS");
  EXPECT_EQ(one, seven);
  ASSERT_EQ(one.size(), 150'000);
  EXPECT_EQ(Short(one[120'000]), "i: int 120000, late: float 0.5, s: bytes some text");
  EXPECT_THAT(last_origin_, HasSubstr("large.jsonl: object 150000"));
}

}  // namespace
}  // namespace tfxm::tables
