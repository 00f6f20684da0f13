// The parser of the slicing SQL: recursive descent, each rule returns a closure that evaluates it.
#include "tfxm/model_analysis/sql/expression.h"

#include <algorithm>
#include <memory>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/sql/query.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

const std::set<std::string>& Keywords() {
  static const std::set<std::string> kKeywords = {
      "SELECT",  "FROM",   "WHERE",    "AS",     "AND",       "OR",     "NOT",    "IN",    "IS",    "NULL",
      "BETWEEN", "LIKE",   "CASE",     "WHEN",   "THEN",      "ELSE",   "END",    "TRUE",  "FALSE", "JOIN",
      "CROSS",   "INNER",  "ON",       "UNNEST", "UNION",     "ALL",    "STRUCT", "ORDER", "BY",    "LIMIT",
      "GROUP",   "HAVING", "DISTINCT", "CAST",   "SAFE_CAST", "EXISTS", "LEFT",   "RIGHT", "FULL",  "WITH"};
  return kKeywords;
}

bool MatchesLike(absl::string_view text, absl::string_view pattern) {
  size_t t = 0, p = 0;
  // Behind the last %, and what of the text it has not taken yet.
  size_t after_percent = absl::string_view::npos, rest = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '%') {
      after_percent = ++p, rest = t;
    } else if (p < pattern.size() && (pattern[p] == '_' || pattern[p] == text[t])) {
      ++p, ++t;
    } else if (after_percent != absl::string_view::npos) {
      p = after_percent, t = ++rest;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('%', p) == absl::string_view::npos;
}

SqlExpression Negate(SqlExpression operand) {
  return [operand](const SqlRow& row) -> absl::StatusOr<SqlValue> {
    ASSIGN_OR_RETURN(const SqlValue value, operand(row));
    if (IsNull(value)) return SqlValue();
    return SqlValue(!IsTrue(value));
  };
}

absl::StatusOr<SqlValue> Feature(const SqlRow& row, const std::string& name) {
  const data::Column* column = row.batch->Find(name);
  // Less than what functions make: an image has many values.
  RETURN_IF_ERROR(row.Take(column == nullptr ? 1 : 1 + column->num_values(row.row) / 16));
  return FeatureArray(*row.batch, row.row, name);
}

absl::StatusOr<SqlValue> CallSql(SqlFunction function, const std::vector<SqlValue>& arguments, const SqlRow& row) {
  ASSIGN_OR_RETURN(SqlValue result, function(arguments));
  if (const auto* array = std::get_if<std::shared_ptr<SqlArray>>(&result)) {
    RETURN_IF_ERROR(row.Take(static_cast<int64_t>((*array)->values.size())));
  } else if (const std::string* text = std::get_if<std::string>(&result)) {
    RETURN_IF_ERROR(row.Take(static_cast<int64_t>(text->size() / 16)));
  }
  return result;
}

// Nested parentheses take three of these levels each. Both bound what the stack must hold, with sanitizers too.
constexpr int kMaxDepth = 300, kMaxChained = 1000;

}  // namespace

absl::Status SqlRow::Take(int64_t steps) const {
  *steps_left -= steps;
  if (*steps_left >= 0) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("slice_keys_sql: more than ", kMaxSqlSteps,
                                                   " steps for one example (rows, values, array elements): "
                                                   "unnest fewer features at once, or filter earlier"));
}

absl::Status SqlParser::Level::Check() const {
  if (parser_->depth_ <= kMaxDepth) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("slice_keys_sql: too deeply nested at character ", parser_->Peek().position));
}

absl::Status SqlParser::Chain() {
  if (++chained_ <= kMaxChained) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("slice_keys_sql: more than ", kMaxChained, " operators; use IN (…) for a list of values"));
}

bool SqlParser::Accept(absl::string_view text) {
  const SqlToken& token = Peek();
  const bool matches = (token.kind == SqlToken::Kind::kName && absl::AsciiStrToUpper(token.text) == text) ||
                       (token.kind == SqlToken::Kind::kSymbol && token.text == text);
  if (matches) ++next_;
  return matches;
}

