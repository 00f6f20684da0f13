#include "tfxm/model_analysis/sql/query.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

// A text that is the same for equal values only.
absl::StatusOr<std::string> Identity(const SqlValue& value) {
  if (const bool* x = std::get_if<bool>(&value)) return absl::StrCat(*x ? "true" : "false");
  if (const float* x = std::get_if<float>(&value)) return absl::StrFormat("n%.17g", *x);
  if (const double* x = std::get_if<double>(&value)) return absl::StrFormat("n%.17g", *x);
  if (const int64_t* x = std::get_if<int64_t>(&value)) return absl::StrCat("n", *x);
  if (const std::string* x = std::get_if<std::string>(&value)) return absl::StrCat(x->size(), ":", *x);
  if (IsNull(value)) return "";
  return absl::InvalidArgumentError("slice_keys_sql: arrays and structs cannot be grouped or made distinct");
}

// NULL comes first.
absl::StatusOr<int> Order(const SqlValue& a, const SqlValue& b) {
  if (IsNull(a) || IsNull(b)) return IsNull(b) - IsNull(a);
  ASSIGN_OR_RETURN(const SqlValue less, CompareSql("<", a, b));
  if (IsTrue(less)) return -1;
  ASSIGN_OR_RETURN(const SqlValue greater, CompareSql(">", a, b));
  return IsTrue(greater);
}

// The state of one aggregate function.
struct AggregateState {
  int64_t count = 0;
  SqlValue value;  // Of SUM, MIN, MAX, …; NULL at first.
  std::set<std::string> seen;

  absl::Status Add(const SqlAggregate& aggregate, const SqlRow& row) {
    if (!aggregate.argument) {
      ++count;
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const SqlValue x, aggregate.argument(row));
    if (IsNull(x)) return absl::OkStatus();
    if (aggregate.distinct) {
      ASSIGN_OR_RETURN(std::string identity, Identity(x));
      if (!seen.insert(std::move(identity)).second) return absl::OkStatus();
    }
    const std::string& function = aggregate.function;
    if (function == "COUNTIF") {
      count += IsTrue(x);
      return absl::OkStatus();
    }
    ++count;
    if (function == "COUNT") return absl::OkStatus();
    if (IsNull(value)) {
      // Sums of single precision are made in double precision.
      const float* single = std::get_if<float>(&x);
      value = single != nullptr && (function == "SUM" || function == "AVG") ? SqlValue(double{*single}) : x;
    } else if (function == "SUM" || function == "AVG") {
      ASSIGN_OR_RETURN(value, ArithmeticSql('+', value, x));
    } else if (function == "MIN" || function == "MAX") {
      ASSIGN_OR_RETURN(const SqlValue better, CompareSql(function == "MIN" ? "<" : ">", x, value));
      if (IsTrue(better)) value = x;
    } else if (function == "LOGICAL_OR") {
      value = SqlValue(IsTrue(value) || IsTrue(x));
    } else if (function == "LOGICAL_AND") {
      value = SqlValue(IsTrue(value) && IsTrue(x));
    }
    return absl::OkStatus();
  }
  absl::StatusOr<SqlValue> Result(const SqlAggregate& aggregate) const {
    if (aggregate.function == "COUNT" || aggregate.function == "COUNTIF") return SqlValue(count);
    if (aggregate.function == "AVG") return ArithmeticSql('/', value, SqlValue(static_cast<double>(count)));
    return value;
  }
};

struct Group {
  std::vector<SqlValue> elements;  // Of its first row.
  std::vector<AggregateState> states;
};

using RowFunction = std::function<absl::Status()>;

