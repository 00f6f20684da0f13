// SPDX-License-Identifier: Apache-2.0

// Which of equal predictions are among the k largest: TFMA leaves that to numpy.argpartition, so its answers on ties
// are those of NumPy's selection algorithm (introselect), which this does step by step.
#ifndef TFXM_MODEL_ANALYSIS_PASS_NUMPY_PARTITION_H_
#define TFXM_MODEL_ANALYSIS_PASS_NUMPY_PARTITION_H_

#include <cmath>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace tfxm::model_analysis {

// Orders the positions of `v` as numpy.argpartition(v, kth) does: smaller values before place kth, larger ones after.
// NaN counts as larger than everything. Integers (`integers`) take another way to the largest one.
inline void NumpyArgPartition(std::span<const double> v, int kth, bool integers, std::vector<int>* positions) {
  const int n = static_cast<int>(v.size());
  std::vector<int>& at = *positions;
  at.resize(n);
  std::iota(at.begin(), at.end(), 0);
  auto less = [&](int a, int b) { return v[a] < v[b] || (std::isnan(v[b]) && !std::isnan(v[a])); };
  if (kth < 3) {
    for (int i = 0; i <= kth && i < n; ++i) {
      int smallest = i;
      for (int j = i + 1; j < n; ++j) {
        if (less(at[j], at[smallest])) smallest = j;
      }
      std::swap(at[i], at[smallest]);
    }
    return;
  }
  if (kth == n - 1 && !integers) {
    int largest = 0;
    for (int i = 1; i < n; ++i) {
      if (!less(at[i], at[largest])) largest = i;
    }
    std::swap(at[kth], at[largest]);
    return;
  }
  int low = 0, high = n - 1;
  while (low + 1 < high) {
    // The median of three becomes the pivot, at `low`; the smallest of them goes behind it.
    const int middle = low + (high - low) / 2;
    if (less(at[high], at[middle])) std::swap(at[high], at[middle]);
    if (less(at[high], at[low])) std::swap(at[high], at[low]);
    if (less(at[low], at[middle])) std::swap(at[low], at[middle]);
    std::swap(at[middle], at[low + 1]);
    int left = low + 1, right = high;
    const int pivot = at[low];
    while (true) {
      do ++left;
      while (less(at[left], pivot));
      do --right;
      while (less(pivot, at[right]));
      if (right < left) break;
      std::swap(at[left], at[right]);
    }
    std::swap(at[low], at[right]);
    if (right >= kth) high = right - 1;
    if (right <= kth) low = left;
  }
  if (high == low + 1 && less(at[high], at[low])) std::swap(at[high], at[low]);
}

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_PASS_NUMPY_PARTITION_H_
