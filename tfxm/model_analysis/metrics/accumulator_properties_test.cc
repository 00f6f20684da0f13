// SPDX-License-Identifier: Apache-2.0

// What compute/accumulator.h says of accumulators, for those of every registered metric: on the data and with the
// configs of the goldens, and with some more configs for metrics that TFMA makes no goldens of.
#include <deque>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tfxm/compute/accumulator.h"
#include "tfxm/compute/test_accumulator.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/model_analysis/comparison/paired_sums.h"
#include "tfxm/model_analysis/eval_config.h"
#include "tfxm/model_analysis/metrics/metric_specs.h"
#include "tfxm/model_analysis/pass/accumulator_set.h"
#include "tfxm/model_analysis/pass/extractor.h"
#include "tfxm/model_analysis/pass/query_groups.h"
#include "tfxm/model_analysis/pass/sampling.h"
#include "tfxm/model_analysis/test_evaluate.h"
#include "tfxm/proto/costs.h"

namespace tfxm::model_analysis {
namespace {

namespace tfma = ::tensorflow_model_analysis;

static_assert(compute::Accumulator<Accumulator, BatchViews*, std::span<const int32_t>>);
static_assert(compute::Accumulator<PairedSums, const ExampleTerm&, const ExampleTerm&>);

constexpr char kGolden[] = "tfxm/model_analysis/testdata/golden";
constexpr int kMaxExamples = 120, kExamplesPerBatch = 20;

std::string Text(const MetricValue& value) {
  StateWriter text;
  if (const auto* number = std::get_if<double>(&value)) {
    text.Write(*number);
  } else if (const auto* totals = std::get_if<Totals>(&value)) {
    text.Write(*totals);
  } else if (const auto* histogram = std::get_if<Histogram>(&value)) {
    text.Write((*histogram)->has_nan);
    for (const auto& bucket : (*histogram)->buckets) {
      text.Write(bucket.id, bucket.labels, bucket.predictions, bucket.examples);
    }
  } else if (const auto* plot = std::get_if<Plot>(&value)) {
    text.Write(io::SerializeDeterministically(**plot));
  } else {
    text.Write(io::SerializeDeterministically(ToProto(value)));
  }
  return text.bytes();
}

// The batches of some examples for the metrics of a config.
class Batches {
 public:
  Batches(const tfma::EvalConfig& config, const std::vector<std::string>& records) {
    const auto with_defaults = WithDefaults(config, false, true);
    EXPECT_TRUE(with_defaults.ok()) << with_defaults.status();
    config_ = config.model_specs_size() > 1 ? config : *with_defaults;
    auto resolved = ResolveConfig(&config_, nullptr);
    EXPECT_TRUE(resolved.ok()) << resolved.status();
    if (!resolved.ok()) return;
    plans_ = std::move(resolved->plans);
    for (const QueryPlan& plan : plans_) {
      auto& of_plan = extracts_.emplace_back();
      std::vector<std::string> features(plan.plan.features().begin(), plan.plan.features().end());
      if (!plan.query_key.empty()) features.push_back(plan.query_key);
      const std::vector<const InferenceModel*> models(config_.model_specs_size(), nullptr);
      auto extractor = *Extractor::Create(&config_, models, features);
      Slicer slicer = *Slicer::Create(tfma::EvalConfig());
      QueryGroups queries(plan.query_key);
      for (size_t i = 0; i < records.size(); i += kExamplesPerBatch) {
        data::ExampleBatch& batch = batches_.emplace_back();
        Extracts extracts;
        for (size_t k = i; k < records.size() && k < i + kExamplesPerBatch; ++k) {
          EXPECT_TRUE(batch.Append(records[k]).ok());
          extracts.hashes.push_back(HashBytes(records[k]));
        }
        extracts.file = "file";
        extracts.first_record = static_cast<int64_t>(i);
        const absl::Status extracted = extractor->Extract(batch, &extracts);
        EXPECT_TRUE(extracted.ok()) << extracted;
        EXPECT_TRUE(slicer.Slice(batch).ok());
        if (plan.query_key.empty()) {
          of_plan.push_back(std::move(extracts));
        } else {
          EXPECT_TRUE(queries.Add(extracts, slicer).ok());
        }
      }
      if (plan.query_key.empty()) continue;
      EXPECT_TRUE(queries
                      .ForEachBatch(5,
                                    [&](const Extracts& extracts, const auto&) {
                                      of_plan.push_back(extracts);
                                      return absl::OkStatus();
                                    })
                      .ok());
    }
  }

