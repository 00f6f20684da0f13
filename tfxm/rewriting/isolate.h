// SPDX-License-Identifier: Apache-2.0

// Rewriting in a child process, for programs that must outlive TensorFlow's converter when it crashes or is out of
// memory.
//
//   std::string report;
//   absl::Status status = RewriteInChild(saved_model_dir, output_dir, options, &report);
//   std::cout << report;
//
// Must be called before this process starts threads of TensorFlow's (before any SavedModel is loaded).
#ifndef TFXM_REWRITING_ISOLATE_H_
#define TFXM_REWRITING_ISOLATE_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tfxm/rewriting/rewriter_options.h"

namespace tfxm {

struct ChildOptions {
  // How much memory the child may take beyond what this process has now; 0: no limit. More is RESOURCE_EXHAUSTED.
  int64_t memory_limit_bytes = 0;
  // Keeps what the child prints to stderr (TensorFlow says much) to itself; if it crashes, the end of it is in the
  // message.
  bool quiet = false;
  // Called after the child has ended without returning, or was ended because this process is interrupted. What
  // it had in the folder for temporary files is gone by then.
  std::function<void()> clean_up;
};

// Runs `work` in a forked child; its status and what it puts into `output` come back. INTERNAL says with which signal
// or exit status the child ended, if it did not return; RESOURCE_EXHAUSTED that it ran out of memory; `what` names it
// in that message. The child dies with this process.
absl::Status RunInChild(absl::string_view what, const std::function<absl::Status(std::string* output)>& work,
                        std::string* output, const ChildOptions& options = {});

// RewriteKeepingSource to TFLite with these options, in a child. `report` gets RewriteReport::Render(report_width),
// also of a failed rewrite; AnswerIsNo (util/exit_status.h) says that the file would be outside of its limits. Whatever
// happens to the child or, with HandleInterrupts, to this process, `dst` has the complete result or is as it was.
absl::Status RewriteInChild(absl::string_view src, absl::string_view dst, const RewriterOptions& options,
                            std::string* report, int64_t memory_limit_bytes = 0, int report_width = 0);

}  // namespace tfxm

#endif  // TFXM_REWRITING_ISOLATE_H_
