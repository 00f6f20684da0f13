// SPDX-License-Identifier: Apache-2.0

#include "tfxm/saved_model/import_signature.h"

#include <gtest/gtest.h>

#include "tfxm/ops/ops.h"
#include "tfxm/saved_model/saved_model.h"
#include "tfxm/saved_model/saved_model_builder.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/testing/tensors.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

// A model of two independent parts: scaled = x * scale (a variable); ids = the line of `word` in a file.
class ImportSignatureTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(io::WriteFile(Path("words.txt"), "red\ngreen\nblue\n"), absl::OkStatus());
    ops::Graph graph;
    const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, 2}, "x");
    const ops::Tensor scaled = x * ops::ReadVariable(ops::VarHandle(graph, "scale", DataType::kFloat, {}));
    const ops::Tensor word = ops::Placeholder(graph, DataType::kString, {-1}, "word");
    const ops::Node table = ops::Op(graph, "HashTableV2", {},
                                    {{"key_dtype", DataType::kString}, {"value_dtype", DataType::kInt64}}, "table");
    ops::Op("InitializeTableFromTextFileV2", {table, ops::Constant(graph, Path("words.txt"))},
            {{"key_index", -2}, {"value_index", -1}, {"vocab_size", -1}, {"delimiter", "\t"}}, "fill");
    const ops::Tensor ids =
        ops::Op("LookupTableFindV2", {table, word, ops::Constant(graph, int64_t{-1})}, {{"Tout", DataType::kInt64}});
    SavedModelBuilder builder;
    builder.AddSignature("serving_default", {{"x", x}, {"word", word}},
                         {{"scaled", scaled}, {"ids", ids}, {"x_again", x}});
    builder.AddVariable("scale", Floats({}, {3}));
    ASSERT_EQ(builder.Write(Path("inner")), absl::OkStatus());
  }
  std::string Path(absl::string_view name) const { return io::JoinPath(root_, name); }
  const TempDir temporary_;
  const std::string& root_ = temporary_.path();
};

TEST_F(ImportSignatureTest, BecomesPartOfAnotherModel) {
  ops::Graph graph;
  // The outer model has a variable of the same name, which must stay apart.
  const ops::Tensor raw = ops::Placeholder(graph, DataType::kFloat, {-1, 2}, "raw");
  const ops::Tensor word = ops::Placeholder(graph, DataType::kString, {-1}, "word");
  const ops::Tensor scale = ops::ReadVariable(ops::VarHandle(graph, "scale", DataType::kFloat, {}));
  auto imported =
      ImportSignature(graph, Path("inner"), "serving_default", {{"x", raw + 1.0}, {"word", word}}, "transform");
  ASSERT_TRUE(imported.ok()) << imported.status();
  EXPECT_EQ(imported->outputs.at("scaled").shape(), (Shape{-1, 2}));
  ASSERT_EQ(imported->variables.size(), 1);
  EXPECT_EQ(imported->variables.begin()->first, "transform/scale");

  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"raw", raw}, {"word", word}},
                       {{"y", imported->outputs.at("scaled") * scale}, {"ids", imported->outputs.at("ids")}});
  builder.AddVariable("scale", Floats({}, {10}));
  for (const auto& [name, value] : imported->variables) builder.AddVariable(name, value, /*trainable=*/false);
  ASSERT_EQ(builder.Write(Path("outer")), absl::OkStatus());
  ASSERT_EQ(io::RemoveAll(Path("inner")), absl::OkStatus());

  auto model = SavedModel::Load(Path("outer"));
  ASSERT_TRUE(model.ok()) << model.status();
  Tensor words(DataType::kString, {1});
  words.strings() = {"blue"};
  auto outputs = (*model)->Run((*model)->signatures()[0], {{"raw", Floats({1, 2}, {1, 2})}, {"word", words}});
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  EXPECT_EQ(outputs->at("y").values<float>()[0], 60);
  EXPECT_EQ(outputs->at("y").values<float>()[1], 90);
  EXPECT_EQ(outputs->at("ids").values<int64_t>()[0], 2);
}

