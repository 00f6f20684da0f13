// SPDX-License-Identifier: Apache-2.0

#include "tfxm/cli/new/label.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/distribution/launcher.h"
#include "tfxm/util/registry.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::cli {
namespace {

constexpr size_t kMostClasses = 1000;
constexpr size_t kMostIntegerClasses = 20;  // More of them are amounts rather than classes.

bool IsZeroOrOne(const ColumnSummary& column) {
  return std::all_of(column.numbers.begin(), column.numbers.end(),
                     [](const auto& entry) { return entry.first == 0 || entry.first == 1; });
}

Problem ProblemOf(const ColumnSummary& column, const std::string& problem) {
  if (problem == "regression") return Problem::kRegression;
  if (column.is_text()) return Problem::kClasses;
  if (IsZeroOrOne(column)) return Problem::kBinary;
  const bool few_integers = column.type == data::ValueType::kInt && column.distinct() <= kMostIntegerClasses;
  return few_integers || problem == "classification" ? Problem::kClasses : Problem::kRegression;
}

void GuessMostFrequent(const ColumnSummary& column, Label* label) {
  int64_t most = 0;
  const auto take = [&](const std::string& value, int64_t count) {
    if (count <= most) return;
    most = count;
    label->guess = value;
  };
  for (const auto& [number, count] : column.numbers) take(ShortNumber(number), count);
  for (const auto& [text, count] : column.texts) take(text, count);
  const double share = static_cast<double>(most) / static_cast<double>(column.num_values);
  label->guess_score = share;
  const bool binary = label->problem == Problem::kBinary;
  label->useless_score = binary ? 0.5 : share;
  // Of an AUC without any skill (Mann and Whitney's), of a share.
  label->deviation = binary ? 1 / std::sqrt(12 * share * (1 - share)) : std::sqrt(share * (1 - share));
}

// Numbers are floats of 32 bits in an example: what is the same there can be told apart in the file.
absl::Status SameValue(const ColumnSummary& column) {
  const std::string name = PrintableText(column.name);
  const double value = column.numbers.empty() ? 0 : column.numbers.begin()->first;
  if (column.type == data::ValueType::kFloat && std::abs(value) >= 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the label ", name, " is ", ShortNumber(value),
        " in all rows: there is nothing to predict. If the file has other digits there, they are lost, because numbers ",
        "are kept as 32 bit floats, of seven digits: give by how much it differs from ", ShortNumber(value),
        " instead"));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("the label ", name, " has the same value in all rows: there is nothing to predict"));
}

// The lines of a vocabulary cannot have any, so the pipeline makes them blanks.
absl::Status CheckLineBreaks(const ColumnSummary& column) {
  std::map<std::string, std::string> classes;
  for (const auto& [text, count] : column.texts) {
    const auto [other, added] = classes.emplace(WithoutLineBreaks(text), text);
    if (added) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "the label ", PrintableText(column.name), " has the classes \"", PrintableText(other->second), "\" and \"",
        PrintableText(text), "\", which differ only in line breaks, and a vocabulary cannot hold those: give one of ",
        "them another name"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Label> DescribeLabel(const CsvSummary& summary, const std::string& label, const std::string& problem) {
  const ColumnSummary* const column = summary.Find(label);
  const std::string name = PrintableText(label);
  if (column == nullptr) {
    std::vector<std::string> names;
    for (const ColumnSummary& other : summary.columns) names.push_back(other.name);
    for (const char* delimiter : {";", "\t", "|"}) {
      if (names.size() != 1 || !absl::StrContains(names[0], delimiter)) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("there is no column ", name, ", but a single one, ", PrintableText(names[0]),
                       ": if its cells are separated by another character, --delimiter=",
                       *delimiter == '\t' ? "tab" : distribution::QuoteForShell(delimiter)));
    }
    const std::string near = NearestNames(label, names);
    return absl::InvalidArgumentError(absl::StrCat(
        "there is no column ", name, near.empty() ? "" : absl::StrCat("; did you mean ", PrintableText(near), "?")));
  }
  if (column->num_values < summary.num_rows) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the label ", name, " is empty, or not a finite number, in ", summary.num_rows - column->num_values, " of ",
        summary.num_rows, " rows: leave those out, since there is nothing to learn from them"));
  }
  if (column->distinct() < 2) {
    return SameValue(*column);
  }
  Label described = {.problem = ProblemOf(*column, problem)};
  if (described.problem == Problem::kRegression) {
    if (column->is_text()) {
      return absl::InvalidArgumentError(absl::StrCat("the label ", name, " is text, and regression needs numbers"));
    }
    described.guess = ShortNumber(column->mean);
    const auto n = static_cast<double>(column->num_values);
    const double variance = column->sum_of_squares / n;
    described.mean = column->mean;
    described.guess_score = described.useless_score = std::sqrt(variance);
    const double kurtosis = column->sum_of_fourths / n / (variance * variance);
    described.deviation = described.guess_score * std::sqrt(std::max(kurtosis - 1, 0.0)) / 2;
    return described;
  }
  if (const size_t distinct = column->distinct();
      distinct > kMostClasses || 2 * static_cast<int64_t>(distinct) > column->num_values) {
    const std::string many = distinct > ColumnSummary::kMostDistinct ? "more than " : "";
    return absl::InvalidArgumentError(
        absl::StrCat("the label ", name, " has ", many, std::min(distinct, ColumnSummary::kMostDistinct),
                     " different values in ", summary.num_rows, " rows: too many to be learned as classes"));
  }
  RETURN_IF_ERROR(CheckLineBreaks(*column));
  GuessMostFrequent(*column, &described);
  return described;
}

std::string WithoutLineBreaks(const std::string& text) {
  std::string line;
  for (const char c : text) {
    const bool breaks = c == '\n' || c == '\r';
    if (!breaks) {
      line.push_back(c);
    } else if (line.empty() || line.back() != '\n') {
      line.push_back('\n');
    }
  }
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

bool HasLineBreaks(const ColumnSummary& column) {
  return std::any_of(column.texts.begin(), column.texts.end(),
                     [](const auto& entry) { return entry.first.find_first_of("\r\n") != std::string::npos; });
}

}  // namespace tfxm::cli
