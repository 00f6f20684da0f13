// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/run/display.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tfxm/util/text/text.h"
#include "tfxm/util/text/text_table.h"

namespace tfxm {
namespace {

using Clock = std::chrono::steady_clock;

std::string Seconds(double seconds) {
  if (seconds < 60) return absl::StrFormat("%.1f s", seconds);
  return absl::StrFormat("%d min %02d s", static_cast<int>(seconds) / 60, static_cast<int>(seconds) % 60);
}

int Width(const RunResult& run) {
  size_t width = 0;
  for (const NodeResult& node : run.nodes) width = std::max(width, node.node_id.size());
  return static_cast<int>(width);
}

std::string FailureText(const NodeResult& node) {
  return PrintableLines(
      absl::StrCat(node.status.message(), node.log_path.empty() ? "" : absl::StrCat("\n  log: ", node.log_path)));
}

// The beginning of a text that takes at most so many cells of the terminal.
std::string Beginning(absl::string_view text, int cells) {
  size_t size = 0;
  while (size < text.size()) {
    const int length = std::max(1, Utf8SequenceLength(text.substr(size)));
    cells -= DisplayWidth(text.substr(size, length));
    if (cells < 0) break;
    size += length;
  }
  return std::string(text.substr(0, size));
}

// "mnist: 11 nodes: 9 complete, 2 cached, in 5.3 s"
std::string Summary(const RunResult& run) {
  std::vector<std::string> counts;
  for (const auto& [state, name] : {std::pair{NodeState::kComplete, "complete"},
                                    {NodeState::kCached, "cached"},
                                    {NodeState::kFailed, "FAILED"},
                                    {NodeState::kSkipped, "skipped"},
                                    {NodeState::kCanceled, "canceled"},
                                    {NodeState::kPending, "not started"}}) {
    if (const int n = run.Count(state); n > 0) counts.push_back(absl::StrCat(n, " ", name));
  }
  return absl::StrFormat("%s: %d nodes: %s, in %s", run.pipeline_name, run.nodes.size(), absl::StrJoin(counts, ", "),
                         Seconds(run.seconds));
}

// What there is to say about a node and the cache; empty if nothing.
std::string CacheText(const NodeResult& node, bool explain) {
  return explain || node.cache_damaged || node.left_out ? node.cache : "";
}

class SilentDisplay : public Display {
 public:
  void Begin(const RunResult&) override {}
  void NodeStarted(int) override {}
  void NodeProgress(int, absl::string_view, double) override {}
  void NodeRetried(int) override {}
  void NodeEnded(int) override {}
  void Tick() override {}
  void End() override {}
};

class PlainDisplay : public Display {
 public:
  PlainDisplay(FILE* out, bool explain_cache) : out_(out), explain_cache_(explain_cache) {}

  void Begin(const RunResult& run) override {
    run_ = &run;
    width_ = Width(run);
  }
  void NodeStarted(int node) override {
    const std::string cache = CacheText(run_->nodes[node], explain_cache_);
    Line(node, absl::StrCat("started", cache.empty() ? "" : ": ", cache));
  }
  void NodeProgress(int, absl::string_view, double) override {}
  void NodeRetried(int i) override {
    const NodeResult& node = run_->nodes[i];
    Line(i, absl::StrCat("failed, and is started again (retry ", node.retries, "): ", FailureText(node)));
  }
  void NodeEnded(int i) override {
    const NodeResult& node = run_->nodes[i];
    switch (node.state) {
      case NodeState::kComplete:
        return Line(i,
                    absl::StrCat("complete  ", Seconds(node.seconds), node.message.empty() ? "" : "  ", node.message));
      case NodeState::kCached:
        return Line(
            i, absl::StrCat("cached", explain_cache_ || node.left_out ? ": " : "", CacheText(node, explain_cache_)));
      case NodeState::kFailed: return Line(i, absl::StrCat("FAILED: ", FailureText(node)));
      case NodeState::kSkipped: return Line(i, absl::StrCat("skipped: ", node.status.message()));
      default: return Line(i, "canceled");
    }
  }
  void Tick() override {}
  void End() override {
    std::fprintf(out_, "%s\n", Summary(*run_).c_str());
    std::fflush(out_);
  }

