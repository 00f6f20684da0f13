// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/convert/op_support.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/rewriting/test_saved_models.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"

namespace tfxm::rewriting {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(OpSupportTest, SortsTheOperatorsThatTheSignatureReaches) {
  const TempDir temporary;
  const std::string& dir = temporary.path();
  ASSERT_EQ(testing::WriteUnsupported(dir + "/erfc", "Erfc"), absl::OkStatus());
  ASSERT_EQ(testing::WriteUnsupported(dir + "/hsv", "HSVToRGB"), absl::OkStatus());
  ASSERT_EQ(testing::WriteClassifier(dir + "/plain"), absl::OkStatus());
  auto custom = FindOpSupport(dir + "/erfc", "serving_default");
  ASSERT_TRUE(custom.ok()) << custom.status();
  EXPECT_THAT(custom->custom.at("Erfc"), ElementsAre("layer_7/special"));
  auto select = FindOpSupport(dir + "/hsv", "serving_default");
  ASSERT_TRUE(select.ok());
  EXPECT_THAT(select->select_tf.at("HSVToRGB"), ElementsAre("layer_7/special"));
  EXPECT_THAT(RenderOpSupport(*select), HasSubstr("tf.HSVToRGB (node layer_7/special)"));
  auto plain = FindOpSupport(dir + "/plain", "serving_default");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->builtin.at("MatMul").size(), 2);
  EXPECT_EQ(RenderOpSupport(*plain), "");
  EXPECT_FALSE(FindOpSupport(dir + "/none", "serving_default").ok());
  io::RemoveAll(dir).IgnoreError();
}

// The variance of x [None, 3] over these axes, as tf.nn.moments computes it.
absl::Status WriteNormalized(const std::string& dir, const std::vector<int32_t>& axes) {
  ops::Graph graph;
  const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, 3}, "x");
  const ops::Tensor over = ops::Constant(graph, axes);
  const ops::Attrs keep = {{"keep_dims", true}};
  const ops::Tensor mean = ops::Op("Mean", {x, over}, keep, "net/norm/moments/mean");
  const ops::Tensor off = ops::Op("SquaredDifference", {x, mean}, {}, "net/norm/moments/SquaredDifference");
  const ops::Tensor variance = ops::Op("Mean", {off, over}, keep, "net/norm/moments/variance");
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"x", x}}, {{"y", (x - mean) * variance}});
  return builder.Write(dir);
}

TEST(OpSupportTest, NormalizingTheBatchByItselfIsNamed) {
  const TempDir dir;
  ASSERT_EQ(WriteNormalized(dir / "batch", {0}), absl::OkStatus());
  ASSERT_EQ(WriteNormalized(dir / "batch_too", {0, 1}), absl::OkStatus());
  ASSERT_EQ(WriteNormalized(dir / "layer", {1}), absl::OkStatus());
  for (const char* batch : {"batch", "batch_too"}) {
    const auto support = FindOpSupport(dir / batch, "serving_default");
    ASSERT_TRUE(support.ok()) << support.status();
    EXPECT_THAT(NotesAbout(*support), ElementsAre(AllOf(HasSubstr("(net/norm)"), HasSubstr("training=False"))));
  }
  const auto layer = FindOpSupport(dir / "layer", "serving_default");
  ASSERT_TRUE(layer.ok()) << layer.status();
  EXPECT_THAT(NotesAbout(*layer), ElementsAre());
}

TEST(OpSupportTest, ABatchNormalizationInTrainingIsNamedIfItsMeanIsUsed) {
  for (const bool training : {false, true}) {
    for (const bool uses_mean : {false, true}) {
      const TempDir dir;
      ops::Graph graph;
      const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, 2, 2, 1}, "x");
      const ops::Tensor one = ops::Constant(graph, std::vector<float>{1});
      const ops::Node normalized = ops::Op("FusedBatchNormV3", {x, one, one, one, one}, {{"is_training", training}},
                                           "net/norm/FusedBatchNormV3");
      SavedModelBuilder builder;
      builder.AddSignature("serving_default", {{"x", x}},
                           {{"y", uses_mean ? normalized.output(0) + normalized.output(1) : normalized.output(0)}});
      ASSERT_EQ(builder.Write(dir.path()), absl::OkStatus());
      const auto support = FindOpSupport(dir.path(), "serving_default");
      ASSERT_TRUE(support.ok()) << support.status();
      EXPECT_EQ(NotesAbout(*support).size(), training && uses_mean ? 1 : 0);
    }
  }
}