absl::Status SqlParser::Error(absl::string_view expected) const {
  const SqlToken& token = Peek();
  return absl::InvalidArgumentError(absl::StrCat(
      "slice_keys_sql: expected ", expected, " at character ", token.position,
      token.kind == SqlToken::Kind::kEnd ? " (the end)" : absl::StrCat(", found \"", token.text, "\""), ": ", sql_));
}

absl::Status SqlParser::Expect(absl::string_view text) {
  return Accept(text) ? absl::OkStatus() : Error(absl::StrCat("\"", text, "\""));
}

bool SqlParser::AtName() const {
  return Peek().kind == SqlToken::Kind::kQuotedName ||
         (Peek().kind == SqlToken::Kind::kName && Keywords().count(absl::AsciiStrToUpper(Peek().text)) == 0);
}

std::string SqlParser::PeekText(int ahead) const {
  const SqlToken& token = Peek(ahead);
  if (token.kind == SqlToken::Kind::kSymbol) return token.text;
  return token.kind == SqlToken::Kind::kName ? absl::AsciiStrToUpper(token.text) : "";
}

absl::StatusOr<int64_t> SqlParser::Integer() {
  int64_t value;
  if (Peek().kind != SqlToken::Kind::kInteger || !absl::SimpleAtoi(Peek().text, &value)) return Error("an integer");
  ++next_;
  return value;
}

size_t SqlParser::AddAlias(const std::string& qualifier, const std::string& name) {
  aliases_.push_back({qualifier, name, AddElement()});
  return aliases_.back().element;
}

absl::StatusOr<std::string> SqlParser::Name() {
  if (!AtName()) return Error("a name");
  return tokens_[next_++].text;
}

absl::StatusOr<SqlExpression> SqlParser::Expression() {
  const Level level(this);
  RETURN_IF_ERROR(level.Check());
  ASSIGN_OR_RETURN(SqlExpression left, And());
  while (Accept("OR")) {
    RETURN_IF_ERROR(Chain());
    ASSIGN_OR_RETURN(SqlExpression right, And());
    implicit_name_.clear();
    left = [left, right](const SqlRow& row) -> absl::StatusOr<SqlValue> {
      ASSIGN_OR_RETURN(const SqlValue a, left(row));
      if (IsTrue(a)) return SqlValue(true);
      ASSIGN_OR_RETURN(const SqlValue b, right(row));
      if (IsTrue(b)) return SqlValue(true);
      return IsNull(a) || IsNull(b) ? SqlValue() : SqlValue(false);
    };
  }
  return left;
}

absl::StatusOr<SqlExpression> SqlParser::And() {
  ASSIGN_OR_RETURN(SqlExpression left, Not());
  while (Accept("AND")) {
    RETURN_IF_ERROR(Chain());
    ASSIGN_OR_RETURN(SqlExpression right, Not());
    implicit_name_.clear();
    left = [left, right](const SqlRow& row) -> absl::StatusOr<SqlValue> {
      ASSIGN_OR_RETURN(const SqlValue a, left(row));
      if (!IsNull(a) && !IsTrue(a)) return SqlValue(false);
      ASSIGN_OR_RETURN(const SqlValue b, right(row));
      if (!IsNull(b) && !IsTrue(b)) return SqlValue(false);
      return IsNull(a) || IsNull(b) ? SqlValue() : SqlValue(true);
    };
  }
  return left;
}

absl::StatusOr<SqlExpression> SqlParser::Not() {
  const Level level(this);
  RETURN_IF_ERROR(level.Check());
  if (!Accept("NOT")) return Comparison();
  ASSIGN_OR_RETURN(SqlExpression operand, Not());
  implicit_name_.clear();
  return Negate(std::move(operand));
}

