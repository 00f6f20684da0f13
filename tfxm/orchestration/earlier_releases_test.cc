// SPDX-License-Identifier: Apache-2.0

// What earlier releases have left on disk is read as it was meant, or refused by name. testdata/releases/ has a folder
// for each.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/metadata/metadata_store.h"
#include "tfxm/orchestration/cache/cache_key.h"
#include "tfxm/orchestration/lineage/lineage.h"
#include "tfxm/report/evaluation/evaluation_reader.h"
#include "tfxm/report/evaluation/sidecars.h"
#include "tfxm/util/files/file_manifest.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

constexpr char kReleases[] = "tfxm/orchestration/testdata/releases";

std::vector<std::string> Releases() {
  std::vector<std::string> releases;
  for (const std::string& name : io::ListDir(kReleases).value_or(std::vector<std::string>())) {
    if (io::IsDirectory(io::JoinPath(kReleases, name))) releases.push_back(name);
  }
  return releases;
}

class EarlierReleaseTest : public ::testing::TestWithParam<std::string> {
 protected:
  static std::string File(absl::string_view name) { return io::JoinPath(kReleases, io::JoinPath(GetParam(), name)); }
};

TEST_P(EarlierReleaseTest, ItsMetadataStoreIsReadAndNotChanged) {
  const std::string before = io::ReadFile(File("metadata.db")).value();
  {
    auto store = MetadataStore::Open(File("metadata.db"), database::Mode::kReadOnly);
    ASSERT_TRUE(store.ok()) << store.status();
    const std::string runs = DescribeRuns(store->get()).value();
    for (const char* part : {"Trainer.mnist_lite", "Evaluator.mnist", "CACHED", "COMPLETE"}) {
      EXPECT_TRUE(absl::StrContains(runs, part)) << part << " is not in " << runs;
    }
    std::map<std::string, int> artifacts;
    const std::vector<ml_metadata::Artifact> all = (*store)->GetArtifacts().value();
    for (const ml_metadata::Artifact& artifact : all) {
      ++artifacts[artifact.type()];
      EXPECT_TRUE(artifact.custom_properties().contains("files")) << artifact.uri();
    }
    EXPECT_EQ(artifacts["Examples"], 2) << "as they are and transformed, once for both runs";
    EXPECT_EQ(artifacts["Model"], 4);
    EXPECT_EQ(artifacts["PushedModel"], 4);
    const std::string ancestry =
        DescribeAncestry(store->get(), (*store)->GetArtifactsByType("PushedModel").value().front().uri()).value();
    for (const char* node : {"Pusher.mnist", "Trainer.mnist", "Transform", "ImportExampleGen"}) {
      EXPECT_TRUE(absl::StrContains(ancestry, node)) << node << " is not in " << ancestry;
    }
  }
  EXPECT_EQ(io::ReadFile(File("metadata.db")).value(), before);
}

TEST_P(EarlierReleaseTest, ItsEvaluationIsRead) {
  const std::string folder = File("evaluation");
  const auto evaluation = report::ReadEvaluation(folder);
  ASSERT_TRUE(evaluation.ok()) << evaluation.status();
  std::vector<std::string> names = evaluation->ModelNames();
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"first", "lite", "saved_model"}));
  ASSERT_EQ(evaluation->slices.size(), 1u);
  std::map<std::pair<std::string, std::string>, double> values;  // By model and metric.
  for (const report::Metric& metric : evaluation->slices[0].metrics) {
    if (!metric.key.is_diff) values[{metric.key.model_name, metric.key.name}] = metric.value.number;
  }
  EXPECT_GT((values[{"first", "example_count"}]), 100);
  const auto sidecars = report::ReadSidecars(folder);
  ASSERT_TRUE(sidecars.ok()) << sidecars.status();

  // A comparison says what the metrics say, so neither is misread.
  int compared = 0;
  for (const report::Comparison& comparison : sidecars->comparisons) {
    EXPECT_EQ(comparison.reference_model_name(), "saved_model");
    EXPECT_NEAR(comparison.difference(),
                (values[{comparison.model_name(), comparison.metric_name()}]) -
                    (values[{"saved_model", comparison.metric_name()}]),
                1e-6)
        << comparison.metric_name();
    ASSERT_TRUE(comparison.has_lower_bound() && comparison.has_upper_bound());
    EXPECT_LE(comparison.lower_bound(), comparison.difference());
    EXPECT_GE(comparison.upper_bound(), comparison.difference());
    ++compared;
  }
  EXPECT_EQ(compared, 2) << "two models with the third, by their accuracy";

  ASSERT_EQ(sidecars->facts.size(), 3u);
  for (const report::ModelFacts& facts : sidecars->facts) {
    EXPECT_GT(facts.numbers().at("size_bytes"), 100'000) << facts.model_name();
    EXPECT_EQ(facts.numbers().count("arena_bytes"), facts.model_name() == "saved_model" ? 0u : 1u);
  }
  ASSERT_TRUE(sidecars->disagreements.has_total());
  EXPECT_GE(sidecars->disagreements.total(), 1);
  ASSERT_EQ(sidecars->disagreements.examples_size(), 1);
  EXPECT_EQ(sidecars->disagreements.examples(0).predictions_size(), 3) << "of each model";

  const auto manifest = ReadFileManifest(io::JoinPath(folder, ".tfxm_evaluation.json"));
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_EQ(CompareWithManifest(folder, *manifest, /*with_others=*/false).value(), std::vector<std::string>());
}

TEST_P(EarlierReleaseTest, ItsCacheKeyIsReadAndADifferenceIsNamed) {
  const std::string json = io::ReadFile(File("cache_key.json")).value();
  const auto key = ParseCacheKey(json);
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->digest.size(), 64u);
  EXPECT_TRUE(absl::StrContains(key->parts.at("exec property train_args"), "20"))
      << key->parts.at("exec property train_args");
  CacheKey now = *key;
  now.digest[0] = now.digest[0] == '0' ? '1' : '0';
  now.parts["exec property train_args"] = "other";
  EXPECT_TRUE(absl::StrContains(DescribeDifference(*key, now), "exec property train_args"));
}

INSTANTIATE_TEST_SUITE_P(Releases, EarlierReleaseTest, ::testing::ValuesIn(Releases()), [](const auto& info) {
  std::string name = info.param;
  for (char& c : name) c = absl::ascii_isalnum(c) ? c : '_';
  return name;
});

TEST(EarlierReleasesTest, ThereIsOne) { EXPECT_FALSE(Releases().empty()); }

// What nobody has written yet is refused by name, not read as far as it goes.
TEST(EarlierReleasesTest, AnythingElseIsNamed) {
  EXPECT_EQ(ParseCacheKey(R"({"digest": 7})").status().code(), absl::StatusCode::kDataLoss);
  const absl::Status facts = report::ParseModelFacts(R"({"models": "all"})").status();
  EXPECT_EQ(facts.code(), absl::StatusCode::kInvalidArgument) << facts;
  const absl::Status comparisons = report::ParseComparisons(R"({"comparisons": [{"difference": "much"}]})").status();
  EXPECT_EQ(comparisons.code(), absl::StatusCode::kInvalidArgument) << comparisons;
}

}  // namespace
}  // namespace tfxm
