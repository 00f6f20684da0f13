// SPDX-License-Identifier: Apache-2.0

#include "tfxm/cli/flags/statistics_source.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tfxm/cli/command.h"
#include "tfxm/components/statistics/complete_stats_options.h"
#include "tfxm/data/examples.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/distribution/launched_pass.h"
#include "tfxm/statistics/generate/stats_generator.h"
#include "tfxm/statistics/statistics_accumulator.h"
#include "tfxm/statistics/statistics_file.h"
#include "tfxm/tables/tables.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/io.h"
#include "tfxm/util/registry.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::cli {

using statistics::StatsOptions;
using tensorflow::metadata::v0::DatasetFeatureStatisticsList;

absl::StatusOr<std::string> JsonOrFile(const std::string& flag) {
  if (flag.empty()) return "{}";
  if (absl::StartsWith(absl::StripLeadingAsciiWhitespace(flag), "{")) return flag;
  return io::ReadFile(flag);
}

std::pair<std::string, std::string> NameAndPatterns(const std::string& argument) {
  const size_t equals = argument.find('=');
  const bool named = equals != std::string::npos && equals > 0 && argument.find_first_of("/*,") > equals;
  if (named && !io::Exists(argument)) return {argument.substr(0, equals), argument.substr(equals + 1)};
  return {std::string(io::Basename(argument)), argument};
}

void StatisticsSource::AddTo(Flags* flags) {
  flags->Add("data", &data_, "GLOB",
             "TFRecords of tf.Examples, plain or gzip: globs or directories, separated by commas");
  csv_.AddTo(flags, "csv_schema");
  flags->Add("stats", &stats_, "GLOB",
             "instead of data: statistics made before (FeatureStats.pb, .pbtxt, TFRecords), of which parts are merged");
  flags->Add(
      "stats_options", &stats_options_, "JSON",
      "tfdv.StatsOptions: a file, or {\"num_top_values\": 3, \"slices\": [\"country\", {\"device\": \"phone\"}]}");
  flags->Add("weight_feature", &weight_feature_, "NAME", "a feature that weighs the examples");
  flags->Add("features", &features_, "A,B,…", "statistics of these features only");
  flags->Add("sample_rate", &sample_rate_, "X", "the part of the examples that is taken").Between(0, 1);
  launcher_.AddTo(flags);
}

absl::StatusOr<const StatsOptions*> StatisticsSource::Options() {
  if (options_.has_value()) return &*options_;
  ASSIGN_OR_RETURN(const std::string json, JsonOrFile(stats_options_));
  absl::StatusOr<StatsOptions> parsed = CompleteStatsOptions(json);
  if (!parsed.ok()) return UsageError(absl::StrCat("--stats_options: ", parsed.status().message()));
  StatsOptions options = *std::move(parsed);
  if (!weight_feature_.empty()) {
    if (!options.weight_feature.empty() && options.weight_feature != weight_feature_) {
      return UsageError(absl::StrCat("--weight_feature=", weight_feature_,
                                     ", and --stats_options has weight_feature \"", options.weight_feature,
                                     "\"; give one of them"));
    }
    options.weight_feature = weight_feature_;
  }
  if (!features_.empty()) {
    if (!options.feature_allowlist.empty()) {
      return UsageError("--features, and --stats_options has a feature_allowlist; give one of them");
    }
    options.feature_allowlist = absl::StrSplit(features_, ',');
  }
  if (sample_rate_ <= 0) return UsageError("--sample_rate=0: expected a part of the examples, in (0, 1]");
  if (sample_rate_ < 1) {
    if (options.sample_rate < 1) {
      return UsageError("--sample_rate, and --stats_options has a sample_rate; give one of them");
    }
    options.sample_rate = sample_rate_;
  }
  if (!options.schema.has_value()) options.schema = schema_;
  if (options.infer_type_from_schema && !options.schema.has_value()) {
    return UsageError("--stats_options has infer_type_from_schema, which needs a schema: give --schema=FILE");
  }
  if (absl::Status status = statistics::CheckStatsOptions(options); !status.ok()) {
    return UsageError(absl::StrCat("--stats_options: ", status.message()));
  }
  options_ = std::move(options);
  return &*options_;
}

