// SPDX-License-Identifier: Apache-2.0

// Quantization of models and data as people have them: what is measured does not fool, and what is advised works.
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/rewriting/test_quantization.h"
#include "tfxm/rewriting/test_saved_models.h"
#include "tfxm/rewriting/tflite_rewriter.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

using rewriting::testing::Samples;
using rewriting::testing::Weights;
using rewriting::testing::WriteClassifier;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

class QuantizationCasesTest : public rewriting::testing::QuantizationTest {
 protected:
  // What the advice says, as options.
  static RewriterOptions Follow(const RewriteReport& report, RewriterOptions options) {
    EXPECT_THAT(report.advice, HasSubstr("tried, and within the limits: "));
    if (report.advice.find("--calibration=percentile") != std::string::npos) {
      options.calibration = Calibration::kPercentile;
    }
    const auto take = [&](const char* flag, std::vector<std::string>* values) {
      const std::vector<std::string> parts = absl::StrSplit(report.advice, absl::StrCat(flag, "='"));
      for (size_t i = 1; i < parts.size(); ++i) values->push_back(parts[i].substr(0, parts[i].find('\'')));
    };
    take("--keep_float", &options.keep_float_layers);
    take("--int16_layers", &options.int16_layers);
    return options;
  }
  // It is refused for `reason`, the advice works, and so does doing it automatically, of which this is the report.
  RewriteReport RefusedAndAdviceWorks(const std::string& src, RewriterOptions options,
                                      const ::testing::Matcher<std::string>& reason) {
    absl::Status status;
    const RewriteReport refused = Rewrite(src, options, &status);
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << refused.Render();
    EXPECT_THAT(std::string(status.message()), reason);
    const RewriteReport followed = Rewrite(src, Follow(refused, options), &status);
    EXPECT_EQ(status, absl::OkStatus()) << followed.Render();
    options.keep_float_automatically = true;
    const RewriteReport automatic = Rewrite(src, options, &status);
    EXPECT_EQ(status, absl::OkStatus()) << automatic.Render();
    int quantized = 0;
    for (const auto& [name, use] : automatic.model.ops) quantized += use.quantized;
    EXPECT_GT(quantized, 0);
    return automatic;
  }
  // "int16 boxes": what was chosen, in order.
  static std::vector<std::string> Choices(const RewriteReport& report) {
    std::vector<std::string> out;
    for (const auto& choice : report.choices) {
      out.push_back(absl::StrCat(choice.in_float ? "float " : "int16 ", choice.op));
    }
    return out;
  }
};

TEST_F(QuantizationCasesTest, ANumberAgainstNanNamesExampleOutputAndOperator) {
  const std::string src = Model(5, [](ops::Graph&, const ops::Tensor& x) { return ops::Op("Exp", {x}); });
  std::vector<Sample> samples = Samples("x", {1, 5}, 8);
  samples[3].at("x").values<float>()[1] = kNan;
  RewriterOptions options;
  options.representative_dataset.samples = samples;
  absl::Status status;
  Rewrite(src, options, &status);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("output \"y\" is nan in the SavedModel and"),
                                                   HasSubstr("value 1 of sample 3"), HasSubstr("it comes from EXP")));
}

TEST_F(QuantizationCasesTest, NanEqualsNan) {
  const std::string src = Model(5, [](ops::Graph&, const ops::Tensor& x) { return ops::Op("AddV2", {x, x}); });
  std::vector<Sample> samples = Samples("x", {1, 5}, 8);
  samples[3].at("x").values<float>()[1] = kNan;
  samples[4].at("x").values<float>()[1] = -std::numeric_limits<float>::infinity();
  RewriterOptions options;
  options.representative_dataset.samples = samples;
  absl::Status status;
  const RewriteReport report = Rewrite(src, options, &status);
  EXPECT_EQ(status, absl::OkStatus());
  EXPECT_FALSE(report.comparison->outputs[0].mismatch.has_value());
  EXPECT_EQ(report.warnings.size(), 1);
}

