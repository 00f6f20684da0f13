// SPDX-License-Identifier: Apache-2.0

#include "tfxm/cli/flags/statistics_source.h"

#include "tfxm/cli/command.h"
#include "tfxm/data/examples.h"
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
  csv_.AddTo(flags);
  flags->Add("stats", &stats_, "FILE", "instead of data: statistics made before (FeatureStats.pb)");
  flags->Add("weight_feature", &options_.weight_feature, "NAME", "a feature that weighs the examples");
}

absl::StatusOr<DatasetFeatureStatisticsList> StatisticsSource::Get(const std::string& output,
                                                                   std::vector<std::string> others) const {
  DatasetFeatureStatisticsList statistics;
  if ((data_.empty() ? 0 : 1) + (csv_.given() ? 1 : 0) + (stats_.empty() ? 0 : 1) != 1) {
    return UsageError("give one of --data=GLOB, --csv=GLOB and --stats=FILE");
  }
  ASSIGN_OR_RETURN(tables::CsvOptions csv_options, csv_.Options());
  std::vector<std::string> files = {stats_};
  if (stats_.empty()) {
    ASSIGN_OR_RETURN(files, csv_.given() ? csv_.Files() : data::MatchFiles(data_));
  }
  others.insert(others.end(), files.begin(), files.end());
  RETURN_IF_ERROR(CheckOutputFile("output", output, others));
  if (csv_.given()) {
    csv_options.empty_is_missing = true;  // As TFDV reads CSV.
    ASSIGN_OR_RETURN(const std::unique_ptr<data::ExampleSource> source, tables::OpenCsv(files, csv_options));
    ASSIGN_OR_RETURN(statistics, statistics::GenerateStatistics(source.get(), options_));
    for (const std::string& warning : source->Warnings()) Warn(warning);
    return statistics;
  }
  if (stats_.empty()) return statistics::GenerateStatistics(files, options_);
  if (!options_.weight_feature.empty()) {
    return UsageError("--weight_feature is for --data and --csv: the statistics in --stats are made already");
  }
  RETURN_IF_ERROR(io::ReadBinaryProto(stats_, &statistics));
  return statistics;
}

}  // namespace tfxm::cli
