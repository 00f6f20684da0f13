// SPDX-License-Identifier: Apache-2.0

// An evaluation as text: `tfxm show DIR --format=table|json|csv`. Reads any TFMA evaluation.
//
//   ASSIGN_OR_RETURN(ShowFormat format, ParseShowFormat("table"));
//   ASSIGN_OR_RETURN(std::string text, Show("eval_dir", format));
//
// table  For each slice one row a metric and one column a model, with 95 % intervals and differences where the
//        evaluation has them; below it the plots it has, and the thresholds with what they failed for. Numbers have six
//        significant digits.
//        The first max_slices slices, and how many more there are; 0: all. Then what comparisons.json and
//        disagreements.json say, if they are there: whether differences to the reference model are real, on which
//        slices, and on how many examples models disagree.
// csv    One row a number, with exact values: slice, baseline_slice, model, output, metric, sub_key, aggregation,
//        weighted, is_diff, element, value, lower_bound, upper_bound, standard_error. `element` says which of several
//        numbers of a metric it is ("[3]", "threshold=0.5 true_positives", and of a comparison "minus REFERENCE" and
//        "minus REFERENCE, p-value"). Without the plots. RFC 4180, UTF-8, header first; a name that a spreadsheet would
//        take for a formula (=, +, -, @) has a ' before it.
// json   Everything, plots included, exact; NaN and infinities as strings.
#ifndef TFXM_REPORT_SHOW_SHOW_H_
#define TFXM_REPORT_SHOW_SHOW_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/report/evaluation/evaluation.h"
#include "tfxm/report/evaluation/sidecars.h"

namespace tfxm::report {

enum class ShowFormat { kTable, kJson, kCsv };

// INVALID_ARGUMENT names the formats there are.
absl::StatusOr<ShowFormat> ParseShowFormat(absl::string_view name);

struct ShowOptions {  // Of a table.
  int max_slices = 0;
  int width = 0;  // Cells of the terminal (util/text/text_table.h); 0: no limit.
  // Whether the directory stays: then the text says which of its files has more.
  bool files_stay = true;
};

absl::StatusOr<std::string> Show(absl::string_view directory, ShowFormat format, const ShowOptions& options = {});
std::string Show(const Evaluation& evaluation, const Sidecars& sidecars, ShowFormat format,
                 const ShowOptions& options = {});

}  // namespace tfxm::report

#endif  // TFXM_REPORT_SHOW_SHOW_H_
