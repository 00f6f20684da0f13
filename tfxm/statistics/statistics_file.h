// SPDX-License-Identifier: Apache-2.0

// Statistics in files: a DatasetFeatureStatisticsList as binary proto (FeatureStats.pb), as text, or TFRecords of such
// lists, plain or gzip, as TFDV writes them (tfdv.load_stats_binary, load_stats_text, load_statistics).
//
//   ASSIGN_OR_RETURN(DatasetFeatureStatisticsList statistics, ReadStatistics({"FeatureStats.pb"}));
#ifndef TFXM_STATISTICS_STATISTICS_FILE_H_
#define TFXM_STATISTICS_STATISTICS_FILE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tensorflow_metadata/proto/v0/statistics.pb.h"

namespace tfxm::statistics {

// The content of a file decides which of the three it is. Several files, or several records of one, are merged
// (MergeStatistics). INVALID_ARGUMENT names a file that is none of them.
absl::StatusOr<tensorflow::metadata::v0::DatasetFeatureStatisticsList> ReadStatistics(
    const std::vector<std::string>& files);

// As text if the path ends in .pbtxt, as a TFRecord if in .tfrecord or .tfrecord.gz, else binary.
absl::Status WriteStatistics(absl::string_view path,
                             const tensorflow::metadata::v0::DatasetFeatureStatisticsList& statistics);

// Whether a file can be read by ReadStatistics, as opposed to one with data (tf.Examples, CSV).
bool IsStatisticsFile(const std::string& path);

// Parts of statistics as one: datasets of one name become one, with the features and cross features of all. These are
// statistics of different features of the same examples (TFDV's experimental_result_partitions), or of different slices;
// INVALID_ARGUMENT names a feature that two of them have, and a dataset with different numbers of examples: what two
// halves of the data were like cannot be told from the statistics of each.
absl::StatusOr<tensorflow::metadata::v0::DatasetFeatureStatisticsList> MergeStatistics(
    const std::vector<tensorflow::metadata::v0::DatasetFeatureStatisticsList>& parts);

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_STATISTICS_FILE_H_
