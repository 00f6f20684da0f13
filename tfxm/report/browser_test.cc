// SPDX-License-Identifier: Apache-2.0

// The page as its readers meet it: in a browser, with mouse, keyboard and small screens.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tfxm/proto/costs.h"
#include "tfxm/report/evaluation/evaluation_reader.h"
#include "tfxm/report/html/report.h"
#include "tfxm/testing/page_test.h"

namespace tfxm::report {
namespace {

const std::string kTestdata = "tfxm/report/testdata/";

class PageTest : public OpenPageTest {
 protected:
  void Open(const ReportInput& input, const Browser::View& view = {}) {
    auto html = RenderReport(input);
    ASSERT_TRUE(html.ok()) << html.status();
    OpenHtml(*html, view);
  }
  // "slice=difference|…" of the explorer's rows, from top to bottom.
  std::string Rows(int column) {
    return Run(
        absl::StrCat("[...document.querySelectorAll('#slices tr[data-slice]')].map((r) => "
                     "r.querySelector('.toggle').textContent + '=' + "
                     "r.cells[",
                     column, "].textContent).join('|')"));
  }

  static ReportInput Read(const std::vector<EvaluationSource>& sources) {
    auto input = ReadReportInput({.title = "Test", .evaluations = sources});
    EXPECT_TRUE(input.ok()) << input.status();
    return input.value_or(ReportInput{});
  }
  static ModelFacts Facts(const std::map<std::string, double>& numbers) {
    ModelFacts facts;
    facts.mutable_numbers()->insert(numbers.begin(), numbers.end());
    return facts;
  }
  static ReportInput Mnist() {
    return Read({{"SavedModel",
                  kTestdata + "mnist-models-saved-model",
                  {Facts({{cost::kSizeBytes, 245000}, {cost::kLatencyP50Ms, 0.2}})}},
                 {"TFLite",
                  kTestdata + "mnist-models-tflite",
                  {Facts({{cost::kSizeBytes, 222000}, {cost::kLatencyP50Ms, 0.006}})}},
                 {"Dynamic range", kTestdata + "mnist-models-tflite-dr", {Facts({{cost::kSizeBytes, 61000}})}}});
  }
};

TEST_F(PageTest, ShowsModelsSideBySide) {
  Open(Mnist());
  EXPECT_EQ(Run("document.title"), "Test");
  EXPECT_EQ(Run("[...document.querySelectorAll('#models thead th')].map((h) => h.firstChild.textContent).join('|')"),
            "All examples|SavedModel|TFLite|Dynamic range");
  EXPECT_EQ(Run("[...document.querySelectorAll('#models tbody tr')].find((r) => r.cells[0].firstChild.textContent === "
                "'sparse_categorical_accuracy').cells[3].textContent"),
            "0.8520+0.002 better");
  EXPECT_EQ(Run("document.querySelectorAll('noscript').length"), "0");
}

TEST_F(PageTest, ComparesWithAnotherModelOnRequest) {
  Open(Mnist());
  Set("Compare with", "2");
  EXPECT_EQ(Run("[...document.querySelectorAll('#models tbody tr')].find((r) => r.cells[0].firstChild.textContent === "
                "'sparse_categorical_accuracy').cells[1].textContent"),
            "0.8500−0.002 worse");
  EXPECT_EQ(Run("document.querySelector('#slices [data-column=reference]').textContent"), "Dynamic range");
}

TEST_F(PageTest, WorstRegressionsComeFirst) {
  Open(Read({{"", kTestdata + "thresholds-fail"}}));
  const auto order = [&] {
    return Run(
        "[...document.querySelectorAll('#slices tr[data-slice]')].map((r) => r.querySelector('.toggle').textContent + "
        "' ' + "
        "r.cells[3].textContent.split(' ')[0]).join('|')");
  };
  // Higher AUC is better: the largest loss first.
  EXPECT_EQ(
      order(),
      "region: east −0.00899|region: south −0.000673|region: west −0.000288|Overall +0.000961|region: north +0.0123");
  EXPECT_EQ(Run("document.querySelector('#slices th[aria-sort=ascending]').textContent.includes('Difference')"),
            "true");
  // The config's change threshold says that a lower mean prediction is better: the largest gain first.
  Set("Metric",
      Run("[...document.querySelectorAll('#slices option')].find((o) => o.textContent === 'mean_prediction').value"));
  EXPECT_EQ(
      order(),
      "region: north +0.00332|region: east +0.00272|Overall +0.0018|region: south +0.00114|region: west +2.28e−5");
  EXPECT_EQ(Run("document.querySelector('#slices th[aria-sort=descending]').textContent.includes('Difference')"),
            "true");
}

TEST_F(PageTest, SortsByKeyboardAndSaysSo) {
  Open(Mnist());
  Run("document.querySelector('#slices [data-column=examples]').focus()");
  ASSERT_TRUE(browser_->Press("Enter").ok());
  EXPECT_EQ(Run("document.querySelector('#slices [data-column=examples]').closest('th').getAttribute('aria-sort')"),
            "descending");
  EXPECT_TRUE(absl::StartsWith(Rows(1), "Overall=500|image_class: 1=66")) << Rows(1);
  EXPECT_EQ(Run("document.activeElement.dataset.column"), "examples") << "focus stays where it was";
  ASSERT_TRUE(browser_->Press(" ").ok());
  EXPECT_EQ(Run("document.querySelector('#slices [data-column=examples]').closest('th').getAttribute('aria-sort')"),
            "ascending");
  EXPECT_TRUE(absl::StartsWith(Rows(1), "image_class: 6=39")) << Rows(1);
}

TEST_F(PageTest, FiltersSlices) {
  Open(Mnist());
  Set("Search", "class: 3");
  EXPECT_TRUE(absl::StartsWith(Rows(1), "image_class: 3=46")) << Rows(1);
  EXPECT_EQ(Run("document.querySelector('#slices [role=status]').textContent.startsWith('1 of 11 slices')"), "true");
  Set("Search", "");
  Set("At least so many examples", "60");
  EXPECT_EQ(Run("document.querySelectorAll('#slices tr[data-slice]').length"), "4");
  Set("At least so many examples", "");
  Set("Only where it is worse", "");
  EXPECT_EQ(
      Run("[...document.querySelectorAll('#slices tr[data-slice]')].every((r) => r.textContent.includes('worse'))"),
      "true");
  Set("Search", "nothing like this");
  EXPECT_EQ(Run("document.querySelector('#slices').textContent.includes('No slice passes these filters.')"), "true");
}

TEST_F(PageTest, OpensASliceAndDrillsDown) {
  Open(Read({{"", kTestdata + "slicing-min-size"}}));
  Set("Search", "device: phone, region: north");
  Run("document.querySelector('#slices [data-column=slice]').click()");
  Run("document.querySelector('#slices .toggle').click()");
  EXPECT_EQ(Run("document.querySelector('#slices .toggle').getAttribute('aria-expanded')"), "true");
  EXPECT_EQ(Run("document.getElementById(document.querySelector('#slices "
                ".toggle').getAttribute('aria-controls')).querySelector('table') !== null"),
            "true");
  Set("Search", "");
  Run("[...document.querySelectorAll('#slices .detail button')].find((b) => "
      "b.textContent.includes('narrower')).click()");
  EXPECT_EQ(Run("[...document.querySelectorAll('#slices tr[data-slice]')].every((r) => /day.*device: phone.*region: "
                "north/.test(r.textContent))"),
            "true");
  EXPECT_NE(Run("document.querySelectorAll('#slices tr[data-slice]').length"), "0");
  EXPECT_EQ(Run("document.activeElement.className"), "chip");
}

TEST_F(PageTest, DrawsCurvesAndCalibration) {
  ReportInput input = Mnist();
  for (ReportEvaluation& e : input.evaluations) {
    Plot plot{.key = {.name = "plot"}};
    for (int i = 0; i <= 100; ++i) {
      const double t = i / 100.0, tp = 100 * (1 - t * t), fp = 100 * (1 - t) * (1 - t);
      plot.binary.push_back({.threshold = t,
                             .tp = tp,
                             .tn = 100 - fp,
                             .fp = fp,
                             .fn = 100 - tp,
                             .precision = tp / (tp + fp + 1e-9),
                             .recall = tp / 100,
                             .false_positive_rate = fp / 100});
      if (i < 100) plot.calibration.push_back({t, t + 0.01, 5, 5 * t, 5 * t + 0.1});
    }
    e.evaluation.plots.push_back(plot);
  }
  Open(input);
  // ROC, precision-recall, calibration, residuals, and each model's predictions.
  EXPECT_EQ(Run("document.querySelectorAll('#plots canvas').length"), "7");
  EXPECT_EQ(Run("[...document.querySelectorAll('#plots canvas')].every((c) => c.getAttribute('role') === 'img' && "
                "c.getAttribute('aria-label'))"),
            "true");
  // Ink: some pixel that is not transparent.
  EXPECT_EQ(Run("[...document.querySelectorAll('#plots canvas, #trade-off canvas')].every((c) => "
                "c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((x) => x > 0))"),
            "true");
  EXPECT_EQ(Run("document.querySelector('#plots canvas').getAttribute('aria-label').includes('SavedModel 0.')"),
            "true");
}

TEST_F(PageTest, TradesQualityForCost) {
  Open(Mnist());
  EXPECT_EQ(Run("document.querySelectorAll('#trade-off canvas').length"), "1");
  EXPECT_EQ(Run("document.querySelectorAll('#trade-off tbody tr').length"), "3");
  Set("Cost", "latency_p50_ms");
  EXPECT_EQ(Run("document.querySelectorAll('#trade-off tbody tr').length"), "2") << "one model has no latency";
}

TEST_F(PageTest, DrawsConfusionMatricesAsTables) {
  Open(Read({{"Classes", kTestdata + "multiclass-weighted"}, {"Labels", kTestdata + "multi-label"}}));
  EXPECT_EQ(Run("document.querySelectorAll('#plots table.matrix').length > 0"), "true");
  EXPECT_EQ(Run("document.querySelectorAll('#plots table.matrix th[scope=row]').length > 1"), "true");
  EXPECT_EQ(Run("document.querySelectorAll('#plots table.matrix').length === document.querySelectorAll('#plots "
                "table.matrix caption').length"),
            "true");
}

// TFMA's ExampleCount is the sum of the weights.
TEST_F(PageTest, WeightsAreNotCalledExamples) {
  auto input = Mnist();
  Open(input);
  const std::string facts = "document.querySelector('#summary .facts').textContent";
  EXPECT_FALSE(absl::StrContains(Run(facts), "of weight"));
  EXPECT_TRUE(absl::StrContains(Run(facts), " examples"));
  input.evaluations[0].evaluation.config.add_model_specs()->set_example_weight_key("w");
  Open(input);
  EXPECT_TRUE(absl::StrContains(Run(facts), "examples of weight "));
}

TEST_F(PageTest, SaysWhichThresholdsFailedAndWhy) {
  Open(Read({{"", kTestdata + "thresholds-fail"}}));
  EXPECT_TRUE(absl::StrContains(Run("document.getElementById('summary').textContent"), "thresholds failed"));
  EXPECT_TRUE(absl::StrContains(Run("document.getElementById('thresholds').textContent"), "is below 0.97"));
  Set("Only failed thresholds", "");
  EXPECT_NE(Run("document.querySelectorAll('#slices tr[data-slice]').length"), "0");
}

TEST_F(PageTest, ShowsDisagreementsWithTheirImages) {
  ReportInput input = Mnist();
  auto parsed = ParseDisagreements(R"({"total": 31, "examples": [
    {"index": 4, "label": 3, "predictions": {"": 5}, "scores": {"": 0.625}, "features": {"image": {"image": {"width": 2, "height": 1, "pixels": "AP8="}},
      "note": "</script><img src=x onerror=alert(1)>"}, "slices": [{"image_class": 3}]},
    {"index": 9, "label": 1, "predictions": {"": 1}, "slices": [{"image_class": 1}]}],
    "slices": [{"slice": {"image_class": 3}, "disagreeing": 9, "examples": 46, "p_value": 0.0004, "adjusted_p_value": 0.004}]})");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  input.evaluations[2].sidecars.disagreements = *parsed;
  Open(input);
  EXPECT_EQ(
      Run("[...document.querySelector('#disagreements canvas').getContext('2d').getImageData(0, 0, 2, 1).data].join()"),
      "0,0,0,255,255,255,255,255");
  EXPECT_EQ(Run("document.querySelectorAll('#disagreements .examples li').length"), "2");
  EXPECT_TRUE(absl::StrContains(Run("document.querySelector('#disagreements .examples li').textContent"), "5 (0.625)"));
  EXPECT_EQ(Run("document.querySelectorAll('img').length"), "0") << "a feature's text is text";
  EXPECT_TRUE(absl::StrContains(Run("document.getElementById('disagreements').textContent"),
                                "</script><img src=x onerror=alert(1)>"));
  Run("(() => { const s = document.querySelector('#disagreements select'); s.value = 'image_class: 1'; "
      "s.dispatchEvent(new Event('change')); })()");
  EXPECT_EQ(Run("document.querySelectorAll('#disagreements .examples li').length"), "1");
}