 private:
  void Line(int node, absl::string_view text) {
    // Messages are of executors and may quote data.
    std::fputs(absl::StrFormat("%-*s  %s\n", width_, run_->nodes[node].node_id, PrintableLines(text)).c_str(), out_);
    std::fflush(out_);
  }

  FILE* const out_;
  const bool explain_cache_;
  const RunResult* run_ = nullptr;
  int width_ = 0;
};

class TerminalDisplay : public Display {
 public:
  TerminalDisplay(FILE* out, bool color, bool explain_cache)
      : out_(out), color_(color), explain_cache_(explain_cache) {}

  void Begin(const RunResult& run) override {
    run_ = &run;
    width_ = Width(run);
    rows_.resize(run.nodes.size());
    Draw();
  }
  void NodeStarted(int node) override { rows_[node].start = Clock::now(); }
  void NodeProgress(int node, absl::string_view message, double fraction) override {
    rows_[node].message = PrintableText(message);
    rows_[node].fraction = fraction;
  }
  void NodeRetried(int node) override {
    const int retries = run_->nodes[node].retries;
    rows_[node].message =
        absl::StrCat("retry ", retries, " after: ", PrintableText(run_->nodes[node].status.message()));
    rows_[node].fraction = -1;
  }
  void NodeEnded(int) override { Draw(); }
  void Tick() override {
    ++tick_;
    Draw();
  }
  void End() override {
    Draw();
    for (size_t i = 0; i < rows_.size(); ++i) {  // A node's line may have had no place for it.
      const NodeResult& node = run_->nodes[i];
      if (node.state != NodeState::kComplete || !absl::StrContains(node.message, "warning: ")) continue;
      std::fputs(WrapLines(absl::StrCat(node.node_id, ": ", PrintableText(node.message), "\n"), Columns()).c_str(),
                 out_);
    }
    for (const NodeResult& node : run_->nodes) {
      const std::string cache = CacheText(node, explain_cache_);
      if (cache.empty()) continue;
      std::fputs(absl::StrFormat("%-*s  %s: %s\n", width_, node.node_id,
                                 node.state == NodeState::kCached ? "cached" : "not cached", cache)
                     .c_str(),
                 out_);
    }
    for (const NodeResult& node : run_->nodes) {
      if (node.state != NodeState::kFailed) continue;
      std::fputs(absl::StrCat("\n", Paint("31;1", absl::StrCat(node.node_id, " failed:")), " ", FailureText(node), "\n")
                     .c_str(),
                 out_);
    }
    std::fputs(absl::StrCat(Paint(run_->ok() ? "32" : "31", Summary(*run_)), "\n").c_str(), out_);
    std::fflush(out_);
  }

 private:
  struct Row {
    Clock::time_point start;
    std::string message;
    double fraction = -1;
  };

  std::string Paint(absl::string_view code, absl::string_view text) const {
    return color_ ? absl::StrCat("\033[", code, "m", text, "\033[0m") : std::string(text);
  }

