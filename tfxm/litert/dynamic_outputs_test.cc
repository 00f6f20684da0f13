// SPDX-License-Identifier: Apache-2.0

// Models whose shapes are not in the file: outputs that only running tells, open sides, state, files without names or
// signatures. Each is the smallest model of a kind that people ship (a Flatten before a Dense exported by Keras is a
// RESHAPE by a shape that PACK makes; TRANSPOSE_CONV stands in every U-Net); what comes out must not depend on how the
// runtime allocates.
#include <algorithm>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tflite_generated.h"
#include "tfxm/litert/compiled_model.h"
#include "tfxm/litert/internal/tensor_memory.h"
#include "tfxm/litert/test_compiled_model.h"
#include "tfxm/litert/test_models.h"

namespace tfxm::litert {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Make;
using testing::ModelBuilder;

constexpr int kBatches[] = {1, 3, 16, 32, 33, 32, 3, 1};

schema::ShapeOptionsT Int32Shape() {
  schema::ShapeOptionsT options;
  options.out_type = schema::TensorType_INT32;
  return options;
}

// The batch size of x, computed as converters do: a scalar.
int BatchOf(ModelBuilder& b, int x, int rank) {
  const int shape = b.Tensor("shape", schema::TensorType_INT32, {rank});
  const int zero = b.Constant<int32_t>("zero", schema::TensorType_INT32, {}, {0});
  const int batch = b.Tensor("batch", schema::TensorType_INT32, {});
  b.Op(schema::BuiltinOperator_SHAPE, Int32Shape(), {x}, {shape});
  b.Op(schema::BuiltinOperator_GATHER, schema::GatherOptionsT(), {shape, zero}, {batch});
  return batch;
}

// [batch, dims…], which the runtime computes only while running.
int Packed(ModelBuilder& b, int batch, const std::vector<int>& dims) {
  std::vector<int> parts = {batch};
  for (int dim : dims) parts.push_back(b.Constant<int32_t>("dim", schema::TensorType_INT32, {}, {dim}));
  const int packed = b.Tensor("packed", schema::TensorType_INT32, {static_cast<int>(parts.size())});
  schema::PackOptionsT options;
  options.values_count = static_cast<int>(parts.size());
  b.Op(schema::BuiltinOperator_PACK, std::move(options), parts, {packed});
  return packed;
}

// y [batch, 2, 2] = x [batch, 4], the RESHAPE itself the output, or, with `more`, the sum of it and itself.
std::string ReshapeModel(schema::TensorType type, bool more, int batch = -1) {
  ModelBuilder b;
  const int x = b.Tensor("x", type, {batch, 4});
  const int reshaped = b.Tensor("reshaped", type, {batch, 2, 2});
  b.Op(schema::BuiltinOperator_RESHAPE, schema::ReshapeOptionsT(), {x, Packed(b, BatchOf(b, x, 2), {2, 2})},
       {reshaped});
  int y = reshaped;
  if (more) {
    y = b.Tensor("y", type, {batch, 2, 2});
    b.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {reshaped, reshaped}, {y});
  }
  b.InputsOutputs({x}, {y});
  b.Signature("serving_default", {{"x", x}}, {{"y", y}});
  return b.Finish();
}

std::vector<float> Count(int n, int begin = 1) {
  std::vector<float> values(n);
  std::iota(values.begin(), values.end(), static_cast<float>(begin));
  return values;
}

// Output "y" for x = 1, 2, 3, …
Tensor RunOn(CompiledModel& model, const Shape& shape) {
  Tensor x(DataType::kFloat, shape);
  const std::vector<float> values = Count(static_cast<int>(x.num_elements()));
  std::copy(values.begin(), values.end(), x.values<float>().begin());
  auto out = model.Run({{model.inputs()[0].name, x}});
  EXPECT_TRUE(out.ok()) << out.status();
  return out.ok() ? out->at("y") : Tensor();
}
std::vector<float> Floats(const Tensor& t) { return {t.values<float>().begin(), t.values<float>().end()}; }