absl::StatusOr<SqlExpression> SqlParser::Comparison() {
  ASSIGN_OR_RETURN(SqlExpression left, Bits(0));
  for (const char* symbol : {"=", "!=", "<>", "<=", ">=", "<", ">"}) {
    if (!Accept(symbol)) continue;
    ASSIGN_OR_RETURN(SqlExpression right, Bits(0));
    implicit_name_.clear();
    const std::string op = std::string(symbol) == "<>" ? "!=" : symbol;
    return SqlExpression([op, left, right](const SqlRow& row) -> absl::StatusOr<SqlValue> {
      ASSIGN_OR_RETURN(const SqlValue a, left(row));
      ASSIGN_OR_RETURN(const SqlValue b, right(row));
      return CompareSql(op, a, b);
    });
  }
  if (Accept("IS")) {
    const bool negated = Accept("NOT");
    const int wanted = Accept("NULL") ? 0 : Accept("TRUE") ? 1 : Accept("FALSE") ? 2 : 3;
    if (wanted == 3) return Error("NULL, TRUE or FALSE");
    implicit_name_.clear();
    return SqlExpression([left, negated, wanted](const SqlRow& row) -> absl::StatusOr<SqlValue> {
      ASSIGN_OR_RETURN(const SqlValue a, left(row));
      const bool is = wanted == 0 ? IsNull(a) : !IsNull(a) && IsTrue(a) == (wanted == 1);
      return SqlValue(is != negated);
    });
  }
  const bool negated = Peek().kind == SqlToken::Kind::kName && Accept("NOT");
  SqlExpression result;
  if (Accept("IN")) {
    std::vector<SqlExpression> choices;
    bool unnest = Accept("UNNEST");
    if (!unnest && PeekText() == "(" && PeekText(1) == "SELECT") {
      ASSIGN_OR_RETURN(SqlExpression choice, Subquery("ARRAY"));
      choices.push_back(std::move(choice));
      unnest = true;
    } else {
      RETURN_IF_ERROR(Expect("("));
      do {
        ASSIGN_OR_RETURN(SqlExpression choice, Expression());
        choices.push_back(std::move(choice));
      } while (!unnest && Accept(","));
      RETURN_IF_ERROR(Expect(")"));
    }
    result = [left, choices, unnest](const SqlRow& row) -> absl::StatusOr<SqlValue> {
      ASSIGN_OR_RETURN(const SqlValue a, left(row));
      std::vector<SqlValue> values;
      for (const SqlExpression& choice : choices) {
        ASSIGN_OR_RETURN(SqlValue value, choice(row));
        values.push_back(std::move(value));
      }
      if (unnest) {
        if (IsNull(values[0])) return SqlValue(false);
        const auto* array = std::get_if<std::shared_ptr<SqlArray>>(&values[0]);
        if (array == nullptr)
          return absl::InvalidArgumentError("slice_keys_sql: IN UNNEST of something that is no array");
        RETURN_IF_ERROR(row.Take(static_cast<int64_t>((*array)->values.size())));
        values = std::vector<SqlValue>((*array)->values);
      }
      bool any_null = false;
      for (const SqlValue& value : values) {
        ASSIGN_OR_RETURN(const SqlValue equal, CompareSql("=", a, value));
        if (IsTrue(equal)) return SqlValue(true);
        any_null |= IsNull(equal);
      }
      return any_null ? SqlValue() : SqlValue(false);
    };
  } else if (Accept("BETWEEN")) {
    ASSIGN_OR_RETURN(SqlExpression low, Bits(0));
    RETURN_IF_ERROR(Expect("AND"));
    ASSIGN_OR_RETURN(SqlExpression high, Bits(0));
    result = [left, low, high](const SqlRow& row) -> absl::StatusOr<SqlValue> {
      ASSIGN_OR_RETURN(const SqlValue a, left(row));
      ASSIGN_OR_RETURN(const SqlValue from, low(row));
      ASSIGN_OR_RETURN(const SqlValue to, high(row));
      ASSIGN_OR_RETURN(const SqlValue above, CompareSql(">=", a, from));
      ASSIGN_OR_RETURN(const SqlValue below, CompareSql("<=", a, to));
      if (IsNull(above) || IsNull(below)) return SqlValue();
      return SqlValue(IsTrue(above) && IsTrue(below));
    };
  } else if (Accept("LIKE")) {
    ASSIGN_OR_RETURN(SqlExpression pattern, Bits(0));
    result = [left, pattern](const SqlRow& row) -> absl::StatusOr<SqlValue> {
      ASSIGN_OR_RETURN(const SqlValue a, left(row));
      ASSIGN_OR_RETURN(const SqlValue b, pattern(row));
      if (IsNull(a) || IsNull(b)) return SqlValue();
      const std::string *text = std::get_if<std::string>(&a), *like = std::get_if<std::string>(&b);
      if (text == nullptr || like == nullptr)
        return absl::InvalidArgumentError("slice_keys_sql: LIKE compares strings");
      return SqlValue(MatchesLike(*text, *like));
    };
  } else if (negated) {
    return Error("IN, BETWEEN or LIKE");
  } else {
    return left;
  }
  implicit_name_.clear();
  return negated ? Negate(std::move(result)) : result;
}

