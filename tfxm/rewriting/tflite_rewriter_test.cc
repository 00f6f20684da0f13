// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/tflite_rewriter.h"

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/rewriting/test_saved_models.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"
#include "tfxm/util/text/text.h"

namespace tfxm {
namespace {

using rewriting::testing::Samples;
using rewriting::testing::WriteClassifier;
using rewriting::testing::WriteImageModel;
using rewriting::testing::WriteQuantizationAware;
using rewriting::testing::WriteUnsupported;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class TfliteRewriterTest : public ::testing::Test {
 protected:
  std::string Path(absl::string_view name) const { return io::JoinPath(root_, name); }

  std::string Classifier() {
    EXPECT_EQ(WriteClassifier(Path("classifier")), absl::OkStatus());
    return Path("classifier");
  }
  std::string ImageModel() {
    EXPECT_EQ(WriteImageModel(Path("image")), absl::OkStatus());
    return Path("image");
  }
  // Rewrites into out/NAME and returns the report.
  RewriteReport Rewrite(const std::string& src, RewriterOptions options, absl::Status* status = nullptr) {
    if (options.name.empty()) options.name = "test";
    TfliteRewriter rewriter(options);
    const absl::Status done = RewriteSavedModel(src, Path("out"), rewriter, ModelType::kTfliteModel);
    if (status != nullptr) {
      *status = done;
    } else {
      EXPECT_EQ(done, absl::OkStatus());
    }
    return rewriter.report();
  }
  static int Quantized(const RewriteReport& report) {
    int n = 0;
    for (const auto& [name, use] : report.model.ops) n += use.quantized;
    return n;
  }

  const TempDir temporary_;
  const std::string& root_ = temporary_.path();
};

TEST_F(TfliteRewriterTest, TheGuidesThreeLines) {
  const std::string serving_model_dir = Path("Format-Serving");
  const std::string temp_saving_model_dir = io::JoinPath(serving_model_dir, "temp");
  ASSERT_EQ(WriteClassifier(temp_saving_model_dir), absl::OkStatus());
  auto tfrw = CreateRewriter(kTfliteRewriter, {.name = "tflite_rewriter"});
  ASSERT_TRUE(tfrw.ok()) << tfrw.status();
  ASSERT_EQ(RewriteSavedModel(temp_saving_model_dir, serving_model_dir, **tfrw, ModelType::kTfliteModel),
            absl::OkStatus());
  // The file is there, and nothing else.
  EXPECT_THAT(*io::ListDir(serving_model_dir), ElementsAre("tflite"));
  auto model = litert::CompiledModel::Load(io::JoinPath(serving_model_dir, "tflite"));
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ((*model)->inputs()[0].name, "x");
  EXPECT_EQ((*model)->inputs()[0].shape, (Shape{-1, 16}));
  EXPECT_EQ((*model)->outputs()[0].name, "scores");
}

TEST_F(TfliteRewriterTest, FloatIsTheSameModel) {
  const RewriteReport report = Rewrite(Classifier(), {.quantization = QuantizationMode::kNone});
  ASSERT_TRUE(report.comparison.has_value());
  EXPECT_LT(report.comparison->outputs[0].max_abs_error, 1e-5);
  EXPECT_EQ(report.comparison->outputs[0].rows_agreeing, report.comparison->outputs[0].rows);
  EXPECT_EQ(report.comparison->source, "made-up inputs");
  EXPECT_EQ(report.model.ops.at("FULLY_CONNECTED").count, 2);
  EXPECT_EQ(report.model.multiply_adds, 16 * 32 + 32 * 4);
  EXPECT_TRUE(io::IsDirectory(Path("classifier")));  // Not temporary: it stays.
}

TEST_F(TfliteRewriterTest, EachQuantizationDoesWhatItSays) {
  const std::string src = ImageModel();
  const std::vector<Sample> samples = Samples("image", {1, 8, 8, 2}, 20);
  auto rewrite = [&](QuantizationMode mode) {
    RewriterOptions options{.quantization = mode};
    options.representative_dataset.samples = samples;
    return Rewrite(src, options);
  };
  const RewriteReport none = rewrite(QuantizationMode::kNone), half = rewrite(QuantizationMode::kFloat16),
                      int8 = rewrite(QuantizationMode::kInt8), int16 = rewrite(QuantizationMode::kInt16x8);
  EXPECT_EQ(half.model.weights_by_type.count("FLOAT16"), 1);
  EXPECT_EQ(Quantized(none), 0);
  EXPECT_GE(Quantized(int8), 4);
  EXPECT_EQ(int8.model.weights_by_type.count("INT8"), 1);
  EXPECT_EQ(int16.model.weights_by_type.count("INT64"), 1);  // biases
  for (const RewriteReport* report : {&none, &half, &int8, &int16}) {
    ASSERT_TRUE(report->comparison.has_value());
    ASSERT_EQ(report->comparison->outputs.size(), 2);
  }
  for (int o = 0; o < 2; ++o) {
    EXPECT_GT(none.comparison->outputs[o].sqnr_db, 100);
    EXPECT_GT(half.comparison->outputs[o].sqnr_db, 50);
    EXPECT_GT(int8.comparison->outputs[o].sqnr_db, 20);
    EXPECT_GT(int16.comparison->outputs[o].sqnr_db, 20);  // Both have int8 weights, which set the limit here.
  }
  EXPECT_EQ(int8.num_calibration_samples, 20);
  EXPECT_FALSE(int8.layers.empty());
  EXPECT_THAT(int8.Render(), AllOf(HasSubstr("CONV_2D"), HasSubstr("Where the loss comes from"), HasSubstr("SQNR")));
}

TEST_F(TfliteRewriterTest, DynamicRangeShrinksLargeWeights) {
  ops::Graph graph;
  const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, 64}, "x");
  const ops::Tensor y = ops::MatMul(x, ops::Constant(graph, rewriting::testing::Weights({64, 64}, 0.2)));
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"x", x}}, {{"y", y}});
  ASSERT_EQ(builder.Write(Path("large")), absl::OkStatus());
  const RewriteReport report = Rewrite(Path("large"), {.quantization = QuantizationMode::kDynamicRange});
  EXPECT_EQ(report.model.weights_by_type.at("INT8"), 64 * 64);
}

