// SPDX-License-Identifier: Apache-2.0

// Pusher: a blessed model goes to where it is served from, as a new version; one that is not blessed stays.
#include <algorithm>
#include <ctime>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "tfx/proto/pusher.pb.h"
#include "tfxm/components/executor.h"
#include "tfxm/metadata/artifact_layout.h"
#include "tfxm/util/files/file_manifest.h"
#include "tfxm/util/files/temporary.h"
#include "tfxm/util/filesystem/file_system.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using tfx::components::pusher::PushDestination;

// True if the blessing under `key`, where there is one, says blessed = 1: a ModelBlessing and an InfraBlessing of TFX
// both do so with the int property "blessed".
bool IsBlessed(const ArtifactDict& inputs, const std::string& key) {
  const Artifact* const blessing = OptionalArtifact(inputs, key);
  return blessing == nullptr || IntPropertyOr(blessing->custom_properties, "blessed", 0) == 1;
}

// What the version consists of, for `tfxm verify` and the next run.
absl::Status WriteManifest(const std::string& dir) {
  ASSIGN_OR_RETURN(const FileManifest manifest, MakeFileManifest(dir));
  return io::WriteFile(io::JoinPath(dir, kManifestFile), ManifestJson(manifest));
}

// The version is the time in seconds, as TFX numbers them; the next free number if it is taken.
int64_t FirstVersion() { return static_cast<int64_t>(time(nullptr)); }

// A number in a store, which has no renames and gives nothing to one of many: who wants it writes a marker with a name of
// its own beside where the version will be, and has it if there are then neither the version nor markers of others. So
// of two that are there at once at least one sees the other. The marker stays as long as the version is written.
class ClaimedVersion {
 public:
  static absl::StatusOr<ClaimedVersion> Make(const std::string& base_directory) {
    std::random_device random;
    const std::string own = absl::StrCat(absl::Hex(random()), absl::Hex(random()), absl::Hex(random()));
    for (int64_t version = FirstVersion();; ++version) {
      ASSIGN_OR_RETURN(const Seen before, Look(base_directory, version));
      if (before.version || !before.markers.empty()) continue;
      const std::string marker = absl::StrCat(MarkerPrefix(version), own);
      ClaimedVersion claim(base_directory, version, marker);
      RETURN_IF_ERROR(io::WriteFile(claim.marker_, "a push takes this number\n"));
      absl::StatusOr<Seen> after = Look(base_directory, version);
      if (after.ok() && !after->version && after->markers == std::vector<std::string>{marker}) return claim;
      claim.Release();
      RETURN_IF_ERROR(after.status());
      // Each of those that met goes on to another number.
      version += std::find(after->markers.begin(), after->markers.end(), marker) - after->markers.begin();
    }
  }
  const std::string& path() const { return path_; }
  // One that stays keeps others from this number, which has passed: no harm is done.
  void Release() const { io::RemoveAll(marker_).IgnoreError(); }

 private:
  struct Seen {
    bool version = false;
    std::vector<std::string> markers;
  };

  ClaimedVersion(const std::string& base_directory, int64_t version, const std::string& marker)
      : path_(io::JoinPath(base_directory, absl::StrCat(version))), marker_(io::JoinPath(base_directory, marker)) {}

  static std::string MarkerPrefix(int64_t version) { return absl::StrCat(".pushing-", version, "-"); }

  static absl::StatusOr<Seen> Look(const std::string& base_directory, int64_t version) {
    ASSIGN_OR_RETURN(const std::vector<std::string> names, io::ListDir(base_directory));
    Seen seen;
    for (const std::string& name : names) {
      if (name == absl::StrCat(version)) seen.version = true;
      if (absl::StartsWith(name, MarkerPrefix(version))) seen.markers.push_back(name);
    }
    return seen;
  }

  std::string path_, marker_;
};