TEST(DynamicOutputsTest, AReshapeByAComputedShapeIsTheOutput) {
  for (bool xnnpack : {true, false}) {
    auto model = Make(ReshapeModel(schema::TensorType_FLOAT32, false), {.xnnpack = xnnpack});
    for (int batch : kBatches) {
      const Tensor y = RunOn(*model, {batch, 4});
      EXPECT_EQ(y.shape(), (Shape{batch, 2, 2}));
      EXPECT_EQ(Floats(y), Count(batch * 4));
    }
  }
}

TEST(DynamicOutputsTest, AnOutputBehindAReshapeByAComputedShape) {
  for (bool xnnpack : {true, false}) {
    auto model = Make(ReshapeModel(schema::TensorType_FLOAT32, true), {.xnnpack = xnnpack});
    for (int batch : kBatches) {
      const Tensor y = RunOn(*model, {batch, 4});
      EXPECT_EQ(y.shape(), (Shape{batch, 2, 2}));
      std::vector<float> doubled = Count(batch * 4);
      for (float& v : doubled) v *= 2;
      EXPECT_EQ(Floats(y), doubled);
    }
  }
}

TEST(DynamicOutputsTest, AReshapeByAComputedShapeInAFileWithoutOpenDimensions) {
  auto model = Make(ReshapeModel(schema::TensorType_FLOAT32, false, /*batch=*/2));
  for (int round = 0; round < 3; ++round) EXPECT_EQ(Floats(RunOn(*model, {2, 4})), Count(8));
}

TEST(DynamicOutputsTest, EveryType) {
  for (const auto& [type, dtype] : {std::pair{schema::TensorType_INT8, DataType::kInt8},
                                    {schema::TensorType_UINT8, DataType::kUint8},
                                    {schema::TensorType_INT16, DataType::kInt16},
                                    {schema::TensorType_UINT16, DataType::kUint16},
                                    {schema::TensorType_INT32, DataType::kInt32},
                                    {schema::TensorType_UINT32, DataType::kUint32},
                                    {schema::TensorType_INT64, DataType::kInt64},
                                    {schema::TensorType_UINT64, DataType::kUint64},
                                    {schema::TensorType_BOOL, DataType::kBool},
                                    {schema::TensorType_FLOAT16, DataType::kHalf},
                                    {schema::TensorType_FLOAT64, DataType::kDouble}}) {
    SCOPED_TRACE(std::string(DataTypeName(dtype)));
    auto model = Make(ReshapeModel(type, false));
    for (int batch : kBatches) {
      Tensor x(dtype, {batch, 4});
      for (size_t i = 0; i < x.bytes().size(); ++i)
        x.bytes()[i] = static_cast<char>(dtype == DataType::kBool ? i % 2 : 37 * i);
      auto out = model->Run({{"x", x}});
      ASSERT_TRUE(out.ok()) << out.status();
      const Tensor& y = out->at("y");
      EXPECT_EQ(y.shape(), (Shape{batch, 2, 2}));
      EXPECT_TRUE(std::equal(y.bytes().begin(), y.bytes().end(), x.bytes().begin(), x.bytes().end())) << batch;
    }
  }
}