// | ^ & and shifts, from the loosest to the tightest.
absl::StatusOr<SqlExpression> SqlParser::Bits(int level) {
  static constexpr const char* kOperators[][2] = {{"|", nullptr}, {"^", nullptr}, {"&", nullptr}, {"<<", ">>"}};
  if (level == 4) return Sum();
  ASSIGN_OR_RETURN(SqlExpression left, Bits(level + 1));
  while (true) {
    const char* op = nullptr;
    for (const char* candidate : kOperators[level]) {
      if (op == nullptr && candidate != nullptr && Accept(candidate)) op = candidate;
    }
    if (op == nullptr) return left;
    RETURN_IF_ERROR(Chain());
    ASSIGN_OR_RETURN(SqlExpression right, Bits(level + 1));
    implicit_name_.clear();
    left = [op, left, right](const SqlRow& row) -> absl::StatusOr<SqlValue> {
      ASSIGN_OR_RETURN(const SqlValue a, left(row));
      ASSIGN_OR_RETURN(const SqlValue b, right(row));
      if (IsNull(a) || IsNull(b)) return SqlValue();
      const int64_t *x = std::get_if<int64_t>(&a), *y = std::get_if<int64_t>(&b);
      if (x == nullptr || y == nullptr || (*y < 0 && (op[0] == '<' || op[0] == '>'))) {
        return absl::InvalidArgumentError(absl::StrCat("slice_keys_sql: ", op, " needs two integers"));
      }
      const uint64_t u = static_cast<uint64_t>(*x), v = static_cast<uint64_t>(*y);
      const uint64_t result = op[0] == '|'   ? u | v
                              : op[0] == '^' ? u ^ v
                              : op[0] == '&' ? u & v
                              : v >= 64      ? 0
                              : op[0] == '<' ? u << v
                                             : u >> v;
      return SqlValue(static_cast<int64_t>(result));
    };
  }
}

absl::StatusOr<SqlExpression> SqlParser::Sum() {
  ASSIGN_OR_RETURN(SqlExpression left, Product());
  while (true) {
    const char op = Accept("+") ? '+' : Accept("-") ? '-' : Accept("||") ? '|' : 0;
    if (op == 0) return left;
    RETURN_IF_ERROR(Chain());
    ASSIGN_OR_RETURN(SqlExpression right, Product());
    implicit_name_.clear();
    left = [op, left, right](const SqlRow& row) -> absl::StatusOr<SqlValue> {
      ASSIGN_OR_RETURN(SqlValue a, left(row));
      ASSIGN_OR_RETURN(SqlValue b, right(row));
      return op == '|' ? CallSql(FindSqlFunction("CONCAT"), {a, b}, row) : ArithmeticSql(op, a, b);
    };
  }
}

absl::StatusOr<SqlExpression> SqlParser::Product() {
  ASSIGN_OR_RETURN(SqlExpression left, Unary());
  while (true) {
    const char op = Accept("*") ? '*' : Accept("/") ? '/' : 0;
    if (op == 0) return left;
    RETURN_IF_ERROR(Chain());
    ASSIGN_OR_RETURN(SqlExpression right, Unary());
    implicit_name_.clear();
    left = [op, left, right](const SqlRow& row) -> absl::StatusOr<SqlValue> {
      ASSIGN_OR_RETURN(const SqlValue a, left(row));
      ASSIGN_OR_RETURN(const SqlValue b, right(row));
      return ArithmeticSql(op, a, b);
    };
  }
}

