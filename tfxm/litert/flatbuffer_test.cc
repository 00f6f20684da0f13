// SPDX-License-Identifier: Apache-2.0

#include "tfxm/litert/flatbuffer.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tflite_generated.h"
#include "tfxm/litert/compiled_model.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/litert/test_models.h"
#include "tfxm/util/io.h"

namespace tfxm::litert {
namespace {

using testing::AddModel;
using testing::DenseModel;
using ::testing::HasSubstr;
using testing::ModelBuilder;

std::string Error(std::string bytes) {
  auto file = ModelFile::FromBytes(std::move(bytes), "model.tflite");
  return file.ok() ? "OK" : std::string(file.status().message());
}

constexpr char kMnist[] = "tfxm/litert/testdata/mnist_dynamic_range.tflite";

TEST(ModelFileTest, ListsSignaturesOfARealModel) {
  auto file = ModelFile::Read(kMnist);
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_EQ((*file)->signatures().size(), 1);
  const SignatureInfo& signature = (*file)->signatures()[0];
  EXPECT_EQ(signature.name, "serving_default");
  ASSERT_EQ(signature.inputs.size(), 1);
  EXPECT_EQ(signature.inputs[0].spec.name, "image_floats");
  EXPECT_EQ(signature.inputs[0].spec.dtype, DataType::kFloat);
  EXPECT_EQ(signature.inputs[0].spec.shape, (Shape{-1, 784}));
  EXPECT_EQ(signature.outputs[0].spec.shape, (Shape{-1, 10}));
}

TEST(ModelFileTest, SignatureNamesAreThoseOfTheCaller) {
  auto file = ModelFile::FromBytes(AddModel(), "add");
  ASSERT_TRUE(file.ok()) << file.status();
  auto signature = (*file)->FindSignature("");
  ASSERT_TRUE(signature.ok());
  EXPECT_EQ((*signature)->inputs[0].spec.name, "left");
  EXPECT_EQ((*signature)->inputs[1].spec.name, "right");
  EXPECT_EQ((*signature)->outputs[0].spec.name, "sum");
}

TEST(ModelFileTest, WithoutSignaturesTheTensorsNamesServe) {
  auto file = ModelFile::FromBytes(DenseModel({1, 0, 0, 0, 1, 0}, {0, 0}), "dense");
  ASSERT_TRUE(file.ok()) << file.status();
  auto signature = (*file)->FindSignature("");
  ASSERT_TRUE(signature.ok());
  EXPECT_EQ((*signature)->name, "");
  EXPECT_EQ((*signature)->inputs[0].spec.name, "x");
}

TEST(ModelFileTest, AnUnknownSignatureIsAnsweredWithThoseThereAre) {
  auto file = ModelFile::FromBytes(AddModel(), "add.tflite");
  auto signature = (*file)->FindSignature("predict");
  EXPECT_EQ(signature.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(signature.status().message()),
              AllOf(HasSubstr("add.tflite"), HasSubstr("predict"), HasSubstr("serving_default")));
}

TEST(ModelFileTest, RefusesWhatIsNoTfliteFile) {
  EXPECT_THAT(Error(""), AllOf(HasSubstr("model.tflite"), HasSubstr("not a TFLite file")));
  EXPECT_THAT(Error("just some text, long enough"), HasSubstr("not a TFLite file"));
  EXPECT_EQ(ModelFile::Read("/no/such/file").status().code(), absl::StatusCode::kNotFound);
}

TEST(ModelFileTest, RefusesATruncatedFileAtEveryLength) {
  const std::string bytes = AddModel();
  // Trailing padding is nobody's.
  for (size_t n = 0; n + 8 < bytes.size(); ++n)
    EXPECT_NE(Error(bytes.substr(0, n)), "OK") << n << " of " << bytes.size();
}

TEST(ModelFileTest, RefusesIndicesOutOfRange) {
  auto changed = [](auto change) {
    ModelBuilder b;
    const int x = b.Tensor("x", schema::TensorType_FLOAT32, {2});
    const int c = b.Constant<float>("c", schema::TensorType_FLOAT32, {2}, {1, 2});
    const int y = b.Tensor("y", schema::TensorType_FLOAT32, {2});
    b.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {x, c}, {y});
    b.InputsOutputs({x}, {y});
    b.Signature("s", {{"in", x}}, {{"out", y}});
    change(b.model());
    return Error(b.Finish());
  };
  EXPECT_EQ(changed([](schema::ModelT&) {}), "OK");
  EXPECT_THAT(changed([](schema::ModelT& m) { m.subgraphs[0]->operators[0]->inputs[0] = 7; }), HasSubstr("tensor 7"));
  EXPECT_THAT(changed([](schema::ModelT& m) { m.subgraphs[0]->operators[0]->opcode_index = 9; }), HasSubstr("kind 9"));
  EXPECT_THAT(changed([](schema::ModelT& m) { m.subgraphs[0]->outputs[0] = -1; }), HasSubstr("list of outputs"));
  EXPECT_THAT(changed([](schema::ModelT& m) { m.subgraphs[0]->tensors[1]->buffer = 99; }), HasSubstr("buffer 99"));
  EXPECT_THAT(changed([](schema::ModelT& m) { m.subgraphs[0]->tensors[1]->shape = {3}; }), HasSubstr("\"c\""));
  EXPECT_THAT(changed([](schema::ModelT& m) { m.signature_defs[0]->outputs[0]->tensor_index = 50; }),
              HasSubstr("tensor 50"));
  EXPECT_THAT(changed([](schema::ModelT& m) { m.signature_defs[0]->inputs.clear(); }), HasSubstr("does not match"));
  EXPECT_THAT(changed([](schema::ModelT& m) { m.version = 4; }), HasSubstr("version 4"));
  EXPECT_THAT(changed([](schema::ModelT& m) { m.subgraphs.clear(); }), HasSubstr("no subgraph"));
}

int64_t LargestTensor(const ModelFile& file) {
  int64_t largest = 0;
  for (const auto* tensor : *file.model().subgraphs()->Get(0)->tensors()) {
    int64_t elements = 1;
    for (int dim : Each(tensor->shape())) elements *= dim;
    largest = std::max(largest, elements);
  }
  return largest;
}

// Whatever is flipped, loading answers: with a model that can be run, or an error.
TEST(ModelFileTest, NoBitFlipCrashes) {
  uint64_t state = 1;
  auto next = [&state](uint64_t n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % n;
  };
  const std::string mnist = *io::ReadFile(kMnist);
  const std::string add = AddModel();
  int refused = 0, accepted = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = round % 4 == 0 ? mnist : add;
    for (int flips = 1 + next(3); flips > 0; --flips) {
      // In the large file, where the structure is and not the weights.
      const size_t at = bytes.size() > 10000 && next(8) > 0 ? bytes.size() - 1 - next(4000) : next(bytes.size());
      bytes[at] ^= 1 << next(8);
    }
    auto file = ModelFile::FromBytes(bytes, "flipped");
    if (!file.ok()) {
      ++refused;
      continue;
    }
    if (LargestTensor(**file) > 1'000'000) continue;  // A dimension was flipped: right, but slow to run.
    auto model = CompiledModel::Create(*file);
    if (model.ok() && (*model)->ResizeBatch(3).ok()) {
      accepted += (*model)->Run().ok();
    }
  }
  EXPECT_GT(refused, 100);
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace tfxm::litert
