// SPDX-License-Identifier: Apache-2.0

#include "tfxm/saved_model/saved_model_builder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <set>

#include "tfxm/ops/ops.h"
#include "tfxm/saved_model/saved_model.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/testing/tensors.h"
#include "tfxm/util/files/fingerprint.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

Tensor Strings(const std::vector<std::string>& values) {
  Tensor tensor(DataType::kString, {static_cast<int64_t>(values.size())});
  tensor.strings() = values;
  return tensor;
}

template <typename T>
std::vector<T> Values(const Tensor& tensor) {
  return {tensor.values<T>().begin(), tensor.values<T>().end()};
}

class SavedModelBuilderTest : public ::testing::Test {
 protected:
  std::string Path(absl::string_view name) const { return io::JoinPath(root_, name); }

  // y = x * kernel + bias, x: [batch, 2].
  void AddLinearModel(SavedModelBuilder* builder) {
    x_ = ops::Placeholder(graph_, DataType::kFloat, {-1, 2}, "x");
    const ops::Tensor kernel = ops::VarHandle(graph_, "dense/kernel", DataType::kFloat, {2, 1});
    const ops::Tensor bias = ops::VarHandle(graph_, "dense/bias", DataType::kFloat, {1});
    const ops::Tensor y = ops::BiasAdd(ops::MatMul(x_, ops::ReadVariable(kernel)), ops::ReadVariable(bias));
    builder->AddSignature("serving_default", {{"x", x_}}, {{"output_0", y}});
    builder->AddVariable("dense/kernel", Floats({2, 1}, {10, 100}));
    builder->AddVariable("dense/bias", Floats({1}, {0.5}));
  }

  // Words to the number of their line.
  ops::Tensor Lookup(const ops::Tensor& words, const std::string& file) {
    const ops::Node table = ops::Op(graph_, "HashTableV2", {},
                                    {{"key_dtype", DataType::kString}, {"value_dtype", DataType::kInt64}}, "table");
    ops::Op("InitializeTableFromTextFileV2", {table, ops::Constant(graph_, file)},
            {{"key_index", -2}, {"value_index", -1}, {"vocab_size", -1}, {"delimiter", "\t"}}, "fill");
    return ops::Op("LookupTableFindV2", {table, words, ops::Constant(graph_, int64_t{-1})},
                   {{"Tout", DataType::kInt64}});
  }

  const TempDir temporary_;
  const std::string& root_ = temporary_.path();
  ops::Graph graph_;
  ops::Tensor x_;
};

TEST_F(SavedModelBuilderTest, WritesWhatLoadRuns) {
  SavedModelBuilder builder;
  AddLinearModel(&builder);
  ASSERT_EQ(builder.Write(Path("m")), absl::OkStatus());
  EXPECT_TRUE(SavedModel::IsSavedModel(Path("m")));
  auto model = SavedModel::Load(Path("m"));
  ASSERT_TRUE(model.ok()) << model.status();
  ASSERT_EQ((*model)->signatures().size(), 1);
  const Signature& signature = (*model)->signatures()[0];
  EXPECT_EQ(signature.name, "serving_default");
  EXPECT_EQ(signature.inputs[0].name, "x");
  EXPECT_EQ(signature.inputs[0].dtype, DataType::kFloat);
  EXPECT_EQ(signature.inputs[0].shape, (Shape{-1, 2}));
  EXPECT_EQ(signature.outputs[0].name, "output_0");
  EXPECT_EQ(signature.outputs[0].shape, (Shape{-1, 1}));
  for (int run = 0; run < 2; ++run) {
    auto single = (*model)->Run(signature, {{"x", Floats({1, 2}, {float(run), 0})}});
    ASSERT_TRUE(single.ok()) << single.status();
    EXPECT_EQ(Values<float>(single->at("output_0")), (std::vector<float>{10.0f * run + 0.5f}));
    auto outputs = (*model)->Run(signature, {{"x", Floats({3, 2}, {1, 2, 3, 4, 5, 6})}});
    ASSERT_TRUE(outputs.ok()) << outputs.status();
    EXPECT_EQ(Values<float>(outputs->at("output_0")), (std::vector<float>{210.5, 430.5, 650.5}));
    EXPECT_EQ(outputs->at("output_0").shape(), (Shape{3, 1}));
  }
}

