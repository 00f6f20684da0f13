// SPDX-License-Identifier: Apache-2.0

#include "tfxm/saved_model/saved_model.h"

#include <algorithm>
#include <cstring>
#include <mutex>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tensorflow/cc/saved_model/loader.h"
#include "tensorflow/core/platform/denormal.h"
#include "tensorflow/core/public/session.h"
#include "tensorflow/core/public/session_options.h"
#include "tfxm/ops/internal/graph_access.h"
#include "tfxm/ops/internal/session_access.h"
#include "tfxm/saved_model/internal/read_saved_model.h"
#include "tfxm/saved_model/internal/restored_variables.h"
#include "tfxm/saved_model/saved_model_files.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

namespace tf = ::tensorflow;

TensorSpec ToSpec(const std::string& name, const tf::TensorInfo& info) {
  TensorSpec spec{.name = name, .dtype = static_cast<DataType>(info.dtype())};
  for (const auto& dim : info.tensor_shape().dim()) spec.shape.push_back(dim.size());
  return spec;
}

}  // namespace

// One signature with its callable, made when it is first run.
struct Endpoint {
  std::vector<std::string> feeds, fetches;  // Tensor names, in the order of the signature's inputs and outputs.
  std::string unsupported;                  // Why it cannot be run, if it cannot.
  std::once_flag made;
  absl::Status status;
  tf::Session::CallableHandle handle = 0;

  // Fed tensors of earlier runs, one set per concurrent caller: large ones cost more to allocate (every page is faulted
  // in anew) than to fill.
  std::mutex mutex;
  std::vector<std::vector<tf::Tensor>> idle;

  std::vector<tf::Tensor> TakeFeeds() {
    std::lock_guard<std::mutex> lock(mutex);
    if (idle.empty()) return std::vector<tf::Tensor>(feeds.size());
    std::vector<tf::Tensor> taken = std::move(idle.back());
    idle.pop_back();
    return taken;
  }
  void ReturnFeeds(std::vector<tf::Tensor> tensors) {
    std::lock_guard<std::mutex> lock(mutex);
    idle.push_back(std::move(tensors));
  }
};

// Puts the value into `feed`, into the memory it has if that is of the same type and shape.
absl::Status Fill(const Tensor& value, tf::Tensor* feed) {
  const bool fits = feed->dtype() == static_cast<tf::DataType>(value.dtype()) && feed->dtype() != tf::DT_STRING &&
                    feed->shape() == tf::TensorShape(value.shape()) &&
                    feed->tensor_data().size() == value.bytes().size();
  if (!fits) {
    ASSIGN_OR_RETURN(*feed, ops::internal::ToTf(value));
  } else if (!value.bytes().empty()) {
    std::memcpy(feed->data(), value.bytes().data(), value.bytes().size());
  }
  return absl::OkStatus();
}

struct SavedModel::Rep {
  ops::OpThreads threads;  // Must outlive the session.
  std::string dir;
  tf::SavedModelBundleLite bundle;
  std::vector<Signature> signatures;
  std::vector<std::unique_ptr<Endpoint>> endpoints;  // Beside `signatures`.
};

SavedModel::SavedModel() : rep_(std::make_unique<Rep>()) {}

SavedModel::~SavedModel() {
  if (rep_->bundle.GetSession() != nullptr) rep_->bundle.GetSession()->Close().IgnoreError();
}

bool SavedModel::IsSavedModel(absl::string_view dir) {
  return io::Exists(io::JoinPath(dir, kSavedModelFile)) || io::Exists(io::JoinPath(dir, kSavedModelTextFile));
}

absl::StatusOr<std::unique_ptr<SavedModel>> SavedModel::Load(absl::string_view dir, const SavedModelOptions& options) {
  // What the loader would say itself names neither the directory nor what to do; and it goes on without the variables.
  ASSIGN_OR_RETURN(tf::MetaGraphDef meta_graph, internal::ReadMetaGraph(dir, options.tags));
  RETURN_IF_ERROR(internal::CheckVariablesExist(dir, meta_graph));

  std::unique_ptr<SavedModel> model(new SavedModel);
  Rep& rep = *model->rep_;
  rep.dir = std::string(dir);
  tf::SessionOptions session_options;
  session_options.config.set_intra_op_parallelism_threads(1);  // OpThreads has more.
  rep.threads.Start(options.num_threads);
  // Nodes run in the caller's thread: several callers run at once, and a node costs no hand-over to another thread.
  session_options.config.set_inter_op_parallelism_threads(-1);
  ASSIGN_OR_RETURN(const auto restored, internal::WithRestoredVariables(dir, std::move(meta_graph)));
  const absl::Status loaded =
      tf::LoadSavedModel(session_options, tf::RunOptions(), restored ? restored->path() : rep.dir,
                         {options.tags.begin(), options.tags.end()}, &rep.bundle);
  if (!loaded.ok()) {
    return absl::Status(loaded.code(), absl::StrCat("cannot load the SavedModel ", dir, ": ", loaded.message()));
  }
  const std::map<std::string, tf::SignatureDef> sorted(rep.bundle.GetSignatures().begin(),
                                                       rep.bundle.GetSignatures().end());
  for (const auto& [name, def] : sorted) {
    if (absl::StartsWith(name, "__saved_model_")) continue;  // The init and train operations.
    Signature signature{.name = name};
    auto endpoint = std::make_unique<Endpoint>();
    const auto add = [&](const auto& infos, std::vector<TensorSpec>* specs, std::vector<std::string>* names) {
      for (const auto& [key, info] : std::map<std::string, tf::TensorInfo>(infos.begin(), infos.end())) {
        specs->push_back(ToSpec(key, info));
        names->push_back(info.name());
        if (info.encoding_case() != tf::TensorInfo::kName) {
          endpoint->unsupported = absl::StrCat("\"", key, "\" is a sparse or composite tensor");
        }
      }
    };
    add(def.inputs(), &signature.inputs, &endpoint->feeds);
    add(def.outputs(), &signature.outputs, &endpoint->fetches);
    rep.signatures.push_back(std::move(signature));
    rep.endpoints.push_back(std::move(endpoint));
  }
  return model;
}

