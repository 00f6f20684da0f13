// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/fold/fold_select.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/litert/compiled_model.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/litert/test_models.h"

namespace tfxm::rewriting {
namespace {

using litert::testing::ModelBuilder;
using ::testing::ElementsAre;

// A choice between x + 3 (kept apart as "sum") and LOGISTIC(x), as scale_by_min_max makes it, and then twice the result.
class FoldSelectsTest : public ::testing::Test {
 protected:
  int Activation(const std::string& name, schema::TensorType type = schema::TensorType_FLOAT32) {
    return b_.Tensor(name, type, {-1, 2});
  }
  int Floats(const std::vector<int>& shape, const std::vector<float>& values) {
    return b_.Constant<float>("c", schema::TensorType_FLOAT32, shape, values);
  }
  // ZEROS_LIKE(like) + `summand` as a condition.
  int Condition(int like, int summand) {
    const int zeros = Activation("zeros"), sum = Activation("flag");
    const int condition = Activation("condition", schema::TensorType_BOOL);
    b_.Op(schema::BuiltinOperator_ZEROS_LIKE, schema::ZerosLikeOptionsT(), {like}, {zeros});
    b_.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {zeros, summand}, {sum});
    b_.Op(schema::BuiltinOperator_CAST, schema::CastOptionsT(), {sum}, {condition});
    return condition;
  }
  // It has no options; the kernel reads none.
  void Logistic() { b_.Op(schema::BuiltinOperator_LOGISTIC, schema::AbsOptionsT(), {x_}, {logistic_}); }
  std::vector<std::string> Fold(int condition) {
    const int y = Activation("y"), twice = Activation("twice");
    b_.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {x_, Floats({}, {3})}, {sum_});
    Logistic();
    b_.Op(schema::BuiltinOperator_SELECT_V2, schema::SelectV2OptionsT(), {condition, sum_, logistic_}, {y});
    b_.Op(schema::BuiltinOperator_MUL, schema::MulOptionsT(), {y, Floats({}, {2})}, {twice});
    return OperatorsOf(twice);
  }
  // The operators after folding; that they compute the same is checked.
  std::vector<std::string> OperatorsOf(int result) {
    b_.InputsOutputs({x_}, {result});
    b_.Signature("s", {{"x", x_}}, {{"y", result}});
    const std::string before = b_.Finish();
    std::vector<std::vector<float>> outputs;
    std::vector<std::string> ops;
    for (const std::string& bytes : {before, FoldSelects(before)}) {
      auto file = litert::ModelFile::FromBytes(bytes, "model");
      EXPECT_TRUE(file.ok()) << file.status();
      ops.clear();
      for (const auto* op : litert::Each((*file)->model().subgraphs()->Get(0)->operators())) {
        ops.push_back(litert::OpName((*file)->model(), *op));
      }
      auto model = litert::CompiledModel::Create(*file);
      EXPECT_TRUE(model.ok()) << model.status();
      Tensor input(DataType::kFloat, {2, 2});
      int i = 0;
      for (float& value : input.values<float>()) value = 0.5F * static_cast<float>(++i) - 1;
      auto out = (*model)->Run({{"x", input}});
      EXPECT_TRUE(out.ok()) << out.status();
      const auto values = out->at("y").values<float>();
      outputs.emplace_back(values.begin(), values.end());
    }
    EXPECT_EQ(outputs[1], outputs[0]);
    return ops;
  }

  ModelBuilder b_;
  const int x_ = Activation("x"), sum_ = Activation("sum"), logistic_ = Activation("logistic");
};

TEST_F(FoldSelectsTest, TheFirstIsChosen) {
  EXPECT_THAT(Fold(Condition(x_, Floats({}, {1}))), ElementsAre("ADD", "MUL"));
}

TEST_F(FoldSelectsTest, TheSecondIsChosen) {
  EXPECT_THAT(Fold(Condition(x_, Floats({2}, {0, 0}))), ElementsAre("LOGISTIC", "MUL"));
}

TEST_F(FoldSelectsTest, AConditionThatDiffersByElementStays) {
  EXPECT_THAT(Fold(Condition(x_, Floats({2}, {0, 1}))),
              ElementsAre("ZEROS_LIKE", "ADD", "CAST", "ADD", "LOGISTIC", "SELECT_V2", "MUL"));
}

TEST_F(FoldSelectsTest, AConditionOfTheValuesStays) {
  const int condition = Activation("condition", schema::TensorType_BOOL);
  b_.Op(schema::BuiltinOperator_LESS, schema::LessOptionsT(), {x_, Floats({}, {0.25F})}, {condition});
  EXPECT_THAT(Fold(condition), ElementsAre("LESS", "ADD", "LOGISTIC", "SELECT_V2", "MUL"));
}

TEST_F(FoldSelectsTest, AComparisonOfConstantsIsKnown) {
  const int zeros = Activation("zeros"), condition = Activation("condition", schema::TensorType_BOOL);
  b_.Op(schema::BuiltinOperator_ZEROS_LIKE, schema::ZerosLikeOptionsT(), {x_}, {zeros});
  b_.Op(schema::BuiltinOperator_GREATER, schema::GreaterOptionsT(), {zeros, Floats({}, {0.25F})}, {condition});
  EXPECT_THAT(Fold(condition), ElementsAre("LOGISTIC", "MUL"));
}

// A choice of a choice.
TEST_F(FoldSelectsTest, OneAfterTheOther) {
  const int condition = Condition(x_, Floats({}, {1})), first = Activation("first"), result = Activation("result");
  const int last = Activation("last");
  b_.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {x_, Floats({}, {3})}, {sum_});
  Logistic();
  b_.Op(schema::BuiltinOperator_SELECT_V2, schema::SelectV2OptionsT(), {condition, sum_, logistic_}, {first});
  b_.Op(schema::BuiltinOperator_SELECT_V2, schema::SelectV2OptionsT(), {condition, first, logistic_}, {result});
  b_.Op(schema::BuiltinOperator_MUL, schema::MulOptionsT(), {result, result}, {last});
  EXPECT_THAT(OperatorsOf(last), ElementsAre("ADD", "MUL"));
}

// The result of the graph keeps its tensor.
TEST_F(FoldSelectsTest, AResultOfTheModelStays) {
  const int condition = Condition(x_, Floats({}, {1})), result = Activation("result");
  Logistic();
  b_.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {x_, Floats({}, {3})}, {sum_});
  b_.Op(schema::BuiltinOperator_SELECT_V2, schema::SelectV2OptionsT(), {condition, sum_, logistic_}, {result});
  EXPECT_THAT(OperatorsOf(result), ElementsAre("ZEROS_LIKE", "ADD", "CAST", "LOGISTIC", "ADD", "SELECT_V2"));
}

}  // namespace
}  // namespace tfxm::rewriting
