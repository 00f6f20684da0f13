// SPDX-License-Identifier: Apache-2.0

// The part of a component that does the work: TFX's BaseExecutor. It reads its input artifacts, writes below the uris
// of its output artifacts and may set their properties; it knows nothing of the metadata store, the cache or other
// nodes.
//
//   class StatisticsGenExecutor : public Executor {
//    public:
//     absl::Status Do(const ArtifactDict& inputs, const Properties& exec_properties, const ExecutorContext& context,
//                     ArtifactDict* outputs) override;
//   };
//   TFXM_REGISTER(ExecutorRegistry, "tfx.components.statistics_gen.executor.Executor",
//                 [] { return std::make_unique<StatisticsGenExecutor>(); });
//
// The orchestrator runs each executor in a process of its own and renames the output directories into place only if Do
// succeeded, so an executor may fail, abort or be killed at any point. Executors that need libtensorflow_cc are in the
// plugin library "components_tensorflow" (util/plugin.h), which only their processes load.
#ifndef TFXM_COMPONENTS_EXECUTOR_H_
#define TFXM_COMPONENTS_EXECUTOR_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/distribution/workers.h"
#include "tfxm/metadata/artifact.h"
#include "tfxm/util/registry.h"

namespace tfxm {

struct ExecutorContext {
  std::string node_id;
  // An empty directory for intermediate files; removed afterwards.
  std::string tmp_dir;
  // Where it may leave what the next execution of the same node, with the same inputs, properties and code, goes on
  // from if this one fails or is killed. Nobody has made the folder; it is removed when an execution has succeeded.
  std::string checkpoint_dir;
  // Says how far the work is, for the display: "epoch 3/10", 0.3. fraction < 0: not known. May be called from any
  // thread, as often as one likes (the callee limits the rate). Never null.
  std::function<void(absl::string_view message, double fraction)> progress = [](absl::string_view, double) {};
  // Who makes the passes over examples that can be many processes' (distribution/launched_pass.h).
  distribution::Workers workers = {};
};

class Executor {
 public:
  virtual ~Executor() = default;
  virtual absl::Status Do(const ArtifactDict& inputs, const Properties& exec_properties, const ExecutorContext& context,
                          ArtifactDict* outputs) = 0;
};

using ExecutorRegistry = Registry<Executor>;

// The only artifact under `key`. INVALID_ARGUMENT names the key and how many there are.
absl::StatusOr<const Artifact*> SingleArtifact(const ArtifactDict& dict, absl::string_view key);
absl::StatusOr<Artifact*> SingleArtifact(ArtifactDict* dict, absl::string_view key);
// The first artifact under `key`; null if there is none, as where a Resolver found nothing.
const Artifact* OptionalArtifact(const ArtifactDict& dict, absl::string_view key);

// Exec properties by name. The first form is INVALID_ARGUMENT if it is missing; the others fall back to a default. TFX
// writes "null" for an unset JSON property; that counts as missing.
absl::StatusOr<std::string> StringProperty(const Properties& properties, absl::string_view name);
std::string StringPropertyOr(const Properties& properties, absl::string_view name, absl::string_view otherwise);
int64_t IntPropertyOr(const Properties& properties, absl::string_view name, int64_t otherwise);

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_EXECUTOR_H_