TEST(DynamicOutputsTest, FillTileAndBroadcastTo) {
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_FLOAT32, {-1, 1});
  const int batch = BatchOf(b, x, 2);
  const int seven = b.Constant<float>("seven", schema::TensorType_FLOAT32, {}, {7});
  const int row = b.Constant<float>("row", schema::TensorType_FLOAT32, {1, 2}, {1, 2});
  const int filled = b.Tensor("filled", schema::TensorType_FLOAT32, {-1, 2});
  const int tiled = b.Tensor("tiled", schema::TensorType_FLOAT32, {-1, 2});
  const int broadcast = b.Tensor("broadcast", schema::TensorType_FLOAT32, {-1, 2});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {-1, 6});
  b.Op(schema::BuiltinOperator_FILL, schema::FillOptionsT(), {Packed(b, batch, {2}), seven}, {filled});
  b.Op(schema::BuiltinOperator_TILE, schema::TileOptionsT(), {row, Packed(b, batch, {1})}, {tiled});
  b.Op(schema::BuiltinOperator_BROADCAST_TO, schema::BroadcastToOptionsT(), {x, Packed(b, batch, {2})}, {broadcast});
  b.model().operator_codes.back()->version = 2;  // There is no other.
  schema::ConcatenationOptionsT options;
  options.axis = 1;
  b.Op(schema::BuiltinOperator_CONCATENATION, std::move(options), {filled, tiled, broadcast}, {y});
  b.InputsOutputs({x}, {y, filled});
  b.Signature("serving_default", {{"x", x}}, {{"y", y}, {"filled", filled}});
  auto model = Make(b.Finish());
  for (int n : kBatches) {
    const Tensor out = RunOn(*model, {n, 1});
    ASSERT_EQ(out.shape(), (Shape{n, 6}));
    for (int r = 0; r < n; ++r) {
      const std::vector<float> got(out.values<float>().begin() + 6 * r, out.values<float>().begin() + 6 * r + 6);
      EXPECT_THAT(got, ElementsAre(7, 7, 1, 2, r + 1, r + 1));
    }
  }
}

TEST(DynamicOutputsTest, TransposeConvWithOpenSides) {
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_FLOAT32, {-1, -1, -1, 1});
  const int shape = b.Tensor("shape", schema::TensorType_INT32, {4});
  const int two = b.Constant<int32_t>("two", schema::TensorType_INT32, {4}, {1, 2, 2, 1});
  const int out_shape = b.Tensor("out_shape", schema::TensorType_INT32, {4});
  const int kernel = b.Constant<float>("kernel", schema::TensorType_FLOAT32, {1, 2, 2, 1}, {1, 2, 3, 4});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {-1, -1, -1, 1});
  b.Op(schema::BuiltinOperator_SHAPE, Int32Shape(), {x}, {shape});
  b.Op(schema::BuiltinOperator_MUL, schema::MulOptionsT(), {shape, two}, {out_shape});
  schema::TransposeConvOptionsT options;
  options.stride_h = options.stride_w = 2;
  b.Op(schema::BuiltinOperator_TRANSPOSE_CONV, std::move(options), {out_shape, kernel, x}, {y});
  b.InputsOutputs({x}, {y});
  b.Signature("serving_default", {{"x", x}}, {{"y", y}});
  for (bool xnnpack : {true, false}) {
    auto model = Make(b.Finish(), {.xnnpack = xnnpack});
    for (int side : {1, 4, 9, 2}) {
      for (int batch : {1, 33, 3}) {
        const Tensor out = RunOn(*model, {batch, side, side, 1});
        ASSERT_EQ(out.shape(), (Shape{batch, 2 * side, 2 * side, 1}));
        // The last pixel, times the kernel's last row.
        const int last = batch * side * side;
        EXPECT_EQ(Floats(out)[4 * last - 2], 3 * last);
        EXPECT_EQ(Floats(out)[4 * last - 1], 4 * last);
      }
    }
  }
}

// Which of the values are positive, their indices and how many; and strings beside them.
std::string PositiveModel() {
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_FLOAT32, {-1});
  const int zero = b.Constant<float>("zero", schema::TensorType_FLOAT32, {}, {0});
  const int positive = b.Tensor("positive", schema::TensorType_BOOL, {-1});
  const int places = b.Tensor("places", schema::TensorType_INT64, {-1, 1});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {-1, 1});
  const int axes = b.Constant<int32_t>("axes", schema::TensorType_INT32, {2}, {0, 1});
  const int sum = b.Tensor("sum", schema::TensorType_FLOAT32, {});
  const int word = b.Tensor("word", schema::TensorType_STRING, {-1});
  const int shape = b.Constant<int32_t>("words_shape", schema::TensorType_INT32, {2}, {-1, 1});
  const int words = b.Tensor("words", schema::TensorType_STRING, {-1, 1});
  b.Op(schema::BuiltinOperator_RESHAPE, schema::ReshapeOptionsT(), {word, shape}, {words});
  b.Op(schema::BuiltinOperator_GREATER, schema::GreaterOptionsT(), {x, zero}, {positive});
  b.Op(schema::BuiltinOperator_WHERE, schema::WhereOptionsT(), {positive}, {places});
  b.Op(schema::BuiltinOperator_GATHER, schema::GatherOptionsT(), {x, places}, {y});
  b.Op(schema::BuiltinOperator_SUM, schema::ReducerOptionsT(), {y, axes}, {sum});
  b.InputsOutputs({x, word}, {places, words, y, sum, positive});
  b.Signature("serving_default", {{"x", x}, {"word", word}},
              {{"places", places}, {"words", words}, {"y", y}, {"sum", sum}, {"positive", positive}});
  return b.Finish();
}

