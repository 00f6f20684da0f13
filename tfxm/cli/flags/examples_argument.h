// SPDX-License-Identifier: Apache-2.0

// The flags --data and --csv of a command that reads tf.Examples.
#ifndef TFXM_CLI_FLAGS_EXAMPLES_ARGUMENT_H_
#define TFXM_CLI_FLAGS_EXAMPLES_ARGUMENT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tfxm/cli/flags/csv_flags.h"
#include "tfxm/util/files/temporary.h"
#include "tfxm/util/flags.h"

namespace tfxm::cli {

// TFRecords, or CSV that becomes TFRecords in a temporary folder, which goes away with the object.
class ExamplesArgument {
 public:
  void AddTo(Flags* flags);
  // Finds the files, and converts CSV; once, before the getters. A UsageError if not exactly one of the flags is given.
  absl::Status Open();

  // What was given, for people.
  const std::string& pattern() const { return csv_.given() ? csv_.pattern() : data_; }
  // TFRecord files.
  const std::vector<std::string>& files() const { return files_; }

 private:
  std::string data_;
  CsvFlags csv_;
  std::unique_ptr<io::TempDir> converted_;
  std::vector<std::string> files_;
};

}  // namespace tfxm::cli

#endif  // TFXM_CLI_FLAGS_EXAMPLES_ARGUMENT_H_
