// SPDX-License-Identifier: Apache-2.0

// Fields of a TFLite file that LiteRT's loader refuses ("variable tensors not yet supported") though its interpreter,
// which reads the file once more, needs or ignores them: an LSTM's state (`is_variable`), intermediate tensors,
// mutating variable inputs, variant tensors. Hidden while this exists, so that the loader takes the model.
//
//   std::string bytes = file->bytes();
//   {
//     const HiddenFields hidden(bytes.data());
//     LiteRtCreateModelFromBuffer(environment, bytes.data(), bytes.size(), &model);
//   }
//   LiteRtCreateCompiledModel(…)      // Reads the same memory, now with the fields.
#ifndef TFXM_LITERT_INTERNAL_HIDDEN_FIELDS_H_
#define TFXM_LITERT_INTERNAL_HIDDEN_FIELDS_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "tflite_generated.h"

namespace tfxm::litert {

class HiddenFields {
 public:
  // Whether the model has such fields.
  static bool Has(const schema::Model& model);
  // Changes the verified flatbuffer in place; the destructor puts back what was there.
  explicit HiddenFields(char* flatbuffer);
  ~HiddenFields();
  HiddenFields(const HiddenFields&) = delete;
  HiddenFields& operator=(const HiddenFields&) = delete;

 private:
  std::vector<uint8_t*> flags_;
  std::vector<std::pair<uint8_t*, uint32_t>> lengths_;
};

// Whether the model has variable tensors: state that lives on from run to run.
bool HasVariables(const schema::Model& model);

}  // namespace tfxm::litert

#endif  // TFXM_LITERT_INTERNAL_HIDDEN_FIELDS_H_