TEST_F(PageTest, ShowsAPipelineRun) {
  ReportInput input = Mnist();
  using State = PipelineNode::State;
  input.pipeline =
      PipelineRun{"mnist",
                  "run 1",
                  "",
                  {{"Trainer", "Trainer", State::kComplete, 0, 9.5, "", {}},
                   {"Evaluator", "Evaluator", State::kFailed, 9.5, 1, "no label \"image_class\"", {"Trainer"}},
                   {"Pusher", "Pusher", State::kSkipped, 0, 0, "Evaluator failed", {"Evaluator"}}}};
  Open(input);
  EXPECT_EQ(Run("[...document.querySelectorAll('#pipeline .badge')].map((b) => b.textContent).join()"),
            "complete,failed,skipped");
  EXPECT_TRUE(absl::StrContains(Run("document.getElementById('summary').textContent"), "1 node failed"));
}

TEST_F(PageTest, FitsAPhoneAndFollowsTheColourScheme) {
  Open(Mnist(), {.width = 390, .height = 844, .dark = true});
  EXPECT_EQ(Run("document.documentElement.scrollWidth <= 390"), "true") << "nothing scrolls sideways but tables";
  EXPECT_EQ(Run("[...document.querySelectorAll('tbody th:first-child')].every((h) => h.offsetWidth >= 120 && "
                "h.offsetHeight < 120)"),
            "true")
      << "names are neither squeezed nor cut";
  EXPECT_EQ(Run("getComputedStyle(document.body).backgroundColor"), "rgb(20, 23, 27)");
}

