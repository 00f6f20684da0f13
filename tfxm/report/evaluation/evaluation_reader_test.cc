// SPDX-License-Identifier: Apache-2.0

#include "tfxm/report/evaluation/evaluation_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "tensorflow_model_analysis/proto/metrics_for_slice.pb.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/report/evaluation/checks.h"
#include "tfxm/testing/example_builder.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"
#include "tfxm/util/numeric/student_t.h"
#include "tfxm/util/text/text.h"

// Earlier versions of TFMA wrote the deprecated fields.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace tfxm::report {
namespace {

namespace tfma = ::tensorflow_model_analysis;

Evaluation Read(const std::string& name) {
  auto evaluation = ReadEvaluation("tfxm/report/testdata/" + name);
  EXPECT_TRUE(evaluation.ok()) << evaluation.status();
  return evaluation.value_or(Evaluation{});
}

const Metric* Find(const Evaluation& evaluation, const std::string& slice, const std::string& name,
                   const std::string& model = "", bool is_diff = false) {
  for (const SliceMetrics& s : evaluation.slices) {
    for (const Metric& m : s.metrics) {
      if (s.slice.Text() == slice && m.key.name == name && m.key.model_name == model && m.key.is_diff == is_diff)
        return &m;
    }
  }
  return nullptr;
}

TEST(EvaluationReaderTest, ReadsMetricsBySlice) {
  const Evaluation evaluation = Read("mnist-models-saved-model");
  ASSERT_EQ(evaluation.slices.size(), 11);
  EXPECT_TRUE(evaluation.slices[0].slice.overall());
  EXPECT_EQ(evaluation.slices[10].slice.Text(), "image_class: 9");
  ASSERT_NE(Find(evaluation, "image_class: 0", "sparse_categorical_accuracy"), nullptr);
  EXPECT_DOUBLE_EQ(Find(evaluation, "image_class: 0", "sparse_categorical_accuracy")->value.number, 0.9318181872367859);
  EXPECT_EQ(evaluation.config.model_specs(0).label_key(), "image_class");
  EXPECT_EQ(evaluation.ModelNames(), std::vector<std::string>{""});
  ASSERT_TRUE(evaluation.validation.has_value());
  EXPECT_TRUE(evaluation.validation->missing_thresholds);
}

TEST(EvaluationReaderTest, ReadsCandidateBaselineAndDifferences) {
  const Evaluation evaluation = Read("baseline-diff");
  EXPECT_EQ(evaluation.ModelNames(), (std::vector<std::string>{"baseline", "candidate"}));
  const Metric* matrices = Find(evaluation, "region: east", "confusion_matrix_at_thresholds", "baseline");
  ASSERT_NE(matrices, nullptr);
  ASSERT_EQ(matrices->value.binary.size(), 2);
  EXPECT_EQ(matrices->value.binary[0].tp, 187);
  EXPECT_EQ(matrices->value.binary[1].threshold, 0.3);
  const Metric* diff = Find(evaluation, "Overall", "auc", "candidate", true);
  ASSERT_NE(diff, nullptr);
  EXPECT_NEAR(diff->value.number,
              Find(evaluation, "Overall", "auc", "candidate")->value.number -
                  Find(evaluation, "Overall", "auc", "baseline")->value.number,
              1e-12);
}

TEST(EvaluationReaderTest, ReadsConfidenceIntervals) {
  const Metric* auc = nullptr;
  const Evaluation evaluation = Read("confidence-jackknife-seed1");
  auc = Find(evaluation, "device: phone", "auc");
  ASSERT_NE(auc, nullptr);
  ASSERT_TRUE(auc->interval.has_value());
  EXPECT_DOUBLE_EQ(auc->interval->lower.number, 0.6031553387719202);
  EXPECT_DOUBLE_EQ(auc->interval->upper.number, 0.6992973882247095);
  EXPECT_DOUBLE_EQ(auc->interval->standard_error.number, 0.02296725860610585);
  EXPECT_EQ(auc->interval->degrees_of_freedom, 19);
  EXPECT_TRUE(std::isnan(Find(evaluation, "Overall", "binary_crossentropy")->value.number));
}

TEST(EvaluationReaderTest, ReadsTheIntervalsOfEarlierVersions) {
  tfma::MetricsForSlice message;
  auto* t = message.add_metric_keys_and_values();
  t->mutable_key()->set_name("t");
  t->mutable_value()->mutable_t_distribution_value()->mutable_sample_mean()->set_value(0.5);
  t->mutable_value()->mutable_t_distribution_value()->mutable_sample_standard_deviation()->set_value(0.1);
  t->mutable_value()->mutable_t_distribution_value()->mutable_sample_degrees_of_freedom()->set_value(19);
  t->mutable_value()->mutable_t_distribution_value()->mutable_unsampled_value()->set_value(0.51);
  auto* b = message.add_metric_keys_and_values();
  b->mutable_key()->set_name("bounded");
  b->mutable_value()->mutable_bounded_value()->mutable_value()->set_value(2);
  b->mutable_value()->mutable_bounded_value()->mutable_lower_bound()->set_value(1);
  b->mutable_value()->mutable_bounded_value()->mutable_upper_bound()->set_value(3);
  TempDir dir;
  WriteRecords(dir / "metrics-00000-of-00001.tfrecord", {message.SerializeAsString()});
  auto evaluation = ReadEvaluation(dir.path());
  ASSERT_TRUE(evaluation.ok()) << evaluation.status();
  const Metric* metric = Find(*evaluation, "Overall", "t");
  EXPECT_EQ(metric->value.number, 0.51);
  EXPECT_NEAR(metric->interval->lower.number, 0.5 - 0.1 * 2.093024054408263, 1e-9);  // scipy.stats.t.ppf(0.975, 19)
  metric = Find(*evaluation, "Overall", "bounded");
  EXPECT_EQ(metric->value.number, 2);
  EXPECT_EQ(metric->interval->upper.number, 3);
}

TEST(EvaluationReaderTest, KeepsWhyASliceHasNoMetrics) {
  const Evaluation evaluation = Read("slicing-min-size");
  EXPECT_EQ(evaluation.slices.size(), 86);
  int small = 0;
  for (const SliceMetrics& slice : evaluation.slices) {
    EXPECT_NE(slice.error.empty(), slice.metrics.empty()) << slice.slice.Text();
    small += !slice.error.empty();
  }
  EXPECT_EQ(small, 62);
  // The day is a number, and ordered as one; the features are ordered by name.
  EXPECT_EQ(evaluation.slices.back().slice.values.size(), 3);
  EXPECT_EQ(evaluation.slices.back().slice.values[0].first, "day");
}

TEST(EvaluationReaderTest, ReadsCrossSlices) {
  const Evaluation evaluation = Read("thresholds-cross-slice");
  EXPECT_EQ(evaluation.slices.size(), 9);
  EXPECT_EQ(evaluation.slices.back().slice.Text(), "Overall − region: west");
}

TEST(EvaluationReaderTest, ReadsMatricesOfClassesAndLabels) {
  const Evaluation classes = Read("multiclass-weighted");
  ASSERT_EQ(classes.plots.size(), 4);
  EXPECT_EQ(classes.plots[0].key.name, "multi_class_confusion_matrix_plot");
  EXPECT_FALSE(classes.plots[0].multi_class[0].cells.empty());
  const Evaluation labels = Read("multi-label");
  ASSERT_EQ(labels.plots.size(), 4);
  const MultiLabelMatrix& matrix = labels.plots[0].multi_label[0];
  EXPECT_EQ(matrix.threshold, 0.1);
  EXPECT_EQ(matrix.cells[0].tp, 210);
  EXPECT_EQ(matrix.cells[1].fp, 113);
}

TEST(EvaluationReaderTest, ErrorsNameTheFileAndWhatToDo) {
  TempDir dir;
  auto read = ReadEvaluation(dir.path());
  EXPECT_EQ(read.status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(absl::StrContains(read.status().message(), "metrics-*")) << read.status();
  read = ReadEvaluation(dir.path() + "/none");
  EXPECT_EQ(read.status().code(), absl::StatusCode::kNotFound);

  WriteRecords(dir / "metrics-00000-of-00001.tfrecord", {"", "\xff\xff\xff"});
  read = ReadEvaluation(dir.path());
  EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(read.status().message(), "metrics-00000-of-00001.tfrecord: record 1")) << read.status();

  ASSERT_TRUE(io::WriteFile(dir.path() + "/metrics-00000-of-00001.tfrecord", "not a record").ok());
  EXPECT_EQ(ReadEvaluation(dir.path()).status().code(), absl::StatusCode::kDataLoss);

  WriteRecords(dir / "metrics-00000-of-00001.tfrecord", {});
  ASSERT_TRUE(io::WriteFile(dir.path() + "/eval_config.json", "{").ok());
  read = ReadEvaluation(dir.path());
  EXPECT_TRUE(absl::StrContains(read.status().message(), "eval_config.json")) << read.status();

  ASSERT_TRUE(io::WriteFile(dir.path() + "/metrics-00000.parquet", "PAR1").ok());
  EXPECT_EQ(ReadEvaluation(dir.path()).status().code(), absl::StatusCode::kUnimplemented);
}

TEST(ChecksTest, SayWhyThresholdsFailed) {
  const Evaluation evaluation = Read("thresholds-fail");
  ASSERT_FALSE(evaluation.validation->ok);
  const std::vector<Check> checks = ThresholdChecks(evaluation);
  ASSERT_EQ(checks.size(), 4);
  size_t failures = 0;
  for (const Check& check : checks) {
    EXPECT_EQ(check.state, Check::State::kFailed);
    EXPECT_EQ(check.outcomes.size(), 5) << "the candidate on five slices, never the baseline";
    failures += check.outcomes.size();
  }
  EXPECT_EQ(failures, evaluation.validation->failures.size()) << "each failure belongs to one threshold";
  EXPECT_EQ(checks[0].metric, "AUC");
  EXPECT_EQ(checks[0].requirement, "at least 0.97");
  EXPECT_EQ(checks[0].outcomes[1].reason, "0.705637 is below 0.97");
  EXPECT_EQ(checks[1].requirement, "change at least +0.3");
  EXPECT_EQ(checks[2].requirement, "change at most -30 %");
}

TEST(ChecksTest, AThresholdOfCrossSlicesThatIsNeverMetSaysWhatToGive) {
  Evaluation evaluation = Read("thresholds-per-slice");
  auto& missing = evaluation.validation->missing_cross_slices;
  missing.emplace_back().add_slicing_specs()->add_feature_keys("country");
  const std::vector<Check> checks = ThresholdChecks(evaluation);
  EXPECT_TRUE(std::any_of(checks.begin(), checks.end(), [](const Check& check) {
    return !check.outcomes.empty() && absl::StrContains(check.outcomes[0].reason, "give feature_values");
  }));
}

TEST(ChecksTest, TellPassedFromUncheckedAndMissing) {
  const std::vector<Check> checks = ThresholdChecks(Read("thresholds-per-slice"));
  ASSERT_EQ(checks.size(), 5);
  EXPECT_EQ(checks[0].applies_to, "slices by region");
  EXPECT_EQ(checks[0].outcomes.size(), 4);
  EXPECT_EQ(std::count_if(checks[0].outcomes.begin(), checks[0].outcomes.end(), [](const auto& o) { return o.passed; }),
            1);
  EXPECT_EQ(checks[1].applies_to, "region: nowhere");
  EXPECT_EQ(checks[1].outcomes[0].reason, "no example belongs to this slice");
  EXPECT_EQ(checks[2].state, Check::State::kNotChecked);
  EXPECT_EQ(checks[3].state, Check::State::kPassed);
}

// An evaluation of two slices, as a reader would have it.
Evaluation WithThresholds(const std::string& metrics) {
  Evaluation evaluation;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString("metrics_specs { " + metrics + " }", &evaluation.config));
  for (const bool overall : {true, false}) {
    SliceMetrics& slice = evaluation.slices.emplace_back();
    if (!overall) slice.slice.values = {{"region", std::string("east")}};
    for (const auto& [name, value] :
         {std::pair("auc", 0.5), std::pair("latency_p90_ms", 3.0), std::pair("op_count_conv_2d", 7.0)}) {
      if (!overall && std::string(name) != "auc") continue;
      slice.metrics.push_back({.key = {.name = name}, .value = {.kind = MetricValue::Kind::kNumber, .number = value}});
    }
  }
  evaluation.validation.emplace();
  return evaluation;
}

