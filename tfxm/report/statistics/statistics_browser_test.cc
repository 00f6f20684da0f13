// SPDX-License-Identifier: Apache-2.0

// The page of statistics as its readers meet it: in a browser, with mouse, keyboard and small screens.
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/report/statistics/statistics_page.h"
#include "tfxm/report/statistics/test_util.h"
#include "tfxm/testing/page_test.h"
#include "tfxm/util/io.h"

namespace tfxm::report {
namespace {

class StatisticsBrowserTest : public OpenPageTest {
 protected:
  void Open(const StatisticsPageInput& input, const Browser::View& view = {}) {
    const auto html = RenderStatisticsPage(input);
    ASSERT_TRUE(html.ok()) << html.status();
    OpenHtml(*html, view);
  }
  // The names of the rows, from top to bottom.
  std::string Names() {
    return Run("[...document.querySelectorAll('#features tr[data-feature] .toggle')].map((t) => t.textContent).join()");
  }
  std::string TextOf(absl::string_view selector) {
    return Run(absl::StrCat("document.querySelector('", selector, "').innerText"));
  }
  void OpenRow(absl::string_view name) {
    Run(absl::StrCat("[...document.querySelectorAll('#features .toggle')].find((t) => t.textContent === '", name,
                     "').click()"));
    Run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(''))))");
  }
};

TEST_F(StatisticsBrowserTest, ShowsEveryFeatureOfEveryDataSet) {
  Open(TaxiPage());
  EXPECT_EQ(Run("document.title"), "Taxi");
  EXPECT_EQ(Run("document.querySelectorAll('noscript').length"), "0");
  EXPECT_EQ(Names(), "payment,gone,fare,tips,only_train") << "anomalies first: errors, warnings, the rest";
  // Two lines a feature: train, eval.
  EXPECT_EQ(Run("[...document.querySelectorAll('#features tr[data-feature=\"1\"] td')].slice(1).map((c) => "
                "c.innerText.trim()).join('|')"),
            "■ train|10 %|55.6 %||5|2.5|0|5|10|");
  const std::string payment =
      Run("document.querySelector('#features tr[data-feature=\"2\"]').innerText + "
          "document.querySelector('#features tr[data-feature=\"2\"]').nextSibling.innerText");
  for (const char* part : {"string", "Unexpected string values", "Cash 60 %", "Credit 60 %", "Barter 30 %"}) {
    EXPECT_TRUE(absl::StrContains(payment, part)) << part << " is not in " << payment;
  }
  EXPECT_TRUE(absl::StrContains(TextOf("#summary"), "eval: 500 examples 2 anomalies")) << TextOf("#summary");
  EXPECT_TRUE(absl::StrContains(TextOf("#summary"), "train: 1,000 examples no anomalies")) << TextOf("#summary");
}

TEST_F(StatisticsBrowserTest, DrawsEachDataSetsDistribution) {
  Open(TaxiPage());
  EXPECT_EQ(Run("[...document.querySelectorAll('#features tr[data-feature=\"0\"] .spark path')].map((p) => "
                "p.getAttribute('class')).join('|')"),
            "area series-1|outline series-2");
  EXPECT_EQ(Run("document.querySelectorAll('#features tr[data-feature=\"2\"] .spark rect').length"), "5")
      << "three values, one of which train does not have";
  EXPECT_EQ(Run("document.querySelectorAll('#features tr[data-feature=\"4\"] .spark').length"), "0")
      << "nothing is drawn of what has no statistics";
  // The tallest bucket of fare is train's first: 600 of 1000 in 25, as high as the frame allows.
  EXPECT_TRUE(absl::StrContains(
      Run("document.querySelector('#features tr[data-feature=\"0\"] .spark .area').getAttribute('d')"), "L0.0,2.0"));
}

