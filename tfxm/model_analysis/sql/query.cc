// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/sql/query.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis::sql {
namespace {

struct Group {
  std::vector<Value> variables;  // Of its first row.
  std::vector<AggregateState> states;
};

using RowFunction = std::function<absl::Status()>;

// Calls fn for every row of the cross product of the sources from `depth` on.
absl::Status ForEachRow(const Query& query, const Row& row, size_t depth, const RowFunction& fn) {
  RETURN_IF_ERROR(row.Take(1));
  if (depth == query.sources.size()) {
    if (query.where) {
      ASSIGN_OR_RETURN(const Value holds, query.where(row));
      if (!IsTrue(holds)) return absl::OkStatus();
    }
    return fn();
  }
  const Query::Source& source = query.sources[depth];
  auto next = [&]() -> absl::Status {
    if (source.condition) {
      ASSIGN_OR_RETURN(const Value holds, source.condition(row));
      if (!IsTrue(holds)) return absl::OkStatus();
    }
    return ForEachRow(query, row, depth + 1, fn);
  };
  if (source.query != nullptr) {
    Query::Rows rows;
    RETURN_IF_ERROR(source.query->Run(row, &rows));
    for (const auto& columns : rows) {
      for (size_t i = 0; i < source.variables.size(); ++i) (*row.variables)[source.variables[i]] = columns[i];
      RETURN_IF_ERROR(next());
    }
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const Value value, source.array(row));
  if (IsNull(value)) return absl::OkStatus();
  const auto* array = std::get_if<std::shared_ptr<Array>>(&value);
  if (array == nullptr || (*array)->is_struct) {
    return ValueError("FROM needs features, which are arrays, or UNNEST of an array");
  }
  for (size_t i = 0; i < (*array)->values.size(); ++i) {
    (*row.variables)[source.variables[0]] = (*array)->values[i];
    if (source.offset) (*row.variables)[*source.offset] = Value(static_cast<int64_t>(i));
    RETURN_IF_ERROR(next());
  }
  return absl::OkStatus();
}

// What a query gives for the rows it is shown, in its order.
class Results {
 public:
  explicit Results(const Query& query) : query_(query) {}

  // The row that stands now, unless HAVING or DISTINCT leave it out.
  absl::Status Add(const Row& row) {
    if (query_.having) {
      ASSIGN_OR_RETURN(const Value holds, query_.having(row));
      if (!IsTrue(holds)) return absl::OkStatus();
    }
    Result result;
    std::string identity;
    for (const Evaluator& expression : query_.columns) {
      ASSIGN_OR_RETURN(Value value, expression(row));
      if (query_.distinct) {
        ASSIGN_OR_RETURN(const std::string part, Identity(value));
        absl::StrAppend(&identity, part, ";");
      }
      result.columns.push_back(std::move(value));
    }
    if (query_.distinct && !seen_.insert(std::move(identity)).second) return absl::OkStatus();
    for (const auto& [expression, descending] : query_.order_by) {
      ASSIGN_OR_RETURN(Value value, expression(row));
      result.order.push_back(std::move(value));
    }
    results_.push_back(std::move(result));
    return absl::OkStatus();
  }

  // ORDER BY, LIMIT and OFFSET.
  absl::Status MoveTo(Query::Rows* rows) {
    absl::Status status;
    std::stable_sort(results_.begin(), results_.end(), [&](const Result& a, const Result& b) {
      for (size_t i = 0; i < query_.order_by.size(); ++i) {
        const absl::StatusOr<int> order = Order(a.order[i], b.order[i]);
        if (!order.ok()) {
          status = order.status();
          return false;
        }
        if (*order != 0) return query_.order_by[i].second ? *order > 0 : *order < 0;
      }
      return false;
    });
    RETURN_IF_ERROR(status);
    const int64_t n = static_cast<int64_t>(results_.size()), first = std::min(query_.offset, n);
    const int64_t last = query_.limit ? first + std::min(n - first, *query_.limit) : n;
    for (int64_t i = first; i < last; ++i) rows->push_back(std::move(results_[i].columns));
    return absl::OkStatus();
  }

 private:
  struct Result {
    std::vector<Value> order, columns;
  };
  const Query& query_;
  std::vector<Result> results_;
  std::set<std::string> seen_;
};

// GROUP BY, and aggregates without it.
absl::Status AddGroups(const Query& query, const Row& row, Results* results) {
  std::vector<Group> groups;
  std::map<std::string, size_t> index;
  const std::vector<AggregateState> empty(query.aggregates.size());
  auto add = [&]() -> absl::Status {
    std::string key;
    for (const Evaluator& expression : query.group_by) {
      ASSIGN_OR_RETURN(const Value value, expression(row));
      ASSIGN_OR_RETURN(const std::string part, Identity(value));
      absl::StrAppend(&key, part, ";");
    }
    const auto [it, added] = index.emplace(std::move(key), groups.size());
    if (added) groups.push_back({*row.variables, empty});
    for (size_t i = 0; i < query.aggregates.size(); ++i) {
      RETURN_IF_ERROR(groups[it->second].states[i].Add(query.aggregates[i], row));
    }
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(ForEachRow(query, row, 0, add));
  // Without GROUP BY there is one group, empty or not.
  if (query.group_by.empty() && groups.empty()) groups.push_back({*row.variables, empty});
  for (const Group& group : groups) {
    *row.variables = group.variables;
    for (size_t i = 0; i < query.aggregates.size(); ++i) {
      ASSIGN_OR_RETURN((*row.variables)[query.aggregates[i].variable], group.states[i].Result(query.aggregates[i]));
    }
    RETURN_IF_ERROR(results->Add(row));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Query::Run(const Row& row, Rows* rows) const {
  Results results(*this);
  if (aggregates.empty() && group_by.empty()) {
    RETURN_IF_ERROR(ForEachRow(*this, row, 0, [&] { return results.Add(row); }));
  } else {
    RETURN_IF_ERROR(AddGroups(*this, row, &results));
  }
  RETURN_IF_ERROR(results.MoveTo(rows));
  return union_all != nullptr ? union_all->Run(row, rows) : absl::OkStatus();
}

}  // namespace tfxm::model_analysis::sql
