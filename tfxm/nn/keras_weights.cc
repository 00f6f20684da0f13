// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/keras_weights.h"

#include <fstream>

#include "absl/strings/match.h"
#include "tfxm/nn/internal/weights/keras_weights_file.h"
#include "tfxm/util/io.h"
#include "tfxm/util/plugin.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {
namespace {

absl::StatusOr<std::unique_ptr<KerasWeightsReader>> Reader() {
  RETURN_IF_ERROR(LoadPlugin("keras_weights"));
  return KerasWeightsReaderRegistry::Get().Create("hdf5");
}

}  // namespace

bool IsKerasWeights(absl::string_view path) {
  if (io::IsDirectory(path) || !io::Exists(path)) return false;
  std::string head(kHdf5Magic.size(), '\0');
  std::ifstream(std::string(path), std::ios::binary).read(head.data(), static_cast<std::streamsize>(head.size()));
  return absl::StartsWith(head, kHdf5Magic) || absl::StartsWith(head, kZipMagic);
}

absl::StatusOr<std::vector<StoredVariable>> ListKerasWeights(absl::string_view path,
                                                             const std::vector<std::shared_ptr<Layer>>& layers) {
  ASSIGN_OR_RETURN(const std::unique_ptr<KerasWeightsReader> reader, Reader());
  return reader->List(path, layers);
}

absl::StatusOr<std::map<std::string, Tensor>> ReadKerasWeights(absl::string_view path,
                                                               const std::vector<std::string>& keys) {
  ASSIGN_OR_RETURN(const std::unique_ptr<KerasWeightsReader> reader, Reader());
  return reader->Read(path, keys);
}

}  // namespace tfxm::nn
