// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/convert/dilation_notes.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tflite_generated.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/litert/internal/schema_util.h"

namespace tfxm::rewriting {

std::vector<std::string> DilationNotes(const litert::ModelFile& file) {
  int to_batch = 0, to_space = 0;
  double bytes = 0;
  bool open = false;
  for (const auto* graph : litert::Each(file.model().subgraphs())) {
    for (const auto* op : litert::Each(graph->operators())) {
      const std::string name = litert::OpName(file.model(), *op);
      if (name != "SPACE_TO_BATCH_ND" && name != "BATCH_TO_SPACE_ND") continue;
      ++(name == "SPACE_TO_BATCH_ND" ? to_batch : to_space);
      // Each reads and writes about as much as the one that is not split up into batches.
      const int whole = name == "SPACE_TO_BATCH_ND" ? op->inputs()->Get(0) : op->outputs()->Get(0);
      const schema::Tensor& tensor = *graph->tensors()->Get(whole);
      double size = litert::BitsOf(tensor.type()) / 8.0;
      const Shape shape = litert::ShapeOf(tensor);
      for (size_t d = 1; d < shape.size(); ++d) {
        open = open || shape[d] < 0;
        size *= static_cast<double>(std::max<int64_t>(shape[d], 1));
      }
      bytes += 2 * size;
    }
  }
  if (to_batch == 0 || to_space == 0) return {};
  return {absl::StrCat(to_batch, " SPACE_TO_BATCH_ND and ", to_space,
                       " BATCH_TO_SPACE_ND stayed around convolutions that are dilated, where one CONV_2D with a "
                       "dilation would do: they ",
                       open ? "read and write the layer's input and output once more"
                            : absl::StrFormat("read and write %.1f kB more for each example", bytes / 1000))};
}

}  // namespace tfxm::rewriting
