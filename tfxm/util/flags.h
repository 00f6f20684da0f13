// SPDX-License-Identifier: Apache-2.0

// The flags of one command: declared once, parsed, and explained by --help.
//
//   std::string output; int samples = 100; bool quiet = false;
//   Flags flags("tfxm rewrite --saved_model=DIR --output=DIR", "Turns a SavedModel into a TFLite file.");
//   flags.Add("output", &output, "DIR", "where the file goes").Required();
//   flags.Add("samples", &samples, "N", "examples to calibrate with").AtLeast(1);
//   flags.Add("quiet", &quiet, "print nothing but errors");
//   RETURN_IF_ERROR(flags.Parse({"--output=/tmp/x", "--quiet"}));
//
// --name=value and --name value are the same; a bool is set by --name, --name=false and --noname. "--" ends the flags.
// Nothing is taken silently: a flag given twice, an argument too many, a number out of its range are errors.
#ifndef TFXM_UTIL_FLAGS_H_
#define TFXM_UTIL_FLAGS_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tfxm {

class Flags {
 public:
  struct Flag {
    std::string name, placeholder, help, default_text;
    bool required = false, seen = false, is_bool = false, repeatable = false, writes = false;
    double min = -std::numeric_limits<double>::infinity(), max = std::numeric_limits<double>::infinity();
    std::vector<std::string> choices;
    std::string in_place;            // Of one that Writes().
    std::vector<std::string> given;  // The texts.
    // What was expected instead of the text, or nothing.
    std::function<std::string(const Flag&, const std::string&)> set;
    // It must be given, and not be empty.
    Flag& Required() {
      required = true;
      return *this;
    }
    // The range of a number, ends included.
    Flag& AtLeast(double least) { return Between(least, max); }
    Flag& Between(double least, double most) {
      min = least, max = most;
      return *this;
    }
    // It names a file that is written. One that is read, by any other flag or argument, is then an error, but for the
    // flag `in_place`, whose file may be replaced.
    Flag& Writes(std::string in_place_flag = "") {
      writes = true, in_place = std::move(in_place_flag);
      return *this;
    }
    // The texts there are.
    Flag& OneOf(std::vector<std::string> texts) {
      choices = std::move(texts);
      return *this;
    }
  };

  // `usage`: the line that shows how to call it. `description`: what it does, in a few lines.
  Flags(std::string usage, std::string description) : usage_(std::move(usage)), description_(std::move(description)) {}

  // The value that *value has now is the default, shown by --help. `placeholder` stands for the value there.
  Flag& Add(absl::string_view name, std::string* value, absl::string_view placeholder, absl::string_view help);
  Flag& Add(absl::string_view name, int64_t* value, absl::string_view placeholder, absl::string_view help);
  Flag& Add(absl::string_view name, int* value, absl::string_view placeholder, absl::string_view help);
  // NaN and infinities are not numbers here.
  Flag& Add(absl::string_view name, double* value, absl::string_view placeholder, absl::string_view help);
  Flag& Add(absl::string_view name, std::optional<double>* value, absl::string_view placeholder,
            absl::string_view help);
  Flag& Add(absl::string_view name, bool* value, absl::string_view help);
  // May be given several times; each adds a value.
  Flag& Add(absl::string_view name, std::vector<std::string>* values, absl::string_view placeholder,
            absl::string_view help);

  // Flags that are not declared go into *others ("name" and "value") instead of being an error.
  void CollectUnknown(std::vector<std::pair<std::string, std::string>>* others) { others_ = others; }
  // The same, as they were given: for another program to parse.
  void PassUnknownOn(std::vector<std::string>* arguments) { passed_on_ = arguments; }

  // How many arguments that are not flags there may be; without this, none. `how` says how it is called: "give one
  // file: tfxm inspect FILE.tflite".
  void TakeArguments(size_t least, size_t most, std::string how);

  // A UsageError (exit_status.h) names the flag and what is wrong: unknown (with the nearest ones), given twice, a
  // value that does not fit, a required one that is missing. After --help or -h, help_requested() is true and nothing
  // else is checked.
  absl::Status Parse(const std::vector<std::string>& arguments);
  bool help_requested() const { return help_requested_; }
  // What is not a flag, in order.
  const std::vector<std::string>& positional() const { return positional_; }

  std::string Help() const;

 private:
  Flag& AddFlag(absl::string_view name, absl::string_view placeholder, absl::string_view help, std::string default_text,
                std::function<std::string(const Flag&, const std::string&)> set);
  Flag* Find(absl::string_view name);
  absl::Status Set(Flag* flag, const std::string& value);
  absl::Status Unknown(absl::string_view name) const;
  absl::Status CheckArguments(const std::string& flag_before) const;
  absl::Status CheckWritten() const;

  std::string usage_, description_;
  std::deque<Flag> flags_;
  std::vector<std::string> positional_;
  size_t least_arguments_ = 0, most_arguments_ = 0;
  std::string how_;
  std::vector<std::pair<std::string, std::string>>* others_ = nullptr;
  std::vector<std::string>* passed_on_ = nullptr;
  bool help_requested_ = false;
};

}  // namespace tfxm

#endif  // TFXM_UTIL_FLAGS_H_
