// SPDX-License-Identifier: Apache-2.0

#include "tfxm/ops/image_ops.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tensorflow/core/framework/function.h"
#include "tensorflow/core/framework/tensor.h"
#include "tfxm/ops/array_ops.h"
#include "tfxm/ops/internal/graph_access.h"

namespace tfxm::ops {
namespace {

namespace tf = ::tensorflow;

// What is done to each image, as a function of the graph: images of a batch have sizes of their own before it.
tf::FunctionDef DecodeOne(const std::string& name, const DecodeImagesOptions& options) {
  const auto int32s = [](const std::vector<int32_t>& values, const tf::TensorShape& shape) {
    tf::Tensor tensor(tf::DT_INT32, shape);
    for (size_t i = 0; i < values.size(); ++i) tensor.flat<int32_t>()(static_cast<int64_t>(i)) = values[i];
    return tensor;
  };
  const tf::Tensor size =
      int32s({static_cast<int32_t>(options.height), static_cast<int32_t>(options.width)}, tf::TensorShape({2}));
  return tf::FunctionDefHelper::Create(
      name, {"contents: string"}, {"pixels: float"}, {},
      {{{"image"},
        "DecodeImage",
        {"contents"},
        {{"channels", options.channels}, {"dtype", tf::DT_UINT8}, {"expand_animations", false}}},
       {{"axis"}, "Const", {}, {{"dtype", tf::DT_INT32}, {"value", int32s({0}, tf::TensorShape({}))}}},
       {{"size"}, "Const", {}, {{"dtype", tf::DT_INT32}, {"value", size}}},
       {{"batch"}, "ExpandDims", {"image:image:0", "axis:output:0"}, {{"T", tf::DT_UINT8}, {"Tdim", tf::DT_INT32}}},
       {{"resized"},
        "ResizeBilinear",
        {"batch:output:0", "size:output:0"},
        {{"T", tf::DT_UINT8}, {"align_corners", false}, {"half_pixel_centers", true}}},
       {{"squeezed"},
        "Squeeze",
        {"resized:resized_images:0"},
        {{"T", tf::DT_FLOAT}, {"squeeze_dims", std::vector<int>{0}}}}},
      {{"pixels", "squeezed:output:0"}});
}

}  // namespace

Tensor DecodeImages(const Tensor& contents, const DecodeImagesOptions& options, absl::string_view name) {
  if (!contents.valid()) return contents;
  Graph& graph = *contents.graph();
  const auto fail = [&](absl::Status status) {
    graph.SetError(std::move(status));
    return Tensor(&graph, -1, 0);
  };
  if (options.height < 1 || options.width < 1 || options.channels < 1 || options.channels > 4) {
    return fail(
        absl::InvalidArgumentError(absl::StrCat("DecodeImages needs a height and a width, and 1 to 4 channels; got ",
                                                options.height, " x ", options.width, " x ", options.channels)));
  }
  if (contents.dtype() != DataType::kString) {
    return fail(absl::InvalidArgumentError(absl::StrCat("DecodeImages takes encoded images, strings; \"",
                                                        contents.name(), "\" is ", DataTypeName(contents.dtype()))));
  }
  const std::string function = absl::StrCat("DecodeImage_", options.height, "x", options.width, "x", options.channels);
  tf::FunctionDefLibrary library;
  *library.add_function() = DecodeOne(function, options);
  if (absl::Status added = internal::TfGraph(graph).AddFunctionLibrary(library); !added.ok()) return fail(added);
  return Op("MapDefun", {TensorList{Reshape(contents, Shape{-1})}, TensorList{}},
            {{"Targuments", std::vector<DataType>{DataType::kString}},
             {"Tcaptured", std::vector<DataType>{}},
             {"output_types", std::vector<DataType>{DataType::kFloat}},
             {"output_shapes", std::vector<Shape>{{options.height, options.width, options.channels}}},
             {"f", function}},
            name.empty() ? "DecodeImages" : name);
}

}  // namespace tfxm::ops