TEST(DynamicOutputsTest, ShapesThatDependOnTheDataStringsBesideThemAndScalars) {
  auto model = Make(PositiveModel());
  const auto run = [&](std::vector<float> values, std::vector<std::string> words) {
    Tensor x(DataType::kFloat, {static_cast<int64_t>(values.size())}),
        word(DataType::kString, {static_cast<int64_t>(words.size())});
    std::copy(values.begin(), values.end(), x.values<float>().begin());
    word.strings() = words;
    auto out = model->Run({{"x", x}, {"word", word}});
    EXPECT_TRUE(out.ok()) << out.status();
    return out.ok() ? *std::move(out) : std::map<std::string, Tensor>();
  };
  const std::vector<float> mixed = {-1, 5, 0, 7};
  auto out = run(mixed, {"a", "bb"});
  EXPECT_EQ(out["places"].shape(), (Shape{2, 1}));
  EXPECT_THAT(out["places"].values<int64_t>(), ElementsAre(1, 3));
  EXPECT_THAT(Floats(out["y"]), ElementsAre(5, 7));
  EXPECT_EQ(out["sum"].shape(), Shape());
  EXPECT_THAT(Floats(out["sum"]), ElementsAre(12));
  EXPECT_THAT(out["words"].strings(), ElementsAre("a", "bb"));
  EXPECT_EQ(out["words"].shape(), (Shape{2, 1}));
  // None of them, and text that needs more room than there is at first.
  out = run({-1, -2}, {std::string(300000, 'x')});
  EXPECT_EQ(out["y"].shape(), (Shape{0, 1}));
  EXPECT_THAT(Floats(out["y"]), IsEmpty());
  EXPECT_THAT(Floats(out["sum"]), ElementsAre(0));
  EXPECT_EQ(out["words"].strings()[0].size(), 300000);
  // All of them, more than before.
  out = run(Count(40), {"", "c", "dd"});
  EXPECT_EQ(Floats(out["y"]), Count(40));
  EXPECT_THAT(out["words"].strings(), ElementsAre("", "c", "dd"));
}

// No shape in this file is computed, but XNNPACK, which takes the last two operators as one, tells the runtime an old
// shape of one of both results. `make zoo MODEL=top_k_gather MODE=int8` makes the file.
TEST(DynamicOutputsTest, ADelegateThatReportsAnOldShape) {
  for (bool xnnpack : {true, false}) {
    auto model = CompiledModel::Load("tfxm/litert/testdata/top_k_gather_int8.tflite", {.xnnpack = xnnpack});
    ASSERT_TRUE(model.ok()) << model.status();
    for (int batch : kBatches) {
      Tensor keys(DataType::kFloat, {batch, 20, 8}), query(DataType::kFloat, {batch, 8});
      for (size_t i = 0; i < keys.values<float>().size(); ++i) keys.values<float>()[i] = static_cast<float>(i % 7) / 7;
      std::fill(query.values<float>().begin(), query.values<float>().end(), 0.5f);
      auto out = (*model)->Run({{"keys", keys}, {"query", query}});
      ASSERT_TRUE(out.ok()) << out.status();
      EXPECT_EQ(out->at("picked").shape(), (Shape{batch, 3, 8}));
      EXPECT_EQ(out->at("values").shape(), (Shape{batch, 3}));
    }
  }
}

