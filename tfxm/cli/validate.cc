// SPDX-License-Identifier: Apache-2.0

// tfxm validate
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
    flags.Add("previous_stats", &previous_, "FILE", "statistics that drift is measured to (drift_comparator)");
    flags.Add("serving_stats", &serving_, "FILE", "statistics that skew is measured to (skew_comparator)");
    flags.Add("output", &output_, "FILE", "where to write the Anomalies");
    return flags;
  }
  absl::Status Run(const std::vector<std::string>& arguments) override {
    ASSIGN_OR_RETURN(const auto schema, statistics::ReadSchema(schema_));
    ASSIGN_OR_RETURN(const DatasetFeatureStatisticsList statistics,
                     source_.Get(output_, {schema_, previous_, serving_}));
    statistics::ValidationOptions options;
    if (!environment_.empty()) options.environment = environment_;
    DatasetFeatureStatisticsList previous, serving;
    if (!previous_.empty()) {
      RETURN_IF_ERROR(io::ReadBinaryProto(previous_, &previous));
      options.previous_span = &previous;
    }
    if (!serving_.empty()) {
      RETURN_IF_ERROR(io::ReadBinaryProto(serving_, &serving));
      options.serving = &serving;
    }
    ASSIGN_OR_RETURN(const auto anomalies, statistics::ValidateStatistics(statistics, schema, options));
    if (!output_.empty()) RETURN_IF_ERROR(io::WriteBinaryProto(output_, anomalies));
    RETURN_IF_ERROR(Print(statistics::AnomaliesText(anomalies, TerminalWidth())));
    if (anomalies.anomaly_info().empty() && !anomalies.has_dataset_anomaly_info() && !anomalies.data_missing()) {
      return absl::OkStatus();
    }
    return AnswerIsNo("the data do not conform to the schema (see above)");
  }

 private:
  StatisticsSource source_;
  std::string schema_, environment_, previous_, serving_, output_;
};

TFXM_REGISTER(CommandRegistry, "validate", [] { return std::make_unique<ValidateCommand>(); });

}  // namespace
}  // namespace tfxm::cli
