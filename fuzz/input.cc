// SPDX-License-Identifier: Apache-2.0

#include "fuzz/input.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace tfxm::fuzz {

Scratch::Scratch() {
  const char* const folder = std::getenv("TMPDIR");
  path_ = absl::StrCat(folder != nullptr ? folder : "/tmp", "/tfxm_fuzz-", getpid());
  std::filesystem::create_directories(path_);
}

Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Scratch::Write(absl::string_view name, absl::string_view content) const {
  const std::string path = absl::StrCat(path_, "/", name);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  file.close();
  if (!file) std::abort();
  return path;
}

void Scratch::Remove(absl::string_view name) const { unlink(absl::StrCat(path_, "/", name).c_str()); }

}  // namespace tfxm::fuzz
