// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/graph/sign_bits.h"

#include <cstdint>
#include <limits>
#include <vector>

#include "tfxm/rewriting/internal/graph/edit.h"

namespace tfxm::rewriting {
namespace {

using tensorflow::NodeDef;

class SignBits : public NodeEdit {
 public:
  using NodeEdit::NodeEdit;

  // Less(BitwiseAnd(bits, int32.min), 0) becomes Less(bits, 0).
  bool Run() {
    bool any = false;
    for (NodeDef& less : nodes_) {
      if (less.op() != "Less" || less.input_size() < 2 || !Is(less.input(1), 0)) continue;
      const NodeDef* const bits = Maker(less.input(0));
      if (bits == nullptr || bits->op() != "BitwiseAnd" || bits->input_size() < 2) continue;
      for (const int mask : {0, 1}) {
        if (!Is(bits->input(mask), std::numeric_limits<int32_t>::min())) continue;
        less.set_input(0, bits->input(1 - mask));
        any = true;
        break;
      }
    }
    return any;
  }

 private:
  bool Is(const std::string& input, int32_t value) const {
    const auto values = Values(Maker(input), /*or_scalar=*/true);
    return values && *values == std::vector<int32_t>{value};
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<io::TempDir>> WithSignsOfBits(absl::string_view saved_model_dir) {
  return EditGraphs<SignBits>(saved_model_dir);
}

}  // namespace tfxm::rewriting
