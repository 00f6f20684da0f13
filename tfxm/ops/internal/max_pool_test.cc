// SPDX-License-Identifier: Apache-2.0

#include "tfxm/ops/internal/max_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tfxm/ops/ops.h"
#include "tfxm/ops/session.h"
#include "tfxm/testing/tensors.h"

namespace tfxm::ops {
namespace {

tfxm::Tensor Wave(const Shape& shape, double phase) {
  tfxm::Tensor tensor(DataType::kFloat, shape);
  double i = phase;
  for (float& value : tensor.values<float>()) value = static_cast<float>(std::sin(i += 1.7) * 8 - 1);
  return tensor;
}

struct Case {
  std::vector<int64_t> size, strides;
  const char* padding;
  const char* activation = "Relu";
  int64_t channels = 16;
  int64_t height = 7, width = 9;
};

// Outputs and the gradients of sum(y^2): of one operation, and of TensorFlow's three.
std::vector<tfxm::Tensor> Evaluate(const Case& c, bool fused, const tfxm::Tensor& x_value,
                                   const tfxm::Tensor& bias_value, int num_threads = 1) {
  Graph graph;
  const Tensor x = Placeholder(graph, DataType::kFloat, {-1, c.height, c.width, c.channels});
  const Tensor bias = Placeholder(graph, DataType::kFloat, {c.channels});
  const Tensor y = fused ? internal::MaxPoolBias(x, bias, c.size, c.strides, c.padding, c.activation)
                         : MaxPool2D(Op(c.activation, {BiasAdd(x, bias)}), c.size, c.strides, c.padding);
  auto gradients = Gradients({ReduceSum(Square(y))}, {x, bias});
  EXPECT_TRUE(gradients.ok()) << gradients.status();
  if (!gradients.ok()) return {};
  auto session = Session::Create(graph, {.num_threads = num_threads});
  EXPECT_TRUE(session.ok()) << session.status();
  auto function = (*session)->MakeFunction({x, bias}, {y, (*gradients)[0], (*gradients)[1]});
  EXPECT_TRUE(function.ok()) << function.status();
  auto outputs = (*function)->Run({x_value, bias_value});
  EXPECT_TRUE(outputs.ok()) << outputs.status();
  return outputs.ok() ? *outputs : std::vector<tfxm::Tensor>();
}

TEST(MaxPoolTest, IsWhatTensorFlowsOperationsAre) {
  const std::vector<Case> cases = {
      {{2, 2}, {2, 2}, "VALID"},
      {{2, 2}, {2, 2}, "VALID", "Relu6", 32, 8, 6},
      {{2, 2}, {2, 2}, "SAME", "Relu", 5},
      {{3, 3}, {2, 2}, "SAME", "Relu6", 17},
      {{3, 3}, {2, 2}, "VALID", "Relu", 33},
      {{2, 3}, {3, 2}, "VALID", "Relu", 1},
      {{1, 2}, {2, 4}, "SAME", "Relu6", 48},
      {{3}, {1}, "SAME", "Relu", 20},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(testing::Message() << c.size[0] << "x" << c.size.back() << " " << c.padding << " " << c.channels);
    const tfxm::Tensor x = Wave({3, c.height, c.width, c.channels}, 0), bias = Wave({c.channels}, 5);
    const auto fused = Evaluate(c, true, x, bias), apart = Evaluate(c, false, x, bias);
    ASSERT_EQ(fused.size(), 3);
    ASSERT_EQ(apart.size(), 3);
    for (size_t i = 0; i < 3; ++i) {
      ASSERT_EQ(fused[i].shape(), apart[i].shape());
      for (int64_t k = 0; k < fused[i].num_elements(); ++k) {
        const float value = apart[i].values<float>()[k];
        EXPECT_NEAR(fused[i].values<float>()[k], value, i < 2 ? 0 : 1e-5 * (1 + std::abs(value))) << i << " " << k;
      }
    }
  }
}

// The same of a convolution: gradients of its kernel and of the bias.
std::vector<tfxm::Tensor> EvaluateConv(const Case& c, const Shape& kernel_shape, bool fused, int num_threads = 1) {
  Graph graph;
  const Shape shape = {6, c.height, c.width, kernel_shape[2]};
  const Tensor x = Placeholder(graph, DataType::kFloat, {-1, shape[1], shape[2], shape[3]});
  const Tensor kernel = Placeholder(graph, DataType::kFloat, kernel_shape);
  const Tensor bias = Placeholder(graph, DataType::kFloat, {kernel_shape[3]});
  const Tensor y = fused ? internal::ConvMaxPoolBias(x, kernel, bias, c.size, c.strides, c.activation)
                         : MaxPool2D(Op(c.activation, {BiasAdd(Conv2D(x, kernel, {1, 1}, "VALID"), bias)}), c.size,
                                     c.strides, c.padding);
  EXPECT_TRUE(internal::CanConvMaxPoolBias(x, kernel_shape, c.size, c.strides));
  auto gradients = Gradients({ReduceSum(Square(y))}, {kernel, bias});
  EXPECT_TRUE(gradients.ok()) << gradients.status();
  if (!gradients.ok()) return {};
  auto session = Session::Create(graph, {.num_threads = num_threads});
  EXPECT_TRUE(session.ok()) << session.status();
  auto function = (*session)->MakeFunction({x, kernel, bias}, {y, (*gradients)[0], (*gradients)[1]});
  EXPECT_TRUE(function.ok()) << function.status();
  auto outputs = (*function)->Run({Wave(shape, 0), Wave(kernel_shape, 3), Wave({kernel_shape[3]}, 5)});
  EXPECT_TRUE(outputs.ok()) << outputs.status();
  return outputs.ok() ? *outputs : std::vector<tfxm::Tensor>();
}

TEST(MaxPoolTest, AConvolutionBeforeIt) {
  const std::vector<std::pair<Case, Shape>> cases = {
      {{{2, 2}, {2, 2}, "VALID"}, {3, 3, 1, 32}},
      {{{2, 2}, {2, 2}, "VALID", "Relu", 16, 9, 12}, {3, 3, 3, 16}},
      {{{2, 2}, {3, 2}, "VALID", "Relu6", 16, 9, 12}, {1, 5, 2, 20}},
      {{{3, 2}, {3, 3}, "VALID", "Relu", 16, 9, 12}, {2, 2, 4, 33}},
      {{{1}, {1}, "VALID"}, {3, 3, 2, 17}},
  };
  for (const auto& [c, kernel] : cases) {
    SCOPED_TRACE(testing::Message() << c.size[0] << "x" << c.size.back() << " " << kernel[0] << "x" << kernel[1]);
    const auto fused = EvaluateConv(c, kernel, true), apart = EvaluateConv(c, kernel, false);
    ASSERT_EQ(fused.size(), 3);
    ASSERT_EQ(apart.size(), 3);
    for (size_t i = 0; i < 3; ++i) {
      ASSERT_EQ(fused[i].shape(), apart[i].shape());
      double largest = 1;
      for (const float value : apart[i].values<float>()) largest = std::max<double>(largest, std::abs(value));
      for (int64_t k = 0; k < fused[i].num_elements(); ++k)
        EXPECT_NEAR(fused[i].values<float>()[k], apart[i].values<float>()[k], 2e-6 * largest) << i << " " << k;
    }
    const auto threads = EvaluateConv(c, kernel, true, 4);
    for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(std::ranges::equal(fused[i].bytes(), threads[i].bytes())) << i;
  }
}

TEST(MaxPoolTest, NoBatchAndNotANumber) {
  const Case c = {{2, 2}, {2, 2}, "VALID"};
  const auto none = Evaluate(c, true, tfxm::Tensor(DataType::kFloat, {0, 7, 9, 16}), Wave({16}, 5));
  ASSERT_EQ(none.size(), 3);
  EXPECT_EQ(none[0].shape(), (Shape{0, 3, 4, 16}));
  for (const float value : none[2].values<float>()) EXPECT_EQ(value, 0);
  // A training that has lost its numbers is not to look well.
  tfxm::Tensor x(DataType::kFloat, {1, 7, 9, 16});
  for (float& value : x.values<float>()) value = std::numeric_limits<float>::quiet_NaN();
  const auto lost = Evaluate(c, true, x, Wave({16}, 5));
  for (const float value : lost[0].values<float>()) EXPECT_TRUE(std::isnan(value));
}

TEST(MaxPoolTest, TheSameBytesForAnyNumberOfThreads) {
  const Case c = {{2, 2}, {2, 2}, "VALID", "Relu", 64, 28, 28};
  const tfxm::Tensor x = Wave({16, 28, 28, 64}, 0), bias = Wave({64}, 5);
  const auto one = Evaluate(c, true, x, bias), four = Evaluate(c, true, x, bias, 4);
  ASSERT_EQ(one.size(), four.size());
  for (size_t i = 0; i < one.size(); ++i) EXPECT_TRUE(std::ranges::equal(one[i].bytes(), four[i].bytes())) << i;
}

}  // namespace
}  // namespace tfxm::ops
