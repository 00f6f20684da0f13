// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/sql/print.h"

#include <optional>

#include "absl/strings/str_cat.h"

namespace tfxm::model_analysis::sql {
namespace {

using Kind = Expr::Kind;

std::string Aliased(const Expr& expr, const std::optional<std::string>& alias) {
  return alias ? absl::StrCat("(AS ", *alias, " ", ToText(expr), ")") : ToText(expr);
}

std::string ValueText(const Value& value) {
  if (const bool* x = std::get_if<bool>(&value)) return *x ? "TRUE" : "FALSE";
  if (const int64_t* x = std::get_if<int64_t>(&value)) return absl::StrCat(*x);
  if (const double* x = std::get_if<double>(&value)) return absl::StrCat(*x);
  if (const std::string* x = std::get_if<std::string>(&value)) return absl::StrCat("'", *x, "'");
  return "NULL";
}

// What stands before the operands.
std::string Head(const Expr& expr) {
  switch (expr.kind) {
    case Kind::kField: return absl::StrCat("FIELD ", expr.text);
    case Kind::kIs: return absl::StrCat("IS ", expr.text);
    case Kind::kBetween: return "BETWEEN";
    case Kind::kIn: return "IN";
    case Kind::kInArray: return "IN-ARRAY";
    case Kind::kCase: return "CASE";
    case Kind::kCaseOf: return "CASE-OF";
    case Kind::kCast: return absl::StrCat("CAST ", expr.text);
    case Kind::kSafeCast: return absl::StrCat("SAFE_CAST ", expr.text);
    case Kind::kAggregate: return absl::StrCat(expr.text, expr.distinct ? " DISTINCT" : "");
    case Kind::kStruct: return "STRUCT";
    case Kind::kArray: return "ARRAY-OF";
    default: return expr.text;
  }
}

std::string SourceText(const Source& source) {
  std::string text = source.query != nullptr ? ToText(*source.query) : ToText(*source.array);
  if (source.offset) text = absl::StrCat("(WITH-OFFSET ", *source.offset, " ", text, ")");
  if (source.alias) text = absl::StrCat("(AS ", *source.alias, " ", text, ")");
  if (source.condition != nullptr) text = absl::StrCat("(ON ", text, " ", ToText(*source.condition), ")");
  return text;
}

// A column by its number, from 1 on.
std::string KeyText(const Select::Key& key) {
  const std::string text = key.column ? absl::StrCat("#", *key.column + 1) : ToText(*key.expr);
  return key.descending ? absl::StrCat("(DESC ", text, ")") : text;
}

}  // namespace

std::string ToText(const Expr& expr) {
  switch (expr.kind) {
    case Kind::kLiteral: return ValueText(expr.value);
    case Kind::kName: return expr.text;
    case Kind::kQualifiedName: return absl::StrCat(expr.text, ".", expr.field);
    case Kind::kFeature: return absl::StrCat("example.", expr.text);
    case Kind::kVariable: return absl::StrCat("$", expr.variable);
    case Kind::kQuery: return ToText(*expr.query);
    case Kind::kExists: return absl::StrCat("(EXISTS ", ToText(*expr.query), ")");
    case Kind::kArrayQuery: return absl::StrCat("(ARRAY ", ToText(*expr.query), ")");
    default: break;
  }
  std::string text = absl::StrCat("(", Head(expr));
  for (size_t i = 0; i < expr.children.size(); ++i) {
    const bool named = i < expr.aliases.size();
    absl::StrAppend(&text, " ", Aliased(*expr.children[i], named ? expr.aliases[i] : std::nullopt));
  }
  return text + ")";
}

std::string ToText(const Select& select) {
  std::string text = absl::StrCat("(SELECT", select.distinct ? " DISTINCT" : "", select.as_struct ? " AS-STRUCT" : "");
  for (const Select::Column& column : select.columns) absl::StrAppend(&text, " ", Aliased(*column.expr, column.alias));
  auto clause = [&](absl::string_view name, const auto& items, auto item_text) {
    if (items.empty()) return;
    absl::StrAppend(&text, " (", name);
    for (const auto& item : items) absl::StrAppend(&text, " ", item_text(item));
    text += ")";
  };
  clause("FROM", select.sources, SourceText);
  if (select.where != nullptr) absl::StrAppend(&text, " (WHERE ", ToText(*select.where), ")");
  clause("GROUP-BY", select.group_by, KeyText);
  if (select.having != nullptr) absl::StrAppend(&text, " (HAVING ", ToText(*select.having), ")");
  clause("ORDER-BY", select.order_by, KeyText);
  if (select.limit) absl::StrAppend(&text, " (LIMIT ", *select.limit, ")");
  if (select.offset != 0) absl::StrAppend(&text, " (OFFSET ", select.offset, ")");
  if (select.union_all != nullptr) absl::StrAppend(&text, " (UNION-ALL ", ToText(*select.union_all), ")");
  return text + ")";
}

}  // namespace tfxm::model_analysis::sql
