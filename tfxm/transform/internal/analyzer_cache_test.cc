// SPDX-License-Identifier: Apache-2.0

// Analyses with a cache of earlier ones: what is read again, and that the results are those without it.
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tensorflow/core/example/example.pb.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/ops/math_ops.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/transform/transform_graph.h"
#include "tfxm/util/io.h"

namespace tfxm::transform {
namespace {

// x, a number, and s, a word: two analyzers, and one that depends on them.
absl::StatusOr<tft::TensorMap> ManyAnalyzers(const tft::TensorMap& inputs) {
  tft::TensorMap outputs;
  outputs["z"] = tft::scale_to_z_score(inputs["x"]);
  outputs["bucket"] = tft::bucketize(inputs["x"], 10);
  outputs["word"] = tft::compute_and_apply_vocabulary(inputs["s"], {.vocabulary = {.vocab_filename = "words"}});
  // Of another pass, and through the vocabulary's file.
  outputs["scaled"] = tft::scale_to_0_1(ops::Cast(outputs["word"], DataType::kFloat));
  outputs["scaled_z"] = tft::scale_to_0_1(outputs["z"]);
  return outputs;
}

class AnalyzerCacheTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const auto& [name, type] :
         {std::pair("x", tensorflow::metadata::v0::FLOAT), std::pair("s", tensorflow::metadata::v0::BYTES)}) {
      auto* feature = schema_.add_feature();
      feature->set_name(name);
      feature->set_type(type);
      feature->mutable_shape();
      feature->mutable_presence()->set_min_fraction(1);
    }
  }

  std::string Path(const std::string& name) const { return io::JoinPath(root_.path(), name); }

  // A file of n examples that no other seed makes.
  std::string WriteData(const std::string& name, int seed, int n) {
    const std::string path = Path(name);
    auto writer = *data::TFRecordWriter::Create(path);
    for (int i = 0; i < n; ++i) {
      tensorflow::Example example;
      auto& features = *example.mutable_features()->mutable_feature();
      features["x"].mutable_float_list()->add_value(static_cast<float>(seed) * 1000.1f + static_cast<float>(i) * 0.37f);
      features["s"].mutable_bytes_list()->add_value(absl::StrCat("word", (i * 7 + seed) % (10 + seed)));
      EXPECT_TRUE(writer->Write(example.SerializeAsString()).ok());
    }
    EXPECT_TRUE(writer->Close().ok());
    return path;
  }

  struct Result {
    std::map<std::string, std::string> files;  // Of the transform graph.
    std::vector<std::pair<int, int>> use;      // Per pass: files from the cache, and all.
    std::string warnings;
  };
  Result Analyze(const std::function<PreprocessingFn>& fn, const std::vector<std::string>& files,
                 const std::string& input, const std::string& output, const std::string& code = "") {
    Result result;
    // Another folder every time, as there is in a pipeline.
    const std::string work = Path(absl::StrCat("work", ++runs_));
    AnalyzeOptions options{.assets_dir = io::JoinPath(work, "assets")};
    EXPECT_TRUE(io::MakeDirs(options.assets_dir).ok());
    options.analyzer_cache = {
        .input_dir = input.empty() ? "" : Path(input), .output_dir = output.empty() ? "" : Path(output), .code = code};
    options.cache_use = [&](int pass, int from_cache, int all) {
      EXPECT_EQ(pass, static_cast<int>(result.use.size()) + 1);
      result.use.emplace_back(from_cache, all);
    };
    options.warning = [&](absl::string_view message) { absl::StrAppend(&result.warnings, message, "\n"); };
    const auto graph = TransformGraph::Analyze(fn, schema_, files, options);
    EXPECT_TRUE(graph.ok()) << graph.status();
    if (!graph.ok()) return result;
    const std::string dir = io::JoinPath(work, "graph");
    EXPECT_TRUE((*graph)->Write(dir).ok());
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir)) {
      if (entry.is_regular_file())
        result.files[entry.path().lexically_relative(dir)] = *io::ReadFile(entry.path().string());
    }
    return result;
  }

  // Cache files below a folder.
  std::vector<std::string> Entries(const std::string& folder) const {
    return *io::Glob(io::JoinPath(Path(folder), "*", "*"));
  }

  TempDir root_;
  tensorflow::metadata::v0::Schema schema_;
  int runs_ = 0;
};

