// SPDX-License-Identifier: Apache-2.0

// tfxm validate
#include <algorithm>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/cli/command.h"
#include "tfxm/cli/flags/statistics_page_flags.h"
#include "tfxm/cli/flags/statistics_source.h"
#include "tfxm/statistics/infer_schema.h"
#include "tfxm/statistics/options/validation_options_json.h"
#include "tfxm/statistics/schema/text_proto.h"
#include "tfxm/statistics/statistics_display.h"
#include "tfxm/statistics/validate/anomalous_examples.h"
#include "tfxm/statistics/validate_statistics.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"
#include "tfxm/util/text/text_table.h"

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
    flags.Add("validation_options", &validation_options_, "JSON",
              "tfdv.ValidationOptions: a file, or {\"severity_overrides\": {\"SCHEMA_NEW_COLUMN\": \"WARNING\"}, "
              "\"features_needed\": [\"age\"]}; warnings do not fail");
    flags.Add("diff_regions", &diff_regions_, "how the schema would have to change for the data to fit");
    flags.Add(
        "anomalous_examples", &anomalous_examples_, "DIR",
        "a new folder for the examples behind the anomalies: TFRecords by feature and anomaly, and a list of them");
    flags.Add("max_anomalous_examples", &max_anomalous_examples_, "N", "that are kept of each feature and anomaly")
        .AtLeast(1);
    flags.Add("output", &output_, "FILE", "where to write the Anomalies: binary, or text (.pbtxt)").Writes();
    page_.AddTo(&flags);
    return flags;
  }
  absl::Status Run(const std::vector<std::string>& arguments) override {
    ASSIGN_OR_RETURN(statistics::ValidationOptions options, Options());
    ASSIGN_OR_RETURN(auto schema, statistics::ReadSchema(schema_));
    source_.SetSchema(schema);
    RETURN_IF_ERROR(CheckFolder());
    RETURN_IF_ERROR(page_.Check({schema_, output_}));
    ASSIGN_OR_RETURN(const DatasetFeatureStatisticsList statistics,
                     source_.Get(output_, {schema_, previous_span_, previous_version_, serving_}));
    std::optional<DatasetFeatureStatisticsList> previous_span, previous_version, serving;
    RETURN_IF_ERROR(ReadOther(previous_span_, &previous_span, &options.previous_span));
    RETURN_IF_ERROR(ReadOther(previous_version_, &previous_version, &options.previous_version));
    RETURN_IF_ERROR(ReadOther(serving_, &serving, &options.serving));
    KeepFeaturesLookedAt(&schema);
    ASSIGN_OR_RETURN(const auto anomalies, statistics::ValidateStatistics(statistics, schema, options));
    for (const std::string& what : statistics::UncheckedConstraints(statistics, schema)) Warn(PrintableText(what));
    if (!output_.empty()) RETURN_IF_ERROR(Write(anomalies));
    if (page_.given()) {
      report::StatisticsPageInput page{.title = "Validation", .schema = schema};
      RETURN_IF_ERROR(page_.Add(source_, "data", "", statistics, &page));
      page.datasets[0].anomalies = anomalies;
      for (const auto& [name, patterns, other] : {std::tuple("previous span", &previous_span_, &previous_span),
                                                  std::tuple("previous version", &previous_version_, &previous_version),
                                                  std::tuple("serving", &serving_, &serving)}) {
        if (other->has_value()) RETURN_IF_ERROR(page_.Add(source_, name, *patterns, **other, &page));
      }
      RETURN_IF_ERROR(page_.Write(std::move(page)));
    }
    std::string text = statistics::AnomaliesText(anomalies, TerminalWidth());
    const std::string diff = statistics::SchemaDiffText(anomalies);
    if (!diff.empty()) absl::StrAppend(&text, "\n", diff);
    if (!anomalous_examples_.empty()) {
      ASSIGN_OR_RETURN(const std::string examples, KeepExamples(schema, anomalies, options));
      absl::StrAppend(&text, "\n", examples);
    }
    RETURN_IF_ERROR(Print(text));
    if (!statistics::HasErrors(anomalies)) return absl::OkStatus();
    return AnswerIsNo("the data do not conform to the schema (see above)");
  }

 private:
  // With --features the others are not dropped from the data, but from the statistics.
  void KeepFeaturesLookedAt(tensorflow::metadata::v0::Schema* schema) const {
    if (!source_.has_examples() || source_.features().empty()) return;
    const std::set<std::string> looked_at(source_.features().begin(), source_.features().end());
    const auto keep = [&](auto* features) {
      const auto rest = std::remove_if(features->begin(), features->end(),
                                       [&](const auto& feature) { return looked_at.count(feature.name()) == 0; });
      features->erase(rest, features->end());
    };
    keep(schema->mutable_feature());
    keep(schema->mutable_sparse_feature());
    keep(schema->mutable_weighted_feature());
  }

  absl::StatusOr<statistics::ValidationOptions> Options() const {
    ASSIGN_OR_RETURN(const std::string json, JsonOrFile(validation_options_));
    absl::StatusOr<statistics::ValidationOptions> options = statistics::ParseValidationOptions(json);
    if (!options.ok()) return UsageError(absl::StrCat("--validation_options: ", options.status().message()));
    if (!environment_.empty()) {
      if (options->environment.has_value() && *options->environment != environment_) {
        return UsageError(absl::StrCat("--environment=", environment_, ", and --validation_options has environment \"",
                                       *options->environment, "\"; give one of them"));
      }
      options->environment = environment_;
    }
    if (diff_regions_) options->enable_diff_regions = true;
    return options;
  }

  // A folder with something in it is someone's.
  absl::Status CheckFolder() const {
    if (anomalous_examples_.empty()) return absl::OkStatus();
    if (!source_.has_examples()) {
      return UsageError("--anomalous_examples needs the examples, which --stats does not have; give --data or --csv");
    }
    if (!io::Exists(anomalous_examples_)) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::vector<std::string> names, io::ListDir(anomalous_examples_));
    if (names.empty()) return absl::OkStatus();
    return UsageError(
        absl::StrCat("--anomalous_examples=", anomalous_examples_, ": there is something in it; name a new folder"));
  }

  // How many there are, for people.
  absl::StatusOr<std::string> KeepExamples(const tensorflow::metadata::v0::Schema& schema,
                                           const tensorflow::metadata::v0::Anomalies& anomalies,
                                           const statistics::ValidationOptions& options) const {
    statistics::AnomalousExamples examples(
        schema, anomalies, {.environment = options.environment, .max_examples = max_anomalous_examples_});
    RETURN_IF_ERROR(source_.ForEachExample(
        [&](absl::string_view record, absl::string_view origin) { return examples.Add(record, origin); }));
    RETURN_IF_ERROR(examples.Write(anomalous_examples_));
    TextTable table(
        {{"feature"}, {"anomaly"}, {"examples", TextTable::kRight}, {"kept", TextTable::kRight}, {"the first"}});
    for (const auto& [reason, group] : examples.groups()) {
      table.AddRow({PrintableText(reason.first), reason.second, absl::StrCat(group.num_examples),
                    absl::StrCat(group.kept.size()), PrintableText(group.kept[0].origin)});
    }
    if (table.empty()) return std::string("No single example has an anomaly.\n");
    return table.Text({.width = TerminalWidth()});
  }

  absl::Status Write(const tensorflow::metadata::v0::Anomalies& anomalies) const {
    if (absl::EndsWith(output_, ".pbtxt")) return io::WriteFile(output_, statistics::PrintAsPython(anomalies));
    return io::WriteBinaryProto(output_, anomalies);
  }

  absl::Status ReadOther(const std::string& patterns, std::optional<DatasetFeatureStatisticsList>* statistics,
                         const DatasetFeatureStatisticsList** option) {
    if (patterns.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(*statistics, source_.GetOther(patterns));
    *option = &**statistics;
    return absl::OkStatus();
  }

  StatisticsSource source_;
  StatisticsPageFlags page_;
  std::string schema_, environment_, previous_span_, previous_version_, serving_, validation_options_, output_;
  std::string anomalous_examples_;
  int max_anomalous_examples_ = 100;
  bool diff_regions_ = false;
};

TFXM_REGISTER(CommandRegistry, "validate", [] { return std::make_unique<ValidateCommand>(); });

}  // namespace
}  // namespace tfxm::cli
