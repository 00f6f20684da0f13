// SPDX-License-Identifier: Apache-2.0

#include "tfxm/cli/flags/statistics_source.h"

#include "absl/strings/str_split.h"
#include "tfxm/cli/command.h"
#include "tfxm/data/examples.h"
#include "tfxm/distribution/statistics_step.h"
#include "tfxm/statistics/infer_schema.h"
#include "tfxm/statistics/statistics_accumulator.h"
#include "tfxm/tables/tables.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::cli {

using tensorflow::metadata::v0::DatasetFeatureStatisticsList;

void StatisticsSource::AddTo(Flags* flags) {
  flags->Add("data", &data_, "GLOB",
             "TFRecords of tf.Examples, plain or gzip: globs or directories, separated by commas");
  csv_.AddTo(flags, "csv_schema");
  flags->Add("stats", &stats_, "FILE", "instead of data: statistics made before (FeatureStats.pb)");
  flags->Add("weight_feature", &options_.weight_feature, "NAME", "a feature that weighs the examples");
  flags->Add("features", &features_, "A,B,…", "statistics of these features only");
  flags->Add("categorical", &types_, "FILE",
             "a schema that says which integers are categorical, and which strings bytes");
  flags->Add("sample_rate", &options_.sample_rate, "X", "the part of the examples that is taken").Between(0, 1);
  flags->Add("num_top_values", &options_.num_top_values, "N", "most frequent strings that are kept").AtLeast(1);
  flags->Add("num_rank_histogram_buckets", &options_.num_rank_histogram_buckets, "N", "of histograms of strings")
      .AtLeast(1);
  flags
      ->Add("num_values_histogram_buckets", &options_.num_values_histogram_buckets, "N",
            "of histograms of how many values")
      .AtLeast(2);
  flags->Add("num_histogram_buckets", &options_.num_histogram_buckets, "N", "of histograms of numbers").AtLeast(1);
  flags
      ->Add("num_quantiles_histogram_buckets", &options_.num_quantiles_histogram_buckets, "N",
            "of quantiles of numbers")
      .AtLeast(1);
  launcher_.AddTo(flags);
}

absl::StatusOr<statistics::StatsOptions> StatisticsSource::Options() const {
  statistics::StatsOptions options = options_;
  if (options.sample_rate <= 0) return UsageError("--sample_rate=0: expected a part of the examples, in (0, 1]");
  if (!features_.empty()) options.feature_allowlist = absl::StrSplit(features_, ',');
  if (!types_.empty()) {
    ASSIGN_OR_RETURN(options.schema, statistics::ReadSchema(types_));
  }
  return options;
}

absl::StatusOr<DatasetFeatureStatisticsList> StatisticsSource::Compute(const std::vector<std::string>& files,
                                                                       const statistics::StatsOptions& options) const {
  ASSIGN_OR_RETURN(const distribution::Launcher launcher, launcher_.Get());
  if (launcher.kind == distribution::Launcher::Kind::kThreads) return statistics::GenerateStatistics(files, options);
  distribution::PassRequest request;
  request.mutable_files()->Add(files.begin(), files.end());
  *request.mutable_statistics() = distribution::ToProto(options);
  ASSIGN_OR_RETURN(const auto step, distribution::StatisticsPass::Make(request));
  RETURN_IF_ERROR(launcher_.Run(request, launcher, step.get()));
  return step->Statistics();
}

absl::StatusOr<DatasetFeatureStatisticsList> StatisticsSource::Get(const std::string& output,
                                                                   std::vector<std::string> others) const {
  DatasetFeatureStatisticsList statistics;
  if ((data_.empty() ? 0 : 1) + (csv_.given() ? 1 : 0) + (stats_.empty() ? 0 : 1) != 1) {
    return UsageError("give one of --data=GLOB, --csv=GLOB and --stats=FILE");
  }
  if (launcher_.given() && data_.empty()) return UsageError("--launcher is for --data: others are read by one process");
  ASSIGN_OR_RETURN(tables::CsvOptions csv_options, csv_.Options());
  ASSIGN_OR_RETURN(const statistics::StatsOptions options, Options());
  std::vector<std::string> files = {stats_};
  if (stats_.empty()) {
    ASSIGN_OR_RETURN(files, csv_.given() ? csv_.Files() : data::MatchFiles(data_));
  }
  others.insert(others.end(), files.begin(), files.end());
  RETURN_IF_ERROR(CheckOutputFile("output", output, others));
  if (csv_.given()) {
    csv_options.empty_is_missing = true;  // As TFDV reads CSV.
    ASSIGN_OR_RETURN(const std::unique_ptr<data::ExampleSource> source, tables::OpenCsv(files, csv_options));
    ASSIGN_OR_RETURN(statistics, statistics::GenerateStatistics(source.get(), options));
    for (const std::string& warning : source->Warnings()) Warn(warning);
    return statistics;
  }
  if (stats_.empty()) return Compute(files, options);
  if (!options_.weight_feature.empty() || !features_.empty() || !types_.empty() || options_.sample_rate < 1) {
    return UsageError(
        "--weight_feature, --features, --categorical and --sample_rate are for --data and --csv: the statistics in "
        "--stats are made already");
  }
  RETURN_IF_ERROR(io::ReadBinaryProto(stats_, &statistics));
  return statistics;
}

}  // namespace tfxm::cli