TEST_F(QuantizationCasesTest, AnExampleWithNanIsLeftOutOfCalibrationAndNamed) {
  ASSERT_EQ(WriteClassifier(root_ + "/classifier"), absl::OkStatus());
  for (float value : {kNan, -std::numeric_limits<float>::infinity()}) {
    std::vector<Sample> samples = Samples("x", {1, 16}, 30);
    samples[17].at("x").values<float>()[3] = value;
    absl::Status status;
    const RewriteReport report = Rewrite(root_ + "/classifier", Int8(samples), &status);
    EXPECT_EQ(status, absl::OkStatus());
    EXPECT_EQ(report.num_calibration_samples, 29);
    EXPECT_THAT(report.Render(), AllOf(HasSubstr("feature \"x\" is NaN or infinite in 1 of 30 examples (sample 17)"),
                                       HasSubstr("1 of 30 examples are left out of calibration: sample 17")));
  }
}

TEST_F(QuantizationCasesTest, AnActivationThatIsNotFiniteIsNamedWithItsExample) {
  const std::string src = Model(5, [](ops::Graph& graph, const ops::Tensor& x) {
    return ops::MatMul(ops::Op("Log", {x}, {}, "logarithm"), ops::Constant(graph, Weights({5, 3})));
  });
  std::vector<Sample> samples;
  for (int i = 0; i < 20; ++i) {
    Tensor x = Weights({1, 5}, 1, i);
    for (float& v : x.values<float>()) v = std::abs(v) + 0.1f;
    samples.push_back({{"x", x}});
  }
  samples[4].at("x").values<float>()[2] = -1;
  absl::Status status;
  const RewriteReport report = Rewrite(src, Int8(samples), &status);
  EXPECT_THAT(report.Render(),
              AllOf(HasSubstr("the activation \"logarithm\" is NaN or infinite"), HasSubstr("(sample 4)")));
}

TEST_F(QuantizationCasesTest, ScoresBesideBoxesAreNotLost) {
  const std::string src = Model(32, [](ops::Graph& graph, const ops::Tensor& x) {
    const auto head = [&](int n, double scale, int seed) {
      return ops::Op("Sigmoid", {ops::MatMul(x, ops::Constant(graph, Weights({32, n}, scale, seed)))});
    };
    const ops::Tensor boxes = ops::Op("Mul", {head(40, 0.2, 1), ops::Constant(graph, 640.0f)});
    const auto shaped = [&](const ops::Tensor& t, int n) {
      return ops::Reshape(t, ops::Constant(graph, std::vector<int32_t>{-1, 10, n}));
    };
    return ops::Concat({shaped(boxes, 4), shaped(head(10, 1, 2), 1)}, -1);
  });
  const RewriterOptions options = Int8(Samples("x", {1, 32}, 50));
  const RewriteReport report = RefusedAndAdviceWorks(src, options, HasSubstr("column 4 of output \"y\""));
  // 65535 steps are enough for both.
  ASSERT_THAT(Choices(report), ElementsAre("int16 CONCATENATION")) << report.Render();
  EXPECT_THAT(report.choices[0].why, MatchesRegex("in int8 column 4 has .* dB, in int16 .* dB"));
  EXPECT_THAT(report.Render(), AllOf(HasSubstr("Chosen to meet the limits"), HasSubstr(report.choices[0].why)));
}

// Masks that a softmax reads by itself are cut (masked_softmax.h); this one goes through something else.
TEST_F(QuantizationCasesTest, AMaskThatLeavesNothingOfTheLogitsIsNamed) {
  const std::string src = Model(8, [](ops::Graph& graph, const ops::Tensor& x) {
    const ops::Tensor logits = ops::MatMul(x, ops::Constant(graph, Weights({8, 8})));
    const ops::Tensor mask = ops::Constant(graph, std::vector<float>{0, 0, 0, 0, 0, 1e30f, 1e30f, 1e30f});
    const ops::Tensor masked = ops::Op("Sub", {logits, mask}, {}, "masked");
    return ops::Softmax(ops::Op("Minimum", {masked, ops::Constant(graph, 100.0f)}));
  });
  const RewriteReport report =
      RefusedAndAdviceWorks(src, Int8(Samples("x", {1, 8}, 50)),
                            AllOf(HasSubstr("is the same for every example"), HasSubstr("\"masked\" of [-1e+30")));
  // No integers hold the logits beside the mask.
  EXPECT_THAT(Choices(report), ElementsAre("float SUB", "float MINIMUM", "float SOFTMAX")) << report.Render();
  EXPECT_THAT(report.choices[0].why, MatchesRegex("in int8 .* dB, in int16 .* dB"));
}

