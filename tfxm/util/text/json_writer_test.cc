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

TEST(JsonWriterTest, WhatIsNoUtf8IsShownAsBytes) { EXPECT_EQ(Written("\xff"), R"("\\xff")"); }

}  // namespace
}  // namespace tfxm
