// SPDX-License-Identifier: Apache-2.0

// Models compared with a reference model, as Evaluate does it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "tfxm/model_analysis/evaluate.h"
#include "tfxm/model_analysis/pass/sampling.h"
#include "tfxm/model_analysis/test_examples.h"

namespace tfxm::model_analysis {
namespace {

using testing::AllOf;
using testing::HasSubstr;

double Uniform(uint64_t* state) { return static_cast<double>(SplitMix64((*state)++) >> 11) * 0x1p-53; }

// Binary labels with the predictions of three models; `set` cuts the data into independent sets of the same kind.
std::vector<std::string> BinaryRecords(int n, int sets = 3) {
  std::vector<std::string> records;
  uint64_t state = 42;
  for (int i = 0; i < n; ++i) {
    const bool label = Uniform(&state) < 0.4;
    const double common = Uniform(&state) * 0.7 + (label ? 0.2 : 0.0);
    ExampleBuilder example;
    example.Ints("label", {label}).Ints("id", {i}).Ints("set", {i % sets});
    example.Floats("weight", {0.25f + static_cast<float>(i % 4)});
    for (const char* name : {"a", "b"}) example.Floats(name, {static_cast<float>(common + 0.1 * Uniform(&state))});
    example.Floats("bad", {static_cast<float>(0.8 * Uniform(&state) + (label ? 0.1 : 0.0))});
    records.push_back(example.Serialize());
  }
  return records;
}

constexpr char kThreeModels[] = R"pb(
  model_specs { name: "b" label_key: "label" prediction_key: "b" example_weight_key: "weight" }
  model_specs { name: "a" label_key: "label" prediction_key: "a" example_weight_key: "weight" }
  model_specs { name: "bad" label_key: "label" prediction_key: "bad" example_weight_key: "weight" }
  slicing_specs {}
  slicing_specs { feature_keys: "set" }
  metrics_specs {
    metrics { class_name: "ExampleCount" }
    metrics { class_name: "AUC" config: '{"thresholds": [-0.1, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.1]}' }
    metrics { class_name: "BinaryAccuracy" }
    metrics { class_name: "Precision" }
    metrics { class_name: "MeanSquaredError" }
    metrics { class_name: "BinaryCrossentropy" }
    metrics { class_name: "RootMeanSquaredError" }
    metrics { class_name: "CalibrationPlot" config: '{"num_buckets": 5}' }
    example_weights { unweighted: true weighted: true }
  }
)pb";

class ComparisonTest : public testing::Test {
 protected:
  EvaluateOptions Options(const std::string& config, const std::vector<std::string>& records) {
    EvaluateOptions options;
    options.eval_config = Config(config);
    options.files = {WriteRecords(dir_ / "data.gz", records)};
    options.output_dir = dir_ / "out";
    options.replace_output = true;
    return options;
  }
  EvaluationResult Run(const std::string& config, const std::vector<std::string>& records) {
    auto result = Evaluate(Options(config, records));
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *std::move(result) : EvaluationResult();
  }
  static const MetricComparison* Find(const EvaluationResult& result, const std::string& model,
                                      const std::string& metric, bool weighted = false, const SliceKey& slice = {}) {
    for (const MetricComparison& c : result.comparisons) {
      if (c.key.model_name == model && c.key.name == metric && c.key.example_weighted == weighted && c.slice == slice)
        return &c;
    }
    return nullptr;
  }
  TempDir dir_;
};

TEST_F(ComparisonTest, EveryNumberOfEveryModelIsComparedOnEverySlice) {
  const EvaluationResult result = Run(kThreeModels, BinaryRecords(3000));
  EXPECT_EQ(result.reference_model, "b");
  // 6 metrics, weighted and not, of 2 models on 4 slices.
  EXPECT_EQ(result.comparisons.size(), 6u * 2 * 2 * 4);
  for (const MetricComparison& c : result.comparisons) {
    EXPECT_EQ(c.reference_model, "b");
    ASSERT_TRUE(c.bounds.has_value()) << c.key.ToString();
    EXPECT_LE(c.bounds->lower, c.difference) << c.key.ToString();
    EXPECT_GE(c.bounds->upper, c.difference) << c.key.ToString();
  }
  EXPECT_TRUE(io::Exists(dir_ / "out/comparisons.json"));
}

TEST_F(ComparisonTest, TellsWorseModelsFromThoseThatDifferByChance) {
  const EvaluationResult result = Run(kThreeModels, BinaryRecords(3000));
  for (const char* metric : {"auc", "binary_accuracy", "mean_squared_error", "root_mean_squared_error"}) {
    EXPECT_TRUE(*Find(result, "bad", metric)->IsReal()) << metric;
    EXPECT_FALSE(*Find(result, "a", metric)->IsReal()) << metric;
  }
}

TEST_F(ComparisonTest, TheMethodFitsTheMetric) {
  const EvaluationResult result = Run(kThreeModels, BinaryRecords(3000));
  EXPECT_EQ(Find(result, "bad", "binary_accuracy")->method, "McNemar's test with continuity correction");
  EXPECT_LT(*Find(result, "bad", "binary_accuracy")->p_value, 0.001);
  EXPECT_EQ(Find(result, "a", "binary_accuracy", true)->method, "paired differences");
  EXPECT_EQ(Find(result, "a", "mean_squared_error")->method, "paired differences");
  EXPECT_EQ(Find(result, "a", "auc")->method, "paired jackknife");
  EXPECT_EQ(Find(result, "a", "precision", true)->method, "paired jackknife");
  EXPECT_FALSE(Find(result, "a", "auc")->p_value.has_value());
}

TEST_F(ComparisonTest, MetricsOfAHistogramAreComparedByFewerGroups) {
  std::string config = kThreeModels;
  config.replace(config.find("metrics_specs"), std::string::npos, "metrics_specs { metrics { class_name: 'AUC' } }");
  const EvaluationResult result = Run(config, BinaryRecords(1000));
  EXPECT_TRUE(*Find(result, "bad", "auc", true)->IsReal());
  EXPECT_FALSE(*Find(result, "a", "auc", true)->IsReal());
  EXPECT_EQ(Find(result, "a", "auc", true)->method, "paired jackknife");
}

TEST_F(ComparisonTest, McNemarCountsTheExamplesThatOnlyOneModelGetsRight) {
  std::vector<std::string> records;
  // 7 that only "new" gets right, 1 that only "old" does, 12 that both do.
  for (int i = 0; i < 20; ++i) {
    records.push_back(ExampleBuilder()
                          .Ints("label", {1})
                          .Ints("id", {i})
                          .Floats("old", i < 7 ? std::vector<float>{0.9f, 0.1f} : std::vector<float>{0.2f, 0.8f})
                          .Floats("new", i == 7 ? std::vector<float>{0.9f, 0.1f} : std::vector<float>{0.3f, 0.7f})
                          .Serialize());
  }
  const EvaluationResult result =
      Run("model_specs { name: 'new' label_key: 'label' prediction_key: 'new' } model_specs { name: 'old' label_key: "
          "'label' prediction_key: 'old' is_baseline: true } metrics_specs { metrics { class_name: "
          "'SparseCategoricalAccuracy' } metrics { class_name: 'ExampleCount' } }",
          records);
  ASSERT_EQ(result.comparisons.size(), 1u);
  const MetricComparison& c = result.comparisons[0];
  EXPECT_EQ(c.reference_model, "old");
  EXPECT_NEAR(c.difference, 0.3, 1e-12);
  EXPECT_NEAR(*c.p_value, 0.0703125, 1e-12);  // scipy.stats.binomtest(1, 8).pvalue
  EXPECT_EQ(c.method, "McNemar's exact test");
  EXPECT_FALSE(*c.IsReal());
}

// The standard error of the difference by 2,000 bootstrap replicates of the same examples, drawn here.
TEST_F(ComparisonTest, IntervalsAgreeWithAPairedBootstrap) {
  const int n = 2000;
  const std::vector<std::string> records = BinaryRecords(n, 1);
  std::vector<std::array<double, 4>> examples;  // label, a, b, weight
  for (const std::string& record : records) {
    tensorflow::Example example;
    ASSERT_TRUE(example.ParseFromString(record));
    const auto& f = example.features().feature();
    examples.push_back({static_cast<double>(f.at("label").int64_list().value(0)), f.at("bad").float_list().value(0),
                        f.at("b").float_list().value(0), f.at("weight").float_list().value(0)});
  }
  struct Statistic {
    const char* metric;
    bool weighted;
    double sum = 0, squares = 0;
  };
  std::vector<Statistic> statistics = {{"mean_squared_error", false},
                                       {"mean_squared_error", true},
                                       {"binary_accuracy", false},
                                       {"root_mean_squared_error", false},
                                       {"precision", false}};
  uint64_t state = 9;
  const int kReplicates = 2000;
  for (int r = 0; r < kReplicates; ++r) {
    double se[2] = {}, wse[2] = {}, right[2] = {}, tp[2] = {}, positives[2] = {}, weights = 0;
    for (int i = 0; i < n; ++i) {
      const auto& e = examples[SplitMix64(state++) % n];
      weights += e[3];
      for (int m = 0; m < 2; ++m) {
        const double error = (e[1 + m] - e[0]) * (e[1 + m] - e[0]);
        se[m] += error;
        wse[m] += e[3] * error;
        right[m] += (e[1 + m] > 0.5) == (e[0] == 1);
        tp[m] += e[1 + m] > 0.5 && e[0] == 1;
        positives[m] += e[1 + m] > 0.5;
      }
    }
    const double values[] = {(se[0] - se[1]) / n, (wse[0] - wse[1]) / weights, (right[0] - right[1]) / n,
                             std::sqrt(se[0] / n) - std::sqrt(se[1] / n), tp[0] / positives[0] - tp[1] / positives[1]};
    for (size_t k = 0; k < statistics.size(); ++k) {
      statistics[k].sum += values[k];
      statistics[k].squares += values[k] * values[k];
    }
  }
  const EvaluationResult result = Run(kThreeModels, records);
  for (const Statistic& s : statistics) {
    const double mean = s.sum / kReplicates;
    const double error = std::sqrt(s.squares / kReplicates - mean * mean);
    const MetricComparison* c = Find(result, "bad", s.metric, s.weighted);
    ASSERT_NE(c, nullptr) << s.metric;
    // The jackknife's 128 groups estimate the error to about 6 %.
    const double tolerance = c->method == "paired jackknife" ? 0.3 : 0.07;
    EXPECT_NEAR((c->bounds->upper - c->bounds->lower) / 2 / 1.96, error, tolerance * error) << s.metric;
    EXPECT_NEAR(c->difference, mean, 3 * error) << s.metric;
  }
}

// 200 independent sets, as slices, of two models that are equally good: about 95 % of the intervals hold 0.
TEST_F(ComparisonTest, IntervalsCoverNoDifferenceInAbout95Of100Cases) {
  const EvaluationResult result = Run(R"pb(
                                        model_specs { name: "a" label_key: "label" prediction_key: "a" }
                                        model_specs { name: "b" label_key: "label" prediction_key: "b" }
                                        slicing_specs { feature_keys: "set" }
                                        metrics_specs {
                                          metrics { class_name: "BinaryAccuracy" }
                                          metrics { class_name: "MeanSquaredError" }
                                          metrics { class_name: "RootMeanSquaredError" }
                                          metrics { class_name: "Recall" }
                                        })pb",
                                      BinaryRecords(60000, 200));
  std::map<std::string, std::pair<int, int>> covered;
  for (const MetricComparison& c : result.comparisons) {
    ASSERT_TRUE(c.bounds.has_value());
    ++covered[c.key.name].second;
    covered[c.key.name].first += !*c.IsReal();
  }
  ASSERT_EQ(covered.size(), 4u);
  for (const auto& [metric, counts] : covered) {
    ASSERT_EQ(counts.second, 200);
    EXPECT_GE(counts.first, 180) << metric;
  }
}

