// SPDX-License-Identifier: Apache-2.0

#include "tfxm/report/html/report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/report/evaluation/evaluation_reader.h"
#include "tfxm/report/html/plot_data.h"
#include "tfxm/report/show/show.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/files/fingerprint.h"
#include "tfxm/util/io.h"
#include "tfxm/util/text/json_writer.h"
#include "tfxm/util/text/text.h"

namespace tfxm::report {
namespace {

using google::protobuf::Struct;

const std::string kTestdata = "tfxm/report/testdata/";

ReportInput Read(const std::vector<EvaluationSource>& sources) {
  auto input = ReadReportInput({.title = "A <title> & \"more\"", .evaluations = sources});
  EXPECT_TRUE(input.ok()) << input.status();
  return input.value_or(ReportInput{});
}

std::string Between(absl::string_view text, absl::string_view begin, absl::string_view end) {
  const size_t from = text.find(begin) + begin.size();
  return std::string(text.substr(from, text.find(end, from) - from));
}

Struct DataOf(const std::string& html) {
  Struct data;
  EXPECT_TRUE(io::ParseJson(Between(html, "id=\"data\">", "</script>"), &data).ok());
  return data;
}

TEST(ReportTest, HoldsTheValuesOfEveryModelAndSlice) {
  auto html = RenderReport(
      Read({{"SavedModel", kTestdata + "mnist-models-saved-model"}, {"TFLite", kTestdata + "mnist-models-tflite"}}));
  ASSERT_TRUE(html.ok()) << html.status();
  const Struct data = DataOf(*html);
  EXPECT_EQ(data.fields().at("models").list_value().values_size(), 2);
  EXPECT_EQ(data.fields().at("models").list_value().values(1).struct_value().fields().at("name").string_value(),
            "TFLite");
  EXPECT_EQ(data.fields().at("slices").list_value().values_size(), 11);
  EXPECT_EQ(data.fields().at("metrics").list_value().values_size(), 3);
  EXPECT_EQ(data.fields().at("values").list_value().values_size(), 2 * 11 * 3);
  EXPECT_EQ(RenderReport(Read({{"SavedModel", kTestdata + "mnist-models-saved-model"},
                               {"TFLite", kTestdata + "mnist-models-tflite"}}))
                .value(),
            *html)
      << "the same inputs, the same bytes";
}

TEST(ReportTest, NoTextLeavesItsPlace) {
  ReportInput input = Read({{"</script><script>alert(1)</script>", kTestdata + "mnist-models-saved-model"}});
  input.evaluations[0].evaluation.slices[1].slice.values = {
      {"<!--<script>", std::string("\xe2\x80\xa8 @SCRIPT@ \xff")}};
  auto html = RenderReport(input);
  ASSERT_TRUE(html.ok()) << html.status();
  const Struct data = DataOf(*html);
  EXPECT_EQ(data.fields().at("models").list_value().values(0).struct_value().fields().at("name").string_value(),
            "</script><script>alert(1)</script>");
  EXPECT_FALSE(absl::StrContains(*html, "alert(1)</script>"));
  EXPECT_FALSE(absl::StrContains(*html, "<!--"));
  EXPECT_TRUE(absl::StrContains(*html, "<title>A &lt;title&gt; &amp; &quot;more&quot;</title>"));
  EXPECT_TRUE(absl::StrContains(*html, "@SCRIPT@")) << "a mark in the data is not substituted";
}

TEST(ReportTest, PolicyAllowsOnlyThePagesOwnScriptAndStyle) {
  auto html = RenderReport(Read({{"", kTestdata + "mnist-models-saved-model"}}));
  const std::string policy = Between(*html, "Content-Security-Policy\" content=\"", "\">");
  const auto hash = [](const std::string& text) {
    const Sha256Digest digest = Sha256::Hash(text);
    return absl::StrCat("'sha256-", absl::Base64Escape(std::string(digest.begin(), digest.end())), "'");
  };
  EXPECT_EQ(policy, absl::StrCat("default-src 'none'; script-src ", hash(Between(*html, "<script>", "</script>")),
                                 "; style-src ", hash(Between(*html, "<style>", "</style>")),
                                 "; base-uri 'none'; form-action 'none'"));
}

TEST(ReportTest, ChoosesTheReferenceModel) {
  ReportInput input = Read({{"", kTestdata + "baseline-diff"}});
  EXPECT_EQ(DataOf(RenderReport(input).value()).fields().at("reference").number_value(), 0) << "the baseline";
  input.reference_model = "candidate";
  EXPECT_EQ(DataOf(RenderReport(input).value()).fields().at("reference").number_value(), 1);
  input.reference_model = "nobody";
  const absl::Status status = RenderReport(input).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(status.message(), "\"candidate\"")) << status;
  EXPECT_EQ(RenderReport({}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ReportTest, WritesAFileOfAPipelineRunWithoutEvaluations) {
  const TempDir dir;
  const std::string path = dir / "pipeline_report.html";
  const PipelineRun run{
      "mnist", "run 1", "today", {{"Trainer", "Trainer", PipelineNode::State::kFailed, 0, 2, "signal 11", {}}}};
  ASSERT_TRUE(WritePipelineReport(run, {.title = "Run"}, path).ok());
  const Struct data = DataOf(io::ReadFile(path).value());
  EXPECT_EQ(data.fields()
                .at("pipeline")
                .struct_value()
                .fields()
                .at("nodes")
                .list_value()
                .values(0)
                .struct_value()
                .fields()
                .at("state")
                .string_value(),
            "failed");
}

TEST(SidecarsTest, ReadsFactsComparisonsAndDisagreements) {
  auto facts =
      ParseModelFacts(R"({"models": [{"model_name": "a", "numbers": {"size_bytes": 10, "latency_p50_ms": "NaN"},
                                   "op_counts": {"ADD": 2}, "texts": {"device": "d"}, "later": 1}]})");
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ((*facts)[0].numbers().at("size_bytes"), 10);
  auto comparisons =
      ParseComparisons(R"({"comparisons": [{"model_name": "a", "reference_model_name": "b", "metric_name": "auc",
                                          "slice": {"day": 3}, "difference": -0.1, "lower_bound": -0.2, "upper_bound": 0}]})");
  ASSERT_TRUE(comparisons.ok()) << comparisons.status();
  EXPECT_EQ(ToSliceText((*comparisons)[0].slice()).at("day"), "3");
  EXPECT_EQ((*comparisons)[0].lower_bound(), -0.2);
  EXPECT_FALSE((*comparisons)[0].has_p_value());
  auto examples =
      ParseDisagreements(R"([{"index": 1, "label": "x", "predictions": {"a": [0.5, 1]}, "slices": [{"f": "v"}, {}]}])");
  ASSERT_TRUE(examples.ok()) << examples.status();
  EXPECT_EQ(examples->examples(0).slices_size(), 2);
}

