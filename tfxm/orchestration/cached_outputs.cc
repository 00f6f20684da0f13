#include "tfxm/orchestration/cached_outputs.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tfxm/components/executor.h"
#include "tfxm/util/io.h"
#include "tfxm/util/manifest.h"

namespace tfxm {
namespace {

std::string First(const std::vector<std::string>& wrong) {
  if (wrong.empty()) return "";
  return wrong.size() == 1 ? wrong[0] : absl::StrCat(wrong[0], " (and ", wrong.size() - 1, " more)");
}

std::string WhyNotPushed(const Artifact& artifact, const Manifest& manifest, FileHashes* hashes) {
  const std::string destination = StringPropertyOr(artifact.custom_properties, "pushed_destination", "");
  if (destination.empty()) return "";
  if (!io::IsDirectory(destination)) return absl::StrCat("the pushed model ", destination, " is not there any more");
  if (const std::string wrong = First(CheckManifest(manifest, destination, hashes, /*exact=*/true)); !wrong.empty()) {
    return absl::StrCat("of the pushed model, ", wrong);
  }
  int64_t version = 0, other = 0;
  if (!absl::SimpleAtoi(io::Basename(destination), &version)) return "";
  for (const std::string& name : io::ListDir(io::Dirname(destination)).value_or(std::vector<std::string>())) {
    if (absl::SimpleAtoi(name, &other) && other > version) {
      return absl::StrCat("the pushed model ", destination, " is not the newest any more: ", name, " is");
    }
  }
  return "";
}

}  // namespace

std::string WhyNotWhole(const ArtifactDict& outputs, FileHashes* hashes) {
  for (const auto& [key, artifacts] : outputs) {
    for (const Artifact& artifact : artifacts) {
      if (!io::Exists(artifact.uri)) return absl::StrCat(artifact.uri, " is missing");
      const std::string json = StringPropertyOr(artifact.custom_properties, kFilesProperty, "");
      if (json.empty()) continue;  // Of a store that another program wrote.
      const absl::StatusOr<Manifest> manifest = ParseManifest(json);
      if (!manifest.ok()) return absl::StrCat(artifact.uri, ": ", manifest.status().message());
      if (std::string wrong = First(CheckManifest(*manifest, artifact.uri, hashes, /*exact=*/true)); !wrong.empty()) {
        return wrong;
      }
      if (artifact.type_name != "PushedModel") continue;
      if (std::string wrong = WhyNotPushed(artifact, *manifest, hashes); !wrong.empty()) return wrong;
    }
  }
  return "";
}

}  // namespace tfxm