absl::StatusOr<std::unique_ptr<data::ExampleSource>> StatisticsSource::OpenCsvFiles(
    const std::vector<std::string>& files, const StatsOptions& options) const {
  ASSIGN_OR_RETURN(tables::CsvOptions csv_options, csv_.Options());
  csv_options.empty_is_missing = true;  // As TFDV reads CSV.
  if (options.infer_type_from_schema) csv_options.types = tables::TypesOf(*options.schema);
  return tables::OpenCsv(files, csv_options);
}

absl::StatusOr<DatasetFeatureStatisticsList> StatisticsSource::Generate(const std::vector<std::string>& files,
                                                                        bool csv) {
  ASSIGN_OR_RETURN(const StatsOptions* options, Options());
  if (!csv) return Launch(files, *options);
  ASSIGN_OR_RETURN(const auto source, OpenCsvFiles(files, *options));
  ASSIGN_OR_RETURN(DatasetFeatureStatisticsList statistics, statistics::GenerateStatistics(source.get(), *options));
  for (const std::string& warning : source->Warnings()) Warn(warning);
  if (const std::vector<std::string> empty = source->EmptyFiles(); !empty.empty()) {
    Warn(absl::StrCat("without an example: ", absl::StrJoin(empty, ", ")));
  }
  return statistics;
}

absl::StatusOr<DatasetFeatureStatisticsList> StatisticsSource::Launch(const std::vector<std::string>& files,
                                                                      const StatsOptions& options) const {
  ASSIGN_OR_RETURN(const distribution::Workers workers, PassWorkers(launcher_));
  ProgressLine line;
  return distribution::GenerateStatistics(files, options, workers, line.OfWorkers());
}

absl::StatusOr<DatasetFeatureStatisticsList> StatisticsSource::Get(const std::string& output,
                                                                   std::vector<std::string> others) {
  if ((data_.empty() ? 0 : 1) + (csv_.given() ? 1 : 0) + (stats_.empty() ? 0 : 1) != 1) {
    return UsageError("give one of --data=GLOB, --csv=GLOB and --stats=GLOB");
  }
  if (launcher_.given() && data_.empty()) return UsageError("--launcher is for --data: others are read by one process");
  RETURN_IF_ERROR(csv_.Options().status());
  ASSIGN_OR_RETURN(const std::vector<std::string> files, csv_.given()     ? csv_.Files()
                                                         : stats_.empty() ? data::MatchFiles(data_)
                                                                          : data::MatchFiles(stats_));
  others.insert(others.end(), files.begin(), files.end());
  RETURN_IF_ERROR(CheckOutputFile("output", output, others));
  if (stats_.empty()) {
    ASSIGN_OR_RETURN(DatasetFeatureStatisticsList statistics, Generate(files, csv_.given()));
    RETURN_IF_ERROR(CheckNames(files, statistics));
    return statistics;
  }
  if (!stats_options_.empty() || !weight_feature_.empty() || !features_.empty() || sample_rate_ != 1) {
    return UsageError(
        "--stats_options, --weight_feature, --features and --sample_rate are for --data and --csv: the statistics in "
        "--stats are made already");
  }
  return statistics::ReadStatistics(files);
}

absl::StatusOr<std::vector<std::string>> StatisticsSource::SomeNames(const std::vector<std::string>& files) const {
  std::vector<std::string> names;
  if (csv_.given()) {
    ASSIGN_OR_RETURN(const tables::CsvOptions csv_options, csv_.Options());
    ASSIGN_OR_RETURN(const tables::CsvOptions inferred, tables::WithInferredTypes(files, csv_options));
    for (const auto& [name, type] : inferred.types) names.push_back(name);
    return names;
  }
  constexpr int kExamples = 1000;
  ASSIGN_OR_RETURN(const auto reader, data::TFRecordReader::Open(files[0]));
  data::ExampleBatch batch;
  absl::string_view record;
  for (int i = 0; i < kExamples; ++i) {
    ASSIGN_OR_RETURN(const bool more, reader->Next(&record));
    if (!more) break;
    RETURN_IF_ERROR(batch.Append(record));
  }
  for (const data::Column& column : batch.columns()) names.push_back(column.name());
  return names;
}

