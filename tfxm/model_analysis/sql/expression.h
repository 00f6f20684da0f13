// Expressions of the SQL that slices by (sql_slicer.h): parsed once, evaluated per example.
#ifndef TFXM_MODEL_ANALYSIS_SQL_EXPRESSION_H_
#define TFXM_MODEL_ANALYSIS_SQL_EXPRESSION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/data/example_batch.h"

namespace tfxm::model_analysis {

struct SqlArray;
struct SqlQuery;
// NULL, BOOL, INT64, FLOAT (single precision, as features are), DOUBLE, STRING or BYTES, ARRAY or STRUCT.
using SqlValue = std::variant<std::monostate, bool, int64_t, float, double, std::string, std::shared_ptr<SqlArray>>;
struct SqlArray {
  std::vector<SqlValue> values;
  // A STRUCT: the values are its fields, and these their names.
  bool is_struct = false;
  std::vector<std::string> names;
};
inline bool IsNull(const SqlValue& value) { return std::holds_alternative<std::monostate>(value); }
bool IsTrue(const SqlValue& value);
// As tfx_bsl turns a value into a slice value: numbers with 15 digits (float: 6), or if they do not read back as the
// same with 17 (8 or 9), NULL as "NULL".
absl::StatusOr<std::string> ToSliceText(const SqlValue& value);

// The row that an expression is evaluated on: an example, and the current values of what FROM and the aggregate
// functions introduce (SqlParser::num_elements() of them; a query sets its own).
struct SqlRow {
  const data::ExampleBatch* batch;
  int row;
  std::vector<SqlValue>* elements;
  // What the statement may still cost on this example. A config may be somebody else's, and so may the data.
  int64_t* steps_left;

  // For rows gone through, values looked at, array elements and texts made. RESOURCE_EXHAUSTED if it is too much.
  absl::Status Take(int64_t steps) const;
};
inline constexpr int64_t kMaxSqlSteps = 3'000'000;
// The longest text that functions put together.
inline constexpr size_t kMaxSqlText = 16 << 20;
using SqlExpression = std::function<absl::StatusOr<SqlValue>(const SqlRow&)>;

// The feature of an example as an array; NULL if it is missing.
SqlValue FeatureArray(const data::ExampleBatch& batch, int row, const std::string& feature);

struct SqlToken {
  enum class Kind { kEnd, kName, kQuotedName, kInteger, kNumber, kString, kSymbol };
  Kind kind;
  std::string text;  // A name as written; a string without quotes.
  size_t position;
};

// COUNT, SUM, … of the rows of a query (query.h).
struct SqlAggregate {
  std::string function;
  SqlExpression argument;  // Null: COUNT(*).
  bool distinct = false;
  size_t element;  // Where its value goes.
};

class SqlParser {
 public:
  // INVALID_ARGUMENT says where the text stops being SQL.
  static absl::StatusOr<SqlParser> Create(const std::string& sql);

  // Consumes the next token if it is this keyword (upper case) or symbol.
  bool Accept(absl::string_view text);
  absl::Status Expect(absl::string_view text);
  // A name that is no keyword.
  absl::StatusOr<std::string> Name();
  bool AtName() const;
  bool AtEnd() const { return tokens_[next_].kind == SqlToken::Kind::kEnd; }
  absl::Status Error(absl::string_view expected) const;

  // Names in expressions that follow, until they are dropped again; the innermost wins. Returns the element of
  // SqlRow::elements that the name stands for.
  struct Alias {
    std::string qualifier, name;
    size_t element;
  };
  size_t AddAlias(const std::string& qualifier, const std::string& name);
  size_t num_aliases() const { return aliases_.size(); }
  void DropAliases(size_t from) { aliases_.resize(from); }
  size_t AddElement() { return num_elements_++; }
  size_t num_elements() const { return num_elements_; }
  // Where aggregate functions go that are met in expressions; null where there must be none.
  void set_aggregates(std::vector<SqlAggregate>* aggregates) { aggregates_ = aggregates; }
  std::vector<SqlAggregate>* aggregates() const { return aggregates_; }
  size_t position() const { return next_; }
  void set_position(size_t position) { next_ = position; }

  // The next tokens' text in upper case; "" for what is no name or symbol.
  std::string PeekText(int ahead = 0) const;
  absl::StatusOr<int64_t> Integer();

  absl::StatusOr<SqlExpression> Expression();
  // SELECT … [UNION ALL SELECT …] (query.cc).
  absl::StatusOr<std::shared_ptr<SqlQuery>> Query();
  // The name that the expression just parsed has by itself: that of its column, or "".
  const std::string& implicit_name() const { return implicit_name_; }

 private:
  const SqlToken& Peek(int ahead = 0) const { return tokens_[std::min(next_ + ahead, tokens_.size() - 1)]; }
  absl::StatusOr<SqlExpression> And();
  absl::StatusOr<SqlExpression> Not();
  absl::StatusOr<SqlExpression> Comparison();
  absl::StatusOr<SqlExpression> Bits(int level);
  absl::StatusOr<SqlExpression> Sum();
  absl::StatusOr<SqlExpression> Product();
  absl::StatusOr<SqlExpression> Unary();
  absl::StatusOr<SqlExpression> Postfix();
  absl::StatusOr<SqlExpression> Primary();
  absl::StatusOr<SqlExpression> Case();
  absl::StatusOr<SqlExpression> Cast(bool safe);
  absl::StatusOr<SqlExpression> Call(const std::string& function);
  absl::StatusOr<SqlExpression> Struct();
  absl::StatusOr<SqlExpression> ArrayLiteral();
  // EXISTS(query), ARRAY(query) and (query): what the query's rows become.
  absl::StatusOr<SqlExpression> Subquery(const std::string& kind);
  absl::StatusOr<SqlExpression> Aggregate(const std::string& function);
  absl::StatusOr<SqlExpression> Column(const std::string& name);

  // Closures are nested as the statement is, so that depth is limited: within parentheses and the like (as long as a
  // Level lives), and by operators one behind the other (Chain).
  class Level {
   public:
    explicit Level(SqlParser* parser) : parser_(parser) { ++parser_->depth_; }
    ~Level() { --parser_->depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    absl::Status Check() const;

   private:
    SqlParser* const parser_;
  };
  absl::Status Chain();

  std::string sql_;
  std::vector<SqlToken> tokens_;
  size_t next_ = 0;
  int depth_ = 0, chained_ = 0;
  absl::StatusOr<std::shared_ptr<SqlQuery>> Select();
  absl::Status From(SqlQuery* query);

  std::vector<Alias> aliases_;
  size_t num_elements_ = 0;
  std::vector<SqlAggregate>* aggregates_ = nullptr;
  std::string implicit_name_;
};

// The functions that may be called, by upper-case name; null if there is none. NULL for a NULL argument, except the
// conditional ones.
using SqlFunction = absl::StatusOr<SqlValue> (*)(const std::vector<SqlValue>& arguments);
SqlFunction FindSqlFunction(const std::string& name);
SqlFunction FindMoreSqlFunction(const std::string& name);  // Those in more_functions.cc.
// Three-valued comparison: NULL if either is; an error if the types do not compare.
absl::StatusOr<SqlValue> CompareSql(const std::string& op, const SqlValue& a, const SqlValue& b);
absl::StatusOr<SqlValue> ArithmeticSql(char op, const SqlValue& a, const SqlValue& b);
absl::StatusOr<SqlValue> CastSql(const std::string& type, const SqlValue& value);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_SQL_EXPRESSION_H_
