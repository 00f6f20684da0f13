// SPDX-License-Identifier: Apache-2.0

// tfxm lineage
#include "tfxm/orchestration/lineage/lineage.h"

#include "tfxm/cli/command.h"
#include "tfxm/cli/flags/store_argument.h"
#include "tfxm/metadata/metadata_store.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"
#include "tfxm/util/text/text_table.h"

namespace tfxm::cli {
namespace {

class LineageCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags(
        "tfxm lineage METADATA_DB [--artifact=ID_OR_URI [--descendants]] [--last=N] [--format=text|json|dot]",
        "What an ML Metadata store (SQLite, or postgresql://…) knows: every run with its executions and artifacts; or, of one artifact,\n"
        "everything it comes from, or all that has come of it: which released models saw this data. Reads stores that\n"
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
    ASSIGN_OR_RETURN(const auto store, MetadataStore::Open(arguments[0], database::Mode::kReadOnly));
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

TFXM_REGISTER(CommandRegistry, "lineage", [] { return std::make_unique<LineageCommand>(); });

}  // namespace
}  // namespace tfxm::cli
