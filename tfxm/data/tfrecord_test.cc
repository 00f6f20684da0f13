// SPDX-License-Identifier: Apache-2.0

#include "tfxm/data/tfrecord.h"

#include <fstream>
#include <memory>

#include "gtest/gtest.h"
#include "tfxm/util/io.h"

namespace tfxm::data {
namespace {

std::string TempPath(const std::string& name) {
  return io::JoinPath(*io::MakeTempDir(testing::TempDir(), "tfrecord"), name);
}

void WriteRecords(const std::string& path, const std::vector<std::string>& records) {
  auto writer = *TFRecordWriter::Create(path);
  for (const std::string& record : records) ASSERT_TRUE(writer->Write(record).ok());
  ASSERT_TRUE(writer->Close().ok());
}

absl::StatusOr<std::vector<std::string>> ReadRecords(const std::string& path) {
  std::vector<std::string> records;
  absl::Status status = ForEachRecord({path}, [&](absl::string_view record) {
    records.emplace_back(record);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return records;
}

std::vector<std::string> SomeRecords() {
  std::vector<std::string> records = {"", "a", std::string("\0\xff\n", 3), std::string(3 << 20, 'x')};
  for (int i = 0; i < 5000; ++i) records.push_back("record " + std::to_string(i * i));
  return records;
}

// RFC 3720's CRC-32C of nothing and TensorFlow's masking give these 16 bytes for an empty record.
TEST(TFRecordTest, BytesOnDiskAreTheFormats) {
  const std::string path = TempPath("one");
  WriteRecords(path, {""});
  EXPECT_EQ(*io::ReadFile(path), std::string("\0\0\0\0\0\0\0\0\x29\x03\x98\x07\xd8\xea\x82\xa2", 16));
}

TEST(TFRecordTest, PlainAndGzipRoundTrip) {
  for (const char* name : {"plain.tfrecord", "compressed.gz"}) {
    const std::string path = TempPath(name);
    WriteRecords(path, SomeRecords());
    const auto records = ReadRecords(path);
    ASSERT_TRUE(records.ok()) << records.status();
    EXPECT_TRUE(*records == SomeRecords()) << name;
  }
}

// ISA-L 2.30 looks at the address of its state; one in about 8,000 gave other bytes.
TEST(TFRecordTest, GzipDoesNotDependOnWhereInMemoryItIsMade) {
  const std::string path = TempPath("x.gz"), record(300, 'x');
  std::vector<std::unique_ptr<char[]>> between;  // Never touched: only addresses are used up.
  WriteRecords(path, {record});
  const std::string expected = *io::ReadFile(path);
  for (int i = 0; i < 5000; ++i) {
    between.emplace_back(new char[128 << 10]);
    WriteRecords(path, {record});
    ASSERT_EQ(*io::ReadFile(path), expected) << "after " << i;
  }
}

TEST(TFRecordTest, GzipIsDeterministicAndSmaller) {
  const std::string a = TempPath("a.gz"), b = TempPath("b.gz");
  WriteRecords(a, SomeRecords());
  WriteRecords(b, SomeRecords());
  EXPECT_EQ(*io::ReadFile(a), *io::ReadFile(b));
  EXPECT_LT(*io::FileSize(a), 300000);
}

TEST(TFRecordTest, GzipIsRecognizedUnderAnyName) {
  const std::string path = TempPath("x.gz"), other = TempPath("examples.tfrecord");
  WriteRecords(path, {"one", "two"});
  ASSERT_TRUE(io::Rename(path, other).ok());
  EXPECT_EQ(*ReadRecords(other), (std::vector<std::string>{"one", "two"}));
}

TEST(TFRecordTest, ConcatenatedGzipMembersAreOneFile) {
  const std::string a = TempPath("a.gz"), b = TempPath("b.gz");
  WriteRecords(a, {"one"});
  WriteRecords(b, {"two"});
  ASSERT_TRUE(io::WriteFile(a, *io::ReadFile(a) + *io::ReadFile(b)).ok());
  EXPECT_EQ(*ReadRecords(a), (std::vector<std::string>{"one", "two"}));
}

TEST(TFRecordTest, AnEmptyFileHasNoRecords) {
  const std::string path = TempPath("empty");
  ASSERT_TRUE(io::WriteFile(path, "").ok());
  EXPECT_TRUE(ReadRecords(path)->empty());
}

TEST(TFRecordTest, TruncationAtEveryByteIsNoticedAndNamesTheRecord) {
  const std::string path = TempPath("whole");
  WriteRecords(path, {"first", "second"});
  const std::string content = *io::ReadFile(path);
  const size_t first = 12 + 5 + 4;
  for (size_t n = 1; n < content.size(); ++n) {
    ASSERT_TRUE(io::WriteFile(path, content.substr(0, n)).ok());
    const auto records = ReadRecords(path);
    if (n == first) {
      EXPECT_EQ(records->size(), 1u);
      continue;
    }
    EXPECT_EQ(records.status().code(), absl::StatusCode::kDataLoss) << n;
    const std::string expected = path + ": record " + (n < first ? "0" : "1") + " is truncated";
    EXPECT_TRUE(records.status().message().find(expected) != std::string::npos) << records.status();
  }
}

TEST(TFRecordTest, AnyFlippedBitIsNoticed) {
  const std::string path = TempPath("flipped");
  WriteRecords(path, {"first", "second"});
  const std::string content = *io::ReadFile(path);
  for (size_t bit = 0; bit < content.size() * 8; ++bit) {
    std::string damaged = content;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    ASSERT_TRUE(io::WriteFile(path, damaged).ok());
    EXPECT_EQ(ReadRecords(path).status().code(), absl::StatusCode::kDataLoss) << bit;
  }
}

TEST(TFRecordTest, DamagedGzipIsNoticed) {
  const std::string path = TempPath("damaged.gz");
  WriteRecords(path, SomeRecords());
  const std::string content = *io::ReadFile(path);
  for (const size_t n : {size_t{1}, size_t{5}, content.size() / 2, content.size() - 1}) {
    ASSERT_TRUE(io::WriteFile(path, content.substr(0, n)).ok());
    EXPECT_EQ(ReadRecords(path).status().code(), absl::StatusCode::kDataLoss) << n;
    std::string damaged = content;
    damaged[n] = static_cast<char>(~damaged[n]);
    ASSERT_TRUE(io::WriteFile(path, damaged).ok());
    if (n != 5) {  // Byte 5 is part of the time stamp, which nothing depends on.
      EXPECT_EQ(ReadRecords(path).status().code(), absl::StatusCode::kDataLoss) << n;
    }
  }
}

TEST(TFRecordTest, SomethingElseIsNotATFRecord) {
  const std::string path = TempPath("notes.txt");
  ASSERT_TRUE(io::WriteFile(path, "this is a text file, not records").ok());
  const auto records = ReadRecords(path);
  EXPECT_TRUE(records.status().message().find("is this a TFRecord file?") != std::string::npos) << records.status();
}

TEST(TFRecordTest, AMissingFileIsNamed) {
  const auto reader = TFRecordReader::Open("/no/such.tfrecord");
  EXPECT_EQ(reader.status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(reader.status().message().find("/no/such.tfrecord") != std::string::npos);
}

TEST(TFRecordTest, AFullDiskIsResourceExhausted) {
  auto writer = *TFRecordWriter::Create("/dev/full");
  absl::Status status = writer->Write(std::string(2 << 20, 'x'));
  status.Update(writer->Close());
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
}

TEST(TFRecordTest, PlainRecordsUnderAGzipNameSayWhatTheyAre) {
  const std::string plain = TempPath("plain"), named = TempPath("plain.gz");
  WriteRecords(plain, {"a", "b"});
  ASSERT_TRUE(io::WriteFile(named, *io::ReadFile(plain)).ok());
  const auto status = ReadRecords(named).status();
  EXPECT_NE(std::string(status.message()).find("not compressed; rename the file without .gz"), std::string::npos)
      << status;
}

TEST(TFRecordTest, ZerosBehindAGzipStreamAreIgnoredWithAWarning) {
  const std::string path = TempPath("padded.gz");
  WriteRecords(path, SomeRecords());
  const std::string bytes = *io::ReadFile(path);
  ASSERT_TRUE(io::WriteFile(path, bytes + std::string(1 << 20, '\0')).ok());
  testing::internal::CaptureStderr();
  const auto records = ReadRecords(path);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("padded.gz: trailing zero bytes"), std::string::npos);
  ASSERT_TRUE(records.ok()) << records.status();
  EXPECT_TRUE(*records == SomeRecords());
  // What is not zero is damage.
  ASSERT_TRUE(io::WriteFile(path, bytes + std::string(5, '\0') + "garbage").ok());
  EXPECT_FALSE(ReadRecords(path).ok());
}

}  // namespace
}  // namespace tfxm::data
