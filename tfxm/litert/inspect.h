// SPDX-License-Identifier: Apache-2.0

// What is in a TFLite file, and what it will cost on a device.
//
//   ASSIGN_OR_RETURN(auto file, litert::ModelFile::Read(path));
//   std::cout << litert::Render(litert::Inspect(*file));
#ifndef TFXM_LITERT_INSPECT_H_
#define TFXM_LITERT_INSPECT_H_

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tfxm/litert/flatbuffer.h"

namespace tfxm::schema {
struct Operator;
}

namespace tfxm::litert {

enum class OpKind {
  kBuiltin,
  kSelectTf,  // Runs TensorFlow's kernel; needs the Select TF runtime in the app.
  kCustom,    // Needs a kernel that the app registers.
};

struct OpUse {
  OpKind kind = OpKind::kBuiltin;
  int count = 0;
  int64_t weight_bytes = 0;  // Of the constants that these operators read; a shared one counts for the first reader.
  int quantized = 0;         // How many have an integer activation as their first result.
};

struct Inspection {
  std::string name;
  int64_t file_bytes = 0;
  std::string description;
  std::string min_runtime_version;
  std::vector<SignatureInfo> signatures;
  int num_subgraphs = 0;
  int num_tensors = 0;
  std::map<std::string, OpUse> ops;                // By name: "CONV_2D", "FlexErf".
  std::map<std::string, int64_t> weights_by_type;  // Bytes by tensor type: "INT8".
  int64_t weight_bytes = 0;
  int64_t arena_bytes = 0;    // Of the first subgraph, for one example: see arena.h.
  int64_t multiply_adds = 0;  // Of convolutions and matrix products, likewise for one example.
};

Inspection Inspect(const ModelFile& file);
// Text in lines of at most `width` cells where words are that short; 0: as long as they get.
std::string Render(const Inspection& inspection, int width = 0);
// The same for programs: an object with the fields' names.
std::string ToJson(const Inspection& inspection);
// A line per operator, in the order of running: its kind, and type, shape and name of its result. The names are what
// keep_float takes.
std::string RenderLayers(const ModelFile& file, int width = 0);

// "CONV_2D"; a custom operator's own name.
std::string OpName(const schema::Model& model, const schema::Operator& op);
OpKind KindOf(const schema::Model& model, const schema::Operator& op);

}  // namespace tfxm::litert

#endif  // TFXM_LITERT_INSPECT_H_
