// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/text/numbers.h"

#include <limits>

#include "gtest/gtest.h"

namespace tfxm {
namespace {

TEST(WithCommasTest, GroupsOfThree) {
  EXPECT_EQ(WithCommas(0), "0");
  EXPECT_EQ(WithCommas(999), "999");
  EXPECT_EQ(WithCommas(1000), "1,000");
  EXPECT_EQ(WithCommas(-123456), "-123,456");
  EXPECT_EQ(WithCommas(1234567), "1,234,567");
  EXPECT_EQ(WithCommas(std::numeric_limits<int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(RoundedWithCommasTest, IsAWholeNumber) {
  EXPECT_EQ(RoundedWithCommas(1234.6), "1,235");
  EXPECT_EQ(RoundedWithCommas(-1000), "-1,000");
  EXPECT_EQ(RoundedWithCommas(12), "12");
}

}  // namespace
}  // namespace tfxm
