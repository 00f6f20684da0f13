// SPDX-License-Identifier: Apache-2.0

// tfxm stats
#include <utility>

#include "tfxm/cli/command.h"
#include "tfxm/cli/flags/statistics_page_flags.h"
#include "tfxm/cli/flags/statistics_source.h"
#include "tfxm/statistics/infer_schema.h"
#include "tfxm/statistics/statistics_display.h"
#include "tfxm/statistics/statistics_file.h"
#include "tfxm/statistics/validate_statistics.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::cli {
namespace {

using tensorflow::metadata::v0::DatasetFeatureStatisticsList;

class StatsCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags("tfxm stats --data=GLOB [--output=FeatureStats.pb] [--html=FILE.html]",
                "Statistics of tf.Examples, with TFDV's definitions. Prints a table; the file can be read by TFDV\n"
                "(load_stats_binary; .tfrecord and .pbtxt: load_statistics).");
    source_.AddTo(&flags);
    flags.Add("schema", &schema_, "FILE",
              "says which features are categorical or bytes; statistics of its sparse and weighted features, too; the "
              "page shows the anomalies");
    flags
        .Add("output", &output_, "FILE",
             "where to write the DatasetFeatureStatisticsList: binary, or text (.pbtxt), or a TFRecord (.tfrecord)")
        .Writes();
    page_.AddTo(&flags);
    flags.Add("name", &name_, "NAME", "how the page calls the data");
    flags.Add("compare", &others_, "[NAME=]GLOB",
              "on the page, too: other data or statistics, computed as those of --data; may be given several times");
    flags.Add("anomalies", &anomalies_, "FILE", "for the page: SchemaDiff.pb or text, as validate --output writes it");
    return flags;
  }
  absl::Status Run(const std::vector<std::string>& arguments) override {
    if (!page_.given() && (!others_.empty() || !name_.empty() || !anomalies_.empty())) {
      return UsageError("--name, --compare and --anomalies are for the page: give --html=FILE");
    }
    report::StatisticsPageInput page;
    if (!schema_.empty()) {
      ASSIGN_OR_RETURN(page.schema, statistics::ReadSchema(schema_));
      source_.SetSchema(*page.schema);
    }
    RETURN_IF_ERROR(page_.Check({schema_, anomalies_, output_}));
    ASSIGN_OR_RETURN(const DatasetFeatureStatisticsList statistics, source_.Get(output_, {schema_, anomalies_}));
    if (!output_.empty()) RETURN_IF_ERROR(statistics::WriteStatistics(output_, statistics));
    if (page_.given()) RETURN_IF_ERROR(WritePage(statistics, std::move(page)));
    return Print(statistics::StatisticsText(statistics, "", TerminalWidth()));
  }

 private:
  absl::Status WritePage(const DatasetFeatureStatisticsList& statistics, report::StatisticsPageInput page) {
    RETURN_IF_ERROR(page_.Add(source_, name_, "", statistics, &page));
    for (const std::string& other : others_) {
      const auto [name, patterns] = NameAndPatterns(other);
      ASSIGN_OR_RETURN(DatasetFeatureStatisticsList of_other, source_.GetOther(patterns));
      RETURN_IF_ERROR(page_.Add(source_, name, patterns, std::move(of_other), &page));
    }
    if (page.schema) {
      for (report::NamedStatistics& dataset : page.datasets) {
        ASSIGN_OR_RETURN(dataset.anomalies, statistics::ValidateStatistics(dataset.statistics, *page.schema));
      }
    }
    if (!anomalies_.empty()) {
      ASSIGN_OR_RETURN(page.datasets[0].anomalies, statistics::ReadAnomalies(anomalies_));
    }
    return page_.Write(std::move(page));
  }

  StatisticsSource source_;
  StatisticsPageFlags page_;
  std::string schema_, output_, name_, anomalies_;
  std::vector<std::string> others_;
};

TFXM_REGISTER(CommandRegistry, "stats", [] { return std::make_unique<StatsCommand>(); });

}  // namespace
}  // namespace tfxm::cli
