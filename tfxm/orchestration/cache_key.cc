#include "tfxm/orchestration/cache_key.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/components/module_file.h"
#include "tfxm/util/fingerprint.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

void Update(const Properties& properties, Sha256* hash) {
  hash->UpdatePart(absl::StrCat(properties.size()));
  for (const auto& [name, value] : properties) {
    hash->UpdatePart(name);
    hash->UpdatePart(absl::StrCat(value.index()));  // 1 and "1" differ.
    std::visit([&](const auto& v) { hash->UpdatePart(absl::StrCat(v)); }, value);
  }
}

absl::Status UpdateWithFiles(const Properties& properties, Sha256* hash) {
  for (const auto& [name, value] : properties) {
    const std::string* path = std::get_if<std::string>(&value);
    if (path == nullptr || path->empty() || *path == "null" || !absl::EndsWith(name, "_file")) continue;
    if (name == "module_file") {
      ASSIGN_OR_RETURN(const std::string fingerprint, ModuleFingerprint(*path));
      hash->UpdatePart(fingerprint);
    } else if (io::Exists(*path)) {
      ASSIGN_OR_RETURN(const std::string fingerprint, FingerprintPath(*path));
      hash->UpdatePart(fingerprint);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> CacheKey(const std::string& pipeline_name, const NodeSpec& spec, const ArtifactDict& inputs,
                                     const Properties& exec_properties) {
  Sha256 hash;
  for (const std::string& part : {std::string(TFXM_VERSION), pipeline_name, spec.id, spec.type_name, spec.executor}) {
    hash.UpdatePart(part);
  }
  Update(exec_properties, &hash);
  RETURN_IF_ERROR(UpdateWithFiles(exec_properties, &hash));
  for (const auto& [key, artifacts] : inputs) {
    hash.UpdatePart(absl::StrCat("input ", artifacts.size()));
    hash.UpdatePart(key);
    for (const Artifact& artifact : artifacts) {
      hash.UpdatePart(absl::StrCat(artifact.id));
      hash.UpdatePart(artifact.uri);
      Update(artifact.properties, &hash);
      Update(artifact.custom_properties, &hash);
    }
  }
  for (const auto& [key, output] : spec.outputs) {
    hash.UpdatePart("output");
    hash.UpdatePart(key);
    hash.UpdatePart(output.type.name);
    Update(output.properties, &hash);
    Update(output.custom_properties, &hash);
  }
  return hash.HexDigest();
}

}  // namespace tfxm
