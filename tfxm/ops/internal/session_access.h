// Running an ops::Function on TensorFlow's own tensors, without copies: for .cc files of saved_model, transform and nn.
#ifndef TFXM_OPS_INTERNAL_SESSION_ACCESS_H_
#define TFXM_OPS_INTERNAL_SESSION_ACCESS_H_

#include <memory>
#include <string>
#include <vector>

#include "tensorflow/core/public/session.h"
#include "tfxm/ops/session.h"

namespace tfxm::ops {

struct Session::Rep {
  std::unique_ptr<tensorflow::Session> session;
  int num_nodes = 0;  // Of the graph that the session has.
};

struct Function::Rep {
  tensorflow::Session* session = nullptr;
  tensorflow::Session::CallableHandle handle = 0;
  std::vector<std::string> feed_names;
  std::vector<tensorflow::DataType> feed_types;

  absl::Status Run(const std::vector<tensorflow::Tensor>& feeds, std::vector<tensorflow::Tensor>* fetches) const {
    return session->RunCallable(handle, feeds, fetches, nullptr);
  }
};

}  // namespace tfxm::ops

#endif  // TFXM_OPS_INTERNAL_SESSION_ACCESS_H_