// Object stores have no renames: the manifest goes last, and a version without one is not whole. What is there of it when
// something goes wrong is removed, which is all of this push as long as it has the number.
absl::StatusOr<std::string> PushToStore(const std::string& model_path, const std::string& base_directory) {
  RETURN_IF_ERROR(io::KindOf(base_directory).status());  // Whether the store answers.
  ASSIGN_OR_RETURN(const FileManifest manifest, MakeFileManifest(model_path));
  ASSIGN_OR_RETURN(const ClaimedVersion claim, ClaimedVersion::Make(base_directory));
  absl::Status pushed = io::CopyTree(model_path, claim.path());
  if (pushed.ok()) pushed = io::WriteFile(io::JoinPath(claim.path(), kManifestFile), ManifestJson(manifest));
  if (!pushed.ok()) io::RemoveAll(claim.path()).IgnoreError();
  claim.Release();
  RETURN_IF_ERROR(pushed);
  return claim.path();
}

// The model is copied beside its place and renamed, so that a server that watches the directory sees a whole version or
// none. A folder is not renamed to one that has something in it: of two pushes one has the number.
absl::StatusOr<std::string> Push(const std::string& model_path, const std::string& base_directory) {
  if (io::IsRemote(base_directory)) return PushToStore(model_path, base_directory);
  RETURN_IF_ERROR(io::MakeDirs(base_directory));
  ASSIGN_OR_RETURN(const auto temporary, io::TempDir::Make(base_directory, ".pushing-", io::TempDir::Rights::kUmask));
  RETURN_IF_ERROR(io::CopyTree(model_path, temporary->path()));
  RETURN_IF_ERROR(WriteManifest(temporary->path()));
  for (int64_t version = FirstVersion();; ++version) {
    const std::string destination = io::JoinPath(base_directory, absl::StrCat(version));
    if (io::Exists(destination)) continue;
    const absl::Status renamed = io::Rename(temporary->path(), destination);
    if (renamed.ok()) return destination;
    if (!io::Exists(destination)) return renamed;
  }
}

class PusherExecutor : public Executor {
 public:
  absl::Status Do(const ArtifactDict& inputs, const Properties& exec_properties, const ExecutorContext& context,
                  ArtifactDict* outputs) override {
    ASSIGN_OR_RETURN(const Artifact* model, SingleArtifact(inputs, "model"));
    ASSIGN_OR_RETURN(Artifact* const pushed, SingleArtifact(outputs, "pushed_model"));
    ASSIGN_OR_RETURN(const std::string json, StringProperty(exec_properties, "push_destination"));
    PushDestination destination;
    RETURN_IF_ERROR(Annotate(io::ParseJson(json, &destination), "push_destination"));
    if (destination.filesystem().base_directory().empty()) {
      return absl::InvalidArgumentError("push_destination has no filesystem.base_directory");
    }
    const bool model_blessed = IsBlessed(inputs, "model_blessing");
    if (!model_blessed || !IsBlessed(inputs, "infra_blessing")) {
      context.progress(absl::StrCat("not pushed: the model is not blessed by its ",
                                    model_blessed ? "infra_blessing" : "model_blessing"),
                       1);
      pushed->custom_properties["pushed"] = int64_t{0};
      return absl::OkStatus();
    }
    const std::string model_path = io::JoinPath(model->uri, kServingModelDir);
    if (!io::IsDirectory(model_path)) {
      return absl::NotFoundError(absl::StrCat("the model artifact has no ", model_path, "; nothing to push"));
    }
    ASSIGN_OR_RETURN(const std::string version_dir,
                     Push(model_path, io::AbsolutePath(destination.filesystem().base_directory())));
    RETURN_IF_ERROR(io::CopyTree(model_path, pushed->uri));
    pushed->custom_properties["pushed"] = int64_t{1};
    pushed->custom_properties["pushed_destination"] = version_dir;
    pushed->custom_properties["pushed_version"] = io::Basename(version_dir);
    context.progress(absl::StrCat("pushed to ", version_dir), 1);
    return absl::OkStatus();
  }
};

TFXM_REGISTER(ExecutorRegistry, "tfx.components.pusher.executor.Executor",
              [] { return std::make_unique<PusherExecutor>(); });

}  // namespace
}  // namespace tfxm
