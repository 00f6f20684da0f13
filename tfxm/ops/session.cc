// SPDX-License-Identifier: Apache-2.0

#include "tfxm/ops/session.h"

#include "absl/strings/str_cat.h"
#include "tensorflow/core/public/session.h"
#include "tensorflow/core/public/session_options.h"
#include "tfxm/ops/internal/graph_access.h"
#include "tfxm/ops/internal/session_access.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::ops {
namespace {

std::string Endpoint(const Tensor& tensor) {
  return absl::StrCat(internal::TfNode(tensor)->name(), ":", tensor.index());
}

}  // namespace

Session::Session() : rep_(std::make_unique<Rep>()) {}
Session::~Session() {
  if (rep_->session != nullptr) rep_->session->Close().IgnoreError();
}

absl::StatusOr<std::unique_ptr<Session>> Session::Create(const Graph& graph, const SessionOptions& options) {
  RETURN_IF_ERROR(graph.status());
  tensorflow::SessionOptions session_options;
  tensorflow::ConfigProto& config = session_options.config;
  config.set_intra_op_parallelism_threads(1);  // OpThreads has more.
  config.set_use_per_session_threads(true);
  if (options.num_parallel_nodes > 1) {
    config.set_inter_op_parallelism_threads(options.num_parallel_nodes);
  } else {
    config.set_inter_op_parallelism_threads(-1);  // Negative: nodes run in the caller's thread.
    config.mutable_experimental()->set_executor_type("SINGLE_THREADED_EXECUTOR");
  }
  config.mutable_experimental()->set_disable_optimize_for_static_graph(true);  // Extend adds to it.
  tensorflow::GraphDef graph_def;
  graph.ToGraphDef(&graph_def);
  std::unique_ptr<Session> session(new Session);
  tensorflow::Session* created = nullptr;
  RETURN_IF_ERROR(tensorflow::NewSession(session_options, &created));
  session->rep_->session.reset(created);
  session->rep_->threads.Start(options.num_threads);
  session->rep_->num_nodes = graph_def.node_size();
  RETURN_IF_ERROR(created->Create(std::move(graph_def)));
  return session;
}

absl::Status Session::Extend(const Graph& graph) {
  RETURN_IF_ERROR(graph.status());
  tensorflow::GraphDef graph_def;
  graph.ToGraphDef(&graph_def);
  const int before = std::exchange(rep_->num_nodes, graph_def.node_size());
  if (before == graph_def.node_size()) return absl::OkStatus();
  graph_def.mutable_node()->DeleteSubrange(0, before);
  return rep_->session->Extend(std::move(graph_def));
}

absl::StatusOr<std::unique_ptr<Function>> Session::MakeFunction(const std::vector<Tensor>& feeds,
                                                                const std::vector<Tensor>& fetches,
                                                                const std::vector<Node>& targets) const {
  tensorflow::CallableOptions callable;
  std::unique_ptr<Function> function(new Function);
  Function::Rep& rep = *function->rep_;
  rep.session = rep_->session.get();
  rep.threads = rep_->threads.options();
  for (const Tensor& feed : feeds) {
    if (!feed.valid()) return absl::InvalidArgumentError("an invalid tensor is fed");
    callable.add_feed(Endpoint(feed));
    rep.feed_names.push_back(feed.name());
    rep.feed_types.push_back(static_cast<tensorflow::DataType>(feed.dtype()));
  }
  for (const Tensor& fetch : fetches) {
    if (!fetch.valid()) return absl::InvalidArgumentError("an invalid tensor is fetched");
    callable.add_fetch(Endpoint(fetch));
  }
  for (const Node& target : targets) {
    if (!target.valid()) return absl::InvalidArgumentError("an invalid node is run");
    callable.add_target(target.name());
  }
  RETURN_IF_ERROR(rep.session->MakeCallable(callable, &rep.handle));
  return function;
}

Function::Function() : rep_(std::make_unique<Rep>()) {}
Function::~Function() {
  if (rep_->session != nullptr) rep_->session->ReleaseCallable(rep_->handle).IgnoreError();
}

absl::StatusOr<std::vector<tfxm::Tensor>> Function::Run(const std::vector<tfxm::Tensor>& feeds) const {
  if (feeds.size() != rep_->feed_names.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the function takes ", rep_->feed_names.size(), " tensors, got ", feeds.size()));
  }
  std::vector<tensorflow::Tensor> inputs, outputs;
  for (size_t i = 0; i < feeds.size(); ++i) {
    ASSIGN_OR_RETURN(tensorflow::Tensor input, internal::ToTf(feeds[i]));
    if (input.dtype() != rep_->feed_types[i]) {
      return absl::InvalidArgumentError(absl::StrCat("\"", rep_->feed_names[i], "\" is ",
                                                     DataTypeName(static_cast<DataType>(rep_->feed_types[i])), ", got ",
                                                     DataTypeName(feeds[i].dtype())));
    }
    inputs.push_back(std::move(input));
  }
  RETURN_IF_ERROR(rep_->Run(inputs, &outputs));
  std::vector<tfxm::Tensor> results;
  for (const tensorflow::Tensor& output : outputs) {
    ASSIGN_OR_RETURN(tfxm::Tensor result, internal::FromTf(output));
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace tfxm::ops
