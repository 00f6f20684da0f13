// SPDX-License-Identifier: Apache-2.0

// tfxm schema
#include "absl/strings/str_cat.h"
#include "tfxm/cli/command.h"
#include "tfxm/cli/flags/statistics_source.h"
#include "tfxm/statistics/infer_schema.h"
#include "tfxm/statistics/statistics_display.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::cli {
namespace {

using tensorflow::metadata::v0::DatasetFeatureStatisticsList;
using tensorflow::metadata::v0::Schema;

// The line of the first comment in a message as text, 0 if there is none.
int CommentLine(absl::string_view text) {
  int line = 1;
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      ++line;
      quote = 0;
    } else if (quote != 0) {
      if (c == '\\') ++i;
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '#') {
      return line;
    }
  }
  return 0;
}

class SchemaCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags(
        "tfxm schema --data=GLOB [--update=schema.pbtxt] [--output=schema.pbtxt]",
        "Infers a schema as TFDV does. Prints it as a table; the file is a tensorflow.metadata.v0.Schema as text.");
    source_.AddTo(&flags);
    flags.Add("update", &update_, "FILE",
              "a schema that is widened until the data fit, instead of inferring one: as tfdv.update_schema");
    flags
        .Add("output", &output_, "FILE",
             "where to write schema.pbtxt; it may be that of --update, if that has no comments")
        .Writes("update");
    flags.Add("infer_feature_shape", &options_.infer_feature_shape,
              "a fixed shape where every example has as many values");
    flags.Add("max_string_domain_size", &options_.max_string_domain_size, "N", "strings with more values get no domain")
        .AtLeast(0);
    return flags;
  }
  absl::Status Run(const std::vector<std::string>& arguments) override {
    Schema schema;
    if (!update_.empty()) {
      ASSIGN_OR_RETURN(schema, statistics::ReadSchema(update_));
      RETURN_IF_ERROR(CheckKeepsComments());
      source_.SetSchema(schema);
    }
    ASSIGN_OR_RETURN(const DatasetFeatureStatisticsList statistics, source_.Get(output_));
    if (update_.empty()) {
      ASSIGN_OR_RETURN(schema, statistics::InferSchema(statistics, options_));
    } else {
      ASSIGN_OR_RETURN(schema, statistics::UpdateSchema(schema, statistics, options_.max_string_domain_size));
    }
    if (!output_.empty()) RETURN_IF_ERROR(statistics::WriteSchema(output_, schema));
    return Print(statistics::SchemaText(schema, TerminalWidth()));
  }

 private:
  // A schema may be widened where it is, if nothing of it is lost: it is written anew.
  absl::Status CheckKeepsComments() const {
    if (output_.empty() || !io::IsSameFile(update_, output_)) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::string text, io::ReadFile(update_));
    const int line = CommentLine(text);
    if (line == 0) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(
        "--output=", output_, ": is the schema that is updated, and its comments would be lost, the first in line ",
        line, "; name another file, or take the comments out of this one"));
  }

  StatisticsSource source_;
  statistics::InferSchemaOptions options_;
  std::string update_, output_;
};

TFXM_REGISTER(CommandRegistry, "schema", [] { return std::make_unique<SchemaCommand>(); });

}  // namespace
}  // namespace tfxm::cli
