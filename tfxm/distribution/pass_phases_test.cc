// SPDX-License-Identifier: Apache-2.0

#include "tfxm/distribution/pass_phases.h"

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/distribution/part.h"
#include "tfxm/distribution/request.h"
#include "tfxm/distribution/steps/statistics_step.h"
#include "tfxm/statistics/statistics_accumulator.h"
#include "tfxm/testing/example_builder.h"
#include "tfxm/testing/status_matchers.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"

namespace tfxm::distribution {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> Examples(int n, int seed) {
  std::vector<std::string> records;
  std::mt19937 random(seed);
  for (int i = 0; i < n; ++i) {
    records.push_back(ExampleBuilder()
                          .Ints("id", {static_cast<int64_t>(random())})
                          .Floats("x", {static_cast<float>(random()) / 7, 0.1f})
                          .Bytes("word", {absl::StrCat("word", random() % 3000)})
                          .Serialize());
  }
  return records;
}

// A large file that is not compressed, a small one, one of none, one that is.
class PassTest : public ::testing::Test {
 protected:
  PassTest() {
    for (const auto& [name, n] :
         std::vector<std::pair<std::string, int>>{{"a", 5000}, {"b", 10}, {"c", 0}, {"d.gz", 2000}}) {
      files_.push_back(WriteRecords(dir_ / name, Examples(n, n + 1)));
      *request_.add_files() = files_.back();
    }
    request_.set_shard_bytes(50000);
    // Past the bounds a result depends on what is merged with what.
    options_.max_distinct_numbers = 100;
    options_.max_distinct_strings = 200;
    *request_.mutable_statistics() = ToProto(options_);
  }

  std::string Expected() const {
    return io::SerializeDeterministically(
        *statistics::GenerateStatistics(files_, options_, {.shard_bytes = request_.shard_bytes()}));
  }
  std::vector<std::string> MapAll() {
    std::vector<std::string> parts;
    EXPECT_THAT(PlanRequest(&request_), IsOk());
    for (int i = 0; i < request_.shards_size(); ++i) {
      parts.push_back(dir_ / absl::StrCat("part", i));
      EXPECT_THAT(MapShard(request_, i, parts.back()), IsOk());
    }
    return parts;
  }
  absl::Status Reduce(const std::vector<std::string>& parts) { return ReduceParts(request_, parts, dir_ / "result"); }

  const TempDir dir_;
  std::vector<std::string> files_;
  statistics::StatsOptions options_;
  PassRequest request_;
};

TEST_F(PassTest, ALargeFileIsSeveralShardsAndAnyOtherOne) {
  ASSERT_THAT(PlanRequest(&request_), IsOk());
  std::map<std::string, int> shards;
  int64_t next_record = 0, next_byte = 0;
  for (const PassShard& shard : request_.shards()) {
    ++shards[shard.file()];
    if (shard.file() != files_[0]) continue;
    EXPECT_EQ(shard.first_record(), next_record);
    EXPECT_EQ(shard.begin(), next_byte);
    EXPECT_LT(shard.end() - shard.begin(), 50000 + 200);
    next_record += shard.num_records();
    next_byte = shard.end();
  }
  EXPECT_GT(shards[files_[0]], 4);
  EXPECT_EQ(next_record, 5000);
  EXPECT_EQ(next_byte, *io::FileSize(files_[0]));
  for (int f = 1; f < 4; ++f) EXPECT_EQ(shards[files_[f]], 1) << files_[f];
}

TEST_F(PassTest, TheResultIsThatOfOneProcess) {
  std::vector<std::string> parts = MapAll();
  std::shuffle(parts.begin(), parts.end(), std::mt19937(1));
  ASSERT_THAT(Reduce(parts), IsOk());
  tensorflow::metadata::v0::DatasetFeatureStatisticsList result;
  ASSERT_THAT(io::ReadBinaryProto(dir_ / "result", &result), IsOk());
  EXPECT_EQ(result.datasets(0).num_examples(), 7010);
  EXPECT_EQ(io::SerializeDeterministically(result) == Expected(), true);
}

TEST_F(PassTest, APartIsTheSameBytesEachTime) {
  const std::vector<std::string> parts = MapAll();
  const std::string before = *io::ReadFile(parts[1]);
  ASSERT_THAT(MapShard(request_, 1, parts[1]), IsOk());
  EXPECT_EQ(*io::ReadFile(parts[1]) == before, true);
}

TEST_F(PassTest, OptionsGoThroughTheRequest) {
  statistics::StatsOptions options;
  options.weight_feature = "w";
  options.feature_allowlist = {"a", "b"};
  options.schema.emplace().add_feature()->set_name("a");
  options.slices = {{{"a", {"1", "2"}}, {"b", {}}}};
  options.sample_rate = 0.25;
  options.num_top_values = 3;
  options.slice_sqls = {"SELECT STRUCT(a) FROM example.a"};
  options.per_feature_weight_override = {{"a", "u"}};
  options.label_feature = "a";
  options.enable_semantic_domain_stats = true;
  options.semantic_domain_stats_sample_rate = 0.5;
  options.feature_crosses = {{"b", "c"}};
  options.cross_all_features = true;
  options.add_default_generators = false;
  const StatisticsStep step = ToProto(options);
  const auto read = ToOptions(step);
  ASSERT_THAT(read.status(), IsOk());
  EXPECT_EQ(ToProto(*read).SerializeAsString(), step.SerializeAsString());
  EXPECT_EQ(read->slice_functions.size(), 1);
  EXPECT_EQ(ToProto(*ToOptions({})).SerializeAsString(), ToProto({}).SerializeAsString());
  StatisticsStep wrong;
  wrong.add_slice_sqls("SELECT");
  EXPECT_EQ(ToOptions(wrong).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(PassTest, PartsThatAreNotThereOrTwiceAreNamed) {
  std::vector<std::string> parts = MapAll();
  std::vector<std::string> twice = parts;
  twice.push_back(parts[2]);
  EXPECT_THAT(Reduce(twice), StatusIs(absl::StatusCode::kInvalidArgument,
                                      AllOf(HasSubstr(parts[2]), HasSubstr("both of shard 2 of"))));
  parts.erase(parts.begin() + 1);
  EXPECT_THAT(Reduce(parts), StatusIs(absl::StatusCode::kInvalidArgument,
                                      AllOf(HasSubstr("1 part(s) are missing: shard 1 of"), HasSubstr("(records "))));
  EXPECT_FALSE(io::Exists(dir_ / "result"));
}

TEST_F(PassTest, PartsOfAnotherRequestAreRefused) {
  const std::vector<std::string> parts = MapAll();
  request_.mutable_statistics()->set_num_top_values(5);
  EXPECT_THAT(Reduce(parts), StatusIs(absl::StatusCode::kFailedPrecondition,
                                      AllOf(HasSubstr(parts[0]), HasSubstr("another request"))));
}

TEST_F(PassTest, DamagedPartsAreNamed) {
  const std::vector<std::string> parts = MapAll();
  const std::string whole = *io::ReadFile(parts[1]);
  std::mt19937 random(3);
  for (int i = 0; i < 200; ++i) {
    std::string damaged = whole;
    // Headers first, then anywhere.
    const size_t at = i < 100 ? i : random() % whole.size();
    if (i % 4 == 3) {
      damaged.resize(at);
    } else {
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << random() % 8));
    }
    ASSERT_THAT(io::WriteFile(parts[1], damaged), IsOk());
    const absl::Status status = Reduce(parts);
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kDataLoss, HasSubstr(parts[1]))) << i << " at " << at;
  }
  EXPECT_FALSE(io::Exists(dir_ / "result"));
}

