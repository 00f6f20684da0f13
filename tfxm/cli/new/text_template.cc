// SPDX-License-Identifier: Apache-2.0

#include "tfxm/cli/new/text_template.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::cli {
namespace {

// The name at the start of `text`, which an "@" follows; empty if it is none.
absl::string_view GapName(absl::string_view text) {
  size_t length = 0;
  while (length < text.size() && (absl::ascii_islower(text[length]) || text[length] == '_')) ++length;
  return length < text.size() && text[length] == '@' ? text.substr(0, length) : absl::string_view();
}

absl::Status AppendLine(absl::string_view line, const std::map<std::string, std::string>& values, std::string* text) {
  for (size_t at = 0; at < line.size();) {
    const absl::string_view name = line[at] == '@' ? GapName(line.substr(at + 1)) : absl::string_view();
    if (name.empty()) {
      text->push_back(line[at++]);
      continue;
    }
    const auto value = values.find(std::string(name));
    if (value == values.end())
      return absl::InternalError(absl::StrCat("a template has @", name, "@, which is not set"));
    text->append(value->second);
    at += name.size() + 2;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> FillTemplate(absl::string_view text, const std::map<std::string, std::string>& values) {
  std::string filled;
  bool inside = false, shown = true;
  for (absl::string_view line : absl::StrSplit(absl::StripSuffix(text, "\n"), '\n')) {
    absl::string_view condition = line;
    if (absl::ConsumePrefix(&condition, "%if ")) {
      const auto value = values.find(std::string(condition));
      inside = true, shown = value != values.end() && !value->second.empty();
    } else if (inside && line == "%else") {
      shown = !shown;
    } else if (inside && line == "%end") {
      inside = false, shown = true;
    } else if (shown) {
      RETURN_IF_ERROR(AppendLine(line, values, &filled));
      filled.push_back('\n');
    }
  }
  if (inside) return absl::InternalError("a template has an %if without %end");
  return filled;
}

}  // namespace tfxm::cli
