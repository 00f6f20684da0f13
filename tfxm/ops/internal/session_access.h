// SPDX-License-Identifier: Apache-2.0

// Running an ops::Function on TensorFlow's own tensors, without copies: for .cc files of saved_model, transform and nn.
#ifndef TFXM_OPS_INTERNAL_SESSION_ACCESS_H_
#define TFXM_OPS_INTERNAL_SESSION_ACCESS_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tensorflow/core/platform/denormal.h"
#include "tensorflow/core/platform/threadpool.h"
#include "tensorflow/core/public/session.h"
#include "tfxm/compute/pass.h"
#include "tfxm/ops/session.h"

namespace tfxm::ops {

// The threads that single operations of a session may use. TensorFlow makes one pool per process for this, as large as
// the first session asks. So all our sessions ask it for one thread, which costs a node least, and those that want more
// run on a pool of their own, handed to every run.
class OpThreads : public tensorflow::thread::ThreadPoolInterface {
 public:
  // 0: all cores.
  void Start(int num_threads) {
    if (num_threads <= 0) num_threads = compute::NumThreads();
    if (num_threads == 1) return;
    pool_ = std::make_unique<tensorflow::thread::ThreadPool>(tensorflow::Env::Default(), "ops", num_threads);
    options_.intra_op_threadpool = this;
  }
  const tensorflow::thread::ThreadPoolOptions& options() const { return options_; }

  void Schedule(std::function<void()> work) override { pool_->Schedule(std::move(work)); }
  void ScheduleWithHint(std::function<void()> work, int start, int end) override {
    pool_->ScheduleWithHint(std::move(work), start, end);
  }
  int NumThreads() const override { return pool_->NumThreads(); }
  int CurrentThreadId() const override { return pool_->CurrentThreadId(); }

 private:
  std::unique_ptr<tensorflow::thread::ThreadPool> pool_;
  tensorflow::thread::ThreadPoolOptions options_;
};

struct Session::Rep {
  OpThreads threads;  // Must outlive the session.
  std::unique_ptr<tensorflow::Session> session;
  int num_nodes = 0;  // Of the graph that the session has.
};

struct Function::Rep {
  tensorflow::Session* session = nullptr;
  tensorflow::Session::CallableHandle handle = 0;
  tensorflow::thread::ThreadPoolOptions threads;
  std::vector<std::string> feed_names;
  std::vector<tensorflow::DataType> feed_types;

  absl::Status Run(const std::vector<tensorflow::Tensor>& feeds, std::vector<tensorflow::Tensor>* fetches) const {
    // As TensorFlow's own threads do. Nodes run in the caller's: a decaying average of an optimizer that has become
    // subnormal would make its updates a hundred times slower, and another number than on a pool's thread.
    tensorflow::port::ScopedFlushDenormal flush;
    return session->RunCallable(handle, feeds, fetches, nullptr, threads);
  }
};

}  // namespace tfxm::ops

#endif  // TFXM_OPS_INTERNAL_SESSION_ACCESS_H_
