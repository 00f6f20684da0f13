// SPDX-License-Identifier: Apache-2.0

// SavedModels as other programs write them, and as people hand them over.
#include <string>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/rewriting/test_saved_models.h"
#include "tfxm/rewriting/tflite_rewriter.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

using rewriting::testing::Samples;
using rewriting::testing::WriteClassifier;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SavedModelFoldersTest : public ::testing::Test {
 protected:
  std::string Path(absl::string_view name) const { return io::JoinPath(root_, name); }
  RewriteReport Rewrite(const std::string& src, RewriterOptions options, absl::Status* status = nullptr) {
    options.name = "test";
    TfliteRewriter rewriter(options);
    const absl::Status done = RewriteSavedModel(src, Path("out"), rewriter, ModelType::kTfliteModel);
    if (status != nullptr) {
      *status = done;
    } else {
      EXPECT_EQ(done, absl::OkStatus());
    }
    return rewriter.report();
  }

  const TempDir temporary_;
  const std::string& root_ = temporary_.path();
};

// tf.saved_model.save writes each variable twice and restores the copies.
TEST_F(SavedModelFoldersTest, AKeras3ModelWithTwoVariablesOfOneName) {
  for (QuantizationMode mode : {QuantizationMode::kNone, QuantizationMode::kFloat16, QuantizationMode::kDynamicRange,
                                QuantizationMode::kInt8, QuantizationMode::kInt16x8}) {
    RewriterOptions options{.quantization = mode};
    options.representative_dataset.samples = Samples("x", {1, 6}, 50);
    const RewriteReport report = Rewrite("tfxm/rewriting/testdata/keras3_subclass", options);
    ASSERT_TRUE(report.comparison.has_value()) << report.Render();
    EXPECT_GT(report.comparison->outputs[0].sqnr_db, 20);
    EXPECT_EQ(report.model.ops.count("READ_VARIABLE"), 0);  // The weights are constants.
  }
}

TEST_F(SavedModelFoldersTest, AnEmptyFolderOfAssetsStaysBehind) {
  const std::string src = Path("classifier");
  ASSERT_EQ(WriteClassifier(src), absl::OkStatus());
  ASSERT_EQ(io::MakeDirs(io::JoinPath(src, "assets")), absl::OkStatus());
  Rewrite(src, {});
  EXPECT_THAT(*io::ListDir(Path("out")), ElementsAre("tflite"));
}

// TensorFlow's RestoreV2 takes the path of the variables for a pattern.
TEST_F(SavedModelFoldersTest, FoldersMayHaveNamesThatArePatterns) {
  const std::string src = Path("a[b]*c?d/model");
  ASSERT_EQ(WriteClassifier(src), absl::OkStatus());
  for (const int batch : {0, 1}) {
    RewriterOptions options{.quantization = QuantizationMode::kInt8, .batch_size = batch};
    options.representative_dataset.samples = Samples("x", {1, 16}, 20);
    EXPECT_TRUE(Rewrite(src, options).comparison.has_value());
  }
}

TEST_F(SavedModelFoldersTest, OfAFolderOfVersionsTheNewestIsNamed) {
  ASSERT_EQ(WriteClassifier(Path("served/9")), absl::OkStatus());
  ASSERT_EQ(WriteClassifier(Path("served/10")), absl::OkStatus());
  ASSERT_EQ(io::MakeDirs(Path("served/11")), absl::OkStatus());  // Not there yet.
  absl::Status status;
  Rewrite(Path("served"), {}, &status);
  EXPECT_THAT(std::string(status.message()), HasSubstr("the newest of them " + Path("served/10")));
}

TEST_F(SavedModelFoldersTest, SignaturesAndTypesAreNamedAsTheUserDoes) {
  ops::Graph graph;
  const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, 3}, "x");
  SavedModelBuilder builder;
  builder.AddSignature("one", {{"x", x}}, {{"spectrum", ops::Op("Complex", {x, x})}});
  builder.AddSignature("two", {{"x", x}}, {{"y", x}});
  ASSERT_EQ(builder.Write(Path("complex")), absl::OkStatus());
  absl::Status status;
  Rewrite(Path("complex"), {}, &status);
  EXPECT_THAT(std::string(status.message()), HasSubstr("(--signature): \"one\", \"two\""));
  Rewrite(Path("complex"), {.signature_key = "one"}, &status);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("output \"spectrum\" is complex64, which TFLite does not pass in or out"));
}

// As TFX's Trainers write them, for servers and for the rewriter.
TEST_F(SavedModelFoldersTest, InsteadOfSerializedExamplesTheOtherSignatureIsNamed) {
  ops::Graph graph;
  const ops::Tensor examples = ops::Placeholder(graph, DataType::kString, {-1}, "examples");
  const ops::ParsedExample parsed = ops::ParseExample(examples, {{"x", {{3}, DataType::kFloat, std::nullopt}}});
  const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, 3}, "x");
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"examples", examples}}, {{"y", ops::Relu(parsed.dense.at("x"))}});
  builder.AddSignature("features", {{"x", x}}, {{"y", ops::Relu(x)}});
  ASSERT_EQ(builder.Write(Path("both")), absl::OkStatus());
  absl::Status status;
  Rewrite(Path("both"), {}, &status);
  EXPECT_THAT(std::string(status.message()), HasSubstr("--signature=features (\"x\" float32 [None, 3])"));
  Rewrite(Path("both"), {.signature_key = "features"});
}