// Whatever a number, a label or a feature is, it is the same after reading.
TEST(SidecarsTest, FreeFormMembersAndNumbersStayAsTheyAre) {
  const auto read = ParseDisagreements(R"({"total": 9007199254740991, "examples": [{
    "index": 4611686018427387904, "label": null, "difference": "-Infinity", "scores": {"a": "NaN", "b": 0.1},
    "predictions": {"a": "cat", "b": [0.30000000000000004, "NaN"], "c": 7},
    "features": {"tags": ["x", 1], "none": null, "grey": {"image": {"width": 2, "height": 1, "pixels": "AP8="}}}}]})");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->total(), 9007199254740991);
  const DisagreementExample& example = read->examples(0);
  EXPECT_EQ(example.index(), 0x1p62);
  EXPECT_EQ(example.label().kind_case(), google::protobuf::Value::kNullValue);
  EXPECT_EQ(example.difference(), -INFINITY);
  EXPECT_TRUE(std::isnan(example.scores().at("a")));
  EXPECT_EQ(example.scores().at("b"), 0.1);
  EXPECT_EQ(example.predictions().at("a").string_value(), "cat");
  EXPECT_EQ(example.predictions().at("b").list_value().values(0).number_value(), 0.30000000000000004);
  EXPECT_EQ(example.predictions().at("b").list_value().values(1).string_value(), "NaN");
  EXPECT_EQ(example.predictions().at("c").number_value(), 7);
  EXPECT_FALSE(FeatureImage(example.features().at("tags")).value().has_value());
  const auto image = FeatureImage(example.features().at("grey")).value();
  ASSERT_TRUE(image.has_value());
  EXPECT_EQ(image->channels(), 1);
  EXPECT_EQ(image->pixels(), std::string("\0\xff", 2));
}

