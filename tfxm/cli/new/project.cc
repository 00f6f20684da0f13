// SPDX-License-Identifier: Apache-2.0

#include "tfxm/cli/new/project.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "tfxm/cli/new/label.h"
#include "tfxm/cli/new/templates.h"
#include "tfxm/cli/new/text_template.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::cli {
namespace {

constexpr int64_t kLeastRows = 10;
constexpr int64_t kRowsForTest = 2000;  // With fewer, a third split would be a handful of rows.
constexpr size_t kMostCategories = 32;  // Integers with so few values (hours, months) are rather categories.
constexpr size_t kLineLength = 120;

// Of other people's text what fits into a comment in C++, in a docstring and in a text proto.
std::string Shown(const std::string& text) {
  std::string shown = absl::StrReplaceAll(PrintableText(text), {{"\\", "/"}, {"\"", "'"}});
  constexpr size_t kMost = 60;
  if (shown.size() <= kMost) return shown;
  size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(shown[end]) & 0xC0) == 0x80) --end;  // Not within a character.
  return shown.substr(0, end) + "…";
}

// The same literal in C++ and in Python.
std::string Quoted(const std::string& text) { return absl::StrCat("\"", absl::Utf8SafeCEscape(text), "\""); }

// What TensorFlow takes for the name of an input, and nothing that has to be quoted anywhere.
bool IsPlainName(const std::string& name) {
  return !name.empty() && absl::ascii_isalpha(name[0]) &&
         std::all_of(name.begin(), name.end(), [](char c) { return absl::ascii_isalnum(c) || c == '_'; });
}

// Names for the model, different for different columns.
std::map<std::string, std::string> ModelNames(const std::vector<std::string>& columns) {
  std::map<std::string, std::string> names;
  std::set<std::string> taken;
  for (const std::string& column : columns) {
    if (IsPlainName(column)) taken.insert(names[column] = column);
  }
  for (const std::string& column : columns) {
    if (IsPlainName(column)) continue;
    std::string plain;
    for (const char c : column) {
      const bool keep = absl::ascii_isalnum(c);
      if (keep || (!plain.empty() && plain.back() != '_')) plain.push_back(keep ? c : '_');
    }
    while (!plain.empty() && plain.back() == '_') plain.pop_back();
    if (plain.empty() || !absl::ascii_isalpha(plain[0])) plain.insert(0, "column_");
    if (plain.back() == '_') plain.pop_back();
    std::string name = plain;
    for (int i = 2; !taken.insert(name).second; ++i) name = absl::StrCat(plain, "_", i);
    names[column] = name;
  }
  return names;
}

struct Features {
  std::vector<std::string> numbers, categories;
  std::vector<std::pair<std::string, std::string>> left_out;  // And why.
};

Features ChooseFeatures(const CsvSummary& summary, const std::string& label) {
  Features features;
  for (const ColumnSummary& column : summary.columns) {
    if (column.name == label) continue;
    const bool rarely_twice = 2 * static_cast<int64_t>(column.distinct()) > column.num_values;
    if (column.num_values == 0) {
      features.left_out.emplace_back(column.name, "it has no values");
    } else if (column.distinct() == 1) {
      features.left_out.emplace_back(column.name, "it has the same value wherever it has one");
    } else if (column.is_text() && rarely_twice) {
      features.left_out.emplace_back(column.name, "text that is another one in most rows");
    } else if (column.is_text() || (column.type == data::ValueType::kInt && column.distinct() > 2 &&
                                    column.distinct() <= kMostCategories && !rarely_twice)) {
      features.categories.push_back(column.name);
    } else {
      features.numbers.push_back(column.name);
    }
  }
  return features;
}

// On one line if it fits behind `indent` characters, else an element a line.
std::string List(const std::vector<std::string>& elements, size_t indent, bool python) {
  const char* const open = python ? "[" : "{";
  const char* const close = python ? "]" : "}";
  std::string line = absl::StrCat(open, absl::StrJoin(elements, ", "), close);
  if (indent + line.size() < kLineLength) return line;
  return absl::StrCat(open, "\n    ", absl::StrJoin(elements, ",\n    "), ",\n", close);
}

std::string QuotedList(const std::vector<std::string>& texts, size_t indent, bool python) {
  std::vector<std::string> quoted;
  for (const std::string& text : texts) quoted.push_back(Quoted(text));
  return List(quoted, indent, python);
}

