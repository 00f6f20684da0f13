// SPDX-License-Identifier: Apache-2.0

// Which files an ExampleGen reads: TFX's input patterns with {SPAN}, {VERSION} and dates, and the fingerprint of what
// matched.
//
//   tfx::components::example_gen::Input input;                               // tfx/proto/example_gen.proto
//   // splits { name: "train" pattern: "span-{SPAN}/v{VERSION}/train/*" }
//   ASSIGN_OR_RETURN(ResolvedInput resolved, ResolveInput(input_base, input, /*range_config=*/nullptr));
//   // resolved.span == 7, resolved.input.splits(0).pattern() == "span-7/v2/train/*"
//
// The rules are TFX's (components/example_gen/utils.py): {SPAN} or {SPAN:width}; or {YYYY}, {MM} and {DD} once each,
// the span being the days since 1970-01-01; {VERSION} or {VERSION:width} only with one of them. The newest span wins,
// then its newest version; all splits must agree. A range_config with a static_range fixes the span; a rolling_range of
// one span is the newest.
#ifndef TFXM_COMPONENTS_EXAMPLE_GEN_INPUT_CONFIG_H_
#define TFXM_COMPONENTS_EXAMPLE_GEN_INPUT_CONFIG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfx/proto/example_gen.pb.h"
#include "tfx/proto/range_config.pb.h"

namespace tfxm {

struct ResolvedInput {
  tfx::components::example_gen::Input input;  // Patterns without {…}.
  int64_t span = 0;
  std::optional<int64_t> version;
  // TFX's words: one line a split, "split:NAME,num_files:N,total_bytes:B,xor_checksum:X,sum_checksum:S", the checksums
  // over the files' modification times (here in nanoseconds, so that an edit within a second counts).
  std::string fingerprint;
};

// INVALID_ARGUMENT for a pattern against the rules; NOT_FOUND names the directory and the pattern if nothing matches.
absl::StatusOr<ResolvedInput> ResolveInput(absl::string_view input_base,
                                           const tfx::components::example_gen::Input& input,
                                           const tfx::configs::RangeConfig* range_config);

// The files of a resolved split, sorted. NOT_FOUND if there are none. What data::GlobFiles leaves out is added to
// *left_out, if it is given.
absl::StatusOr<std::vector<std::string>> InputFiles(absl::string_view input_base,
                                                    const tfx::components::example_gen::Input::Split& split,
                                                    std::vector<std::string>* left_out = nullptr);

// The names of the output splits, checked: those of the output config, else those of the input (which then needs
// several).
absl::StatusOr<std::vector<std::string>> OutputSplitNames(const tfx::components::example_gen::Input& input,
                                                          const tfx::components::example_gen::Output& output);

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_EXAMPLE_GEN_INPUT_CONFIG_H_