// Calls fn for every row of the cross product of the sources from `depth` on.
absl::Status ForEachRow(const SqlQuery& query, const SqlRow& row, size_t depth, const RowFunction& fn) {
  RETURN_IF_ERROR(row.Take(1));
  if (depth == query.sources.size()) {
    if (query.where) {
      ASSIGN_OR_RETURN(const SqlValue holds, query.where(row));
      if (!IsTrue(holds)) return absl::OkStatus();
    }
    return fn();
  }
  const SqlQuery::Source& source = query.sources[depth];
  auto next = [&]() -> absl::Status {
    if (source.condition) {
      ASSIGN_OR_RETURN(const SqlValue holds, source.condition(row));
      if (!IsTrue(holds)) return absl::OkStatus();
    }
    return ForEachRow(query, row, depth + 1, fn);
  };
  if (source.query != nullptr) {
    SqlQuery::Rows rows;
    RETURN_IF_ERROR(source.query->Run(row, &rows));
    for (const auto& columns : rows) {
      for (size_t i = 0; i < source.elements.size(); ++i) (*row.elements)[source.elements[i]] = columns[i];
      RETURN_IF_ERROR(next());
    }
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const SqlValue value, source.array(row));
  if (IsNull(value)) return absl::OkStatus();
  const auto* array = std::get_if<std::shared_ptr<SqlArray>>(&value);
  if (array == nullptr || (*array)->is_struct) {
    return absl::InvalidArgumentError("slice_keys_sql: FROM needs features, which are arrays, or UNNEST of an array");
  }
  for (size_t i = 0; i < (*array)->values.size(); ++i) {
    (*row.elements)[source.elements[0]] = (*array)->values[i];
    if (source.offset) (*row.elements)[*source.offset] = SqlValue(static_cast<int64_t>(i));
    RETURN_IF_ERROR(next());
  }
  return absl::OkStatus();
}

}  // namespace

bool IsSqlAggregate(const std::string& name) {
  static const std::set<std::string> kNames = {"COUNT", "COUNTIF",    "SUM",         "AVG",      "MIN",
                                               "MAX",   "LOGICAL_OR", "LOGICAL_AND", "ANY_VALUE"};
  return kNames.count(name) > 0;
}

