// The words that the slicing SQL consists of.
#include <algorithm>
#include <cctype>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/sql/expression.h"

namespace tfxm::model_analysis {

absl::StatusOr<SqlParser> SqlParser::Create(const std::string& sql) {
  SqlParser parser;
  parser.sql_ = sql;
  auto add = [&](SqlToken::Kind kind, std::string text, size_t position) {
    parser.tokens_.push_back({kind, std::move(text), position});
  };
  for (size_t i = 0; i < sql.size();) {
    const char c = sql[i];
    const size_t start = i;
    if (std::isspace(static_cast<unsigned char>(c))) {
      ++i;
    } else if (c == '#' || (c == '-' && sql.compare(i, 2, "--") == 0)) {
      while (i < sql.size() && sql[i] != '\n') ++i;
    } else if (c == '/' && sql.compare(i, 2, "/*") == 0) {
      const size_t end = sql.find("*/", i + 2);
      i = end == std::string::npos ? sql.size() : end + 2;
    } else if (c == '\'' || c == '"' || c == '`' ||
               (std::strchr("bBrR", c) && i + 1 < sql.size() && (sql[i + 1] == '\'' || sql[i + 1] == '"'))) {
      const bool raw = c == 'r' || c == 'R';
      if (std::isalpha(static_cast<unsigned char>(c))) ++i;
      const char quote = sql[i++];
      std::string text;
      while (i < sql.size() && sql[i] != quote) {
        if (sql[i] == '\\' && i + 1 < sql.size() && !raw) ++i;
        text.push_back(sql[i++]);
      }
      if (i >= sql.size())
        return absl::InvalidArgumentError(
            absl::StrCat("slice_keys_sql: the quote at character ", start, " is not closed: ", sql));
      ++i;
      add(quote == '`' ? SqlToken::Kind::kQuotedName : SqlToken::Kind::kString, std::move(text), start);
    } else if (std::isalpha(static_cast<unsigned char>(c)) || c == '_') {
      while (i < sql.size() && (std::isalnum(static_cast<unsigned char>(sql[i])) || sql[i] == '_')) ++i;
      add(SqlToken::Kind::kName, sql.substr(start, i - start), start);
    } else if (std::isdigit(static_cast<unsigned char>(c)) ||
               (c == '.' && i + 1 < sql.size() && std::isdigit(static_cast<unsigned char>(sql[i + 1])))) {
      bool integer = true;
      while (i < sql.size() &&
             (std::isdigit(static_cast<unsigned char>(sql[i])) || sql[i] == '.' || sql[i] == 'e' || sql[i] == 'E' ||
              ((sql[i] == '-' || sql[i] == '+') && (sql[i - 1] == 'e' || sql[i - 1] == 'E')))) {
        integer &= std::isdigit(static_cast<unsigned char>(sql[i])) != 0;
        ++i;
      }
      add(integer ? SqlToken::Kind::kInteger : SqlToken::Kind::kNumber, sql.substr(start, i - start), start);
    } else {
      static const std::vector<std::string> kTwo = {"<=", ">=", "<>", "!=", "||", "<<", ">>"};
      i += std::find(kTwo.begin(), kTwo.end(), sql.substr(i, 2)) != kTwo.end() ? 2 : 1;
      add(SqlToken::Kind::kSymbol, sql.substr(start, i - start), start);
    }
  }
  add(SqlToken::Kind::kEnd, "", sql.size());
  return parser;
}

}  // namespace tfxm::model_analysis
