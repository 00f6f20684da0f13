// SPDX-License-Identifier: Apache-2.0

// The files of a new project: a pipeline and its module, for the columns of a CSV file.
//
//   ASSIGN_OR_RETURN(CsvSummary summary, SummarizeCsv("people.csv", {}));
//   ASSIGN_OR_RETURN(Project project, MakeProject(summary, {.csv = "people.csv", .label = "rich", .name = "people"}));
//   for (const auto& [name, text] : project.files) RETURN_IF_ERROR(io::WriteFile(name, text));
#ifndef TFXM_CLI_NEW_PROJECT_H_
#define TFXM_CLI_NEW_PROJECT_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/cli/new/csv_summary.h"

namespace tfxm::cli {

struct ProjectOptions {
  std::string csv, label, name;
  std::string problem = "";  // "regression" or "classification"; "": as the label looks.
  bool python = false;
  std::string delimiter = ",", encoding = "utf-8", bad_rows = "error";
};

struct Project {
  std::vector<std::pair<std::string, std::string>> files;  // Names and texts; the pipeline first.
  std::string summary;                                     // What was taken for what, for people.
};

// INVALID_ARGUMENT says what is wrong with the label, or that there are too few rows or no columns to learn from.
absl::StatusOr<Project> MakeProject(const CsvSummary& summary, const ProjectOptions& options);

}  // namespace tfxm::cli

#endif  // TFXM_CLI_NEW_PROJECT_H_