TEST(SidecarsTest, SlicesHaveTextOrNumbers) {
  EXPECT_FALSE(ParseDisagreements(R"([{"slices": [{"a": [1]}]}])").ok());
  EXPECT_FALSE(
      ParseComparisons(R"({"comparisons": [{"metric_name": "a", "difference": 0, "slice": {"b": true}}]})").ok());
}

TEST(SidecarsTest, ErrorsNameTheMember) {
  const auto message = [](const auto& parsed) { return std::string(parsed.status().message()); };
  EXPECT_TRUE(absl::StrContains(message(ParseModelFacts(R"({"models": [{"numbers": {"size_bytes": "big"}}]})")),
                                "models[0].numbers"))
      << message(ParseModelFacts(R"({"models": [{"numbers": {"size_bytes": "big"}}]})"));
  EXPECT_TRUE(absl::StrContains(message(ParseModelFacts("[]")), "ModelFactsFile")) << message(ParseModelFacts("[]"));
  EXPECT_TRUE(
      absl::StrContains(message(ParseComparisons(R"({"comparisons": [{"metric_name": "auc"}]})")), "\"difference\""));
  EXPECT_TRUE(absl::StrContains(
      message(ParseDisagreements(R"([{"features": {"i": {"image": {"width": 2, "height": 2, "pixels": "AA=="}}}}])")),
      "4 bytes"));
  EXPECT_FALSE(ParseDisagreements("{").ok());
}

// ModelSizeBytes and the like, which can have thresholds, are shown with what a model costs.
TEST(ReportTest, CostMetricsCountAsFacts) {
  ReportInput input = Read({{"", kTestdata + "mnist-models-saved-model"}});
  for (SliceMetrics& slice : input.evaluations[0].evaluation.slices) {
    if (!slice.slice.overall()) continue;
    Metric size = slice.metrics[0];
    size.key.name = "model_size_bytes";
    size.value = {.kind = MetricValue::Kind::kNumber, .number = 12345};
    slice.metrics.push_back(size);
  }
  const Struct data = DataOf(RenderReport(input).value());
  const Struct& model = data.fields().at("models").list_value().values(0).struct_value();
  EXPECT_EQ(model.fields().at("facts").struct_value().fields().at("size_bytes").number_value(), 12345);
}

TEST(ReportTest, PairedComparisonsReachThePage) {
  ReportInput input = Read({{"", kTestdata + "baseline-diff"}});
  input.evaluations[0].sidecars.comparisons =
      ParseComparisons(R"({"comparisons": [{"model_name": "candidate", "reference_model_name": "baseline",
    "metric_name": "auc", "slice": {"region": "east"}, "difference": 0.1, "lower_bound": 0.05, "upper_bound": 0.2,
    "p_value": 0.01, "method": "paired bootstrap"}]})")
          .value();
  const auto rows = DataOf(RenderReport(input).value()).fields().at("comparisons").list_value();
  ASSERT_EQ(rows.values_size(), 1);
  EXPECT_EQ(rows.values(0).list_value().values(5).number_value(), 0.05);
  EXPECT_EQ(rows.values(0).list_value().values(8).string_value(), "paired bootstrap");
}