// A 3x3 kernel over 6x5 places, twice: as asked for, and of the data.
TEST_F(TfliteRewriterTest, CostsAreThoseOfTheSizesInUse) {
  ops::Graph graph;
  const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, -1, -1, 2}, "x");
  const ops::Tensor y =
      ops::Conv2D(x, ops::Constant(graph, rewriting::testing::Weights({3, 3, 2, 4}, 0.5)), {1, 1}, "SAME");
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"x", x}}, {{"y", y}});
  ASSERT_EQ(builder.Write(Path("open")), absl::OkStatus());
  RewriterOptions asked{.input_shapes = {{"x", {1, 6, 5, 2}}}}, data;
  data.representative_dataset.samples = Samples("x", {1, 6, 5, 2}, 3);
  for (const RewriterOptions& options : {asked, data}) {
    const RewriteReport report = Rewrite(Path("open"), options);
    EXPECT_EQ(report.model.multiply_adds, 6 * 5 * 3 * 3 * 2 * 4);
    EXPECT_THAT(report.notes, Contains(HasSubstr("\"x\" [1, 6, 5, 2]")));
  }
}

TEST_F(TfliteRewriterTest, IntegerInputsAndOutputs) {
  for (DataType type : {DataType::kInt8, DataType::kUint8, DataType::kInt16}) {
    RewriterOptions options{.quantization =
                                type == DataType::kInt16 ? QuantizationMode::kInt16x8 : QuantizationMode::kInt8};
    options.inference_input_type = options.inference_output_type = type;
    options.representative_dataset.samples = Samples("x", {1, 16}, 20);
    const RewriteReport report = Rewrite(Classifier(), options);
    EXPECT_EQ(report.model.signatures[0].inputs[0].spec.dtype, type);
    EXPECT_EQ(report.model.signatures[0].outputs[0].spec.dtype, type);
    EXPECT_GT(report.model.signatures[0].inputs[0].quantization.scale, 0);
    ASSERT_TRUE(report.comparison.has_value());
    EXPECT_LT(report.comparison->outputs[0].max_abs_error, 0.05);
  }
}