absl::Status StatisticsSource::CheckNames(const std::vector<std::string>& files,
                                          const DatasetFeatureStatisticsList& statistics) const {
  std::set<std::string> known;
  for (const auto& dataset : statistics.datasets()) {
    for (const auto& feature : dataset.features()) {
      known.insert(feature.has_path() && feature.path().step_size() > 0 ? feature.path().step(0) : feature.name());
    }
  }
  if (const auto& schema = options_->schema; schema.has_value()) {
    for (const auto& feature : schema->feature()) known.insert(feature.name());
    for (const auto& feature : schema->sparse_feature()) known.insert(feature.name());
    for (const auto& feature : schema->weighted_feature()) known.insert(feature.name());
  }
  std::map<std::string, std::string> unknown;  // And where it is named.
  const auto look_for = [&](const std::string& name, const char* where) {
    if (known.count(name) == 0) unknown.emplace(name, where);
  };
  for (const std::string& name : options_->feature_allowlist) {
    look_for(name, features_.empty() ? "--stats_options: feature_allowlist" : "--features");
  }
  for (const statistics::SliceFeatures& slice : options_->slices) {
    for (const auto& [name, values] : slice) look_for(name, "--stats_options: slices");
  }
  if (unknown.empty()) return absl::OkStatus();
  // Those that are no longer in the statistics.
  ASSIGN_OR_RETURN(const std::vector<std::string> names, SomeNames(files));
  known.insert(names.begin(), names.end());
  std::vector<std::string> wrong;
  for (const auto& [name, where] : unknown) {
    if (known.count(name) > 0) continue;
    const std::string near = NearestNames(name, {known.begin(), known.end()});
    const std::string message = absl::StrCat(where, ": no example has a feature \"", PrintableText(name), "\"",
                                             near.empty() ? "" : absl::StrCat("; nearest: ", PrintableText(near)));
    if (where == "--features") {
      wrong.push_back(message);
    } else {
      Warn(message);
    }
  }
  return wrong.empty() ? absl::OkStatus() : UsageError(absl::StrJoin(wrong, "; "));
}

absl::StatusOr<DatasetFeatureStatisticsList> StatisticsSource::GetOther(const std::string& patterns) {
  ASSIGN_OR_RETURN(const std::vector<std::string> files, data::MatchFiles(patterns));
  if (std::all_of(files.begin(), files.end(), statistics::IsStatisticsFile)) return statistics::ReadStatistics(files);
  return Generate(files, csv_.given());
}

absl::StatusOr<StatisticsSource::Origin> StatisticsSource::OriginOf(const std::string& patterns) const {
  Origin origin;
  if (patterns.empty() && !stats_.empty()) return origin;
  std::vector<std::string> files;
  if (!patterns.empty() || !csv_.given()) {
    ASSIGN_OR_RETURN(files, data::MatchFiles(patterns.empty() ? data_ : patterns));
    if (!patterns.empty() && std::all_of(files.begin(), files.end(), statistics::IsStatisticsFile)) return origin;
  }
  if (options_.has_value()) origin.sample_rate = options_->sample_rate;
  if (!csv_.given()) origin.tfrecords = std::move(files);
  return origin;
}

absl::Status StatisticsSource::ForEachExample(
    absl::FunctionRef<absl::Status(absl::string_view record, absl::string_view origin)> f) const {
  if (!has_examples() || !options_.has_value()) return absl::FailedPreconditionError("no examples have been read");
  const auto take = [&](absl::string_view record, const std::string& origin) -> absl::Status {
    return statistics::IsSampled(record, options_->sample_rate, /*salt=*/"") ? f(record, origin) : absl::OkStatus();
  };
  if (csv_.given()) {
    ASSIGN_OR_RETURN(const std::vector<std::string> files, csv_.Files());
    ASSIGN_OR_RETURN(const auto source, OpenCsvFiles(files, *options_));
    std::string record;
    while (true) {
      ASSIGN_OR_RETURN(const std::unique_ptr<data::ExampleBlock> block, source->Next());
      if (block == nullptr) return absl::OkStatus();
      for (int i = 0; i < block->size(); ++i) {
        RETURN_IF_ERROR(Annotate(block->Encode(i, &record), block->Origin(i)));
        RETURN_IF_ERROR(take(record, block->Origin(i)));
      }
    }
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> files, data::MatchFiles(data_));
  for (const std::string& file : files) {
    ASSIGN_OR_RETURN(const auto reader, data::TFRecordReader::Open(file));
    absl::string_view record;
    for (int64_t i = 0;; ++i) {
      ASSIGN_OR_RETURN(const bool more, reader->Next(&record));
      if (!more) break;
      RETURN_IF_ERROR(take(record, absl::StrCat(file, ": record ", i)));
    }
  }
  return absl::OkStatus();
}

}  // namespace tfxm::cli