absl::StatusOr<SqlExpression> SqlParser::Unary() {
  const Level level(this);
  RETURN_IF_ERROR(level.Check());
  if (Accept("+")) return Unary();
  if (Accept("~")) {
    ASSIGN_OR_RETURN(SqlExpression operand, Unary());
    implicit_name_.clear();
    return SqlExpression([operand](const SqlRow& row) -> absl::StatusOr<SqlValue> {
      ASSIGN_OR_RETURN(const SqlValue value, operand(row));
      if (IsNull(value)) return SqlValue();
      if (const int64_t* x = std::get_if<int64_t>(&value)) return SqlValue(~*x);
      return absl::InvalidArgumentError("slice_keys_sql: ~ needs an integer");
    });
  }
  if (!Accept("-")) return Postfix();
  ASSIGN_OR_RETURN(SqlExpression operand, Unary());
  implicit_name_.clear();
  return SqlExpression([operand](const SqlRow& row) -> absl::StatusOr<SqlValue> {
    ASSIGN_OR_RETURN(const SqlValue value, operand(row));
    return ArithmeticSql('-', SqlValue(int64_t{0}), value);
  });
}

absl::StatusOr<SqlExpression> SqlParser::Postfix() {
  ASSIGN_OR_RETURN(SqlExpression array, Primary());
  while (true) {
    if (PeekText() == "." || PeekText() == "[") RETURN_IF_ERROR(Chain());
    if (Accept(".")) {
      ASSIGN_OR_RETURN(const std::string field, Name());
      implicit_name_ = field;
      array = [array, field](const SqlRow& row) -> absl::StatusOr<SqlValue> {
        ASSIGN_OR_RETURN(const SqlValue value, array(row));
        if (IsNull(value)) return SqlValue();
        const auto* fields = std::get_if<std::shared_ptr<SqlArray>>(&value);
        for (size_t i = 0; fields != nullptr && (*fields)->is_struct && i < (*fields)->names.size(); ++i) {
          if ((*fields)->names[i] == field) return (*fields)->values[i];
        }
        return absl::InvalidArgumentError(absl::StrCat("slice_keys_sql: nothing has a field ", field));
      };
      continue;
    }
    if (!Accept("[")) break;
    bool safe = false;
    int64_t base = 0;
    ASSIGN_OR_RETURN(const std::string how, Name());
    const std::string kind = absl::AsciiStrToUpper(how);
    if (kind == "ORDINAL" || kind == "SAFE_ORDINAL") base = 1;
    if (kind != "ORDINAL" && kind != "OFFSET" && kind != "SAFE_ORDINAL" && kind != "SAFE_OFFSET") {
      return Error("OFFSET, ORDINAL, SAFE_OFFSET or SAFE_ORDINAL before it");
    }
    safe = kind.starts_with("SAFE_");
    RETURN_IF_ERROR(Expect("("));
    ASSIGN_OR_RETURN(SqlExpression index, Expression());
    RETURN_IF_ERROR(Expect(")"));
    RETURN_IF_ERROR(Expect("]"));
    implicit_name_.clear();
    array = [array, index, base, safe](const SqlRow& row) -> absl::StatusOr<SqlValue> {
      ASSIGN_OR_RETURN(const SqlValue a, array(row));
      ASSIGN_OR_RETURN(const SqlValue i, index(row));
      if (IsNull(a) || IsNull(i)) return SqlValue();
      const auto* values = std::get_if<std::shared_ptr<SqlArray>>(&a);
      const int64_t* position = std::get_if<int64_t>(&i);
      if (values == nullptr || position == nullptr)
        return absl::InvalidArgumentError("slice_keys_sql: [] needs an array and an integer");
      if (*position >= base && *position - base < static_cast<int64_t>((*values)->values.size())) {
        return (*values)->values[*position - base];
      }
      // ZetaSQL fails here without SAFE_; a missing feature is NULL there too.
      if (safe || (*values)->values.empty()) return SqlValue();
      return absl::InvalidArgumentError(absl::StrCat("slice_keys_sql: position ", *position,
                                                     " is outside of an array of ", (*values)->values.size(),
                                                     " values; SAFE_OFFSET or SAFE_ORDINAL gives NULL"));
    };
  }
  return array;
}