TEST(ChecksTest, CostsAreCheckedOncePerModel) {
  Evaluation evaluation = WithThresholds(
      "metrics { class_name: 'LatencyP90Ms' threshold { value_threshold { upper_bound { value: 2 } } } } "
      "metrics { class_name: 'OpCount' config: '{\"op\": \"CONV_2D\"}' threshold { value_threshold { upper_bound { "
      "value: 7 } } } }");
  tensorflow_model_analysis::MetricThreshold threshold;
  threshold.mutable_value_threshold()->mutable_upper_bound()->set_value(2);
  evaluation.validation->failures = {{.key = {.name = "latency_p90_ms"}, .threshold = threshold, .value = 3}};
  const std::vector<Check> checks = ThresholdChecks(evaluation);
  ASSERT_EQ(checks.size(), 2);
  EXPECT_EQ(checks[0].state, Check::State::kFailed);
  EXPECT_EQ(checks[0].metric, "LatencyP90Ms");
  EXPECT_EQ(checks[0].applies_to, "the model");
  ASSERT_EQ(checks[0].outcomes.size(), 1);
  EXPECT_EQ(checks[0].outcomes[0].reason, "3 is above 2");
  EXPECT_EQ(checks[1].state, Check::State::kPassed);
  ASSERT_EQ(checks[1].outcomes.size(), 1);
  EXPECT_EQ(checks[1].outcomes[0].value, 7);
}

