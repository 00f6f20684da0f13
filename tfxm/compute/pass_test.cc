// SPDX-License-Identifier: Apache-2.0

#include "tfxm/compute/pass.h"

#include "gtest/gtest.h"
#include "tensorflow/core/example/example.pb.h"
#include "tensorflow/core/example/feature.pb.h"
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
};

TEST(AccumulateTest, PartsAreMergedInTheFilesOrderWhateverTheThreads) {
  const std::string dir = *io::MakeTempDir(testing::TempDir(), "pass");
  std::vector<std::string> files;
  std::vector<int64_t> expected;
  for (int f = 0; f < 7; ++f) {
    files.push_back(io::JoinPath(dir, data::ShardName("x", f, 7)));
    auto writer = *data::TFRecordWriter::Create(files.back());
    for (int i = 0; i < 100; ++i) {
      tensorflow::Example example;
      (*example.mutable_features()->mutable_feature())["x"].mutable_int64_list()->add_value(f * 100 + i);
      ASSERT_TRUE(writer->Write(example.SerializeAsString()).ok());
      expected.push_back(f * 100 + i);
    }
    ASSERT_TRUE(writer->Close().ok());
  }
  for (const int threads : {1, 2, 5}) {
    PassOptions options{.num_threads = threads, .batch_size = 32};
    std::atomic<int64_t> seen = 0;
    options.progress = [&](int64_t n) { seen = std::max<int64_t>(seen, n); };
    const auto result = Accumulate<Concatenate>(files, [] { return Concatenate(); }, options);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->values, expected) << threads << " threads";
    EXPECT_EQ(seen, 700);
  }
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