TEST(PlotDataTest, ThinnedCurvesStayClose) {
  std::vector<BinaryMatrix> all;
  for (int i = 0; i <= 10000; ++i) {
    const double t = i / 10000.0;
    all.push_back({.threshold = t, .recall = 1 - t * t, .false_positive_rate = (1 - t) * (1 - t)});
  }
  const auto thin = ThinCurve(all);
  EXPECT_LT(thin.size(), 250);
  EXPECT_EQ(thin.front().threshold, 0);
  EXPECT_EQ(thin.back().threshold, 1);
  for (size_t i = 1; i < thin.size(); ++i) EXPECT_LT(std::abs(thin[i].recall - thin[i - 1].recall), 0.011);
}

TEST(PlotDataTest, MergedBucketsKeepTheSums) {
  std::vector<CalibrationBucket> buckets = {{-INFINITY, 0, 0, 0, 0}};
  for (int i = 0; i < 1000; ++i) buckets.push_back({i / 1000.0, (i + 1) / 1000.0, 2, 1, 0.5});
  buckets.push_back({1, INFINITY, 3, 3, 4});
  const auto merged = MergeBuckets(buckets);
  EXPECT_EQ(merged.size(), 21);
  double examples = 0, labels = 0;
  for (const auto& b : merged) {
    examples += b.examples;
    labels += b.labels;
  }
  EXPECT_EQ(examples, 2003);
  EXPECT_EQ(labels, 1003);
}

TEST(PlotDataTest, DistributionCountsEveryExampleOnce) {
  std::vector<BinaryMatrix> all;
  for (int i = 0; i <= 100; ++i) all.push_back({.threshold = i / 100.0, .tp = 100.0 - i, .fp = 2 * (100.0 - i)});
  double positives = 0, negatives = 0;
  for (const ScoreBin& bin : ScoreDistribution(all)) {
    EXPECT_NEAR(bin.positives, 5, 1.001);
    positives += bin.positives;
    negatives += bin.negatives;
  }
  EXPECT_EQ(positives, 100);
  EXPECT_EQ(negatives, 200);
}

TEST(PlotDataTest, ThresholdsThatAreNoNumbers) {
  for (const double odd : {double{NAN}, -double{INFINITY}, 1e308}) {
    const std::vector<BinaryMatrix> matrices = {
        {.threshold = -1e308, .tp = 2}, {.threshold = odd, .tp = 1}, {.threshold = 1e308}};
    double positives = 0;
    for (const ScoreBin& bin : ScoreDistribution(matrices)) positives += bin.positives;
    EXPECT_EQ(positives, 2) << odd;
  }
  EXPECT_EQ(MergeBuckets({{-1e308, -1e308, 1, 1, 1}, {1e308, 1e308, 1, 1, 1}, {NAN, NAN, 1, 1, 1}}).size(), 2);
}

TEST(ShowTest, PrintsATableWithDifferencesAndThresholds) {
  const std::string text = Show(kTestdata + "thresholds-fail", ShowFormat::kTable).value();
  EXPECT_TRUE(absl::StartsWith(text, "Overall\n  metric           baseline  candidate  Δ candidate\n")) << text;
  EXPECT_TRUE(absl::StrContains(text, "Thresholds: FAILED\n  AUC at least 0.97, every slice: FAILED on 5 of 5\n"))
      << text;
  EXPECT_TRUE(absl::StrContains(text, "    region: east: candidate: 0.705637 is below 0.97\n")) << text;
  EXPECT_TRUE(absl::StrContains(Show(kTestdata + "slicing-min-size", ShowFormat::kTable).value(),
                                "lower than the minimum required value: 5"));
}

