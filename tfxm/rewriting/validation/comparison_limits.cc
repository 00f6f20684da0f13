// SPDX-License-Identifier: Apache-2.0

// What of a comparison is outside of the limits, and how it is shown.
#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tfxm/rewriting/validation/comparison.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/numeric/student_t.h"
#include "tfxm/util/text/text.h"
#include "tfxm/util/text/text_table.h"

namespace tfxm::rewriting {
namespace {

std::string Decibel(double db) { return std::isinf(db) && db > 0 ? "exact" : absl::StrFormat("%.1f", db); }

std::string NameOf(const ModelComparison& comparison, int64_t sample) {
  return sample < static_cast<int64_t>(comparison.names.size()) ? comparison.names[sample]
                                                                : absl::StrCat("example ", sample);
}

std::string Describe(const ModelComparison& comparison, const OutputComparison& output) {
  const Mismatch& m = *output.mismatch;
  return absl::StrCat("output \"", output.name, "\" is ", absl::StrFormat("%g", m.saved_model),
                      " in the SavedModel and ", absl::StrFormat("%g", m.tflite), " in the TFLite model at value ",
                      m.value, " of ", NameOf(comparison, m.sample),
                      m.num_values > 1 ? absl::StrCat(" (and at ", m.num_values - 1, " more, ", m.num_samples,
                                                      m.num_samples == 1 ? " example" : " examples", " in all)")
                                       : "",
                      m.where.empty() ? "" : absl::StrCat("; it comes from ", m.where));
}

// What an output, or a part of it, is judged by.
struct Numbers {
  std::string name;
  double min, max, max_abs_error, sqnr_db;
  bool constant, lost;

