// SPDX-License-Identifier: Apache-2.0

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/sql/compile.h"
#include "tfxm/model_analysis/sql/functions/functions.h"
#include "tfxm/model_analysis/sql/functions/regex.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis::sql {
namespace {

using Kind = Expr::Kind;
using Result = absl::StatusOr<Value>;
using Evaluators = std::vector<Evaluator>;

Evaluators CompileChildren(const Expr& expr) {
  Evaluators children;
  for (const ExprPtr& child : expr.children) children.push_back(Compile(*child));
  return children;
}

absl::StatusOr<std::vector<Value>> EvaluateAll(const Evaluators& evaluators, const Row& row) {
  std::vector<Value> values;
  for (const Evaluator& evaluator : evaluators) {
    ASSIGN_OR_RETURN(Value value, evaluator(row));
    values.push_back(std::move(value));
  }
  return values;
}

Evaluator Literal(const Expr& expr) {
  return [value = expr.value](const Row& row) -> Result {
    RETURN_IF_ERROR(row.Take(1));
    return value;
  };
}

// As an array; NULL if it is missing.
Evaluator Feature(const Expr& expr) {
  return [name = expr.text](const Row& row) -> Result {
    const data::Column* column = row.batch->Find(name);
    // Less than what functions make: an image has many values.
    RETURN_IF_ERROR(row.Take(column == nullptr ? 1 : 1 + column->num_values(row.row) / 16));
    if (column == nullptr || !column->present(row.row)) return Value();
    auto array = std::make_shared<Array>();
    for (int k = 0; k < column->num_values(row.row); ++k) {
      switch (column->type()) {
        case data::ValueType::kInt: array->values.emplace_back(column->ints(row.row)[k]); break;
        case data::ValueType::kFloat: array->values.emplace_back(column->floats(row.row)[k]); break;
        default: array->values.emplace_back(std::string(column->bytes(row.row, k)));
      }
    }
    return Value(std::move(array));
  };
}

Evaluator Variable(const Expr& expr) {
  return [variable = expr.variable](const Row& row) -> Result {
    RETURN_IF_ERROR(row.Take(1));
    return (*row.variables)[variable];
  };
}

// The query has put its value there.
Evaluator AggregateValue(const Expr& expr) {
  return [variable = expr.variable](const Row& row) -> Result { return (*row.variables)[variable]; };
}

Evaluator Field(const Expr& expr) {
  return [operand = Compile(*expr.children[0]), field = expr.text](const Row& row) -> Result {
    ASSIGN_OR_RETURN(const Value value, operand(row));
    if (IsNull(value)) return Value();
    const auto* fields = std::get_if<std::shared_ptr<Array>>(&value);
    for (size_t i = 0; fields != nullptr && (*fields)->is_struct && i < (*fields)->names.size(); ++i) {
      if ((*fields)->names[i] == field) return (*fields)->values[i];
    }
    return ValueError(absl::StrCat("nothing has a field ", field));
  };
}

Evaluator Element(const Expr& expr) {
  const int64_t base = expr.text.ends_with("ORDINAL") ? 1 : 0;
  const bool safe = expr.text.starts_with("SAFE_");
  return
      [array = Compile(*expr.children[0]), index = Compile(*expr.children[1]), base, safe](const Row& row) -> Result {
        ASSIGN_OR_RETURN(const Value a, array(row));
        ASSIGN_OR_RETURN(const Value i, index(row));
        if (IsNull(a) || IsNull(i)) return Value();
        const auto* values = std::get_if<std::shared_ptr<Array>>(&a);
        const int64_t* position = std::get_if<int64_t>(&i);
        if (values == nullptr || position == nullptr) return ValueError("[] needs an array and an integer");
        if (*position >= base && *position - base < static_cast<int64_t>((*values)->values.size())) {
          return (*values)->values[*position - base];
        }
        // ZetaSQL fails here without SAFE_; a missing feature is NULL there too.
        if (safe || (*values)->values.empty()) return Value();
        return ValueError(absl::StrCat("position ", *position, " is outside of an array of ", (*values)->values.size(),
                                       " values; SAFE_OFFSET or SAFE_ORDINAL gives NULL"));
      };
}

Evaluator Unary(const Expr& expr) {
  Evaluator operand = Compile(*expr.children[0]);
  if (expr.text == "NOT") {
    return [operand = std::move(operand)](const Row& row) -> Result {
      ASSIGN_OR_RETURN(const Value value, operand(row));
      return IsNull(value) ? Value() : Value(!IsTrue(value));
    };
  }
  if (expr.text == "-") {
    return [operand = std::move(operand)](const Row& row) -> Result {
      ASSIGN_OR_RETURN(const Value value, operand(row));
      return Arithmetic('-', Value(int64_t{0}), value);
    };
  }
  return [operand = std::move(operand)](const Row& row) -> Result {
    ASSIGN_OR_RETURN(const Value value, operand(row));
    if (IsNull(value)) return Value();
    if (const int64_t* x = std::get_if<int64_t>(&value)) return Value(~*x);
    return ValueError("~ needs an integer");
  };
}

// AND and OR: `decisive`, FALSE or TRUE, decides on its own, so that the right side is not looked at.
Evaluator Logical(Evaluator left, Evaluator right, bool decisive) {
  return [left = std::move(left), right = std::move(right), decisive](const Row& row) -> Result {
    ASSIGN_OR_RETURN(const Value a, left(row));
    if (!IsNull(a) && IsTrue(a) == decisive) return Value(decisive);
    ASSIGN_OR_RETURN(const Value b, right(row));
    if (!IsNull(b) && IsTrue(b) == decisive) return Value(decisive);
    return IsNull(a) || IsNull(b) ? Value() : Value(!decisive);
  };
}

// An operator that wants the values of both sides.
template <typename Fn>
Evaluator OfBoth(Evaluator left, Evaluator right, Fn fn) {
  return [left = std::move(left), right = std::move(right), fn = std::move(fn)](const Row& row) -> Result {
    ASSIGN_OR_RETURN(Value a, left(row));
    ASSIGN_OR_RETURN(Value b, right(row));
    return fn(a, b, row);
  };
}

Result Like(const Value& a, const Value& b) {
  if (IsNull(a) || IsNull(b)) return Value();
  const std::string *text = std::get_if<std::string>(&a), *pattern = std::get_if<std::string>(&b);
  if (text == nullptr || pattern == nullptr) return ValueError("LIKE compares strings");
  ASSIGN_OR_RETURN(const bool matches, MatchesLike(*text, *pattern));
  return Value(matches);
}

// What functions make counts as steps.
Result CallFunction(Function function, const std::vector<Value>& arguments, const Row& row) {
  ASSIGN_OR_RETURN(Value result, function(arguments));
  if (const auto* array = std::get_if<std::shared_ptr<Array>>(&result)) {
    RETURN_IF_ERROR(row.Take(static_cast<int64_t>((*array)->values.size())));
  } else if (const std::string* text = std::get_if<std::string>(&result)) {
    RETURN_IF_ERROR(row.Take(static_cast<int64_t>(text->size() / 16)));
  }
  return result;
}

Evaluator Binary(const Expr& expr) {
  Evaluator left = Compile(*expr.children[0]), right = Compile(*expr.children[1]);
  const std::string& op = expr.text;
  if (op == "OR" || op == "AND") return Logical(std::move(left), std::move(right), op == "OR");
  auto of_both = [&](auto fn) { return OfBoth(std::move(left), std::move(right), std::move(fn)); };
  if (op == "LIKE") return of_both([](const Value& a, const Value& b, const Row&) { return Like(a, b); });
  if (op == "||") {
    return of_both([concat = FindFunction("CONCAT")](Value& a, Value& b, const Row& row) {
      return CallFunction(concat, {std::move(a), std::move(b)}, row);
    });
  }
  if (op == "+" || op == "-" || op == "*" || op == "/") {
    return of_both([op = op[0]](const Value& a, const Value& b, const Row&) { return Arithmetic(op, a, b); });
  }
  if (op == "|" || op == "^" || op == "&" || op == "<<" || op == ">>") {
    return of_both([op](const Value& a, const Value& b, const Row&) { return Bits(op, a, b); });
  }
  return of_both([op](const Value& a, const Value& b, const Row&) { return Compare(op, a, b); });
}

Evaluator Is(const Expr& expr) {
  return [operand = Compile(*expr.children[0]), null = expr.text == "NULL",
          wanted = expr.text == "TRUE"](const Row& row) -> Result {
    ASSIGN_OR_RETURN(const Value value, operand(row));
    return Value(null ? IsNull(value) : !IsNull(value) && IsTrue(value) == wanted);
  };
}

Evaluator Between(const Expr& expr) {
  return [value = Compile(*expr.children[0]), low = Compile(*expr.children[1]),
          high = Compile(*expr.children[2])](const Row& row) -> Result {
    ASSIGN_OR_RETURN(const Value a, value(row));
    ASSIGN_OR_RETURN(const Value from, low(row));
    ASSIGN_OR_RETURN(const Value to, high(row));
    ASSIGN_OR_RETURN(const Value above, Compare(">=", a, from));
    ASSIGN_OR_RETURN(const Value below, Compare("<=", a, to));
    if (IsNull(above) || IsNull(below)) return Value();
    return Value(IsTrue(above) && IsTrue(below));
  };
}

// Whether a value is among others from `begin` on: NULL if it is not, but may be.
Result IsAmong(const Value& value, const std::vector<Value>& others, size_t begin) {
  bool any_null = false;
  for (size_t i = begin; i < others.size(); ++i) {
    ASSIGN_OR_RETURN(const Value equal, Compare("=", value, others[i]));
    if (IsTrue(equal)) return Value(true);
    any_null |= IsNull(equal);
  }
  return any_null ? Value() : Value(false);
}

Evaluator In(const Expr& expr) {
  return [children = CompileChildren(expr)](const Row& row) -> Result {
    ASSIGN_OR_RETURN(const std::vector<Value> values, EvaluateAll(children, row));
    return IsAmong(values[0], values, 1);
  };
}

Evaluator InArray(const Expr& expr) {
  return [value = Compile(*expr.children[0]), choices = Compile(*expr.children[1])](const Row& row) -> Result {
    ASSIGN_OR_RETURN(const Value a, value(row));
    ASSIGN_OR_RETURN(const Value b, choices(row));
    if (IsNull(b)) return Value(false);
    const auto* array = std::get_if<std::shared_ptr<Array>>(&b);
    if (array == nullptr) return ValueError("IN UNNEST of something that is not an array");
    RETURN_IF_ERROR(row.Take(static_cast<int64_t>((*array)->values.size())));
    return IsAmong(a, (*array)->values, 0);
  };
}

Evaluator Case(const Expr& expr) {
  const bool of = expr.kind == Kind::kCaseOf;
  return [children = CompileChildren(expr), of](const Row& row) -> Result {
    Value wanted;
    size_t i = 0;
    if (of) {
      ASSIGN_OR_RETURN(wanted, children[i++](row));
    }
    for (; i + 1 < children.size(); i += 2) {
      ASSIGN_OR_RETURN(Value holds, children[i](row));
      if (of) {
        ASSIGN_OR_RETURN(holds, Compare("=", wanted, holds));
      }
      if (IsTrue(holds)) return children[i + 1](row);
    }
    return i < children.size() ? children[i](row) : Value();
  };
}

Evaluator CastTo(const Expr& expr) {
  return [operand = Compile(*expr.children[0]), type = expr.text,
          safe = expr.kind == Kind::kSafeCast](const Row& row) -> Result {
    ASSIGN_OR_RETURN(const Value value, operand(row));
    Result result = Cast(type, value);
    if (!result.ok() && safe) return Value();
    return result;
  };
}

Evaluator Call(const Expr& expr) {
  return [function = FindFunction(expr.text), arguments = CompileChildren(expr)](const Row& row) -> Result {
    ASSIGN_OR_RETURN(const std::vector<Value> values, EvaluateAll(arguments, row));
    return CallFunction(function, values, row);
  };
}

// STRUCT(…) and […].
Evaluator ArrayOf(const Expr& expr) {
  Array empty{.is_struct = expr.kind == Kind::kStruct};
  for (size_t i = 0; i < expr.aliases.size(); ++i) empty.names.push_back(NameOf(*expr.children[i], expr.aliases[i]));
  return [empty = std::move(empty), children = CompileChildren(expr)](const Row& row) -> Result {
    auto result = std::make_shared<Array>(empty);
    ASSIGN_OR_RETURN(result->values, EvaluateAll(children, row));
    return Value(std::move(result));
  };
}

Evaluator Subquery(const Expr& expr) {
  return [query = Compile(*expr.query), kind = expr.kind](const Row& row) -> Result {
    Query::Rows rows;
    RETURN_IF_ERROR(query->Run(row, &rows));
    if (kind == Kind::kExists) return Value(!rows.empty());
    if (kind == Kind::kArrayQuery) {
      auto array = std::make_shared<Array>();
      for (auto& columns : rows) array->values.push_back(std::move(columns[0]));
      return Value(std::move(array));
    }
    if (rows.size() > 1) return ValueError("a query as a value has more than one row");
    return rows.empty() ? Value() : std::move(rows[0][0]);
  };
}

}  // namespace

