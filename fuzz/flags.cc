// SPDX-License-Identifier: Apache-2.0

// Command lines (util/flags.h): one argument a line.
#include "tfxm/util/flags.h"

#include "absl/strings/str_split.h"
#include "fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::vector<std::string> arguments = absl::StrSplit(tfxm::fuzz::Text(data, size), '\n');
  for (const bool open : {false, true}) {  // Whether other flags are taken, too.
    std::string output, format = "table";
    int64_t limit = 0;
    int samples = 100;
    double part = 0.5;
    std::optional<double> threshold;
    bool quiet = false;
    std::vector<std::string> models, others;
    tfxm::Flags flags("tfxm x --output=DIR", "Does something.");
    flags.Add("output", &output, "DIR", "where it goes").Required();
    flags.Add("format", &format, "table|json", "how").OneOf({"table", "json"});
    flags.Add("memory_limit", &limit, "BYTES", "of all");
    flags.Add("samples", &samples, "N", "how many").AtLeast(1);
    flags.Add("part", &part, "P", "how much").Between(0, 1);
    flags.Add("threshold", &threshold, "X", "if any");
    flags.Add("quiet", &quiet, "print nothing");
    flags.Add("model", &models, "PATH", "may be repeated");
    if (open) flags.PassUnknownOn(&others);
    flags.TakeArguments(0, 2, "give up to two files");
    const absl::Status status = flags.Parse(arguments);
    if (status.ok() && !flags.help_requested() &&
        (output.empty() || samples < 1 || !(part >= 0 && part <= 1) || flags.positional().size() > 2)) {
      abort();  // What Required, AtLeast, Between and TakeArguments promise.
    }
    flags.Help();
  }
  return 0;
}