  // Calls fn with a case for every accumulator.
  template <typename Fn>
  void ForEachAccumulator(Fn&& fn) {
    for (size_t p = 0; p < plans_.size(); ++p) {
      const ComputationPlan& plan = plans_[p].plan;
      for (const ComputationPlan::Computation& computation : plan.computations()) {
        SCOPED_TRACE(computation.id);
        compute::AccumulatorCase<Accumulator> tested;
        tested.make = computation.make;
        for (const Extracts& extracts : extracts_[p]) {
          // Every second row, then the others: the pieces are parts of batches.
          for (const int32_t first : {0, 1}) {
            std::vector<int32_t> rows;
            for (int32_t row = first; row < extracts.num_examples; row += 2) rows.push_back(row);
            tested.pieces.push_back([&plan, &extracts, rows](Accumulator* accumulator) {
              BatchViews views(&plan.views());
              views.Reset(&extracts);
              return accumulator->Add(&views, rows);
            });
          }
        }
        tested.merge = [](Accumulator* into, std::unique_ptr<Accumulator> from) {
          into->Merge(*from);
          return absl::OkStatus();
        };
        tested.result = [](const Accumulator& accumulator) {
          MetricsMap results;
          const absl::Status status = accumulator.Output(&results);
          std::string text = std::string(status.message());
          for (const auto& [key, value] : results) absl::StrAppend(&text, key.ToString(), "=", Text(value), "\n");
          return text;
        };
        fn(tested);
      }
    }
  }

  const std::vector<QueryPlan>& plans() const { return plans_; }

 private:
  tfma::EvalConfig config_;
  std::vector<QueryPlan> plans_;
  std::deque<data::ExampleBatch> batches_;
  std::vector<std::deque<Extracts>> extracts_;  // By plan.
};

std::vector<std::string> GoldenRecords(const std::string& data) {
  std::vector<std::string> records =
      ReadRecords(absl::StrCat("tfxm/model_analysis/testdata/data/", data, ".tfrecord.gz"));
  if (records.size() > kMaxExamples) records.resize(kMaxExamples);
  return records;
}

// What no golden has.
struct More {
  std::string config, data;  // "": BinaryRecords.
};
std::vector<More> MoreCases() {
  // The metrics of boxes, with their own arguments.
  std::string boxes = R"(
      model_specs { label_keys { key: "xmin" value: "xmin" })";
  for (const char* name : {"dscore", "dxmin", "dymin", "dxmax", "dymax", "dcls"}) {
    absl::StrAppend(&boxes, " prediction_keys { key: \"", name, "\" value: \"", name, "\" }");
  }
  absl::StrAppend(&boxes, " } metrics_specs {");
  for (const auto& [name, arguments] :
       std::vector<std::pair<std::string, std::string>>{{"COCOAveragePrecision", "'iou_threshold': 0.5, "},
                                                        {"COCOAverageRecall", "'iou_thresholds': [0.5], "},
                                                        {"ObjectDetectionPrecision", ""},
                                                        {"ObjectDetectionRecall", ""},
                                                        {"ObjectDetectionMaxRecall", ""},
                                                        {"ObjectDetectionPrecisionAtRecall", "'recall': [0.5], "},
                                                        {"ObjectDetectionThresholdAtRecall", "'recall': [0.5], "},
                                                        {"ObjectDetectionConfusionMatrixPlot", ""}}) {
    absl::StrAppend(
        &boxes, " metrics { class_name: \"", name, "\" config: \"{", arguments,
        "'class_id': 1, 'labels_to_stack': ['xmin', 'ymin', 'xmax', 'ymax', 'cls'], 'predictions_to_stack': ",
        "['dxmin', 'dymin', 'dxmax', 'dymax', 'dcls', 'dscore']}\" }");
  }
  boxes += " }";
  for (size_t at; (at = boxes.find('\'')) != std::string::npos;) boxes.replace(at, 1, "\\\"");
  std::string losses;
  for (const char* name :
       {"MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredError", "MeanSquaredLogarithmicError"}) {
    absl::StrAppend(&losses, " metrics { class_name: \"Keras>", name, "\" }");
  }
  std::string two_models = R"(
      model_specs { name: "a" label_key: "label" prediction_key: "prediction" is_baseline: true }
      model_specs { name: "b" label_key: "label" prediction_key: "weight" example_weight_key: "weight" }
      metrics_specs { model_names: ["a", "b"])";
  for (const char* name : {"BooleanFlipRates", "SymmetricFlipRate", "NegToNegFlipRate", "NegToPosFlipRate",
                           "PosToNegFlipRate", "PosToPosFlipRate", "SymmetricPredictionDifference", "FlipRate"}) {
    absl::StrAppend(&two_models, " metrics { class_name: \"", name, "\" ",
                    name == std::string("FlipRate") ? R"(config: "{\"example_id_key\": \"region\"}" )" : "", "}");
  }
  return {{two_models + " }", ""},
          {R"(model_specs { label_key: "label" prediction_key: "prediction" example_weight_key: "weight" }
              metrics_specs { metrics { class_name: "BinaryIoU" } metrics { class_name: "CategoricalCrossEntropy" }
                              metrics { class_name: "MeanRelativeError" config: "{\"normalizer\": [2]}" })" +
               losses + " }",
           ""},
          {boxes, "detection_boxes"},
          {R"(model_specs {}
              metrics_specs { metrics { class_name: "SemanticSegmentationConfusionMatrix"
                config: "{\"class_ids\": [0, 1], \"ground_truth_key\": \"image/gt\", \"prediction_key\": \"image/pred\", \"decode_prediction\": true}" } })",
           "sampled_segmentation"}};
}

void AddClassNames(const tfma::EvalConfig& config, std::set<std::string>* names) {
  for (const auto& spec : config.metrics_specs()) {
    for (const auto& metric : spec.metrics()) names->insert(metric.class_name());
  }
}

template <typename Fn>
void ForEachCase(Fn&& fn) {
  const std::vector<std::string> names = *io::ListDir(kGolden);
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    tfma::EvalConfig config;
    ASSERT_TRUE(io::ReadTextProto(io::JoinPath(kGolden, name, "eval_config.pbtxt"), &config).ok());
    fn(config,
       GoldenRecords(std::string(absl::StripAsciiWhitespace(*io::ReadFile(io::JoinPath(kGolden, name, "data.txt"))))));
  }
  for (const More& more : MoreCases()) {
    SCOPED_TRACE(more.config);
    fn(Config(more.config), more.data.empty() ? BinaryRecords(kMaxExamples) : GoldenRecords(more.data));
  }
}

