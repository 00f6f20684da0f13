#include "tfxm/util/flags.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tfxm/util/registry.h"

namespace tfxm {
namespace {

// `text` in lines of at most `width` characters, all but the first indented by `indent`.
std::string Wrap(absl::string_view text, size_t width, size_t indent) {
  std::string out;
  size_t column = 0;
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    if (column > 0 && column + 1 + word.size() > width) {
      absl::StrAppend(&out, "\n", std::string(indent, ' '));
      column = 0;
    } else if (column > 0) {
      out += ' ';
      ++column;
    }
    absl::StrAppend(&out, word);
    column += word.size();
  }
  return out;
}

}  // namespace

Flags::Flag& Flags::AddFlag(absl::string_view name, absl::string_view placeholder, absl::string_view help,
                            std::string default_text, std::function<bool(const std::string&)> set) {
  Flag& flag = flags_.emplace_back();
  flag.name = std::string(name);
  flag.placeholder = std::string(placeholder);
  flag.help = std::string(help);
  flag.default_text = std::move(default_text);
  flag.set = std::move(set);
  return flag;
}

Flags::Flag& Flags::Add(absl::string_view name, std::string* value, absl::string_view placeholder,
                        absl::string_view help) {
  return AddFlag(name, placeholder, help, *value, [value](const std::string& text) {
    *value = text;
    return true;
  });
}

Flags::Flag& Flags::Add(absl::string_view name, int64_t* value, absl::string_view placeholder, absl::string_view help) {
  return AddFlag(name, placeholder, help, absl::StrCat(*value),
                 [value](const std::string& text) { return absl::SimpleAtoi(text, value); });
}

Flags::Flag& Flags::Add(absl::string_view name, int* value, absl::string_view placeholder, absl::string_view help) {
  return AddFlag(name, placeholder, help, absl::StrCat(*value),
                 [value](const std::string& text) { return absl::SimpleAtoi(text, value); });
}

Flags::Flag& Flags::Add(absl::string_view name, double* value, absl::string_view placeholder, absl::string_view help) {
  return AddFlag(name, placeholder, help, absl::StrCat(*value),
                 [value](const std::string& text) { return absl::SimpleAtod(text, value); });
}

Flags::Flag& Flags::Add(absl::string_view name, bool* value, absl::string_view help) {
  Flag& flag = AddFlag(name, "", help, *value ? "true" : "",
                       [value](const std::string& text) { return absl::SimpleAtob(text, value); });
  flag.is_bool = true;
  return flag;
}

Flags::Flag& Flags::Add(absl::string_view name, std::vector<std::string>* values, absl::string_view placeholder,
                        absl::string_view help) {
  return AddFlag(name, placeholder, help, "", [values](const std::string& text) {
    values->push_back(text);
    return true;
  });
}

Flags::Flag* Flags::Find(absl::string_view name) {
  const auto it = std::find_if(flags_.begin(), flags_.end(), [&](const Flag& flag) { return flag.name == name; });
  return it == flags_.end() ? nullptr : &*it;
}

absl::Status Flags::Parse(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (argument == "--") break;
    if (argument == "--help" || argument == "-h") {
      help_requested_ = true;
      return absl::OkStatus();
    }
  }
  for (size_t i = 0; i < arguments.size(); ++i) {
    absl::string_view text = arguments[i];
    if (text == "--") {
      positional_.insert(positional_.end(), arguments.begin() + static_cast<ptrdiff_t>(i) + 1, arguments.end());
      break;
    }
    if (text.size() < 2 || text[0] != '-') {
      positional_.emplace_back(text);
      continue;
    }
    text.remove_prefix(text[1] == '-' ? 2 : 1);
    const size_t equals = text.find('=');
    const absl::string_view name = text.substr(0, equals);
    std::string value;
    bool has_value = equals != absl::string_view::npos;
    if (has_value) value = std::string(text.substr(equals + 1));
    Flag* flag = Find(name);
    if (flag == nullptr && absl::StartsWith(name, "no") && !has_value) {
      flag = Find(name.substr(2));
      if (flag != nullptr && !flag->is_bool) flag = nullptr;
      if (flag != nullptr) value = "false", has_value = true;
    }
    if (flag == nullptr && others_ != nullptr) {
      if (!has_value && i + 1 < arguments.size() && !absl::StartsWith(arguments[i + 1], "-")) value = arguments[++i];
      others_->emplace_back(std::string(name), value);
      continue;
    }
    if (flag == nullptr) {
      std::vector<std::string> names;
      for (const Flag& known : flags_) names.push_back("--" + known.name);
      const std::string near = NearestNames(absl::StrCat("--", name), names);
      return absl::InvalidArgumentError(
          absl::StrCat("unknown flag --", name, near.empty() ? "" : absl::StrCat("; did you mean ", near), "?"));
    }
    if (!has_value && flag->is_bool) value = "true", has_value = true;
    if (!has_value && i + 1 < arguments.size()) value = arguments[++i], has_value = true;
    if (!has_value)
      return absl::InvalidArgumentError(absl::StrCat("--", name, " needs a value: --", name, "=", flag->placeholder));
    if (!flag->set(value)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", flag->name, "=", value, ": expected ",
                       flag->is_bool ? "true or false" : absl::StrCat("a number (", flag->placeholder, ")")));
    }
    flag->seen = true;
  }
  for (const Flag& flag : flags_) {
    if (flag.required && !flag.seen) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", flag.name, "=", flag.placeholder, " is missing: ", flag.help));
    }
  }
  return absl::OkStatus();
}

std::string Flags::Help() const {
  constexpr size_t kIndent = 6, kWidth = 94;
  std::string out = absl::StrCat("Usage: ", usage_, "\n\n", description_, "\n");
  if (flags_.empty()) return out;
  absl::StrAppend(&out, "\nFlags:\n");
  for (const Flag& flag : flags_) {
    absl::StrAppend(&out, "  --", flag.name, flag.placeholder.empty() ? "" : "=", flag.placeholder,
                    flag.required ? "  (required)" : "", "\n", std::string(kIndent, ' '));
    std::string help = flag.help;
    if (!flag.default_text.empty()) absl::StrAppend(&help, " (default: ", flag.default_text, ")");
    absl::StrAppend(&out, Wrap(help, kWidth, kIndent), "\n");
  }
  return out;
}

}  // namespace tfxm