TEST_F(ImportSignatureTest, OutputsThatNeedAMissingInputAreLeftOut) {
  ops::Graph graph;
  const ops::Tensor raw = ops::Placeholder(graph, DataType::kFloat, {-1, 2}, "raw");
  auto imported = ImportSignature(graph, Path("inner"), "serving_default", {{"x", raw}}, "transform");
  ASSERT_TRUE(imported.ok()) << imported.status();
  EXPECT_EQ(imported->outputs.size(), 2);
  EXPECT_EQ(imported->outputs.count("scaled"), 1);
  EXPECT_EQ(imported->outputs.count("x_again"), 1);
  auto nothing = ImportSignature(graph, Path("inner"), "serving_default", {}, "transform");
  EXPECT_EQ(nothing.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ImportSignatureTest, SaysWhatIsWrong) {
  ops::Graph graph;
  const ops::Tensor raw = ops::Placeholder(graph, DataType::kFloat, {-1, 2}, "raw");
  const auto error = [&](absl::string_view signature, const std::map<std::string, ops::Tensor>& inputs) {
    return std::string(ImportSignature(graph, Path("inner"), signature, inputs, "t").status().message());
  };
  EXPECT_EQ(error("predict", {}), "there is no signature \"predict\" of " + Path("inner"));
  EXPECT_NE(error("serving_default", {{"z", raw}}).find("has no input \"z\"; it has word, x"), std::string::npos);
  EXPECT_NE(error("serving_default", {{"word", raw}}).find("input \"word\" is string, got float32"), std::string::npos);
  ASSERT_EQ(io::RemoveAll(io::JoinPath(Path("inner"), "assets")), absl::OkStatus());
  EXPECT_NE(error("serving_default", {{"x", raw}}).find("words.txt, which does not exist"), std::string::npos);
}

// As tf.saved_model.save writes a subclassed model of Keras 3: "twice/kernel" and "twice/bias" are names of two variables
// each, and what is restored are copies of them (rewriting/testdata/make_models.py).
TEST(RestoredVariablesTest, KerasThreesCopiesAreTakenForWhatTheyAreCopiesOf) {
  constexpr char kModel[] = "tfxm/rewriting/testdata/keras3_subclass";
  const std::vector<float> x = {1, -1, 0.5f, 2, 0, -0.5f};
  // What tf.saved_model.load answers.
  const std::vector<float> expected = {0.5677582f, 0.6530876f, 0.3243837f};
  auto model = SavedModel::Load(kModel);
  ASSERT_TRUE(model.ok()) << model.status();
  const auto check = [&](const SavedModel& loaded) {
    const auto outputs = loaded.Run(loaded.signatures()[0], {{"x", Floats({1, 6}, x)}});
    ASSERT_TRUE(outputs.ok()) << outputs.status();
    for (int i = 0; i < 3; ++i) EXPECT_NEAR(outputs->at("y").values<float>()[i], expected[i], 1e-5) << i;
  };
  check(**model);

  ops::Graph graph;
  const ops::Tensor input = ops::Placeholder(graph, DataType::kFloat, {-1, 6}, "x");
  auto imported = ImportSignature(graph, kModel, "serving_default", {{"x", input}}, "inner");
  ASSERT_TRUE(imported.ok()) << imported.status();
  EXPECT_EQ(imported->variables.size(), 4);
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"x", input}}, {{"y", imported->outputs.at("y")}});
  for (const auto& [name, value] : imported->variables) builder.AddVariable(name, value);
  const TempDir temporary;
  ASSERT_EQ(builder.Write(temporary.path()), absl::OkStatus());
  auto outer = SavedModel::Load(temporary.path());
  ASSERT_TRUE(outer.ok()) << outer.status();
  check(**outer);
}

}  // namespace
}  // namespace tfxm
