// SPDX-License-Identifier: Apache-2.0

// tfxm inspect
#include "tfxm/litert/inspect.h"

#include "tfxm/cli/command.h"
#include "tfxm/litert/flatbuffer.h"
#include "tfxm/litert/sized_model.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::cli {
namespace {

class InspectCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags(
        "tfxm inspect FILE.tflite [--layers] [--input_shape=NAME:1,224,224,3] [--format=json]",
        "What is in a TFLite file: signatures, operators with their weights, sizes by type, the memory that the runtime will\n"
        "plan, multiply-adds. The column \"integer\" counts operators that compute on integers; the others are in float.");
    flags.Add("layers", &layers_,
              "list every operator with the name of its result: what `tfxm rewrite --keep_float` takes");
    flags.Add(
        "input_shape", &input_shapes_, "NAME:1,224,224,3",
        "the sizes of an input of which the model takes any: memory and multiply-adds are told for them. May be repeated");
    flags.Add("format", &format_, "text|json", "json is for programs, without layers").OneOf({"text", "json"});
    flags.TakeArguments(1, 1, "give one file: tfxm inspect FILE.tflite");
    return flags;
  }
  absl::Status Run(const std::vector<std::string>& arguments) override {
    if (layers_ && format_ == "json") return UsageError("--layers is for text: --format=json has no layers");
    ASSIGN_OR_RETURN(const auto file, litert::ModelFile::Read(arguments[0]));
    InputShapes shapes;
    for (const std::string& text : input_shapes_) RETURN_IF_ERROR(ParseInputShape(text, &shapes));
    litert::Inspection inspection;
    if (shapes.empty()) {
      inspection = litert::Inspect(*file);
    } else {
      ASSIGN_OR_RETURN(inspection, litert::InspectAt(file, "", shapes));
    }
    if (format_ == "json") return Print(litert::ToJson(inspection) + "\n");
    RETURN_IF_ERROR(Print(PrintableLines(litert::Render(inspection, TerminalWidth()))));
    return layers_ ? Print(PrintableLines(litert::RenderLayers(*file, TerminalWidth()))) : absl::OkStatus();
  }

 private:
  bool layers_ = false;
  std::string format_ = "text";
  std::vector<std::string> input_shapes_;
};

TFXM_REGISTER(CommandRegistry, "inspect", [] { return std::make_unique<InspectCommand>(); });

}  // namespace
}  // namespace tfxm::cli