TEST_F(ComparisonTest, AnyShardingOrderAndNumberOfThreadsGivesTheSameBytes) {
  const std::vector<std::string> records = BinaryRecords(900, 150);
  auto run = [&](int shards, int threads, int batch_size, bool interleaved) {
    EvaluateOptions options = Options(kThreeModels, {});
    options.files.clear();
    std::vector<std::vector<std::string>> parts(shards);
    for (size_t i = 0; i < records.size(); ++i)
      parts[interleaved ? i % shards : i * shards / records.size()].push_back(records[i]);
    for (int s = 0; s < shards; ++s) options.files.push_back(WriteRecords(dir_ / absl::StrCat("shard-", s), parts[s]));
    options.num_threads = threads;
    options.batch_size = batch_size;
    options.max_disagreements = 20;
    EXPECT_TRUE(Evaluate(options).ok());
    std::vector<std::string> bytes = {*io::ReadFile(dir_ / "out/comparisons.json")};
    // The number of an example depends on the order of the examples.
    if (!interleaved) {
      for (const char* file : {"out/disagreements.json", "out/disagreements.tfrecord.gz"})
        bytes.push_back(*io::ReadFile(dir_ / file));
    }
    return bytes;
  };
  const auto expected = run(1, 1, 256, false);
  EXPECT_EQ(run(1, 4, 16, false), expected);
  EXPECT_EQ(run(5, 3, 100, false), expected);
  EXPECT_EQ(run(4, 2, 7, true)[0], expected[0]);
}