// TensorFlow's RestoreV2 takes the path of the variables for a pattern.
TEST_F(SavedModelBuilderTest, FoldersMayHaveNamesThatArePatterns) {
  const std::string vocabulary = Path("words.txt");
  ASSERT_EQ(io::WriteFile(vocabulary, "red\ngreen\nblue\n"), absl::OkStatus());
  const ops::Tensor words = ops::Placeholder(graph_, DataType::kString, {-1}, "words");
  SavedModelBuilder builder;
  AddLinearModel(&builder);
  builder.AddSignature("lookup", {{"words", words}}, {{"ids", Lookup(words, vocabulary)}});
  for (const char* name : {"[x]/m", "a[b]*c?d/m", "back\\slash/m"}) {
    SCOPED_TRACE(name);
    ASSERT_EQ(builder.Write(Path(name)), absl::OkStatus());
    auto model = SavedModel::Load(Path(name));
    ASSERT_TRUE(model.ok()) << model.status();
    auto outputs = (*model)->Run(**(*model)->FindSignature("serving_default"), {{"x", Floats({1, 2}, {1, 2})}});
    ASSERT_TRUE(outputs.ok()) << outputs.status();
    EXPECT_EQ(Values<float>(outputs->at("output_0")), (std::vector<float>{210.5}));
    auto ids = (*model)->Run(**(*model)->FindSignature("lookup"), {{"words", Strings({"blue"})}});
    ASSERT_TRUE(ids.ok()) << ids.status();
    EXPECT_EQ(Values<int64_t>(ids->at("ids")), (std::vector<int64_t>{2}));
  }
}

TEST_F(SavedModelBuilderTest, TablesBringTheirFilesAlong) {
  const std::string vocabulary = Path("words.txt");
  ASSERT_EQ(io::WriteFile(vocabulary, "red\ngreen\nblue\n"), absl::OkStatus());
  const ops::Tensor words = ops::Placeholder(graph_, DataType::kString, {-1}, "words");
  SavedModelBuilder builder;
  AddLinearModel(&builder);
  builder.AddSignature("lookup", {{"words", words}}, {{"ids", Lookup(words, vocabulary)}});
  ASSERT_EQ(builder.Write(Path("m")), absl::OkStatus());
  ASSERT_EQ(io::RemoveAll(vocabulary), absl::OkStatus());
  ASSERT_EQ(io::Rename(Path("m"), Path("moved")), absl::OkStatus());
  EXPECT_EQ(io::ReadFile(io::JoinPath(Path("moved"), "assets", "words.txt")).value(), "red\ngreen\nblue\n");
  auto model = SavedModel::Load(Path("moved"));
  ASSERT_TRUE(model.ok()) << model.status();
  auto signature = (*model)->FindSignature("lookup");
  ASSERT_TRUE(signature.ok()) << signature.status();
  auto outputs = (*model)->Run(**signature, {{"words", Strings({"blue", "red", "pink"})}});
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  EXPECT_EQ(Values<int64_t>(outputs->at("ids")), (std::vector<int64_t>{2, 0, -1}));
}

TEST_F(SavedModelBuilderTest, SameModelSameBytes) {
  for (const char* name : {"a", "b"}) {
    ops::Graph graph;
    const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, 4}, "x");
    ops::Tensor y = x;
    SavedModelBuilder builder;
    for (int i = 0; i < 5; ++i) {
      const std::string variable = "layer" + std::to_string(i) + "/kernel";
      y = ops::Relu(ops::MatMul(y, ops::ReadVariable(ops::VarHandle(graph, variable, DataType::kFloat, {4, 4}))));
      builder.AddVariable(variable, Floats({4, 4}, std::vector<float>(16, i)), i % 2 == 0);
    }
    builder.AddSignature("serving_default", {{"x", x}}, {{"y", y}, {"z", y * 2.0}});
    builder.AddFunction("transform_fn", {{"x", x}}, {{"y", y}});
    ASSERT_EQ(builder.Write(Path(name)), absl::OkStatus());
  }
  EXPECT_TRUE(io::Exists(io::JoinPath(Path("a"), "fingerprint.pb")));
  EXPECT_EQ(FingerprintPath(Path("a")).value(), FingerprintPath(Path("b")).value());
}

TEST_F(SavedModelBuilderTest, SameTableSameBytes) {
  const std::string vocabulary = Path("words.txt");
  ASSERT_EQ(io::WriteFile(vocabulary, "red\ngreen\n"), absl::OkStatus());
  const ops::Tensor words = ops::Placeholder(graph_, DataType::kString, {-1}, "words");
  SavedModelBuilder builder;
  builder.AddSignature("lookup", {{"words", words}}, {{"ids", Lookup(words, vocabulary)}});
  std::set<std::string> fingerprints;
  for (int i = 0; i < 8; ++i) {
    ASSERT_EQ(builder.Write(Path(std::to_string(i))), absl::OkStatus());
    fingerprints.insert(io::ReadFile(io::JoinPath(Path(std::to_string(i)), "fingerprint.pb")).value());
  }
  EXPECT_EQ(fingerprints.size(), 1U);
}