TEST_F(PageTest, OnAPhoneEveryModelIsThereAndNoNameIsCut) {
  ReportInput input = Mnist();
  input.title = "mnist_pipeline_native_keras_with_a_title_that_is_much_too_long_for_a_line/2026-11-29";
  input.evaluations[0].display_name = "saved_model_of_the_mnist_pipeline_with_a_long_name_v2";
  Open(input, {.width = 400, .height = 800});
  EXPECT_EQ(Run("document.documentElement.scrollWidth"), "400");
  EXPECT_EQ(Run("[...document.querySelectorAll('#models table.models td')].every((td) => td.offsetWidth > 0 && "
                "td.getBoundingClientRect().right <= 400)"),
            "true");
  // Every model is named beside its value; a line of a name ends after a separator.
  EXPECT_EQ(Run("[...document.querySelectorAll('#models table.models tbody tr')].every((tr) => "
                "tr.querySelectorAll('td[data-label]').length === 3)"),
            "true");
  EXPECT_TRUE(absl::StrContains(Run("document.querySelector('#models td').dataset.label.replaceAll('\\u200b', '|')"),
                                "saved_|model_|of_|"));
  EXPECT_EQ(Run("document.querySelectorAll('h1 wbr').length > 5"), "true");
}

TEST_F(PageTest, WhatScrollsSaysSo) {
  ReportInput input = Mnist();
  MultiClassMatrix matrix{.threshold = 0.5};
  for (int c = 0; c < 20; ++c) matrix.cells.push_back({.actual = c, .predicted = (c + 1) % 20, .examples = 7});
  input.evaluations[0].evaluation.plots.push_back({.multi_class = {matrix}});
  Open(input, {.width = 400, .height = 800});
  EXPECT_EQ(Run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done("
                "[...document.querySelectorAll('.framed')].every((f) => f.querySelector('.scroll-hint').hidden === "
                "(f.querySelector('.scroll').scrollWidth <= f.querySelector('.scroll').clientWidth + 1))))))"),
            "true");
  EXPECT_EQ(Run("[...document.querySelectorAll('.scroll-hint')].some((h) => !h.hidden)"), "true")
      << "the confusion matrix of twenty classes";
}

