// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/executor.h"

namespace tfxm {
namespace {

template <typename Dict>
auto Single(Dict& dict, absl::string_view key) -> absl::StatusOr<decltype(&dict.begin()->second[0])> {
  const auto it = dict.find(std::string(key));
  const size_t n = it == dict.end() ? 0 : it->second.size();
  if (n != 1) return absl::InvalidArgumentError(absl::StrCat("expected one artifact as \"", key, "\", found ", n));
  return &it->second[0];
}

}  // namespace

absl::StatusOr<const Artifact*> SingleArtifact(const ArtifactDict& dict, absl::string_view key) {
  return Single(dict, key);
}
absl::StatusOr<Artifact*> SingleArtifact(ArtifactDict* dict, absl::string_view key) { return Single(*dict, key); }

const Artifact* OptionalArtifact(const ArtifactDict& dict, absl::string_view key) {
  const auto it = dict.find(std::string(key));
  return it == dict.end() || it->second.empty() ? nullptr : &it->second[0];
}

std::string StringPropertyOr(const Properties& properties, absl::string_view name, absl::string_view otherwise) {
  const auto it = properties.find(std::string(name));
  if (it == properties.end()) return std::string(otherwise);
  const std::string* value = std::get_if<std::string>(&it->second);
  return value == nullptr || *value == "null" ? std::string(otherwise) : *value;
}

absl::StatusOr<std::string> StringProperty(const Properties& properties, absl::string_view name) {
  std::string value = StringPropertyOr(properties, name, "");
  if (value.empty()) return absl::InvalidArgumentError(absl::StrCat("the exec property \"", name, "\" is missing"));
  return value;
}

int64_t IntPropertyOr(const Properties& properties, absl::string_view name, int64_t otherwise) {
  const auto it = properties.find(std::string(name));
  if (it == properties.end()) return otherwise;
  const int64_t* value = std::get_if<int64_t>(&it->second);
  return value == nullptr ? otherwise : *value;
}

}  // namespace tfxm
