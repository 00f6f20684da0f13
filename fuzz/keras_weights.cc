// SPDX-License-Identifier: Apache-2.0

// Weights in Keras's files, HDF5 with and without a zip around it (nn/keras_weights.h): listed, and read.
#include <cstdlib>

#include "fuzz/input.h"
#include "tfxm/nn/internal/weights/keras_weights_file.h"

// Of libtfxm_nn, only the reader is linked. Without layers it asks for none of these.
namespace tfxm::nn {
std::vector<const Weight*> Layer::AllWeights() const { abort(); }
std::string Weight::full_name() const { abort(); }
}  // namespace tfxm::nn

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const tfxm::fuzz::Scratch scratch;
  const std::string path = scratch.Write("weights.h5", tfxm::fuzz::Text(data, size));
  const auto reader = tfxm::nn::KerasWeightsReaderRegistry::Get().Create("hdf5");
  const auto variables = (*reader)->List(path, {});
  if (!variables.ok()) return 0;
  for (const tfxm::nn::StoredVariable& variable : *variables) {
    // As Model::LoadWeights does: only of a shape that is expected.
    int64_t elements = 1;
    bool small = true;
    for (const int64_t dim : variable.shape) {
      small = small && dim >= 0 && dim <= 1000;
      elements *= small ? dim : 1;
      small = small && elements <= 100000;
    }
    if (small) (*reader)->Read(path, {variable.key}).IgnoreError();
  }
  return 0;
}
