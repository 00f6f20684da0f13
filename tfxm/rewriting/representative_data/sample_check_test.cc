// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/representative_data/sample_check.h"

#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tfxm::rewriting {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

template <typename Fn>
SampleFindings Check(int n, int64_t columns, const Fn& value) {
  SampleSet samples;
  for (int s = 0; s < n; ++s) {
    Tensor x(DataType::kFloat, {1, columns});
    for (int c = 0; c < columns; ++c) x.values<float>()[c] = value(s, c);
    samples.samples.push_back({{"x", x}});
    samples.names.push_back(absl::StrCat("record ", s, " of data"));
  }
  return CheckSamples(samples, {{"x", DataType::kFloat, {-1, columns}}});
}

float Wave(int i) { return std::sin(12.9898f * (i + 1)); }

TEST(SampleCheckTest, OrdinaryDataAreFine) {
  EXPECT_THAT(Check(100, 16, [](int s, int c) { return Wave(16 * s + c); }).warnings, IsEmpty());
  EXPECT_THAT(Check(100, 1, [](int s, int) { return std::exp(3 * Wave(s)); }).warnings, IsEmpty());
}

TEST(SampleCheckTest, OutliersAreNamedWithTheirRecords) {
  const SampleFindings findings =
      Check(100, 16, [](int s, int c) { return (s == 7 || s == 40) && c == 3 ? 3000 : Wave(16 * s + c); });
  EXPECT_THAT(findings.warnings,
              ElementsAre(AllOf(HasSubstr("\"x\" is up to 3000 in 2 of 100 examples"),
                                HasSubstr("(record 7 of data, record 40 of data)"), HasSubstr("outliers"))));
  EXPECT_TRUE(findings.outlier[7]);
  EXPECT_FALSE(findings.outlier[8]);
}

TEST(SampleCheckTest, TwoUnitsInOneFeatureAreNamed) {
  const auto mixed = [](int share) {
    return [=](int s, int c) { return (s % 10 < share ? 255.0f : 1.0f) * std::abs(Wave(32 * s + c)); };
  };
  // 255 among ones, and the other way about.
  for (int share : {3, 8}) {
    const SampleFindings findings = Check(50, 32, mixed(share));
    ASSERT_EQ(findings.warnings.size(), 1) << share;
    EXPECT_THAT(findings.warnings[0], AllOf(HasSubstr("two units in one feature"), HasSubstr("record")));
    EXPECT_FALSE(findings.has_outliers());
  }
}

TEST(SampleCheckTest, ColumnsThatCannotShareAScaleAreNamed) {
  const SampleFindings findings =
      Check(50, 3, [](int s, int c) { return (c == 1 ? 50000 : 1) * std::abs(Wave(3 * s + c)); });
  ASSERT_EQ(findings.warnings.size(), 1);
  EXPECT_THAT(findings.warnings[0], AllOf(HasSubstr("column 1"), HasSubstr("column 0"), HasSubstr("256 steps")));
}

TEST(SampleCheckTest, WhatIsNoNumberIsNamedWithItsRecord) {
  for (float value : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    const SampleFindings findings =
        Check(20, 4, [&](int s, int c) { return s == 11 && c == 2 ? value : Wave(4 * s + c); });
    EXPECT_THAT(findings.warnings,
                ElementsAre(AllOf(HasSubstr("\"x\" is NaN or infinite in 1 of 20"), HasSubstr("record 11 of data"))));
    EXPECT_TRUE(findings.not_finite[11]);
  }
}

}  // namespace
}  // namespace tfxm::rewriting
