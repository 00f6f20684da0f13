// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/modules/compiler_messages.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "re2/re2.h"
#include "tfxm/util/files/list_tree.h"
#include "tfxm/util/io.h"
#include "tfxm/util/registry.h"

namespace tfxm {
namespace {

bool IsWord(char c) { return absl::ascii_isalnum(c) || c == '_'; }

// The public headers of tfxm, as text without comments.
class Headers {
 public:
  explicit Headers(const std::vector<std::string>& include_dirs) {
    for (const std::string& dir : include_dirs) {
      const std::string root = io::JoinPath(dir, "tfxm");
      if (!io::IsDirectory(root)) continue;
      for (const TreeFile& file : ListTree(root).value_or(std::vector<TreeFile>())) {
        const std::string name = io::JoinPath("tfxm", file.path);
        if (!absl::EndsWith(name, ".h") || absl::StrContains(name, "/internal/")) continue;
        texts_[name] = WithoutComments(io::ReadFile(io::JoinPath(dir, name)).value_or(""));
      }
      break;
    }
  }

  // Field name -> declaration ("DataType dtype") of a struct; empty if there is none of that name.
  std::map<std::string, std::string> Fields(const std::string& name) const {
    for (const auto& [path, text] : texts_) {
      const size_t at = text.find(absl::StrCat("struct ", name, " "));
      const size_t open = at == std::string::npos ? at : text.find_first_of("{;", at);
      if (open != std::string::npos && text[open] == '{') return ParseFields(text, open + 1);
    }
    return {};
  }

  // The header that defines a macro, class, struct or function.
  std::string HeaderOf(const std::string& name) const {
    std::string best;
    for (const char* pattern : {"#define %(", "class % ", "struct % ", "using % =", " %("}) {
      for (const auto& [path, text] : texts_) {
        const size_t at = text.find(absl::StrReplaceAll(pattern, {{"%", name}}));
        if (at == std::string::npos) continue;
        const size_t line_end = text.find('\n', at);
        // Not a mere declaration, a member or a call.
        const std::string line = text.substr(at, line_end - at);
        if (absl::EndsWith(line, ";") && (pattern[0] == 'c' || pattern[0] == 's')) continue;
        const size_t line_begin = text.rfind('\n', at) + 1;
        if (pattern[0] == ' ' && text[line_begin] == ' ') continue;
        if (best.empty() || path.size() < best.size()) best = path;
      }
      if (!best.empty()) break;
    }
    return best;
  }

 private:
  static std::string WithoutComments(const std::string& text) {
    std::string out;
    for (const absl::string_view line : absl::StrSplit(text, '\n')) {
      absl::StrAppend(&out, line.substr(0, line.find("//")), "\n");
    }
    return out;
  }

  static std::map<std::string, std::string> ParseFields(const std::string& text, size_t at) {
    std::map<std::string, std::string> fields;
    std::string declaration;
    int depth = 0;
    for (; at < text.size(); ++at) {
      const char c = text[at];
      if (c == '}' && depth == 0) break;
      if (c == '{' || c == '(') ++depth;
      if (c == '}' || c == ')') --depth;
      if (c != ';' || depth != 0) {
        declaration += c == '\n' ? ' ' : c;
        continue;
      }
      AddField(declaration, &fields);
      declaration.clear();
    }
    return fields;
  }

  // "  std::string a = "x", b" declares a and b.
  static void AddField(const std::string& declaration, std::map<std::string, std::string>* fields) {
    const std::string head = declaration.substr(0, declaration.find_first_of("={("));
    if (absl::StrContains(declaration, "(") && !absl::StrContains(declaration.substr(0, declaration.find('(')), "=")) {
      if (!absl::StrContains(head, "function<")) return;  // A member function.
    }
    size_t end = head.find_last_not_of(' ');
    if (end == std::string::npos) return;
    size_t begin = end;
    while (begin > 0 && IsWord(head[begin - 1])) --begin;
    const std::string name = head.substr(begin, end + 1 - begin);
    const std::string type(absl::StripAsciiWhitespace(head.substr(0, begin)));
    if (!type.empty()) (*fields)[name] = absl::StrCat(type, " ", name);
  }

