// SPDX-License-Identifier: Apache-2.0

// The reader behind keras_weights.h. HDF5 and libzip are not on every machine where tfxm trains, and few models start from
// such a file: it is a plugin, "keras_weights", that registers itself as "hdf5".
#ifndef TFXM_NN_INTERNAL_WEIGHTS_KERAS_WEIGHTS_FILE_H_
#define TFXM_NN_INTERNAL_WEIGHTS_KERAS_WEIGHTS_FILE_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/nn/keras_weights.h"
#include "tfxm/util/registry.h"

namespace tfxm::nn {

class KerasWeightsReader {
 public:
  virtual ~KerasWeightsReader() = default;
  // ListKerasWeights and ReadKerasWeights.
  virtual absl::StatusOr<std::vector<StoredVariable>> List(absl::string_view path,
                                                           const std::vector<std::shared_ptr<Layer>>& layers) = 0;
  virtual absl::StatusOr<std::map<std::string, Tensor>> Read(absl::string_view path,
                                                             const std::vector<std::string>& keys) = 0;
};
using KerasWeightsReaderRegistry = Registry<KerasWeightsReader>;

inline constexpr absl::string_view kHdf5Magic = "\x89HDF\r\n\x1a\n", kZipMagic = "PK\x03\x04";

}  // namespace tfxm::nn

#endif  // TFXM_NN_INTERNAL_WEIGHTS_KERAS_WEIGHTS_FILE_H_