TEST_F(ComparisonTest, QueriesAreComparedQueryByQuery) {
  std::vector<std::string> records;
  uint64_t state = 3;
  for (int i = 0; i < 600; ++i) {
    const float gain = static_cast<float>(i % 3);
    records.push_back(ExampleBuilder()
                          .Ints("label", {i % 3})
                          .Floats("good", {gain + static_cast<float>(Uniform(&state))})
                          .Floats("random", {static_cast<float>(Uniform(&state))})
                          .Floats("gain", {gain})
                          .Bytes("query", {absl::StrCat("q", i / 6)})
                          .Serialize());
  }
  const EvaluationResult result =
      Run(R"pb(
            model_specs { name: "good" label_key: "label" prediction_key: "good" }
            model_specs { name: "random" label_key: "label" prediction_key: "random" }
            metrics_specs {
              query_key: "query"
              metrics { class_name: "NDCG" config: '{"gain_key": "gain", "top_k_list": [2]}' }
            })pb",
          records);
  ASSERT_EQ(result.comparisons.size(), 1u);
  EXPECT_EQ(result.comparisons[0].key.model_name, "random");
  EXPECT_LT(result.comparisons[0].bounds->upper, 0);
}

TEST_F(ComparisonTest, ManySlicesLeaveIntervalsToTheMeansAndTheOverallSlice) {
  const EvaluationResult result = Run(kThreeModels, BinaryRecords(6000, 2000));
  int with = 0, without = 0;
  for (const MetricComparison& c : result.comparisons) {
    if (c.slice.empty() || c.method != "paired jackknife") with += c.bounds.has_value();
    if (!c.slice.empty() && c.key.name == "auc") without += !c.bounds.has_value();
  }
  EXPECT_GT(with, 2000 * 4);
  EXPECT_EQ(without, 2000 * 2 * 2);
  EXPECT_TRUE(Find(result, "a", "auc")->bounds.has_value());
}