  std::map<std::string, std::string> texts_;
};

// The designators of each brace list in some lines of code: {.a = 1, .b = {.c = 2}} has the groups {a, b} and {c}.
std::vector<std::vector<std::string>> DesignatorGroups(absl::string_view code) {
  std::vector<std::vector<std::string>> groups;
  std::vector<size_t> open;
  bool in_string = false;
  for (size_t i = 0; i < code.size(); ++i) {
    if (code[i] == '"' && (i == 0 || code[i - 1] != '\\')) in_string = !in_string;
    if (in_string) continue;
    if (code[i] == '{') {
      open.push_back(groups.size());
      groups.emplace_back();
    } else if (code[i] == '}' && !open.empty()) {
      open.pop_back();
    } else if (code[i] == '.' && !open.empty()) {
      size_t before = i;
      while (before > 0 && absl::ascii_isspace(code[before - 1])) --before;
      if (before == 0 || (code[before - 1] != '{' && code[before - 1] != ',')) continue;
      size_t end = i + 1;
      while (end < code.size() && IsWord(code[end])) ++end;
      groups[open.back()].emplace_back(code.substr(i + 1, end - i - 1));
    }
  }
  std::erase_if(groups, [](const auto& group) { return group.empty(); });
  return groups;
}

struct Diagnostic {
  std::string place, file, text;
  int line = 0;
  std::vector<std::string> rest;  // The lines after it, up to the next error.
};

std::vector<Diagnostic> Errors(absl::string_view output) {
  static const re2::RE2& kError = *new re2::RE2(R"((.+):(\d+):(\d+): (?:fatal )?error: (.*))", re2::RE2::Latin1);
  std::vector<Diagnostic> errors;
  for (const absl::string_view line : absl::StrSplit(output, '\n')) {
    std::string file, row, column, text;
    if (re2::RE2::FullMatch(line, kError, &file, &row, &column, &text)) {
      Diagnostic& error = errors.emplace_back();
      error.file = file;
      error.place = absl::StrCat(file, ":", row, ":", column);
      (void)absl::SimpleAtoi(row, &error.line);
      error.text = text;
    } else if (!errors.empty()) {
      errors.back().rest.emplace_back(line);
    }
  }
  return errors;
}

// The lines of code of the statement that `line` is in: back to the end of the one before, at most 20.
std::string Statement(const std::string& file, int line) {
  const std::vector<std::string> lines = absl::StrSplit(io::ReadFile(file).value_or(""), '\n');
  if (line < 1 || static_cast<size_t>(line) > lines.size()) return "";
  int first = line - 1;
  while (first > 0 && line - first < 20 && !absl::StrContains(lines[first - 1], ';')) --first;
  size_t last = static_cast<size_t>(line - 1);
  while (last + 1 < lines.size() && last < static_cast<size_t>(line) + 20 && !absl::StrContains(lines[last], ';'))
    ++last;
  return absl::StrJoin(lines.begin() + first, lines.begin() + static_cast<ptrdiff_t>(last) + 1, "\n");
}

// The text between typographic or plain quotes after `before`.
std::string Quoted(absl::string_view text, absl::string_view before) {
  size_t at = before.empty() ? 0 : text.find(before);
  if (at == absl::string_view::npos) return "";
  text.remove_prefix(at + before.size());
  for (const auto& [open, close] : {std::pair("\u2018", "\u2019"), std::pair("'", "'")}) {
    const size_t begin = text.find(open);
    if (begin == absl::string_view::npos) continue;
    const size_t start = begin + std::string(open).size();
    const size_t end = text.find(close, start);
    if (end != absl::string_view::npos) return std::string(text.substr(start, end - start));
  }
  return "";
}

std::string LastName(absl::string_view type) {
  while (!type.empty() && !IsWord(type.back())) type.remove_suffix(1);
  size_t begin = type.size();
  while (begin > 0 && IsWord(type[begin - 1])) --begin;
  return std::string(type.substr(begin));
}

std::string DataTypeHint(const std::string& statement) {
  static const re2::RE2& kText = *new re2::RE2(R"re(\.dtype\s*=\s*"(\w+)")re", re2::RE2::Latin1);
  std::string name;
  if (!re2::RE2::PartialMatch(statement, kText, &name)) return "";
  if (name == "float32") name = "float";
  if (name == "float64") name = "double";
  name[0] = absl::ascii_toupper(name[0]);
  return absl::StrCat("dtype is a DataType and no text: .dtype = DataType::k", name);
}

// A brace list that does not fit the struct it is for.
std::string ExplainOptions(const Headers& headers, const Diagnostic& error) {
  const std::string type =
      absl::StrContains(error.text, "initialization of reference")
          ? Quoted(error.text, "of type ")
          : Quoted(error.text, absl::StrContains(error.text, ">\u2019 to ") ? ">\u2019 to " : ">' to ");
  const std::string statement = Statement(error.file, error.line);
  if (const std::string hint = DataTypeHint(statement); !hint.empty()) return hint;
  const std::string name = LastName(type);
  const std::map<std::string, std::string> fields = headers.Fields(name);
  if (name.empty() || fields.empty()) return "";
  std::vector<std::string> names, unknown;
  for (const auto& [field, declaration] : fields) names.push_back(field);
  const auto is_unknown = [&](const std::string& n) { return fields.count(n) == 0; };
  const std::vector<std::vector<std::string>> groups = DesignatorGroups(statement);
  for (const auto& group : groups) {  // A list that has some of the options and others, too.
    if (!std::any_of(group.begin(), group.end(), [&](const std::string& n) { return !is_unknown(n); })) continue;
    std::copy_if(group.begin(), group.end(), std::back_inserter(unknown), is_unknown);
  }
  if (unknown.empty()) {  // One that has none of them, but a name like one of them; or else the only one.
    for (const auto& group : groups) {
      const bool fits = std::none_of(group.begin(), group.end(), is_unknown);
      if (!fits && (groups.size() == 1 || !NearestNames(group[0], names, 1).empty())) unknown = group;
    }
  }
  std::vector<std::string> declarations;
  for (const auto& [field, declaration] : fields) declarations.push_back(declaration);
  const std::string all = absl::StrCat("\n  its options: ", absl::StrJoin(declarations, ", "));
  if (unknown.empty()) return absl::StrCat("a value has another type than its option of ", name, all);
  const std::string near = NearestNames(unknown[0], names, 1);
  return absl::StrCat(name, " has no option \"", unknown[0], "\"",
                      near.empty() ? "" : absl::StrCat("; did you mean ", near, "?"), all);
}

std::string ExplainMissing(const Headers& headers, const Diagnostic& error) {
  const std::string name = LastName(Quoted(error.text, ""));
  if (absl::StrContains(error.text, "metadata::v0::")) {
    return absl::StrCat("a header is missing: #include \"tensorflow_metadata/proto/v0/",
                        absl::StrContains(error.text, "Anomal") ? "anomalies"
                        : name == "Schema"                      ? "schema"
                                                                : "statistics",
                        ".pb.h\"");
  }
  const std::string header = headers.HeaderOf(name);
  return header.empty() ? "" : absl::StrCat(name, " is in a header that is not included: #include \"", header, "\"");
}

std::string ExplainReturnType(const Diagnostic& error) {
  struct Expected {
    const char* name;
    const char* declaration;
  };
  for (const Expected& e :
       {Expected{"run_fn", "absl::Status run_fn(const FnArgs& fn_args)"},
        Expected{"RunFn", "absl::Status RunFn(const FnArgs& fn_args)"},
        Expected{"preprocessing_fn",
                 "absl::StatusOr<tft::TensorMap> preprocessing_fn(const tft::TensorMap& inputs)"}}) {
    if (absl::StrContains(error.text, absl::StrCat(" ", e.name, "("))) {
      return absl::StrCat(e.name, " has another return type than is expected: ", e.declaration);
    }
  }
  return "";
}

std::string Explain(const Headers& headers, const Diagnostic& error) {
  const absl::string_view text = error.text;
  if (absl::StrContains(text, "ambiguating new declaration") ||
      absl::StrContains(text, "differ only in their return")) {
    return ExplainReturnType(error);
  }
  if (absl::StrContains(text, "<brace-enclosed initializer list>") || absl::StrContains(text, "no field") ||
      absl::StrContains(text, "no non-static data member named")) {
    return ExplainOptions(headers, error);
  }
  if (absl::StrContains(text, "was not declared") || absl::StrContains(text, "has not been declared") ||
      absl::StrContains(text, "does not name a type") || absl::StrContains(text, "incomplete type") ||
      (absl::StrContains(text, "is not a member of") && !absl::StrContains(text, "did you mean"))) {
    return ExplainMissing(headers, error);
  }
  return "";
}

std::string CodeLine(const Diagnostic& error) {
  for (const std::string& line : error.rest) {
    if (absl::StrContains(line, " | ")) return line;
  }
  return "";
}

}  // namespace

std::string ExplainCompilerOutput(absl::string_view output, const std::vector<std::string>& include_dirs) {
  const Headers headers(include_dirs);
  const std::vector<Diagnostic> errors = Errors(output);
  std::string explained, others;
  std::set<std::string> said, explained_lines;
  std::vector<std::string> explanations;
  for (const Diagnostic& error : errors) {
    explanations.push_back(Explain(headers, error));
    if (!explanations.back().empty()) explained_lines.insert(absl::StrCat(error.file, ":", error.line));
  }
  for (size_t i = 0; i < errors.size(); ++i) {
    const Diagnostic& error = errors[i];
    if (!explanations[i].empty()) {
      if (said.insert(explanations[i]).second) {
        const std::string code = CodeLine(error);
        absl::StrAppend(&explained, error.place, ": error: ", explanations[i], "\n", code, code.empty() ? "" : "\n");
      }
    } else if (explained_lines.count(absl::StrCat(error.file, ":", error.line)) == 0) {
      // What follows from a mistake on the same line is left out.
      absl::StrAppend(&others, error.place, ": error: ", error.text, "\n", absl::StrJoin(error.rest, "\n"), "\n");
    }
  }
  if (explained.empty()) return std::string(output);
  return others.empty() ? explained : absl::StrCat(explained, others);
}

}  // namespace tfxm
