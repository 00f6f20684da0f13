// SPDX-License-Identifier: Apache-2.0

// What is shown of a run on a terminal.
#include "tfxm/orchestration/run/display.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "tfxm/util/text/text.h"

namespace tfxm {
namespace {

constexpr int kColumns = 60;

// What a terminal of 60 columns gets of a run, without the control sequences.
std::string Shown(const RunResult& run) {
  setenv("TERM", "xterm", 1);
  setenv("NO_COLOR", "1", 1);
  const winsize size{.ws_row = 30, .ws_col = kColumns, .ws_xpixel = 0, .ws_ypixel = 0};
  int master = -1, slave = -1;
  EXPECT_EQ(openpty(&master, &slave, nullptr, nullptr, &size), 0);
  std::FILE* const out = fdopen(slave, "w");
  const auto display = NewDisplay(out);
  display->Begin(run);
  display->End();
  std::fputs("the end", out);
  std::fflush(out);
  std::string text;
  char block[4096];
  while (!absl::StrContains(text, "the end")) {
    const ssize_t n = read(master, block, sizeof(block));
    if (n <= 0) break;
    text.append(block, n);
  }
  std::fclose(out);
  close(master);
  return absl::StrReplaceAll(text, {{"\r", ""}, {"\033[K", ""}, {"\033[1A", ""}, {"\033[2A", ""}});
}

RunResult RunSaying(const std::string& message) {
  RunResult run{.pipeline_name = "p"};
  run.nodes = {{.node_id = "ExampleGen", .state = NodeState::kComplete, .message = message},
               {.node_id = "Trainer", .state = NodeState::kSkipped, .status = absl::InternalError(message)}};
  return run;
}

TEST(DisplayTest, NoLineIsWiderThanTheTerminalAndNoCharacterIsCut) {
  // Each column of the terminal once as the place where a wide character does not fit.
  for (int shift = 0; shift < 4; ++shift) {
    const std::string text = Shown(
        RunSaying(std::string(shift, 'x') + "分割ごとの例の数は次のとおりです。学習用は二百三件、評価用は九十七件"));
    EXPECT_TRUE(absl::StrContains(text, "分割")) << text;
    EXPECT_TRUE(IsUtf8(text)) << text;
    for (const absl::string_view line : absl::StrSplit(text, '\n')) EXPECT_LE(DisplayWidth(line), kColumns) << line;
  }
}

TEST(DisplayTest, AWarningThatItsLineHasNoPlaceForIsSaidInFull) {
  const std::string text =
      Shown(RunSaying("300 examples (train 203, eval 97); warning: without a record: data/b.tfrecord"));
  EXPECT_TRUE(absl::StrContains(text,
                                "ExampleGen: 300 examples (train 203, eval 97); warning:\n"
                                "  without a record: data/b.tfrecord\n"))
      << text;
}

}  // namespace
}  // namespace tfxm
