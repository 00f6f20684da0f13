// SPDX-License-Identifier: Apache-2.0

// Shows a run while it goes on.
#ifndef TFXM_ORCHESTRATION_RUN_DISPLAY_H_
#define TFXM_ORCHESTRATION_RUN_DISPLAY_H_

#include <cstdio>
#include <memory>

#include "absl/strings/string_view.h"
#include "tfxm/orchestration/run/run_result.h"

namespace tfxm {

class Display {
 public:
  virtual ~Display() = default;
  // `run` lives until End and holds the present states.
  virtual void Begin(const RunResult& run) = 0;
  virtual void NodeStarted(int node) = 0;
  // fraction < 0: not known.
  virtual void NodeProgress(int node, absl::string_view message, double fraction) = 0;
  // Failed, which its status tells, and pending again: it will be started again.
  virtual void NodeRetried(int node) = 0;
  // Complete, cached, failed, skipped or canceled.
  virtual void NodeEnded(int node) = 0;
  // Called ten times a second.
  virtual void Tick() = 0;
  virtual void End() = 0;
};

// On a terminal that is high enough, a line for each node, redrawn as things go on, with colours unless NO_COLOR is
// set; else a plain line for each thing that happens. At the end a summary, in which every failure says why and names
// its log. It always says if former outputs were not used because they are damaged; with `explain_cache`, why
// every node's were or were not.
std::unique_ptr<Display> NewDisplay(FILE* out, bool explain_cache = false);
std::unique_ptr<Display> NewPlainDisplay(FILE* out, bool explain_cache = false);
// Shows nothing.
std::unique_ptr<Display> NewSilentDisplay();

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_RUN_DISPLAY_H_