TEST(ShowTest, ATableOfManySlicesSaysHowManyMoreThereAre) {
  const std::string text = Show(kTestdata + "slicing-min-size", ShowFormat::kTable, {.max_slices = 2}).value();
  EXPECT_TRUE(absl::StrContains(text, "Overall\n")) << text;
  EXPECT_TRUE(absl::StrContains(text, "device: phone, region: east\n")) << text;
  EXPECT_FALSE(absl::StrContains(text, "device: phone, region: north\n")) << text;
  EXPECT_TRUE(absl::StrContains(text, " more slices: `tfxm show DIR` prints them all")) << text;
}

// baseline-diff with comparisons beside it.
std::pair<Evaluation, Sidecars> Compared() {
  const Evaluation evaluation = ReadEvaluation(kTestdata + "baseline-diff").value();
  Sidecars sidecars;
  sidecars.comparisons = ParseComparisons(R"({"comparisons": [
    {"model_name": "candidate", "reference_model_name": "baseline", "metric_name": "auc", "example_weighted": false, "slice": {},
     "difference": -0.02, "lower_bound": -0.03, "upper_bound": -0.01, "method": "paired jackknife"},
    {"model_name": "candidate", "reference_model_name": "baseline", "metric_name": "binary_accuracy", "slice": {},
     "difference": 0.01, "lower_bound": -0.01, "upper_bound": 0.03, "p_value": 0.25, "method": "McNemar's exact test"},
    {"model_name": "candidate", "reference_model_name": "baseline", "metric_name": "auc", "slice": {"region": "east"},
     "difference": -0.5, "lower_bound": -0.75, "upper_bound": -0.25, "method": "paired jackknife"}]})")
                             .value();
  sidecars.disagreements =
      ParseDisagreements(R"({"total": 31, "by": "decision", "examples": [{"index": 4, "label": 1}], "slices": [
    {"slice": {"region": "east"}, "disagreeing": 9, "examples": 40, "p_value": 0.0004, "adjusted_p_value": 0.002}]})")
          .value();
  return {evaluation, sidecars};
}

TEST(ShowTest, TheTableSaysWhichDifferencesAreReal) {
  const auto [evaluation, sidecars] = Compared();
  const std::string text = Show(evaluation, sidecars, ShowFormat::kTable);
  EXPECT_TRUE(absl::StrContains(text, "Compared with baseline on the same examples\n")) << text;
  EXPECT_TRUE(absl::StrContains(text, "-0.02  [-0.03, -0.01]          WORSE")) << text;
  EXPECT_TRUE(absl::StrContains(text, "+0.01  [-0.01, +0.03]  may be chance  McNemar's exact test, p = 0.25")) << text;
  EXPECT_TRUE(absl::StrContains(text, "Intervals exclude 0 for 1 of 1 differences on slices")) << text;
  EXPECT_TRUE(absl::StrContains(text, "region: east: auc, candidate")) << text;
  EXPECT_TRUE(absl::StrContains(text, "31 examples are decided differently than by baseline")) << text;
  EXPECT_FALSE(absl::StrContains(Show(evaluation, {}, ShowFormat::kTable), "Compared")) << text;
}

TEST(ShowTest, WhoDisagreesAndWhereTheExamplesAre) {
  auto [evaluation, sidecars] = Compared();
  auto& models = *sidecars.disagreements.mutable_models();
  models["candidate"].set_disagreeing(31);
  models["baseline"].set_disagreeing(0);
  std::string text = Show(evaluation, sidecars, ShowFormat::kTable);
  EXPECT_TRUE(absl::StrContains(text,
                                "31 examples are decided differently by candidate than by baseline; the most "
                                "different are in disagreements.tfrecord.gz"))
      << text;
  models["other"].set_disagreeing(2);
  text = Show(evaluation, sidecars, ShowFormat::kTable, {.files_stay = false});
  EXPECT_TRUE(absl::StrContains(text, "than by baseline (candidate: 31, other: 2); --output=DIR keeps")) << text;
  EXPECT_FALSE(absl::StrContains(text, "tfrecord")) << text;
}

