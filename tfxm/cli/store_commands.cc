// SPDX-License-Identifier: Apache-2.0

// tfxm lineage, tfxm bless and tfxm clean
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tfxm/cli/command.h"
#include "tfxm/metadata/metadata_store.h"
#include "tfxm/metadata/run_lock.h"
#include "tfxm/orchestration/lineage/clean.h"
#include "tfxm/orchestration/lineage/lineage.h"
#include "tfxm/orchestration/resolver/bless.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"
#include "tfxm/util/text/text_table.h"

namespace tfxm::cli {
namespace {

// A UsageError if the store's folder was meant.
absl::Status CheckStore(const std::string& path, absl::string_view command) {
  if (!io::IsDirectory(path)) return absl::OkStatus();
  const std::string inside = io::JoinPath(path, "metadata.db");
  return UsageError(absl::StrCat(path, " is a folder, and a store is a file",
                                 io::Exists(inside) ? absl::StrCat(": tfxm ", command, " ", inside) : ""));
}

class LineageCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags(
        "tfxm lineage METADATA_DB [--artifact=ID_OR_URI [--descendants]] [--last=N] [--format=text|json|dot]",
        "What an ML Metadata store (SQLite) knows: every run with its executions and artifacts; or, of one "
        "artifact,\n"
        "everything it comes from, or all that has come of it: which released models saw this data. Reads stores "
        "that\n"
        "TFX wrote, too.");
    flags.Add("artifact", &artifact_, "ID_OR_URI", "show where this artifact comes from");
    flags.Add("descendants", &descendants_, "show what has come of --artifact");
    flags.Add("last", &last_, "N", "only the last N runs; 0: all").AtLeast(0);
    flags.Add("format", &format_, "text|json|dot", "json is for programs, dot for Graphviz")
        .OneOf({"text", "json", "dot"});
    flags.TakeArguments(1, 1, "give the store: tfxm lineage runs/mnist/metadata.db");
    return flags;
  }
  absl::Status Run(const std::vector<std::string>& arguments) override {
    RETURN_IF_ERROR(CheckStore(arguments[0], "lineage"));
    if (descendants_ && artifact_.empty()) return UsageError("--descendants of what? Give --artifact=ID_OR_URI");
    ASSIGN_OR_RETURN(const LineageFormat format, ParseLineageFormat(format_));
    ASSIGN_OR_RETURN(const auto store, MetadataStore::Open(arguments[0], sqlite::Mode::kReadOnly));
    ASSIGN_OR_RETURN(const std::string text, artifact_.empty()
                                                 ? DescribeRuns(store.get(), last_, format, TerminalWidth())
                                             : descendants_ ? DescribeDescendants(store.get(), artifact_, format)
                                                            : DescribeAncestry(store.get(), artifact_, format));
    return Print(format == LineageFormat::kText ? WrapLines(text, TerminalWidth()) : text);
  }

 private:
  std::string artifact_, format_ = "text";
  bool descendants_ = false;
  int last_ = 0;
};

class BlessCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags(
        "tfxm bless METADATA_DB --model=ID_OR_URI --reason=TEXT",
        "Blesses a model by hand, where it cannot be compared with the latest blessed one (its inputs have "
        "changed, say):\n"
        "from the next run on it is the baseline. The store keeps the reason; `tfxm lineage` shows it. Nothing is "
        "pushed.");
    flags.Add("model", &model_, "ID_OR_URI", "the model's artifact").Required();
    flags.Add("reason", &reason_, "TEXT", "why it is good enough").Required();
    flags.TakeArguments(1, 1, "give the store: tfxm bless runs/mnist/metadata.db --model=ID …");
    return flags;
  }
  absl::Status Run(const std::vector<std::string>& arguments) override {
    RETURN_IF_ERROR(CheckStore(arguments[0], "bless"));
    ASSIGN_OR_RETURN(const RunLock lock, RunLock::Acquire(arguments[0]));
    ASSIGN_OR_RETURN(const auto store, MetadataStore::Open(arguments[0], sqlite::Mode::kReadWrite));
    ASSIGN_OR_RETURN(const int64_t blessing, BlessModel(store.get(), model_, reason_));
    return Print(absl::StrCat("model ", PrintableText(model_), " is blessed (ModelBlessing #", blessing, ")\n"));
  }

 private:
  std::string model_, reason_;
};

class CleanCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags(
        "tfxm clean METADATA_DB --keep=N [--dry_run]",
        "Removes artifacts of old runs from the disk: those that tfxm made and that neither the last N complete "
        "runs of\n"
        "their pipeline nor later ones have read or put out. The latest blessed model of each node stays, as does "
        "all that\n"
        "was imported or pushed. The store still knows where everything came from.");
    flags.Add("keep", &keep_, "N", "complete runs whose artifacts stay, 1 or more").AtLeast(1).Required();
    flags.Add("dry_run", &dry_run_, "only say what would be removed");
    flags.TakeArguments(1, 1, "give the store: tfxm clean runs/mnist/metadata.db --keep=3");
    return flags;
  }
  absl::Status Run(const std::vector<std::string>& arguments) override {
    RETURN_IF_ERROR(CheckStore(arguments[0], "clean"));
    ASSIGN_OR_RETURN(const RunLock lock, RunLock::Acquire(arguments[0]));
    ASSIGN_OR_RETURN(const auto store, MetadataStore::Open(arguments[0], sqlite::Mode::kReadWrite));
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

TFXM_REGISTER(CommandRegistry, "lineage", [] { return std::make_unique<LineageCommand>(); });
TFXM_REGISTER(CommandRegistry, "bless", [] { return std::make_unique<BlessCommand>(); });
TFXM_REGISTER(CommandRegistry, "clean", [] { return std::make_unique<CleanCommand>(); });

}  // namespace
}  // namespace tfxm::cli
