// SPDX-License-Identifier: Apache-2.0

// What the report says of models about which a table of numbers alone would mislead.
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/rewriting/test_saved_models.h"
#include "tfxm/rewriting/tflite_rewriter.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/testing/tensors.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

using rewriting::testing::Samples;
using rewriting::testing::Weights;
using rewriting::testing::WriteClassifier;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class RewriteReportTest : public ::testing::Test {
 protected:
  std::string Path(absl::string_view name) const { return io::JoinPath(root_, name); }

  // x [None, 4] of this type in, these out.
  std::string Write(const std::string& name, DataType type, const std::vector<ops::Tensor>& outputs) {
    SavedModelBuilder builder;
    std::map<std::string, ops::Tensor> named;
    for (size_t i = 0; i < outputs.size(); ++i) named.emplace(absl::StrCat("y", i), outputs[i]);
    builder.AddSignature("serving_default", {{"x", x_}}, named);
    EXPECT_EQ(builder.Write(Path(name)), absl::OkStatus());
    EXPECT_EQ(x_.dtype(), type);
    return Path(name);
  }
  ops::Tensor Input(DataType type) { return x_ = ops::Placeholder(graph_, type, {-1, 4}, "x"); }

  RewriteReport Rewrite(const std::string& src, RewriterOptions options, bool fails = false) {
    options.name = "test";
    TfliteRewriter rewriter(options);
    const absl::Status done = RewriteSavedModel(src, Path("out"), rewriter, ModelType::kTfliteModel);
    EXPECT_EQ(done.ok(), !fails) << done;
    return rewriter.report();
  }

  static rewriting::OutputComparison Output(const RewriteReport& report, const std::string& name) {
    for (const rewriting::OutputComparison& output : report.comparison->outputs) {
      if (output.name == name) return output;
    }
    ADD_FAILURE() << "no output " << name;
    return {};
  }

  const TempDir temporary_;
  const std::string& root_ = temporary_.path();
  ops::Graph graph_;
  ops::Tensor x_;
};

TEST_F(RewriteReportTest, OutputsThatAreNanAreNamed) {
  const ops::Tensor x = Input(DataType::kFloat);
  Tensor weights = Weights({4, 3});
  for (int row = 0; row < 4; ++row) weights.values<float>()[3 * row + 1] = std::numeric_limits<float>::quiet_NaN();
  const std::string src =
      Write("column", DataType::kFloat, {ops::MatMul(x, ops::Constant(graph_, weights)), ops::Log(x), ops::Relu(x)});
  for (const QuantizationMode mode : {QuantizationMode::kNone, QuantizationMode::kFloat16}) {
    RewriterOptions options{.quantization = mode};
    for (int i = 0; i < 10; ++i) {
      options.representative_dataset.samples.push_back({{"x", Floats({1, 4}, {i < 3 ? -1.0f : 1.0f, 2, 3, 4})}});
    }
    const RewriteReport report = Rewrite(src, options);
    ASSERT_TRUE(report.comparison.has_value()) << report.not_compared;
    EXPECT_THAT(report.Render(),
                AllOf(HasSubstr("output \"y0\" is NaN in 10 of 10 examples"),
                      HasSubstr("output \"y1\" is NaN in 3 of 10 examples"), Not(HasSubstr("output \"y2\" is NaN"))));
    // A row with a NaN has no top class.
    EXPECT_EQ(Output(report, "y0").TopAgreement(), std::nullopt);
    EXPECT_EQ(Output(report, "y1").rows, 7);
    EXPECT_EQ(Output(report, "y2").rows, 10);
  }
  // Made-up inputs are sixteen rows in one batch.
  EXPECT_THAT(Rewrite(src, {}).Render(), HasSubstr("output \"y0\" is NaN in 16 of 16 examples"));
}

TEST_F(RewriteReportTest, LargeIntegersThatDifferAreNotTheSame) {
  const ops::Tensor x = Input(DataType::kInt64);
  std::vector<ops::Tensor> outputs = {ops::Op("Mul", {x, ops::Constant(graph_, int64_t{0})})};
  for (const int power : {40, 60}) {
    outputs.push_back(ops::Op("AddV2", {x, ops::Constant(graph_, int64_t{1} << power)}));
  }
  const std::string src = Write("integers", DataType::kInt64, outputs);
  RewriterOptions options;
  for (int64_t i = 0; i < 20; ++i) {
    options.representative_dataset.samples.push_back({{"x", Ints({1, 4}, {i % 4, i % 3, i % 2, 7})}});
  }
  const RewriteReport report = Rewrite(src, options);
  ASSERT_TRUE(report.comparison.has_value()) << report.not_compared;
  EXPECT_THAT(report.Render(), HasSubstr("\"y0\" is the same for every example"));
  for (const char* output : {"\"y1\"", "\"y2\""}) {
    EXPECT_THAT(report.Render(), Not(HasSubstr(absl::StrCat(output, " is the same for every example"))));
  }
  EXPECT_EQ(Output(report, "y1").max, static_cast<double>((int64_t{1} << 40) + 7));
}

