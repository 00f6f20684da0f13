// SPDX-License-Identifier: Apache-2.0

// The flags --data, --csv, --stats, those of TFDV's StatsOptions, and --launcher of the commands about data.
#ifndef TFXM_CLI_FLAGS_STATISTICS_SOURCE_H_
#define TFXM_CLI_FLAGS_STATISTICS_SOURCE_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tensorflow_metadata/proto/v0/statistics.pb.h"
#include "tfxm/cli/flags/csv_flags.h"
#include "tfxm/cli/flags/pass_workers.h"
#include "tfxm/data/example_source.h"
#include "tfxm/statistics/stats_options.h"
#include "tfxm/util/flags.h"

namespace tfxm::cli {

// Options that a flag has: the JSON itself, what is in the file that it names, or {} if it is empty.
absl::StatusOr<std::string> JsonOrFile(const std::string& flag);

// "train=data/*.tfrecord" as {"train", "data/*.tfrecord"}. A path that is there, and one whose part before the "=" cannot
// be a name, has none: its last folder or file stands for it.
std::pair<std::string, std::string> NameAndPatterns(const std::string& argument);

// Statistics of data, or those of files made before.
class StatisticsSource {
 public:
  void AddTo(Flags* flags);

  // Before Get: the schema of the options, unless --stats_options has one.
  void SetSchema(const tensorflow::metadata::v0::Schema& schema) { schema_ = schema; }
  // `output`: the file that will be written, `others`: what else is read. Wrong ones are found out before the work.
  absl::StatusOr<tensorflow::metadata::v0::DatasetFeatureStatisticsList> Get(const std::string& output,
                                                                             std::vector<std::string> others = {});
  // Statistics of other data, with the same options: statistics files or data (CSV, if --csv is given, else TFRecords),
  // told apart by what is in them. `patterns` as --data's.
  absl::StatusOr<tensorflow::metadata::v0::DatasetFeatureStatisticsList> GetOther(const std::string& patterns);
  // After Get: where the statistics come from, of Get's if `patterns` is empty, else of GetOther's.
  struct Origin {
    double sample_rate = 1;              // What part of the examples; 1, too, if they were computed before.
    std::vector<std::string> tfrecords;  // The files with the examples, if they are TFRecords.
  };
  absl::StatusOr<Origin> OriginOf(const std::string& patterns) const;
  // Whether there are examples, and not only the statistics of some.
  bool has_examples() const { return stats_.empty(); }
  // After Get: the features that the statistics are of, if these are not all.
  const std::vector<std::string>& features() const { return options_->feature_allowlist; }
  // After Get: every example of --data or --csv that counts, as a tf.Example, in order, with its place ("data.tfrecord:
  // record 17"). With a sample_rate those are the ones that the statistics are of.
  absl::Status ForEachExample(
      absl::FunctionRef<absl::Status(absl::string_view record, absl::string_view origin)> f) const;

 private:
  // The names of the features of the first examples; of CSV all columns.
  absl::StatusOr<std::vector<std::string>> SomeNames(const std::vector<std::string>& files) const;
  // Features that options name, and that are neither in the data nor in the schema: an error if a flag names them, a
  // warning if --stats_options do, with which TFDV goes on.
  absl::Status CheckNames(const std::vector<std::string>& files,
                          const tensorflow::metadata::v0::DatasetFeatureStatisticsList& statistics) const;
  // The options, read once.
  absl::StatusOr<const statistics::StatsOptions*> Options();
  absl::StatusOr<tensorflow::metadata::v0::DatasetFeatureStatisticsList> Generate(const std::vector<std::string>& files,
                                                                                  bool csv);
  absl::StatusOr<std::unique_ptr<data::ExampleSource>> OpenCsvFiles(const std::vector<std::string>& files,
                                                                    const statistics::StatsOptions& options) const;

  // Of TFRecords, by the launcher.
  absl::StatusOr<tensorflow::metadata::v0::DatasetFeatureStatisticsList> Launch(
      const std::vector<std::string>& files, const statistics::StatsOptions& options) const;

  std::string data_, stats_, stats_options_, weight_feature_, features_;
  double sample_rate_ = 1;
  CsvFlags csv_;
  distribution::LauncherFlags launcher_;
  std::optional<tensorflow::metadata::v0::Schema> schema_;
  std::optional<statistics::StatsOptions> options_;
};

}  // namespace tfxm::cli

#endif  // TFXM_CLI_FLAGS_STATISTICS_SOURCE_H_
