// tfxm inspect
#include "tfxm/litert/inspect.h"

#include "tfxm/cli/command.h"
#include "tfxm/litert/flatbuffer.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text.h"

namespace tfxm::cli {
namespace {

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

TFXM_REGISTER(CommandRegistry, "inspect", [] { return std::make_unique<InspectCommand>(); });

}  // namespace
}  // namespace tfxm::cli
