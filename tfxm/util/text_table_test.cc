#include "tfxm/util/text_table.h"

#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "tfxm/util/text.h"

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

TEST(TextTableTest, TheFirstOfSeveralRowsIsTheTitles) {
  EXPECT_EQ(TextTable::OfRows({{"", "value"}, {"auc", "0.5"}, {"a longer name", "1"}}).Text(),
            "               value\n"
            "auc              0.5\n"
            "a longer name      1\n");
}

}  // namespace
}  // namespace tfxm
