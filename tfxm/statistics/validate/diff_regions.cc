// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/validate/diff_regions.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_split.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::DiffRegion;
using Lines = std::vector<absl::string_view>;

constexpr int kContext = 3;
constexpr int64_t kMostCells = 1'000'000;

// Lines [left, left + num_left) became [right, right + num_right).
struct Hunk {
  int left = 0, right = 0, num_left = 0, num_right = 0;
};

// The hunks between the longest common subsequence of a[from, a_end) and b[from, b_end).
std::vector<Hunk> Hunks(const Lines& a, const Lines& b, int from, int a_end, int b_end) {
  const int rows = a_end - from, columns = b_end - from;
  if (rows == 0 && columns == 0) return {};
  const Hunk whole = {.left = from, .right = from, .num_left = rows, .num_right = columns};
  if (rows == 0 || columns == 0 || int64_t{rows} * columns > kMostCells) return {whole};
  const auto at = [&](int i, int j) { return static_cast<size_t>(i) * (columns + 1) + j; };
  std::vector<int> longest(at(rows, columns) + 1, 0);  // Of what is left of both.
  for (int i = rows - 1; i >= 0; --i) {
    for (int j = columns - 1; j >= 0; --j) {
      longest[at(i, j)] = a[from + i] == b[from + j] ? longest[at(i + 1, j + 1)] + 1
                                                     : std::max(longest[at(i + 1, j)], longest[at(i, j + 1)]);
    }
  }
  std::vector<Hunk> hunks;
  int i = 0, j = 0;
  while (i < rows || j < columns) {
    if (i < rows && j < columns && a[from + i] == b[from + j]) {
      ++i;
      ++j;
      continue;
    }
    Hunk hunk = {.left = from + i, .right = from + j};
    while ((i < rows || j < columns) && !(i < rows && j < columns && a[from + i] == b[from + j])) {
      const bool remove = j == columns || (i < rows && longest[at(i + 1, j)] >= longest[at(i, j + 1)]);
      ++(remove ? hunk.num_left : hunk.num_right);
      ++(remove ? i : j);
    }
    hunks.push_back(hunk);
  }
  return hunks;
}

template <typename Contents>
void Copy(const Lines& lines, int begin, int count, Contents* contents) {
  for (int i = begin; i < begin + count; ++i) contents->Add(std::string(lines[i]));
}

void AddSame(const Lines& a, int left, int right, int count, std::vector<DiffRegion>* regions) {
  if (count == 0) return;
  auto* region = regions->emplace_back().mutable_unchanged();
  region->set_left_start(left + 1);
  region->set_right_start(right + 1);
  Copy(a, left, count, region->mutable_contents());
}

// The lines that both have between two hunks; those far from both are hidden.
void AddBetween(const Lines& a, int left, int right, int count, bool after_hunk, bool before_hunk,
                std::vector<DiffRegion>* regions) {
  const int head = after_hunk ? std::min(kContext, count) : 0;
  const int tail = before_hunk ? std::min(kContext, count - head) : 0;
  const int hidden = count - head - tail;
  AddSame(a, left, right, hidden == 0 ? count : head, regions);
  if (hidden == 0) return;
  auto* region = regions->emplace_back().mutable_hidden();
  region->set_left_start(left + head + 1);
  region->set_right_start(right + head + 1);
  region->set_size(hidden);
  AddSame(a, left + head + hidden, right + head + hidden, tail, regions);
}

DiffRegion RegionOf(const Hunk& hunk, const Lines& a, const Lines& b) {
  DiffRegion region;
  if (hunk.num_right == 0) {
    region.mutable_removed()->set_start(hunk.left + 1);
    Copy(a, hunk.left, hunk.num_left, region.mutable_removed()->mutable_contents());
  } else if (hunk.num_left == 0) {
    region.mutable_added()->set_start(hunk.right + 1);
    Copy(b, hunk.right, hunk.num_right, region.mutable_added()->mutable_contents());
  } else {
    auto* changed = region.mutable_changed();
    changed->set_left_start(hunk.left + 1);
    changed->set_right_start(hunk.right + 1);
    Copy(a, hunk.left, hunk.num_left, changed->mutable_left_contents());
    Copy(b, hunk.right, hunk.num_right, changed->mutable_right_contents());
  }
  return region;
}

Lines LinesOf(absl::string_view text) {
  if (text.empty()) return {};
  if (text.back() == '\n') text.remove_suffix(1);
  return absl::StrSplit(text, '\n');
}

}  // namespace

std::vector<DiffRegion> DiffRegions(absl::string_view left, absl::string_view right) {
  const Lines a = LinesOf(left), b = LinesOf(right);
  const int num_left = static_cast<int>(a.size()), num_right = static_cast<int>(b.size());
  int from = 0;
  while (from < num_left && from < num_right && a[from] == b[from]) ++from;
  int same_end = 0;
  while (same_end < std::min(num_left, num_right) - from && a[num_left - 1 - same_end] == b[num_right - 1 - same_end]) {
    ++same_end;
  }
  std::vector<DiffRegion> regions;
  int done_left = 0, done_right = 0;
  for (const Hunk& hunk : Hunks(a, b, from, num_left - same_end, num_right - same_end)) {
    AddBetween(a, done_left, done_right, hunk.left - done_left, /*after_hunk=*/!regions.empty(), /*before_hunk=*/true,
               &regions);
    regions.push_back(RegionOf(hunk, a, b));
    done_left = hunk.left + hunk.num_left;
    done_right = hunk.right + hunk.num_right;
  }
  if (regions.empty()) return regions;
  AddBetween(a, done_left, done_right, num_left - done_left, /*after_hunk=*/true, /*before_hunk=*/false, &regions);
  return regions;
}

}  // namespace tfxm::statistics