TEST_F(QuantizationCasesTest, OutliersAreNamedAndCalibrationByPercentileHelps) {
  ASSERT_EQ(WriteClassifier(root_ + "/classifier"), absl::OkStatus());
  std::vector<Sample> samples = Samples("x", {1, 16}, 100);
  samples[20].at("x").values<float>()[3] = 3000;
  samples[60].at("x").values<float>()[5] = 3000;
  RefusedAndAdviceWorks(root_ + "/classifier", Int8(samples),
                        AllOf(HasSubstr("feature \"x\" is up to 3000 in 2 of 100 examples (sample 20, sample 60)"),
                              HasSubstr("--calibration=percentile")));
}

TEST_F(QuantizationCasesTest, ASumThatIsAlwaysZeroStaysInFloat) {
  for (const char* op : {"AddV2", "Sub"}) {
    for (QuantizationMode mode : {QuantizationMode::kInt8, QuantizationMode::kInt16x8}) {
      const std::string src = Model(16, [&](ops::Graph& graph, const ops::Tensor& x) {
        const ops::Tensor other =
            op == std::string("Sub") ? ops::Op("Abs", {x}) : ops::Op("Neg", {ops::Op("Abs", {x})});
        const ops::Tensor nothing = ops::Op(op, {ops::Op("Abs", {x}), other}, {}, "nothing");
        return ops::MatMul(nothing, ops::Constant(graph, Weights({16, 4})));
      });
      RewriterOptions options = Int8(Samples("x", {1, 16}, 20));
      options.quantization = mode;
      absl::Status status;
      const RewriteReport report = Rewrite(src, options, &status);
      EXPECT_EQ(status, absl::OkStatus()) << report.Render();
    }
  }
}

TEST_F(QuantizationCasesTest, WhichRowsAreKeptIsNotDecidedByRounding) {
  for (QuantizationMode mode : {QuantizationMode::kInt8, QuantizationMode::kInt16x8}) {
    const std::string src = Model(8, [](ops::Graph& graph, const ops::Tensor& x) {
      const ops::Tensor zero = ops::Constant(graph, std::vector<float>{0.0f});
      return ops::Op("Where", {ops::Op("Greater", {x, zero})});
    });
    std::vector<Sample> samples = Samples("x", {4, 8}, 20);
    for (Sample& sample : samples) sample.at("x").values<float>()[0] = 1e-4f;  // Rounded to 0
    RewriterOptions options = Int8(samples);
    options.quantization = mode;
    absl::Status status;
    const RewriteReport report = Rewrite(src, options, &status);
    EXPECT_EQ(status, absl::OkStatus()) << report.Render();
    EXPECT_THAT(report.notes, Contains(HasSubstr("GREATER that decides which values come out")));
  }
}

TEST_F(QuantizationCasesTest, AChannelWhoseWeightsAreNextToNothingKeepsItsBias) {
  for (QuantizationMode mode : {QuantizationMode::kInt8, QuantizationMode::kInt16x8}) {
    const std::string src = Model(8, [](ops::Graph& graph, const ops::Tensor& x) {
      Tensor weights = Weights({8, 4});
      for (int64_t i = 2; i < weights.num_elements(); i += 4) weights.values<float>()[i] = 1e-20f;
      return ops::BiasAdd(ops::MatMul(x, ops::Constant(graph, weights)),
                          ops::Constant(graph, std::vector<float>{0.1f, 0.2f, -1.2f, 0.3f}));
    });
    RewriterOptions options = Int8(Samples("x", {1, 8}, 50));
    options.quantization = mode;
    absl::Status status;
    const RewriteReport report = Rewrite(src, options, &status);
    EXPECT_EQ(status, absl::OkStatus()) << report.Render();
    EXPECT_GT(report.comparison->outputs[0].sqnr_db, 20);
  }
}