TEST_F(SavedModelBuilderTest, AnInputCanBeAnOutput) {
  const ops::Tensor x = ops::Placeholder(graph_, DataType::kFloat, {-1}, "x");
  const ops::Tensor unused = ops::Placeholder(graph_, DataType::kInt64, {-1}, "unused");
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"x", x}, {"unused", unused}},
                       {{"same", x}, {"again", x}, {"more", x + 1.0}});
  ASSERT_EQ(builder.Write(Path("m")), absl::OkStatus());
  auto model = SavedModel::Load(Path("m"));
  ASSERT_TRUE(model.ok()) << model.status();
  auto outputs =
      (*model)->Run((*model)->signatures()[0], {{"x", Floats({2}, {1, 2})}, {"unused", Tensor(DataType::kInt64, {2})}});
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  EXPECT_EQ(Values<float>(outputs->at("same")), (std::vector<float>{1, 2}));
  EXPECT_EQ(Values<float>(outputs->at("again")), (std::vector<float>{1, 2}));
  EXPECT_EQ(Values<float>(outputs->at("more")), (std::vector<float>{2, 3}));
}

TEST_F(SavedModelBuilderTest, SubnormalNumbersAreZeroAsInPython) {
  SavedModelBuilder builder;
  const ops::Tensor x = ops::Placeholder(graph_, DataType::kFloat, {-1}, "x");
  builder.AddSignature("serving_default", {{"x", x}}, {{"y", x * 2.0}});
  ASSERT_EQ(builder.Write(Path("m")), absl::OkStatus());
  auto model = SavedModel::Load(Path("m"));
  ASSERT_TRUE(model.ok()) << model.status();
  auto outputs = (*model)->Run((*model)->signatures()[0], {{"x", Floats({2}, {1e-39f, 1})}});
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  EXPECT_EQ(Values<float>(outputs->at("y")), (std::vector<float>{0, 2}));
}

TEST_F(SavedModelBuilderTest, SaysWhatIsWrong) {
  const ops::Tensor x = ops::Placeholder(graph_, DataType::kFloat, {-1, 2}, "x");
  const ops::Tensor other = ops::Placeholder(graph_, DataType::kFloat, {-1, 2}, "other");
  const ops::Tensor y = ops::MatMul(x, ops::ReadVariable(ops::VarHandle(graph_, "kernel", DataType::kFloat, {2, 1})));
  const auto error = [&](const std::function<void(SavedModelBuilder*)>& fill) {
    SavedModelBuilder builder;
    fill(&builder);
    const absl::Status status = builder.Write(Path("m"));
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_FALSE(SavedModel::IsSavedModel(Path("m")));
    return std::string(status.message());
  };
  EXPECT_NE(error([&](auto* b) {
              b->AddSignature("s", {{"x", x}}, {{"y", y}});
            }).find("variable \"kernel\", which has no value"),
            std::string::npos);
  EXPECT_NE(error([&](auto* b) {
              b->AddSignature("s", {{"x", x}}, {{"y", y}});
              b->AddVariable("kernel", Floats({3, 1}, {1, 2, 3}));
            }).find("as float32 [2,1], but its value is float32 [3, 1]"),
            std::string::npos);
  EXPECT_NE(error([&](auto* b) { b->AddSignature("s", {{"x", x}}, {{"y", x + other}}); }).find("placeholder \"other\""),
            std::string::npos);
  EXPECT_NE(error([&](auto* b) { b->AddSignature("s", {{"x", x}}, {}); }).find("no outputs"), std::string::npos);
  EXPECT_NE(error([&](auto* b) { b->AddSignature("s", {{"x", x}}, {{"y", ops::Tensor()}}); }).find("unassigned"),
            std::string::npos);
  EXPECT_NE(error([&](auto* b) {
              b->AddSignature("s", {{"x", x}}, {{"y", x}});
              b->AddSignature("s", {{"x", x}}, {{"y", x}});
            }).find("the name is taken"),
            std::string::npos);
}

class SavedModelLoadTest : public SavedModelBuilderTest {
 protected:
  void SetUp() override {
    SavedModelBuilderTest::SetUp();
    SavedModelBuilder builder;
    AddLinearModel(&builder);
    ASSERT_EQ(builder.Write(Path("m")), absl::OkStatus());
  }
  std::string LoadError(absl::string_view name, const SavedModelOptions& options = {}) {
    auto model = SavedModel::Load(Path(name), options);
    EXPECT_FALSE(model.ok());
    return std::string(model.status().message());
  }
};