TEST_F(RewriteReportTest, WeightsThatAreTooFewToBeQuantizedAreSaid) {
  ASSERT_EQ(WriteClassifier(Path("classifier")), absl::OkStatus());
  for (const QuantizationMode mode : {QuantizationMode::kDynamicRange, QuantizationMode::kInt4}) {
    const RewriteReport report = Rewrite(Path("classifier"), {.quantization = mode});
    EXPECT_TRUE(report.nothing_quantized);
    EXPECT_THAT(report.notes, Contains(AllOf(HasSubstr("nothing is quantized: all weights stay in float32"),
                                             HasSubstr("1024 values or more, and the largest here has 512"),
                                             HasSubstr("float16 takes smaller ones as well, and int8"))));
  }
  // What it says to do.
  RewriterOptions options{.quantization = QuantizationMode::kInt8};
  options.representative_dataset.samples = Samples("x", {1, 16}, 20);
  for (const QuantizationMode mode : {QuantizationMode::kFloat16, QuantizationMode::kInt8}) {
    options.quantization = mode;
    const RewriteReport report = Rewrite(Path("classifier"), options);
    EXPECT_FALSE(report.nothing_quantized) << report.Render();
    EXPECT_EQ(report.model.weights_by_type.count(mode == QuantizationMode::kInt8 ? "INT8" : "FLOAT16"), 1);
  }
}

TEST_F(RewriteReportTest, WeightsOfOtherOperatorsThatStayInFloatAreSaid) {
  const ops::Tensor x = Input(DataType::kFloat);
  // [None, 4, 1] times [4, 500].
  const ops::Tensor wide = ops::Op("Mul", {ops::Reshape(x, ops::Constant(graph_, std::vector<int32_t>{-1, 4, 1})),
                                           ops::Constant(graph_, Weights({4, 500}))});
  const std::string src = Write("factors", DataType::kFloat, {wide});
  const RewriteReport report = Rewrite(src, {.quantization = QuantizationMode::kDynamicRange});
  EXPECT_THAT(report.notes, Contains(AllOf(HasSubstr("dynamic_range is for the weights of dense layers"),
                                           HasSubstr("float16 takes those of every operator"))));
  const RewriteReport half = Rewrite(src, {.quantization = QuantizationMode::kFloat16});
  EXPECT_EQ(half.model.weights_by_type.count("FLOAT16"), 1) << half.Render();
  EXPECT_FALSE(half.nothing_quantized);
}

TEST_F(RewriteReportTest, WithoutWeightsThereIsNothingToQuantize) {
  const std::string src = Write("relu", DataType::kFloat, {ops::Relu(Input(DataType::kFloat))});
  EXPECT_THAT(Rewrite(src, {.quantization = QuantizationMode::kFloat16}).notes,
              Contains(HasSubstr("nothing is quantized: the model has no weights in float32")));
  EXPECT_FALSE(Rewrite(src, {}).nothing_quantized);  // Nor was it asked for.
}

// GELU, as Keras 3 writes it.
TEST_F(RewriteReportTest, AnOperatorThatTheFileDoesNotHaveIsNoneToWarnOf) {
  const ops::Tensor x = Input(DataType::kFloat);
  const ops::Tensor erfc = ops::Op("Erfc", {ops::Op("Mul", {ops::Op("Neg", {x}), ops::Constant(graph_, 0.70710678f)})});
  const std::string src =
      Write("gelu", DataType::kFloat, {ops::Op("Mul", {ops::Op("Mul", {ops::Constant(graph_, 0.5f), x}), erfc})});
  const RewriteReport report = Rewrite(src, {});
  EXPECT_EQ(report.model.ops.count("GELU"), 1) << report.Render();
  EXPECT_EQ(report.op_support, "");
  // Nor of a run that fails before.
  RewriterOptions options;
  options.representative_dataset.samples = Samples("z", {1, 4}, 3);
  EXPECT_EQ(Rewrite(src, options, /*fails=*/true).op_support, "");
  // Where it is why there is no file, it is said.
  ASSERT_EQ(rewriting::testing::WriteUnsupported(Path("erfc"), "Erfc"), absl::OkStatus());
  EXPECT_THAT(Rewrite(Path("erfc"), {}, /*fails=*/true).op_support, HasSubstr("tf.Erfc"));
}

TEST_F(RewriteReportTest, MessagesNameTheModelAndNotWhereItIsMade) {
  x_ = ops::Placeholder(graph_, DataType::kFloat, {-1, 0}, "x");
  const std::string src = Write("empty", DataType::kFloat, {ops::Relu(x_)});
  const RewriteReport report = Rewrite(src, {});
  EXPECT_THAT(report.not_compared, AllOf(HasSubstr("tflite of " + src), Not(HasSubstr(kRewritingDir))));
}

TEST_F(RewriteReportTest, AnInputOfUnknownRankIsSaid) {
  x_ = ops::Op(graph_, "Placeholder", {}, {{"dtype", DataType::kFloat}}, "x");
  const std::string src = Write("any", DataType::kFloat, {ops::Relu(x_)});
  EXPECT_THAT(Rewrite(src, {}).notes,
              Contains(HasSubstr("input \"x\": the SavedModel does not say how many dimensions")));
  ASSERT_EQ(WriteClassifier(Path("classifier")), absl::OkStatus());
  EXPECT_THAT(Rewrite(Path("classifier"), {}).notes, Not(Contains(HasSubstr("how many dimensions"))));
}

}  // namespace
}  // namespace tfxm
