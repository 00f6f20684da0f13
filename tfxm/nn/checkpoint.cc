#include "tfxm/nn/checkpoint.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tensorflow/core/platform/env.h"
#include "tensorflow/core/util/tensor_bundle/tensor_bundle.h"
#include "tfxm/ops/internal/graph_access.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {
namespace {

constexpr absl::string_view kValueSuffix = "/.ATTRIBUTES/VARIABLE_VALUE";
constexpr absl::string_view kDataSuffix = ".data-00000-of-00001";

}  // namespace

absl::Status WriteVariables(absl::string_view path, const std::map<std::string, Tensor>& variables) {
  RETURN_IF_ERROR(io::MakeDirs(io::Dirname(path)));
  ASSIGN_OR_RETURN(const std::string temp, io::MakeTempDir(io::Dirname(path), ".checkpoint"));
  const std::string prefix = io::JoinPath(temp, "variables");
  const auto write = [&]() -> absl::Status {
    tensorflow::BundleWriter writer(tensorflow::Env::Default(), prefix);
    RETURN_IF_ERROR(writer.status());
    for (const auto& [name, value] : variables) {
      ASSIGN_OR_RETURN(const tensorflow::Tensor tensor, ops::internal::ToTf(value));
      RETURN_IF_ERROR(writer.Add(absl::StrCat(name, kValueSuffix), tensor));
    }
    RETURN_IF_ERROR(writer.Finish());
    // The data first: an index always finds its data.
    RETURN_IF_ERROR(io::Rename(absl::StrCat(prefix, kDataSuffix), absl::StrCat(path, kDataSuffix)));
    return io::Rename(absl::StrCat(prefix, ".index"), absl::StrCat(path, ".index"));
  };
  const absl::Status status = write();
  io::RemoveAll(temp).IgnoreError();
  return Annotate(status, absl::StrCat("writing checkpoint ", path));
}

absl::StatusOr<std::map<std::string, Tensor>> ReadVariables(absl::string_view path, const std::vector<std::string>& names,
                                                            bool allow_missing) {
  std::string prefix(path);
  if (io::IsDirectory(path)) prefix = io::JoinPath(path, "variables/variables");
  if (!io::Exists(absl::StrCat(prefix, ".index"))) {
    return absl::NotFoundError(absl::StrCat("there is no checkpoint ", prefix, " (no ", prefix, ".index)"));
  }
  tensorflow::BundleReader reader(tensorflow::Env::Default(), prefix);
  RETURN_IF_ERROR(Annotate(reader.status(), prefix));
  std::vector<std::string> wanted = names;
  if (names.empty()) {
    for (reader.Seek(""); reader.Valid(); reader.Next()) {
      absl::string_view key = reader.key();
      if (absl::ConsumeSuffix(&key, kValueSuffix)) wanted.emplace_back(key);
    }
  }
  std::map<std::string, Tensor> values;
  for (const std::string& name : wanted) {
    std::string key = absl::StrCat(name, kValueSuffix);
    if (!reader.Contains(key)) key = name;  // Keys of TensorFlow 1.
    if (!reader.Contains(key)) {
      if (allow_missing) continue;
      return absl::NotFoundError(absl::StrCat("checkpoint ", prefix, " has no variable \"", name, "\""));
    }
    tensorflow::DataType dtype;
    tensorflow::TensorShape shape;
    RETURN_IF_ERROR(Annotate(reader.LookupDtypeAndShape(key, &dtype, &shape), prefix));
    tensorflow::Tensor tensor(dtype, shape);
    RETURN_IF_ERROR(Annotate(reader.Lookup(key, &tensor), prefix));
    ASSIGN_OR_RETURN(values[name], ops::internal::FromTf(tensor));
  }
  return values;
}

}  // namespace tfxm::nn
