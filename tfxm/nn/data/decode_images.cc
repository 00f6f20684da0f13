// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/data/decode_images.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/ops/ops.h"
#include "tfxm/ops/session.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {
namespace {

struct Decoder {
  ops::Graph graph;
  std::unique_ptr<ops::Session> session;
  std::unique_ptr<ops::Function> function;
};

}  // namespace

absl::StatusOr<Dataset::MapFunction> DecodeImages(const DecodeImagesOptions& options) {
  const auto decoder = std::make_shared<Decoder>();
  const ops::Tensor contents = ops::Placeholder(decoder->graph, DataType::kString, {-1});
  ops::Tensor pixels =
      ops::DecodeImages(contents, {.height = options.height, .width = options.width, .channels = options.channels});
  if (options.scale != 1) pixels = pixels * options.scale;
  if (options.offset != 0) pixels = pixels + options.offset;
  RETURN_IF_ERROR(decoder->graph.status());
  ASSIGN_OR_RETURN(decoder->session, ops::Session::Create(decoder->graph));
  ASSIGN_OR_RETURN(decoder->function, decoder->session->MakeFunction({contents}, {pixels}));
  return [decoder, feature = options.feature](Batch& batch, int64_t) -> absl::Status {
    const auto found = batch.features.find(feature);
    if (found == batch.features.end() || found->second.dtype() != DataType::kString ||
        found->second.num_elements() != batch.num_examples()) {
      return absl::InvalidArgumentError(
          absl::StrCat("DecodeImages: the data has no feature \"", feature, "\" of one string per example"));
    }
    Tensor strings(DataType::kString, {found->second.num_elements()});
    std::copy(found->second.strings().begin(), found->second.strings().end(), strings.strings().begin());
    auto decoded = decoder->function->Run({std::move(strings)});
    if (!decoded.ok()) return Annotate(decoded.status(), absl::StrCat("DecodeImages of feature \"", feature, "\""));
    found->second = std::move((*decoded)[0]);
    return absl::OkStatus();
  };
}

}  // namespace tfxm::nn