TEST_F(ComparisonTest, TheReferenceIsTheOneAskedForElseTheBaselineElseTheFirst) {
  EvaluateOptions options = Options(kThreeModels, BinaryRecords(50));
  EXPECT_EQ(Evaluate(options)->reference_model, "b");
  options.eval_config.mutable_model_specs(1)->set_is_baseline(true);
  EXPECT_EQ(Evaluate(options)->reference_model, "a");
  options.reference_model = "bad";
  const auto result = Evaluate(options);
  EXPECT_EQ(result->reference_model, "bad");
  EXPECT_NE(Find(*result, "a", "auc"), nullptr);
  EXPECT_EQ(Find(*result, "bad", "auc"), nullptr);
}

TEST_F(ComparisonTest, ASavedModelIsTheReferenceOfTfliteModels) {
  const auto config =
      Config("model_specs { name: 'lite' } model_specs { name: 'saved' } model_specs { name: 'other' }");
  EXPECT_EQ(*ReferenceModel(config, {false, true, true}, ""), "saved");
  EXPECT_EQ(*ReferenceModel(config, {false, false, false}, ""), "lite");
}

TEST_F(ComparisonTest, AnUnknownReferenceModelNamesTheNearest) {
  EvaluateOptions options = Options(kThreeModels, BinaryRecords(20));
  options.reference_model = "bda";
  EXPECT_THAT(std::string(Evaluate(options).status().message()),
              AllOf(HasSubstr("reference_model"), HasSubstr("\"bda\""), HasSubstr("\"bad\"")));
  EXPECT_FALSE(io::Exists(dir_ / "out"));
}

