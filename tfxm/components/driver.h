// SPDX-License-Identifier: Apache-2.0

// What has to be known about a node before the cache can be asked: TFX's custom drivers. Registered under the same name
// as the executor; most components have none.
#ifndef TFXM_COMPONENTS_DRIVER_H_
#define TFXM_COMPONENTS_DRIVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/metadata/artifact.h"
#include "tfxm/util/registry.h"

namespace tfxm {

class Driver {
 public:
  virtual ~Driver() = default;
  // Completes exec properties from the outside world (the span of the newest input, the fingerprint of input files).
  // They are part of the cache key and are what the executor gets. Must be quick: it runs in the orchestrator's own
  // process.
  virtual absl::Status ResolveExecProperties(Properties* exec_properties) = 0;
  // The files outside of the store that the executor will read, for exec properties that ResolveExecProperties has
  // completed. Their contents are part of the cache key.
  virtual absl::StatusOr<std::vector<std::string>> InputFilesOf(const Properties& exec_properties) {
    return std::vector<std::string>();
  }
};

using DriverRegistry = Registry<Driver>;

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_DRIVER_H_
