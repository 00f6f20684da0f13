// SPDX-License-Identifier: Apache-2.0

#include "tfxm/compute/block_reader.h"

#include <map>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tfxm/compute/pass.h"
#include "tfxm/util/io.h"

namespace tfxm::compute {
namespace {

// A file of records "0", "1", …
std::string WriteFile(const std::string& dir, const std::string& name, int num_records) {
  const std::string path = io::JoinPath(dir, name);
  auto writer = *data::TFRecordWriter::Create(path);
  for (int i = 0; i < num_records; ++i) EXPECT_TRUE(writer->Write(absl::StrCat(i)).ok());
  EXPECT_TRUE(writer->Close().ok());
  return path;
}

// Number, first record, size and whether it is the last, of all blocks of each file.
using Blocks = std::map<int, std::vector<std::tuple<int64_t, int64_t, int, bool>>>;

Blocks Read(const std::vector<std::string>& files, const BlockOptions& options, int num_threads) {
  BlockReader reader(files, options);
  std::mutex mutex;
  Blocks blocks;
  const absl::Status status = ParallelFor(
      num_threads,
      [&](int) -> absl::Status {
        RecordBlock block;
        while (true) {
          const absl::StatusOr<bool> more = reader.Next(&block);
          if (!more.ok()) return more.status();
          if (!*more) return absl::OkStatus();
          for (int i = 0; i < block.size(); ++i) EXPECT_EQ(block.record(i), absl::StrCat(block.first_record + i));
          const std::lock_guard lock(mutex);
          blocks[block.file].emplace_back(block.number, block.first_record, block.size(), block.last);
        }
      },
      num_threads);
  EXPECT_TRUE(status.ok()) << status;
  for (auto& [file, of_file] : blocks) std::sort(of_file.begin(), of_file.end());
  return blocks;
}

TEST(BlockReaderTest, BlocksAreWholeBatchesOfSoManyBytesWhateverTheThreads) {
  const std::string dir = *io::MakeTempDir(testing::TempDir(), "blocks");
  const std::vector<std::string> files = {WriteFile(dir, "a.gz", 25), WriteFile(dir, "empty.gz", 0),
                                          WriteFile(dir, "b", 10)};
  const Blocks batches = {
      {0, {{0, 0, 10, false}, {1, 10, 10, false}, {2, 20, 5, true}}}, {1, {{0, 0, 0, true}}}, {2, {{0, 0, 10, true}}}};
  const Blocks of_11_bytes = {
      {0, {{0, 0, 20, false}, {1, 20, 5, true}}}, {1, {{0, 0, 0, true}}}, {2, {{0, 0, 10, true}}}};
  for (const int threads : {1, 3, 8}) {
    for (const int files_ahead : {0, 1}) {
      EXPECT_EQ(Read(files, {.batch_size = 10, .max_files_ahead = files_ahead}, threads), batches);
      EXPECT_EQ(Read(files, {.batch_size = 10, .block_bytes = 11, .max_files_ahead = files_ahead}, threads),
                of_11_bytes);
    }
  }
}

TEST(BlockReaderTest, OneThreadReadsTheFilesInOrder) {
  const std::string dir = *io::MakeTempDir(testing::TempDir(), "blocks");
  BlockReader reader({WriteFile(dir, "a", 3), WriteFile(dir, "b", 2)}, {.batch_size = 2});
  RecordBlock block;
  std::vector<std::pair<int, int64_t>> order;
  while (*reader.Next(&block)) order.emplace_back(block.file, block.first_record);
  EXPECT_EQ(order, (std::vector<std::pair<int, int64_t>>{{0, 0}, {0, 2}, {1, 0}}));
}

TEST(BlockReaderTest, AnErrorSaysWhereTheBlockIs) {
  const std::string dir = *io::MakeTempDir(testing::TempDir(), "blocks");
  const std::string path = WriteFile(dir, "a", 5);
  std::string content = *io::ReadFile(path);
  content.pop_back();
  ASSERT_TRUE(io::WriteFile(path, content).ok());
  BlockReader reader({path, io::JoinPath(dir, "missing")}, {.batch_size = 2});
  RecordBlock block;
  EXPECT_TRUE(*reader.Next(&block));
  // The last record of the second block is whole, but the one that is read ahead is not.
  const absl::StatusOr<bool> damaged = reader.Next(&block);
  EXPECT_EQ(damaged.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(damaged.status().message().find("record 4"), std::string::npos) << damaged.status();
  EXPECT_EQ(block.file, 0);
  EXPECT_EQ(block.first_record, 2);
  EXPECT_EQ(reader.Next(&block).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(block.file, 1);
  EXPECT_FALSE(*reader.Next(&block));
}

}  // namespace
}  // namespace tfxm::compute
