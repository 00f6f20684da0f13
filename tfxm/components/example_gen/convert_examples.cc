// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/example_gen/convert_examples.h"

#include <memory>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tfxm/data/examples.h"
#include "tfxm/util/files/temporary.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {

absl::StatusOr<std::vector<std::pair<std::string, uint32_t>>> ParseSplits(absl::string_view text) {
  const auto wrong = [&](absl::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\": ", what, "; splits are names with their shares, as train:2,eval:1"));
  };
  std::vector<std::pair<std::string, uint32_t>> splits;
  std::set<std::string> names;
  uint64_t sum = 0;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    const std::vector<std::string> words = absl::StrSplit(part, ':');
    uint32_t buckets = 1;
    if (words.size() > 2 || (words.size() == 2 && !absl::SimpleAtoi(words[1], &buckets)) || buckets == 0) {
      return wrong(absl::StrCat("\"", part, "\" is not a name and a share of at least 1"));
    }
    if (words[0].empty() ||
        words[0].find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") !=
            std::string::npos) {
      return wrong(absl::StrCat("\"", words[0], "\" is not a name of letters, digits, _ and -"));
    }
    if (!names.insert(words[0]).second) return wrong(absl::StrCat("\"", words[0], "\" is there twice"));
    sum += buckets;
    if (sum > 1'000'000) return wrong("the shares are more than 1,000,000 in all");
    splits.emplace_back(words[0], buckets);
  }
  return splits;
}

absl::StatusOr<Converted> ConvertExamples(data::ExampleSource* source, const std::vector<std::string>& files,
                                          const ConvertOptions& options) {
  if (io::Exists(options.output_dir)) {
    if (!io::IsDirectory(options.output_dir)) {
      return absl::AlreadyExistsError(absl::StrCat(options.output_dir, " is a file; give a new folder"));
    }
    ASSIGN_OR_RETURN(const std::vector<std::string> there, io::ListDir(options.output_dir));
    if (!there.empty()) {
      return absl::AlreadyExistsError(absl::StrCat(options.output_dir, " holds something already (", there[0],
                                                   "); give a new folder, nothing is overwritten"));
    }
  }
  double bytes = 0, all_buckets = 0;
  for (const std::string& file : files) {
    ASSIGN_OR_RETURN(const int64_t size, io::FileSize(file));
    bytes += static_cast<double>(size);
  }
  tfx::components::example_gen::SplitConfig config;
  for (const auto& [name, buckets] : options.splits) {
    auto* split = config.add_splits();
    split->set_name(name);
    split->set_hash_buckets(static_cast<int>(buckets));
    all_buckets += buckets;
  }
  ASSIGN_OR_RETURN(const auto staging, io::TempDir::Make(io::Dirname(io::AbsolutePath(options.output_dir)),
                                                         ".converting-", io::TempDir::Rights::kUmask));
  std::vector<SplitWriter> writers(options.splits.size());
  for (size_t i = 0; i < writers.size(); ++i) {
    const auto& [name, buckets] = options.splits[i];
    RETURN_IF_ERROR(writers[i].Open(data::SplitDir(staging->path(), name), NumShards(bytes * buckets / all_buckets)));
  }
  SplitNotes notes;
  const SplitProgress progress = options.progress ? options.progress : [](absl::string_view, double) {};
  RETURN_IF_ERROR(SplitExamples(source, config, progress, absl::MakeSpan(writers), &notes));
  Converted converted;
  for (size_t i = 0; i < writers.size(); ++i) {
    RETURN_IF_ERROR(writers[i].Close());
    converted.examples.emplace_back(options.splits[i].first, writers[i].num_records());
  }
  if (notes.examples == 0) {
    return absl::InvalidArgumentError(absl::StrCat("there is no example in ", absl::StrJoin(notes.empty_files, ", ")));
  }
  converted.warnings = notes.warnings;
  if (!notes.empty_files.empty()) {
    converted.warnings.push_back(absl::StrCat("without an example: ", absl::StrJoin(notes.empty_files, ", ")));
  }
  RETURN_IF_ERROR(io::Rename(staging->path(), options.output_dir));
  return converted;
}

}  // namespace tfxm
