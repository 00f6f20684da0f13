// SPDX-License-Identifier: Apache-2.0

// tfxm clean
#include "tfxm/orchestration/lineage/clean.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tfxm/cli/command.h"
#include "tfxm/cli/flags/store_argument.h"
#include "tfxm/metadata/metadata_store.h"
#include "tfxm/metadata/run_lock.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"
#include "tfxm/util/text/text_table.h"

namespace tfxm::cli {
namespace {

class CleanCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags(
        "tfxm clean METADATA_DB --keep=N [--dry_run]",
        "Removes artifacts of old runs from the disk: those that tfxm made and that neither the last N complete runs of\n"
        "their pipeline nor later ones have read or put out. The latest blessed model of each node stays, as does all that\n"
        "was imported or pushed. The store still knows where everything came from.");
    flags.Add("keep", &keep_, "N", "complete runs whose artifacts stay, 1 or more").AtLeast(1).Required();
    flags.Add("dry_run", &dry_run_, "only say what would be removed");
    flags.TakeArguments(1, 1, "give the store: tfxm clean runs/mnist/metadata.db --keep=3");
    return flags;
  }
  absl::Status Run(const std::vector<std::string>& arguments) override {
    RETURN_IF_ERROR(CheckStore(arguments[0], "clean"));
    ASSIGN_OR_RETURN(const RunLock lock, RunLock::Acquire(arguments[0]));
    ASSIGN_OR_RETURN(const auto store, MetadataStore::Open(arguments[0], database::Mode::kReadWrite));
    ASSIGN_OR_RETURN(const std::vector<OldArtifact> old, FindOldArtifacts(store.get(), keep_));
    int64_t bytes = 0;
    for (const OldArtifact& artifact : old) {
      bytes += artifact.bytes;
      const std::string line = absl::StrCat(dry_run_ ? "would remove " : "removes ", "#", artifact.id, " ",
                                            PrintableText(artifact.type_name), "  ", PrintableText(artifact.uri), "\n");
      RETURN_IF_ERROR(Print(WrapLines(line, TerminalWidth())));
    }
    if (!dry_run_) RETURN_IF_ERROR(RemoveArtifacts(store.get(), old));
    return Print(absl::StrFormat("%d artifacts, %.1f MB%s\n", old.size(), static_cast<double>(bytes) / 1e6,
                                 dry_run_ ? " (nothing was removed: --dry_run)" : " removed"));
  }

 private:
  int keep_ = 0;
  bool dry_run_ = false;
};

TFXM_REGISTER(CommandRegistry, "clean", [] { return std::make_unique<CleanCommand>(); });

}  // namespace
}  // namespace tfxm::cli
