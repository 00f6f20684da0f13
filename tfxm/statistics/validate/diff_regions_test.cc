// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/validate/diff_regions.h"

#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::DiffRegion;

// As lines of a diff with the numbers that regions begin at.
std::string Text(const std::vector<DiffRegion>& regions) {
  std::string text;
  const auto add = [&](absl::string_view mark, const auto& lines) {
    for (const std::string& line : lines) absl::StrAppend(&text, mark, line, " ");
  };
  for (const DiffRegion& region : regions) {
    if (region.has_unchanged()) {
      absl::StrAppend(&text, "@", region.unchanged().left_start(), ",", region.unchanged().right_start(), " ");
    }
    if (region.has_hidden()) absl::StrAppend(&text, "(", region.hidden().size(), ") ");
    add("=", region.unchanged().contents());
    add("-", region.removed().contents());
    add("+", region.added().contents());
    add("-", region.changed().left_contents());
    add("+", region.changed().right_contents());
  }
  return text;
}

TEST(DiffRegionsTest, AddedRemovedAndChangedLines) {
  EXPECT_EQ(Text(DiffRegions("a\nb\n", "a\nb\n")), "");
  EXPECT_EQ(Text(DiffRegions("a\nc\n", "a\nb\nc\n")), "@1,1 =a +b @2,3 =c ");
  EXPECT_EQ(Text(DiffRegions("a\nb\nc\n", "a\nc\n")), "@1,1 =a -b @3,2 =c ");
  EXPECT_EQ(Text(DiffRegions("a\nb\nc\n", "a\nx\nc\n")), "@1,1 =a -b +x @3,3 =c ");
  EXPECT_EQ(Text(DiffRegions("", "a\n")), "+a ");
  EXPECT_EQ(Text(DiffRegions("a\n", "")), "-a ");
}

TEST(DiffRegionsTest, LinesFarFromAChangeAreHidden) {
  EXPECT_EQ(Text(DiffRegions("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n")),
            "(1) @2,2 =2 =3 =4 -5 +x @6,6 =6 =7 =8 (1) ");
}

// What is left of the regions, each way, is the text it was made of, whatever the texts.
TEST(DiffRegionsTest, BothTextsCanBeMadeOfTheRegions) {
  std::mt19937 random(4);
  for (int i = 0; i < 300; ++i) {
    const auto lines = [&](int most) {
      std::vector<std::string> all;
      const int count = static_cast<int>(random() % most);
      for (int k = 0; k < count; ++k) all.push_back(absl::StrCat(random() % 4));
      return all;
    };
    // Over a million cells in the last cases.
    const auto a = lines(i < 295 ? 12 : 3000), b = lines(i < 295 ? 12 : 3000);
    std::vector<std::string> left, right;
    const auto add = [](const auto& contents, std::vector<std::string>* to) {
      to->insert(to->end(), contents.begin(), contents.end());
    };
    const auto join = [](const std::vector<std::string>& all) {
      return all.empty() ? std::string() : absl::StrJoin(all, "\n") + "\n";
    };
    const auto regions = DiffRegions(join(a), join(b));
    EXPECT_EQ(regions.empty(), a == b);
    for (const DiffRegion& region : regions) {
      add(region.unchanged().contents(), &left);
      add(region.unchanged().contents(), &right);
      add(region.removed().contents(), &left);
      add(region.added().contents(), &right);
      add(region.changed().left_contents(), &left);
      add(region.changed().right_contents(), &right);
      for (int k = 0; k < region.hidden().size(); ++k) {
        left.push_back(a[region.hidden().left_start() - 1 + k]);
        right.push_back(b[region.hidden().right_start() - 1 + k]);
      }
    }
    if (regions.empty()) continue;
    EXPECT_EQ(left, a);
    EXPECT_EQ(right, b);
  }
}

}  // namespace
}  // namespace tfxm::statistics