  double Range() const { return std::max(max - min, Largest()); }
  double Largest() const { return std::max(std::abs(max), std::abs(min)); }
};

void Judge(const Numbers& numbers, double step, bool whole, const ValidationLimits& limits,
           std::vector<std::string>* wrong) {
  if (whole && limits.max_abs_error && numbers.Range() > 0 &&
      !(numbers.max_abs_error <= *limits.max_abs_error * numbers.Range())) {
    wrong->push_back(absl::StrFormat("%s is off by up to %.3g, %.3g of its range; the limit is %.3g", numbers.name,
                                     numbers.max_abs_error, numbers.max_abs_error / numbers.Range(),
                                     *limits.max_abs_error));
  }
  if (numbers.constant) {
    // There is no variance to judge by: rounding may differ, and a twentieth of the value.
    if (whole && limits.min_sqnr_db && numbers.max_abs_error > std::max(2.01 * step, 0.05 * numbers.Largest())) {
      wrong->push_back(absl::StrFormat("%s is %g for every example and off by up to %.3g", numbers.name, numbers.max,
                                       numbers.max_abs_error));
    }
    return;
  }
  if (!limits.min_sqnr_db || numbers.sqnr_db >= *limits.min_sqnr_db) return;
  if (numbers.max_abs_error <= limits.float_resolution * numbers.Largest()) return;
  if (numbers.lost) {
    wrong->push_back(absl::StrFormat("%s is the same for every example, in the SavedModel it ranges over [%.3g, %.3g]",
                                     numbers.name, numbers.min, numbers.max));
    return;
  }
  const char* has = absl::StartsWith(numbers.name, "columns ") ? "have" : "has";
  wrong->push_back(absl::StrFormat("%s %s a signal to noise ratio of %.1f dB; the limit is %.1f dB", numbers.name, has,
                                   numbers.sqnr_db, *limits.min_sqnr_db));
}

void JudgeNumbers(const OutputComparison& output, const ValidationLimits& limits, std::vector<std::string>* wrong) {
  const std::string name = absl::StrCat("output \"", output.name, "\"");
  // Nothing more can be asked of integers than to be off by their rounding and that of what they are made from, as long
  // as they say more than a constant would.
  const bool only_rounded = limits.rounding_is_fine && output.step > 0 && !output.lost && output.sqnr_db > 0 &&
                            output.max_abs_error <= 2.01 * output.step;
  if (!only_rounded) {
    Judge({name, output.min, output.max, output.max_abs_error, output.sqnr_db, output.constant, output.lost},
          output.step, /*whole=*/true, limits, wrong);
  }
  for (const ErrorPart& part : output.parts) {
    Judge({absl::StrCat(part.name, " of ", name), part.min, part.max, part.max_abs_error, part.sqnr_db, part.constant,
           part.lost},
          output.step, /*whole=*/false, limits, wrong);
  }
}

// Whether `hits` or more of `n`, each of probability p, come about in at least one of 20 cases (binomial distribution).
bool MayBeChance(int64_t hits, int64_t n, double p) {
  double fewer = 0;
  for (int64_t k = 0; k < hits; ++k) {
    fewer += std::exp(LogBinomial(static_cast<double>(n), static_cast<double>(k)) + k * std::log(p) +
                      (n - k) * std::log1p(-p));
  }
  return 1 - fewer >= 0.05;
}

}  // namespace

absl::Status CheckLimits(const ModelComparison& comparison, const ValidationLimits& limits) {
  std::vector<std::string> wrong;
  for (const OutputComparison& output : comparison.outputs) {
    if (output.mismatch) wrong.push_back(Describe(comparison, output));
    if (!output.categorical && !output.integer) JudgeNumbers(output, limits, &wrong);
    if (output.rows == 0) continue;
    const bool equality = output.categorical || output.integer;
    if (!equality && limits.min_top_agreement && !(*output.TopAgreement() >= *limits.min_top_agreement)) {
      wrong.push_back(absl::StrFormat("output \"%s\" has the same top class in %d of %d examples; the limit is %.1f %%",
                                      output.name, output.rows_agreeing, output.rows, 100 * *limits.min_top_agreement));
    }
    const auto& clear = equality ? limits.min_equal_values : limits.min_clear_agreement;
    // One may differ: of a few, it is not a small share.
    if (!clear || output.rows_clearly_different <= 1 || *output.ClearAgreement() >= *clear) continue;
    if (!equality && limits.chance_is_fine && MayBeChance(output.rows_clearly_different, output.rows, 1 - *clear)) {
      continue;
    }
    if (output.integer) {
      JudgeNumbers(output, limits, &wrong);
      continue;
    }
    wrong.push_back(absl::StrFormat("output \"%s\" has %s in %d of %d %s; the limit is %.1f %%", output.name,
                                    equality ? "another value" : "clearly another top class",
                                    output.rows_clearly_different, output.rows, equality ? "places" : "examples",
                                    100 * (1 - *clear)));
  }
  if (wrong.empty()) return absl::OkStatus();
  return AnswerIsNo(absl::StrCat(absl::StrJoin(wrong, "; "), " (on ", comparison.num_examples,
                                 " examples: ", comparison.source, ")"));
}

std::string AdviceOnWeights(const ModelComparison& comparison, const ValidationLimits& limits) {
  if (CheckLimits(comparison, limits).ok()) return "";
  std::string advice = "what its weights lose costs that much: --quantization=none keeps them as they are";
  double db = std::numeric_limits<double>::infinity(), error = 0, agreement = 1;
  for (const OutputComparison& output : comparison.outputs) {
    if (output.mismatch || output.categorical || output.constant) continue;
    if (!output.integer) agreement = std::min(agreement, output.ClearAgreement().value_or(1));
    const double largest = std::max(std::abs(output.min), std::abs(output.max));
    error = std::max(error, output.max_abs_error / std::max(output.max - output.min, largest));
    db = std::min(db, output.sqnr_db);
    for (const ErrorPart& part : output.parts) {
      if (!part.constant) db = std::min(db, part.sqnr_db);
    }
  }
  // As when they are asked for (TfliteRewriter): then nothing else excuses an error.
  ValidationLimits asked = limits;
  asked.rounding_is_fine = false;
  asked.float_resolution = 0;
  std::string flags;
  if (limits.min_sqnr_db && db < *limits.min_sqnr_db) {
    asked.min_sqnr_db = std::floor(10 * db) / 10;
    absl::StrAppend(&flags, absl::StrFormat(" --min_sqnr=%.1f", *asked.min_sqnr_db));
  }
  if (limits.max_abs_error && error > *limits.max_abs_error) {
    asked.max_abs_error = std::ceil(1000 * error) / 1000;
    absl::StrAppend(&flags, absl::StrFormat(" --max_abs_error=%.3f", *asked.max_abs_error));
  }
  if (limits.min_clear_agreement && agreement < *limits.min_clear_agreement) {
    asked.min_clear_agreement = std::floor(100 * agreement) / 100;
    asked.chance_is_fine = false;
    absl::StrAppend(&flags, absl::StrFormat(" --min_clear_agreement=%.2f", *asked.min_clear_agreement));
  }
  if (db > 0 && !flags.empty() && CheckLimits(comparison, asked).ok()) {
    absl::StrAppend(&advice, "; if it is good enough for the app,", flags, " takes it");
  }
  return advice;
}

std::string RenderComparison(const ModelComparison& comparison, int width) {
  std::string out =
      absl::StrCat("SavedModel against TFLite on ", comparison.num_examples, " examples (", comparison.source, ")\n");
  constexpr TextTable::Alignment kRight = TextTable::kRight;
  TextTable table({{"output"},
                   {"type"},
                   {"max error", kRight},
                   {"mean error", kRight},
                   {"SQNR dB", kRight},
                   {"same top", kRight},
                   {}});
  int64_t undecided = 0;
  std::vector<std::string> notes;
  for (const OutputComparison& output : comparison.outputs) {
    table.AddRow({PrintableText(output.name), std::string(DataTypeName(output.dtype)),
                  absl::StrFormat("%.4g", output.max_abs_error), absl::StrFormat("%.4g", output.mean_abs_error),
                  output.constant && (output.max_abs_error > 0 || output.num_nan == comparison.num_examples)
                      ? "-"
                      : Decibel(output.sqnr_db),
                  output.rows == 0 ? "-" : absl::StrFormat("%.2f%%", 100 * *output.TopAgreement())});
    for (const ErrorPart& part : output.parts) {
      if (part.constant) continue;
      table.AddRow({absl::StrCat("  ", part.name), "", absl::StrFormat("%.4g", part.max_abs_error), "",
                    Decibel(part.sqnr_db), "",
                    absl::StrFormat("in [%.3g, %.3g]%s", part.min, part.max,
                                    part.lost ? ": TFLite's is the same for every example" : "")});
    }
    if (output.constant && output.num_nan < comparison.num_examples && comparison.num_examples > 1) {
      notes.push_back(
          absl::StrCat("\"", output.name, "\" is the same for every example: these examples say nothing about it."));
    }
    if (output.num_nan > 0) {
      notes.push_back(absl::StrCat("The SavedModel's output \"", output.name, "\" is NaN in ", output.num_nan, " of ",
                                   comparison.num_examples,
                                   " examples. Where TFLite's is NaN, too, they count as equal and say nothing of the "
                                   "file: look for NaN in the weights and in these examples."));
    }
    if (output.mismatch) notes.push_back(absl::StrCat(Describe(comparison, output), "."));
    if (!output.categorical && !output.integer) {
      undecided += output.rows - output.rows_agreeing - output.rows_clearly_different;
    }
  }
  if (undecided > 0) {
    notes.push_back(absl::StrCat("In ", undecided,
                                 " of the examples with another top class the SavedModel itself is undecided: the "
                                 "scores are within a tenth of what an example's are apart."));
  }
  absl::StrAppend(&out, table.Text({.width = width, .indent = "  "}));
  for (const std::string& note : notes) absl::StrAppend(&out, "  ", PrintableText(note), "\n");
  return WrapLines(out, width);
}

}  // namespace tfxm::rewriting