TEST_F(StatisticsBrowserTest, SortsByKeyboardAndByTheOrderControl) {
  Open(TaxiPage());
  Run("document.querySelector('#features [data-column=zeros]').focus()");
  ASSERT_TRUE(browser_->Press("Enter").ok());
  EXPECT_EQ(Names(), "tips,fare,only_train,payment,gone") << "what has no zeros to count comes last";
  EXPECT_EQ(Run("document.activeElement.dataset.column"), "zeros") << "focus stays where it was";
  EXPECT_EQ(Run("document.querySelector('#features [aria-sort=descending]').textContent"), "▼ Zeros");
  ASSERT_TRUE(browser_->Press("Enter").ok());
  EXPECT_EQ(Names(), "only_train,fare,tips,payment,gone");
  Set("Order", "feature");
  EXPECT_EQ(Names(), "fare,gone,only_train,payment,tips");
  Set("Order", "distance");
  EXPECT_TRUE(absl::StartsWith(Names(), "fare,payment,tips")) << Names();
}

TEST_F(StatisticsBrowserTest, Filters) {
  Open(TaxiPage());
  Set("Search", "T P");
  EXPECT_EQ(Names(), "payment,tips");
  EXPECT_EQ(TextOf("#features [role=status]"), "2 of 5 features");
  Set("Search", "");
  Set("Show", "anomalies");
  EXPECT_EQ(Names(), "payment,gone");
  Set("Show", "incomplete");
  EXPECT_EQ(Names(), "gone,only_train");
  Set("Show", "missing");
  EXPECT_EQ(Names(), "tips");
  Set("Show", "");
  Set("Type", "STRING");
  EXPECT_EQ(Names(), "payment");
  Set("Search", "nothing like this");
  EXPECT_TRUE(absl::StrContains(TextOf("#features"), "No feature passes these filters."));
}

TEST_F(StatisticsBrowserTest, OpensAFeature) {
  Open(TaxiPage());
  OpenRow("fare");
  EXPECT_EQ(Run("document.querySelector('#features [aria-expanded=true]').textContent"), "fare");
  EXPECT_EQ(Run("document.querySelectorAll('#features .detail canvas').length"), "2") << "histogram and quantiles";
  EXPECT_EQ(Run("[...document.querySelectorAll('#features .detail canvas')].every((c) => "
                "c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((x) => x > 0))"),
            "true")
      << "ink";
  EXPECT_TRUE(absl::StrContains(TextOf("#features .detail"), "Jensen-Shannon divergence"));
  Run("document.querySelectorAll('#features .detail details').forEach((d) => { d.open = true; })");
  EXPECT_TRUE(absl::StrContains(TextOf("#features .detail"), "company_b"));
  OpenRow("payment");
  EXPECT_TRUE(absl::StrContains(TextOf("#features .detail"), "values missing from the schema: Barter"));
  Run("document.querySelectorAll('#features .detail details').forEach((d) => { d.open = true; })");
  EXPECT_TRUE(absl::StrContains(TextOf("#features .detail"), "0.5 (“Cash”)")) << TextOf("#features .detail");
}

TEST_F(StatisticsBrowserTest, ShowsASlice) {
  Open(TaxiPage());
  Set("Slice", "company_b");
  EXPECT_EQ(TextOf("#features [role=status]"), "5 of 5 features, in the slice company_b");
  const std::string payment = TextOf("#features tr[data-feature=\"2\"]");
  EXPECT_TRUE(absl::StrContains(payment, "of company_b 100 %")) << payment;
  EXPECT_EQ(Run("document.querySelector('#features tr[data-feature=\"2\"] th').rowSpan"), "1") << "eval has no slices";
}