// StringLookup and Embedding of Keras, and a Flatten: at batch 1, too.
TEST_F(SavedModelFoldersTest, WordsThatAreLookedUpAndEmbedded) {
  ops::Graph graph;
  const ops::Tensor word = ops::Placeholder(graph, DataType::kString, {-1, 1}, "word");
  const ops::Node table =
      ops::Op(graph, "HashTableV2", {}, {{"key_dtype", DataType::kString}, {"value_dtype", DataType::kInt64}}, "table");
  Tensor words(DataType::kString, {2});
  words.strings() = {"red", "blue"};
  ops::Op("LookupTableImportV2", {table, ops::Constant(graph, words), ops::Constant(graph, std::vector<int64_t>{1, 2})},
          {}, "fill");
  const ops::Tensor ids =
      ops::Op("LookupTableFindV2", {table, word, ops::Constant(graph, int64_t{0})}, {{"Tout", DataType::kInt64}});
  const ops::Tensor wrapped = ops::Op("SelectV2", {ops::Op("Less", {ids, ops::Constant(graph, int64_t{0})}),
                                                   ops::Op("AddV2", {ids, ops::Constant(graph, int64_t{3})}), ids});
  const ops::Tensor embedded = ops::Op(
      "GatherV2", {ops::Constant(graph, rewriting::testing::Weights({3, 4})), wrapped, ops::Constant(graph, 0)});
  const ops::Tensor batch =
      ops::Op("StridedSlice",
              {ops::Op("Shape", {embedded}), ops::Constant(graph, std::vector<int32_t>{0}),
               ops::Constant(graph, std::vector<int32_t>{1}), ops::Constant(graph, std::vector<int32_t>{1})},
              {{"shrink_axis_mask", 1}});
  const ops::Tensor shape = ops::Stack({batch, ops::Constant(graph, 4)}, 0);
  const ops::Tensor y =
      ops::MatMul(ops::Reshape(embedded, shape), ops::Constant(graph, rewriting::testing::Weights({4, 2}, 1, 2)));
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"word", word}}, {{"y", y}});
  ASSERT_EQ(builder.Write(Path("lookup")), absl::OkStatus());
  for (QuantizationMode mode : {QuantizationMode::kNone, QuantizationMode::kInt8}) {
    RewriterOptions options{.quantization = mode};
    for (const char* example : {"red", "blue", "green"}) {
      Tensor one(DataType::kString, {1, 1});
      one.strings() = {example};
      options.representative_dataset.samples.push_back({{"word", one}});
    }
    const RewriteReport report = Rewrite(Path("lookup"), options);
    EXPECT_TRUE(report.comparison.has_value()) << report.not_compared;
  }
}

// As a Trainer writes them that keeps the Transform's graph beside the model: one signature for raw features, with
// tables, and one for transformed ones.
TEST_F(SavedModelFoldersTest, TablesOfAnotherSignatureStayBehind) {
  ops::Graph graph;
  const ops::Tensor word = ops::Placeholder(graph, DataType::kString, {-1}, "word");
  const ops::Tensor id = ops::Placeholder(graph, DataType::kInt64, {-1}, "id");
  ASSERT_EQ(io::WriteFile(Path("words.txt"), "red\nblue\n"), absl::OkStatus());
  const ops::Node table =
      ops::Op(graph, "HashTableV2", {}, {{"key_dtype", DataType::kString}, {"value_dtype", DataType::kInt64}}, "table");
  ops::Op("InitializeTableFromTextFileV2", {table, ops::Constant(graph, Path("words.txt"))},
          {{"key_index", -2}, {"value_index", -1}, {"vocab_size", -1}, {"delimiter", "\t"}}, "fill");
  const auto answer = [&](const ops::Tensor& ids) {
    return ops::Op("GatherV2",
                   {ops::Constant(graph, rewriting::testing::Weights({3, 4})), ids, ops::Constant(graph, 0)});
  };
  const ops::Tensor looked_up =
      ops::Op("LookupTableFindV2", {table, word, ops::Constant(graph, int64_t{2})}, {{"Tout", DataType::kInt64}});
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"word", word}}, {{"y", answer(looked_up)}});
  builder.AddSignature("transformed", {{"id", id}}, {{"y", answer(id)}});
  ASSERT_EQ(builder.Write(Path("both")), absl::OkStatus());
  EXPECT_EQ(Rewrite(Path("both"), {}).model.ops.count("HASHTABLE_FIND"), 1);
  const RewriteReport report = Rewrite(Path("both"), {.signature_key = "transformed"});
  for (const auto& [op, count] : report.model.ops) EXPECT_FALSE(absl::StartsWith(op, "HASHTABLE")) << op;
  EXPECT_EQ(report.model.ops.count("GATHER"), 1);
}

// The file's name is in a variable, and the ids begin at 1: the converter would lose both.
TEST_F(SavedModelFoldersTest, AFileOfWordsFillsTheTable) {
  RewriterOptions options;
  for (const char* example : {"red", "blue", "green"}) {
    Tensor word(DataType::kString, {1});
    word.strings() = {example};
    options.representative_dataset.samples.push_back({{"word", word}});
  }
  const RewriteReport report = Rewrite("tfxm/rewriting/testdata/vocabulary", options);
  ASSERT_TRUE(report.comparison.has_value()) << report.not_compared;
  EXPECT_EQ(report.comparison->outputs[0].max_abs_error, 0);
  EXPECT_EQ(report.comparison->outputs[0].max, 2);
}

}  // namespace
}  // namespace tfxm