TEST(DynamicOutputsTest, ProfilingSeesOnlyTheFilesOwnOperators) {
  auto model = Make(ReshapeModel(schema::TensorType_FLOAT32, true), {.xnnpack = false, .profile = true});
  ASSERT_TRUE(model->ResizeBatch(3).ok());
  auto operators = model->RunProfiled();
  ASSERT_TRUE(operators.ok()) << operators.status();
  // SHAPE and GATHER are computed while laying out, but run again.
  for (const auto& [graph, op] : *operators) {
    EXPECT_EQ(graph, 0);
    EXPECT_LT(op, 5);
  }
  EXPECT_TRUE(operators->count({0, 3}) && operators->count({0, 4}));
}

// A convolution that no image of one pixel can go through, which is what such a file says of itself.
TEST(OpenSidesTest, AreThoseOfTheData) {
  ModelBuilder b;
  const int image = b.Tensor("image", schema::TensorType_FLOAT32, {-1, -1, -1, 1});
  const int kernel = b.Constant<float>("kernel", schema::TensorType_FLOAT32, {1, 3, 3, 1}, std::vector<float>(9, 1));
  const int bias = b.Constant<float>("bias", schema::TensorType_FLOAT32, {1}, {0});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {-1, -1, -1, 1});
  schema::Conv2DOptionsT options;
  options.padding = schema::Padding_VALID;
  options.stride_h = options.stride_w = 1;
  b.Op(schema::BuiltinOperator_CONV_2D, std::move(options), {image, kernel, bias}, {y});
  b.InputsOutputs({image}, {y});
  b.Signature("serving_default", {{"image", image}}, {{"y", y}});
  auto model = Make(b.Finish());
  EXPECT_EQ(RunOn(*model, {2, 3, 3, 1}).shape(), (Shape{2, 1, 1, 1}));
  EXPECT_EQ(RunOn(*model, {33, 8, 5, 1}).shape(), (Shape{33, 6, 3, 1}));
  auto too_small = model->Run({{"image", Tensor(DataType::kFloat, {1, 2, 2, 1})}});
  EXPECT_EQ(too_small.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(too_small.status().message()),
              AllOf(HasSubstr("test.tflite"), HasSubstr("image [1, 2, 2, 1]")));
  EXPECT_THAT(Floats(RunOn(*model, {1, 3, 3, 1})), ElementsAre(45));  // Nothing stays broken.
}

// y(t) = x(t) + x(t - 1): an operator with state, which LiteRT's own loader refuses.
std::string StatefulModel() {
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_FLOAT32, {1, 1});
  const int feature = b.Constant<float>("feature", schema::TensorType_FLOAT32, {1, 1}, {1});
  const int time = b.Constant<float>("time", schema::TensorType_FLOAT32, {1, 2}, {1, 1});
  const int state = b.Tensor("state", schema::TensorType_FLOAT32, {1, 2});
  b.graph().tensors[state]->is_variable = true;
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {1, 1});
  schema::SVDFOptionsT options;
  options.rank = 1;
  b.Op(schema::BuiltinOperator_SVDF, std::move(options), {x, feature, time, -1, state}, {y});
  b.InputsOutputs({x}, {y});
  b.Signature("serving_default", {{"x", x}}, {{"y", y}});
  return b.Finish();
}

TEST(StateTest, EachRunBeginsWithZerosUnlessToldOtherwise) {
  auto model = Make(StatefulModel());
  for (int round = 0; round < 3; ++round) EXPECT_THAT(Floats(RunOn(*model, {1, 1})), ElementsAre(1));
  auto keeping = Make(StatefulModel(), {.keep_state = true});
  EXPECT_THAT(Floats(RunOn(*keeping, {1, 1})), ElementsAre(1));
  EXPECT_THAT(Floats(RunOn(*keeping, {1, 1})), ElementsAre(2));
}

