// SPDX-License-Identifier: Apache-2.0

#include "tfxm/cli/flags/statistics_page_flags.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/cli/command.h"
#include "tfxm/components/statistics/sample_images.h"
#include "tfxm/report/html/report.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::cli {

void StatisticsPageFlags::AddTo(Flags* flags) {
  flags
      ->Add("html", &html_, "FILE",
            "a page to look at, which opens offline: distributions, missing values, anomalies, distances")
      .Writes();
  flags->Add("title", &title_, "TEXT", "heading of the page");
}

absl::Status StatisticsPageFlags::Check(const std::vector<std::string>& inputs) const {
  if (!given()) {
    return title_.empty() ? absl::OkStatus() : UsageError("--title is the heading of the page that --html asks for");
  }
  RETURN_IF_ERROR(CheckOutputFile("html", html_, inputs));
  if (report::IsAnothersFile(html_)) {
    return UsageError(
        absl::StrCat(html_, " exists and is not a page of tfxm's: remove it, or name another file with --html"));
  }
  return absl::OkStatus();
}

absl::Status StatisticsPageFlags::Add(const StatisticsSource& source, std::string name, const std::string& patterns,
                                      tensorflow::metadata::v0::DatasetFeatureStatisticsList statistics,
                                      report::StatisticsPageInput* page) const {
  report::NamedStatistics& dataset = page->datasets.emplace_back();
  dataset.name = std::move(name);
  dataset.statistics = std::move(statistics);
  ASSIGN_OR_RETURN(const StatisticsSource::Origin origin, source.OriginOf(patterns));
  dataset.sample_rate = origin.sample_rate;
  ASSIGN_OR_RETURN(dataset.images, SampleImages(origin.tfrecords, page->schema ? &*page->schema : nullptr));
  return absl::OkStatus();
}

absl::Status StatisticsPageFlags::Write(report::StatisticsPageInput page) const {
  if (!title_.empty()) page.title = title_;
  return report::WriteStatisticsPage(page, html_);
}

}  // namespace tfxm::cli
