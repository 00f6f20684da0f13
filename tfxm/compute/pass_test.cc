// SPDX-License-Identifier: Apache-2.0

#include "tfxm/compute/pass.h"

#include <algorithm>
#include <mutex>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tensorflow/core/example/example.pb.h"
#include "tensorflow/core/example/feature.pb.h"
#include "tfxm/data/examples.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/util/io.h"

namespace tfxm::compute {
namespace {

struct Concatenate {
  std::vector<int64_t> values;
  absl::Status Add(const data::ExampleBatch& batch) {
    for (int i = 0; i < batch.num_examples(); ++i) values.push_back(batch.Find("x")->ints(i)[0]);
    return absl::OkStatus();
  }
  absl::Status Merge(Concatenate&& other) {
    values.insert(values.end(), other.values.begin(), other.values.end());
    return absl::OkStatus();
  }
  void Save(StateWriter* writer) const { writer->Write(values); }
  void Load(StateReader* reader) { reader->Read(&values); }
  static constexpr StateKind kStateKind = {"test", 1};
};

std::string Example(int64_t x) {
  tensorflow::Example example;
  (*example.mutable_features()->mutable_feature())["x"].mutable_int64_list()->add_value(x);
  return example.SerializeAsString();
}

// Files of so many examples, numbered through all files.
std::vector<std::string> WriteFiles(const std::vector<int>& sizes) {
  const std::string dir = *io::MakeTempDir(testing::TempDir(), "pass");
  std::vector<std::string> files;
  int64_t x = 0;
  for (size_t f = 0; f < sizes.size(); ++f) {
    files.push_back(io::JoinPath(dir, data::ShardName("x", static_cast<int>(f), static_cast<int>(sizes.size()))));
    auto writer = *data::TFRecordWriter::Create(files.back());
    for (int i = 0; i < sizes[f]; ++i) EXPECT_TRUE(writer->Write(Example(x++)).ok());
    EXPECT_TRUE(writer->Close().ok());
  }
  return files;
}

TEST(AccumulateTest, BlocksAreMergedInTheOrderOfTheDataWhateverTheThreads) {
  const std::vector<std::string> files = WriteFiles({100, 0, 3000, 1, 100, 0});
  std::vector<int64_t> expected(3201);
  std::iota(expected.begin(), expected.end(), int64_t{0});
  for (const int threads : {1, 2, 5, 16}) {
    for (const size_t block_bytes : {0, 4000, 1 << 24}) {
      PassOptions options{.num_threads = threads, .batch_size = 32, .block_bytes = block_bytes};
      std::mutex mutex;
      int64_t seen = 0;
      options.progress = [&](int64_t n) {
        const std::lock_guard lock(mutex);
        seen = std::max(seen, n);
      };
      const auto result = Accumulate<Concatenate>(files, [] { return Concatenate(); }, options);
      ASSERT_TRUE(result.ok()) << result.status();
      EXPECT_EQ(result->values, expected) << threads << " threads, blocks of " << block_bytes;
      EXPECT_EQ(seen, 3201);
    }
  }
}

// What is merged with what, as text.
struct Tree {
  std::string text;
  absl::Status Add(const data::ExampleBatch& batch) {
    absl::StrAppend(&text, text.empty() ? "" : ",", batch.first_record(), "+", batch.num_examples());
    return absl::OkStatus();
  }
  absl::Status Merge(Tree&& other) {
    text = absl::StrCat("(", text, " ", other.text, ")");
    return absl::OkStatus();
  }
  void Save(StateWriter* writer) const { writer->Write(text); }
  void Load(StateReader* reader) { reader->Read(&text); }
  static constexpr StateKind kStateKind = {"test", 1};
};

TEST(AccumulateTest, WhatIsMergedWithWhatFollowsFromTheData) {
  const std::vector<std::string> files = WriteFiles({250, 60});
  const size_t of_150 = 150 * Example(100).size();
  for (const int threads : {1, 2, 5}) {
    const auto result = Accumulate<Tree>(files, [] { return Tree(); },
                                         {.num_threads = threads, .batch_size = 50, .block_bytes = of_150});
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->text, "(( (0+50,50+50,100+50 150+50,200+50)) 0+50,50+10)") << threads << " threads";
  }
}

struct FailFrom {
  int64_t x;
  absl::Status Add(const data::ExampleBatch& batch) {
    const int64_t first = batch.Find("x")->ints(0)[0];
    return first >= x ? absl::DataLossError(absl::StrCat("x is ", first)) : absl::OkStatus();
  }
  absl::Status Merge(FailFrom&& other) { return absl::OkStatus(); }
  void Save(StateWriter*) const {}
  void Load(StateReader*) {}
  static constexpr StateKind kStateKind = {"test", 1};
};

TEST(AccumulateTest, TheFirstErrorOfAFileIsReportedWhateverTheThreads) {
  const std::vector<std::string> files = WriteFiles({2000});
  for (const int threads : {1, 2, 5}) {
    const auto result = Accumulate<FailFrom>(files, [] { return FailFrom{1000}; },
                                             {.num_threads = threads, .batch_size = 10, .block_bytes = 0});
    EXPECT_EQ(result.status(), absl::DataLossError(absl::StrCat(files[0], ": x is 1000")));
  }
}

TEST(AccumulateTest, ARecordThatIsNotAnExampleIsNamed) {
  const std::vector<std::string> files = WriteFiles({10});
  auto writer = *data::TFRecordWriter::Create(files[0]);
  for (int i = 0; i < 70; ++i) ASSERT_TRUE(writer->Write(i == 66 ? "no example" : Example(i)).ok());
  ASSERT_TRUE(writer->Close().ok());
  const auto result =
      Accumulate<Concatenate>(files, [] { return Concatenate(); }, {.batch_size = 32, .block_bytes = 0});
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(result.status().message().substr(0, files[0].size() + 11), absl::StrCat(files[0], ": record 66"));
}

struct NoMerge {
  absl::Status Add(const data::ExampleBatch&) { return absl::OkStatus(); }
  absl::Status Merge(NoMerge&&) { return absl::InternalError("they do not fit"); }
  void Save(StateWriter*) const {}
  void Load(StateReader*) {}
  static constexpr StateKind kStateKind = {"test", 1};
};

TEST(AccumulateTest, MergingMayFail) {
  const std::vector<std::string> files = WriteFiles({100, 100});
  const auto result = Accumulate<NoMerge>(files, [] { return NoMerge(); }, {.batch_size = 10, .block_bytes = 0});
  // Which one is found first depends on the threads.
  const auto error = [&](int file) { return absl::InternalError(absl::StrCat(files[file], ": they do not fit")); };
  EXPECT_TRUE(result.status() == error(0) || result.status() == error(1)) << result.status();
}

TEST(ParallelForTest, AnErrorStopsTheWork) {
  std::atomic<int> started = 0;
  const absl::Status status = ParallelFor(
      1000,
      [&](int i) {
        ++started;
        return i == 3 ? absl::DataLossError("three") : absl::OkStatus();
      },
      2);
  EXPECT_EQ(status, absl::DataLossError("three"));
  EXPECT_LT(started, 1000);
}

TEST(ParallelForTest, NothingToDo) {
  EXPECT_TRUE(ParallelFor(0, [](int) { return absl::InternalError(""); }).ok());
}

}  // namespace
}  // namespace tfxm::compute
