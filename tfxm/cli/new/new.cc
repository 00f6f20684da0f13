// SPDX-License-Identifier: Apache-2.0

// tfxm new
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/cli/command.h"
#include "tfxm/cli/new/csv_summary.h"
#include "tfxm/cli/new/project.h"
#include "tfxm/distribution/launcher.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::cli {
namespace {

// What is a name for a pipeline and for folders, whatever the folder is called.
std::string PipelineName(const std::string& folder) {
  std::string name;
  for (const char c : io::Basename(io::AbsolutePath(folder)))
    name.push_back(absl::ascii_isalnum(c) || c == '-' ? c : '_');
  return name.empty() ? "pipeline" : name;
}

class NewCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags(
        "tfxm new DIR --csv=FILE --label=COLUMN [--python]",
        "Writes a pipeline and its module that take a CSV file to a TFLite file, in C++ or Python, to start from.\n"
        "What columns are, how rows are split and what a model must reach follows from the data. It runs as it is;\n"
        "comments say what to change. A file that is there already is never overwritten.\n\n"
        "Example:\n"
        "  tfxm new taxi --csv=taxi.csv --label=tips\n"
        "  tfxm run taxi/pipeline.cc --output=runs/taxi");
    flags.Add("csv", &options_.csv, "FILE", "the data: a CSV file with a line of names, plain or gzip").Required();
    flags.Add("label", &options_.label, "COLUMN", "the column to predict").Required();
    flags.Add("python", &options_.python, "write Python instead of C++");
    flags
        .Add("problem", &options_.problem, "regression|classification",
             "what the label is, where it does not look so: text, 0 and 1, and up to 20 integers are classes")
        .OneOf({"regression", "classification"});
    flags.Add("delimiter", &options_.delimiter, "C", "what separates cells: a character, or tab");
    flags.Add("encoding", &options_.encoding, "NAME", "any that iconv knows, as cp932");
    flags
        .Add("bad_rows", &options_.bad_rows, "error|skip|keep",
             "rows of more or fewer cells than columns; keep cuts off and fills up")
        .OneOf({"error", "skip", "keep"});
    flags.TakeArguments(1, 1, "give one folder: tfxm new DIR --csv=FILE --label=COLUMN");
    return flags;
  }

  absl::Status Run(const std::vector<std::string>& arguments) override {
    const std::string& folder = arguments[0];
    if (!io::Exists(options_.csv))
      return UsageError(absl::StrCat("--csv: there is no file ", PrintableText(options_.csv)));
    if (io::IsDirectory(options_.csv))
      return UsageError(absl::StrCat("--csv=", PrintableText(options_.csv), " is a folder; give a file"));
    absl::StatusOr<char> delimiter = tables::ParseDelimiter(options_.delimiter);
    if (!delimiter.ok()) return UsageError(delimiter.status().message());
    ASSIGN_OR_RETURN(const auto bad_rows, tables::ParseBadRows(options_.bad_rows));
    ASSIGN_OR_RETURN(
        const CsvSummary summary,
        SummarizeCsv(options_.csv, {.delimiter = *delimiter, .encoding = options_.encoding, .bad_rows = bad_rows}));
    for (const std::string& warning : summary.warnings) Warn(warning);
    options_.name = PipelineName(folder);
    absl::StatusOr<Project> project = MakeProject(summary, options_);
    if (!project.ok()) return Annotate(project.status(), options_.csv);
    std::vector<std::string> paths;
    for (const auto& [name, text] : project->files) {
      paths.push_back(io::JoinPath(folder, name));
      if (io::Exists(paths.back())) {
        return UsageError(
            absl::StrCat(PrintableText(paths.back()), " is there already: give another folder, or move it away"));
      }
    }
    io::NewDirs new_folder(folder);
    RETURN_IF_ERROR(new_folder.Make());
    for (size_t i = 0; i < paths.size(); ++i) RETURN_IF_ERROR(io::WriteFile(paths[i], project->files[i].second));
    new_folder.Keep();
    const std::string output = options_.python ? "" : absl::StrCat(" --output=runs/", options_.name);
    const std::string pipeline = PrintableText(paths[0]);
    const std::string word = absl::StrContains(pipeline, ' ') ? distribution::QuoteForShell(pipeline) : pipeline;
    return Print(absl::StrCat(pipeline, "\n", PrintableText(paths[1]), "\n\n", project->summary,
                              "\nRun it:\n  tfxm run ", word, output, "\n"));
  }

 private:
  ProjectOptions options_;
};

TFXM_REGISTER(CommandRegistry, "new", [] { return std::make_unique<NewCommand>(); });

}  // namespace
}  // namespace tfxm::cli
