#include "tfxm/model_analysis/sql_slicer.h"

#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/sql_expression.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {

struct SqlSlicer::Statement {
  std::vector<std::string> sources;  // Features that FROM unnests.
  std::vector<SqlExpression> conditions;
  std::vector<std::pair<std::string, SqlExpression>> fields;

  absl::Status Emit(const SqlRow& row, std::vector<SliceKey>* keys) const {
    for (const SqlExpression& condition : conditions) {
      ASSIGN_OR_RETURN(const SqlValue holds, condition(row));
      if (!IsTrue(holds)) return absl::OkStatus();
    }
    SliceKey key;
    for (const auto& [name, expression] : fields) {
      ASSIGN_OR_RETURN(const SqlValue value, expression(row));
      ASSIGN_OR_RETURN(std::string text, ToSliceText(value));
      key.emplace_back(name, std::move(text));
    }
    keys->push_back(std::move(key));
    return absl::OkStatus();
  }

  // The cross product of the sources from `depth` on.
  absl::Status Unnest(const SqlRow& row, size_t depth, std::vector<SqlValue>* elements,
                      std::vector<SliceKey>* keys) const {
    if (depth == sources.size()) return Emit(row, keys);
    const SqlValue array = FeatureArray(*row.batch, row.row, sources[depth]);
    if (IsNull(array)) return absl::OkStatus();
    for (const SqlValue& element : std::get<std::shared_ptr<SqlArray>>(array)->values) {
      (*elements)[depth] = element;
      RETURN_IF_ERROR(Unnest(row, depth + 1, elements, keys));
    }
    return absl::OkStatus();
  }
};

SqlSlicer::SqlSlicer() = default;
SqlSlicer::~SqlSlicer() = default;

absl::Status SqlSlicer::AddStatement(const std::string& sql) {
  ASSIGN_OR_RETURN(SqlParser parser, SqlParser::Create(sql));
  do {
    auto statement = std::make_unique<Statement>();
    parser.ClearAliases();
    RETURN_IF_ERROR(parser.Expect("SELECT"));
    RETURN_IF_ERROR(parser.Expect("STRUCT"));
    RETURN_IF_ERROR(parser.Expect("("));
    // The fields use names that FROM introduces: skip them first.
    const size_t fields = parser.position();
    for (int depth = 1; depth > 0;) {
      if (parser.AtEnd()) return parser.Error("\")\"");
      if (parser.Accept("(")) {
        ++depth;
      } else if (parser.Accept(")")) {
        --depth;
      } else {
        parser.set_position(parser.position() + 1);
      }
    }
    if (parser.Accept("FROM")) {
      while (true) {
        const bool unnest = parser.Accept("UNNEST");
        if (unnest) RETURN_IF_ERROR(parser.Expect("("));
        ASSIGN_OR_RETURN(std::string name, parser.Name());
        if (name == "example" && parser.Accept(".")) {
          ASSIGN_OR_RETURN(name, parser.Name());
        }
        if (unnest) RETURN_IF_ERROR(parser.Expect(")"));
        statement->sources.push_back(name);
        if (parser.Accept("AS") || parser.AtName()) {
          ASSIGN_OR_RETURN(name, parser.Name());
        }
        parser.AddAlias(name);
        if (parser.Accept("ON")) {
          ASSIGN_OR_RETURN(SqlExpression condition, parser.Expression());
          statement->conditions.push_back(std::move(condition));
        }
        const bool cross = parser.Accept("CROSS") || parser.Accept("INNER");
        if (cross || !parser.Accept(",")) {
          if (!parser.Accept("JOIN")) {
            if (cross) return parser.Error("\"JOIN\"");
            break;
          }
        }
      }
    }
    if (parser.Accept("WHERE")) {
      ASSIGN_OR_RETURN(SqlExpression condition, parser.Expression());
      statement->conditions.push_back(std::move(condition));
    }
    const size_t end = parser.position();
    parser.set_position(fields);
    if (!parser.Accept(")")) {
      do {
        ASSIGN_OR_RETURN(SqlExpression expression, parser.Expression());
        std::string name = parser.implicit_name();
        if (parser.Accept("AS")) {
          ASSIGN_OR_RETURN(name, parser.Name());
        }
        if (name.empty()) return parser.Error("AS and a name, which the slice is called by,");
        statement->fields.emplace_back(std::move(name), std::move(expression));
      } while (parser.Accept(","));
      RETURN_IF_ERROR(parser.Expect(")"));
    }
    parser.set_position(end);
    statements_.push_back(std::move(statement));
    if (!parser.Accept("UNION")) break;
    RETURN_IF_ERROR(parser.Expect("ALL"));
  } while (true);
  parser.Accept(";");
  if (!parser.AtEnd()) return parser.Error("the end of the statement");
  return absl::OkStatus();
}

absl::Status SqlSlicer::Slice(const data::ExampleBatch& batch, int row, std::vector<SliceKey>* keys) const {
  for (const auto& statement : statements_) {
    std::vector<SqlValue> elements(statement->sources.size());
    RETURN_IF_ERROR(statement->Unnest({&batch, row, &elements}, 0, &elements, keys));
  }
  return absl::OkStatus();
}

}  // namespace tfxm::model_analysis