TEST_F(TfliteRewriterTest, SamplesComeFromExamples) {
  // tf.Example { "x": 16 floats }, by hand: features.feature{key, value.float_list.value packed}.
  auto writer = data::TFRecordWriter::Create(Path("data.gz"));
  ASSERT_TRUE(writer.ok());
  for (int i = 0; i < 40; ++i) {
    const Tensor x = rewriting::testing::Weights({16}, 1, i);
    const std::string values(x.bytes().data(), x.bytes().size());  // 64 bytes
    auto field = [](int number, const std::string& s) {
      return std::string{char(number << 3 | 2), char(s.size())} + s;
    };
    const std::string entry = field(1, "x") + field(2, field(2, field(1, values)));
    ASSERT_TRUE((*writer)->Write(field(1, field(1, entry))).ok());
  }
  ASSERT_TRUE((*writer)->Close().ok());
  RewriterOptions options{.quantization = QuantizationMode::kInt8};
  options.representative_dataset.examples = Path("data.gz");
  options.representative_dataset.sample_size = 30;
  const RewriteReport report = Rewrite(Classifier(), options);
  EXPECT_EQ(report.num_calibration_samples, 30);
  const std::string first = *io::ReadFile(Path("out/tflite"));
  Rewrite(Path("classifier"), options);
  EXPECT_EQ(*io::ReadFile(Path("out/tflite")), first);  // Same seed, same bytes.

  absl::Status status;
  Rewrite(ImageModel(), options, &status);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("no feature \"image\""), HasSubstr("data.gz")));
}

TEST_F(TfliteRewriterTest, KeepsLayersInFloat) {
  RewriterOptions options{.quantization = QuantizationMode::kInt8};
  options.representative_dataset.samples = Samples("x", {1, 16}, 20);
  const int all = Quantized(Rewrite(Classifier(), options));
  options.keep_float_ops = {"SOFTMAX"};
  EXPECT_LT(Quantized(Rewrite(Path("classifier"), options)), all);
  options.keep_float_ops = {};
  options.keep_float_layers = {"hidden"};
  const RewriteReport mixed = Rewrite(Path("classifier"), options);
  EXPECT_LT(Quantized(mixed), all);
  EXPECT_GT(mixed.model.weights_by_type.at("FLOAT32"), 16 * 32 * 4);
  absl::Status status;
  options.keep_float_layers = {"no_such_layer"};
  Rewrite(Path("classifier"), options, &status);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no_such_layer"));
  options.keep_float_layers = {};
  options.keep_float_ops = {"CONV_9D"};
  Rewrite(Path("classifier"), options, &status);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("CONV_9D"), HasSubstr("FULLY_CONNECTED")));
}

