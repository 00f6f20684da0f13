// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/internal/num_threads.h"

#include <atomic>

namespace tfxm::nn {
namespace {

std::atomic<int> default_num_threads{kDefaultNumThreads};

}  // namespace

void SetDefaultNumThreads(int num_threads) { default_num_threads = num_threads; }
int DefaultNumThreads() { return default_num_threads; }

}  // namespace tfxm::nn
