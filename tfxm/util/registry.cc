// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/registry.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"

namespace tfxm {
namespace {

int EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<int> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<int>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    int diagonal = row[0];
    row[0] = static_cast<int>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const int substituted = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string NearestNames(absl::string_view name, const std::vector<std::string>& names, int count) {
  const std::string wanted = absl::AsciiStrToLower(name);
  std::vector<std::pair<int, std::string>> near;
  for (const std::string& candidate : names) {
    const std::string lower = absl::AsciiStrToLower(candidate);
    int distance = EditDistance(wanted, lower);
    if (wanted.size() > 2 && lower.find(wanted) != std::string::npos) distance = std::min(distance, 1);
    if (distance <= std::max<int>(2, static_cast<int>(wanted.size()) / 3)) near.emplace_back(distance, candidate);
  }
  std::sort(near.begin(), near.end());
  if (static_cast<int>(near.size()) > count) near.resize(count);
  return absl::StrJoin(near, ", ", [](std::string* out, const auto& n) { absl::StrAppend(out, "\"", n.second, "\""); });
}

}  // namespace tfxm
