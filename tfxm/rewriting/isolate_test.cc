// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/isolate.h"

#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/rewriting/test_saved_models.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/files/file_manifest.h"
#include "tfxm/util/files/temporary.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

absl::Status InChild(const std::function<absl::Status(std::string*)>& work, std::string* output = nullptr) {
  std::string ignored;
  return RunInChild("the work", work, output ? output : &ignored);
}

TEST(RunInChildTest, BringsBackStatusAndOutput) {
  std::string output;
  EXPECT_EQ(InChild([](std::string* out) { return *out = std::string(100000, 'x'), absl::OkStatus(); }, &output),
            absl::OkStatus());
  EXPECT_EQ(output, std::string(100000, 'x'));
  const absl::Status failed =
      InChild([](std::string* out) { return *out = "half", absl::NotFoundError("no model"); }, &output);
  EXPECT_EQ(failed, absl::NotFoundError("no model"));
  EXPECT_EQ(output, "half");
}

TEST(RunInChildTest, ACrashIsAnErrorOfTheChildOnly) {
  const absl::Status killed = InChild([](std::string*) { return raise(SIGKILL), absl::OkStatus(); });
  EXPECT_EQ(killed.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(killed.message()),
              AllOf(HasSubstr("the work crashed"), HasSubstr("signal 9"), HasSubstr("memory")));
  const absl::Status left = InChild([](std::string*) { return _exit(3), absl::OkStatus(); });
  EXPECT_THAT(std::string(left.message()), HasSubstr("exit status 3"));
}

TEST(RunInChildTest, WhatAKilledChildHadForATimeIsRemoved) {
  const std::string parent = std::filesystem::temp_directory_path().string();
  const absl::Status killed = InChild([&](std::string*) {
    const auto temporary = *io::TempDir::Make(parent, "tfxm_isolate-");
    return io::WriteFile(io::JoinPath(temporary->path(), "a"), "x").ok() ? (raise(SIGKILL), absl::OkStatus())
                                                                         : absl::InternalError("not written");
  });
  EXPECT_THAT(std::string(killed.message()), HasSubstr("signal 9"));
  EXPECT_THAT(*io::ListDir(parent), Not(Contains(StartsWith("tfxm_isolate-"))));
}

TEST(RunInChildTest, AQuietChildIsHeardWhenItCrashes) {
  std::string output;
  const auto crash = [](std::string*) {
    std::fputs("a check failed in pass 7\n", stderr);
    return raise(SIGABRT), absl::OkStatus();
  };
  const absl::Status status = RunInChild("the work", crash, &output, {.quiet = true});
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("signal 6"), HasSubstr("a check failed in pass 7")));
}

TEST(RunInChildTest, WantOfMemoryIsToldAsSuch) {
  std::string output;
  const ChildOptions options{.memory_limit_bytes = 100 << 20};
  const auto take = [](size_t bytes) {
    return [bytes](std::string* out) {
      const std::string taken(bytes, 'x');
      *out = taken.substr(0, 3);
      return absl::OkStatus();
    };
  };
  EXPECT_EQ(RunInChild("the work", take(10 << 20), &output, options), absl::OkStatus());
  EXPECT_EQ(output, "xxx");
  const absl::Status status = RunInChild("the work", take(200 << 20), &output, options);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("the work"), HasSubstr("memory"), HasSubstr("105 MB")));
  EXPECT_EQ(output, "");
}

TEST(RunInChildTest, UnderALimitWantOfMemoryNamesTheLimitHoweverItShows) {
  const ChildOptions options{.memory_limit_bytes = 500 << 20, .quiet = true};
  const auto aborts = [](const char* last_words) {
    return [last_words](std::string*) {
      std::fputs(last_words, stderr);
      return raise(SIGABRT), absl::OkStatus();
    };
  };
  const auto exits = [](const char* last_words) {
    return [last_words](std::string*) {
      std::fputs(last_words, stderr);
      return _exit(1), absl::OkStatus();
    };
  };
  const auto returns = [](const absl::Status& status) { return [status](std::string*) { return status; }; };
  const std::vector<std::function<absl::Status(std::string*)>> works = {
      aborts("terminate called after throwing an instance of 'std::bad_alloc'\n    @ 0x7f stack trace\n"),
      aborts("Thread pool creation via pthread_create() failed.\n    @ 0x7f stack trace\n"),
      exits("the allocator is out of memory\n    @ 0x7f stack trace\n"),
      returns(absl::ResourceExhaustedError("OOM when allocating tensor with shape[4000,4000]")),
      returns(absl::InvalidArgumentError("cannot load it: OOM when allocating tensor with shape[4000,4000]"))};
  std::string output;
  for (const auto& work : works) {
    const absl::Status status = RunInChild("the work", work, &output, options);
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("the work ran out of memory (its limit, --memory_limit, is 524 MB)"),
                      HasSubstr("raise the limit"), Not(HasSubstr("stack trace")), Not(HasSubstr("OOM"))));
    // Without a limit, it is told as it is.
    EXPECT_THAT(std::string(RunInChild("the work", work, &output, {.quiet = true}).message()),
                Not(HasSubstr("--memory_limit")));
  }
  // Where it does not show, both are said.
  EXPECT_THAT(
      std::string(RunInChild("the work", aborts("a check failed\n"), &output, options).message()),
      AllOf(HasSubstr("signal 6"), HasSubstr("--memory_limit may be too low: raise it"), HasSubstr("a check failed")));
  // And an error of another kind is what it is.
  EXPECT_EQ(RunInChild("the work", returns(absl::NotFoundError("no model")), &output, options),
            absl::NotFoundError("no model"));
}

