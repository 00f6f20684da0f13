// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/metrics/metric_specs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "tfxm/model_analysis/eval_config.h"
#include "tfxm/model_analysis/metrics/metric_arguments.h"
#include "tfxm/model_analysis/test_examples.h"

namespace tfxm::model_analysis {
namespace {

using testing::HasSubstr;

size_t NumComputations(const std::string& specs) {
  auto config = WithDefaults(Config("model_specs { label_key: 'l' prediction_key: 'p' } " + specs), false, false);
  EXPECT_TRUE(config.ok()) << config.status();
  const auto resolved = ResolveConfig(&*config, nullptr);
  EXPECT_TRUE(resolved.ok()) << resolved.status();
  return resolved->plans[0].plan.computations().size();
}

TEST(MetricSpecsTest, MetricsShareComputations) {
  EXPECT_EQ(NumComputations("metrics_specs { metrics { class_name: 'AUC' } metrics { class_name: 'PrecisionAtRecall' "
                            "config: '{\"recall\": 0.5}' } "
                            "metrics { class_name: 'ConfusionMatrixPlot' } }"),
            1u);
  EXPECT_EQ(NumComputations("metrics_specs { metrics { class_name: 'Precision' } metrics { class_name: 'Recall' } "
                            "metrics { class_name: 'F1Score' } }"),
            1u);
  EXPECT_EQ(NumComputations("metrics_specs { metrics { class_name: 'MeanLabel' } metrics { class_name: "
                            "'MeanPrediction' } metrics { class_name: 'Calibration' } }"),
            1u);
}

TEST(MetricSpecsTest, OneComputationPerClass) {
  EXPECT_EQ(
      NumComputations("metrics_specs { metrics { class_name: 'AUC' } binarize { class_ids { values: 0 values: 1 } } }"),
      2u);
}

TEST(MetricSpecsTest, AMacroAverageUsesTheClassesThatAreComputedAnyway) {
  EXPECT_EQ(
      NumComputations(
          "metrics_specs { metrics { class_name: 'AUC' } binarize { class_ids { values: 0 values: 1 } } "
          "aggregate { macro_average: true class_weights { key: 0 value: 1 } class_weights { key: 1 value: 1 } } }"),
      2u);
}

TEST(MetricSpecsTest, OnePlanPerQueryKey) {
  auto config = WithDefaults(
      Config("model_specs { label_key: 'l' prediction_key: 'p' } metrics_specs { metrics { class_name: 'AUC' } } "
             "metrics_specs { query_key: 'q' metrics { class_name: 'MinLabelPosition' } }"),
      false, false);
  const auto resolved = ResolveConfig(&*config, nullptr);
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  ASSERT_EQ(resolved->plans.size(), 2u);
  EXPECT_EQ(resolved->plans[1].query_key, "q");
}

TEST(MetricSpecsTest, AMetricOfTwoQueryKeysNeedsTwoNames) {
  const auto resolve = [](const std::string& metric, const std::string& second) {
    const std::string of = " metrics { class_name: '" + metric + "' ";
    auto config =
        WithDefaults(Config("model_specs { label_key: 'l' prediction_key: 'p' } metrics_specs { query_key: 'q'" + of +
                            "} } metrics_specs { query_key: 'r'" + of + second + " } }"),
                     false, false);
    return ResolveConfig(&*config, nullptr).status();
  };
  EXPECT_TRUE(absl::StartsWith(
      resolve("MinLabelPosition", "").message(),
      "there is a metric min_label_position of query_key \"q\" and one of query_key \"r\", and only one of them could be "
      "told; give one a name of its own: config: '{\"name\": \"…\"}' (QueryStatistics: total_queries_name"));
  EXPECT_EQ(resolve("MinLabelPosition", "config: '{\"name\": \"of_r\"}'"), absl::OkStatus());
  EXPECT_FALSE(resolve("QueryStatistics", "").ok());
  EXPECT_EQ(resolve("QueryStatistics",
                    "config: '{\"total_queries_name\": \"a\", \"total_documents_name\": \"b\", \"min_documents_name\": "
                    "\"c\", \"max_documents_name\": \"d\"}'"),
            absl::OkStatus());
}

TEST(MetricSpecsTest, AggregationOfSparseKerasMetricsIsAnError) {
  auto config = WithDefaults(Config("model_specs {} metrics_specs { metrics { class_name: 'SparseCategoricalAccuracy' "
                                    "} aggregate { micro_average: true } }"),
                             false, false);
  EXPECT_THAT(std::string(ResolveConfig(&*config, nullptr).status().message()), HasSubstr("Sparse"));
}

std::string ErrorOf(const std::string& metric) {
  auto config = WithDefaults(Config("model_specs {} metrics_specs { metrics { " + metric + " } }"), false, false);
  return std::string(ResolveConfig(&*config, nullptr).status().message());
}

TEST(MetricSpecsTest, AMetricThatIsNotThereIsExplained) {
  EXPECT_THAT(ErrorOf("class_name: 'MeanIou'"), HasSubstr("\"MeanIoU\""));
  EXPECT_THAT(ErrorOf("class_name: 'TotalAttributions'"), HasSubstr("extractors"));
  EXPECT_THAT(ErrorOf("class_name: 'Mine' module: 'mine.cc'"), HasSubstr("LoadMetricModules"));
}

TEST(MetricSpecsTest, BadArgumentsAreNamed) {
  EXPECT_THAT(ErrorOf("class_name: 'MeanIoU'"), HasSubstr("num_classes"));
  EXPECT_THAT(ErrorOf("class_name: 'IoU' config: '{\"num_classes\": 2, \"target_class_ids\": [2]}'"),
              HasSubstr("target_class_ids"));
  EXPECT_THAT(ErrorOf("class_name: 'AUC' config: '{\"num_treshold\": 2}'"), HasSubstr("\"num_thresholds\""));
  EXPECT_THAT(ErrorOf("class_name: 'Lift'"), HasSubstr("cross_slicing_spec"));
  EXPECT_THAT(ErrorOf("class_name: 'FlipCount'"), HasSubstr("counterfactual_prediction_key"));
  EXPECT_THAT(ErrorOf("class_name: 'SemanticSegmentationTruePositive' config: '{\"class_ids\": [1]}'"),
              HasSubstr("ground_truth_key"));
}

TEST(MetricSpecsTest, WhatWouldTakeAllMemoryIsRefused) {
  for (const char* metric :
       {"AUC", "MultiClassConfusionMatrixPlot", "MultiLabelConfusionMatrixPlot", "ConfusionMatrixPlot"}) {
    for (const char* count : {"1000000000", "0", "-5"}) {
      EXPECT_THAT(ErrorOf(std::string("class_name: '") + metric + "' config: '{\"num_thresholds\": " + count + "}'"),
                  HasSubstr("between 1 and 1000000"))
          << metric;
    }
  }
  EXPECT_THAT(ErrorOf("class_name: 'CalibrationPlot' config: '{\"num_buckets\": 1000000000}'"),
              HasSubstr("between 1 and"));
  EXPECT_THAT(ErrorOf("class_name: 'COCOAveragePrecision' config: '{\"class_id\": 1, \"num_recalls\": -5}'"),
              HasSubstr("between 1 and"));
  auto config = WithDefaults(Config("model_specs {} metrics_specs { metrics { class_name: 'Precision' } "
                                    "aggregate { macro_average: true top_k_list { values: 2000000000 } } }"),
                             false, false);
  EXPECT_THAT(std::string(ResolveConfig(&*config, nullptr).status().message()), HasSubstr("top_k_list"));
}

TEST(MetricSpecsTest, OutputWeightsOfAnOutputThatIsNotNamed) {
  auto config = WithDefaults(Config("model_specs {} metrics_specs { metrics { class_name: 'AUC' } output_names: 'head' "
                                    "output_weights { key: 'haed' value: 1 } }"),
                             false, false);
  EXPECT_THAT(std::string(ResolveConfig(&*config, nullptr).status().message()), HasSubstr("\"head\""));
}

TEST(MetricSpecsTest, AnUnknownModelIsAnErrorNotTheFirst) {
  const auto config = Config("model_specs { name: 'lite' } model_specs { name: 'full' }");
  const MetricRequest request{.eval_config = &config};
  EXPECT_EQ((KeyRequest{&request, "full", "", {}}.View())->model_index, 1);
  EXPECT_THAT(std::string((KeyRequest{&request, "lit", "", {}}.View()).status().message()),
              HasSubstr("no model_spec is named \"lit\"; did you mean \"lite\""));
}

// By how dear a metric is, models are compared in more or in fewer groups of examples.
TEST(MetricSpecsTest, CostOfComparison) {
  const auto cost = [](const std::string& metric) {
    const auto config =
        Config("model_specs { label_key: 'l' prediction_key: 'p' } metrics_specs { metrics { " + metric + " } }");
    const auto resolved = ResolveConfig(&config, nullptr);
    EXPECT_TRUE(resolved.ok()) << resolved.status();
    return resolved->metrics[0].metric->CostOfComparison(resolved->plans[0].plan);
  };
  EXPECT_EQ(cost("class_name: 'AUC'"), ComparisonCost::kHeavy);
  EXPECT_EQ(cost("class_name: 'AUC' config: '\"thresholds\": [0.2, 0.8]'"), ComparisonCost::kLight);
  EXPECT_EQ(cost("class_name: 'Precision'"), ComparisonCost::kLight);
  EXPECT_EQ(cost("class_name: 'ExampleCount'"), ComparisonCost::kNone);
  EXPECT_EQ(cost("class_name: 'ConfusionMatrixAtThresholds' config: '\"thresholds\": [0.5]'"), ComparisonCost::kNone);
}

TEST(ThresholdsTest, OfAMetricAndOfSlicesWithoutRepetition) {
  auto config = WithDefaults(Config(R"pb(
                               model_specs { example_weight_key: "w" }
                               metrics_specs {
                                 metrics {
                                   class_name: "AUC"
                                   threshold { value_threshold { lower_bound { value: 0.5 } } }
                                   per_slice_thresholds {
                                     slicing_specs {}
                                     slicing_specs { feature_keys: "a" }
                                     threshold { value_threshold { lower_bound { value: 0.4 } } }
                                   }
                                   per_slice_thresholds {
                                     slicing_specs { feature_keys: "a" }
                                     threshold { value_threshold { lower_bound { value: 0.4 } } }
                                   }
                                 }
                               })pb"),
                             false, false);
  const auto resolved = ResolveConfig(&*config, nullptr);
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  ASSERT_EQ(resolved->thresholds.size(), 1u);
  EXPECT_EQ(resolved->thresholds[0].first, (MetricKey{.name = "auc", .example_weighted = true}));
  EXPECT_EQ(resolved->thresholds[0].second.size(), 3u);
}

TEST(WithDefaultsTest, ABaselineIsAddedOrDropped) {
  EXPECT_EQ(WithDefaults(Config("model_specs {}"), true, false)->model_specs(1).name(), "baseline");
  EXPECT_EQ(WithDefaults(Config("model_specs { name: 'a' } model_specs { name: 'b' is_baseline: true }"), false, false)
                ->model_specs_size(),
            1);
  EXPECT_EQ(WithDefaults(Config("model_specs { name: 'a' } metrics_specs { model_names: 'a' }"), false, false)
                ->metrics_specs(0)
                .model_names(0),
            "");
}

TEST(WithDefaultsTest, ChangeThresholdsNeedABaselineOrARubberStamp) {
  const auto config = Config(
      "model_specs {} metrics_specs { metrics { class_name: 'AUC' threshold { change_threshold { direction: "
      "HIGHER_IS_BETTER } } } }");
  EXPECT_FALSE(WithDefaults(config, false, false).ok());
  EXPECT_FALSE(WithDefaults(config, false, true)->metrics_specs(0).metrics(0).threshold().has_change_threshold());
}

TEST(SnakeCaseTest, IsTfmas) {
  EXPECT_EQ(SnakeCase("SparseTopKCategoricalAccuracy"), "sparse_top_k_categorical_accuracy");
  EXPECT_EQ(SnakeCase("KLDivergence"), "kl_divergence");
  EXPECT_EQ(SnakeCase("AUC"), "auc");
}

TEST(MetricArgumentsTest, TakesAnObjectWithOrWithoutBraces) {
  EXPECT_EQ(*MetricArguments::Parse("M", "\"name\": \"x\"")->String("name", ""), "x");
  EXPECT_EQ(*MetricArguments::Parse("M", "{\"name\": null}")->String("name", "y"), "y");
  EXPECT_FALSE(MetricArguments::Parse("M", "{\"name\":").ok());
}

}  // namespace
}  // namespace tfxm::model_analysis