absl::StatusOr<SqlExpression> SqlParser::Primary() {
  implicit_name_.clear();
  const SqlToken token = Peek();
  auto constant = [](SqlValue value) {
    return SqlExpression([value](const SqlRow& row) -> absl::StatusOr<SqlValue> {
      RETURN_IF_ERROR(row.Take(1));
      return value;
    });
  };
  if (token.kind == SqlToken::Kind::kInteger) {
    ++next_;
    int64_t integer;
    if (!absl::SimpleAtoi(token.text, &integer))
      return absl::InvalidArgumentError(absl::StrCat("slice_keys_sql: ", token.text, " does not fit an INT64"));
    return constant(integer);
  }
  if (token.kind == SqlToken::Kind::kNumber) {
    ++next_;
    double number;
    if (!absl::SimpleAtod(token.text, &number))
      return absl::InvalidArgumentError(absl::StrCat("slice_keys_sql: ", token.text, " is no number"));
    return constant(number);
  }
  if (token.kind == SqlToken::Kind::kString) {
    ++next_;
    return constant(token.text);
  }
  if (PeekText() == "(" && PeekText(1) == "SELECT") return Subquery("");
  if (PeekText(1) == "(" && (Accept("EXISTS") || (PeekText() == "ARRAY" && Accept("ARRAY")))) {
    return Subquery(absl::AsciiStrToUpper(token.text));
  }
  if (PeekText(1) == "(" && (Accept("LEFT") || Accept("RIGHT"))) {
    RETURN_IF_ERROR(Expect("("));
    return Call(absl::AsciiStrToUpper(token.text));
  }
  if (Accept("STRUCT")) return Struct();
  if (Accept("[")) return ArrayLiteral();
  if (Accept("(")) {
    ASSIGN_OR_RETURN(SqlExpression inner, Expression());
    RETURN_IF_ERROR(Expect(")"));
    return inner;
  }
  if (Accept("NULL")) return constant(SqlValue());
  if (Accept("TRUE")) return constant(true);
  if (Accept("FALSE")) return constant(false);
  if (Accept("CASE")) return Case();
  if (Accept("CAST")) return Cast(false);
  if (Accept("SAFE_CAST")) return Cast(true);
  ASSIGN_OR_RETURN(std::string name, Name());
  if (token.kind == SqlToken::Kind::kName && Accept("(")) return Call(absl::AsciiStrToUpper(name));
  if (token.kind == SqlToken::Kind::kName && name == "example" && Accept(".")) {
    ASSIGN_OR_RETURN(const std::string feature, Name());
    implicit_name_ = feature;
    return SqlExpression([feature](const SqlRow& row) -> absl::StatusOr<SqlValue> { return Feature(row, feature); });
  }
  return Column(name);
}

absl::StatusOr<SqlExpression> SqlParser::Column(const std::string& name) {
  auto element = [](size_t index) {
    return SqlExpression([index](const SqlRow& row) -> absl::StatusOr<SqlValue> {
      RETURN_IF_ERROR(row.Take(1));
      return (*row.elements)[index];
    });
  };
  implicit_name_ = name;
  for (size_t i = aliases_.size(); i-- > 0;) {
    const Alias& alias = aliases_[i];
    if (absl::EqualsIgnoreCase(alias.qualifier, name) && PeekText() == "." &&
        absl::EqualsIgnoreCase(Peek(1).text, alias.name)) {
      next_ += 2;
      implicit_name_ = alias.name;
      return element(alias.element);
    }
    if (absl::EqualsIgnoreCase(alias.name, name)) return element(alias.element);
  }
  return SqlExpression([name](const SqlRow& row) -> absl::StatusOr<SqlValue> { return Feature(row, name); });
}

absl::StatusOr<SqlExpression> SqlParser::Case() {
  SqlExpression subject;
  if (!Accept("WHEN")) {
    ASSIGN_OR_RETURN(subject, Expression());
    RETURN_IF_ERROR(Expect("WHEN"));
  }
  std::vector<std::pair<SqlExpression, SqlExpression>> branches;
  do {
    ASSIGN_OR_RETURN(SqlExpression condition, Expression());
    RETURN_IF_ERROR(Expect("THEN"));
    ASSIGN_OR_RETURN(SqlExpression value, Expression());
    branches.emplace_back(std::move(condition), std::move(value));
  } while (Accept("WHEN"));
  SqlExpression otherwise;
  if (Accept("ELSE")) {
    ASSIGN_OR_RETURN(otherwise, Expression());
  }
  RETURN_IF_ERROR(Expect("END"));
  implicit_name_.clear();
  return SqlExpression([subject, branches, otherwise](const SqlRow& row) -> absl::StatusOr<SqlValue> {
    SqlValue wanted;
    if (subject) {
      ASSIGN_OR_RETURN(wanted, subject(row));
    }
    for (const auto& [condition, value] : branches) {
      ASSIGN_OR_RETURN(SqlValue holds, condition(row));
      if (subject) {
        ASSIGN_OR_RETURN(holds, CompareSql("=", wanted, holds));
      }
      if (IsTrue(holds)) return value(row);
    }
    return otherwise ? otherwise(row) : SqlValue();
  });
}

