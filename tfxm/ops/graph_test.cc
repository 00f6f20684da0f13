// SPDX-License-Identifier: Apache-2.0

#include "tfxm/ops/graph.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tensorflow/core/framework/graph.pb.h"
#include "tensorflow/core/framework/node_def.pb.h"
#include "tfxm/ops/ops.h"
#include "tfxm/ops/session.h"
#include "tfxm/testing/tensors.h"
#include "tfxm/util/io.h"

namespace tfxm::ops {
namespace {

std::vector<float> Values(const tfxm::Tensor& tensor) {
  return {tensor.values<float>().begin(), tensor.values<float>().end()};
}

// What `fetches` are, with `feeds` fed.
std::vector<tfxm::Tensor> Evaluate(const Graph& graph, const std::vector<Tensor>& feeds,
                                   const std::vector<tfxm::Tensor>& values, const std::vector<Tensor>& fetches) {
  auto session = Session::Create(graph);
  EXPECT_TRUE(session.ok()) << session.status();
  if (!session.ok()) return {};
  auto function = (*session)->MakeFunction(feeds, fetches);
  EXPECT_TRUE(function.ok()) << function.status();
  if (!function.ok()) return {};
  auto outputs = (*function)->Run(values);
  EXPECT_TRUE(outputs.ok()) << outputs.status();
  return outputs.ok() ? *outputs : std::vector<tfxm::Tensor>();
}

TEST(GraphTest, InfersTypesAndShapes) {
  Graph graph;
  const Tensor x = Placeholder(graph, DataType::kFloat, {-1, 4}, "x");
  const Tensor y = Relu(MatMul(x, Constant(graph, Floats({4, 3}, std::vector<float>(12, 1)))) + 1.0);
  EXPECT_EQ(graph.status(), absl::OkStatus());
  EXPECT_EQ(y.dtype(), DataType::kFloat);
  EXPECT_EQ(y.shape(), (Shape{-1, 3}));
  EXPECT_EQ(Reshape(y, {-1, 1, 3}).shape(), (Shape{-1, 1, 3}));
  EXPECT_EQ(ArgMax(y, -1).dtype(), DataType::kInt64);
  EXPECT_EQ(graph.status(), absl::OkStatus());
}

TEST(GraphTest, RunsWhatWasBuilt) {
  Graph graph;
  const Tensor x = Placeholder(graph, DataType::kFloat, {-1, 2}, "x");
  const Tensor y = (x - 0.5) * 2 / 4 + ReduceSum(x, {1}, /*keep_dims=*/true);
  const auto outputs = Evaluate(graph, {x}, {Floats({2, 2}, {0.5, 1.5, 2.5, -0.5})}, {y, Concat({x, x}, 1)});
  ASSERT_EQ(outputs.size(), 2);
  EXPECT_EQ(Values(outputs[0]), (std::vector<float>{2, 2.5, 3, 1.5}));
  EXPECT_EQ(Values(outputs[1]), (std::vector<float>{0.5, 1.5, 0.5, 1.5, 2.5, -0.5, 2.5, -0.5}));
}

// In Python nodes run on threads that flush them.
TEST(GraphTest, SubnormalNumbersAreZeroAsInPython) {
  Graph graph;
  const Tensor x = Placeholder(graph, DataType::kFloat, {-1}, "x");
  const auto outputs = Evaluate(graph, {x}, {Floats({2}, {1e-39f, 1})}, {x * 2.0});
  ASSERT_EQ(outputs.size(), 1);
  EXPECT_EQ(Values(outputs[0]), (std::vector<float>{0, 2}));
  volatile float subnormal = 1e-39f;
  EXPECT_NE(subnormal * 2, 0) << "the caller's thread was left to flush them";
}

TEST(GraphTest, AnyOperationByName) {
  Graph graph;
  const Tensor x = Constant(graph, std::vector<float>{1, 0});
  const Node top = Op("TopKV2", {x, Constant(graph, 1)}, {{"sorted", true}}, "top");
  ASSERT_EQ(graph.status(), absl::OkStatus());
  EXPECT_EQ(top.num_outputs(), 2);
  EXPECT_EQ(top.output(1).name(), "top:1");
  EXPECT_EQ(top.output(1).dtype(), DataType::kInt32);
}

TEST(GraphTest, TheSameCallsGiveTheSameGraph) {
  const auto build = [] {
    Graph graph;
    const Tensor x = Placeholder(graph, DataType::kFloat, {-1}, "x");
    const NameScope scope(graph, "scale");
    const Tensor y = x * 2 * 3;
    {
      const NameScope inner(graph, "scale");
      Relu(y);
    }
    tensorflow::GraphDef graph_def;
    graph.ToGraphDef(&graph_def);
    return graph_def;
  };
  const tensorflow::GraphDef graph_def = build();
  std::vector<std::string> names;
  for (const auto& node : graph_def.node()) names.push_back(node.name());
  EXPECT_EQ(names, (std::vector<std::string>{"x", "scale/Const", "scale/Mul", "scale/Const_1", "scale/Mul_1",
                                             "scale/scale/Relu"}));
  EXPECT_EQ(io::SerializeDeterministically(graph_def), io::SerializeDeterministically(build()));
}

TEST(GraphTest, TheFirstErrorIsKeptAndNamesTheNode) {
  Graph graph;
  const Tensor x = Placeholder(graph, DataType::kFloat, {-1, 4}, "x");
  const NameScope scope(graph, "dense");
  const Tensor bad = MatMul(x, Constant(graph, Floats({3, 2}, std::vector<float>(6))));
  EXPECT_FALSE(bad.valid());
  EXPECT_FALSE(Relu(bad + 1.0).valid());
  EXPECT_EQ(graph.status().code(), absl::StatusCode::kInvalidArgument);
  const std::string message(graph.status().message());
  EXPECT_NE(message.find("dense/MatMul"), std::string::npos) << message;
  EXPECT_NE(message.find("Dimensions must be equal, but are 4 and 3"), std::string::npos) << message;
  EXPECT_FALSE(Session::Create(graph).ok());
}

TEST(GraphTest, UnknownOperationsAndAttributesAreNamed) {
  {
    Graph graph;
    Op(graph, "Reluu", {});
    EXPECT_NE(graph.status().message().find("no operation \"Reluu\""), std::string::npos) << graph.status();
  }
  {
    Graph graph;
    Op("Relu", {Constant(graph, 1.0f)}, {{"alpha", 0.1}});
    EXPECT_NE(graph.status().message().find("no attribute \"alpha\""), std::string::npos) << graph.status();
  }
  {
    Graph graph;
    Op("Sum", {Constant(graph, 1.0f), Constant(graph, 0)}, {{"keep_dims", "yes"}});
    EXPECT_NE(graph.status().message().find("\"keep_dims\": expected bool, got string"), std::string::npos)
        << graph.status();
  }
  {
    Graph graph;
    Op("Relu", {Constant(graph, 1.0f), Constant(graph, 1.0f)});
    EXPECT_NE(graph.status().message().find("takes 1 inputs (features), got 2"), std::string::npos) << graph.status();
  }
}

TEST(GraphTest, TensorsOfAnotherGraphAreRefused) {
  Graph graph, other;
  Add(Constant(graph, 1.0f), Constant(other, 1.0f));
  EXPECT_NE(graph.status().message().find("another Graph"), std::string::npos) << graph.status();
  Graph third;
  Add(Constant(third, 1.0f), Tensor());
  EXPECT_NE(third.status().message().find("unassigned"), std::string::npos) << third.status();
}

TEST(GraphTest, ImportsAnotherGraphWithInputsReplaced) {
  Graph doubling;
  const Tensor in = Placeholder(doubling, DataType::kFloat, {-1}, "in");
  Op("Identity", {in * 2}, {}, "out");
  tensorflow::GraphDef graph_def;
  doubling.ToGraphDef(&graph_def);

  Graph graph;
  const Tensor x = Placeholder(graph, DataType::kFloat, {3}, "x");
  auto copies = graph.Import(graph_def, {{"in", x}}, {"out:0"}, "doubling");
  ASSERT_TRUE(copies.ok()) << copies.status();
  EXPECT_EQ((*copies)[0].name(), "doubling/out");
  EXPECT_EQ((*copies)[0].shape(), (Shape{3}));
  EXPECT_EQ(Values(Evaluate(graph, {x}, {Floats({3}, {1, 2, 3})}, {(*copies)[0] + 1.0})[0]),
            (std::vector<float>{3, 5, 7}));
  EXPECT_FALSE(graph.Import(graph_def, {}, {"nothing"}, "doubling").ok());
}

TEST(GradientsTest, OfASumOfSquares) {
  Graph graph;
  const Tensor x = Placeholder(graph, DataType::kFloat, {-1}, "x");
  const Tensor unused = Placeholder(graph, DataType::kFloat, {-1}, "unused");
  auto grads = Gradients({ReduceSum(Square(x) * 3)}, {x, unused});
  ASSERT_TRUE(grads.ok()) << grads.status();
  EXPECT_FALSE((*grads)[1].valid());
  EXPECT_EQ(Values(Evaluate(graph, {x}, {Floats({2}, {1, -2})}, {(*grads)[0]})[0]), (std::vector<float>{6, -12}));
}

TEST(GradientsTest, OfSparseCrossEntropyIsSoftmaxMinusOneHot) {
  Graph graph;
  const Tensor logits = Placeholder(graph, DataType::kFloat, {2, 2}, "logits");
  const Tensor loss = SparseSoftmaxCrossEntropyWithLogits(logits, Constant(graph, std::vector<int64_t>{1, 0}));
  auto grads = Gradients({ReduceSum(loss * Constant(graph, std::vector<float>{1, 10}))}, {logits});
  ASSERT_TRUE(grads.ok()) << grads.status();
  EXPECT_EQ(Values(Evaluate(graph, {logits}, {Floats({2, 2}, {3, 3, 0, 0})}, {(*grads)[0]})[0]),
            (std::vector<float>{0.5, -0.5, -5, 5}));
}

// As in Python. Then nothing but the activation reads its input, and TensorFlow makes it one operation with what is before.
TEST(GradientsTest, OfActivationsAskForTheirOutputs) {
  for (const std::string type : {"Relu", "Relu6"}) {
    Graph graph;
    const Tensor x = Placeholder(graph, DataType::kFloat, {4}, "x");
    const Tensor y = Op(type, {x}, {}, "y");
    const auto gradients = Gradients({y}, {x});
    ASSERT_TRUE(gradients.ok()) << gradients.status();
    tensorflow::GraphDef graph_def;
    graph.ToGraphDef(&graph_def);
    const auto gradient = std::find_if(graph_def.node().begin(), graph_def.node().end(),
                                       [&](const auto& node) { return node.op() == type + "Grad"; });
    ASSERT_NE(gradient, graph_def.node().end());
    EXPECT_EQ(gradient->input(1), "y");
    const auto outputs = Evaluate(graph, {x}, {Floats({4}, {-1, 0, 3, 7})}, {(*gradients)[0]});
    ASSERT_EQ(outputs.size(), 1);
    EXPECT_EQ(Values(outputs[0]), (std::vector<float>{0, 0, 1, type == "Relu" ? 1.f : 0.f}));
  }
}

TEST(GradientsTest, OfFakeQuantizationIsStraightThrough) {
  Graph graph;
  const Tensor x = Placeholder(graph, DataType::kFloat, {3}, "x");
  const Tensor y = Op("FakeQuantWithMinMaxVars", {x, Constant(graph, -1.0f), Constant(graph, 1.0f)});
  auto grads = Gradients({ReduceSum(y)}, {x});
  ASSERT_TRUE(grads.ok()) << grads.status();
  EXPECT_EQ(Values(Evaluate(graph, {x}, {Floats({3}, {-5, 0.3, 5})}, {(*grads)[0]})[0]), (std::vector<float>{0, 1, 0}));
}

TEST(GradientsTest, NameTheOperationThatHasNone) {
  Graph graph;
  const Tensor x = Placeholder(graph, DataType::kFloat, {4}, "x");
  const Tensor y = Op("Betainc", {x, x, x});
  auto grads = Gradients({y}, {x});
  ASSERT_FALSE(grads.ok());
  EXPECT_NE(grads.status().message().find("Betainc"), std::string::npos) << grads.status();
}

TEST(VariableTest, KeepsItsValueBetweenRuns) {
  Graph graph;
  const Tensor handle = VarHandle(graph, "layer/kernel", DataType::kFloat, {2});
  EXPECT_EQ(VarHandle(graph, "layer/kernel", DataType::kFloat, {2}).node(), handle.node());
  const Tensor value = Placeholder(graph, DataType::kFloat, {2}, "value");
  const Node assign = AssignVariable(handle, value);
  const Node add = AssignAddVariable(handle, value);
  const Tensor read = ReadVariable(handle);
  EXPECT_EQ(read.shape(), (Shape{2}));
  auto session = Session::Create(graph);
  ASSERT_TRUE(session.ok()) << session.status();
  ASSERT_TRUE((*(*session)->MakeFunction({value}, {}, {assign}))->Run({Floats({2}, {1, 2})}).ok());
  ASSERT_TRUE((*(*session)->MakeFunction({value}, {}, {add}))->Run({Floats({2}, {10, 20})}).ok());
  auto outputs = (*(*session)->MakeFunction({}, {read}))->Run({});
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  EXPECT_EQ(Values((*outputs)[0]), (std::vector<float>{11, 22}));
}

TEST(SessionTest, TakesNodesThatComeLater) {
  Graph graph;
  const Tensor x = Placeholder(graph, DataType::kFloat, {-1}, "x");
  const Tensor y = x + 1.0;
  auto session = Session::Create(graph);
  ASSERT_TRUE(session.ok()) << session.status();
  auto before = (*session)->MakeFunction({x}, {y});
  const Tensor z = y * 2;
  ASSERT_EQ((*session)->Extend(graph), absl::OkStatus());
  auto after = (*session)->MakeFunction({x}, {z});
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(Values((*(*before)->Run({Floats({1}, {3})}))[0]), (std::vector<float>{4}));
  EXPECT_EQ(Values((*(*after)->Run({Floats({1}, {3})}))[0]), (std::vector<float>{8}));
}

TEST(FunctionTest, RefusesTensorsOfTheWrongTypeOrNumber) {
  Graph graph;
  const Tensor x = Placeholder(graph, DataType::kFloat, {-1}, "x");
  auto session = Session::Create(graph);
  ASSERT_TRUE(session.ok());
  auto function = (*session)->MakeFunction({x}, {x + 1.0});
  EXPECT_FALSE(function.ok());  // The addition came after the session.
  Graph again;
  const Tensor y = Placeholder(again, DataType::kFloat, {-1}, "y");
  const Tensor z = y + 1.0;
  session = Session::Create(again);
  function = (*session)->MakeFunction({y}, {z});
  ASSERT_TRUE(function.ok()) << function.status();
  EXPECT_FALSE((*function)->Run({}).ok());
  auto wrong = (*function)->Run({tfxm::Tensor(DataType::kInt64, {3})});
  EXPECT_NE(wrong.status().message().find("\"y\" is float32, got int64"), std::string::npos) << wrong.status();
}

TEST(StringOpsTest, ParsesExamplesAndSplitsStrings) {
  Graph graph;
  const Tensor text = Constant(graph, std::vector<std::string>{"A b", "c"});
  const SparseTensor tokens = StringSplit(StringLower(text), " ");
  const Tensor dense = SparseToDense(tokens, Constant(graph, ""));
  const Tensor serialized = Placeholder(graph, DataType::kString, {-1}, "examples");
  const ParsedExample parsed =
      ParseExample(serialized, {{"x", {{2}, DataType::kFloat, Floats({2}, {7, 8})}}}, {{"words", {DataType::kString}}});
  ASSERT_EQ(graph.status(), absl::OkStatus());
  EXPECT_EQ(parsed.dense.at("x").shape(), (Shape{-1, 2}));
  EXPECT_EQ(parsed.sparse.at("words").values.dtype(), DataType::kString);
  tfxm::Tensor examples(DataType::kString, {1});  // One empty example: the default.
  const auto outputs = Evaluate(graph, {serialized}, {examples}, {dense, parsed.dense.at("x")});
  ASSERT_EQ(outputs.size(), 2);
  EXPECT_EQ(outputs[0].strings(), (std::vector<std::string>{"a", "b", "c", ""}));
  EXPECT_EQ(Values(outputs[1]), (std::vector<float>{7, 8}));
}

TEST(StringOpsTest, PadsRowsToALength) {
  for (const int64_t length : {int64_t{2}, int64_t{4}}) {
    Graph graph;
    const SparseTensor words = StringSplit(Constant(graph, std::vector<std::string>{"a b c", "", "d"}));
    const Tensor dense = PadToDense(words, length, Constant(graph, "-"));
    ASSERT_EQ(graph.status(), absl::OkStatus());
    EXPECT_EQ(dense.shape().back(), length);
    const auto outputs = Evaluate(graph, {}, {}, {dense});
    ASSERT_EQ(outputs.size(), 1);
    EXPECT_EQ(outputs[0].shape(), (Shape{3, length}));
    EXPECT_EQ(outputs[0].strings(),
              length == 2 ? (std::vector<std::string>{"a", "b", "-", "-", "d", "-"})
                          : (std::vector<std::string>{"a", "b", "c", "-", "-", "-", "-", "-", "d", "-", "-", "-"}));
  }
}

}  // namespace
}  // namespace tfxm::ops
