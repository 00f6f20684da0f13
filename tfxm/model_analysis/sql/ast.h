// SPDX-License-Identifier: Apache-2.0

// The syntax tree of the slicing SQL (sql_slicer.h): what parser.h makes of a statement, names.h says what the names in
// it stand for, and compile.h makes a query of. print.h writes it.
#ifndef TFXM_MODEL_ANALYSIS_SQL_AST_H_
#define TFXM_MODEL_ANALYSIS_SQL_AST_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tfxm/model_analysis/sql/value.h"

namespace tfxm::model_analysis::sql {

struct Select;
struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

struct Expr {
  // Behind each kind, what of the fields below it has; the operands are the children, in the order of the text.
  enum class Kind {
    kLiteral,  // value
    // Names as written; ResolveNames leaves none. Of what FROM introduces or of a feature; and text.field, of a column
    // of a query in FROM, or of a field of what text stands for.
    kName,
    kQualifiedName,
    kFeature,    // text
    kVariable,   // text: the name as FROM or the query has it; variable. Only after ResolveNames.
    kField,      // text: the field's name; of the child
    kElement,    // text: OFFSET, ORDINAL, SAFE_OFFSET or SAFE_ORDINAL; children: array, position
    kUnary,      // text: NOT, - or ~
    kBinary,     // text: OR, AND, LIKE, || or the operator; <> is !=
    kIs,         // text: NULL, TRUE or FALSE. IS NOT is a NOT around it, as are NOT IN, NOT BETWEEN and NOT LIKE.
    kBetween,    // children: value, low, high
    kIn,         // children: value, choices
    kInArray,    // children: value, array. IN UNNEST(array), IN (query)
    kCase,       // children: condition, value, …, and the value of ELSE if there is one
    kCaseOf,     // children: what is compared, then as kCase
    kCast,       // text: the type in upper case
    kSafeCast,   // likewise
    kCall,       // text: the function in upper case
    kAggregate,  // text: the function; variable, where its value goes; distinct. No child: COUNT(*)
    kStruct,     // children; aliases, of each
    kArray,      // children
    kQuery,      // query: the value of its only row
    kExists,     // query
    kArrayQuery  // query: the first column of its rows
  };
  Kind kind;
  std::string text;
  std::vector<ExprPtr> children;
  Value value;
  std::string field;
  std::vector<std::optional<std::string>> aliases;
  bool distinct = false;
  std::unique_ptr<Select> query;
  size_t variable = 0;  // ResolveNames sets it: the index into Row::variables (evaluator.h).
};

// An item of FROM: the elements of an array, or the rows of a query.
struct Source {
  ExprPtr array;
  std::optional<size_t> dot;  // Of FROM a.b, its position in the statement.
  std::unique_ptr<Select> query;
  std::optional<std::string> alias, offset;  // AS alias WITH OFFSET AS offset
  ExprPtr condition;                         // ON; may be null.
  // ResolveNames sets them: where the element, or the columns of the row, and the element's position go.
  std::vector<size_t> variables;
  std::optional<size_t> offset_variable;
};

struct Select {
  struct Column {
    ExprPtr expr;
    std::optional<std::string> alias;
  };
  // Of GROUP BY and ORDER BY: a column, if it is named or numbered, or an expression.
  struct Key {
    std::optional<size_t> column;
    ExprPtr expr;
    bool descending = false;
  };
  bool distinct = false, as_struct = false;
  bool parenthesized = false;
  bool starts_with_struct = false;  // The first column is written STRUCT(…).
  std::vector<Column> columns;
  std::vector<Source> sources;
  ExprPtr where, having;  // May be null.
  std::vector<Key> group_by, order_by;
  std::optional<int64_t> limit;
  int64_t offset = 0;
  std::unique_ptr<Select> union_all;  // Whose rows follow.
  // ResolveNames sets it: the aggregate functions of the columns, HAVING and ORDER BY.
  std::vector<const Expr*> aggregates;
};

struct Statement {
  std::string sql;
  std::unique_ptr<Select> select;
  size_t num_variables = 0;  // ResolveNames sets it.
};

// The name of a column or of a STRUCT's field: that after AS, or the one that the expression has by itself, or "".
inline std::string NameOf(const Expr& expr, const std::optional<std::string>& alias) {
  if (alias) return *alias;
  switch (expr.kind) {
    case Expr::Kind::kName:
    case Expr::Kind::kFeature:
    case Expr::Kind::kVariable:
    case Expr::Kind::kField: return expr.text;
    case Expr::Kind::kQualifiedName: return expr.field;
    default: return "";
  }
}

}  // namespace tfxm::model_analysis::sql

#endif  // TFXM_MODEL_ANALYSIS_SQL_AST_H_
