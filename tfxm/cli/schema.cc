// SPDX-License-Identifier: Apache-2.0

// tfxm schema
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

class SchemaCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags(
        "tfxm schema --data=GLOB [--output=schema.pbtxt]",
        "Infers a schema as TFDV does. Prints it as a table; the file is a tensorflow.metadata.v0.Schema as text.");
    source_.AddTo(&flags);
    flags.Add("output", &output_, "FILE", "where to write schema.pbtxt");
    flags.Add("infer_feature_shape", &options_.infer_feature_shape,
              "a fixed shape where every example has as many values");
    flags.Add("max_string_domain_size", &options_.max_string_domain_size, "N", "strings with more values get no domain")
        .AtLeast(0);
    flags.Add("update", &update_, "FILE", "a schema, which is widened to fit instead");
    return flags;
  }
  absl::Status Run(const std::vector<std::string>& arguments) override {
    ASSIGN_OR_RETURN(const DatasetFeatureStatisticsList statistics, source_.Get(output_));
    ASSIGN_OR_RETURN(const auto schema, Make(statistics));
    if (!output_.empty()) RETURN_IF_ERROR(statistics::WriteSchema(output_, schema));
    return Print(statistics::SchemaText(schema, TerminalWidth()));
  }

 private:
  absl::StatusOr<tensorflow::metadata::v0::Schema> Make(const DatasetFeatureStatisticsList& statistics) const {
    if (update_.empty()) return statistics::InferSchema(statistics, options_);
    ASSIGN_OR_RETURN(const auto schema, statistics::ReadSchema(update_));
    return statistics::UpdateSchema(schema, statistics, options_.max_string_domain_size);
  }

  StatisticsSource source_;
  statistics::InferSchemaOptions options_;
  std::string output_, update_;
};

TFXM_REGISTER(CommandRegistry, "schema", [] { return std::make_unique<SchemaCommand>(); });

}  // namespace
}  // namespace tfxm::cli