TEST(ShowTest, AModelThatOnlyRoundsIsNotWorse) {
  auto [evaluation, sidecars] = Compared();
  (*sidecars.disagreements.mutable_models())["candidate"].set_differing(0);
  const std::string text = Show(evaluation, sidecars, ShowFormat::kTable);
  EXPECT_FALSE(absl::StrContains(text, "WORSE")) << text;
  EXPECT_FALSE(absl::StrContains(text, "Intervals exclude 0")) << text;
  ReportInput input = Read({{"", kTestdata + "baseline-diff"}});
  input.evaluations[0].sidecars = sidecars;
  const auto rows = DataOf(RenderReport(input).value()).fields().at("comparisons").list_value();
  ASSERT_EQ(rows.values_size(), 3);
  EXPECT_TRUE(rows.values(0).list_value().values(9).bool_value());
}

TEST(ShowTest, NarrowScreensAreNotWrittenBeyond) {
  constexpr int kWidth = 60;
  const auto [compared, sidecars] = Compared();
  Evaluation failed = ReadEvaluation(kTestdata + "thresholds-fail").value();
  const auto rename = [](Key* key) {
    if (key->model_name == "candidate") key->model_name = "候補のモデルの長い名前";
  };
  for (SliceMetrics& slice : failed.slices) {
    for (Metric& metric : slice.metrics) rename(&metric.key);
  }
  for (ValidationFailure& failure : failed.validation->failures) rename(&failure.key);
  const std::string text = Show(compared, sidecars, ShowFormat::kTable, {.width = kWidth}) +
                           Show(failed, {}, ShowFormat::kTable, {.width = kWidth});
  EXPECT_TRUE(absl::StrContains(text, "disagreements.tfrecord.gz")) << text;
  EXPECT_TRUE(absl::StrContains(text, "候補のモデルの長い名前")) << text;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) EXPECT_LE(DisplayWidth(line), kWidth) << line;
}

TEST(ShowTest, TableAndJsonSayWhatTheModelsCost) {
  auto [evaluation, sidecars] = Compared();
  sidecars.facts = ParseModelFacts(R"({"models": [
    {"model_name": "candidate", "numbers": {"weight_bytes": 900, "size_bytes": 1000, "latency_p50_ms": 0.25}},
    {"model_name": "baseline", "numbers": {"size_bytes": 4000}}]})")
                       .value();
  const std::string text = Show(evaluation, sidecars, ShowFormat::kTable);
  EXPECT_TRUE(absl::StrContains(text,
                                "Costs\n"
                                "  cost            candidate  baseline\n"
                                "  size_bytes           1000      4000\n"
                                "  latency_p50_ms       0.25\n"
                                "  weight_bytes          900\n"))
      << text;
  EXPECT_FALSE(absl::StrContains(Show(evaluation, {}, ShowFormat::kTable), "Costs")) << text;
  Struct parsed;
  ASSERT_TRUE(io::ParseJson(Show(evaluation, sidecars, ShowFormat::kJson), &parsed).ok());
  int models = 0;
  for (const auto& model : parsed.fields().at("models").list_value().values()) {
    const auto& fields = model.struct_value().fields();
    if (fields.at("name").string_value() != "candidate") continue;
    ++models;
    EXPECT_EQ(fields.at("costs").struct_value().fields().at("size_bytes").number_value(), 1000);
  }
  EXPECT_EQ(models, 1);
}

TEST(ShowTest, CsvAndJsonHaveTheComparisons) {
  const auto [evaluation, sidecars] = Compared();
  const std::string csv = Show(evaluation, sidecars, ShowFormat::kCsv);
  EXPECT_TRUE(absl::StrContains(csv, "\r\n,,candidate,,auc,,,false,true,minus baseline,-0.02,-0.03,-0.01,\r\n")) << csv;
  EXPECT_TRUE(
      absl::StrContains(csv, "\r\n,,candidate,,binary_accuracy,,,,true,\"minus baseline, p-value\",0.25,,,\r\n"))
      << csv;
  EXPECT_TRUE(absl::StrContains(csv, "\r\nregion: east,,candidate,,auc,")) << csv;
  Struct parsed;
  ASSERT_TRUE(io::ParseJson(Show(evaluation, sidecars, ShowFormat::kJson), &parsed).ok());
  EXPECT_EQ(parsed.fields().at("comparisons").list_value().values_size(), 3);
  EXPECT_EQ(parsed.fields().at("disagreements").struct_value().fields().at("total").number_value(), 31);
}

