// SPDX-License-Identifier: Apache-2.0

#include "tfxm/data/text/example_text.h"

#include <algorithm>
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

}  // namespace

absl::StatusOr<std::string> ExampleText(absl::string_view record, const ExampleTextOptions& options) {
  ExampleBatch batch;
  RETURN_IF_ERROR(batch.Append(record));
  TextTable table({{""}, {""}, {""}});
  for (const Column* column : Sorted(batch)) {
    std::vector<std::string> values;
    const int n = column->num_values(0);
    for (int k = 0; k < std::min(n, options.max_values); ++k) {
      switch (column->type()) {
        case ValueType::kInt: values.push_back(absl::StrCat(column->ints(0)[k])); break;
        case ValueType::kFloat: values.push_back(ShortNumber(column->floats(0)[k])); break;
        default: values.push_back(BytesText(column->bytes(0, k))); break;
      }
    }
    std::string text = n == 0 ? "no value" : absl::StrJoin(values, " ");
    if (n > options.max_values) absl::StrAppend(&text, " … (", n, " values)");
    table.AddRow({PrintableText(column->name()), std::string(TypeText(column->type())), text});
  }
  return table.Text({.width = options.width, .indent = options.indent});
}

absl::StatusOr<std::string> ExampleJson(absl::string_view record) {
  ExampleBatch batch;
  RETURN_IF_ERROR(batch.Append(record));
  JsonWriter json;
  json.BeginObject();
  for (const Column* column : Sorted(batch)) {
    json.Key(column->name()).BeginArray();
    for (int k = 0; k < column->num_values(0); ++k) {
      switch (column->type()) {
        case ValueType::kInt: json.Integer(column->ints(0)[k]); break;
        case ValueType::kFloat: json.Number(column->floats(0)[k]); break;
        default: {
          const absl::string_view bytes = column->bytes(0, k);
          if (IsUtf8(bytes)) {
            json.String(bytes);
          } else {
            json.BeginObject().Key("b64").String(absl::Base64Escape(bytes)).End();
          }
        }
      }
    }
    json.End();
  }
  json.End();
  return std::move(json).Take();
}

}  // namespace tfxm::data
