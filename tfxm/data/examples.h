// SPDX-License-Identifier: Apache-2.0

// The Examples artifact on disk: Split-NAME/PREFIX-SSSSS-of-NNNNN.gz below a uri.
//
//   for (const std::string& split : {"train", "eval"}) {
//     ASSIGN_OR_RETURN(std::vector<std::string> files, SplitFiles(examples_uri, split));
//     ASSIGN_OR_RETURN(auto statistics, statistics::GenerateStatistics(files));
//   }
#ifndef TFXM_DATA_EXAMPLES_H_
#define TFXM_DATA_EXAMPLES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tfxm::data {

// uri/Split-NAME
std::string SplitDir(absl::string_view uri, absl::string_view split);
// The shards of a split, sorted. NOT_FOUND names the directory if there is none, and the splits that there are.
absl::StatusOr<std::vector<std::string>> SplitFiles(absl::string_view uri, absl::string_view split);
// prefix-SSSSS-of-NNNNN.gz
std::string ShardName(absl::string_view prefix, int shard, int num_shards);

// ["train","eval"] <-> the JSON list in an artifact's split_names property.
std::string EncodeSplitNames(const std::vector<std::string>& names);
absl::StatusOr<std::vector<std::string>> DecodeSplitNames(absl::string_view json);

// The regular files that a glob stands for, sorted; not hidden ones, and not those whose names begin with _ (_SUCCESS),
// unless the pattern itself names such files. The latter are added to *left_out. NOT_FOUND names a link to a file that
// is not there: without it there would be less data than there seems to be.
absl::StatusOr<std::vector<std::string>> GlobFiles(const std::string& pattern, std::vector<std::string>* left_out);

// The files of a comma-separated list of paths and globs; a directory stands for the files in it. What exists under the
// very name is that and no glob, whatever is in the name. NOT_FOUND names what matches nothing, INVALID_ARGUMENT a file
// that is matched twice. What GlobFiles leaves out is said on stderr.
absl::StatusOr<std::vector<std::string>> MatchFiles(absl::string_view patterns);

}  // namespace tfxm::data

#endif  // TFXM_DATA_EXAMPLES_H_
