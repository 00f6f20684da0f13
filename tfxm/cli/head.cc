// SPDX-License-Identifier: Apache-2.0

// tfxm head
#include "absl/strings/str_cat.h"
#include "tfxm/cli/command.h"
#include "tfxm/cli/flags/csv_flags.h"
#include "tfxm/components/example_gen/tfrecord_source.h"
#include "tfxm/data/examples.h"
#include "tfxm/data/text/example_text.h"
#include "tfxm/tables/tables.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::cli {
namespace {

class HeadCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags(
        "tfxm head DATA",
        "Prints the first examples of TFRecord files (globs or directories, separated by commas), or of --csv.\n\n"
        "Examples:\n"
        "  tfxm head people/Split-train\n"
        "  tfxm head --csv=people.csv --n=3\n"
        "  tfxm head people/Split-train --n=1000 --format=json | jq .age");
    csv_.AddTo(&flags, "schema");
    flags.Add("n", &n_, "N", "how many").AtLeast(1);
    flags.Add("format", &format_, "FORMAT", "text, or json: an object on each line").OneOf({"text", "json"});
    flags.Add("max_values", &max_values_, "N", "text: so many values of a feature").AtLeast(1);
    flags.TakeArguments(0, 1, "give one argument: tfxm head DATA");
    return flags;
  }

  absl::Status Run(const std::vector<std::string>& arguments) override {
    if (csv_.given() == !arguments.empty()) return UsageError("give either TFRecord files or --csv=GLOB");
    ASSIGN_OR_RETURN(const tables::CsvOptions csv_options, csv_.Options());
    std::unique_ptr<data::ExampleSource> source;
    if (csv_.given()) {
      ASSIGN_OR_RETURN(const std::vector<std::string> files, csv_.Files());
      ASSIGN_OR_RETURN(source, tables::OpenCsv(files, csv_options));
    } else {
      ASSIGN_OR_RETURN(std::vector<std::string> files, data::MatchFiles(arguments[0]));
      source = OpenTFRecords(std::move(files));
    }
    int64_t number = 0;
    while (true) {
      ASSIGN_OR_RETURN(const std::unique_ptr<data::ExampleBlock> block, source->Next());
      if (block == nullptr) break;
      if (number == 0 && block->size() > 0) {
        for (const std::string& warning : source->Warnings()) Warn(warning);
      }
      for (int i = 0; i < block->size(); ++i) {
        if (number++ == n_) return absl::OkStatus();
        RETURN_IF_ERROR(Annotate(PrintExample(*block, i), block->Origin(i)));
      }
    }
    if (number == 0) return absl::NotFoundError("there is no example");
    return absl::OkStatus();
  }

 private:
  absl::Status PrintExample(const data::ExampleBlock& block, int i) const {
    std::string record;
    RETURN_IF_ERROR(block.Encode(i, &record));
    if (format_ == "json") {
      ASSIGN_OR_RETURN(const std::string json, data::ExampleJson(record));
      return Print(absl::StrCat(json, "\n"));
    }
    ASSIGN_OR_RETURN(const std::string text, data::ExampleText(record, {.width = TerminalWidth(),
                                                                        .max_values = static_cast<int>(max_values_)}));
    return Print(absl::StrCat(PrintableText(block.Origin(i)), "\n", text));
  }

  CsvFlags csv_;
  int64_t n_ = 5, max_values_ = 10;
  std::string format_ = "text";
};

TFXM_REGISTER(CommandRegistry, "head", [] { return std::make_unique<HeadCommand>(); });

}  // namespace
}  // namespace tfxm::cli
