// SPDX-License-Identifier: Apache-2.0

// tfxm schema
#include "tfxm/cli/command.h"
#include "tfxm/cli/flags/statistics_source.h"
#include "tfxm/statistics/infer_schema.h"
#include "tfxm/statistics/statistics_display.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::cli {
namespace {

using tensorflow::metadata::v0::DatasetFeatureStatisticsList;
using tensorflow::metadata::v0::Schema;

class SchemaCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags(
        "tfxm schema --data=GLOB [--update=schema.pbtxt] [--output=schema.pbtxt]",
        "Infers a schema as TFDV does. Prints it as a table; the file is a tensorflow.metadata.v0.Schema as text.");
    source_.AddTo(&flags);
    flags.Add("update", &update_, "FILE",
              "a schema that is widened until the data fit, instead of inferring one: as tfdv.update_schema");
    flags.Add("output", &output_, "FILE", "where to write schema.pbtxt").Writes("update");
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
      source_.SetSchema(schema);
    }
    // A schema may be widened where it is.
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
  StatisticsSource source_;
  statistics::InferSchemaOptions options_;
  std::string update_, output_;
};

TFXM_REGISTER(CommandRegistry, "schema", [] { return std::make_unique<SchemaCommand>(); });

}  // namespace
}  // namespace tfxm::cli
