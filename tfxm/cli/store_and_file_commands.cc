// tfxm inspect
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "tfxm/cli/command.h"
#include "tfxm/litert/flatbuffer.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/util/status_macros.h"

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
    flags.Add("format", &format_, "text|json", "json is for programs, without layers");
    return flags;
  }
  absl::Status Run(const std::vector<std::string>& arguments) override {
    if (arguments.size() != 1) return absl::InvalidArgumentError("give one file: tfxm inspect FILE.tflite");
    if (format_ != "text" && format_ != "json") {
      return absl::InvalidArgumentError(absl::StrCat("--format=", format_, ": expected text or json"));
    }
    ASSIGN_OR_RETURN(const auto file, litert::ModelFile::Read(arguments[0]));
    const litert::Inspection inspection = litert::Inspect(*file);
    std::fputs(format_ == "json" ? (litert::ToJson(inspection) + "\n").c_str() : litert::Render(inspection).c_str(),
               stdout);
    if (layers_ && format_ == "text") std::fputs(litert::RenderLayers(*file).c_str(), stdout);
    return absl::OkStatus();
  }

 private:
  bool layers_ = false;
  std::string format_ = "text";
};

TFXM_REGISTER(CommandRegistry, "inspect", [] { return std::make_unique<InspectCommand>(); });

}  // namespace
}  // namespace tfxm::cli