TEST_F(TfliteRewriterTest, SaysThatNothingIsQuantized) {
  for (const QuantizationMode mode : {QuantizationMode::kInt8, QuantizationMode::kInt16x8}) {
    RewriterOptions options{.quantization = mode, .keep_float_ops = {"FULLY_CONNECTED", "SOFTMAX"}};
    options.representative_dataset.samples = Samples("x", {1, 16}, 20);
    const RewriteReport report = Rewrite(Classifier(), options);
    EXPECT_TRUE(report.nothing_quantized);
    EXPECT_THAT(report.Render(), HasSubstr("nothing is quantized: every operator computes in float"));
    EXPECT_THAT(report.Render(), HasSubstr("keep_float names all that could be in integers: name less"));

    options.keep_float_ops = {"SOFTMAX"};
    const RewriteReport quantized = Rewrite(Path("classifier"), options);
    EXPECT_FALSE(quantized.nothing_quantized);
    EXPECT_THAT(quantized.notes, Not(Contains(HasSubstr("nothing is quantized"))));
  }
  // An operator that has no kernel for integers.
  ops::Graph graph;
  const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, 8}, "x");
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"x", x}}, {{"y", ops::Sin(x)}});
  ASSERT_EQ(builder.Write(Path("sine")), absl::OkStatus());
  RewriterOptions options{.quantization = QuantizationMode::kInt8};
  options.representative_dataset.samples = Samples("x", {1, 8}, 20);
  const RewriteReport report = Rewrite(Path("sine"), options);
  EXPECT_TRUE(report.nothing_quantized);
  EXPECT_THAT(report.notes, Contains(HasSubstr("None of them has an int8 kernel")));
}

// Also with names that are long or of East Asian letters, which are two cells wide.
TEST_F(TfliteRewriterTest, TheReportIsNotWrittenBeyondANarrowScreen) {
  constexpr int kWidth = 60;
  ops::Graph graph;
  const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, 64}, "x");
  const ops::Tensor y = ops::Softmax(ops::MatMul(x, ops::Constant(graph, rewriting::testing::Weights({64, 4}, 0.2))));
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"画像の特徴", x}},
                       {{"分類の確率の出力", y}, {"an output of a long name", x}});
  ASSERT_EQ(builder.Write(Path("wide")), absl::OkStatus());
  RewriterOptions options{.name = "a rewriter of a long name that somebody gave it",
                          .quantization = QuantizationMode::kInt8};
  options.representative_dataset.samples = Samples("画像の特徴", {1, 64}, 20);
  options.keep_float_ops = {"SOFTMAX"};
  const std::string text = Rewrite(Path("wide"), options).Render(kWidth);
  EXPECT_THAT(text,
              AllOf(HasSubstr("分類の確率の出力"), HasSubstr("Where the loss comes from"), HasSubstr("RMSE/scale: ")));
  for (const absl::string_view line : absl::StrSplit(text, '\n')) EXPECT_LE(DisplayWidth(line), kWidth) << line;
}

TEST_F(TfliteRewriterTest, TakesAsManyLayersOutOfInt8AsTheLimitNeeds) {
  RewriterOptions options{.quantization = QuantizationMode::kInt8};
  options.representative_dataset.samples = Samples("x", {1, 16}, 20);
  const double reached = Rewrite(Classifier(), options).comparison->outputs[0].sqnr_db;
  options.limits.min_sqnr_db = reached + 3;
  absl::Status status;
  Rewrite(Path("classifier"), options, &status);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  options.keep_float_automatically = true;
  const RewriteReport report = Rewrite(Path("classifier"), options);
  EXPECT_FALSE(report.choices.empty());
  EXPECT_GE(report.comparison->outputs[0].sqnr_db, reached + 3);
  EXPECT_THAT(report.Render(), HasSubstr("Chosen to meet the limits"));
}