const std::vector<Signature>& SavedModel::signatures() const { return rep_->signatures; }

absl::StatusOr<const Signature*> SavedModel::FindSignature(absl::string_view name) const {
  std::vector<std::string> names;
  for (const Signature& signature : rep_->signatures) {
    if (signature.name == name) return &signature;
    names.push_back(absl::StrCat("\"", signature.name, "\""));
  }
  return absl::NotFoundError(absl::StrCat("the SavedModel ", rep_->dir, " has no signature \"", name, "\"; it has ",
                                          names.empty() ? "none" : absl::StrJoin(names, ", ")));
}

absl::StatusOr<std::map<std::string, Tensor>> SavedModel::Run(const Signature& signature,
                                                              const std::map<std::string, Tensor>& inputs) const {
  const ptrdiff_t index = &signature - rep_->signatures.data();
  if (index < 0 || index >= static_cast<ptrdiff_t>(rep_->signatures.size())) {
    return absl::InvalidArgumentError(
        absl::StrCat("signature \"", signature.name, "\" is none of the SavedModel ", rep_->dir, "'s own"));
  }
  Endpoint& endpoint = *rep_->endpoints[index];
  const auto fail = [&](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat("signature \"", signature.name, "\" of ", rep_->dir, ": ", what));
  };
  if (!endpoint.unsupported.empty())
    return fail(absl::StrCat(endpoint.unsupported, ", which cannot be fed or fetched"));

  std::vector<tf::Tensor> feeds = endpoint.TakeFeeds(), fetches;
  for (size_t i = 0; i < feeds.size(); ++i) {
    const TensorSpec& spec = signature.inputs[i];
    const auto it = inputs.find(spec.name);
    if (it == inputs.end()) {
      return fail(absl::StrCat("input \"", spec.name, "\" (", DataTypeName(spec.dtype), " ", ShapeString(spec.shape),
                               ") is missing"));
    }
    const Tensor& value = it->second;
    if (value.dtype() != spec.dtype) {
      return fail(absl::StrCat("input \"", spec.name, "\" is ", DataTypeName(spec.dtype), ", got ",
                               DataTypeName(value.dtype())));
    }
    RETURN_IF_ERROR(Fill(value, &feeds[i]));
  }
  if (inputs.size() != signature.inputs.size()) {
    std::vector<std::string> names;
    for (const TensorSpec& spec : signature.inputs) names.push_back(spec.name);
    for (const auto& [name, value] : inputs) {
      if (std::find(names.begin(), names.end(), name) != names.end()) continue;
      return fail(absl::StrCat("there is no input \"", name, "\"; it takes ", absl::StrJoin(names, ", ")));
    }
  }

  std::call_once(endpoint.made, [&] {
    tf::CallableOptions callable;
    for (const std::string& feed : endpoint.feeds) callable.add_feed(feed);
    for (const std::string& fetch : endpoint.fetches) callable.add_fetch(fetch);
    endpoint.status = rep_->bundle.GetSession()->MakeCallable(callable, &endpoint.handle);
  });
  absl::Status ran = endpoint.status;
  if (ran.ok()) {
    tf::port::ScopedFlushDenormal flush;  // As on the threads of a session that has some of its own.
    ran = rep_->bundle.GetSession()->RunCallable(endpoint.handle, feeds, &fetches, nullptr, rep_->threads.options());
  }
  if (!ran.ok()) {
    // Some convolutions in three dimensions: oneDNN takes them and has no kernel.
    const bool of_onednn = absl::StrContains(ran.message(), "could not create a primitive");
    return absl::Status(
        ran.code(), absl::StrCat("signature \"", signature.name, "\" of ", rep_->dir, ": ", ran.message(),
                                 of_onednn ? "; oneDNN lacks what this operation needs: with the environment variable "
                                             "TF_ENABLE_ONEDNN_OPTS=0 TensorFlow's own kernel is taken"
                                           : ""));
  }
  std::map<std::string, Tensor> outputs;
  for (size_t i = 0; i < fetches.size(); ++i) {
    ASSIGN_OR_RETURN(outputs[signature.outputs[i].name], ops::internal::FromTf(fetches[i]));
  }
  // Only now: an output may be an input's memory.
  fetches.clear();
  endpoint.ReturnFeeds(std::move(feeds));
  return outputs;
}

}  // namespace tfxm
