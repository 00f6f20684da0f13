// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/flags.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/io.h"
#include "tfxm/util/registry.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

// What the placeholders of flags that name files are made of; JSON may be in a file.
constexpr absl::string_view kPaths[] = {"FILE", "PATH", "GLOB", "JSON", "DB"};

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

std::string NumberText(double x) { return absl::StrFormat("%.15g", x); }

// "a whole number from 1 to 10"
std::string Expected(const Flags::Flag& flag, absl::string_view kind, double min, double max) {
  min = std::max(min, flag.min), max = std::min(max, flag.max);
  const bool has_min = std::isfinite(min), has_max = std::isfinite(max);
  return absl::StrCat(kind, has_min && has_max ? absl::StrCat(" from ", NumberText(min), " to ", NumberText(max))
                            : has_min          ? absl::StrCat(" of at least ", NumberText(min))
                            : has_max          ? absl::StrCat(" of at most ", NumberText(max))
                                               : "");
}

template <typename Int>
std::string SetInteger(const Flags::Flag& flag, const std::string& text, Int* value) {
  using Limits = std::numeric_limits<Int>;
  int64_t number;
  if (absl::SimpleAtoi(text, &number) && number >= Limits::min() && number <= Limits::max() &&
      static_cast<double>(number) >= flag.min && static_cast<double>(number) <= flag.max) {
    *value = static_cast<Int>(number);
    return "";
  }
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr bool kAny = std::is_same_v<Int, int64_t>;  // The limits of others are worth saying.
  return Expected(flag, "a whole number", kAny ? -kInfinity : Limits::min(), kAny ? kInfinity : Limits::max());
}

std::string SetDouble(const Flags::Flag& flag, const std::string& text, double* value) {
  double number;
  if (absl::SimpleAtod(text, &number) && std::isfinite(number) && number >= flag.min && number <= flag.max) {
    *value = number;
    return "";
  }
  return Expected(flag, "a number", flag.min, flag.max);
}

}  // namespace

Flags::Flag& Flags::AddFlag(absl::string_view name, absl::string_view placeholder, absl::string_view help,
                            std::string default_text, std::function<std::string(const Flag&, const std::string&)> set) {
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
  return AddFlag(name, placeholder, help, *value, [value](const Flag& flag, const std::string& text) -> std::string {
    if (!flag.choices.empty() && std::find(flag.choices.begin(), flag.choices.end(), text) == flag.choices.end()) {
      return absl::StrJoin(flag.choices, ", ");
    }
    *value = text;
    return "";
  });
}

Flags::Flag& Flags::Add(absl::string_view name, int64_t* value, absl::string_view placeholder, absl::string_view help) {
  return AddFlag(name, placeholder, help, absl::StrCat(*value),
                 [value](const Flag& flag, const std::string& text) { return SetInteger(flag, text, value); });
}

Flags::Flag& Flags::Add(absl::string_view name, int* value, absl::string_view placeholder, absl::string_view help) {
  return AddFlag(name, placeholder, help, absl::StrCat(*value),
                 [value](const Flag& flag, const std::string& text) { return SetInteger(flag, text, value); });
}

Flags::Flag& Flags::Add(absl::string_view name, double* value, absl::string_view placeholder, absl::string_view help) {
  return AddFlag(name, placeholder, help, absl::StrCat(*value),
                 [value](const Flag& flag, const std::string& text) { return SetDouble(flag, text, value); });
}

Flags::Flag& Flags::Add(absl::string_view name, std::optional<double>* value, absl::string_view placeholder,
                        absl::string_view help) {
  return AddFlag(
      name, placeholder, help, *value ? absl::StrCat(**value) : "",
      [value](const Flag& flag, const std::string& text) { return SetDouble(flag, text, &value->emplace()); });
}

Flags::Flag& Flags::Add(absl::string_view name, bool* value, absl::string_view help) {
  Flag& flag = AddFlag(name, "", help, *value ? "true" : "", [value](const Flag&, const std::string& text) {
    return absl::SimpleAtob(text, value) ? "" : "true or false";
  });
  flag.is_bool = true;
  return flag;
}

Flags::Flag& Flags::Add(absl::string_view name, std::vector<std::string>* values, absl::string_view placeholder,
                        absl::string_view help) {
  Flag& flag = AddFlag(name, placeholder, help, "", [values](const Flag&, const std::string& text) {
    values->push_back(text);
    return "";
  });
  flag.repeatable = true;
  return flag;
}

void Flags::TakeArguments(size_t least, size_t most, std::string how) {
  least_arguments_ = least;
  most_arguments_ = most;
  how_ = std::move(how);
}

Flags::Flag* Flags::Find(absl::string_view name) {
  const auto it = std::find_if(flags_.begin(), flags_.end(), [&](const Flag& flag) { return flag.name == name; });
  return it == flags_.end() ? nullptr : &*it;
}

absl::Status Flags::Set(Flag* flag, const std::string& value) {
  if (flag->seen && !flag->repeatable) {
    return UsageError(absl::StrCat("--", flag->name, " is given twice, the second time as \"", value, "\""));
  }
  flag->seen = true;
  flag->given.push_back(value);
  if (flag->required && value.empty()) return UsageError(absl::StrCat("--", flag->name, "= is empty: ", flag->help));
  if (const std::string expected = flag->set(*flag, value); !expected.empty()) {
    return UsageError(absl::StrCat("--", flag->name, "=", value, ": expected ", expected));
  }
  return absl::OkStatus();
}

