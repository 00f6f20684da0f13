// SPDX-License-Identifier: Apache-2.0

// What the fuzzers have in common: parts of an input, and files that a reader takes a path of.
#ifndef TFXM_FUZZ_INPUT_H_
#define TFXM_FUZZ_INPUT_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace tfxm::fuzz {

inline absl::string_view Text(const uint8_t* data, size_t size) { return {reinterpret_cast<const char*>(data), size}; }

// The parts of an input that stands for several files: one byte for the kind of each, two for its length (little
// endian; too long a one ends with the input), then its content. corpus.py writes the same.
inline std::vector<std::pair<uint8_t, absl::string_view>> Parts(absl::string_view input) {
  std::vector<std::pair<uint8_t, absl::string_view>> parts;
  while (input.size() >= 3) {
    const size_t length = static_cast<uint8_t>(input[1]) | static_cast<uint8_t>(input[2]) << 8;
    parts.emplace_back(input[0], input.substr(3, length));
    input.remove_prefix(3 + parts.back().second.size());
  }
  return parts;
}

// A folder of this process below $TMPDIR; it is removed at the end. Ends the program if there can be none.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  const std::string& path() const { return path_; }
  // Returns the path of the file. Nothing is flushed to a disk, unlike io::WriteFile.
  std::string Write(absl::string_view name, absl::string_view content) const;
  void Remove(absl::string_view name) const;

 private:
  std::string path_;
};

}  // namespace tfxm::fuzz

#endif  // TFXM_FUZZ_INPUT_H_