TEST(AccumulatorPropertiesTest, AnyShardingAndOrderGivesTheSameBitsForEveryMetric) {
  std::set<std::string> covered;
  ForEachCase([&](const tfma::EvalConfig& config, const std::vector<std::string>& records) {
    AddClassNames(config, &covered);
    Batches(config, records).ForEachAccumulator([](const auto& tested) {
      compute::ExpectAnyShardingAndOrderGivesTheSameBits(tested, 4);
    });
  });
  // What a model costs is measured, not added up.
  for (const Cost& cost : kCosts) covered.insert(std::string(cost.metric_class));
  covered.insert(cost::kOpCountClass);
  for (const std::string& name : MetricRegistry::Get().Names()) {
    EXPECT_EQ(covered.count(name), 1) << name << " has no case: add one to MoreCases";
  }
}

TEST(AccumulatorPropertiesTest, DamagedBytesAreRefusedForEveryMetric) {
  ForEachCase([](const tfma::EvalConfig& config, const std::vector<std::string>& records) {
    Batches(config, records).ForEachAccumulator([](const auto& tested) {
      compute::ExpectDamagedBytesAreRefused(tested, 20);
    });
  });
}

TEST(AccumulatorPropertiesTest, ASetGoesThroughBytesAsAWhole) {
  Batches batches(Config(kBinaryConfig), BinaryRecords(40));
  const ComputationPlan& plan = batches.plans()[0].plan;
  const AccumulatorSet set = MakeAccumulators(plan);
  StateWriter full, empty;
  SaveAccumulators(set, &full);
  SaveAccumulators({}, &empty);
  AccumulatorSet loaded;
  StateReader reader(full.bytes());
  LoadAccumulators(plan, &reader, &loaded);
  EXPECT_TRUE(reader.Finish().ok());
  EXPECT_EQ(loaded.size(), set.size());
  StateReader nothing(empty.bytes());
  LoadAccumulators(plan, &nothing, &loaded);
  EXPECT_TRUE(nothing.Finish().ok());
  EXPECT_TRUE(loaded.empty());
  StateReader of_others(full.bytes());
  LoadAccumulators(ComputationPlan(), &of_others, &loaded);
  EXPECT_FALSE(of_others.ok());
}

TEST(AccumulatorPropertiesTest, PairedSums) {
  compute::AccumulatorCase<PairedSums> tested;
  tested.make = [] { return std::make_unique<PairedSums>(); };
  for (int piece = 0; piece < 10; ++piece) {
    tested.pieces.push_back([piece](PairedSums* sums) {
      for (int i = 0; i < 20; ++i) {
        const double weight = 0.1f * static_cast<float>(i % 7);
        sums->Add({std::sin(i + piece), weight}, {std::cos(i * piece), weight});
      }
      return absl::OkStatus();
    });
  }
  tested.merge = [](PairedSums* into, std::unique_ptr<PairedSums> from) {
    into->Merge(*from);
    return absl::OkStatus();
  };
  tested.result = [](const PairedSums& sums) {
    StateWriter text;
    text.Write(sums.HalfWidth(), sums.examples(), sums.higher(), sums.lower(), sums.right_or_wrong());
    return text.bytes();
  };
  compute::ExpectAnyShardingAndOrderGivesTheSameBits(tested);
  compute::ExpectDamagedBytesAreRefused(tested);
}

}  // namespace
}  // namespace tfxm::model_analysis