// As the converter of TensorFlow 2.21 writes them.
constexpr char kMissing[] =
    "Could not translate MLIR to FlatBuffer.<unknown>:0: error: loc(callsite(fused[\"HSVToRGB:\", "
    "\"net/hsv@__inference_1\"] "
    "at fused[\"PartitionedCall:\", \"PartitionedCall\"])): 'tf.HSVToRGB' op is neither a custom op nor a flex op\n"
    "<unknown>:0: note: loc(fused[\"PartitionedCall:\", \"PartitionedCall\"]): called from\n";
constexpr char kRecurrent[] =
    "<unknown>:0: error: loc(callsite(fused[\"TensorListReserve:\", \"lstm_1/TensorArrayV2_1@__inference_9\"] at "
    "fused[\"StatefulPartitionedCall:\", \"StatefulPartitionedCall@f\"])): 'tf.TensorListReserve' op requires "
    "element_shape "
    "to be static during TF Lite transformation pass\n";

constexpr char kOverStrings[] =
    "<unknown>:0: error: loc(fused[\"TensorListReserve:\", \"map/TensorArrayV2_1\"]): 'tf.TensorListReserve' op "
    "requires "
    "element_dtype to be 1-bit/8-bit/16-bit/32-bit/64-bit integer or 16-bit/32-bit/64-bit float type during TF Lite "
    "transformation pass\n";

// As of a SavedModel of Keras 2, whose layers are functions.
constexpr char kInFunction[] =
    "<unknown>:0: error: loc(callsite(fused[\"TensorListReserve:\", \"TensorArrayV2_1@__inference_standard_lstm_2\"] "
    "at "
    "callsite(fused[\"PartitionedCall:\", \"model/lstm/PartitionedCall@__inference__wrapped_model_2\"] at "
    "fused[\"StatefulPartitionedCall:\", \"StatefulPartitionedCall\"]))): 'tf.TensorListReserve' op requires "
    "element_shape\n";

TEST(OpSupportTest, NamesTheLayerThatCallsTheNode) {
  EXPECT_THAT(ExplainDiagnostics(kInFunction, false), HasSubstr("(node model/lstm/TensorArrayV2_1)"));
}

TEST(OpSupportTest, ALoopOverStringsIsNoRecurrentLayer) {
  EXPECT_THAT(ExplainDiagnostics(kOverStrings, false),
              AllOf(HasSubstr("node map/TensorArrayV2_1"), HasSubstr("process the text in the app"),
                    Not(HasSubstr("recurrent")), Not(HasSubstr("set allow_select_tf_ops"))));
}

TEST(OpSupportTest, SerializedExamplesAreForServers) {
  constexpr char kParsing[] =
      "<unknown>:0: error: loc(callsite(fused[\"ParseExampleV2:\", \"ParseExampleV2@f\"] at "
      "fused[\"PartitionedCall:\", "
      "\"PartitionedCall\"])): 'tf.ParseExampleV2' op is neither a custom op nor a flex op\n";
  EXPECT_THAT(ExplainDiagnostics(kParsing, false),
              AllOf(HasSubstr("(node ParseExampleV2)"), HasSubstr("signature_key")));
}

TEST(OpSupportTest, WhatMakesIdsStaysOutside) {
  constexpr char kHashing[] =
      "<unknown>:0: error: loc(callsite(fused[\"StringToHashBucketFast:\", \"net/hashing/hash@f\"] at "
      "fused[\"PartitionedCall:\", \"PartitionedCall\"])): 'tf.StringToHashBucketFast' op is neither a custom op nor a "
      "flex op\n";
  EXPECT_THAT(ExplainDiagnostics(kHashing, false),
              AllOf(HasSubstr("(node net/hashing/hash)"), HasSubstr("export one that takes the ids")));
  EXPECT_THAT(ExplainDiagnostics(kMissing, false), Not(HasSubstr("ids")));
}