TEST_F(PageTest, ALongModelNameDoesNotPushTheDifferenceOutOfSight) {
  ReportInput input = Mnist();
  input.evaluations[0].display_name = "saved_model_of_the_mnist_pipeline_with_a_long_name_that_goes_on_and_on_v2";
  Open(input, {.width = 1200});
  EXPECT_EQ(Run("[...document.querySelectorAll('#slices table, #models table')].every((t) => "
                "t.getBoundingClientRect().right <= 1200)"),
            "true");
}

TEST_F(PageTest, CostsHaveOneUnitARowAndAreComparedWithTheirNoise) {
  ReportInput input = Mnist();
  const auto facts = [&](int e, double ms, double noise) {
    std::map<std::string, double> numbers;
    for (const Cost& cost : kCosts) numbers[std::string(cost.name)] = 6;
    numbers[cost::kLatencyP50Ms] = ms;
    numbers[cost::kWeightBytes] = 220208;
    input.evaluations[e].sidecars.facts = {Facts(numbers)};
    (*input.evaluations[e].sidecars.facts[0].mutable_noise())[cost::kLatencyP50Ms] = noise;
    (*input.evaluations[e].sidecars.facts[0].mutable_texts())["not_delegated"] = "1 SHAPE";
  };
  facts(0, 0.106, 0.01);
  facts(1, 0.0972, 0.01);
  facts(2, 0.05, 0.01);
  Open(input);
  const std::string row = Run(
      "[...document.querySelectorAll('#models tbody tr')].find((r) => r.dataset.name === 'latency, median').innerText");
  EXPECT_TRUE(absl::StrContains(row, "0.106 ms")) << row;
  EXPECT_TRUE(absl::StrContains(row, "0.0972 ms")) << row;
  EXPECT_TRUE(absl::StrContains(row, "−8.3 % (within noise)")) << row;
  EXPECT_TRUE(absl::StrContains(row, "÷ 2.12 better")) << row;
  const std::string models = Run("document.getElementById('models').innerText");
  EXPECT_TRUE(absl::StrContains(models, "220 kB")) << models;
  EXPECT_FALSE(absl::StrContains(models, "not_delegated")) << models;
  // Every cost has a title of its own, not its name in the file.
  for (const Cost& cost : kCosts) {
    EXPECT_FALSE(absl::StrContains(models, cost.name)) << cost.name;
    EXPECT_FALSE(absl::StrContains(models, absl::StrReplaceAll(cost.name, {{"_", " "}}))) << cost.name;
  }
}

