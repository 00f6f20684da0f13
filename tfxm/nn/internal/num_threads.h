// SPDX-License-Identifier: Apache-2.0

// How many threads the kernels of a model get. oneDNN's and Eigen's sums depend on it, so it does not follow the
// machine's cores: the same data and seed give the same weights for any number of them.
#ifndef TFXM_NN_INTERNAL_NUM_THREADS_H_
#define TFXM_NN_INTERNAL_NUM_THREADS_H_

namespace tfxm::nn {

// Of models that are large enough for threads to pay; the others have one.
inline constexpr int kDefaultNumThreads = 4;

// What CompileOptions::num_threads = 0 stands for in this process from now on. A Trainer sets it, and records it in the
// metadata. REQUIRES: num_threads > 0.
void SetDefaultNumThreads(int num_threads);
int DefaultNumThreads();

}  // namespace tfxm::nn

#endif  // TFXM_NN_INTERNAL_NUM_THREADS_H_
