// SPDX-License-Identifier: Apache-2.0

// int4 weights, as a whole: from a SavedModel to what LiteRT computes.
#include "tfxm/rewriting/internal/quantize/quantize_int4.h"

#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/litert/compiled_model.h"
#include "tfxm/litert/test_models.h"
#include "tfxm/ops/ops.h"
#include "tfxm/rewriting/test_saved_models.h"
#include "tfxm/rewriting/tflite_rewriter.h"
#include "tfxm/util/io.h"

namespace tfxm::rewriting {
namespace {

using litert::testing::ModelBuilder;
using ::testing::Gt;
using ::testing::SizeIs;

// Of a generator that is the same everywhere; in [-scale, scale].
Tensor Random(const Shape& shape, double scale, int seed = 1) {
  std::minstd_rand random(seed);
  Tensor out(DataType::kFloat, shape);
  for (float& v : out.values<float>()) v = static_cast<float>(scale * (random() / 1073741823.0 - 1));
  return out;
}

class QuantizeInt4Test : public ::testing::Test {
 protected:
  ~QuantizeInt4Test() override { io::RemoveAll(dir_).IgnoreError(); }
  // The report of the model y = f(x), rewritten.
  RewriteReport Rewrite(const ops::Tensor& x, const ops::Tensor& y, const Shape& shape) {
    SavedModelBuilder builder;
    builder.AddSignature("serving_default", {{"x", x}}, {{"y", y}});
    EXPECT_EQ(builder.Write(dir_ + "/model"), absl::OkStatus());
    RewriterOptions options{.name = "int4", .quantization = QuantizationMode::kInt4};
    for (int i = 0; i < 30; ++i) options.representative_dataset.samples.push_back({{"x", Random(shape, 1, 100 + i)}});
    TfliteRewriter rewriter(options);
    EXPECT_EQ(RewriteSavedModel(dir_ + "/model", dir_ + "/out", rewriter, ModelType::kTfliteModel), absl::OkStatus());
    return rewriter.report();
  }
  // What the file answers, with and without XNNPACK, for a batch.
  std::vector<float> Answers(const Shape& shape, bool xnnpack) {
    auto model = litert::CompiledModel::Load(dir_ + "/out/tflite", {.xnnpack = xnnpack});
    EXPECT_TRUE(model.ok()) << model.status();
    auto out = (*model)->Run({{"x", Random(shape, 1)}});
    EXPECT_TRUE(out.ok()) << out.status();
    const auto values = out->at("y").values<float>();
    return {values.begin(), values.end()};
  }

  const std::string dir_ = io::MakeTempDir(::testing::TempDir(), "int4").value();
};

// 33 numbers an output: an odd number, so that rows begin in the middle of a byte.
TEST_F(QuantizeInt4Test, DenseLayers) {
  ops::Graph graph;
  const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, 33}, "x");
  // Outputs of very different size, one scale each.
  Tensor weights = Random({33, 35}, 0.2);
  for (int64_t i = 0; i < weights.num_elements(); i += 35) weights.values<float>()[i] *= 0.001f;
  const ops::Tensor y = ops::MatMul(x, ops::Constant(graph, weights));
  const RewriteReport report = Rewrite(x, y, {1, 33});
  EXPECT_EQ(report.model.weights_by_type.at("INT4"), (33 * 35 + 1) / 2);
  const auto& output = report.comparison->outputs[0];
  EXPECT_THAT(output.sqnr_db, Gt(17)) << report.Render();
  for (int n : {1, 3, 33}) {
    const std::vector<float> with = Answers({n, 33}, true), without = Answers({n, 33}, false);
    ASSERT_THAT(with, SizeIs(n * 35));
    for (size_t i = 0; i < with.size(); ++i) EXPECT_NEAR(with[i], without[i], 0.02) << i;
  }
}

TEST_F(QuantizeInt4Test, Convolutions) {
  ops::Graph graph;
  const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, 9, 8, 7}, "x");
  const ops::Tensor conv = ops::Relu(ops::Conv2D(x, ops::Constant(graph, Random({3, 3, 7, 33}, 0.3)), {1, 1}, "SAME"));
  const ops::Tensor depthwise =
      ops::DepthwiseConv2D(conv, ops::Constant(graph, Random({6, 6, 33, 1}, 0.3)), {1, 1}, "VALID");
  const RewriteReport report = Rewrite(x, depthwise, {1, 9, 8, 7});
  EXPECT_EQ(report.model.weights_by_type.at("INT4"), (3 * 3 * 7 * 33 + 1) / 2);
  EXPECT_EQ(report.model.weights_by_type.at("INT8"), 6 * 6 * 33);  // LiteRT has no kernel for it.
  EXPECT_EQ(report.model.min_runtime_version, "2.17.0");
  EXPECT_THAT(report.comparison->outputs[0].sqnr_db, Gt(15)) << report.Render();
  for (int n : {1, 3, 33}) {
    const std::vector<float> with = Answers({n, 9, 8, 7}, true), without = Answers({n, 9, 8, 7}, false);
    ASSERT_EQ(with.size(), without.size());
    for (size_t i = 0; i < with.size(); ++i) EXPECT_NEAR(with[i], without[i], 0.05) << i;
  }
}

// Weights that something else reads too keep their type, as those of a model that has none keep theirs.
TEST_F(QuantizeInt4Test, SharedWeightsStay) {
  for (const bool shared : {false, true}) {
    ModelBuilder b;
    const int x = b.Tensor("x", schema::TensorType_FLOAT32, {-1, 2}),
              y = b.Tensor("y", schema::TensorType_FLOAT32, {-1, 2});
    const int w = b.Constant<int8_t>("w", schema::TensorType_INT8, {2, 2}, {127, -64, 3, 0});
    b.Quantize(w, 0.5, 0);
    b.Op(schema::BuiltinOperator_FULLY_CONNECTED, schema::FullyConnectedOptionsT(), {x, w, -1}, {y});
    b.InputsOutputs({x}, shared ? std::vector<int>{y, w} : std::vector<int>{y});
    const auto file = litert::ModelFile::FromBytes(QuantizeInt4(b.Finish()), "model");
    ASSERT_TRUE(file.ok()) << file.status();
    const auto& tensor = *(*file)->model().subgraphs()->Get(0)->tensors()->Get(w);
    EXPECT_EQ(tensor.type(), shared ? schema::TensorType_INT8 : schema::TensorType_INT4);
    if (!shared) {
      ASSERT_EQ(tensor.quantization()->scale()->size(), 2);
      EXPECT_NEAR(tensor.quantization()->scale()->Get(0), 0.5 * 127 / 7, 1);
      EXPECT_EQ((*file)->model().buffers()->Get(tensor.buffer())->data()->size(), 2);
    }
  }
}

}  // namespace
}  // namespace tfxm::rewriting