using Use = std::vector<std::pair<int, int>>;

TEST_F(AnalyzerCacheTest, OnlyNewFilesAreAnalyzedAndTheResultsAreThoseOfAll) {
  const std::string one = WriteData("one", 1, 700), two = WriteData("two", 2, 1300), three = WriteData("three", 3, 50);
  Result first = Analyze(ManyAnalyzers, {one, two}, "", "cache1");
  EXPECT_EQ(first.use, (Use{{0, 2}, {0, 2}}));
  // The first pass knows two files; in the second the constants are others, so that it knows none.
  const Result second = Analyze(ManyAnalyzers, {one, two, three}, "cache1", "cache2");
  EXPECT_EQ(second.use, (Use{{2, 3}, {0, 3}}));
  EXPECT_TRUE(second.files == Analyze(ManyAnalyzers, {one, two, three}, "", "").files);
  EXPECT_EQ(second.warnings, "");
  // All is known; the files that are no more among the data are left.
  const Result again = Analyze(ManyAnalyzers, {one, two, three}, "cache2", "cache3");
  EXPECT_EQ(again.use, (Use{{3, 3}, {3, 3}}));
  EXPECT_TRUE(again.files == second.files);
  EXPECT_EQ(Entries("cache3").size(), 6);
  const Result later = Analyze(ManyAnalyzers, {three, two}, "cache3", "cache4");
  EXPECT_EQ(later.use[0], std::pair(2, 2));
  EXPECT_TRUE(later.files == Analyze(ManyAnalyzers, {three, two}, "", "").files);
  EXPECT_EQ(Entries("cache4").size(), 4);
}

TEST_F(AnalyzerCacheTest, QuantilesBeyondTheExactOnesHaveTheSameBits) {
  const auto fn = [](const tft::TensorMap& inputs) -> absl::StatusOr<tft::TensorMap> {
    return tft::TensorMap{{"bucket", tft::bucketize(inputs["x"], 100)}};
  };
  const std::string one = WriteData("one", 1, 70'000), two = WriteData("two", 2, 69'000),
                    three = WriteData("three", 3, 9);
  Analyze(fn, {one, three}, "", "cache");
  const Result with = Analyze(fn, {one, two, three}, "cache", "");
  EXPECT_EQ(with.use, (Use{{2, 3}}));
  EXPECT_TRUE(with.files == Analyze(fn, {one, two, three}, "", "").files);
}

TEST_F(AnalyzerCacheTest, WhatDecidesTheStateMissesAndOtherThingsDoNot) {
  const std::string one = WriteData("one", 1, 100);
  const auto fn = [](float factor, int64_t top_k, bool more, const char* name) {
    return [=](const tft::TensorMap& inputs) -> absl::StatusOr<tft::TensorMap> {
      tft::TensorMap outputs;
      if (more) outputs["more"] = ops::Abs(inputs["x"]);
      outputs["mean"] = inputs["x"] - tft::mean(inputs["x"] * factor, true, name);
      outputs["s"] = tft::compute_and_apply_vocabulary(inputs["s"], {.vocabulary = {.top_k = top_k}});
      return outputs;
    };
  };
  const auto known = [&](const std::function<PreprocessingFn>& other, const std::string& code = "") {
    const Result with = Analyze(other, {one}, "cache", "", code);
    EXPECT_TRUE(with.files == Analyze(other, {one}, "", "").files);
    EXPECT_EQ(with.warnings, "");
    return with.use[0].first == 1;
  };
  Analyze(fn(2, 5, false, "a"), {one}, "", "cache");
  EXPECT_TRUE(known(fn(2, 5, false, "a")));
  EXPECT_TRUE(known(fn(2, 5, true, "b"))) << "an output that no analyzer depends on, and names";
  EXPECT_TRUE(known(fn(2, 3, false, "a"))) << "top_k is applied to all that there is";
  EXPECT_FALSE(known(fn(3, 5, false, "a"))) << "another constant before the analyzer";
  EXPECT_FALSE(known(fn(2, 5, false, "a"), "another version"));
  EXPECT_FALSE(known(ManyAnalyzers));
  schema_.mutable_feature(0)->mutable_shape()->add_dim()->set_size(1);
  EXPECT_FALSE(known(fn(2, 5, false, "a"))) << "another shape of a feature";
}