// As the converter prints them: an error of each operator, then the graph.
std::string Refused(absl::string_view op, absl::string_view operands, absl::string_view result) {
  return absl::StrCat(
      "<unknown>:0: error: loc(fused[\"", op, ":\", \"net/", op, "\"]): 'tf.", op,
      "' op is neither a custom op nor a flex op\n  %1 = \"tfl.cast\"(%0) : (tensor<?x3xf32>) -> tensor<?x3xf16>\n  %2 = \"tf.",
      op, "\"(%1, %0) <{a = false}> : (", operands, ") -> ", result, "\n");
}

TEST(OpSupportTest, MixedPrecisionIsNamed) {
  EXPECT_THAT(ExplainDiagnostics(Refused("MatMul", "tensor<?x3xf16>, tensor<3x2xf16>", "tensor<?x2xf16>"), false),
              AllOf(HasSubstr("tf.MatMul (node net/MatMul)"), HasSubstr("compute in float16 (mixed precision)"),
                    HasSubstr("set_dtype_policy(\"float32\")")));
  EXPECT_THAT(ExplainDiagnostics(Refused("MatMul", "tensor<?x3xbf16>, tensor<3x2xbf16>", "tensor<?x2xbf16>"), false),
              HasSubstr("compute in bfloat16 (mixed precision)"));
  EXPECT_THAT(ExplainDiagnostics(Refused("FFT2D", "tensor<?x3x3xcomplex<f32>>", "tensor<?x3x3xcomplex<f32>>"), false),
              AllOf(HasSubstr("complex numbers"), Not(HasSubstr("mixed precision"))));
}

TEST(OpSupportTest, NamesTheTypesThatAnOperatorOfTfliteDoesNotTake) {
  EXPECT_THAT(ExplainDiagnostics(Refused("Abs", "tensor<?x3xi64>", "tensor<?x3xi64>"), false),
              HasSubstr("not for these types or so many dimensions: tf.Abs(tensor<?x3xi64>)"));
  EXPECT_THAT(ExplainDiagnostics(Refused("Dilation2D", "tensor<?x3xf32>", "tensor<?x3xf32>"), false),
              Not(HasSubstr("types")));
}

TEST(OpSupportTest, JaxIsExportedWithoutXla) {
  EXPECT_THAT(ExplainDiagnostics(Refused("XlaDotV2", "tensor<?x8xf32>, tensor<8x4xf32>", "tensor<?x4xf32>"), false),
              HasSubstr("enable_xla=False"));
}

TEST(OpSupportTest, AugmentationIsNotExported) {
  EXPECT_THAT(ExplainDiagnostics(Refused("StatelessRandomUniformV2", "tensor<2xi32>", "tensor<?xf32>"), false),
              HasSubstr("export the model without them"));
}

TEST(OpSupportTest, WhatKerasHasQuantizedIsExportedAsItWasBefore) {
  EXPECT_THAT(
      ExplainDiagnostics(
          "<unknown>:0: error: loc(fused[\"BatchMatMulV3:\", \"dense/MatMul\"]): 'tfl.fully_connected' op operand #0 "
          "must be tensor of 32-bit float or QI8 type values, but got 'tensor<?x16xi8>'\n",
          false),
      HasSubstr("export the model as it was before"));
}

TEST(OpSupportTest, ExplainsDiagnostics) {
  const std::string missing = ExplainDiagnostics(kMissing, /*allow_select_tf_ops=*/false);
  EXPECT_THAT(missing, AllOf(HasSubstr("tf.HSVToRGB (node net/hsv)"), HasSubstr("allow_select_tf_ops")));
  EXPECT_THAT(ExplainDiagnostics(kMissing, /*allow_select_tf_ops=*/true), Not(HasSubstr("set allow_select_tf_ops")));
  EXPECT_THAT(ExplainDiagnostics(kRecurrent, false),
              AllOf(HasSubstr("lstm_1/TensorArrayV2_1"), HasSubstr("element_shape"),
                    HasSubstr("input_signature=[tf.TensorSpec((1, …)")));
  EXPECT_THAT(ExplainDiagnostics("something else", false), HasSubstr("something else"));
}

}  // namespace
}  // namespace tfxm::rewriting
