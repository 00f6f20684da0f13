// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/graph/rolls.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/rewriting/internal/graph/edit.h"

namespace tfxm::rewriting {
namespace {

using tensorflow::NodeDef;

class Rolls : public NodeEdit {
 public:
  using NodeEdit::NodeEdit;

  bool Run() {
    bool any = false;
    const int size = nodes_.size();
    for (int i = 0; i < size; ++i) {
      if (nodes_[i].op() == "Roll") any = Part(*nodes_.Mutable(i)) || any;
    }
    return any;
  }

 private:
  bool Part(NodeDef& roll) {
    if (roll.input_size() < 3 || roll.attr().count("T") == 0) return false;
    const auto shifts = Values(Maker(roll.input(1)), /*or_scalar=*/true);
    const auto axes = Values(Maker(roll.input(2)), /*or_scalar=*/true);
    if (!shifts || !axes || shifts->empty() || shifts->size() != axes->size()) return false;
    for (const int32_t axis : *axes) {
      if (std::abs(axis) > 8) return false;
    }
    const std::string name = roll.name();
    const tensorflow::DataType type = roll.attr().at("T").type();
    std::string value = roll.input(0);
    roll.set_op("ConcatV2");
    for (const char* attr : {"Tshift", "Taxis"}) roll.mutable_attr()->erase(attr);
    for (size_t k = 0; k < axes->size(); ++k) {
      const std::string prefix = absl::StrCat(name, "/tfxm_roll_", k);
      const int32_t axis = (*axes)[k], begin = -(*shifts)[k];  // What is first afterwards.
      const std::string tail = Slice(absl::StrCat(prefix, "/tail"), value, type, axis, begin, /*is_tail=*/true);
      // A shift by nothing: all of it, and nothing.
      const std::string head = Slice(absl::StrCat(prefix, "/head"), value, type, axis, begin, /*is_tail=*/false);
      const std::string along = Constant(absl::StrCat(prefix, "/axis"), {axis}, /*is_scalar=*/true);
      const bool is_last = k + 1 == axes->size();
      NodeDef& whole = is_last ? roll : Add(absl::StrCat(prefix, "/whole"), "ConcatV2", {"", "", ""});
      whole.set_input(0, tail);
      whole.set_input(1, head);
      whole.set_input(2, along);
      (*whole.mutable_attr())["N"].set_i(2);
      SetType(whole, "T", type);
      SetType(whole, "Tidx", tensorflow::DT_INT32);
      value = OutputOf(whole, "output");
    }
    return true;
  }

  // value[…, begin:, …] or value[…, :begin, …].
  std::string Slice(const std::string& name, const std::string& value, tensorflow::DataType type, int32_t axis,
                    int32_t begin, bool is_tail) {
    // From the front, the axes before it; from the back, an ellipsis before it and the axes behind.
    const int before = axis >= 0 ? axis : 1, all = axis >= 0 ? axis + 1 : 1 - axis;
    std::vector<int32_t> begins(all, 0), ends(all, 0);
    begins[before] = is_tail ? begin : 0;
    ends[before] = is_tail ? 0 : begin;
    const int64_t others = ((int64_t{1} << all) - 1) & ~(int64_t{1} << before), own = int64_t{1} << before;
    NodeDef& slice = Add(name, "StridedSlice",
                         {value, Constant(name + "/begin", begins), Constant(name + "/end", ends),
                          Constant(name + "/strides", std::vector<int32_t>(all, 1))});
    SetType(slice, "T", type);
    SetType(slice, "Index", tensorflow::DT_INT32);
    auto& attr = *slice.mutable_attr();
    attr["begin_mask"].set_i(is_tail ? others : others | own);
    attr["end_mask"].set_i(is_tail ? others | own : others);
    attr["ellipsis_mask"].set_i(axis >= 0 ? 0 : 1);
    attr["new_axis_mask"].set_i(0);
    attr["shrink_axis_mask"].set_i(0);
    return OutputOf(slice, "output");
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<io::TempDir>> WithRollsInParts(absl::string_view saved_model_dir) {
  return EditGraphs<Rolls>(saved_model_dir);
}

}  // namespace tfxm::rewriting
