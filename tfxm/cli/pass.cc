// SPDX-License-Identifier: Apache-2.0

// tfxm pass
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/cli/command.h"
#include "tfxm/components/pass_step.h"
#include "tfxm/distribution/part.h"
#include "tfxm/distribution/pass_phases.h"
#include "tfxm/distribution/request.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::cli {
namespace {

constexpr char kHow[] =
    "say what to do with which request: tfxm pass plan REQUEST, tfxm pass map REQUEST --shard=I --output=PART, or "
    "tfxm pass reduce REQUEST PART … --output=RESULT";

class PassCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags(
        "tfxm pass plan REQUEST [--output=PLAN] | map PLAN --shard=I --output=PART | reduce PLAN PART … --output=RESULT",
        "A pass over tf.Examples that any number of processes share, on one machine or on many: what starts them,\n"
        "a cluster's scheduler, Beam, Ray or a shell's loop, needs no more than these commands and files that all\n"
        "see. The result is the bytes that one process would have made.\n\n"
        "  plan    finds the shards of the files and prints them; with --output it writes the request with them,\n"
        "          which is what the others are to be given. A large file that is not compressed is several\n"
        "          shards, any other is one\n"
        "  map     does one shard; PART is whole or not there, and doing it twice does no harm\n"
        "  reduce  puts the parts of all shards together; a folder stands for the parts in it. RESULT is a folder\n"
        "          of an evaluation; of statistics a file: binary, or text (.pbtxt), or a TFRecord (.tfrecord)\n\n"
        "REQUEST is a tfxm.distribution.PassRequest (tfxm/proto/pass.proto) as text (.pbtxt), JSON (.json) or\n"
        "bytes, such as\n"
        "  files: \"examples/Split-train/*\" statistics {}\n\n"
        "tfxm stats --launcher=… and tfxm evaluate --launcher=… do all of this by themselves.");
    flags.Add("shard", &shard_, "I", "map: the shard's number, from 0").AtLeast(-1);
    flags.Add("output", &output_, "PATH", "where the plan, the part or the result goes");
    flags.TakeArguments(2, SIZE_MAX, kHow);
    return flags;
  }

  absl::Status Run(const std::vector<std::string>& arguments) override {
    const std::string& verb = arguments[0];
    if (verb != "plan" && verb != "map" && verb != "reduce") return UsageError(absl::StrCat(verb, ": ", kHow));
    if (verb != "reduce" && arguments.size() > 2) return UsageError(absl::StrCat("pass ", verb, " takes one request"));
    if (verb == "reduce" && arguments.size() < 3) return UsageError("pass reduce needs parts, or a folder of them");
    if (verb != "plan" && output_.empty()) return UsageError(absl::StrCat("pass ", verb, " needs --output=PATH"));
    if ((verb == "map") != (shard_ >= 0)) return UsageError("--shard=I goes with pass map, and has to be given there");
    ASSIGN_OR_RETURN(PassRequest request, distribution::ReadRequest(arguments[1]));
    const std::string output = output_.empty() ? "" : io::AbsolutePath(output_);
    std::vector<std::string> parts;
    for (size_t i = 2; i < arguments.size(); ++i) parts.push_back(io::AbsolutePath(arguments[i]));
    const bool to_a_folder = verb == "reduce" && request.has_evaluate();  // Which Evaluate looks at itself.
    if (!to_a_folder) {
      ASSIGN_OR_RETURN(std::vector<std::string> read, distribution::FilesOfParts(parts));
      read.push_back(arguments[1]);
      RETURN_IF_ERROR(CheckOutputFile("output", output_, read));
    }
    RETURN_IF_ERROR(distribution::EnterWorkingDirectory(request));
    RETURN_IF_ERROR(distribution::PlanRequest(&request));
    std::set<std::string> files;
    for (const distribution::PassShard& shard : request.shards()) files.insert(shard.file());
    if (!to_a_folder) RETURN_IF_ERROR(CheckOutputFile("output", output, {files.begin(), files.end()}));
    if (verb != "plan") RETURN_IF_ERROR(LoadPassStep(request));
    if (verb == "map") return distribution::MapShard(request, shard_, output);
    if (verb == "reduce") return distribution::ReduceParts(request, parts, output);
    if (!output.empty()) RETURN_IF_ERROR(distribution::WriteRequest(output, request));
    return Print(PlanText(request));
  }

 private:
  using PassRequest = distribution::PassRequest;

  static std::string PlanText(const PassRequest& request) {
    std::string text = "shard\tbytes\trecords\tfile\n";
    for (int i = 0; i < request.shards_size(); ++i) {
      const distribution::PassShard& shard = request.shards(i);
      const int64_t end = shard.end() < 0 ? shard.file_size() : shard.end();
      const std::string records =
          shard.num_records() < 0
              ? "all"
              : absl::StrCat(shard.first_record(), "-", shard.first_record() + shard.num_records() - 1);
      absl::StrAppend(&text, i, "\t", end - shard.begin(), "\t", records, "\t", PrintableText(shard.file()), "\n");
    }
    return text;
  }

  int64_t shard_ = -1;
  std::string output_;
};

TFXM_REGISTER(CommandRegistry, "pass", [] { return std::make_unique<PassCommand>(); });

}  // namespace
}  // namespace tfxm::cli