TEST_F(ComparisonTest, AFailedEvaluationLeavesTheEarlierOneWhole) {
  Run(kThreeModels, BinaryRecords(50));
  const std::vector<std::string> before = *io::ListDir(dir_ / "out");
  const std::string comparisons = *io::ReadFile(dir_ / "out/comparisons.json");
  EvaluateOptions options = Options(kThreeModels, BinaryRecords(80));
  options.reference_model = "none";
  EXPECT_FALSE(Evaluate(options).ok());
  EXPECT_FALSE(Evaluate(Options(kThreeModels, {"\xff no example"})).ok());
  EXPECT_EQ(*io::ListDir(dir_ / "out"), before);
  EXPECT_EQ(*io::ReadFile(dir_ / "out/comparisons.json"), comparisons);
}

TEST_F(ComparisonTest, OneModelIsComparedWithNothing) {
  const std::string config =
      "model_specs { label_key: 'label' prediction_key: 'a' } metrics_specs { metrics { class_name: 'AUC' } }";
  // What an earlier evaluation left goes.
  ASSERT_EQ(Run(kThreeModels, BinaryRecords(50)).comparisons.empty(), false);
  ASSERT_TRUE(io::Exists(dir_ / "out/disagreements.json"));
  EXPECT_TRUE(Run(config, BinaryRecords(50)).comparisons.empty());
  for (const char* file : {"comparisons.json", "disagreements.json", "disagreements.tfrecord.gz"})
    EXPECT_FALSE(io::Exists(dir_ / (std::string("out/") + file))) << file;
  EvaluateOptions options = Options(config, BinaryRecords(50));
  options.reference_model = "a";
  EXPECT_THAT(std::string(Evaluate(options).status().message()), HasSubstr("only one model"));
}

TEST_F(ComparisonTest, ValuesThatAreNotFiniteAreNotCompared) {
  std::vector<std::string> records = BinaryRecords(20);
  records[3] = ExampleBuilder()
                   .Ints("label", {1})
                   .Floats("a", {NAN})
                   .Floats("b", {0.5f})
                   .Floats("bad", {0.1f})
                   .Ints("set", {0})
                   .Floats("weight", {1})
                   .Serialize();
  const EvaluationResult result = Run(kThreeModels, records);
  EXPECT_EQ(Find(result, "a", "auc"), nullptr);
  EXPECT_NE(Find(result, "bad", "auc"), nullptr);
}

}  // namespace
}  // namespace tfxm::model_analysis