absl::Status Flags::Unknown(absl::string_view name) const {
  std::vector<std::string> names;
  for (const Flag& known : flags_) names.push_back("--" + known.name);
  const std::string near = NearestNames(absl::StrCat("--", name), names);
  return UsageError(
      absl::StrCat("unknown flag --", name, near.empty() ? "" : absl::StrCat("; did you mean ", near, "?")));
}

// `flag_before`: the flag that the first argument too many follows, which may be one of several files that a shell made
// of its pattern.
absl::Status Flags::CheckArguments(const std::string& flag_before) const {
  if (positional_.size() < least_arguments_) return UsageError(how_);
  if (positional_.size() <= most_arguments_) return absl::OkStatus();
  const std::string& first = positional_[most_arguments_];
  if (most_arguments_ > 0) return UsageError(absl::StrCat("\"", first, "\" is one argument too many; ", how_));
  return UsageError(absl::StrCat(
      "\"", first, "\" is not a flag; flags are --name=value",
      flag_before.empty() ? ""
                          : absl::StrCat(". If a pattern was meant, put it in quotes: --", flag_before, "='DIR/*'")));
}

// What is read never is written. Patterns and folders are looked at by those who take them.
absl::Status Flags::CheckWritten() const {
  for (const Flag& flag : flags_) {
    if (!flag.writes || flag.given.empty() || flag.given[0].empty() || io::IsDirectory(flag.given[0])) continue;
    const std::string& file = flag.given[0];
    const auto read = [&](absl::string_view text, absl::string_view how) -> absl::Status {
      // Also the second part of NAME=FILE.
      if (!io::IsSameFile(file, text) && !io::IsSameFile(file, text.substr(text.find('=') + 1))) {
        return absl::OkStatus();
      }
      return UsageError(absl::StrCat("--", flag.name, "=", file, " is what is read (", how, text,
                                     "); give the name of another file"));
    };
    for (const Flag& other : flags_) {
      const bool is_path = std::any_of(std::begin(kPaths), std::end(kPaths), [&](absl::string_view path) {
        return absl::StrContains(other.placeholder, path);
      });
      if (&other == &flag || !is_path || other.name == flag.in_place) continue;
      if (other.writes && !other.given.empty() && io::AbsolutePath(other.given[0]) == io::AbsolutePath(file)) {
        return UsageError(
            absl::StrCat("--", flag.name, " and --", other.name, " write one file, ", file, "; give two names"));
      }
      for (const std::string& text : other.given) RETURN_IF_ERROR(read(text, absl::StrCat("--", other.name, "=")));
    }
    for (const std::string& text : positional_) RETURN_IF_ERROR(read(text, ""));
  }
  return absl::OkStatus();
}

absl::Status Flags::Parse(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (argument == "--") break;
    if (argument == "--help" || argument == "-h") {
      help_requested_ = true;
      return absl::OkStatus();
    }
  }
  std::string last_flag, flag_before_extra;
  const auto add_argument = [&](const std::string& argument) {
    positional_.push_back(argument);
    if (positional_.size() == most_arguments_ + 1) flag_before_extra = last_flag;
  };
  for (size_t i = 0; i < arguments.size(); ++i) {
    absl::string_view text = arguments[i];
    if (text == "--") {
      while (++i < arguments.size()) add_argument(arguments[i]);
      break;
    }
    if (text.size() < 2 || text[0] != '-') {
      add_argument(arguments[i]);
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
    if (flag == nullptr && (others_ != nullptr || passed_on_ != nullptr)) {
      if (passed_on_ != nullptr) passed_on_->push_back(arguments[i]);
      if (!has_value && i + 1 < arguments.size() && !absl::StartsWith(arguments[i + 1], "-")) {
        value = arguments[++i];
        if (passed_on_ != nullptr) passed_on_->push_back(value);
      }
      if (others_ == nullptr) continue;
      const bool twice = std::any_of(others_->begin(), others_->end(), [&](const auto& o) { return o.first == name; });
      if (twice) return UsageError(absl::StrCat("--", name, " is given twice, the second time as \"", value, "\""));
      others_->emplace_back(std::string(name), value);
      last_flag = std::string(name);
      continue;
    }
    if (flag == nullptr) return Unknown(name);
    if (!has_value && flag->is_bool) value = "true", has_value = true;
    if (!has_value && i + 1 < arguments.size()) value = arguments[++i], has_value = true;
    if (!has_value) return UsageError(absl::StrCat("--", name, " needs a value: --", name, "=", flag->placeholder));
    RETURN_IF_ERROR(Set(flag, value));
    last_flag = flag->is_bool ? "" : flag->name;
  }
  RETURN_IF_ERROR(CheckArguments(flag_before_extra));
  for (const Flag& flag : flags_) {
    if (flag.required && !flag.seen) {
      return UsageError(absl::StrCat("--", flag.name, "=", flag.placeholder, " is missing: ", flag.help));
    }
  }
  return CheckWritten();
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
    if (!flag.default_text.empty() && !flag.required) absl::StrAppend(&help, " (default: ", flag.default_text, ")");
    absl::StrAppend(&out, Wrap(help, kWidth, kIndent), "\n");
  }
  return out;
}

}  // namespace tfxm
