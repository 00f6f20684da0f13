// SPDX-License-Identifier: Apache-2.0

// tfxm stats, tfxm schema and tfxm validate
#include "tfxm/cli/command.h"
#include "tfxm/data/examples.h"
#include "tfxm/statistics/infer_schema.h"
#include "tfxm/statistics/statistics_accumulator.h"
#include "tfxm/statistics/statistics_display.h"
#include "tfxm/statistics/validate_statistics.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::cli {
namespace {

using tensorflow::metadata::v0::DatasetFeatureStatisticsList;

// Statistics of data, or those of a file made before.
class StatisticsSource {
 public:
  void AddTo(Flags* flags) {
    flags->Add("data", &data_, "GLOB",
               "TFRecords of tf.Examples, plain or gzip: globs or directories, separated by commas");
    flags->Add("stats", &stats_, "FILE", "instead of --data: statistics made before (FeatureStats.pb)");
    flags->Add("weight_feature", &options_.weight_feature, "NAME", "a feature that weighs the examples");
  }

  // `output`: the file that will be written, `others`: what else is read. Wrong ones are found out before the work.
  absl::StatusOr<DatasetFeatureStatisticsList> Get(const std::string& output,
                                                   std::vector<std::string> others = {}) const {
    DatasetFeatureStatisticsList statistics;
    if (data_.empty() == stats_.empty()) return UsageError("give either --data=GLOB or --stats=FILE");
    std::vector<std::string> files = {stats_};
    if (stats_.empty()) {
      ASSIGN_OR_RETURN(files, data::MatchFiles(data_));
    }
    others.insert(others.end(), files.begin(), files.end());
    RETURN_IF_ERROR(CheckOutputFile("output", output, others));
    if (stats_.empty()) return statistics::GenerateStatistics(files, options_);
    if (!options_.weight_feature.empty()) {
      return UsageError("--weight_feature is for --data: the statistics in --stats are made already");
    }
    RETURN_IF_ERROR(io::ReadBinaryProto(stats_, &statistics));
    return statistics;
  }

 private:
  std::string data_, stats_;
  statistics::StatsOptions options_;
};

class StatsCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags("tfxm stats --data=GLOB [--output=FeatureStats.pb]",
                "Statistics of tf.Examples, with TFDV's definitions. Prints a table; the file can be read by TFDV.");
    source_.AddTo(&flags);
    flags.Add("output", &output_, "FILE", "where to write the DatasetFeatureStatisticsList");
    return flags;
  }
  absl::Status Run(const std::vector<std::string>& arguments) override {
    ASSIGN_OR_RETURN(const DatasetFeatureStatisticsList statistics, source_.Get(output_));
    if (!output_.empty()) RETURN_IF_ERROR(io::WriteBinaryProto(output_, statistics));
    return Print(statistics::StatisticsText(statistics, "", TerminalWidth()));
  }

 private:
  StatisticsSource source_;
  std::string output_;
};

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
    return flags;
  }
  absl::Status Run(const std::vector<std::string>& arguments) override {
    ASSIGN_OR_RETURN(const DatasetFeatureStatisticsList statistics, source_.Get(output_));
    ASSIGN_OR_RETURN(const auto schema, statistics::InferSchema(statistics, options_));
    if (!output_.empty()) RETURN_IF_ERROR(statistics::WriteSchema(output_, schema));
    return Print(statistics::SchemaText(schema, TerminalWidth()));
  }

 private:
  StatisticsSource source_;
  statistics::InferSchemaOptions options_;
  std::string output_;
};

class ValidateCommand : public Command {
 public:
  std::string No() const override { return "there are anomalies"; }
  Flags MakeFlags() override {
    Flags flags("tfxm validate --schema=schema.pbtxt --data=GLOB [--output=SchemaDiff.pb]",
                "Looks for anomalies of tf.Examples against a schema, as TFDV does.");
    flags.Add("schema", &schema_, "FILE", "the schema").Required();
    source_.AddTo(&flags);
    flags.Add("environment", &environment_, "NAME", "one of the schema's environments, such as SERVING");
    flags.Add("output", &output_, "FILE", "where to write the Anomalies");
    return flags;
  }
  absl::Status Run(const std::vector<std::string>& arguments) override {
    ASSIGN_OR_RETURN(const auto schema, statistics::ReadSchema(schema_));
    ASSIGN_OR_RETURN(const DatasetFeatureStatisticsList statistics, source_.Get(output_, {schema_}));
    statistics::ValidationOptions options;
    if (!environment_.empty()) options.environment = environment_;
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
  std::string schema_, environment_, output_;
};

TFXM_REGISTER(CommandRegistry, "stats", [] { return std::make_unique<StatsCommand>(); });
TFXM_REGISTER(CommandRegistry, "schema", [] { return std::make_unique<SchemaCommand>(); });
TFXM_REGISTER(CommandRegistry, "validate", [] { return std::make_unique<ValidateCommand>(); });

}  // namespace
}  // namespace tfxm::cli
