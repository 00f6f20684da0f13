// SPDX-License-Identifier: Apache-2.0

#include "tfxm/cli/new/csv_summary.h"

#include <cmath>
#include <memory>

#include "tfxm/data/example_source.h"
#include "tfxm/tables/tables.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::cli {
namespace {

template <typename Counts, typename Value>
void Count(const Value& value, Counts* counts) {
  if (auto found = counts->find(value); found != counts->end()) {
    ++found->second;
  } else if (counts->size() <= ColumnSummary::kMostDistinct) {
    counts->emplace(value, 1);
  }
}

void AddValue(const data::Column& column, int row, ColumnSummary* summary) {
  if (column.num_values(row) == 0) return;
  if (column.type() == data::ValueType::kBytes) {
    ++summary->num_values;
    Count(column.bytes(row, 0), &summary->texts);
    return;
  }
  const double number = column.number(row, 0);
  if (!std::isfinite(number)) return;
  ++summary->num_values;
  Count(number, &summary->numbers);
  // Welford's way, and Pébay's of the higher powers.
  const auto n = static_cast<double>(summary->num_values);
  const double difference = number - summary->mean, step = difference / n;
  const double square = difference * step * (n - 1);
  summary->mean += step;
  summary->sum_of_fourths += square * step * step * (n * n - 3 * n + 3) + 6 * step * step * summary->sum_of_squares -
                             4 * step * summary->sum_of_cubes;
  summary->sum_of_cubes += square * step * (n - 2) - 3 * step * summary->sum_of_squares;
  summary->sum_of_squares += square;
}

}  // namespace

const ColumnSummary* CsvSummary::Find(const std::string& name) const {
  for (const ColumnSummary& column : columns) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

absl::StatusOr<CsvSummary> SummarizeCsv(const std::string& file, tables::CsvOptions options) {
  ASSIGN_OR_RETURN(options, tables::WithInferredTypes({file}, options));
  CsvSummary summary;
  for (const auto& [name, type] : options.types) summary.columns.push_back({.name = name, .type = type});
  ASSIGN_OR_RETURN(const std::unique_ptr<data::ExampleSource> source, tables::OpenCsv({file}, options));
  std::string record;
  data::ExampleBatch batch;
  while (true) {
    ASSIGN_OR_RETURN(const std::unique_ptr<data::ExampleBlock> block, source->Next());
    if (block == nullptr) break;
    batch.Clear();
    for (int i = 0; i < block->size(); ++i) {
      RETURN_IF_ERROR(Annotate(block->Encode(i, &record), block->Origin(i)));
      RETURN_IF_ERROR(Annotate(batch.Append(record), block->Origin(i)));
    }
    summary.num_rows += batch.num_examples();
    for (ColumnSummary& of : summary.columns) {
      const data::Column* const column = batch.Find(of.name);
      for (int row = 0; column != nullptr && row < batch.num_examples(); ++row) AddValue(*column, row, &of);
    }
  }
  summary.warnings = source->Warnings();
  return summary;
}

}  // namespace tfxm::cli
