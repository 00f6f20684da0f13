// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/inference/inference_model.h"

#include <cstdio>
#include <set>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tfxm/util/filesystem/file_system.h"
#include "tfxm/util/io.h"
#include "tfxm/util/plugin.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

// A FlatBuffer's file identifier is its bytes 4 to 7.
bool HasTfliteIdentifier(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return false;
  char head[8] = {};
  const bool read = std::fread(head, 1, sizeof(head), file) == sizeof(head);
  std::fclose(file);
  return read && std::string(head + 4, 4) == "TFL3";
}

// As a Pusher and servers have it, a folder may hold versions of a model: 1/, 2/, …
std::string VersionHint(const std::string& path) {
  const auto names = io::ListDir(path);
  int64_t newest = -1;
  std::string hint, file;
  for (const std::string& name : names.ok() ? *names : std::vector<std::string>()) {
    int64_t version = -1;
    if (!absl::SimpleAtoi(name, &version) || version <= newest) continue;
    if (DetectModelType(io::JoinPath(path, name), &file).empty()) continue;
    newest = version;
    hint =
        absl::StrCat(". It holds versions of a model: give the path of one, the newest is ", io::JoinPath(path, name));
  }
  return hint;
}

}  // namespace

absl::StatusOr<std::map<std::string, Tensor>> InferenceSession::PredictTensors(const data::ExampleBatch& batch) {
  return absl::UnimplementedError("models of this kind give no tensors");
}

absl::StatusOr<int> InferenceSession::SetInputs(const data::ExampleBatch& batch) {
  inputs_ = &batch;
  return batch.num_examples();
}

absl::Status InferenceSession::RunInputs() {
  outputs_.clear();
  return Predict(*inputs_, &outputs_);
}

std::string DetectModelType(const std::string& path, std::string* file) {
  *file = path;
  if (io::IsDirectory(path)) {
    if (io::Exists(io::JoinPath(path, "saved_model.pb")) || io::Exists(io::JoinPath(path, "saved_model.pbtxt")))
      return "saved_model";
    const std::string inside = io::JoinPath(path, "tflite");
    if (!io::Exists(inside)) return "";
    *file = inside;
    return "tf_lite";
  }
  return io::Exists(path) && (HasTfliteIdentifier(path) || io::Basename(path) == "tflite" || path.ends_with(".tflite"))
             ? "tf_lite"
             : "";
}

absl::StatusOr<std::unique_ptr<InferenceModel>> LoadInferenceModel(const std::string& path,
                                                                   const ::tensorflow_model_analysis::ModelSpec& spec,
                                                                   bool detect_type, const InputShapes& input_shapes) {
  static const std::set<std::string> kSavedModelTypes = {"",           "tf_keras",  "tf_generic", "tf_estimator",
                                                         "tf_ranking", "tfma_eval", "saved_model"};
  const std::string spec_name =
      spec.name().empty() ? "the model_spec" : absl::StrCat("model_spec \"", spec.name(), "\"");
  if (kSavedModelTypes.count(spec.model_type()) == 0 && !InferenceModelRegistry::Get().Has(spec.model_type())) {
    const std::string near = NearestNames(spec.model_type(), {"tf_lite", "tf_keras", "tf_generic", "tf_estimator"});
    return absl::InvalidArgumentError(
        absl::StrCat(spec_name, " has model_type \"", spec.model_type(), "\", which is none of tf_lite, tf_keras, ",
                     "tf_generic, tf_estimator, tf_ranking", near.empty() ? "" : "; did you mean ", near));
  }
  ASSIGN_OR_RETURN(const io::PathInfo::Kind kind, io::KindOf(path));
  if (kind == io::PathInfo::Kind::kNothing) {
    return absl::NotFoundError(absl::StrCat("no model at ", path, " (", spec_name, ")"));
  }
  std::string file;
  const std::string found = DetectModelType(path, &file);
  if (found.empty()) {
    return absl::NotFoundError(absl::StrCat(
        path, " (", spec_name, ") is neither a SavedModel (a directory with saved_model.pb) nor a TFLite model",
        VersionHint(path)));
  }
  std::string type = kSavedModelTypes.count(spec.model_type()) > 0 ? "saved_model" : spec.model_type();
  if (spec.model_type().empty() && detect_type) type = found;
  if (type != found && type == "tf_lite") {
    return absl::InvalidArgumentError(
        absl::StrCat(spec_name, " has model_type \"tf_lite\" but ", path,
                     " is a SavedModel: leave model_type empty, or give the path of the TFLite file"));
  }
  if (type != found && type == "saved_model") {
    return absl::InvalidArgumentError(absl::StrCat(spec_name, " has model_type \"", spec.model_type(),
                                                   "\", which means a SavedModel, but ", file,
                                                   " is a TFLite model: set model_type: \"tf_lite\""));
  }
  if (type == "saved_model" && !InferenceModelRegistry::Get().Has("saved_model")) {
    RETURN_IF_ERROR(LoadPlugin("saved_model_inference"));
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<InferenceModelLoader> loader, InferenceModelRegistry::Get().Create(type));
  return loader->Load(file, spec, input_shapes);
}

}  // namespace tfxm::model_analysis