TEST(NamesTest, TensorsWithoutNamesHaveThoseOfTheirPlace) {
  ModelBuilder b;
  const int x = b.Tensor("", schema::TensorType_FLOAT32, {-1, 1});
  const int z = b.Tensor("named", schema::TensorType_FLOAT32, {-1, 1});
  const int y = b.Tensor("", schema::TensorType_FLOAT32, {-1, 1});
  b.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {x, z}, {y});
  b.InputsOutputs({x, z}, {y});
  auto model = Make(b.Finish());
  EXPECT_EQ(model->inputs()[0].name, "input_0");
  EXPECT_EQ(model->inputs()[1].name, "named");
  EXPECT_EQ(model->outputs()[0].name, "output_0");
}

// y = x > 0 ? -x : x, by subgraphs, without a signature.
TEST(NamesTest, SeveralSubgraphsWithoutASignature) {
  ModelBuilder b;
  const int condition = b.Tensor("condition", schema::TensorType_BOOL, {});
  const int x = b.Tensor("x", schema::TensorType_FLOAT32, {2});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {2});
  schema::IfOptionsT options;
  options.then_subgraph_index = 1;
  options.else_subgraph_index = 2;
  b.Op(schema::BuiltinOperator_IF, std::move(options), {condition, x}, {y});
  b.InputsOutputs({condition, x}, {y});
  for (const auto kind : {schema::BuiltinOperator_NEG, schema::BuiltinOperator_ABS}) {
    ModelBuilder branch;
    const int in = branch.Tensor("in", schema::TensorType_FLOAT32, {2});
    const int out = branch.Tensor("out", schema::TensorType_FLOAT32, {2});
    branch.Op(kind, schema::AbsOptionsT(), {in}, {out});
    branch.InputsOutputs({in}, {out});
    branch.graph().operators[0]->opcode_index = static_cast<uint32_t>(b.model().operator_codes.size());
    branch.graph().operators[0]->builtin_options = {};
    b.model().operator_codes.push_back(std::move(branch.model().operator_codes[0]));
    b.model().subgraphs.push_back(std::move(branch.model().subgraphs[0]));
  }
  auto model = Make(b.Finish());
  for (bool then : {true, false, true}) {
    Tensor c(DataType::kBool, {}), in(DataType::kFloat, {2});
    c.values<bool>()[0] = then;
    in.values<float>()[0] = in.values<float>()[1] = 3;
    auto out = model->Run({{"condition", c}, {"x", in}});
    ASSERT_TRUE(out.ok()) << out.status();
    EXPECT_THAT(Floats(out->at("y")), ElementsAre(then ? -3 : 3, then ? -3 : 3));
  }
}

TEST(GuardsTest, AWriteNextToAnInputIsAnErrorThatNamesIt) {
  auto model = Make(testing::AddModel());
  ASSERT_TRUE(model->ResizeBatch(2).ok());
  EXPECT_TRUE(model->Run().ok());
  model->input(1).data()[model->input(1).size()] = 1;
  const absl::Status status = model->Run();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("test.tflite"), HasSubstr("\"right\""), HasSubstr("[2, 3]")));
}

TEST(GuardsTest, StandDirectlyBeforeAndBehindTheTensorAtEachSize) {
  TensorMemory memory(DataType::kInt8);
  for (int n : {5, 64, 3, 1000, 7}) {
    ASSERT_TRUE(memory.SetShape({n}, "t").ok());
    EXPECT_TRUE(memory.GuardsIntact());
    std::fill(memory.bytes().begin(), memory.bytes().end(), 0);
    EXPECT_TRUE(memory.GuardsIntact());
    for (char* outside : {memory.bytes().data() - 1, memory.bytes().data() + n}) {
      const char was = *outside;
      *outside = 0;
      EXPECT_FALSE(memory.GuardsIntact());
      *outside = was;
    }
  }
}

TEST(GuardsTest, MemoryThatNobodyWroteIsKnown) {
  TensorMemory memory(DataType::kInt8);
  ASSERT_TRUE(memory.SetShape({9}, "t").ok());
  memory.MarkUnwritten();
  EXPECT_TRUE(memory.IsUnwritten());
  memory.bytes()[8] = 0;
  EXPECT_FALSE(memory.IsUnwritten());
}

}  // namespace
}  // namespace tfxm::litert
