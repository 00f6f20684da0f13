// SPDX-License-Identifier: Apache-2.0

// tfxm show and tfxm report
#include "tfxm/report/show/show.h"

#include <cstdint>

#include "absl/strings/str_split.h"
#include "tfxm/cli/command.h"
#include "tfxm/report/html/report.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::cli {
namespace {

class ShowCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags(
        "tfxm show DIR [--format=table|json|csv]",
        "Prints an evaluation: one that tfxm made, or TFMA itself. DIR holds metrics-*.tfrecord and eval_config.json.");
    flags.Add("format", &format_, "table|json|csv", "table for people, csv and json for programs, with exact values")
        .OneOf({"table", "json", "csv"});
    flags.Add("max_slices", &max_slices_, "N", "slices printed in the table; 0: all").AtLeast(0);
    flags.TakeArguments(1, 1, "give one evaluation directory: tfxm show DIR");
    return flags;
  }

  absl::Status Run(const std::vector<std::string>& arguments) override {
    ASSIGN_OR_RETURN(const report::ShowFormat format, report::ParseShowFormat(format_));
    ASSIGN_OR_RETURN(const std::string text,
                     report::Show(arguments[0], format, {.max_slices = max_slices_, .width = TerminalWidth()}));
    return Print(text);
  }

 private:
  std::string format_ = "table";
  int max_slices_ = 0;
};

class ReportCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags(
        "tfxm report [NAME=]DIR … --output=FILE.html",
        "Makes one HTML file of one or several evaluations, to be opened offline: models side by side, slices, plots,\n"
        "thresholds, and the examples on which models disagree.");
    flags.Add("output", &output_, "FILE", "the file to write").Writes();
    flags.Add("title", &title_, "TEXT", "heading of the page");
    flags.Add("reference_model", &reference_, "NAME", "the model that differences are against at first");
    flags.TakeArguments(1, SIZE_MAX, "give at least one evaluation directory: tfxm report DIR");
    return flags;
  }

  absl::Status Run(const std::vector<std::string>& arguments) override {
    RETURN_IF_ERROR(CheckOutputFile("output", output_, {}));
    if (report::IsAnothersFile(output_)) {
      return UsageError(absl::StrCat(
          output_, " exists and is not a report of tfxm's: remove it, or name another file with --output"));
    }
    report::ReportOptions options{.title = title_, .reference_model = reference_};
    for (const std::string& argument : arguments) {
      const std::vector<std::string> parts = absl::StrSplit(argument, absl::MaxSplits('=', 1));
      options.evaluations.push_back({.display_name = parts.size() == 2 ? parts[0] : "", .directory = parts.back()});
    }
    RETURN_IF_ERROR(report::WriteReport(options, output_));
    return Print(output_ + "\n");
  }

 private:
  std::string output_ = "report.html", title_ = "Evaluation", reference_;
};

TFXM_REGISTER(CommandRegistry, "show", [] { return std::make_unique<ShowCommand>(); });
TFXM_REGISTER(CommandRegistry, "report", [] { return std::make_unique<ReportCommand>(); });

}  // namespace
}  // namespace tfxm::cli
