// SPDX-License-Identifier: Apache-2.0

// TFLite files: the verification behind ModelFile (litert/internal/verify.h), and what walks over a verified one.
#include "fuzz/input.h"
#include "tflite_generated.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/litert/sized_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = tfxm::litert::ModelFile::FromBytes(std::string(tfxm::fuzz::Text(data, size)), "fuzz.tflite");
  if (!file.ok()) return 0;
  const tfxm::litert::Inspection inspection = tfxm::litert::Inspect(**file);
  tfxm::litert::Render(inspection);
  tfxm::litert::ToJson(inspection);
  tfxm::litert::RenderLayers(**file);
  // What the rewriter does with a model.
  tfxm::schema::ModelT model;
  (*file)->model().UnPackTo(&model);
  tfxm::litert::ModelFile::Pack(model, "again.tflite").IgnoreError();
  return 0;
}
