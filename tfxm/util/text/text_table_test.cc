// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/text/text_table.h"

#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "tfxm/util/text/text.h"

namespace tfxm {
namespace {

TextTable Fares() {
  TextTable table({{"feature"}, {"mean", TextTable::kRight}, {"most frequent"}});
  table.AddRow({"fare", "11.404", "7.85"});
  table.AddRow({"乗車料金", "9", ""});
  return table;
}

TEST(TextTableTest, AlignsByCellsOfTheTerminal) {
  EXPECT_EQ(Fares().Text(),
            "feature     mean  most frequent\n"
            "fare      11.404  7.85\n"
            "乗車料金       9\n");
}

TEST(TextTableTest, ATooNarrowTerminalGetsParagraphs) {
  EXPECT_EQ(Fares().Text({.width = 20, .indent = "  "}),
            "  fare\n"
            "    mean: 11.404\n"
            "    most frequent:\n"
            "    7.85\n"
            "  乗車料金\n"
            "    mean: 9\n");
}

TEST(TextTableTest, NoLineIsWiderThanAsked) {
  TextTable table({{"feature"}, {"anomaly"}, {"description"}});
  table.AddRow({"payment_type", "Unexpected string values", "Examples contain values missing from the schema: Prcard"});
  for (const int width : {30, 60, 80}) {
    const std::string text = table.Text({.width = width});
    for (const absl::string_view line : absl::StrSplit(text, '\n')) EXPECT_LE(DisplayWidth(line), width) << line;
  }
}

TEST(TextTableTest, ANameOfSeveralWordsIsBrokenBetweenThem) {
  TextTable table({{"name"}, {"value", TextTable::kRight}});
  table.AddRow({"  an output of a long name", "1"});
  EXPECT_EQ(table.Text({.width = 20, .indent = "  "}),
            "    an output of a\n"
            "      long name\n"
            "      value: 1\n");
}

TEST(WrapLinesTest, OnlyWhatIsTooWideIsBrokenAndGoesOnIndented) {
  const std::string text =
      "name   value\n"
      "  支払い方法の種類: その他 is below 0.9\n"
      "├─ read by Trainer of the first run\n"
      "│  └─ made by Trainer of the first run\n";
  EXPECT_EQ(WrapLines(text, 24),
            "name   value\n"
            "  支払い方法の種類:\n"
            "    その他 is below 0.9\n"
            "├─ read by Trainer of\n"
            "│    the first run\n"
            "│  └─ made by Trainer of\n"
            "│       the first run\n");
  EXPECT_EQ(WrapLines(text, 0), text);
  EXPECT_EQ(WrapLines("a-word-that-is-longer than this\n", 10), "a-word-that-is-longer\n  than\n  this\n");
}

TEST(TextTableTest, TheFirstOfSeveralRowsIsTheTitles) {
  EXPECT_EQ(TextTable::OfRows({{"", "value"}, {"auc", "0.5"}, {"a longer name", "1"}}).Text(),
            "               value\n"
            "auc              0.5\n"
            "a longer name      1\n");
}

}  // namespace
}  // namespace tfxm