// TFDV counts them as present.
TEST_F(StatisticsBrowserTest, EmptyListsAreShownBesideWhatIsMissing) {
  StatisticsPageInput input = TaxiPage();
  auto* common = input.datasets[0]
                     .statistics.mutable_datasets(0)
                     ->mutable_features(0)
                     ->mutable_num_stats()
                     ->mutable_common_stats();
  common->set_min_num_values(0);
  common->set_tot_num_values(common->num_non_missing() * 3 / 4);
  Open(input);
  const std::string fare = TextOf("#features tr[data-feature=\"0\"]");
  EXPECT_TRUE(absl::StrContains(fare, "0 %, empty 25 %")) << fare;
  Set("Show", "missing");
  EXPECT_EQ(Names(), "fare,tips");
  OpenRow("fare");
  EXPECT_TRUE(absl::StrContains(TextOf("#features .detail"), "(25 %): there, without a value"));
}

TEST_F(StatisticsBrowserTest, WeightsOnRequest) {
  StatisticsPageInput input = TaxiPage();
  auto* all = input.datasets[0].statistics.mutable_datasets(0);
  all->set_weighted_num_examples(2000);
  auto* numbers = all->mutable_features(0)->mutable_num_stats();
  auto* common = numbers->mutable_common_stats()->mutable_weighted_common_stats();
  common->set_num_non_missing(1500);
  common->set_num_missing(500);
  common->set_tot_num_values(1500);
  numbers->mutable_weighted_numeric_stats()->set_mean(77);
  Open(input);
  EXPECT_FALSE(absl::StrContains(TextOf("#features tr[data-feature=\"0\"]"), "77"));
  Set("Weighted", "");
  const std::string fare = TextOf("#features tr[data-feature=\"0\"]");
  EXPECT_TRUE(absl::StrContains(fare, "77")) << fare;
  EXPECT_TRUE(absl::StrContains(fare, "25 %")) << fare;
}

TEST_F(StatisticsBrowserTest, ShowsLiftAndPairsOfFeatures) {
  StatisticsPageInput input;
  NamedStatistics& dataset = input.datasets.emplace_back();
  ASSERT_TRUE(io::ReadBinaryProto("tfxm/statistics/testdata/cases/cross/statistics.pb", &dataset.statistics).ok());
  Open(input);
  EXPECT_TRUE(absl::StrContains(TextOf("#crosses"), "Correlation"));
  ASSERT_TRUE(io::ReadBinaryProto("tfxm/statistics/testdata/cases/lift/statistics.pb", &dataset.statistics).ok());
  Open(input);
  OpenRow(Run("JSON.parse(document.getElementById('data').textContent).lift[0].x"));
  Run("document.querySelectorAll('#features .detail details').forEach((d) => { d.open = true; })");
  EXPECT_TRUE(absl::StrContains(TextOf("#features .detail"), "Lift"));
}

TEST_F(StatisticsBrowserTest, DrawsImagesAndNothingElse) {
  StatisticsPageInput input = TaxiPage();
  // A grey picture of two pixels, a PNG of one, and what only begins as one.
  const std::string png(
      "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0\x90wS\xde\0\0\0\x0cIDATx\x9c"
      "c\xf8\xcf\xc0\0\0\3\1\1\0\xc9\xfe\x92\xef\0\0\0\0IEND\xae"
      "B`\x82",
      69);
  input.datasets[0].images = {{.feature = "fare", .width = 2, .height = 1, .pixels = std::string("\0\xff", 2)},
                              {.feature = "fare", .example = 1, .encoded = png},
                              {.feature = "fare", .example = 2, .encoded = png.substr(0, 30)}};
  Open(input);
  Set("Show", "images");
  OpenRow("fare");
  EXPECT_EQ(
      Run("[...document.querySelector('#features .thumbnails canvas').getContext('2d').getImageData(0, 0, 2, 1).data]"
          ".join()"),
      "0,0,0,255,255,255,255,255");
  EXPECT_EQ(
      Run("new Promise((done) => { const look = () => { const c = document.querySelectorAll('#features "
          ".thumbnails canvas'); c.length === 2 && c[1].width === 1 ? done([...c[1].getContext('2d').getImageData("
          "0, 0, 1, 1).data].join()) : setTimeout(look, 20); }; look(); })"),
      "255,0,0,255");
  EXPECT_TRUE(absl::StrContains(TextOf("#features .thumbnails"), "not an image that this browser can draw"));
}

