// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/text/text.h"

#include <cstdlib>

#include "gtest/gtest.h"

namespace tfxm {
namespace {

TEST(PrintableTextTest, KeepsTextOfAnyLanguage) {
  for (const char* text : {"fare", "größe", "大きさ", "مقاس", "👩‍🔬", "क्षि"})
    EXPECT_EQ(PrintableText(text), text);
}

TEST(PrintableTextTest, ShowsWhatATerminalWouldObey) {
  EXPECT_EQ(PrintableText("\x1b]0;owned\x07"), "\\x1b]0;owned\\x07");
  EXPECT_EQ(PrintableText("a\nb\tc\x7f"), "a\\x0ab\\x09c\\x7f");
  EXPECT_EQ(PrintableText("a\xc2\x9b"
                          "2J"),
            "a\\u009b2J");  // CSI in one character.
}

TEST(PrintableTextTest, ShowsWhatChangesTheDirectionOrIsInvisible) {
  EXPECT_EQ(PrintableText("\u202egnp.exe"), "\\u202egnp.exe");
  for (const char* text : {"\u061c", "\u200e", "\u200f", "\u202a", "\u2066", "\u2069", "\u2028", "\ufeff", "\u2063"}) {
    EXPECT_EQ(PrintableText(text).substr(0, 2), "\\u") << text;
  }
  EXPECT_EQ(PrintableText("\U000E0041"), "\\U000e0041");
}

TEST(PrintableTextTest, WhatIsNoUtf8IsBytes) { EXPECT_EQ(PrintableText("\xff\xc0\x80"), "\\xff\\xc0\\x80"); }

TEST(PrintableTextTest, LinesKeepTheirEnds) { EXPECT_EQ(PrintableLines("a\n\tb\x1b[K\r"), "a\n\tb\\x1b[K\\x0d"); }

TEST(DisplayWidthTest, CountsCells) {
  EXPECT_EQ(DisplayWidth("größe"), 5);
  EXPECT_EQ(DisplayWidth("大きさ"), 6);
  EXPECT_EQ(DisplayWidth("한국어"), 6);
  EXPECT_EQ(DisplayWidth("ＡＢ"), 4);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1);
  EXPECT_EQ(DisplayWidth("–→…"), 3);
}

TEST(TerminalWidthTest, ColumnsIsTheUsersWord) {
  setenv("COLUMNS", "60", 1);
  EXPECT_EQ(TerminalWidth(), 60);
  unsetenv("COLUMNS");
}

TEST(Utf8Test, WellFormedOnly) {
  for (const char* text : {"", "ascii only, longer than a word", "gr\xc3\xbcn", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
  }
  for (const char* text : {"\xff", "\xc3", "\x80", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                           "\xe2\x82", "eight byt\xe2"}) {
    EXPECT_FALSE(IsUtf8(text)) << text;
  }
}

}  // namespace
}  // namespace tfxm
