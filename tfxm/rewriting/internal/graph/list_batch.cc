// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/graph/list_batch.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/rewriting/internal/graph/edit.h"

namespace tfxm::rewriting {
namespace {

using tensorflow::NodeDef;

// The lists of one graph, or one function's body.
class ListBatch : public NodeEdit {
 public:
  using NodeEdit::NodeEdit;

  bool Run() {
    bool any = false;
    const int size = nodes_.size();
    for (int loop = 0; loop < size; ++loop) {
      if (nodes_[loop].op() != "While" && nodes_[loop].op() != "StatelessWhile") continue;
      for (const std::string& input : nodes_[loop].input()) {
        NodeDef* const list = Maker(input);
        if (list == nullptr || list->op() != "TensorListReserve") continue;
        any = Open(nodes_[loop], *list) || any;
      }
    }
    return any;
  }

 private:
  // Of which input of the loop the batch is which dimension.
  struct Source {
    std::string input;
    int dim;
    tensorflow::DataType type;
  };

  bool Open(const NodeDef& loop, NodeDef& list) {
    const auto element = Values(Maker(list.input(0)));
    if (!element || element->empty() || (*element)[0] >= 0) return false;
    const std::optional<Source> source = FindSource(loop, *element);
    if (!source) return false;
    const std::string name = absl::StrCat(list.name(), "/tfxm_batch");
    NodeDef& of_source = Add(absl::StrCat(name, "/shape"), "Shape", {source->input});
    SetType(of_source, "T", source->type);
    SetType(of_source, "out_type", tensorflow::DT_INT32);
    const std::string source_shape = OutputOf(of_source, "output");
    const std::vector<std::string> slice = {source_shape, Constant(absl::StrCat(name, "/begin"), {source->dim}),
                                            Constant(absl::StrCat(name, "/end"), {source->dim + 1}),
                                            Constant(absl::StrCat(name, "/strides"), {1})};
    NodeDef& batch = Add(name, "StridedSlice", slice);
    SetType(batch, "T", tensorflow::DT_INT32);
    SetType(batch, "Index", tensorflow::DT_INT32);
    for (const char* mask : {"begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"}) {
      (*batch.mutable_attr())[mask].set_i(0);
    }
    const std::vector<std::string> parts = {
        OutputOf(batch, "output"), Constant(absl::StrCat(name, "/rest"), {element->begin() + 1, element->end()}),
        Constant(absl::StrCat(name, "/axis"), {0}, /*is_scalar=*/true)};
    NodeDef& whole = Add(absl::StrCat(name, "/element_shape"), "ConcatV2", parts);
    (*whole.mutable_attr())["N"].set_i(2);
    SetType(whole, "T", tensorflow::DT_INT32);
    SetType(whole, "Tidx", tensorflow::DT_INT32);
    *list.mutable_input(0) = OutputOf(whole, "output");
    return true;
  }

  std::optional<Source> FindSource(const NodeDef& loop, const std::vector<int32_t>& element) const {
    const auto shapes = loop.attr().find("output_shapes"), types = loop.attr().find("T");
    if (shapes != loop.attr().end() && types != loop.attr().end()) {
      const auto& list = shapes->second.list();
      for (int i = 0; i < list.shape_size() && i < loop.input_size() && i < types->second.list().type_size(); ++i) {
        const tensorflow::DataType type = types->second.list().type(i);
        if (type == tensorflow::DT_VARIANT || type == tensorflow::DT_RESOURCE) continue;
        if (IsShape(list.shape(i), element)) return Source{loop.input(i), 0, type};
      }
    }
    for (const std::string& input : loop.input()) {
      const NodeDef* const list = Maker(input);
      if (list == nullptr || list->op() != "TensorListFromTensor") continue;
      return Source{list->input(0), 1, list->attr().at("element_dtype").type()};
    }
    return std::nullopt;
  }

  static bool IsShape(const tensorflow::TensorShapeProto& shape, const std::vector<int32_t>& element) {
    if (shape.unknown_rank() || shape.dim_size() != static_cast<int>(element.size())) return false;
    for (int d = 0; d < shape.dim_size(); ++d) {
      if (shape.dim(d).size() != element[d]) return false;
    }
    return true;
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<io::TempDir>> WithListsOfTheBatch(absl::string_view saved_model_dir) {
  return EditGraphs<ListBatch>(saved_model_dir);
}

}  // namespace tfxm::rewriting
