// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/graph/new_axes.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/rewriting/internal/graph/edit.h"

namespace tfxm::rewriting {
namespace {

using tensorflow::NodeDef;

constexpr const char* kMasks[] = {"begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"};
enum Mask { kBegin, kEnd, kEllipsis, kNewAxis, kShrink };

// Entry i of a slice, x[…, 2:5, newaxis], is bit i of the masks.
bool Has(const int64_t masks[], Mask mask, size_t i) { return masks[mask] >> i & 1; }

class NewAxes : public NodeEdit {
 public:
  using NodeEdit::NodeEdit;

  bool Run() {
    bool any = false;
    const int size = nodes_.size();
    for (int i = 0; i < size; ++i) {
      if (nodes_[i].op() == "StridedSlice") any = Expand(*nodes_.Mutable(i)) || any;
    }
    return any;
  }

 private:
  bool Expand(NodeDef& slice) {
    int64_t masks[5] = {};
    for (int m = 0; m < 5; ++m) {
      if (const auto it = slice.attr().find(kMasks[m]); it != slice.attr().end()) masks[m] = it->second.i();
    }
    const auto index = slice.attr().find("Index");
    if (masks[kNewAxis] == 0 || slice.input_size() < 4 || slice.attr().count("T") == 0 || index == slice.attr().end() ||
        index->second.type() != tensorflow::DT_INT32) {
      return false;
    }
    std::vector<int32_t> bounds[3];  // begin, end, strides
    for (int k = 0; k < 3; ++k) {
      const auto values = Values(Maker(slice.input(k + 1)));
      if (!values || values->size() > 32 || values->size() != (k == 0 ? values->size() : bounds[0].size()))
        return false;
      bounds[k] = *values;
    }
    const size_t n = bounds[0].size();

    // Where the new axes are in the result: from the front, or behind an ellipsis from the back.
    std::vector<int32_t> front, back;
    std::vector<size_t> kept;
    std::optional<size_t> ellipsis;
    bool slices = false;
    for (size_t i = 0, before = 0; i < n; ++i) {
      if (Has(masks, kEllipsis, i)) {
        ellipsis = i;
        kept.push_back(i);
        continue;
      }
      const bool is_new = Has(masks, kNewAxis, i);
      if (is_new && !ellipsis) front.push_back(static_cast<int32_t>(before));
      if (!is_new) {
        kept.push_back(i);
        slices =
            slices || Has(masks, kShrink, i) || !Has(masks, kBegin, i) || !Has(masks, kEnd, i) || bounds[2][i] != 1;
      }
      if (is_new || !Has(masks, kShrink, i)) ++before;
    }
    int32_t behind = 0;
    for (size_t i = n; ellipsis && i-- > *ellipsis + 1;) {
      const bool is_new = Has(masks, kNewAxis, i);
      if (is_new) back.push_back(-1 - behind);
      if (is_new || !Has(masks, kShrink, i)) ++behind;
    }
    std::vector<int32_t> axes = std::move(front);
    axes.insert(axes.end(), back.begin(), back.end());

    const std::string name = slice.name();
    const tensorflow::DataType type = slice.attr().at("T").type();
    std::string value = slices ? Rest(slice, masks, bounds, kept) : slice.input(0);
    slice.set_op("ExpandDims");
    slice.mutable_input()->DeleteSubrange(2, 2);  // Behind them are control inputs.
    for (const char* mask : kMasks) slice.mutable_attr()->erase(mask);
    slice.mutable_attr()->erase("Index");
    for (size_t a = 0; a < axes.size(); ++a) {
      const std::string axis = Constant(absl::StrCat(name, "/tfxm_axis_", a), {axes[a]}, /*is_scalar=*/true);
      const bool is_last = a + 1 == axes.size();
      NodeDef& expand = is_last ? slice : Add(absl::StrCat(name, "/tfxm_expanded_", a), "ExpandDims", {"", ""});
      expand.set_input(0, value);
      expand.set_input(1, axis);
      SetType(expand, "T", type);
      SetType(expand, "Tdim", tensorflow::DT_INT32);
      value = OutputOf(expand, "output");
    }
    return true;
  }

  // The slice without its new axes.
  std::string Rest(const NodeDef& slice, const int64_t masks[], std::vector<int32_t> bounds[],
                   const std::vector<size_t>& kept) {
    std::vector<std::string> inputs = {slice.input(0)};
    for (int k = 0; k < 3; ++k) {
      std::vector<int32_t> values;
      for (const size_t i : kept) values.push_back(bounds[k][i]);
      inputs.push_back(Constant(absl::StrCat(slice.name(), "/tfxm_bounds_", k), values));
    }
    NodeDef& rest = Add(absl::StrCat(slice.name(), "/tfxm_slice"), "StridedSlice", inputs);
    SetType(rest, "T", slice.attr().at("T").type());
    SetType(rest, "Index", tensorflow::DT_INT32);
    for (int m = 0; m < 5; ++m) {
      int64_t mask = 0;
      for (size_t k = 0; k < kept.size(); ++k)
        mask |= static_cast<int64_t>(Has(masks, static_cast<Mask>(m), kept[k])) << k;
      (*rest.mutable_attr())[kMasks[m]].set_i(m == kNewAxis ? 0 : mask);
    }
    return OutputOf(rest, "output");
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<io::TempDir>> WithNewAxesExpanded(absl::string_view saved_model_dir) {
  return EditGraphs<NewAxes>(saved_model_dir);
}

}  // namespace tfxm::rewriting