using Values = std::map<std::string, std::string>;

void SetNames(const std::map<std::string, std::string>& names, const ProjectOptions& options, Values* values) {
  std::vector<std::string> renamed;
  for (const auto& [column, name] : names) {
    if (column == name) continue;
    renamed.push_back(options.python ? absl::StrCat(Quoted(column), ": ", Quoted(name))
                                     : absl::StrCat("{", Quoted(column), ", ", Quoted(name), "}"));
  }
  const std::string label = options.python ? "LABEL" : "kLabel";
  const std::string function = options.python ? "name" : "Name";
  (*values)["key"] = renamed.empty() ? "key" : absl::StrCat(function, "(key)");
  (*values)["label_key"] = renamed.empty() ? label : absl::StrCat(function, "(", label, ")");
  if (renamed.empty()) return;
  // Below the start of the line in which the list stands.
  const std::string inner = options.python ? "    " : "      ", outer = options.python ? "" : "  ";
  (*values)["names"] =
      absl::StrCat("{\n", inner, absl::StrJoin(renamed, absl::StrCat(",\n", inner)), ",\n", outer, "}");
}

void SetFeatures(const Features& features, bool python, Values* values) {
  const size_t indent = python ? std::string("CATEGORIES = ").size()
                               : std::string("static const std::vector<std::string> kCategories = ;").size();
  (*values)["numbers"] = QuotedList(features.numbers, indent, python);
  (*values)["categories"] = QuotedList(features.categories, indent, python);
  std::vector<std::string> lines;
  for (const auto& [column, why] : features.left_out) {
    lines.push_back(absl::StrCat(python ? "#   " : "//   ", Shown(column), ": ", why));
  }
  (*values)["left_out"] = absl::StrJoin(lines, "\n");
}

void SetLabel(const Label& label, int64_t judged_rows, Values* values) {
  const bool regression = label.problem == Problem::kRegression, binary = label.problem == Problem::kBinary;
  (*values)[regression ? "regression" : "classification"] = "yes";
  if (!regression) (*values)[binary ? "binary" : "classes"] = "yes";
  (*values)["loss"] = regression ? "mean_squared_error"
                      : binary   ? "binary_crossentropy"
                                 : "sparse_categorical_crossentropy";
  (*values)["metric"] = regression ? "mean_absolute_error" : binary ? "binary_accuracy" : "sparse_categorical_accuracy";
  (*values)["guess"] = Shown(label.guess);
  (*values)["guess_score"] = absl::StrFormat("%.3g", label.guess_score);
  (*values)["label_mean"] = absl::StrFormat("%.9g", label.mean);
  (*values)["label_scale"] = absl::StrFormat("%.9g", label.guess_score);
  // What chance leaves to a model that has learned nothing, 1 of 40 times.
  const double chance = 2 * label.deviation / std::sqrt(static_cast<double>(std::max<int64_t>(judged_rows, 1)));
  const double score = label.useless_score;
  (*values)["bound"] = absl::StrFormat(
      "%.3g", regression ? std::max(score - chance, score / 2) : std::min(score + chance, (score + 1) / 2));
  (*values)["judged_rows"] = absl::StrCat("about ", judged_rows);
}

// `columns` go through vocabularies.
void SetVocabularies(const CsvSummary& summary, const std::vector<std::string>& columns, bool python, Values* values) {
  bool line_breaks = false;
  for (const std::string& column : columns) line_breaks = line_breaks || HasLineBreaks(*summary.Find(column));
  const std::string label = python ? "inputs[LABEL]" : "inputs[kLabel]";
  const std::string function = python ? "one_line" : "OneLine";
  (*values)["line_breaks"] = line_breaks ? "yes" : "";
  (*values)["category"] = line_breaks ? function + "(inputs[key])" : "inputs[key]";
  (*values)["class_of"] = line_breaks ? absl::StrCat(function, "(", label, ")") : label;
}