absl::Status SqlQuery::Run(const SqlRow& row, Rows* rows) const {
  struct Result {
    std::vector<SqlValue> order, columns;
  };
  std::vector<Result> results;
  std::set<std::string> seen;
  auto emit = [&]() -> absl::Status {
    if (having) {
      ASSIGN_OR_RETURN(const SqlValue holds, having(row));
      if (!IsTrue(holds)) return absl::OkStatus();
    }
    Result result;
    std::string identity;
    for (const auto& [name, expression] : columns) {
      ASSIGN_OR_RETURN(SqlValue value, expression(row));
      if (distinct) {
        ASSIGN_OR_RETURN(const std::string part, Identity(value));
        absl::StrAppend(&identity, part, ";");
      }
      result.columns.push_back(std::move(value));
    }
    if (distinct && !seen.insert(std::move(identity)).second) return absl::OkStatus();
    for (const auto& [expression, descending] : order_by) {
      ASSIGN_OR_RETURN(SqlValue value, expression(row));
      result.order.push_back(std::move(value));
    }
    results.push_back(std::move(result));
    return absl::OkStatus();
  };
  if (aggregates.empty() && group_by.empty()) {
    RETURN_IF_ERROR(ForEachRow(*this, row, 0, emit));
  } else {
    std::vector<Group> groups;
    std::map<std::string, size_t> index;
    auto add = [&]() -> absl::Status {
      std::string key;
      for (const SqlExpression& expression : group_by) {
        ASSIGN_OR_RETURN(const SqlValue value, expression(row));
        ASSIGN_OR_RETURN(const std::string part, Identity(value));
        absl::StrAppend(&key, part, ";");
      }
      const auto [it, added] = index.emplace(std::move(key), groups.size());
      if (added) groups.push_back({*row.elements, std::vector<AggregateState>(aggregates.size())});
      for (size_t i = 0; i < aggregates.size(); ++i) {
        RETURN_IF_ERROR(groups[it->second].states[i].Add(aggregates[i], row));
      }
      return absl::OkStatus();
    };
    RETURN_IF_ERROR(ForEachRow(*this, row, 0, add));
    // Without GROUP BY there is one group, empty or not.
    if (group_by.empty() && groups.empty()) {
      groups.push_back({*row.elements, std::vector<AggregateState>(aggregates.size())});
    }
    for (const Group& group : groups) {
      *row.elements = group.elements;
      for (size_t i = 0; i < aggregates.size(); ++i) {
        ASSIGN_OR_RETURN((*row.elements)[aggregates[i].element], group.states[i].Result(aggregates[i]));
      }
      RETURN_IF_ERROR(emit());
    }
  }
  absl::Status status;
  std::stable_sort(results.begin(), results.end(), [&](const Result& a, const Result& b) {
    for (size_t i = 0; i < order_by.size(); ++i) {
      const absl::StatusOr<int> order = Order(a.order[i], b.order[i]);
      if (!order.ok()) {
        status = order.status();
        return false;
      }
      if (*order != 0) return order_by[i].second ? *order > 0 : *order < 0;
    }
    return false;
  });
  RETURN_IF_ERROR(status);
  const int64_t n = static_cast<int64_t>(results.size()), first = std::min(offset, n);
  const int64_t last = limit ? first + std::min(n - first, *limit) : n;
  for (int64_t i = first; i < last; ++i) rows->push_back(std::move(results[i].columns));
  return union_all != nullptr ? union_all->Run(row, rows) : absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<SqlQuery>> SqlParser::Query() {
  const Level level(this);
  RETURN_IF_ERROR(level.Check());
  const bool parenthesized = Accept("(");
  ASSIGN_OR_RETURN(std::shared_ptr<SqlQuery> query, Select());
  if (parenthesized) RETURN_IF_ERROR(Expect(")"));
  if (Accept("UNION")) {
    RETURN_IF_ERROR(Expect("ALL"));
    ASSIGN_OR_RETURN(query->union_all, Query());
    if (query->union_all->columns.size() != query->columns.size()) {
      return absl::InvalidArgumentError(absl::StrCat("slice_keys_sql: the sides of UNION ALL have ",
                                                     query->columns.size(), " and ", query->union_all->columns.size(),
                                                     " columns: ", sql_));
    }
  }
  return query;
}

absl::Status SqlParser::From(SqlQuery* query) {
  while (true) {
    SqlQuery::Source source;
    std::string name;
    if (PeekText() == "(" && PeekText(1) == "SELECT") {
      ASSIGN_OR_RETURN(source.query, Query());
    } else if (Accept("UNNEST")) {
      RETURN_IF_ERROR(Expect("("));
      ASSIGN_OR_RETURN(source.array, Expression());
      name = implicit_name_;
      RETURN_IF_ERROR(Expect(")"));
    } else {
      if (!AtName()) return Error("a feature, UNNEST or a query");
      ASSIGN_OR_RETURN(source.array, Primary());
      name = implicit_name_;
    }
    if (Accept("AS") || AtName()) {
      ASSIGN_OR_RETURN(name, Name());
    }
    if (source.query != nullptr) {
      for (const auto& [column, expression] : source.query->columns) {
        source.elements.push_back(AddAlias(name, column));
      }
    } else {
      source.elements.push_back(AddAlias("", name));
      if (Accept("WITH")) {
        if (PeekText() != "OFFSET") return Error("OFFSET");
        ++next_;
        std::string offset = "offset";
        if (Accept("AS") || AtName()) {
          ASSIGN_OR_RETURN(offset, Name());
        }
        source.offset = AddAlias("", offset);
      }
    }
    if (Accept("ON")) {
      ASSIGN_OR_RETURN(source.condition, Expression());
    }
    query->sources.push_back(std::move(source));
    if (Accept(",")) continue;
    const bool cross = Accept("CROSS") || Accept("INNER");
    if (Accept("JOIN")) continue;
    return cross ? Error("\"JOIN\"") : absl::OkStatus();
  }
}

absl::StatusOr<std::shared_ptr<SqlQuery>> SqlParser::Select() {
  auto query = std::make_shared<SqlQuery>();
  const size_t outer_aliases = num_aliases();
  std::vector<SqlAggregate>* const outer_aggregates = aggregates_;
  RETURN_IF_ERROR(Expect("SELECT"));
  query->distinct = Accept("DISTINCT");
  if (PeekText() == "AS" && PeekText(1) == "STRUCT") {
    next_ += 2;
    query->as_struct = true;
  }
  // The columns use names that FROM introduces: skip them first.
  const size_t columns = position();
  static const std::set<std::string> kEnds = {"FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "UNION", ";"};
  for (int depth = 0; !AtEnd(); ++next_) {
    const std::string text = PeekText();
    if (depth == 0 && (kEnds.count(text) > 0 || text == ")")) break;
    depth += text == "(" || text == "[";
    depth -= text == ")" || text == "]";
  }
  aggregates_ = nullptr;
  if (Accept("FROM")) RETURN_IF_ERROR(From(query.get()));
  if (Accept("WHERE")) {
    ASSIGN_OR_RETURN(query->where, Expression());
  }
  const size_t rest = position();
  set_position(columns);
  query->may_be_struct = PeekText() == "STRUCT";
  for (const SqlQuery::Source& source : query->sources) query->may_be_struct |= source.query != nullptr;
  aggregates_ = &query->aggregates;
  do {
    ASSIGN_OR_RETURN(SqlExpression expression, Expression());
    std::string name = implicit_name_;
    if (Accept("AS") || AtName()) {
      ASSIGN_OR_RETURN(name, Name());
    }
    if (query->as_struct && name.empty()) return Error("AS and a name, which the slice is called by,");
    query->columns.emplace_back(std::move(name), std::move(expression));
  } while (Accept(","));
  if (!AtEnd() && kEnds.count(PeekText()) == 0 && PeekText() != ")") return Error("\",\" or FROM");
  set_position(rest);
  // A column by its name or number, or an expression.
  auto column_or_expression = [&]() -> absl::StatusOr<SqlExpression> {
    const SqlToken& token = Peek();
    int64_t number;
    if (token.kind == SqlToken::Kind::kInteger && absl::SimpleAtoi(token.text, &number) && number >= 1 &&
        number <= static_cast<int64_t>(query->columns.size())) {
      ++next_;
      return query->columns[number - 1].second;
    }
    for (const auto& [name, expression] : query->columns) {
      const std::string after = PeekText(1);
      if (!name.empty() && token.text == name && AtName() && after != "." && after != "(" && after != "[") {
        ++next_;
        return expression;
      }
    }
    return Expression();
  };
  if (Accept("GROUP")) {
    RETURN_IF_ERROR(Expect("BY"));
    aggregates_ = nullptr;
    do {
      ASSIGN_OR_RETURN(SqlExpression expression, column_or_expression());
      query->group_by.push_back(std::move(expression));
    } while (Accept(","));
    aggregates_ = &query->aggregates;
  }
  if (Accept("HAVING")) {
    ASSIGN_OR_RETURN(query->having, Expression());
  }
  if (Accept("ORDER")) {
    RETURN_IF_ERROR(Expect("BY"));
    do {
      ASSIGN_OR_RETURN(SqlExpression expression, column_or_expression());
      const std::string direction = PeekText();
      if (direction == "ASC" || direction == "DESC") ++next_;
      query->order_by.emplace_back(std::move(expression), direction == "DESC");
    } while (Accept(","));
  }
  if (Accept("LIMIT")) {
    ASSIGN_OR_RETURN(query->limit, Integer());
    if (PeekText() == "OFFSET") {
      ++next_;
      ASSIGN_OR_RETURN(query->offset, Integer());
    }
  }
  DropAliases(outer_aliases);
  aggregates_ = outer_aggregates;
  return query;
}

absl::StatusOr<SqlExpression> SqlParser::Subquery(const std::string& kind) {
  RETURN_IF_ERROR(Expect("("));
  ASSIGN_OR_RETURN(const std::shared_ptr<SqlQuery> query, Query());
  RETURN_IF_ERROR(Expect(")"));
  implicit_name_.clear();
  return SqlExpression([query, kind](const SqlRow& row) -> absl::StatusOr<SqlValue> {
    SqlQuery::Rows rows;
    RETURN_IF_ERROR(query->Run(row, &rows));
    if (kind == "EXISTS") return SqlValue(!rows.empty());
    if (kind == "ARRAY") {
      auto array = std::make_shared<SqlArray>();
      for (auto& columns : rows) array->values.push_back(std::move(columns[0]));
      return SqlValue(std::move(array));
    }
    if (rows.size() > 1) return absl::InvalidArgumentError("slice_keys_sql: a query as a value has more than one row");
    return rows.empty() ? SqlValue() : std::move(rows[0][0]);
  });
}

absl::StatusOr<SqlExpression> SqlParser::Aggregate(const std::string& function) {
  std::vector<SqlAggregate>* const aggregates = aggregates_;
  if (aggregates == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("slice_keys_sql: ", function, " cannot be used here, only among what is selected: ", sql_));
  }
  SqlAggregate aggregate{.function = function, .argument = nullptr, .element = AddElement()};
  if (!(function == "COUNT" && Accept("*"))) {
    aggregate.distinct = Accept("DISTINCT");
    aggregates_ = nullptr;
    ASSIGN_OR_RETURN(aggregate.argument, Expression());
    aggregates_ = aggregates;
  }
  RETURN_IF_ERROR(Expect(")"));
  implicit_name_.clear();
  const size_t element = aggregate.element;
  aggregates->push_back(std::move(aggregate));
  return SqlExpression([element](const SqlRow& row) -> absl::StatusOr<SqlValue> { return (*row.elements)[element]; });
}

}  // namespace tfxm::model_analysis