TEST_F(PassTest, AFileThatHasChangedSinceThePlanIsNamed) {
  ASSERT_THAT(PlanRequest(&request_), IsOk());
  WriteRecords(files_[0], Examples(5001, 3));
  EXPECT_THAT(MapShard(request_, 0, dir_ / "part"),
              StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr(files_[0]), HasSubstr("plan it again"))));
  // The same size, other records.
  std::vector<std::string> records = Examples(5000, 5001);
  std::swap(records[0], records[1]);
  std::string& longer = records[400];
  request_.clear_shards();
  WriteRecords(files_[0], records);
  ASSERT_THAT(PlanRequest(&request_), IsOk());
  longer += std::string(40, '\0');
  records[4999].resize(records[4999].size() - 40);
  WriteRecords(files_[0], records);
  EXPECT_THAT(MapShard(request_, 0, dir_ / "part"), Not(IsOk()));
}

TEST_F(PassTest, WhatIsWrongWithARequestIsSaid) {
  EXPECT_THAT(MapShard(request_, 0, dir_ / "part"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("there is no shard 0")));
  ASSERT_THAT(io::WriteFile(dir_ / "request.pbtxt", "files: 'x'"), IsOk());
  EXPECT_THAT(ReadRequest(dir_ / "request.pbtxt").status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no step")));
  request_.mutable_statistics()->set_sample_rate(7);
  ASSERT_THAT(PlanRequest(&request_), IsOk());
  EXPECT_THAT(MapShard(request_, 0, dir_ / "part"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("sample_rate")));
}

TEST_F(PassTest, ADamagedRecordIsNamedWithItsNumberInTheFile) {
  ASSERT_THAT(PlanRequest(&request_), IsOk());
  std::string bytes = *io::ReadFile(files_[0]);
  bytes[static_cast<size_t>(request_.shards(2).begin()) + 20] ^= 1;
  ASSERT_THAT(io::WriteFile(files_[0], bytes), IsOk());
  EXPECT_THAT(MapShard(request_, 2, dir_ / "part"),
              StatusIs(absl::StatusCode::kDataLoss,
                       HasSubstr(absl::StrCat(files_[0], ": record ", request_.shards(2).first_record(), " "))));
  EXPECT_THAT(MapShard(request_, 1, dir_ / "part"), IsOk());
}

}  // namespace
}  // namespace tfxm::distribution
