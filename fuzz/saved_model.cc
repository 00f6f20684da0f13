// SPDX-License-Identifier: Apache-2.0

// The protos of a SavedModel (saved_model/internal/read_saved_model.h): the first byte says whether binary or text.
#include "fuzz/input.h"
#include "tfxm/saved_model/internal/read_saved_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const tfxm::fuzz::Scratch scratch;
  if (size == 0) return 0;
  const bool text = data[0] % 2;
  scratch.Write(text ? "saved_model.pbtxt" : "saved_model.pb", tfxm::fuzz::Text(data + 1, size - 1));
  const auto meta_graph = tfxm::internal::ReadMetaGraph(scratch.path(), {"serve"});
  if (meta_graph.ok()) tfxm::internal::CheckVariablesExist(scratch.path(), *meta_graph).IgnoreError();
  scratch.Remove(text ? "saved_model.pbtxt" : "saved_model.pb");
  return 0;
}
