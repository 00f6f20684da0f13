// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/text/json_writer.h"

#include "gtest/gtest.h"

namespace tfxm {
namespace {

std::string Written(absl::string_view text, bool printable = false) {
  JsonWriter json(/*indent=*/false, printable);
  json.String(text);
  return std::move(json).Take();
}

TEST(JsonWriterTest, NestsObjectsAndArrays) {
  JsonWriter json;
  json.BeginObject().Key("name").String("auc").Key("values").BeginArray().Number(0.5).Null().Bool(true).End().End();
  EXPECT_EQ(std::move(json).Take(), R"({"name":"auc","values":[0.5,null,true]})");
}

TEST(JsonWriterTest, TextIsSafeInAPageAndATerminalAndReadsBackTheSame) {
  EXPECT_EQ(Written("</script>&\"\\"), R"("\u003c/script\u003e\u0026\"\\")");
  EXPECT_EQ(Written("\x1b[2J\u202egnp.exe\u2028\u009b"), R"("\u001b[2J\u202egnp.exe\u2028\u009b")");
  EXPECT_EQ(Written("\U000E0041"), R"("\udb40\udc41")");
  EXPECT_EQ(Written("größe 大きさ 👩"), "\"größe 大きさ 👩\"");
}

TEST(JsonWriterTest, ForAPageHiddenCharactersAreShown) {
  EXPECT_EQ(Written("a\u202e\nb", /*printable=*/true), R"("a\\u202e\\x0ab")");
}

TEST(JsonWriterTest, LikePythonHasSpacesAndProtobufsTexts) {
  JsonWriter line = JsonWriter::LikePython();
  line.BeginObject().Key("a").BeginArray().String("x&\n\"").Number(2).Real(2).Real(0.25).Real(1e30).End();
  line.Key("b").BeginObject().End().End();
  EXPECT_EQ(std::move(line).Take(), R"({"a": ["x&\n\"", 2, 2.0, 0.25, 1e+30], "b": {}})");
  JsonWriter lines = JsonWriter::LikePython(/*indent=*/true);
  lines.BeginObject().Key("a").BeginArray().Integer(1).BeginArray().End().End().End();
  EXPECT_EQ(std::move(lines).Take(), "{\n  \"a\": [\n    1,\n    []\n  ]\n}");
}

TEST(JsonWriterTest, WhatIsNotUtf8IsShownAsBytes) { EXPECT_EQ(Written("\xff"), R"("\\xff")"); }

}  // namespace
}  // namespace tfxm
