// SPDX-License-Identifier: Apache-2.0

// Expected values: SciPy 1.12, scipy.stats.binomtest, chi2.sf, hypergeom.sf and false_discovery_control; intervals of
// paired proportions by their formulas in NumPy 1.26.
#include "tfxm/model_analysis/comparison/significance/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tfxm/model_analysis/comparison/paired_sums.h"
#include "tfxm/model_analysis/pass/confidence_interval.h"
#include "tfxm/model_analysis/pass/sampling.h"
#include "tfxm/util/numeric/student_t.h"

namespace tfxm::model_analysis {
namespace {

void ExpectRelative(double got, double want) { EXPECT_NEAR(got, want, 1e-9 * want); }

TEST(StudentTest, QuantilesOfAnyNumberOfDegreesOfFreedom) {
  for (int df : {1, 2, 7, 63, 199, 200, 1000, 100000})
    EXPECT_NEAR(StudentT975(df) / StudentTQuantile(0.975, df), 1, 1e-8) << df;
}

TEST(StudentTest, TheQuantileOfTwentySamplesIsThatOfNineteenDegreesOfFreedom) {
  ExpectRelative(kStudentQuantile19, StudentTQuantile(0.975, kNumJackknifeBuckets - 1));
}

TEST(McNemarTest, ExactIsTheTwoSidedBinomialTest) {
  EXPECT_EQ(McNemarExact(0, 0), 1);
  EXPECT_EQ(McNemarExact(1, 0), 1);
  ExpectRelative(McNemarExact(6, 0), 0.03125);
  ExpectRelative(McNemarExact(9, 2), 0.0654296875);
  ExpectRelative(McNemarExact(2, 9), 0.0654296875);
  ExpectRelative(McNemarExact(13, 4), 0.049041748046875);
  ExpectRelative(McNemarExact(300, 260), 0.09925587005739675);
}

TEST(McNemarTest, ChiSquareHasAContinuityCorrection) {
  ExpectRelative(McNemarChiSquare(20, 9), 0.06331778683004569);
  // Agresti, Categorical Data Analysis: 121 and 59 discordant pairs.
  ExpectRelative(McNemarChiSquare(121, 59), 5.450094825427117e-06);
  ExpectRelative(McNemarChiSquare(260, 300), 0.09934224785346533);
  EXPECT_EQ(McNemarChiSquare(15, 15), 1);
  EXPECT_EQ(McNemarChiSquare(0, 0), 1);
}

TEST(PairedProportionTest, IntervalsGoWithTheTest) {
  const Bounds few = PairedProportionInterval(6, 1, 1000);
  EXPECT_NEAR(few.lower, -0.0008699960888541771, 1e-15);
  EXPECT_NEAR(few.upper, 0.010850036009013858, 1e-15);
  const Bounds many = PairedProportionInterval(30, 12, 1000);
  EXPECT_NEAR(many.lower, 0.004347069991055493, 1e-15);
  EXPECT_NEAR(many.upper, 0.03165293000894451, 1e-15);
}

TEST(PairedProportionTest, NoDiscordantExampleLeavesSomeDoubtAndTheMoreTheFewerExamples) {
  EXPECT_NEAR(PairedProportionInterval(0, 0, 50).upper, 0.053303993244218376, 1e-15);
  EXPECT_LT(PairedProportionInterval(0, 0, 5000).upper, 0.001);
  EXPECT_EQ(PairedProportionInterval(3, 0, 3).upper, 1);
}

// The interval excludes 0 where the test finds a difference at 5 %.
TEST(PairedProportionTest, IntervalAndTestAgree) {
  for (int64_t higher = 0; higher <= 60; ++higher) {
    for (int64_t lower = 0; lower <= 60; ++lower) {
      const bool exact = higher + lower <= kMaxExactDiscordant;
      const double p = exact ? McNemarExact(higher, lower) : McNemarChiSquare(higher, lower);
      for (int64_t examples : {higher + lower + 1, int64_t{1000}, int64_t{100000}}) {
        const Bounds bounds = PairedProportionInterval(higher, lower, examples);
        EXPECT_EQ(p < 0.05, bounds.lower > 0 || bounds.upper < 0) << higher << " " << lower << " of " << examples;
      }
    }
  }
}

TEST(HypergeometricTest, AgreesWithSciPy) {
  ExpectRelative(HypergeometricUpperTail(100, 20, 10, 5), 0.025464546427043128);
  ExpectRelative(HypergeometricUpperTail(100, 20, 10, 1), 0.9048837275692115);
  EXPECT_NEAR(HypergeometricUpperTail(1000000, 5000, 2000, 25) / 4.347262331649026e-05, 1, 1e-7);
  ExpectRelative(HypergeometricUpperTail(10000, 31, 1032, 9), 0.0031691144641309904);
  ExpectRelative(HypergeometricUpperTail(50, 5, 10, 5), 0.00011893749174045195);
  EXPECT_EQ(HypergeometricUpperTail(50, 5, 10, 0), 1);
  EXPECT_EQ(HypergeometricUpperTail(20, 15, 10, 5), 1);
  EXPECT_EQ(HypergeometricUpperTail(50, 5, 10, 6), 0);
}

TEST(BenjaminiHochbergTest, AgreesWithSciPy) {
  const std::vector<double> adjusted = BenjaminiHochberg({0.01, 0.04, 0.03, 0.005, 0.5, 0.04});
  const double expected[] = {0.03, 0.048, 0.048, 0.03, 0.5, 0.048};
  for (int i = 0; i < 6; ++i) EXPECT_NEAR(adjusted[i], expected[i], 1e-15);
  EXPECT_TRUE(BenjaminiHochberg({}).empty());
}

// scipy.stats.t.interval(0.95, n - 1, scale=scipy.stats.sem(differences)) of the differences below.
TEST(PairedSumsTest, WithoutWeightsItIsTheIntervalOfThePairedTTest) {
  PairedSums sums;
  const double differences[] = {0.5, -0.25, 0.125, 0.75, 0, 0.375, -0.5, 1};
  for (double d : differences) sums.Add({d + 2, 1}, {2, 1});
  EXPECT_NEAR(*sums.HalfWidth(), 0.42172618232518255, 1e-9);
  EXPECT_FALSE(sums.right_or_wrong());
}

TEST(PairedSumsTest, MergingIsAddingInAnyOrder) {
  PairedSums all, parts[3];
  for (int i = 0; i < 300; ++i) {
    const ExampleTerm a = {std::sin(i * 1.7), 0.1 + i % 7}, b = {std::cos(i * 0.9), 0.1 + i % 7};
    all.Add(a, b);
    parts[i % 3].Add(a, b);
  }
  parts[2].Merge(parts[0]);
  parts[2].Merge(parts[1]);
  EXPECT_EQ(*parts[2].HalfWidth(), *all.HalfWidth());
}

TEST(PairedSumsTest, AWeightCountsAsThatManyExamplesOnlyForTheMean) {
  // The same weight everywhere changes nothing.
  PairedSums plain, weighted;
  for (int i = 0; i < 50; ++i) {
    plain.Add({std::sin(i), 1}, {0, 1});
    weighted.Add({std::sin(i), 3.5}, {0, 3.5});
  }
  EXPECT_NEAR(*weighted.HalfWidth(), *plain.HalfWidth(), 1e-7);
}

TEST(PairedSumsTest, SaysNothingWhereThereIsNothingToSay) {
  PairedSums one, nan, other_weights;
  one.Add({1, 1}, {0, 1});
  EXPECT_FALSE(one.HalfWidth().has_value());
  for (int i = 0; i < 5; ++i) {
    nan.Add({i == 3 ? NAN : 1.0, 1}, {0.5, 1});
    other_weights.Add({1, 1}, {0, 2});
  }
  EXPECT_FALSE(nan.HalfWidth().has_value());
  EXPECT_FALSE(nan.right_or_wrong());
  EXPECT_FALSE(other_weights.HalfWidth().has_value());
}

TEST(PairedSumsTest, RightOrWrongCountsDiscordantExamples) {
  PairedSums sums;
  for (int i = 0; i < 10; ++i) sums.Add({static_cast<double>(i < 7), 1}, {static_cast<double>(i < 4 || i == 9), 1});
  EXPECT_TRUE(sums.right_or_wrong());
  EXPECT_EQ(sums.higher(), 3);
  EXPECT_EQ(sums.lower(), 1);
}

double Uniform(uint64_t* state) { return static_cast<double>(SplitMix64((*state)++) >> 11) * 0x1p-53; }

// 2,000 simulated evaluations of two models that are equally good: about 95 % of the intervals hold 0.
TEST(PairedSumsTest, IntervalsOfMeansCoverNoDifferenceInAbout95Of100Cases) {
  uint64_t state = 1;
  int covered = 0;
  for (int run = 0; run < 2000; ++run) {
    PairedSums sums;
    double total = 0;
    for (int i = 0; i < 100; ++i) {
      const double d = (Uniform(&state) - Uniform(&state)) * Uniform(&state);
      total += d;
      sums.Add({d, 1}, {0, 1});
    }
    covered += std::abs(total / 100) <= *sums.HalfWidth();
  }
  EXPECT_GT(covered, 2000 * 0.93);
  EXPECT_LT(covered, 2000 * 0.97);
}

TEST(PairedProportionTest, IntervalsCoverNoDifferenceInAtLeast95Of100Cases) {
  for (const double share : {0.01, 0.2}) {
    uint64_t state = 7;
    int covered = 0, rejected = 0;
    for (int run = 0; run < 2000; ++run) {
      int64_t higher = 0, lower = 0;
      for (int i = 0; i < 400; ++i) {
        const double u = Uniform(&state);
        higher += u < share / 2;
        lower += u >= share / 2 && u < share;
      }
      const Bounds bounds = PairedProportionInterval(higher, lower, 400);
      covered += bounds.lower <= 0 && bounds.upper >= 0;
      rejected += (higher + lower <= kMaxExactDiscordant ? McNemarExact(higher, lower)
                                                         : McNemarChiSquare(higher, lower)) < 0.05;
    }
    EXPECT_GT(covered, 2000 * 0.94) << share;
    EXPECT_LT(rejected, 2000 * 0.06) << share;
  }
}

}  // namespace
}  // namespace tfxm::model_analysis
