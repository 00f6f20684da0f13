// SPDX-License-Identifier: Apache-2.0

#include "tfxm/ops/internal/call_function.h"

#include "absl/strings/str_cat.h"
#include "tensorflow/core/framework/graph_to_functiondef.h"
#include "tfxm/ops/array_ops.h"
#include "tfxm/ops/internal/attr_value.h"
#include "tfxm/ops/internal/graph_access.h"

namespace tfxm::ops::internal {

namespace tf = ::tensorflow;

namespace {

std::vector<tf::OutputTensor> OutputsOf(const std::vector<Tensor>& tensors) {
  std::vector<tf::OutputTensor> outputs;
  for (const Tensor& tensor : tensors) outputs.push_back({TfNode(tensor), tensor.index()});
  return outputs;
}

// The function of `inside`, as a library of its own.
absl::StatusOr<tf::FunctionDefLibrary> MakeFunction(const std::string& name, const Graph& inside,
                                                    const std::vector<Tensor>& arguments,
                                                    const std::vector<Tensor>& results, const Attrs& attrs) {
  std::vector<const tf::Node*> nodes;
  for (const tf::Node* node : TfGraph(inside).op_nodes()) {
    if (node->type_string() != "Placeholder") nodes.push_back(node);
  }
  std::vector<std::string> names;
  for (size_t i = 0; i < results.size(); ++i) names.push_back(absl::StrCat("output_", i));
  tf::FunctionDefLibrary library;
  tf::FunctionDef& function = *library.add_function();
  const absl::Status made = tf::GraphToFunctionDef(
      TfGraph(inside), name, /*append_hash_to_fn_name=*/false, /*set_stateful_from_nodes=*/true,
      /*copy_placeholder_attrs_from_nodes=*/false, nodes, OutputsOf(arguments), OutputsOf(results), names,
      /*control_outputs=*/{}, /*control_output_names=*/{}, /*description=*/nullptr, &function);
  if (!made.ok()) return made;
  for (const auto& [key, attr] : attrs) {
    auto value = ToAttrValue(attr, /*type=*/"");
    if (!value.ok()) return value.status();
    (*function.mutable_attr())[key] = *value;
  }
  return library;
}

// A call has no shapes that follow from the function.
absl::Status SetShape(Graph& graph, const Tensor& of, const Tensor& as) {
  if (!as.has_rank()) return absl::OkStatus();
  tf::ShapeRefiner& refiner = graph.rep()->refiner;
  auto* context = refiner.GetContext(TfNode(of));
  std::vector<tf::shape_inference::DimensionHandle> dims;
  for (const int64_t size : as.shape()) dims.push_back(size < 0 ? context->UnknownDim() : context->MakeDim(size));
  return refiner.SetShape(TfNode(of), of.index(), context->MakeShape(dims));
}

}  // namespace

std::vector<Tensor> CallFunction(const std::string& name, const std::vector<Tensor>& inputs, const Attrs& attrs,
                                 const std::function<std::vector<Tensor>(const std::vector<Tensor>& inputs)>& body) {
  Graph& graph = *inputs[0].graph();
  const std::vector<Tensor> invalid = {Tensor(&graph, -1, 0)};
  Graph inside;
  std::vector<Tensor> arguments;
  for (const Tensor& input : inputs) {
    if (!input.valid()) return invalid;
    arguments.push_back(Placeholder(inside, input.dtype(), input.shape(), "input"));
  }
  const std::vector<Tensor> results = body(arguments);
  absl::Status status = inside.status();
  if (status.ok()) {
    auto library = MakeFunction(name, inside, arguments, results, attrs);
    status = library.ok() ? TfGraph(graph).AddFunctionLibrary(*library) : library.status();
  }
  if (!status.ok()) {
    graph.SetError(absl::Status(status.code(), absl::StrCat("function \"", name, "\": ", status.message())));
    return invalid;
  }
  std::vector<DataType> types;
  for (const Tensor& result : results) types.push_back(result.dtype());
  const Node call = Op("PartitionedCall", {inputs}, {{"Tout", types}, {"f", name}});
  if (!call.valid()) return invalid;
  std::vector<Tensor> outputs;
  for (size_t i = 0; i < results.size(); ++i) {
    outputs.push_back(call[static_cast<int>(i)]);
    if (absl::Status set = SetShape(graph, outputs.back(), results[i]); !set.ok()) graph.SetError(set);
  }
  return outputs;
}

}  // namespace tfxm::ops::internal
