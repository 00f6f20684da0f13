// SPDX-License-Identifier: Apache-2.0

// The folder that an evaluation goes to, whose other files are somebody else's.
//
//   ASSIGN_OR_RETURN(auto folder, OutputFolder::Open("evaluation", {"metrics.tfrecord"}, /*replace=*/true));
//   RETURN_IF_ERROR(io::WriteFile(io::JoinPath(folder->staging(), "metrics.tfrecord"), bytes));
//   RETURN_IF_ERROR(folder->Commit());
//
// Nothing is removed or overwritten that this has not written itself: a name proves nothing. What an evaluation wrote
// stands, with sizes and hashes, in a file beside it, by which the next one knows it again.
#ifndef TFXM_MODEL_ANALYSIS_OUTPUT_OUTPUT_FOLDER_H_
#define TFXM_MODEL_ANALYSIS_OUTPUT_OUTPUT_FOLDER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/util/files/file_manifest.h"
#include "tfxm/util/files/temporary.h"
#include "tfxm/util/io.h"

namespace tfxm::model_analysis {

inline constexpr char kEvaluationMark[] = ".tfxm_evaluation.json";

class OutputFolder {
 public:
  // Makes the folder if need be. A UsageError (util/exit_status.h) names what is in the way: one of `names` (of files
  // or folders that may be written) is there and was not left by an earlier evaluation with `replace`, or has changed
  // since. Nothing in the folder has changed then. Without `replace` nothing is ever replaced, and no mark is left.
  static absl::StatusOr<std::unique_ptr<OutputFolder>> Open(const std::string& path, std::vector<std::string> names,
                                                            bool replace);
  // Unless Commit has succeeded, everything is as it was before Open: also if the user interrupts the program.
  ~OutputFolder() = default;

  // Where the files are made.
  const std::string& staging() const { return staging_->path(); }
  // Moves them to where they belong, in place of those of the earlier evaluation, which all go.
  absl::Status Commit();

 private:
  OutputFolder(const std::string& path, bool replace) : path_(path), replace_(replace), made_(path) {}
  absl::Status CheckNames(const std::vector<std::string>& names) const;
  absl::Status CheckEarlier() const;
  absl::Status CheckTargets(const FileManifest& files) const;
  absl::Status RemoveEarlier() const;

  const std::string path_;
  const bool replace_;
  io::NewDirs made_;
  FileManifest earlier_;
  std::unique_ptr<io::TempDir> staging_;
};

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_OUTPUT_OUTPUT_FOLDER_H_