TEST_F(AnalyzerCacheTest, FilesAreKnownByTheirContentsNotByTheirNames) {
  const std::string one = WriteData("one", 1, 100);
  const Result first = Analyze(ManyAnalyzers, {one}, "", "cache");
  ASSERT_TRUE(io::Rename(one, Path("other")).ok());
  EXPECT_EQ(Analyze(ManyAnalyzers, {Path("other")}, "cache", "").use[0], std::pair(1, 1));
  WriteData("one", 5, 100);
  const Result changed = Analyze(ManyAnalyzers, {one}, "cache", "");
  EXPECT_EQ(changed.use[0], std::pair(0, 1));
  EXPECT_FALSE(changed.files == first.files);
}

TEST_F(AnalyzerCacheTest, AFileThatAConstantNamesCountsByItsContents) {
  const std::string one = WriteData("one", 1, 100);
  const std::string words = Path("own_words");
  ASSERT_TRUE(io::WriteFile(words, "word1\nword2\n").ok());
  const auto fn = [&](const tft::TensorMap& inputs) -> absl::StatusOr<tft::TensorMap> {
    const ops::Tensor id = tft::apply_vocabulary(inputs["s"], ops::Constant(*inputs["s"].graph(), words));
    return tft::TensorMap{{"scaled", tft::scale_to_z_score(ops::Cast(id, DataType::kFloat))}};
  };
  Analyze(fn, {one}, "", "cache");
  EXPECT_EQ(Analyze(fn, {one}, "cache", "").use, (Use{{1, 1}}));
  ASSERT_TRUE(io::WriteFile(words, "word2\nword1\n").ok());
  EXPECT_EQ(Analyze(fn, {one}, "cache", "").use, (Use{{0, 1}}));
}

TEST_F(AnalyzerCacheTest, DamagedFilesOfTheCacheAreSaidAndTheirDataAnalyzed) {
  const std::string one = WriteData("one", 1, 100), two = WriteData("two", 2, 100);
  const Result first = Analyze(ManyAnalyzers, {one, two}, "", "cache");
  const std::vector<std::string> entries = Entries("cache");
  ASSERT_EQ(entries.size(), 4);
  const std::string whole = io::ReadFile(entries[0]).value(), other = io::ReadFile(entries[1]).value();
  std::string flipped = whole;
  flipped[whole.size() / 2] ^= 1;
  for (const std::string& content :
       {std::string(), whole.substr(0, whole.size() / 2), flipped, std::string("no cache"), other}) {
    ASSERT_TRUE(io::WriteFile(entries[0], content).ok());
    const Result result = Analyze(ManyAnalyzers, {one, two}, "cache", "mended");
    EXPECT_TRUE(result.files == first.files);
    EXPECT_EQ(result.use[0].first + result.use[1].first, 3);
    EXPECT_TRUE(absl::StrContains(result.warnings, absl::StrCat(entries[0], " is not used: "))) << result.warnings;
    EXPECT_EQ(Entries("mended").size(), 4);
    EXPECT_EQ(
        io::ReadFile(io::JoinPath(Path("mended"), io::Basename(io::Dirname(entries[0])), io::Basename(entries[0])))
            .value(),
        whole);
  }
}

}  // namespace
}  // namespace tfxm::transform