TEST_F(QuantizationCasesTest, WeightsThatCancelOutAreAdvisedUpon) {
  // x (1000 + a) - x (1000 + b): steps of float16 are 0.5 at 1000.
  const std::string src = Model(16, [](ops::Graph& graph, const ops::Tensor& x) {
    Tensor weights(DataType::kFloat, {32, 64});
    double i = 0;
    for (float& v : weights.values<float>()) {
      v = static_cast<float>(1000 + 2 * std::sin(0.7 * i * i));
      ++i;
    }
    return ops::MatMul(ops::Concat({x, ops::Op("Neg", {x})}, 1), ops::Constant(graph, weights));
  });
  RewriterOptions options = Int8(Samples("x", {1, 16}, 30));
  absl::Status status;
  options.quantization = QuantizationMode::kNone;  // What is advised
  Rewrite(src, options, &status);
  EXPECT_EQ(status, absl::OkStatus());
  options.quantization = QuantizationMode::kDynamicRange;  // Nothing is left of the answers.
  EXPECT_THAT(Rewrite(src, options, &status).advice,
              MatchesRegex("what its weights .*--quantization=none keeps them as they are"));
  options.quantization = QuantizationMode::kFloat16;
  const RewriteReport refused = Rewrite(src, options, &status);
  const std::string& advice = refused.advice;
  EXPECT_THAT(std::string(status.message()), HasSubstr(advice));
  const auto take = [&](const char* flag, std::optional<double>* limit) {
    const std::vector<std::string> parts = absl::StrSplit(advice, absl::StrCat("--", flag, "="));
    if (parts.size() == 2) *limit = std::stod(parts[1]);
  };
  take("min_sqnr", &options.limits.min_sqnr_db);
  take("max_abs_error", &options.limits.max_abs_error);
  take("min_clear_agreement", &options.limits.min_clear_agreement);
  ASSERT_TRUE(options.limits.min_sqnr_db) << refused.Render() << status;
  const RewriteReport followed = Rewrite(src, options, &status);
  EXPECT_EQ(status, absl::OkStatus()) << followed.Render();
  EXPECT_EQ(followed.advice, "");
  *options.limits.min_sqnr_db += 0.2;
  Rewrite(src, options, &status);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(QuantizationCasesTest, WhatAReshapeShowsWasLostBefore) {
  // Boxes and scores take turns in the columns of one dense layer, of which there are too many to be kinds of values.
  const std::string src = Model(8, [](ops::Graph& graph, const ops::Tensor& x) {
    Tensor weights = Weights({8, 5000}, 0.5);
    for (int64_t i = 0; i < weights.num_elements(); i += 2) weights.values<float>()[i] *= 640;
    const ops::Tensor hidden = ops::Tanh(ops::MatMul(x, ops::Constant(graph, Weights({8, 8}))));
    const ops::Tensor dense = ops::MatMul(hidden, ops::Constant(graph, weights));
    return ops::Reshape(dense, ops::Constant(graph, std::vector<int32_t>{-1, 2500, 2}));
  });
  const RewriterOptions options = Int8(Samples("x", {1, 8}, 20));
  absl::Status status;
  const RewriteReport refused = Rewrite(src, options, &status);
  ASSERT_FALSE(refused.layers.empty());
  EXPECT_EQ(refused.layers[0].op, "FULLY_CONNECTED") << refused.Render();
  EXPECT_EQ(refused.layers[0].part, "column 1 after RESHAPE");
  for (const auto& layer : refused.layers) {
    if (layer.op == "RESHAPE") {
      EXPECT_LE(layer.added_noise, 0) << refused.Render();
    }
  }
  RefusedAndAdviceWorks(src, options, HasSubstr("column 1 of output \"y\""));
}

TEST_F(QuantizationCasesTest, WhereNoLayersHelpDynamicRangeIsAdvised) {
  // Each layer's answer is the small difference of large ones.
  const std::string src = Model(16, [](ops::Graph& graph, ops::Tensor x) {
    for (int layer = 0; layer < 14; ++layer) {
      const ops::Tensor large = ops::Relu(ops::BiasAdd(x, ops::Constant(graph, std::vector<float>(16, 5e4f))));
      x = ops::Op("Sub", {large, ops::Constant(graph, std::vector<float>(16, 5e4f))});
    }
    return x;
  });
  RewriterOptions options = Int8(Samples("x", {1, 16}, 20));
  absl::Status status;
  const std::string advice = Rewrite(src, options, &status).advice;
  EXPECT_THAT(advice, AllOf(HasSubstr("with 10 layers in int16 or float the limits are not met"),
                            HasSubstr("--keep_float_automatically tries more layers"),
                            HasSubstr("--quantization=dynamic_range leaves all activations in float")));
  options.quantization = QuantizationMode::kDynamicRange;
  Rewrite(src, options, &status);
  EXPECT_EQ(status, absl::OkStatus());
}

TEST_F(QuantizationCasesTest, ARecurrentLayerKeepsItsOpenBatch) {
  for (QuantizationMode mode : {QuantizationMode::kNone, QuantizationMode::kDynamicRange, QuantizationMode::kInt8}) {
    RewriterOptions options = Int8(Samples("x", {1, 4, 2}, 20));
    options.quantization = mode;
    absl::Status status;
    const RewriteReport report = Rewrite("tfxm/rewriting/testdata/recurrent", options, &status);
    ASSERT_EQ(status, absl::OkStatus()) << report.Render();
    EXPECT_EQ(report.model.signatures[0].inputs[0].spec.shape, (Shape{-1, 4, 2}));
    EXPECT_GT(report.comparison->outputs[0].sqnr_db, 20);
  }
  // With made-up inputs, too.
  absl::Status status;
  Rewrite("tfxm/rewriting/testdata/recurrent", {}, &status);
  EXPECT_EQ(status, absl::OkStatus());
}

TEST_F(QuantizationCasesTest, AModelThatKeepsStateSeesTheExamplesAsOneSequence) {
  // One of two values, again and again: the state grows to ten times what one example makes of it.
  std::vector<Sample> samples = Samples("x", {1, 2}, 60);
  for (Sample& sample : samples) {
    for (float& v : sample.at("x").values<float>()) v = 0.5f + 0.5f * std::abs(v);
  }
  for (QuantizationMode mode : {QuantizationMode::kNone, QuantizationMode::kInt8}) {
    RewriterOptions options = Int8(samples);
    options.quantization = mode;
    absl::Status status;
    const RewriteReport report = Rewrite("tfxm/rewriting/testdata/streaming", options, &status);
    ASSERT_EQ(status, absl::OkStatus()) << report.Render();
    ASSERT_TRUE(report.comparison.has_value()) << report.not_compared;
    EXPECT_GT(report.comparison->outputs[0].max, 0.4);  // The first example gives 0.07 at most.
  }
}

TEST_F(QuantizationCasesTest, IntegerImagesAreNumbers) {
  const std::string src = Model(12, [](ops::Graph& graph, const ops::Tensor& x) {
    const ops::Tensor pixels = ops::Op(
        "Mul",
        {ops::Op("Sigmoid", {ops::MatMul(x, ops::Constant(graph, Weights({12, 48})))}), ops::Constant(graph, 255.0f)});
    return ops::Cast(ops::Reshape(pixels, ops::Constant(graph, std::vector<int32_t>{-1, 4, 4, 3})), DataType::kInt32);
  });
  absl::Status status;
  const RewriteReport report = Rewrite(src, Int8(Samples("x", {1, 12}, 30)), &status);
  EXPECT_EQ(status, absl::OkStatus()) << report.Render();
  EXPECT_TRUE(report.comparison->outputs[0].integer);
  EXPECT_LT(report.comparison->outputs[0].rows_agreeing, report.comparison->outputs[0].rows);
}

TEST_F(QuantizationCasesTest, EveryCalibrationGivesAModel) {
  ASSERT_EQ(WriteClassifier(root_ + "/classifier"), absl::OkStatus());
  std::string minmax;
  for (Calibration method : {Calibration::kMinMax, Calibration::kPercentile, Calibration::kMse}) {
    RewriterOptions options = Int8(Samples("x", {1, 16}, 50));
    options.calibration = method;
    absl::Status status;
    const RewriteReport report = Rewrite(root_ + "/classifier", options, &status);
    EXPECT_EQ(status, absl::OkStatus()) << report.Render();
    EXPECT_GT(report.comparison->outputs[0].sqnr_db, 15);
    const std::string bytes = *io::ReadFile(io::JoinPath(root_, "out/tflite"));
    if (method == Calibration::kMinMax) minmax = bytes;
    if (method == Calibration::kPercentile) {
      EXPECT_NE(bytes, minmax);
    }
  }
}

// Their kernels take the bytes as they are, where the quantizer gives input and result scales of their own.
TEST_F(QuantizationCasesTest, WhatOnlyMovesValuesDoesNotChangeThem) {
  using Body = std::function<ops::Tensor(ops::Graph&, const ops::Tensor&)>;
  const auto dense = [](ops::Graph& graph, const ops::Tensor& x, double scale) {
    return ops::MatMul(x, ops::Constant(graph, Weights({8, 8}, scale)));
  };
  const std::map<std::string, Body> bodies = {
      {"ONE_HOT",
       [&](ops::Graph& graph, const ops::Tensor& x) -> ops::Tensor {
         const ops::Tensor best = ops::Op("ArgMax", {x, ops::Constant(graph, 1)});
         return ops::MatMul(
             ops::Op("OneHot", {best, ops::Constant(graph, 8), ops::Constant(graph, 1.0f), ops::Constant(graph, 0.0f)}),
             ops::Constant(graph, Weights({8, 8})));
       }},
      {"REVERSE_V2",
       [&](ops::Graph& graph, const ops::Tensor& x) -> ops::Tensor {
         const ops::Tensor reversed =
             ops::Op("ReverseV2", {dense(graph, x, 0.1), ops::Constant(graph, std::vector<int32_t>{1})});
         return ops::Concat({reversed, dense(graph, x, 1)}, -1);
       }},
      {"REVERSE_SEQUENCE", [&](ops::Graph& graph, const ops::Tensor& x) -> ops::Tensor {
         const ops::Tensor lengths = ops::Cast(ops::Op("ArgMax", {x, ops::Constant(graph, 1)}), DataType::kInt32);
         return ops::Op("ReverseSequence", {dense(graph, x, 1), lengths}, {{"seq_dim", 1}, {"batch_dim", 0}});
       }}};
  for (const auto& [op, body] : bodies) {
    SCOPED_TRACE(op);
    absl::Status status;
    const RewriteReport report = Rewrite(Model(8, body), Int8(Samples("x", {1, 8}, 50)), &status);
    EXPECT_EQ(status, absl::OkStatus()) << report.Render();
    EXPECT_THAT(report.notes, Contains(AllOf(HasSubstr("stays in float"), HasSubstr(op))));
    ASSERT_TRUE(report.comparison.has_value()) << report.not_compared;
    EXPECT_GT(report.comparison->outputs[0].sqnr_db, 20);
  }
}

// The sizes of what these make are known when they run; the layers are measured all the same.
TEST_F(QuantizationCasesTest, LayersOfSizesThatDependOnTheDataAreMeasured) {
  const auto best = [](ops::Graph& graph, const ops::Tensor& y) -> ops::Tensor {
    return ops::Op("TopKV2", {y, ops::Constant(graph, 3)});
  };
  const auto different = [](ops::Graph& graph, const ops::Tensor& y) -> ops::Tensor {
    return ops::Op("Unique", {ops::Op("Round", {ops::Reshape(y, ops::Constant(graph, std::vector<int32_t>{-1}))})});
  };
  for (QuantizationMode mode : {QuantizationMode::kInt8, QuantizationMode::kInt16x8}) {
    for (const auto& last : {std::function<ops::Tensor(ops::Graph&, const ops::Tensor&)>(best), {different}}) {
      const std::string src = Model(10, [&](ops::Graph& graph, const ops::Tensor& x) {
        return last(graph, ops::Relu(ops::MatMul(x, ops::Constant(graph, Weights({10, 10})))));
      });
      RewriterOptions options = Int8(Samples("x", {1, 10}, 20));
      options.quantization = mode;
      absl::Status status;
      const RewriteReport report = Rewrite(src, options, &status);
      EXPECT_EQ(status, absl::OkStatus()) << report.Render();
      EXPECT_FALSE(report.layers.empty());
    }
  }
}

}  // namespace
}  // namespace tfxm
