// SPDX-License-Identifier: Apache-2.0

// What the tests of this folder have in common: a source read to its end, examples as a line of text.
#ifndef TFXM_TABLES_TEST_TABLES_H_
#define TFXM_TABLES_TEST_TABLES_H_

#include <unistd.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tensorflow/core/example/example.pb.h"
#include "tensorflow/core/example/feature.pb.h"
#include "tfxm/data/example_source.h"
#include "tfxm/util/io.h"

namespace tfxm::tables {

class TableTest : public testing::Test {
 protected:
  void SetUp() override { dir_ = *io::MakeTempDir(testing::TempDir(), "tables"); }
  void TearDown() override { EXPECT_TRUE(io::RemoveAll(dir_).ok()); }

  std::string Path(const std::string& name) {
    const std::string path = io::JoinPath(dir_, name);
    EXPECT_TRUE(io::MakeDirs(io::Dirname(path)).ok());
    return path;
  }
  std::string File(const std::string& name, const std::string& text) {
    const std::string path = Path(absl::StrCat(count_++, name));
    EXPECT_TRUE(io::WriteFile(path, text).ok());
    return path;
  }

  // Reads what `source` has to its end.
  absl::Status Read(absl::StatusOr<std::unique_ptr<data::ExampleSource>> source, std::vector<std::string>* records) {
    if (!source.ok()) return source.status();
    while (true) {
      auto block = (*source)->Next();
      if (!block.ok()) return block.status();
      if (*block == nullptr) break;
      for (int i = 0; i < (*block)->size(); ++i) {
        std::string record;
        const absl::Status encoded = (*block)->Encode(i, &record);
        if (!encoded.ok())
          return absl::InvalidArgumentError(absl::StrCat((*block)->Origin(i), ": ", encoded.message()));
        records->push_back(record);
      }
      if ((*block)->size() > 0) last_origin_ = (*block)->Origin((*block)->size() - 1);
    }
    warnings_ = (*source)->Warnings();
    empty_files_ = (*source)->EmptyFiles();
    return absl::OkStatus();
  }
  // "age: int 3, name: bytes a b, none: none"; fails the test if there is an error.
  std::vector<std::string> Shorts(absl::StatusOr<std::unique_ptr<data::ExampleSource>> source) {
    std::vector<std::string> records, out;
    const absl::Status status = Read(std::move(source), &records);
    EXPECT_TRUE(status.ok()) << status;
    for (const std::string& record : records) out.push_back(Short(record));
    return out;
  }
  std::string Error(absl::StatusOr<std::unique_ptr<data::ExampleSource>> source) {
    std::vector<std::string> records;
    return std::string(Read(std::move(source), &records).message());
  }

  static std::string Short(const std::string& record) {
    tensorflow::Example example;
    EXPECT_TRUE(example.ParseFromString(record));
    EXPECT_EQ(io::SerializeDeterministically(example), record);
    std::map<std::string, std::string> features;
    for (const auto& [name, feature] : example.features().feature()) {
      std::string text = feature.has_int64_list()   ? "int"
                         : feature.has_float_list() ? "float"
                         : feature.has_bytes_list() ? "bytes"
                                                    : "none";
      for (const auto v : feature.int64_list().value()) absl::StrAppend(&text, " ", v);
      for (const auto v : feature.float_list().value()) absl::StrAppend(&text, " ", v);
      for (const auto& v : feature.bytes_list().value()) absl::StrAppend(&text, " ", v);
      features[name] = text;
    }
    std::string out;
    for (const auto& [name, text] : features) absl::StrAppend(&out, out.empty() ? "" : ", ", name, ": ", text);
    return out;
  }

  std::string last_origin_;
  std::vector<std::string> warnings_, empty_files_;

 private:
  std::string dir_;
  int count_ = 0;
};

}  // namespace tfxm::tables

#endif  // TFXM_TABLES_TEST_TABLES_H_
