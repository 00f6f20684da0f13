// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/validation/error_statistics.h"

#include <cmath>
#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tfxm::rewriting {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

float Wave(int i) { return std::sin(12.9898f * (i + 1)); }

// `n` examples of one row each.
template <typename Fn>
ErrorSummary Statistics(int n, int64_t columns, const Fn& values) {
  ErrorStatistics statistics;
  for (int e = 0; e < n; ++e) {
    std::vector<float> want(columns), got(columns);
    for (int c = 0; c < columns; ++c) values(e, c, want[c], got[c]);
    statistics.Add(1, {1, columns}, want, got);
  }
  return statistics.Finish();
}

TEST(ErrorStatisticsTest, AMeanFarFromZeroDoesNotCountAsSignal) {
  const ErrorSummary summary = Statistics(50, 1, [](int e, int, float& want, float& got) {
    want = 1000 + Wave(e);
    got = want + 0.5f * Wave(e + 1000);
  });
  EXPECT_NEAR(summary.Worst().sqnr_db, 6, 1.5);
}

TEST(ErrorStatisticsTest, WhatAnswersEverythingAlikeHasNoSignal) {
  // The columns differ from each other much more than the examples do.
  const ErrorSummary summary = Statistics(50, 4, [](int e, int c, float& want, float& got) {
    want = 10 * c + Wave(4 * e + c);
    got = 10 * c;
  });
  EXPECT_LE(summary.Worst().sqnr_db, 0.1);
  EXPECT_TRUE(summary.parts[0].lost);
}

TEST(ErrorStatisticsTest, ColumnsOfOtherRangesAreJudgedByThemselves) {
  const ErrorSummary summary = Statistics(50, 5, [](int e, int c, float& want, float& got) {
    want = c < 4 ? 300 + 300 * Wave(5 * e + c) : 0.5f + 0.5f * Wave(5 * e + c);
    got = std::round(want / 2.4f) * 2.4f;
  });
  EXPECT_GT(summary.parts[0].sqnr_db, 40);
  EXPECT_EQ(summary.Worst().name, "column 4");
  EXPECT_LT(summary.Worst().sqnr_db, 1);
}

TEST(ErrorStatisticsTest, SoAreThoseInFrontOfPlaces) {
  ErrorStatistics statistics;
  for (int e = 0; e < 20; ++e) {
    std::vector<float> want(5 * 100), got(5 * 100);
    for (int i = 0; i < 500; ++i) {
      want[i] = i < 400 ? 300 + 300 * Wave(500 * e + i) : 0.5f + 0.5f * Wave(500 * e + i);
      got[i] = std::round(want[i] / 2.4f) * 2.4f;
    }
    statistics.Add(1, {1, 5, 100}, want, got);
  }
  EXPECT_EQ(statistics.Finish().Worst().name, "column 4 of dimension 1");
}

TEST(ErrorStatisticsTest, ProbabilitiesOfRareClassesAreNoOtherKind) {
  const ErrorSummary summary = Statistics(50, 3, [](int e, int c, float& want, float& got) {
    want = c < 2 ? 0.5f + 0.5f * Wave(3 * e + c) : 0.001f * (1 + Wave(3 * e + c));
    got = std::round(want * 255) / 255;
  });
  EXPECT_EQ(summary.parts.size(), 1);
}

TEST(ErrorStatisticsTest, ValuesBesideAMaskAreJudgedByThemselves) {
  const ErrorSummary summary = Statistics(50, 8, [](int e, int c, float& want, float& got) {
    const bool masked = (e + c) % 8 < 3;
    want = masked ? -1e30f : 3 * Wave(8 * e + c);
    got = masked ? -1e30f : 0;
  });
  EXPECT_GT(summary.parts[0].sqnr_db, 100);
  EXPECT_EQ(summary.Worst().name, "values that are not masked");
  EXPECT_LT(summary.Worst().sqnr_db, 1);
}

TEST(ErrorStatisticsTest, OutliersDoNotHideTheOthers) {
  ErrorStatistics statistics;
  for (int e = 0; e < 50; ++e) {
    const std::vector<float> want = {e == 7 ? 3000 : Wave(e)}, got = {e == 7 ? 3000.0f : 0.0f};
    statistics.Add(1, {1, 1}, want, got, /*outlier=*/e == 7);
  }
  EXPECT_EQ(statistics.Finish().Worst().name, "examples without outliers");
}

TEST(ErrorStatisticsTest, AConstantHasNoRatio) {
  const ErrorSummary summary = Statistics(20, 1, [](int, int, float& want, float& got) { want = got = -1.2f; });
  EXPECT_TRUE(summary.Worst().constant);
  EXPECT_TRUE(std::isinf(summary.Worst().sqnr_db));
}

TEST(ErrorStatisticsTest, WhatIsNoNumberIsLeftOut) {
  const ErrorSummary summary = Statistics(20, 2, [](int e, int, float& want, float& got) {
    want = e == 3 ? kNan : Wave(e);
    got = want;
  });
  EXPECT_EQ(summary.num_values, 38);
  EXPECT_EQ(summary.mean_abs_error, 0);
}

TEST(ErrorStatisticsTest, LargeTensorsAreLookedAtInPart) {
  ErrorStatistics statistics(1000);
  std::vector<float> want(300 * 300 * 4), got(want.size());
  for (int e = 0; e < 10; ++e) {
    for (size_t i = 0; i < want.size(); ++i) {
      want[i] = (i % 4 == 3 ? 0.01f : 100.0f) * Wave(static_cast<int>(i) + e);
      got[i] = i % 4 == 3 ? 0 : want[i];
    }
    statistics.Add(1, {1, 300, 300, 4}, want, got);
  }
  const ErrorSummary summary = statistics.Finish();
  EXPECT_LE(summary.num_values, 10 * 1000);
  EXPECT_EQ(summary.Worst().name, "column 3");
}

}  // namespace
}  // namespace tfxm::rewriting