TEST_F(TfliteRewriterTest, TrainedRangesNeedNoDataset) {
  ASSERT_EQ(WriteQuantizationAware(Path("aware")), absl::OkStatus());
  RewriteReport report = Rewrite(Path("aware"), {.quantization = QuantizationMode::kInt8});
  EXPECT_THAT(report.Render(), HasSubstr("quantization int8, ranges from training"));
  EXPECT_EQ(report.model.weights_by_type.at("INT8"), 3 * 3 * 2 * 4 + 64 * 3);
  EXPECT_EQ(report.model.weights_by_type.count("FLOAT32"), 0);
  ASSERT_TRUE(report.comparison.has_value());
  EXPECT_LE(report.comparison->outputs[0].max_abs_error, 1.01 * 6 / 255);  // One step of the output's range.

  // tf.lite.Optimize.DEFAULT alone means the same.
  report = Rewrite(Path("aware"), {.quantization_optimizations = {Optimize::kDefault}});
  EXPECT_EQ(report.mode, QuantizationMode::kInt8);

  report = Rewrite(Path("aware"), {.quantization = QuantizationMode::kInt8,
                                   .inference_input_type = DataType::kInt8,
                                   .inference_output_type = DataType::kInt8});
  EXPECT_EQ(report.model.signatures[0].inputs[0].spec.dtype, DataType::kInt8);
  EXPECT_NEAR(report.model.signatures[0].outputs[0].quantization.scale, 6.0 / 255, 1e-6);

  absl::Status status;
  Rewrite(Path("aware"), {.quantization = QuantizationMode::kInt8, .inference_input_type = DataType::kInt8}, &status);
  EXPECT_THAT(std::string(status.message()), HasSubstr("both be float or both int8"));
  Rewrite(Path("aware"), {.quantization = QuantizationMode::kInt8, .keep_float_ops = {"CONV_2D"}}, &status);
  EXPECT_THAT(std::string(status.message()), HasSubstr("trained quantization-aware"));
  Rewrite(Path("aware"), {.quantization = QuantizationMode::kInt16x8}, &status);
  EXPECT_THAT(std::string(status.message()), HasSubstr("needs a representative dataset"));
}

TEST_F(TfliteRewriterTest, OutsideOfTheLimitsNothingIsLeft) {
  RewriterOptions options{.quantization = QuantizationMode::kInt8};
  options.representative_dataset.samples = Samples("x", {1, 16}, 20);
  options.limits = {.max_abs_error = 1e-9};
  absl::Status status;
  Rewrite(Classifier(), options, &status);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("scores"), HasSubstr("limit")));
  EXPECT_TRUE(io::ListDir(Path("out"))->empty());
}

TEST_F(TfliteRewriterTest, ATemporarySourceIsGoneAfterAFailureToo) {
  ASSERT_EQ(WriteClassifier(Path("out/temp")), absl::OkStatus());
  absl::Status status;
  Rewrite(Path("out/temp"), {.signature_key = "nope"}, &status);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("nope"), HasSubstr("serving_default")));
  EXPECT_TRUE(io::ListDir(Path("out"))->empty());
}

TEST_F(TfliteRewriterTest, AnOperatorOfSelectTfIsNamedWithItsNode) {
  ASSERT_EQ(WriteUnsupported(Path("hsv"), "HSVToRGB"), absl::OkStatus());
  absl::Status status;
  Rewrite(Path("hsv"), {}, &status);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("tf.HSVToRGB"), HasSubstr("layer_7/special"), HasSubstr("allow_select_tf_ops")));
  const RewriteReport report = Rewrite(Path("hsv"), {.allow_select_tf_ops = true});
  ASSERT_EQ(report.model.ops.count("FlexHSVToRGB"), 1);
  EXPECT_EQ(report.model.ops.at("FlexHSVToRGB").kind, litert::OpKind::kSelectTf);
  EXPECT_THAT(report.not_compared, HasSubstr("FlexHSVToRGB"));
  EXPECT_EQ(report.op_support, "Needs the Select TF runtime: tf.HSVToRGB (node layer_7/special)\n");
}

TEST_F(TfliteRewriterTest, AnOperatorOfNobodyIsNamedToo) {
  ASSERT_EQ(WriteUnsupported(Path("erfc"), "Erfc"), absl::OkStatus());
  absl::Status status;
  Rewrite(Path("erfc"), {.allow_select_tf_ops = true}, &status);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("tf.Erfc (node layer_7/special)"), HasSubstr("allow_custom_ops")));
  const RewriteReport report = Rewrite(Path("erfc"), {.allow_custom_ops = true});
  EXPECT_EQ(report.op_support, "Needs kernels that the app registers: tf.Erfc (node layer_7/special)\n");
  ASSERT_EQ(report.model.ops.count("Erfc"), 1);
  EXPECT_EQ(report.model.ops.at("Erfc").kind, litert::OpKind::kCustom);
}