void SetTraining(int64_t num_rows, Values* values) {
  const bool test = num_rows >= kRowsForTest;
  (*values)["test"] = test ? "yes" : "";
  (*values)["judged_split"] = test ? "test" : "eval";
  const int64_t train_rows = test ? num_rows * 8 / 10 : num_rows * 2 / 3;
  const int64_t batch_size = num_rows < 5000 ? 16 : 64;
  const int64_t batches = std::max<int64_t>(train_rows / batch_size, 1);
  (*values)["batch_size"] = absl::StrCat(batch_size);
  (*values)["epochs"] = absl::StrCat(std::clamp<int64_t>(5000 / batches, 10, 200));
}

std::string Summary(const CsvSummary& summary, const ProjectOptions& options, const Features& features,
                    const Label& label, const std::string& judged_split) {
  const char* const problem = label.problem == Problem::kRegression ? "a number (regression)"
                              : label.problem == Problem::kBinary   ? "0 or 1 (binary classification)"
                                                                    : "one of several classes (classification)";
  std::string text = absl::StrCat(summary.num_rows, " rows; ", PrintableText(options.label), " is ", problem,
                                  ", judged on the split ", judged_split, ".\n");
  const auto add = [&](const char* what, const std::vector<std::string>& names) {
    if (!names.empty()) absl::StrAppend(&text, "  ", what, ": ", PrintableText(absl::StrJoin(names, ", ")), "\n");
  };
  add("numbers", features.numbers);
  add("categories", features.categories);
  for (const auto& [column, why] : features.left_out) {
    absl::StrAppend(&text, "  left out: ", PrintableText(column), ", ", why, "\n");
  }
  return text;
}

}  // namespace

absl::StatusOr<Project> MakeProject(const CsvSummary& summary, const ProjectOptions& options) {
  if (summary.num_rows == 0) return absl::InvalidArgumentError("it has no rows");
  ASSIGN_OR_RETURN(const Label label, DescribeLabel(summary, options.label, options.problem));
  if (summary.num_rows < kLeastRows) {
    return absl::InvalidArgumentError(
        absl::StrCat("it has ", summary.num_rows,
                     " rows: a model needs some to learn from and others to be judged by, ", kLeastRows, " at least"));
  }
  const Features features = ChooseFeatures(summary, options.label);
  std::vector<std::string> columns = features.numbers;
  columns.insert(columns.end(), features.categories.begin(), features.categories.end());
  if (columns.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("it has no column to predict ", PrintableText(options.label),
                     " from: each is empty, has one value, or text that is another one in most rows"));
  }
  columns.push_back(options.label);
  const std::map<std::string, std::string> names = ModelNames(columns);
  const std::string csv = io::AbsolutePath(options.csv);
  Values values = {
      {"file_shown", Shown(io::Basename(csv))},
      {"label_shown", Shown(options.label)},
      {"label", Quoted(options.label)},
      {"label_name", names.at(options.label)},
      {"pipeline_name", options.name},
      {"data_root", Quoted(io::Dirname(csv))},
      // Nor is a "{SPAN}" in it one.
      {"files", Quoted(absl::StrReplaceAll(io::EscapeGlob(io::Basename(csv)), {{"{", "[{]"}}))},
      {"delimiter", options.delimiter == "," ? "" : Quoted(options.delimiter)},
      {"encoding", options.encoding == "utf-8" ? "" : Quoted(options.encoding)},
      {"bad_rows", options.bad_rows == "error" ? "" : Quoted(options.bad_rows)},
  };
  SetNames(names, options, &values);
  SetFeatures(features, options.python, &values);
  SetTraining(summary.num_rows, &values);
  SetLabel(label, summary.num_rows / (values["test"].empty() ? 3 : 10), &values);
  std::vector<std::string> with_vocabularies = features.categories;
  with_vocabularies.push_back(options.label);
  SetVocabularies(summary, with_vocabularies, options.python, &values);
  Project project = {.summary = Summary(summary, options, features, label, values["judged_split"])};
  ASSIGN_OR_RETURN(std::string pipeline, FillTemplate(options.python ? kPipelinePy : kPipelineCc, values));
  ASSIGN_OR_RETURN(std::string utils, FillTemplate(options.python ? kUtilsPy : kUtilsCc, values));
  const char* const suffix = options.python ? ".py" : ".cc";
  project.files = {{absl::StrCat("pipeline", suffix), std::move(pipeline)},
                   {absl::StrCat("utils", suffix), std::move(utils)}};
  return project;
}

}  // namespace tfxm::cli
