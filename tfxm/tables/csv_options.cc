// SPDX-License-Identifier: Apache-2.0

#include "tfxm/tables/csv_options.h"

#include "absl/strings/str_cat.h"

namespace tfxm::tables {

absl::StatusOr<char> ParseDelimiter(absl::string_view text) {
  if (text == "\\t" || text == "tab") return '\t';
  if (text.size() != 1 || text == "\"" || text == "\n" || text == "\r") {
    return absl::InvalidArgumentError(
        absl::StrCat("a delimiter is one character, neither a quote nor a line break, or \"tab\"; not \"", text, "\""));
  }
  return text[0];
}

absl::StatusOr<CsvOptions::BadRows> ParseBadRows(absl::string_view text) {
  if (text == "error") return CsvOptions::BadRows::kError;
  if (text == "skip") return CsvOptions::BadRows::kSkip;
  if (text == "keep") return CsvOptions::BadRows::kKeep;
  return absl::InvalidArgumentError(absl::StrCat("bad_rows is error, skip or keep; not \"", text, "\""));
}

std::map<std::string, data::ValueType> TypesOf(const tensorflow::metadata::v0::Schema& schema) {
  std::map<std::string, data::ValueType> types;
  for (const auto& feature : schema.feature()) {
    switch (feature.type()) {
      case tensorflow::metadata::v0::INT: types[feature.name()] = data::ValueType::kInt; break;
      case tensorflow::metadata::v0::FLOAT: types[feature.name()] = data::ValueType::kFloat; break;
      case tensorflow::metadata::v0::BYTES: types[feature.name()] = data::ValueType::kBytes; break;
      default: break;
    }
  }
  return types;
}

}  // namespace tfxm::tables
