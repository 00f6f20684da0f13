// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/feed.h"

#include <memory>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tflite_generated.h"
#include "tfxm/litert/test_models.h"

namespace tfxm::rewriting {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// y = max(x, x), both int8 with scale 0.5 and zero point -3.
std::unique_ptr<litert::CompiledModel> QuantizedIdentity() {
  litert::testing::ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_INT8, {-1, 3}), y = b.Tensor("y", schema::TensorType_INT8, {-1, 3});
  for (int tensor : {x, y}) b.Quantize(tensor, 0.5f, -3);
  b.Op(schema::BuiltinOperator_MAXIMUM, schema::MaximumMinimumOptionsT(), {x, x}, {y});
  b.InputsOutputs({x}, {y});
  b.Signature("serving_default", {{"x", x}}, {{"y", y}});
  return litert::CompiledModel::Create(litert::ModelFile::FromBytes(b.Finish(), "model").value()).value();
}

// The comparison with the original sees what the evaluation will see (TfliteInferenceTest,
// AnInt8ModelIsFedQuantizedFloatsAndItsOutputIsDequantized): 1.3 -> 2.6 - 3 = -0.4 -> 0; 3.4 -> 3.8 -> 3.
TEST(FeedTest, AQuantizedInputIsFedAsInTheEvaluation) {
  const auto model = QuantizedIdentity();
  Tensor x(DataType::kFloat, {1, 3});
  x.values<float>()[0] = 1.3f;
  x.values<float>()[1] = 3.4f;
  x.values<float>()[2] = 1e9f;
  ASSERT_EQ(Feed(*model, {{"x", x}}), absl::OkStatus());
  const std::span<char> fed = model->input(0);
  EXPECT_THAT(std::vector<int>(fed.begin(), fed.end()), ElementsAre(0, 3, 127));
}

TEST(FeedTest, AnotherTypeIsAnErrorThatNamesTheInput) {
  const auto model = QuantizedIdentity();
  EXPECT_THAT(std::string(Feed(*model, {{"x", Tensor(DataType::kInt64, {1, 3})}}).message()),
              HasSubstr("\"x\" is int64, the model wants int8"));
  EXPECT_THAT(std::string(Feed(*model, {}).message()), HasSubstr("\"x\", an input of the model, is missing"));
}

}  // namespace
}  // namespace tfxm::rewriting
