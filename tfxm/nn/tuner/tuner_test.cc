// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/tuner/tuner.h"

#include <cmath>
#include <set>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tfxm::nn {
namespace {

using ::testing::HasSubstr;

TunerOptions Options(HyperParameters hp, std::function<absl::StatusOr<double>(const HyperParameters&)> run_trial) {
  return {.objective = {"loss", "min"}, .hyperparameters = std::move(hp), .run_trial = std::move(run_trial)};
}

TEST(HyperParametersTest, AreWrittenAsKerasTunersConfig) {
  HyperParameters hp;
  hp.Float("rate", 1e-3, 1e-1, {.sampling = "log"});
  hp.Int("units", 8, 32, {.step = 8});
  hp.Choice("act", {"relu", "tanh"});
  hp.Choice("n", {1, 2});
  hp.Boolean("b");
  hp.Fixed("k", int64_t{3});
  ASSERT_TRUE(hp.status().ok()) << hp.status();
  // keras_tuner 1.4's HyperParameters of the same calls, get_config(); of an Int it leaves the default null.
  EXPECT_EQ(
      hp.ToJson(),
      R"({"space":[{"class_name":"Float","config":{"name":"rate","conditions":[],"default":0.001,"min_value":0.001,)"
      R"("max_value":0.1,"step":null,"sampling":"log"}},{"class_name":"Int","config":{"name":"units","conditions":[],)"
      R"("default":8,"min_value":8,"max_value":32,"step":8,"sampling":"linear"}},{"class_name":"Choice","config":)"
      R"({"name":"act","conditions":[],"default":"relu","values":["relu","tanh"],"ordered":false}},{"class_name":)"
      R"("Choice","config":{"name":"n","conditions":[],"default":1,"values":[1,2],"ordered":true}},{"class_name":)"
      R"("Boolean","config":{"name":"b","conditions":[],"default":false}},{"class_name":"Fixed","config":{"name":"k",)"
      R"("conditions":[],"value":3}}],"values":{"rate":0.001,"units":8,"act":"relu","n":1,"b":false,"k":3}})");
}

TEST(HyperParametersTest, WhatIsWrongIsNamed) {
  const auto why = [](const std::function<void(HyperParameters*)>& declare) {
    HyperParameters hp;
    declare(&hp);
    return std::string(hp.status().message());
  };
  EXPECT_THAT(why([](auto* hp) { hp->Float("r", 2, 1); }), HasSubstr("\"r\" goes from 2 to 1"));
  EXPECT_THAT(why([](auto* hp) { hp->Float("r", 0, 1, {.sampling = "log"}); }), HasSubstr("begins at 0"));
  EXPECT_THAT(why([](auto* hp) { hp->Float("r", 0, 1, {.sampling = "lin"}); }), HasSubstr("sampling \"lin\""));
  EXPECT_THAT(why([](auto* hp) { hp->Float("r", 0, 1, {.step = 0}); }), HasSubstr("has step 0"));
  EXPECT_THAT(why([](auto* hp) { hp->Float("r", 0, 1, {.default_value = 2}); }), HasSubstr("has the default 2"));
  EXPECT_THAT(why([](auto* hp) { hp->Float("r", 0, NAN); }), HasSubstr("goes from 0 to nan"));
  EXPECT_THAT(why([](auto* hp) { hp->Int("n", 0, int64_t{1} << 60); }), HasSubstr("beyond 2^53"));
  EXPECT_THAT(why([](auto* hp) { hp->Int("n", 0, int64_t{1} << 40); }), HasSubstr("give a larger step"));
  EXPECT_THAT(why([](auto* hp) { hp->Boolean("b"), hp->Boolean("b"); }), HasSubstr("declared twice"));
  EXPECT_THAT(why([](auto* hp) { hp->Choice("c", {}); }), HasSubstr("has no values"));
  EXPECT_THAT(why([](auto* hp) { hp->Choice("c", {1, "two"}); }), HasSubstr("values of several kinds"));
  HyperParameters hp;
  hp.Boolean("b");
  EXPECT_THAT(hp.Get<double>("b").status().message(), HasSubstr("\"b\" is a bool"));
  EXPECT_THAT(hp.Get<bool>("a").status().message(), HasSubstr("there are \"b\""));
}

TEST(TunerTest, AGridHasAllCombinationsAndTheBestIsFirst) {
  HyperParameters hp;
  hp.Int("x", 0, 4, {.step = 2});
  hp.Float("y", 1, 100, {.step = 10, .sampling = "log"});
  std::vector<std::pair<int64_t, double>> seen;
  TunerOptions options = Options(hp, [&](const HyperParameters& trial) -> absl::StatusOr<double> {
    seen.emplace_back(*trial.Get<int64_t>("x"), *trial.Get<double>("y"));
    return std::fabs(static_cast<double>(*trial.Get<int64_t>("x")) - 2) + *trial.Get<double>("y");
  });
  const auto trials = GridSearch(options).Search();
  ASSERT_TRUE(trials.ok()) << trials.status();
  EXPECT_THAT(seen, testing::ElementsAre(std::pair(0, 1.0), std::pair(0, 10.0), std::pair(0, 100.0), std::pair(2, 1.0),
                                         std::pair(2, 10.0), std::pair(2, 100.0), std::pair(4, 1.0), std::pair(4, 10.0),
                                         std::pair(4, 100.0)));
  EXPECT_EQ(trials->front().trial_id, "3");
  EXPECT_EQ(trials->front().score, 1);
  EXPECT_EQ((*trials)[1].trial_id, "0") << "of equals the earlier";
  options.objective.direction = "max";
  options.max_trials = 2;
  EXPECT_EQ(GridSearch(options).Search()->front().score, 12);
}

TEST(TunerTest, ARandomSearchTriesNothingTwiceAndIsTheSameForASeed) {
  HyperParameters hp;
  hp.Int("x", 0, 3);
  hp.Float("rate", 1e-4, 1e-1, {.sampling = "log"});
  const auto search = [&](uint64_t seed, std::optional<int64_t> max_trials) {
    std::vector<double> rates;
    TunerOptions options = Options(hp, [&](const HyperParameters& trial) {
      rates.push_back(*trial.Get<double>("rate"));
      return trial.Get<double>("rate");
    });
    options.seed = seed;
    options.max_trials = max_trials;
    EXPECT_TRUE(RandomSearch(options).Search().ok());
    return rates;
  };
  const std::vector<double> first = search(1, 200);
  EXPECT_EQ(first.size(), 200);
  EXPECT_EQ(first, search(1, 200));
  EXPECT_NE(first, search(2, 200));
  EXPECT_EQ(search(1, std::nullopt).size(), 10);
  int small = 0;
  for (const double rate : first) {
    EXPECT_TRUE(rate >= 1e-4 && rate <= 1e-1) << rate;
    small += rate < 3.1622776e-3;
  }
  EXPECT_NEAR(small, 100, 40) << "half of them below the middle of the exponents";

  HyperParameters few;
  few.Choice("c", {1, 2, 3});
  std::multiset<int64_t> tried;
  TunerOptions options = Options(few, [&](const HyperParameters& trial) -> absl::StatusOr<double> {
    tried.insert(*trial.Get<int64_t>("c"));
    return 0;
  });
  options.max_trials = 50;
  ASSERT_TRUE(RandomSearch(options).Search().ok());
  EXPECT_EQ(tried, (std::multiset<int64_t>{1, 2, 3}));
}

TEST(TunerTest, ATrialThatFailsIsLeftOutAndThreeInARowEndTheSearch) {
  HyperParameters hp;
  hp.Int("x", 0, 9);
  int calls = 0;
  const auto search = [&](const std::set<int64_t>& bad) {
    calls = 0;
    return GridSearch(Options(hp,
                              [&](const HyperParameters& trial) -> absl::StatusOr<double> {
                                ++calls;
                                const int64_t x = *trial.Get<int64_t>("x");
                                if (bad.count(x) == 0) return x;
                                if (x % 2 == 0) return std::nan("");
                                return absl::InternalError("it diverged");
                              }))
        .Search();
  };
  const auto some = search({0, 1, 3, 4});
  ASSERT_TRUE(some.ok()) << some.status();
  EXPECT_EQ(some->size(), 6);
  EXPECT_EQ(some->front().score, 2);
  const auto three = search({3, 4, 5});
  EXPECT_EQ(calls, 6);
  EXPECT_THAT(three.status().message(), HasSubstr("trial 6"));
  EXPECT_THAT(three.status().message(), HasSubstr("it diverged"));
}

TEST(TunerTest, OptionsThatDoNotFitAreNamed) {
  HyperParameters hp;
  hp.Int("x", 0, 999'999);
  const auto score = [](const HyperParameters&) -> absl::StatusOr<double> { return 0; };
  EXPECT_THAT(RandomSearch(Options(hp, nullptr)).Search().status().message(), HasSubstr("no run_trial"));
  EXPECT_THAT(RandomSearch(Options({}, score)).Search().status().message(), HasSubstr("no hyperparameters"));
  EXPECT_THAT(GridSearch(Options(hp, score)).Search().status().message(), HasSubstr("give max_trials"));
  TunerOptions options = Options(hp, score);
  options.max_trials = 0;
  EXPECT_THAT(RandomSearch(options).Search().status().message(), HasSubstr("max_trials is 0"));
  options.objective.direction = "up";
  EXPECT_THAT(RandomSearch(options).Search().status().message(), HasSubstr("expected min or max"));
}

}  // namespace
}  // namespace tfxm::nn
