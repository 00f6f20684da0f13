// tfxm lineage and tfxm inspect
#include "absl/strings/str_cat.h"
#include "tfxm/cli/command.h"
#include "tfxm/litert/flatbuffer.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/metadata/metadata_store.h"
#include "tfxm/orchestration/lineage.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text.h"

namespace tfxm::cli {
namespace {

class LineageCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags(
        "tfxm lineage METADATA_DB [--artifact=ID_OR_URI] [--last=N]",
        "What an ML Metadata store (SQLite) knows: every run with its executions and artifacts; or, of one artifact,\n"
        "everything it comes from. Reads stores that TFX wrote, too.");
    flags.Add("artifact", &artifact_, "ID_OR_URI", "show where this artifact comes from");
    flags.Add("last", &last_, "N", "only the last N runs; 0: all").AtLeast(0);
    flags.TakeArguments(1, 1, "give the store: tfxm lineage runs/mnist/metadata.db");
    return flags;
  }
  absl::Status Run(const std::vector<std::string>& arguments) override {
    if (io::IsDirectory(arguments[0])) {
      const std::string inside = io::JoinPath(arguments[0], "metadata.db");
      return UsageError(absl::StrCat(arguments[0], " is a folder, and a store is a file",
                                     io::Exists(inside) ? absl::StrCat(": tfxm lineage ", inside) : ""));
    }
    ASSIGN_OR_RETURN(const auto store, MetadataStore::Open(arguments[0], sqlite::Mode::kReadOnly));
    ASSIGN_OR_RETURN(const std::string text,
                     artifact_.empty() ? DescribeRuns(store.get(), last_) : DescribeAncestry(store.get(), artifact_));
    return Print(PrintableLines(text));
  }

 private:
  std::string artifact_;
  int last_ = 0;
};

class InspectCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags("tfxm inspect FILE.tflite [--layers] [--format=json]",
                "What is in a TFLite file: signatures, operators with their weights, sizes by type, the memory that "
                "the runtime will\n"
                "plan, multiply-adds. The column \"integer\" counts operators that compute on integers; the others are "
                "in float.");
    flags.Add("layers", &layers_,
              "list every operator with the name of its result: what `tfxm rewrite --keep_float` takes");
    flags.Add("format", &format_, "text|json", "json is for programs, without layers").OneOf({"text", "json"});
    flags.TakeArguments(1, 1, "give one file: tfxm inspect FILE.tflite");
    return flags;
  }
  absl::Status Run(const std::vector<std::string>& arguments) override {
    if (layers_ && format_ == "json") return UsageError("--layers is for text: --format=json has no layers");
    ASSIGN_OR_RETURN(const auto file, litert::ModelFile::Read(arguments[0]));
    const litert::Inspection inspection = litert::Inspect(*file);
    if (format_ == "json") return Print(litert::ToJson(inspection) + "\n");
    RETURN_IF_ERROR(Print(PrintableLines(litert::Render(inspection))));
    return layers_ ? Print(PrintableLines(litert::RenderLayers(*file))) : absl::OkStatus();
  }

 private:
  bool layers_ = false;
  std::string format_ = "text";
};

TFXM_REGISTER(CommandRegistry, "lineage", [] { return std::make_unique<LineageCommand>(); });
TFXM_REGISTER(CommandRegistry, "inspect", [] { return std::make_unique<InspectCommand>(); });

}  // namespace
}  // namespace tfxm::cli
