// SPDX-License-Identifier: Apache-2.0

// What a label column asks for: which problem it is, and what a model has to be better than.
#ifndef TFXM_CLI_NEW_LABEL_H_
#define TFXM_CLI_NEW_LABEL_H_

#include <string>

#include "absl/status/statusor.h"
#include "tfxm/cli/new/csv_summary.h"

namespace tfxm::cli {

enum class Problem { kRegression, kBinary, kClasses };

struct Label {
  Problem problem = Problem::kRegression;
  // Who always gives the same answer: which one is best, and what it scores (RMSE, or accuracy).
  std::string guess;
  double guess_score = 0;
  double mean = 0;  // Of a number; guess_score is its standard deviation.
  // What a model that has learned nothing scores (RMSE, AUC or accuracy), and the standard deviation of that on a
  // single row: on n of them it is the root of n times smaller.
  double useless_score = 0, deviation = 0;
};

// `problem`: "regression", "classification" or "" (as the label looks: text, 0 and 1, and few integers are classes).
// INVALID_ARGUMENT if there is no such column, a row lacks it, it has one value only, or more texts than classes.
absl::StatusOr<Label> DescribeLabel(const CsvSummary& summary, const std::string& label, const std::string& problem);

// Each run of line breaks as a blank: what a class is called in a vocabulary, whose lines cannot have any.
std::string WithoutLineBreaks(const std::string& text);
bool HasLineBreaks(const ColumnSummary& column);

}  // namespace tfxm::cli

#endif  // TFXM_CLI_NEW_LABEL_H_