class RewriteInChildTest : public ::testing::Test {
 protected:
  void SetUp() override { root_ = io::MakeTempDir(::testing::TempDir(), "isolate").value(); }
  void TearDown() override { io::RemoveAll(root_).IgnoreError(); }
  std::string Path(absl::string_view name) const { return io::JoinPath(root_, name); }
  std::string root_;
};

TEST_F(RewriteInChildTest, MakesTheFile) {
  ASSERT_EQ(rewriting::testing::WriteClassifier(Path("model")), absl::OkStatus());
  std::string report;
  EXPECT_EQ(RewriteInChild(Path("model"), Path("out"), {.name = "test"}, &report), absl::OkStatus());
  EXPECT_THAT(report, HasSubstr("FULLY_CONNECTED"));
  EXPECT_THAT(*io::ListDir(Path("out")), ElementsAre("tflite"));
}

TEST_F(RewriteInChildTest, ASourceInsideTheOutputStays) {
  ASSERT_EQ(rewriting::testing::WriteClassifier(Path("proj/model")), absl::OkStatus());
  const FileManifest before = *MakeFileManifest(Path("proj/model"));
  std::string report;
  // Refused, and made: TFX's RewriteSavedModel takes such a source for temporary.
  EXPECT_EQ(
      ExitStatusOf(RewriteInChild(
          Path("proj/model"), Path("proj"),
          {.name = "test", .quantization = QuantizationMode::kDynamicRange, .limits = {.min_sqnr_db = 1000}}, &report)),
      kExitNo);
  EXPECT_THAT(*io::ListDir(Path("proj")), ElementsAre("model"));
  EXPECT_EQ(MakeFileManifest(Path("proj/model"))->files, before.files);
  EXPECT_EQ(RewriteInChild(Path("proj/model"), Path("proj"), {.name = "test"}, &report), absl::OkStatus());
  EXPECT_THAT(*io::ListDir(Path("proj")), ElementsAre("model", "tflite"));
  EXPECT_EQ(MakeFileManifest(Path("proj/model"))->files, before.files);
  ASSERT_EQ(symlink("model", Path("proj/link").c_str()), 0);
  EXPECT_EQ(RewriteInChild(Path("proj/link"), Path("proj"), {.name = "test"}, &report), absl::OkStatus());
  EXPECT_THAT(*io::ListDir(Path("proj")), ElementsAre("link", "model", "tflite"));
}

TEST_F(RewriteInChildTest, OnlyATfliteFileIsReplaced) {
  ASSERT_EQ(rewriting::testing::WriteClassifier(Path("model")), absl::OkStatus());
  ASSERT_TRUE(io::MakeDirs(Path("model/assets")).ok() && io::WriteFile(Path("model/assets/words"), "a").ok());
  std::string report;
  EXPECT_EQ(RewriteInChild(Path("model"), Path("out"), {.name = "test"}, &report), absl::OkStatus());
  EXPECT_EQ(RewriteInChild(Path("model"), Path("out"), {.name = "test"}, &report), absl::OkStatus());  // Again.
  // A file, a folder, and a folder of assets that are somebody's.
  for (const char* name : {"out/tflite", "out/tflite/x", "out/assets/mine"}) {
    ASSERT_TRUE(io::RemoveAll(Path("out")).ok() && io::MakeDirs(io::Dirname(Path(name))).ok());
    ASSERT_TRUE(io::WriteFile(Path(name), "mine").ok());
    const absl::Status status = RewriteInChild(Path("model"), Path("out"), {.name = "test"}, &report);
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << name;
    EXPECT_EQ(MakeFileManifest(Path("out"))->files.size(), 1u) << name;
    EXPECT_EQ(*io::ReadFile(Path(name)), "mine");
  }
}

TEST_F(RewriteInChildTest, OutOfMemoryLeavesNothingBehind) {
  // 40 MB of weights, of which the converter makes several copies.
  ops::Graph graph;
  const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, 1000}, "x");
  const ops::Tensor y = ops::MatMul(x, ops::Constant(graph, rewriting::testing::Weights({1000, 10000}, 0.2)));
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"x", x}}, {{"y", y}});
  ASSERT_EQ(builder.Write(Path("model")), absl::OkStatus());
  std::string report;
  for (const int megabytes : {10, 150}) {  // Not even for TensorFlow's threads; for the model, but not to convert it.
    const absl::Status status =
        RewriteInChild(Path("model"), Path("out"), {.name = "test"}, &report, int64_t{megabytes} << 20);
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
    EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr(Path("model")), HasSubstr("--memory_limit")));
    EXPECT_FALSE(io::Exists(Path("out")));
  }
}

}  // namespace
}  // namespace tfxm