TEST_F(SavedModelLoadTest, ErrorsNameTheDirectoryAndWhatIsMissing) {
  EXPECT_EQ(LoadError("none"), Path("none") + " does not exist");
  ASSERT_EQ(io::MakeDirs(Path("empty")), absl::OkStatus());
  EXPECT_EQ(LoadError("empty"), Path("empty") + " is not a SavedModel: it has no saved_model.pb");
  EXPECT_NE(LoadError("m", {.tags = {"train"}}).find("no graph with the tags {train}; it has {serve}"),
            std::string::npos);

  ASSERT_EQ(io::CopyTree(Path("m"), Path("truncated")), absl::OkStatus());
  const std::string pb = io::JoinPath(Path("truncated"), "saved_model.pb");
  std::filesystem::resize_file(pb, std::filesystem::file_size(pb) / 2);
  EXPECT_NE(LoadError("truncated").find(pb + " is not a SavedModel"), std::string::npos);

  ASSERT_EQ(io::CopyTree(Path("m"), Path("no_variables")), absl::OkStatus());
  ASSERT_EQ(io::RemoveAll(io::JoinPath(Path("no_variables"), "variables")), absl::OkStatus());
  EXPECT_NE(LoadError("no_variables").find("variables.index is missing"), std::string::npos);

  ASSERT_EQ(io::CopyTree(Path("m"), Path("no_data")), absl::OkStatus());
  ASSERT_EQ(io::RemoveAll(io::JoinPath(Path("no_data"), "variables", "variables.data-00000-of-00001")),
            absl::OkStatus());
  EXPECT_NE(LoadError("no_data").find("variables.data-00000-of-00001"), std::string::npos);
}

TEST_F(SavedModelLoadTest, RunSaysWhichInputIsWrong) {
  auto model = SavedModel::Load(Path("m"));
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_NE((*model)->FindSignature("predict").status().message().find(
                "has no signature \"predict\"; it has \"serving_default\""),
            std::string::npos);
  const Signature& signature = (*model)->signatures()[0];
  const auto error = [&](const std::map<std::string, Tensor>& inputs) {
    auto outputs = (*model)->Run(signature, inputs);
    EXPECT_EQ(outputs.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(outputs.status().message());
  };
  EXPECT_NE(error({}).find("input \"x\" (float32 [None, 2]) is missing"), std::string::npos);
  EXPECT_NE(error({{"x", Tensor(DataType::kInt64, {1, 2})}}).find("input \"x\" is float32, got int64"),
            std::string::npos);
  EXPECT_NE(error({{"x", Floats({1, 2}, {1, 2})}, {"z", Floats({1}, {1})}}).find("there is no input \"z\"; it takes x"),
            std::string::npos);
  EXPECT_NE(error({{"x", Floats({1, 3}, {1, 2, 3})}}).find("serving_default"), std::string::npos);
  const Signature stranger{.name = "stranger"};
  EXPECT_FALSE((*model)->Run(stranger, {}).ok());
}

// oneDNN takes a transposed convolution in three dimensions behind a padded one, and has no kernel on most processors.
TEST_F(SavedModelBuilderTest, WhatOneDnnLacksIsSaidAndTheAdviceWorks) {
  const auto kernel = [&](int64_t in) {
    return ops::Constant(graph_, Floats({3, 3, 3, in, 4}, std::vector<float>(27 * in * 4, 0.1f)));
  };
  const auto integers = [&](const std::vector<int32_t>& values) { return ops::Constant(graph_, values); };
  const std::vector<int64_t> strides{1, 2, 2, 2, 1};
  x_ = ops::Placeholder(graph_, DataType::kFloat, {-1, 6, 8, 8, 2}, "x");
  const ops::Tensor sides = ops::Reshape(integers({0, 0, 1, 1, 1, 1, 1, 1, 0, 0}), integers({5, 2}));
  const ops::Tensor convolved =
      ops::Op("Conv3D", {ops::Op("Pad", {x_, sides}), kernel(2)}, {{"strides", strides}, {"padding", "SAME"}});
  const ops::Tensor y = ops::Op("Conv3DBackpropInputV2", {integers({2, 8, 10, 10, 4}), kernel(4), convolved},
                                {{"strides", strides}, {"padding", "SAME"}});
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"x", x_}}, {{"y", y}});
  ASSERT_EQ(builder.Write(Path("model")), absl::OkStatus());
  const auto run = [&] {
    const auto model = SavedModel::Load(Path("model"));
    return (*model)->Run((*model)->signatures()[0], {{"x", Tensor(DataType::kFloat, {2, 6, 8, 8, 2})}}).status();
  };
  // TensorFlow reads the variable once: a process of its own, which comes here again.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  setenv("TF_ENABLE_ONEDNN_OPTS", "0", /*overwrite=*/1);
  EXPECT_EXIT(
      {
        const absl::Status status = run();
        io::RemoveAll(root_).IgnoreError();
        _exit(status.ok() ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
  unsetenv("TF_ENABLE_ONEDNN_OPTS");
  if (const absl::Status status = run(); !status.ok()) {
    EXPECT_NE(status.message().find("with the environment variable TF_ENABLE_ONEDNN_OPTS=0"), std::string::npos)
        << status;
  }
}

}  // namespace
}  // namespace tfxm
