// SPDX-License-Identifier: Apache-2.0

// When a node's former outputs may be used again: if running the node again would give the same.
//
//   ASSIGN_OR_RETURN(const CacheKey key, MakeCacheKey(pipeline_name, spec, inputs, exec_properties, files, &hashes));
//   key.digest;                                           // SHA-256, in hex: the name of the context execution_cache.
//   DescribeDifference(former, key);                      // "exec property module_file is \"b.cc\", was \"a.cc\""
#ifndef TFXM_ORCHESTRATION_CACHE_CACHE_KEY_H_
#define TFXM_ORCHESTRATION_CACHE_CACHE_KEY_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/dsl/node.h"
#include "tfxm/metadata/artifact.h"
#include "tfxm/util/files/file_hashes.h"

namespace tfxm {

struct CacheKey {
  std::string digest;
  // What the digest is of: what it is called for people ("exec property train_args") -> its value or a hash. A value of
  // several lines is a list of "NAME\tHASH".
  std::map<std::string, std::string> parts;
};

// All that decides what an executor makes: the code (this project's and TensorFlow's libraries; the program itself for
// a custom executor; module files, also those of metrics, with every header they include, and the compiler), the
// pipeline's and the node's name and type, exec properties, output types, the ids, uris and properties of the input
// artifacts, the contents of `input_files` (which the driver names) and of the files that exec properties named *_file
// hold, and the environment variables that TensorFlow computes by. NOT_FOUND names a file that does not exist.
absl::StatusOr<CacheKey> MakeCacheKey(const std::string& pipeline_name, const NodeSpec& spec,
                                      const ArtifactDict& inputs, const Properties& exec_properties,
                                      const std::vector<std::string>& input_files, FileHashes* hashes);

// In a line, for people: which parts differ.
std::string DescribeDifference(const CacheKey& before, const CacheKey& now);

// As a file, for a later run to compare with.
std::string ToJson(const CacheKey& key);
absl::StatusOr<CacheKey> ParseCacheKey(absl::string_view json);

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_CACHE_CACHE_KEY_H_