Evaluator Compile(const Expr& expr) {
  switch (expr.kind) {
    case Kind::kLiteral: return Literal(expr);
    case Kind::kName:
    case Kind::kQualifiedName: break;
    case Kind::kFeature: return Feature(expr);
    case Kind::kVariable: return Variable(expr);
    case Kind::kField: return Field(expr);
    case Kind::kElement: return Element(expr);
    case Kind::kUnary: return Unary(expr);
    case Kind::kBinary: return Binary(expr);
    case Kind::kIs: return Is(expr);
    case Kind::kBetween: return Between(expr);
    case Kind::kIn: return In(expr);
    case Kind::kInArray: return InArray(expr);
    case Kind::kCase:
    case Kind::kCaseOf: return Case(expr);
    case Kind::kCast:
    case Kind::kSafeCast: return CastTo(expr);
    case Kind::kCall: return Call(expr);
    case Kind::kAggregate: return AggregateValue(expr);
    case Kind::kStruct:
    case Kind::kArray: return ArrayOf(expr);
    case Kind::kQuery:
    case Kind::kExists:
    case Kind::kArrayQuery: return Subquery(expr);
  }
  return [name = expr.text](const Row&) -> Result {
    return absl::InternalError(absl::StrCat("slice_keys_sql: the name ", name, " was not resolved"));
  };
}

}  // namespace tfxm::model_analysis::sql
