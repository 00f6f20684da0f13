// SPDX-License-Identifier: Apache-2.0

// tfxm stats
#include "tfxm/cli/command.h"
#include "tfxm/cli/flags/statistics_source.h"
#include "tfxm/statistics/infer_schema.h"
#include "tfxm/statistics/statistics_display.h"
#include "tfxm/statistics/statistics_file.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::cli {
namespace {

using tensorflow::metadata::v0::DatasetFeatureStatisticsList;

class StatsCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags("tfxm stats --data=GLOB [--output=FeatureStats.pb]",
                "Statistics of tf.Examples, with TFDV's definitions. Prints a table; the file can be read by TFDV.");
    source_.AddTo(&flags);
    flags.Add("schema", &schema_, "FILE",
              "says which features are categorical or bytes; statistics of its sparse and weighted features, too");
    flags.Add("output", &output_, "FILE",
              "where to write the DatasetFeatureStatisticsList: binary, or text (.pbtxt), or a TFRecord (.tfrecord)");
    return flags;
  }
  absl::Status Run(const std::vector<std::string>& arguments) override {
    if (!schema_.empty()) {
      ASSIGN_OR_RETURN(const auto schema, statistics::ReadSchema(schema_));
      source_.SetSchema(schema);
    }
    ASSIGN_OR_RETURN(const DatasetFeatureStatisticsList statistics, source_.Get(output_, {schema_}));
    if (!output_.empty()) RETURN_IF_ERROR(statistics::WriteStatistics(output_, statistics));
    return Print(statistics::StatisticsText(statistics, "", TerminalWidth()));
  }

 private:
  StatisticsSource source_;
  std::string schema_, output_;
};

TFXM_REGISTER(CommandRegistry, "stats", [] { return std::make_unique<StatsCommand>(); });

}  // namespace
}  // namespace tfxm::cli
