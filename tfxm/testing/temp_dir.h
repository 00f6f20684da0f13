// SPDX-License-Identifier: Apache-2.0

// A directory for what a test writes.
//
//   const TempDir dir;
//   ASSERT_THAT(io::WriteFile(dir / "model.tflite", bytes), IsOk());
#ifndef TFXM_TESTING_TEMP_DIR_H_
#define TFXM_TESTING_TEMP_DIR_H_

#include <filesystem>
#include <string>

#include "absl/strings/string_view.h"
#include "tfxm/util/io.h"

namespace tfxm {

// Empty to begin with; it and all in it are removed at the end.
class TempDir {
 public:
  TempDir() : path_(io::MakeTempDir(std::filesystem::temp_directory_path().string(), "tfxm_test_").value()) {}
  ~TempDir() { io::RemoveAll(path_).IgnoreError(); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(absl::string_view name) const { return io::JoinPath(path_, name); }

 private:
  const std::string path_;
};

}  // namespace tfxm

#endif  // TFXM_TESTING_TEMP_DIR_H_