TEST(SidecarsTest, NumbersOfSlicesReadAsTheEvaluationSpellsThem) {
  const auto comparisons =
      ParseComparisons(R"({"comparisons": [{"metric_name": "auc", "difference": 0, "example_weighted": true,
    "slice": {"big": 100000, "float": 0.1, "double": 0.30000000000000004, "negative": -3}}]})");
  ASSERT_TRUE(comparisons.ok()) << comparisons.status();
  const Comparison& c = (*comparisons)[0];
  const SliceText slice = ToSliceText(c.slice());
  EXPECT_EQ(slice.at("big"), SliceValueText(int64_t{100000}));
  EXPECT_EQ(slice.at("float"), SliceValueText(0.1f));
  EXPECT_EQ(slice.at("double"), SliceValueText(0.3f));
  EXPECT_EQ(slice.at("negative"), "-3");
  EXPECT_TRUE(c.example_weighted());
  EXPECT_FALSE(
      ParseComparisons(R"({"comparisons": [{"metric_name": "a", "difference": 0, "example_weighted": 1}]})").ok());
}

TEST(ShowTest, CsvHasOneExactNumberARow) {
  const std::vector<std::string> lines =
      absl::StrSplit(Show(kTestdata + "mnist-models-saved-model", ShowFormat::kCsv).value(), "\r\n", absl::SkipEmpty());
  ASSERT_EQ(lines.size(), 1 + 11 * 3);
  EXPECT_EQ(lines[1], ",,,,example_count,,,false,false,,500,,,");
  for (const std::string& line : lines) EXPECT_EQ(std::count(line.begin(), line.end(), ','), 13) << line;
  EXPECT_TRUE(absl::StrContains(Show(kTestdata + "baseline-diff", ShowFormat::kCsv).value(),
                                "threshold=0.1 true_positives,187,,,"));
  EXPECT_TRUE(absl::StrContains(Show(kTestdata + "confidence-jackknife-seed1", ShowFormat::kCsv).value(),
                                ",0.6512038838417192,0.6031553387719202,0.6992973882247095,0.02296725860610585\r\n"));
}

TEST(ShowTest, JsonReadsBackAndHoldsPlots) {
  for (const char* name :
       {"baseline-diff", "multi-label", "multiclass-weighted", "thresholds-cross-slice", "slicing-min-size"}) {
    Struct parsed;
    const std::string json = Show(kTestdata + name, ShowFormat::kJson).value();
    ASSERT_TRUE(io::ParseJson(json, &parsed).ok()) << name;
    EXPECT_TRUE(parsed.fields().contains("slices"));
  }
  EXPECT_TRUE(absl::StrContains(Show(kTestdata + "multi-label", ShowFormat::kJson).value(),
                                "multi_label_confusion_matrix_at_thresholds"));
  EXPECT_EQ(ParseShowFormat("xml").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(JsonWriterTest, QuotesWhatHtmlOrJavaScriptWouldTakeForTheirs) {
  JsonWriter json;
  json.BeginObject()
      .Key("a\"b")
      .String("</script>&\n\xe2\x80\xa9")
      .Key("n")
      .Number(NAN)
      .Key("l")
      .BeginArray()
      .Number(1)
      .Bool(true)
      .Null()
      .End()
      .End();
  EXPECT_EQ(std::move(json).Take(),
            "{\"a\\\"b\":\"\\u003c/script\\u003e\\u0026\\u000a\\u2029\",\"n\":\"NaN\",\"l\":[1,true,null]}");
}

}  // namespace
}  // namespace tfxm::report
