// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/output/output_folder.h"

#include <unistd.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OutputFolderTest : public ::testing::Test {
 protected:
  std::string Out(absl::string_view name = "") const { return io::JoinPath(root_, "out", name); }
  void Put(absl::string_view name, absl::string_view content) {
    const std::string path = Out(name);
    ASSERT_TRUE(io::MakeDirs(io::Dirname(path)).ok());
    ASSERT_TRUE(io::WriteFile(path, content).ok());
  }
  // What `out` holds, as one text.
  std::string Content() const { return ManifestJson(*MakeFileManifest(Out())); }

  static constexpr char kMetrics[] = "metrics", kLogs[] = "tensorboard", kOptional[] = "disagreements.json";
  static absl::StatusOr<std::unique_ptr<OutputFolder>> Open(const std::string& path, bool replace = true) {
    return OutputFolder::Open(path, {kMetrics, kLogs, kOptional}, replace);
  }
  absl::Status Evaluate(absl::string_view content, absl::string_view model, bool replace = true) {
    ASSIGN_OR_RETURN(const auto folder, Open(Out(), replace));
    const std::string logs = io::JoinPath(folder->staging(), kLogs, model);
    RETURN_IF_ERROR(io::MakeDirs(logs));
    RETURN_IF_ERROR(io::WriteFile(io::JoinPath(logs, "events"), content));
    RETURN_IF_ERROR(io::WriteFile(io::JoinPath(folder->staging(), kMetrics), content));
    return folder->Commit();
  }
  const TempDir temporary_;
  const std::string& root_ = temporary_.path();
};

TEST_F(OutputFolderTest, AnEarlierEvaluationIsReplacedAndOthersFilesStay) {
  ASSERT_TRUE(Evaluate("1", "a").ok());
  Put("notes.txt", "mine");
  Put("tensorboard/my_training_run/events", "mine");
  ASSERT_TRUE(Evaluate("2", "b").ok());
  EXPECT_EQ(*io::ReadFile(Out(kMetrics)), "2");
  EXPECT_EQ(*io::ReadFile(Out("tensorboard/b/events")), "2");
  EXPECT_FALSE(io::Exists(Out("tensorboard/a")));
  EXPECT_EQ(*io::ReadFile(Out("notes.txt")), "mine");
  EXPECT_EQ(*io::ReadFile(Out("tensorboard/my_training_run/events")), "mine");
}

TEST_F(OutputFolderTest, AKnownNameProvesNothing) {
  for (const char* name :
       {"metrics", "disagreements.json", "tensorboard/my_training_run/events", ".tfxm_evaluation.json/x"}) {
    Put(name, "mine");
    const std::string before = Content();
    const absl::Status status = Evaluate("1", "a");
    EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr(Out()), HasSubstr("no earlier evaluation"))) << name;
    EXPECT_EQ(ExitStatusOf(status), kExitUsage);
    EXPECT_EQ(Content(), before);
    ASSERT_TRUE(io::RemoveAll(Out()).ok());
  }
}

TEST_F(OutputFolderTest, ALinkThatLeadsNowhereIsSomebodysToo) {
  ASSERT_TRUE(io::MakeDirs(Out()).ok());
  ASSERT_EQ(symlink("/nowhere", Out(kMetrics).c_str()), 0);
  EXPECT_FALSE(Evaluate("1", "a").ok());
  char target[16];
  EXPECT_EQ(readlink(Out(kMetrics).c_str(), target, sizeof(target)), 8);
}

TEST_F(OutputFolderTest, WhatHasChangedSinceIsNotOursAnyMore) {
  ASSERT_TRUE(Evaluate("1", "a").ok());
  Put(kMetrics, "edited by hand");
  const std::string before = Content();
  EXPECT_THAT(std::string(Evaluate("2", "a").message()),
              AllOf(HasSubstr("has been changed"), HasSubstr("metrics has")));
  EXPECT_EQ(Content(), before);
  ASSERT_TRUE(io::RemoveAll(Out(kMetrics)).ok());  // One may remove it.
  EXPECT_TRUE(Evaluate("2", "a").ok());
}

TEST_F(OutputFolderTest, ANewNameInAnEarlierEvaluationIsNotOurs) {
  ASSERT_TRUE(Evaluate("1", "a").ok());
  Put(kOptional, "mine");
  EXPECT_FALSE(Evaluate("2", "a").ok());
  EXPECT_EQ(*io::ReadFile(Out(kOptional)), "mine");
  EXPECT_EQ(*io::ReadFile(Out(kMetrics)), "1");
}

TEST_F(OutputFolderTest, ALinkedFolderIsNotWrittenInto) {
  ASSERT_TRUE(Evaluate("1", "a").ok());
  const std::string elsewhere = io::JoinPath(root_, "elsewhere");
  ASSERT_TRUE(io::Rename(Out(kLogs), elsewhere).ok());
  ASSERT_EQ(symlink(elsewhere.c_str(), Out(kLogs).c_str()), 0);
  EXPECT_FALSE(Evaluate("2", "b").ok());
  EXPECT_THAT(*io::ListDir(elsewhere), ElementsAre("a"));
}

TEST_F(OutputFolderTest, WithoutReplaceNothingIsReplacedAndNoMarkIsLeft) {
  ASSERT_TRUE(Evaluate("1", "a", /*replace=*/false).ok());
  EXPECT_THAT(*io::ListDir(Out()), ElementsAre(kMetrics, kLogs));
  EXPECT_FALSE(Evaluate("2", "a", /*replace=*/false).ok());
  EXPECT_FALSE(Evaluate("2", "a", /*replace=*/true).ok());
  EXPECT_EQ(*io::ReadFile(Out(kMetrics)), "1");
}

TEST_F(OutputFolderTest, WithoutCommitNothingIsLeft) {
  {
    const auto folder = Open(io::JoinPath(root_, "out/of/nothing"));
    ASSERT_TRUE(folder.ok()) << folder.status();
    ASSERT_TRUE(io::WriteFile(io::JoinPath((*folder)->staging(), kMetrics), "1").ok());
  }
  EXPECT_THAT(*io::ListDir(root_), ElementsAre());
}

TEST_F(OutputFolderTest, AHostileMarkReachesNothingOutside) {
  const std::string outside = io::JoinPath(root_, "outside");
  ASSERT_TRUE(io::WriteFile(outside, "x").ok());
  Put(kEvaluationMark,
      R"({"files": {"../outside": {"size": 1, "sha256": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"}}})");
  EXPECT_FALSE(Evaluate("1", "a").ok());
  EXPECT_TRUE(io::Exists(outside));
}

}  // namespace
}  // namespace tfxm::model_analysis