absl::StatusOr<SqlExpression> SqlParser::Cast(bool safe) {
  RETURN_IF_ERROR(Expect("("));
  ASSIGN_OR_RETURN(SqlExpression operand, Expression());
  RETURN_IF_ERROR(Expect("AS"));
  ASSIGN_OR_RETURN(const std::string name, Name());
  RETURN_IF_ERROR(Expect(")"));
  implicit_name_.clear();
  return SqlExpression(
      [operand, type = absl::AsciiStrToUpper(name), safe](const SqlRow& row) -> absl::StatusOr<SqlValue> {
        ASSIGN_OR_RETURN(const SqlValue value, operand(row));
        absl::StatusOr<SqlValue> result = CastSql(type, value);
        if (!result.ok() && safe) return SqlValue();
        return result;
      });
}

absl::StatusOr<SqlExpression> SqlParser::Struct() {
  RETURN_IF_ERROR(Expect("("));
  std::vector<std::string> names;
  std::vector<SqlExpression> fields;
  if (!Accept(")")) {
    do {
      ASSIGN_OR_RETURN(SqlExpression field, Expression());
      std::string name = implicit_name_;
      if (Accept("AS")) {
        ASSIGN_OR_RETURN(name, Name());
      }
      if (name.empty()) return Error("AS and a name, which the slice is called by,");
      names.push_back(std::move(name));
      fields.push_back(std::move(field));
    } while (Accept(","));
    RETURN_IF_ERROR(Expect(")"));
  }
  implicit_name_.clear();
  return SqlExpression([names, fields](const SqlRow& row) -> absl::StatusOr<SqlValue> {
    auto result = std::make_shared<SqlArray>();
    result->is_struct = true;
    result->names = names;
    for (const SqlExpression& field : fields) {
      ASSIGN_OR_RETURN(SqlValue value, field(row));
      result->values.push_back(std::move(value));
    }
    return SqlValue(std::move(result));
  });
}

absl::StatusOr<SqlExpression> SqlParser::ArrayLiteral() {
  std::vector<SqlExpression> values;
  if (!Accept("]")) {
    do {
      ASSIGN_OR_RETURN(SqlExpression value, Expression());
      values.push_back(std::move(value));
    } while (Accept(","));
    RETURN_IF_ERROR(Expect("]"));
  }
  implicit_name_.clear();
  return SqlExpression([values](const SqlRow& row) -> absl::StatusOr<SqlValue> {
    auto result = std::make_shared<SqlArray>();
    for (const SqlExpression& expression : values) {
      ASSIGN_OR_RETURN(SqlValue value, expression(row));
      result->values.push_back(std::move(value));
    }
    return SqlValue(std::move(result));
  });
}

absl::StatusOr<SqlExpression> SqlParser::Call(const std::string& function) {
  if (IsSqlAggregate(function)) return Aggregate(function);
  const SqlFunction implementation = FindSqlFunction(function);
  if (implementation == nullptr)
    return absl::InvalidArgumentError(
        absl::StrCat("slice_keys_sql: no function ", function, " (sql_slicer.h lists them): ", sql_));
  std::vector<SqlExpression> arguments;
  if (!Accept(")")) {
    do {
      ASSIGN_OR_RETURN(SqlExpression argument, Expression());
      arguments.push_back(std::move(argument));
    } while (Accept(","));
    RETURN_IF_ERROR(Expect(")"));
  }
  implicit_name_.clear();
  return SqlExpression([implementation, arguments](const SqlRow& row) -> absl::StatusOr<SqlValue> {
    std::vector<SqlValue> values;
    for (const SqlExpression& argument : arguments) {
      ASSIGN_OR_RETURN(SqlValue value, argument(row));
      values.push_back(std::move(value));
    }
    return CallSql(implementation, values, row);
  });
}

}  // namespace tfxm::model_analysis
