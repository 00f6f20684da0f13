// SPDX-License-Identifier: Apache-2.0

// tfxm validate
#include <optional>

#include "tfxm/cli/command.h"
#include "tfxm/cli/flags/statistics_source.h"
#include "tfxm/statistics/infer_schema.h"
#include "tfxm/statistics/statistics_display.h"
#include "tfxm/statistics/validate_statistics.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::cli {
namespace {

using tensorflow::metadata::v0::DatasetFeatureStatisticsList;

class ValidateCommand : public Command {
 public:
  std::string No() const override { return "there are anomalies"; }
  Flags MakeFlags() override {
    Flags flags("tfxm validate --schema=schema.pbtxt --data=GLOB [--output=SchemaDiff.pb]",
                "Looks for anomalies of tf.Examples against a schema, as TFDV does.");
    flags.Add("schema", &schema_, "FILE", "the schema").Required();
    source_.AddTo(&flags);
    flags.Add("environment", &environment_, "NAME", "one of the schema's environments, such as SERVING");
    flags.Add("previous_span", &previous_span_, "GLOB",
              "data or statistics of the last span, for the schema's drift_comparators: computed as those of --data");
    flags.Add("previous_version", &previous_version_, "GLOB",
              "the same of the last version of this span, for num_examples_version_comparator");
    flags.Add("serving", &serving_, "GLOB", "the same of what is served, for skew_comparators");
    flags.Add("output", &output_, "FILE", "where to write the Anomalies");
    return flags;
  }
  absl::Status Run(const std::vector<std::string>& arguments) override {
    ASSIGN_OR_RETURN(const auto schema, statistics::ReadSchema(schema_));
    source_.SetSchema(schema);
    ASSIGN_OR_RETURN(const DatasetFeatureStatisticsList statistics,
                     source_.Get(output_, {schema_, previous_span_, previous_version_, serving_}));
    statistics::ValidationOptions options;
    if (!environment_.empty()) options.environment = environment_;
    std::optional<DatasetFeatureStatisticsList> previous_span, previous_version, serving;
    RETURN_IF_ERROR(ReadOther(previous_span_, &previous_span, &options.previous_span));
    RETURN_IF_ERROR(ReadOther(previous_version_, &previous_version, &options.previous_version));
    RETURN_IF_ERROR(ReadOther(serving_, &serving, &options.serving));
    ASSIGN_OR_RETURN(const auto anomalies, statistics::ValidateStatistics(statistics, schema, options));
    if (!output_.empty()) RETURN_IF_ERROR(io::WriteBinaryProto(output_, anomalies));
    RETURN_IF_ERROR(Print(statistics::AnomaliesText(anomalies, TerminalWidth())));
    if (anomalies.anomaly_info().empty() && !anomalies.has_dataset_anomaly_info() && !anomalies.data_missing()) {
      return absl::OkStatus();
    }
    return AnswerIsNo("the data do not conform to the schema (see above)");
  }

 private:
  absl::Status ReadOther(const std::string& patterns, std::optional<DatasetFeatureStatisticsList>* statistics,
                         const DatasetFeatureStatisticsList** option) {
    if (patterns.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(*statistics, source_.GetOther(patterns));
    *option = &**statistics;
    return absl::OkStatus();
  }

  StatisticsSource source_;
  std::string schema_, environment_, previous_span_, previous_version_, serving_, output_;
};

TFXM_REGISTER(CommandRegistry, "validate", [] { return std::make_unique<ValidateCommand>(); });

}  // namespace
}  // namespace tfxm::cli
