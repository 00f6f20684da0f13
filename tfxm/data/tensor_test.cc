// SPDX-License-Identifier: Apache-2.0

#include "tfxm/data/tensor.h"

#include "gtest/gtest.h"

namespace tfxm {
namespace {

TEST(TensorTest, StartsAsZerosOfItsShape) {
  Tensor t(DataType::kFloat, {2, 3});
  EXPECT_EQ(t.num_elements(), 6);
  EXPECT_EQ(t.values<float>().size(), 6u);
  EXPECT_EQ(t.ValueAsDouble(5), 0);
  EXPECT_EQ(Tensor(DataType::kString, {2}).strings().size(), 2u);
  EXPECT_EQ(Tensor(DataType::kInt64, {}).values<int64_t>().size(), 1u) << "a scalar has one value";
}

TEST(TensorTest, ValueAsDoubleOfEveryType) {
  Tensor half(DataType::kHalf, {4});
  half.values<uint16_t>()[0] = 0x3c00, half.values<uint16_t>()[1] = 0xc000, half.values<uint16_t>()[2] = 1;
  half.values<uint16_t>()[3] = 0x3555;
  EXPECT_EQ(half.ValueAsDouble(0), 1);
  EXPECT_EQ(half.ValueAsDouble(1), -2);
  EXPECT_EQ(half.ValueAsDouble(2), 0x1p-24);
  EXPECT_NEAR(half.ValueAsDouble(3), 1.0 / 3, 1e-3);
  Tensor flag(DataType::kBool, {1});
  flag.bytes()[0] = 1;
  EXPECT_EQ(flag.ValueAsDouble(0), 1);
  Tensor small(DataType::kInt8, {1});
  small.values<int8_t>()[0] = -7;
  EXPECT_EQ(small.ValueAsDouble(0), -7);
}

TEST(ShapeTest, UnknownDimensionsPrintAsNone) { EXPECT_EQ(ShapeString({-1, 784}), "[None, 784]"); }

}  // namespace
}  // namespace tfxm