TEST_F(TfliteRewriterTest, ARandomModelIsNotCompared) {
  ops::Graph graph;
  const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, 3}, "x");
  const ops::Tensor noise = ops::Op(graph, "RandomUniform", {ops::Op(graph, "Shape", {x}, {{"T", DataType::kFloat}})},
                                    {{"dtype", DataType::kFloat}, {"seed", int64_t{7}}});
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"x", x}}, {{"noisy", ops::Op(graph, "AddV2", {x, noise})}});
  ASSERT_EQ(builder.Write(Path("random")), absl::OkStatus());
  const RewriteReport report = Rewrite(Path("random"), {});
  EXPECT_THAT(report.not_compared, AllOf(HasSubstr("\"noisy\""), HasSubstr("random")));
}

TEST_F(TfliteRewriterTest, StringsAreCompared) {
  ops::Graph graph;
  const ops::Tensor words = ops::Placeholder(graph, DataType::kString, {-1}, "words");
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"words", words}},
                       {{"pairs", ops::Reshape(words, ops::Constant(graph, std::vector<int32_t>{-1, 2}))}});
  ASSERT_EQ(builder.Write(Path("strings")), absl::OkStatus());
  Tensor sample(DataType::kString, {4});
  sample.strings() = {"a", "", "long enough not to be small", "b"};
  RewriterOptions options;
  options.representative_dataset.samples = {{{"words", sample}}};
  const RewriteReport report = Rewrite(Path("strings"), options);
  ASSERT_TRUE(report.comparison.has_value()) << report.not_compared;
  EXPECT_EQ(report.comparison->outputs[0].rows_agreeing, 4);
}

TEST_F(TfliteRewriterTest, UndecidedExamplesAreNotHeldAgainstAModel) {
  rewriting::OutputComparison output{
      .name = "scores", .dtype = DataType::kFloat, .num_values = 300, .min = 0, .max = 1};
  output.sqnr_db = 20;
  output.max_abs_error = 0.1;
  output.rows = 100;
  output.rows_agreeing = 80;
  output.rows_clearly_different = 3;
  rewriting::ModelComparison comparison{.num_examples = 100, .outputs = {output}};
  EXPECT_EQ(rewriting::CheckLimits(comparison, DefaultLimits(QuantizationMode::kInt8)), absl::OkStatus());
  EXPECT_THAT(std::string(rewriting::CheckLimits(comparison, {.min_top_agreement = 0.9}).message()),
              AllOf(HasSubstr("80 of 100"), HasSubstr("scores")));
  comparison.outputs[0].rows_clearly_different = 20;
  EXPECT_THAT(std::string(rewriting::CheckLimits(comparison, DefaultLimits(QuantizationMode::kInt8)).message()),
              AllOf(HasSubstr("clearly another top class in 20 of 100"), HasSubstr("5.0 %")));
}

// Two of 16 say little against a model; a limit that was asked for is taken at its word.
TEST_F(TfliteRewriterTest, AFewOfFewExamplesMayBeChance) {
  rewriting::OutputComparison output{.name = "scores", .num_values = 48, .min = 0, .max = 1, .sqnr_db = 20};
  const auto check = [&](int64_t different, int64_t rows, const ValidationLimits& limits) {
    output.rows = rows;
    output.rows_clearly_different = different;
    return rewriting::CheckLimits({.num_examples = rows, .outputs = {output}}, limits).ok();
  };
  const ValidationLimits int8 = DefaultLimits(QuantizationMode::kInt8);
  EXPECT_TRUE(check(2, 16, int8));
  EXPECT_FALSE(check(3, 16, int8));
  EXPECT_TRUE(check(62, 1000, int8));
  EXPECT_FALSE(check(63, 1000, int8));
  EXPECT_FALSE(check(2, 16, {.min_clear_agreement = 0.95}));
  EXPECT_TRUE(check(1, 16, {.min_clear_agreement = 0.95}));
}