  // What is right of the node's name, at most `columns` wide.
  std::string Status(int i, int columns) const {
    const NodeResult& node = run_->nodes[i];
    const Row& row = rows_[i];
    const auto cut = [columns](const std::string& text) { return Beginning(text, columns - 2); };
    const auto done = [&](absl::string_view word) {
      return cut(absl::StrFormat("%-10s%8s  %s", word, Seconds(node.seconds), PrintableText(node.message)));
    };
    switch (node.state) {
      case NodeState::kPending: return Paint("2", "  waiting");
      case NodeState::kRunning: {
        static constexpr const char* kSpinner[] = {"|", "/", "-", "\\"};
        const double seconds = std::chrono::duration<double>(Clock::now() - row.start).count();
        std::string text = absl::StrFormat("%-10s%8s  ", "running", Seconds(seconds));
        if (row.fraction >= 0) {
          const int filled = static_cast<int>(std::clamp(row.fraction, 0.0, 1.0) * 20);
          absl::StrAppend(&text, "[", std::string(filled, '='), std::string(20 - filled, ' '), "] ");
        }
        return Paint("36", absl::StrCat(kSpinner[tick_ % 4], " ", cut(text + row.message)));
      }
      case NodeState::kComplete: return Paint("32", absl::StrCat("+ ", done("complete")));
      case NodeState::kCached: return Paint("32", node.left_out ? "+ left out" : "+ cached");
      case NodeState::kFailed: return Paint("31;1", absl::StrCat("x ", done("FAILED")));
      case NodeState::kSkipped:
        return Paint("33", absl::StrCat("- ", cut(absl::StrCat("skipped   ", PrintableText(node.status.message())))));
      case NodeState::kCanceled: return Paint("33", "- canceled");
    }
    return "";
  }

  int Columns() const {
    winsize size{};
    return ioctl(fileno(out_), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
  }

  void Draw() {
    const int columns = Columns();
    std::string text = drawn_ ? absl::StrFormat("\033[%dA", rows_.size()) : "";
    for (size_t i = 0; i < rows_.size(); ++i) {
      // Cursor movement would go wrong if a line were broken.
      absl::StrAppendFormat(&text, "\r\033[K%-*s  %s\n", width_, run_->nodes[i].node_id,
                            Status(static_cast<int>(i), columns - width_ - 3));
    }
    drawn_ = true;
    std::fputs(text.c_str(), out_);
    std::fflush(out_);
  }

  FILE* const out_;
  const bool color_, explain_cache_;
  const RunResult* run_ = nullptr;
  int width_ = 0, tick_ = 0;
  bool drawn_ = false;
  std::vector<Row> rows_;
};

// Chooses when it knows how many lines there will be.
class AutomaticDisplay : public Display {
 public:
  AutomaticDisplay(FILE* out, bool explain_cache) : out_(out), explain_cache_(explain_cache) {}
  void Begin(const RunResult& run) override {
    winsize size{};
    const char* term = std::getenv("TERM");
    const bool terminal = isatty(fileno(out_)) != 0 && term != nullptr && std::string(term) != "dumb" &&
                          ioctl(fileno(out_), TIOCGWINSZ, &size) == 0 && size.ws_row > run.nodes.size() + 1;
    const char* no_color = std::getenv("NO_COLOR");
    if (terminal) {
      display_ = std::make_unique<TerminalDisplay>(out_, no_color == nullptr || *no_color == '\0', explain_cache_);
    } else {
      display_ = std::make_unique<PlainDisplay>(out_, explain_cache_);
    }
    display_->Begin(run);
  }
  void NodeStarted(int node) override { display_->NodeStarted(node); }
  void NodeProgress(int node, absl::string_view message, double fraction) override {
    display_->NodeProgress(node, message, fraction);
  }
  void NodeRetried(int node) override { display_->NodeRetried(node); }
  void NodeEnded(int node) override { display_->NodeEnded(node); }
  void Tick() override { display_->Tick(); }
  void End() override { display_->End(); }

 private:
  FILE* const out_;
  const bool explain_cache_;
  std::unique_ptr<Display> display_;
};

}  // namespace

std::unique_ptr<Display> NewDisplay(FILE* out, bool explain_cache) {
  return std::make_unique<AutomaticDisplay>(out, explain_cache);
}
std::unique_ptr<Display> NewPlainDisplay(FILE* out, bool explain_cache) {
  return std::make_unique<PlainDisplay>(out, explain_cache);
}
std::unique_ptr<Display> NewSilentDisplay() { return std::make_unique<SilentDisplay>(); }

}  // namespace tfxm