// TFMA's relative change is not a number there, and its comparison with any bound false.
TEST(ChecksTest, AChangeFromABaselineOfZeroSaysThatNoneIsBlessed) {
  const std::string threshold = "change_threshold { direction: HIGHER_IS_BETTER absolute { value: -0.02 } }";
  Evaluation evaluation = WithThresholds("");
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "model_specs { name: 'now' } model_specs { name: 'before' is_baseline: true } "
      "metrics_specs { metrics { class_name: 'AUC' threshold { " +
          threshold + " } } }",
      &evaluation.config));
  evaluation.slices[0].metrics.push_back(
      {.key = {.name = "auc", .model_name = "before"}, .value = {.kind = MetricValue::Kind::kNumber, .number = 0}});
  auto& failure = evaluation.validation->failures.emplace_back(
      ValidationFailure{.key = {.name = "auc", .model_name = "now", .is_diff = true}, .value = 0});
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(threshold, &failure.threshold));
  const std::vector<Check> checks = ThresholdChecks(evaluation);
  ASSERT_EQ(checks[0].outcomes.size(), 1);
  EXPECT_THAT(checks[0].outcomes[0].reason,
              testing::HasSubstr("changed by 0 from a baseline of 0, where TFMA blesses"));
}

TEST(ChecksTest, ThresholdsOfSlicesBySqlSayWhatIsChecked) {
  const std::vector<Check> checks = ThresholdChecks(
      WithThresholds("metrics { class_name: 'AUC' per_slice_thresholds { slicing_specs { slice_keys_sql: 'SELECT 1' } "
                     "threshold { value_threshold { lower_bound { value: 0.1 } } } } }"));
  ASSERT_EQ(checks.size(), 1);
  EXPECT_EQ(checks[0].state, Check::State::kPassed);
  EXPECT_EQ(checks[0].applies_to, "Overall, which is what TFMA checks for slices by SQL: SELECT 1");
  ASSERT_EQ(checks[0].outcomes.size(), 1);
  EXPECT_TRUE(checks[0].outcomes[0].slice.overall());
}

TEST(StudentTTest, AgreesWithPublishedQuantiles) {
  EXPECT_NEAR(StudentTQuantile(0.975, 1), 12.706204736432095, 1e-8);
  EXPECT_NEAR(StudentTQuantile(0.975, 4), 2.7764451051977987, 1e-9);
  EXPECT_NEAR(StudentTQuantile(0.975, 1e6), 1.9599661, 1e-6);
  EXPECT_EQ(StudentTQuantile(0.5, 7), 0);
  EXPECT_NEAR(StudentTQuantile(0.025, 19), -StudentTQuantile(0.975, 19), 1e-9);
  EXPECT_TRUE(std::isnan(StudentTQuantile(0.975, 0)));
}

TEST(TextTest, ShowsBytesThatAreNoText) {
  EXPECT_EQ(PrintableText("größe"), "größe");
  EXPECT_EQ(PrintableText(std::string("a\0\xff", 3)), "a\\x00\\xff");
  EXPECT_EQ(PrintableText("\xc0\xaf\xed\xa0\x80"), "\\xc0\\xaf\\xed\\xa0\\x80") << "overlong forms and surrogates";
  EXPECT_EQ(DisplayWidth("größe −"), 7);
}

}  // namespace
}  // namespace tfxm::report