TEST_F(TfliteRewriterTest, AnOutputThatIsOnlyRoundedIsFine) {
  rewriting::OutputComparison output{
      .name = "small", .dtype = DataType::kFloat, .num_values = 10, .min = 0, .max = 0.01};
  output.step = 0.01;
  output.max_abs_error = 0.01;
  output.sqnr_db = 1;
  const rewriting::ModelComparison comparison{.num_examples = 10, .outputs = {output}};
  EXPECT_EQ(rewriting::CheckLimits(comparison, DefaultLimits(QuantizationMode::kInt8)), absl::OkStatus());
  EXPECT_FALSE(rewriting::CheckLimits(comparison, {.min_sqnr_db = 10}).ok());
}

TEST_F(TfliteRewriterTest, ManyFilesFromOneTraining) {
  std::vector<Variant> variants;
  for (QuantizationMode mode : {QuantizationMode::kNone, QuantizationMode::kFloat16, QuantizationMode::kInt8}) {
    Variant variant;
    variant.options.name = std::string(QuantizationName(mode));
    variant.options.quantization = mode;
    variant.options.representative_dataset.samples = Samples("x", {1, 16}, 5);
    variant.dst = Path(variant.options.name);
    variants.push_back(variant);
  }
  auto reports = RewriteVariants(Classifier(), variants);
  ASSERT_TRUE(reports.ok()) << reports.status();
  ASSERT_EQ(reports->size(), 3);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*reports)[i].name, variants[i].options.name);
    EXPECT_TRUE(io::Exists(io::JoinPath(variants[i].dst, "tflite")));
  }
}

TEST_F(TfliteRewriterTest, AssetsGoAlong) {
  const std::string src = Classifier();
  ASSERT_EQ(io::MakeDirs(io::JoinPath(src, "assets.extra")), absl::OkStatus());
  ASSERT_EQ(io::WriteFile(io::JoinPath(src, "assets.extra/labels.txt"), "a\nb\n"), absl::OkStatus());
  Rewrite(src, {.filename = "model.tflite"});
  EXPECT_THAT(*io::ListDir(Path("out")), ElementsAre("assets.extra", "model.tflite"));
  EXPECT_EQ(*io::ReadFile(Path("out/assets.extra/labels.txt")), "a\nb\n");
}

TEST_F(TfliteRewriterTest, TheReportIsAFile) {
  Rewrite(Classifier(), {.report_file = Path("reports/rewrite.txt")});
  EXPECT_THAT(*io::ReadFile(Path("reports/rewrite.txt")), HasSubstr("SavedModel against TFLite"));
}

TEST_F(TfliteRewriterTest, BadInputsSayWhatTheyAre) {
  absl::Status status;
  Rewrite(Path("nothing"), {}, &status);
  EXPECT_THAT(std::string(status.message()), HasSubstr("nothing"));
  EXPECT_EQ(CreateRewriter("TFJSRewriter", {.name = "x"}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(CreateRewriter(kTfliteRewriter, {.name = "q", .filename = "a/b"}).status().message()),
              AllOf(HasSubstr("\"q\""), HasSubstr("a/b")));
  TfliteRewriter rewriter({.name = "r"});
  EXPECT_EQ(RewriteSavedModel(Path("a"), Path("a"), rewriter).code(), absl::StatusCode::kInvalidArgument);
  Classifier();
  EXPECT_THAT(std::string(RewriteSavedModel(Path("classifier"), Path("b"), rewriter, ModelType::kSavedModel).message()),
              HasSubstr("kTfliteModel"));
  RewriterOptions options{.name = "q", .quantization = QuantizationMode::kInt8};
  Rewrite(Path("classifier"), options, &status);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("\"q\""), HasSubstr("needs a representative dataset")));
  options.representative_dataset.samples = Samples("other", {1, 16}, 2);
  Rewrite(Path("classifier"), options, &status);
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"x\""));
}

}  // namespace
}  // namespace tfxm
