// SPDX-License-Identifier: Apache-2.0

// Which state of analyzers belongs to which file and which analysis: Transform's analyzer cache.
//
//   ASSIGN_OR_RETURN(AnalyzerCache cache, AnalyzerCache::Open(options.analyzer_cache, files, num_threads));
//   RETURN_IF_ERROR(cache.BeginPass(analyzers, features, batch_size));
//   if (!cache.Read(file, &state)) …                  // What analyzing the file would have come to, or it must be.
//   RETURN_IF_ERROR(cache.Write(file, state));
//
// A state is kept under the contents of its file and the key of the pass: all that decides what the analyzers see of
// these contents and what they keep. It is in DIR/KEY/CONTENTS, both in hex; the file says the same, too.
#ifndef TFXM_TRANSFORM_INTERNAL_ANALYZER_CACHE_H_
#define TFXM_TRANSFORM_INTERNAL_ANALYZER_CACHE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/transform/internal/features.h"
#include "tfxm/transform/internal/trace.h"
#include "tfxm/transform/transform_graph.h"
#include "tfxm/util/coding/state.h"

namespace tfxm::transform::internal {

class AnalyzerCache {
 public:
  // Hashes the contents of the files, if there is something to be read or written.
  static absl::StatusOr<AnalyzerCache> Open(const AnalyzeOptions& options, const std::vector<std::string>& files);

  // The analyzers of one pass, as they are now: what they depend on is constants and raw features.
  absl::Status BeginPass(const std::vector<const AnalyzerNode*>& analyzers, const std::vector<RawFeature>& features);

  // False if there is none; a state that cannot be used is none and said. `state` then is of no more use.
  template <typename State>
  bool Read(size_t file, State* state) const {
    if (options_.input_dir.empty()) return false;
    Entry<State> entry{key_, hashes_[file], state};
    return ReadInto(Path(options_.input_dir, file), [&](absl::string_view bytes) { return LoadState(bytes, &entry); });
  }
  // Does nothing if no cache is written.
  template <typename State>
  absl::Status Write(size_t file, const State& state) const {
    if (options_.output_dir.empty()) return absl::OkStatus();
    return WriteBytes(file, SaveState(Entry<const State>{key_, hashes_[file], &state}));
  }

 private:
  template <typename State>
  struct Entry {
    static constexpr StateKind kStateKind = {"analyzers of a file", 1};
    const std::string& key;
    const std::string& contents;
    State* state;

    void Save(StateWriter* writer) const {
      writer->Write(key, contents);
      state->Save(writer);
    }
    void Load(StateReader* reader) {
      std::string read_key, read_contents;
      reader->Read(&read_key, &read_contents);
      if (read_key != key || read_contents != contents) return reader->Fail("it is of other analyzers or other data");
      state->Load(reader);
    }
  };

  std::string Path(const std::string& dir, size_t file) const;
  bool ReadInto(const std::string& path, const std::function<absl::Status(absl::string_view bytes)>& load) const;
  absl::Status WriteBytes(size_t file, const absl::StatusOr<std::string>& bytes) const;

  AnalyzerCacheOptions options_;
  std::function<void(absl::string_view message)> warning_;
  int batch_size_ = 0;
  std::vector<std::string> hashes_;  // Of the files' contents.
  std::string key_;                  // Of the pass.
};

}  // namespace tfxm::transform::internal

#endif  // TFXM_TRANSFORM_INTERNAL_ANALYZER_CACHE_H_
