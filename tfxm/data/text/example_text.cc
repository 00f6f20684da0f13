// SPDX-License-Identifier: Apache-2.0

#include "tfxm/data/text/example_text.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/json_writer.h"
#include "tfxm/util/text/text.h"
#include "tfxm/util/text/text_table.h"

namespace tfxm::data {
namespace {

std::vector<const Column*> Sorted(const ExampleBatch& batch) {
  std::vector<const Column*> columns;
  for (const Column& column : batch.columns()) columns.push_back(&column);
  std::sort(columns.begin(), columns.end(), [](const Column* a, const Column* b) { return a->name() < b->name(); });
  return columns;
}

std::string BytesText(absl::string_view bytes) {
  const std::string size = absl::StrCat(bytes.size(), bytes.size() == 1 ? " byte" : " bytes");
  if (absl::StartsWith(bytes, "\x89PNG\r\n")) return absl::StrCat("PNG, ", size);
  if (absl::StartsWith(bytes, "\xFF\xD8\xFF")) return absl::StrCat("JPEG, ", size);
  if (absl::StartsWith(bytes, "GIF8")) return absl::StrCat("GIF, ", size);
  if (!IsUtf8(bytes)) return absl::StrCat(size, " that are not text");
  constexpr size_t kMost = 80;
  if (bytes.size() <= kMost) return absl::StrCat("\"", PrintableText(bytes), "\"");
  size_t cut = kMost;  // Not inside of a character.
  while (cut > 0 && (static_cast<unsigned char>(bytes[cut]) & 0xC0) == 0x80) --cut;
  return absl::StrCat("\"", PrintableText(bytes.substr(0, cut)), "…\" (", size, ")");
}

absl::string_view TypeText(ValueType type) {
  switch (type) {
    case ValueType::kInt: return "int64";
    case ValueType::kFloat: return "float";
    case ValueType::kBytes: return "bytes";
    case ValueType::kUnknown: break;
  }
  return "none";
}

std::string ValueText(const Column& column, int k) {
  switch (column.type()) {
    case ValueType::kInt: return absl::StrCat(column.ints(0)[k]);
    case ValueType::kFloat: return ShortNumber(column.floats(0)[k]);
    default: return BytesText(column.bytes(0, k));
  }
}

// Calls begin, value(k) for each of its values, and end for each step of a feature list, or missing.
template <typename Begin, typename Value, typename End, typename Missing>
void ForEachStep(const Column& column, const Begin& begin, const Value& value, const End& end, const Missing& missing) {
  int k = 0;
  for (size_t step = 0; step < static_cast<size_t>(column.num_steps(0)); ++step) {
    if (!column.step_present(step)) {
      missing();
      continue;
    }
    begin();
    for (const int last = k + column.step_size(step); k < last; ++k) value(k);
    end();
  }
}

// "[1 2] [] none [3]": with `most` values at most.
std::string StepsText(const Column& column, int most) {
  std::string text;
  bool space = false, cut = false;
  const auto add = [&](absl::string_view what) {
    absl::StrAppend(&text, space ? " " : "", what);
    space = true;
  };
  ForEachStep(
      column,
      [&] {
        if (cut) return;
        add("[");
        space = false;
      },
      [&](int k) {
        if (k < most) {
          add(ValueText(column, k));
        } else if (!std::exchange(cut, true)) {
          add("…");
        }
      },
      [&] {
        if (!cut) text += "]";
        space = true;
      },
      [&] {
        if (!cut) add("none");
      });
  if (cut) absl::StrAppend(&text, " (", column.num_steps(0), " steps, ", column.num_values(0), " values)");
  return text.empty() ? "no step" : text;
}

void AddValue(const Column& column, int k, JsonWriter* json) {
  switch (column.type()) {
    case ValueType::kInt: json->Integer(column.ints(0)[k]); break;
    case ValueType::kFloat: json->Number(column.floats(0)[k]); break;
    default: {
      const absl::string_view bytes = column.bytes(0, k);
      if (IsUtf8(bytes)) {
        json->String(bytes);
      } else {
        json->BeginObject().Key("b64").String(absl::Base64Escape(bytes)).End();
      }
    }
  }
}

}  // namespace

absl::StatusOr<std::string> ExampleText(absl::string_view record, const ExampleTextOptions& options) {
  ExampleBatch batch(/*keep_records=*/false, /*sequence_examples=*/true);
  RETURN_IF_ERROR(batch.Append(record));
  TextTable table({{""}, {""}, {""}});
  for (const Column* column : Sorted(batch)) {
    std::string text;
    if (column->is_sequence()) {
      text = StepsText(*column, options.max_values);
    } else {
      std::vector<std::string> values;
      const int n = column->num_values(0);
      for (int k = 0; k < std::min(n, options.max_values); ++k) values.push_back(ValueText(*column, k));
      text = n == 0 ? "no value" : absl::StrJoin(values, " ");
      if (n > options.max_values) absl::StrAppend(&text, " … (", n, " values)");
    }
    table.AddRow({PrintableText(column->name()), std::string(TypeText(column->type())), text});
  }
  return table.Text({.width = options.width, .indent = options.indent});
}

absl::StatusOr<std::string> ExampleJson(absl::string_view record) {
  ExampleBatch batch(/*keep_records=*/false, /*sequence_examples=*/true);
  RETURN_IF_ERROR(batch.Append(record));
  const std::vector<const Column*> columns = Sorted(batch);
  JsonWriter json;
  json.BeginObject();
  bool in_sequence = false;
  for (const Column* column : columns) {
    if (column->is_sequence()) continue;
    json.Key(column->name()).BeginArray();
    for (int k = 0; k < column->num_values(0); ++k) AddValue(*column, k, &json);
    json.End();
  }
  for (const Column* column : columns) {
    if (!column->is_sequence()) continue;
    if (!std::exchange(in_sequence, true)) json.Key(kSequenceName).BeginObject();
    json.Key(column->name().substr(kSequencePrefix.size())).BeginArray();
    ForEachStep(
        *column, [&] { json.BeginArray(); }, [&](int k) { AddValue(*column, k, &json); }, [&] { json.End(); },
        [&] { json.Null(); });
    json.End();
  }
  if (in_sequence) json.End();
  json.End();
  return std::move(json).Take();
}

}  // namespace tfxm::data
