// SPDX-License-Identifier: Apache-2.0

#include "tfxm/litert/internal/verify.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "tflite_generated.h"
#include "tfxm/litert/flatbuffer.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::litert {
namespace {

absl::Status Bad(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("corrupt TFLite file: ", what));
}

// Bytes of a weight, wherever they are: in the buffer or after the flatbuffer.
uint64_t BufferBytes(const schema::Buffer& buffer) { return buffer.offset() > 1 ? buffer.size() : Size(buffer.data()); }

absl::Status VerifyTensor(const schema::Model& model, const schema::Tensor& tensor, const std::string& where) {
  if (!schema::EnumNameTensorType(tensor.type())[0]) return Bad(absl::StrCat(where, " has an unknown type"));
  if (tensor.buffer() >= static_cast<uint32_t>(std::max(1, Size(model.buffers())))) {
    return Bad(absl::StrCat(where, " uses buffer ", tensor.buffer(), " of ", Size(model.buffers())));
  }
  if (const int rank = Size(tensor.shape()); rank > 8) {
    return Bad(absl::StrCat(where, " has ", rank, " dimensions (at most 8 are possible)"));
  }
  if (Size(tensor.shape_signature()) > 0 && Size(tensor.shape_signature()) != Size(tensor.shape())) {
    return Bad(absl::StrCat(where, ": shape and shape signature differ in rank"));
  }
  uint64_t elements = 1;
  for (int i = 0; i < Size(tensor.shape()); ++i) {
    const int dim = tensor.shape()->Get(i);
    const int signature = Size(tensor.shape_signature()) > 0 ? tensor.shape_signature()->Get(i) : dim;
    if (dim < 0 || signature < -1 || (signature >= 0 && signature != dim)) {
      return Bad(absl::StrCat(where, " has dimension ", dim, " (signature ", signature, ")"));
    }
    elements *= dim;
    if (elements > (uint64_t{1} << 40)) return Bad(absl::StrCat(where, " is larger than any memory"));
  }
  const uint64_t bytes = Size(model.buffers()) == 0 ? 0 : BufferBytes(*model.buffers()->Get(tensor.buffer()));
  const int bits = BitsOf(tensor.type());
  if (bytes > 0 && bits > 0 && tensor.sparsity() == nullptr && bytes != (elements * bits + 7) / 8) {
    return Bad(absl::StrCat(where, " of shape ", ShapeString(ShapeOf(tensor)), " and type ",
                            TensorTypeName(tensor.type()), " has ", bytes, " bytes of data"));
  }
  if (const auto* q = tensor.quantization()) {
    const int scales = Size(q->scale()), zero_points = Size(q->zero_point());
    if (scales > 0 && zero_points != scales && zero_points != 1) {
      return Bad(absl::StrCat(where, " has ", scales, " scales and ", zero_points, " zero points"));
    }
    if (scales > 1) {
      const int dim = q->quantized_dimension();
      if (dim < 0 || dim >= Size(tensor.shape()) || tensor.shape()->Get(dim) != scales) {
        return Bad(absl::StrCat(where, " has ", scales, " scales, which fit no dimension of its shape"));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status VerifyIndices(const flatbuffers::Vector<int32_t>* indices, int limit, bool optional,
                           const std::string& where) {
  for (int i = 0; i < Size(indices); ++i) {
    const int index = indices->Get(i);
    if (index >= limit || index < (optional ? -1 : 0)) {
      return Bad(absl::StrCat(where, " refers to tensor ", index, " of ", limit));
    }
  }
  return absl::OkStatus();
}

absl::Status VerifyGraph(const schema::Model& model, int g) {
  const schema::SubGraph& graph = *model.subgraphs()->Get(g);
  const int tensors = Size(graph.tensors());
  for (int t = 0; t < tensors; ++t) {
    const schema::Tensor& tensor = *graph.tensors()->Get(t);
    RETURN_IF_ERROR(VerifyTensor(
        model, tensor,
        absl::StrCat(
            "tensor ", t,
            tensor.name() && tensor.name()->size() > 0 ? absl::StrCat(" \"", tensor.name()->str(), "\"") : "")));
  }
  RETURN_IF_ERROR(VerifyIndices(graph.inputs(), tensors, false, "the list of inputs"));
  RETURN_IF_ERROR(VerifyIndices(graph.outputs(), tensors, false, "the list of outputs"));
  for (int o = 0; o < Size(graph.operators()); ++o) {
    const schema::Operator& op = *graph.operators()->Get(o);
    if (op.opcode_index() >= static_cast<uint32_t>(Size(model.operator_codes()))) {
      return Bad(absl::StrCat("operator ", o, " has kind ", op.opcode_index(), " of ", Size(model.operator_codes())));
    }
    RETURN_IF_ERROR(VerifyIndices(op.inputs(), tensors, true, absl::StrCat("operator ", o)));
    RETURN_IF_ERROR(VerifyIndices(op.outputs(), tensors, true, absl::StrCat("operator ", o)));
    RETURN_IF_ERROR(VerifyIndices(op.intermediates(), tensors, true, absl::StrCat("operator ", o)));
    if (const auto* o_if = op.builtin_options_as_IfOptions()) {
      for (int callee : {o_if->then_subgraph_index(), o_if->else_subgraph_index()}) {
        if (callee < 0 || callee >= Size(model.subgraphs()))
          return Bad(absl::StrCat("operator ", o, " calls no subgraph"));
      }
    }
    if (const auto* o_while = op.builtin_options_as_WhileOptions()) {
      for (int callee : {o_while->cond_subgraph_index(), o_while->body_subgraph_index()}) {
        if (callee < 0 || callee >= Size(model.subgraphs()))
          return Bad(absl::StrCat("operator ", o, " calls no subgraph"));
      }
    }
  }
  return absl::OkStatus();
}

using TensorMaps = flatbuffers::Vector<flatbuffers::Offset<schema::TensorMap>>;

// The runtime looks every input and output of the subgraph up in the signature, and the other way round.
absl::Status VerifySignature(const flatbuffers::Vector<int32_t>* indices, const TensorMaps* maps, int tensors,
                             const std::string& where) {
  std::set<int> named;
  for (int i = 0; i < Size(maps); ++i) {
    const schema::TensorMap& map = *maps->Get(i);
    if (map.name() == nullptr) return Bad(absl::StrCat(where, " has a tensor without a name"));
    if (map.tensor_index() >= static_cast<uint32_t>(tensors)) {
      return Bad(absl::StrCat(where, ": \"", map.name()->str(), "\" is tensor ", map.tensor_index(), " of ", tensors));
    }
    named.insert(map.tensor_index());
  }
  std::set<int> listed;
  for (int i = 0; i < Size(indices); ++i) listed.insert(indices->Get(i));
  if (named != listed || Size(maps) != Size(indices))
    return Bad(absl::StrCat(where, " does not match the tensors of its subgraph"));
  return absl::OkStatus();
}

}  // namespace

absl::Status VerifyModel(absl::string_view bytes) {
  if (bytes.size() < 8 || !schema::ModelBufferHasIdentifier(bytes.data())) {
    return absl::InvalidArgumentError("not a TFLite file (it lacks the identifier TFL3)");
  }
  // Generous, but it bounds what a hostile file can cost.
  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), /*max_depth=*/64,
                                 /*max_tables=*/100'000'000);
  if (!schema::VerifyModelBuffer(verifier)) {
    return Bad("an offset points outside of it; it is truncated or damaged");
  }
  const schema::Model& model = *schema::GetModel(bytes.data());
  if (model.version() != 3) {
    return absl::InvalidArgumentError(
        absl::StrCat("the file has version ", model.version(), " of the TFLite schema; LiteRT reads version 3 only"));
  }
  if (Size(model.subgraphs()) == 0) return Bad("it has no subgraph");
  if (!model.buffers()) return Bad("it has no buffers");
  for (int b = 0; b < Size(model.buffers()); ++b) {
    const schema::Buffer& buffer = *model.buffers()->Get(b);
    if (buffer.offset() > 1 && (buffer.offset() > bytes.size() || buffer.size() > bytes.size() - buffer.offset())) {
      return Bad(absl::StrCat("buffer ", b, " lies outside of the file; it is truncated"));
    }
  }
  for (int c = 0; c < Size(model.operator_codes()); ++c) {
    const schema::OperatorCode& code = *model.operator_codes()->Get(c);
    const int builtin = KindOf(code);
    if (builtin > schema::BuiltinOperator_MAX) {
      return absl::InvalidArgumentError(absl::StrCat("the model uses operator ", builtin,
                                                     ", which this schema does not know: it was made by a newer ",
                                                     "converter, or it is corrupt"));
    }
    if (builtin == schema::BuiltinOperator_CUSTOM && code.custom_code() == nullptr) {
      return Bad("a custom operator has no name");
    }
  }
  for (int m = 0; m < Size(model.metadata()); ++m) {
    const schema::Metadata& metadata = *model.metadata()->Get(m);
    if (metadata.name() == nullptr || metadata.buffer() >= static_cast<uint32_t>(Size(model.buffers()))) {
      return Bad(absl::StrCat("metadata ", m, " has no name or no buffer"));
    }
  }
  for (int g = 0; g < Size(model.subgraphs()); ++g) RETURN_IF_ERROR(VerifyGraph(model, g));
  for (int s = 0; s < Size(model.signature_defs()); ++s) {
    const schema::SignatureDef& def = *model.signature_defs()->Get(s);
    if (def.signature_key() == nullptr) return Bad("a signature has no name");
    if (def.subgraph_index() >= static_cast<uint32_t>(Size(model.subgraphs()))) {
      return Bad(absl::StrCat("signature \"", def.signature_key()->str(), "\" has no subgraph"));
    }
    const schema::SubGraph& graph = *model.subgraphs()->Get(def.subgraph_index());
    const std::string where = absl::StrCat("signature \"", def.signature_key()->str(), "\"");
    RETURN_IF_ERROR(VerifySignature(graph.inputs(), def.inputs(), Size(graph.tensors()), where));
    RETURN_IF_ERROR(VerifySignature(graph.outputs(), def.outputs(), Size(graph.tensors()), where));
  }
  return absl::OkStatus();
}

}  // namespace tfxm::litert