TEST_F(PageTest, TextOfOthersIsShownAsItIs) {
  ReportInput input = Mnist();
  input.title = "\u202egnp.exe\x1b[2J";
  input.evaluations[0].display_name = "\u202egnp.exe";
  Open(input);
  EXPECT_EQ(Run("document.getElementById('title').textContent"), "\\u202egnp.exe\\x1b[2J");
  EXPECT_EQ(Run("document.documentElement.outerHTML.includes('\\u202e')"), "false");
}

TEST_F(PageTest, EveryControlAndRegionHasAName) {
  Open(Mnist());
  EXPECT_EQ(Run("[...document.querySelectorAll('select, input')].filter((c) => !c.labels.length).length"), "0");
  EXPECT_EQ(Run("[...document.querySelectorAll('button')].filter((b) => !b.textContent.trim()).length"), "0");
  EXPECT_EQ(Run("[...document.querySelectorAll('section')].filter((s) => "
                "!document.getElementById(s.getAttribute('aria-labelledby'))).length"),
            "0");
  EXPECT_EQ(Run("[...document.querySelectorAll('[id]')].length - new "
                "Set([...document.querySelectorAll('[id]')].map((e) => e.id)).size"),
            "0")
      << "ids are unique";
  ASSERT_TRUE(browser_->Press("Tab").ok());
  EXPECT_EQ(Run("document.activeElement.className"), "skip") << "the first Tab stop skips to the content";
}

TEST_F(PageTest, TenThousandSlicesStayUsable) {
  ReportInput input = Mnist();
  for (ReportEvaluation& e : input.evaluations) {
    const std::vector<Metric> metrics = e.evaluation.slices[0].metrics;
    for (int64_t i = 0; i < 10000; ++i) {
      e.evaluation.slices.push_back({.slice = {.values = {{"user", SliceValue(i)}}}, .metrics = metrics});
    }
  }
  Open(input);
  EXPECT_EQ(Run("document.querySelectorAll('#slices tr[data-slice]').length"), "50");
  Run("document.getElementById('more-slices').click()");
  EXPECT_EQ(Run("document.querySelectorAll('#slices tr[data-slice]').length"), "250");
  Set("Search", "user: 9999");
  EXPECT_EQ(Run("document.querySelectorAll('#slices tr[data-slice]').length"), "1");
}

}  // namespace
}  // namespace tfxm::report
