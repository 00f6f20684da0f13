// SPDX-License-Identifier: Apache-2.0

// tfxm bless
#include "tfxm/orchestration/resolver/bless.h"

#include "absl/strings/str_cat.h"
#include "tfxm/cli/command.h"
#include "tfxm/cli/flags/store_argument.h"
#include "tfxm/metadata/metadata_store.h"
#include "tfxm/metadata/run_lock.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::cli {
namespace {

class BlessCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags(
        "tfxm bless METADATA_DB --model=ID_OR_URI --reason=TEXT",
        "Blesses a model by hand, where it cannot be compared with the latest blessed one (its inputs have changed, say):\n"
        "from the next run on it is the baseline. The store keeps the reason; `tfxm lineage` shows it. Nothing is pushed.");
    flags.Add("model", &model_, "ID_OR_URI", "the model's artifact").Required();
    flags.Add("reason", &reason_, "TEXT", "why it is good enough").Required();
    flags.TakeArguments(1, 1, "give the store: tfxm bless runs/mnist/metadata.db --model=ID …");
    return flags;
  }
  absl::Status Run(const std::vector<std::string>& arguments) override {
    RETURN_IF_ERROR(CheckStore(arguments[0], "bless"));
    ASSIGN_OR_RETURN(const RunLock lock, RunLock::Acquire(arguments[0]));
    ASSIGN_OR_RETURN(const auto store, MetadataStore::Open(arguments[0], database::Mode::kReadWrite));
    ASSIGN_OR_RETURN(const int64_t blessing, BlessModel(store.get(), model_, reason_));
    return Print(absl::StrCat("model ", PrintableText(model_), " is blessed (ModelBlessing #", blessing, ")\n"));
  }

 private:
  std::string model_, reason_;
};

TFXM_REGISTER(CommandRegistry, "bless", [] { return std::make_unique<BlessCommand>(); });

}  // namespace
}  // namespace tfxm::cli