TEST_F(StatisticsBrowserTest, FitsAPhoneAndFollowsTheColourScheme) {
  Open(TaxiPage(), {.width = 400, .height = 800, .dark = true});
  OpenRow("payment");
  EXPECT_EQ(Run("document.documentElement.scrollWidth"), "400");
  EXPECT_EQ(Run("[...document.querySelectorAll('#features tr:not(.detail) td')].every((td) => "
                "td.getBoundingClientRect().right <= 400)"),
            "true");
  EXPECT_EQ(Run("getComputedStyle(document.body).backgroundColor"), "rgb(20, 23, 27)");
  EXPECT_EQ(Run("getComputedStyle(document.querySelector('.spark .series-1')).color"), "rgb(110, 176, 255)");
}

TEST_F(StatisticsBrowserTest, TextOfOthersIsShownAsItIs) {
  StatisticsPageInput input = TaxiPage();
  auto* all = input.datasets[0].statistics.mutable_datasets(0);
  AddTexts(all, "<img src=x onerror=alert(1)>\u202e", {{"</script><b>bold</b>", 3}, {"", 1}, {"constructor", 1}});
  AddFloats(all, "__proto__", 0, 1, {1});
  Open(input);
  EXPECT_EQ(Run("document.querySelectorAll('img, main b').length"), "0");
  EXPECT_TRUE(absl::StrContains(Names(), "<img src=x onerror=alert(1)>\\u202e")) << Names();
  EXPECT_TRUE(absl::StrContains(Names(), "__proto__")) << Names();
  EXPECT_TRUE(absl::StrContains(TextOf("#features"), "</script><b>bold</b> 60 %"));
  EXPECT_TRUE(absl::StrContains(TextOf("#features"), "“” 20 %"));
}

TEST_F(StatisticsBrowserTest, EveryControlAndRegionHasAName) {
  Open(TaxiPage());
  OpenRow("fare");
  EXPECT_EQ(Run("[...document.querySelectorAll('select, input')].filter((c) => !c.labels.length).length"), "0");
  EXPECT_EQ(Run("[...document.querySelectorAll('button')].filter((b) => !b.textContent.trim()).length"), "0");
  EXPECT_EQ(Run("[...document.querySelectorAll('svg[role=img], canvas')].filter((s) => "
                "!s.getAttribute('aria-label')).length"),
            "0");
  EXPECT_EQ(Run("[...document.querySelectorAll('[id]')].length - new "
                "Set([...document.querySelectorAll('[id]')].map((e) => e.id)).size"),
            "0")
      << "ids are unique";
  ASSERT_TRUE(browser_->Press("Tab").ok());
  EXPECT_EQ(Run("document.activeElement !== document.body"), "true");
}

TEST_F(StatisticsBrowserTest, OneDataSetOfManyFeaturesAndNoExample) {
  StatisticsPageInput input{.title = "One"};
  auto* all = input.datasets.emplace_back().statistics.add_datasets();
  Open(input);
  EXPECT_TRUE(absl::StrContains(TextOf("#summary"), "0 examples")) << TextOf("#summary");
  for (int i = 0; i < 3000; ++i) AddFloats(all, absl::StrCat("f", i), 0, i, {1, 2, 3});
  Open(input);
  EXPECT_EQ(Run("document.querySelectorAll('#features tr[data-feature]').length"), "50");
  Run("document.getElementById('more-features').click()");
  EXPECT_EQ(Run("document.querySelectorAll('#features tr[data-feature]').length"), "250");
  Set("Search", "f2999");
  EXPECT_EQ(Names(), "f2999");
  EXPECT_FALSE(absl::StrContains(TextOf("#features thead"), "Distance")) << "nothing to be distant from";
}

}  // namespace
}  // namespace tfxm::report
