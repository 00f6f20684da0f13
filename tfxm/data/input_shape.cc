// SPDX-License-Identifier: Apache-2.0

#include "tfxm/data/input_shape.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace tfxm {

absl::Status ParseInputShape(absl::string_view text, InputShapes* shapes) {
  const size_t colon = text.rfind(':');  // Names may have one themselves.
  Shape shape;
  bool right = colon != absl::string_view::npos && colon > 0;
  for (absl::string_view part : absl::StrSplit(right ? text.substr(colon + 1) : "", ',')) {
    int64_t size = 0;
    right = right && absl::SimpleAtoi(part, &size) && (size > 0 || size == -1) && size < (int64_t{1} << 31);
    shape.push_back(size);
  }
  if (!right) {
    return absl::InvalidArgumentError(
        absl::StrCat("--input_shape=", text, ": expected NAME:SIZE,SIZE,…, e.g. image:1,224,320,3"));
  }
  (*shapes)[std::string(text.substr(0, colon))] = shape;
  return absl::OkStatus();
}

absl::Status CheckInputShapes(const InputShapes& shapes, const std::vector<TensorSpec>& inputs) {
  for (const auto& [name, shape] : shapes) {
    const auto it = std::find_if(inputs.begin(), inputs.end(), [&](const TensorSpec& i) { return i.name == name; });
    if (it == inputs.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("input_shape: the model has no input \"", name, "\"; it has ",
                       absl::StrJoin(inputs, ", ", [](std::string* out, const TensorSpec& input) {
                         absl::StrAppend(out, "\"", input.name, "\"");
                       })));
    }
    bool fits = shape.size() == it->shape.size();
    for (size_t d = 1; fits && d < shape.size(); ++d) {
      fits = shape[d] < 0 || it->shape[d] < 0 || it->shape[d] == shape[d];
    }
    if (!fits) {
      return absl::InvalidArgumentError(absl::StrCat("input_shape: input \"", name, "\" is ", ShapeString(it->shape),
                                                     " and cannot be made ", ShapeString(shape)));
    }
  }
  return absl::OkStatus();
}

TensorSpec WithInputShape(TensorSpec input, const InputShapes& shapes) {
  const auto given = shapes.find(input.name);
  if (given == shapes.end()) return input;
  for (size_t d = 1; d < input.shape.size() && d < given->second.size(); ++d) {
    if (input.shape[d] < 0) input.shape[d] = given->second[d];
  }
  return input;
}

absl::StatusOr<Shape> ShapeOfExample(const TensorSpec& input, int64_t values) {
  Shape shape = input.shape;
  if (!shape.empty() && shape[0] < 0) shape[0] = 1;
  std::vector<size_t> open;
  int64_t known = 1;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] < 0) {
      open.push_back(d);
    } else {
      known *= shape[d];
    }
  }
  if (!shape.empty() && shape[0] > 1 && known > 0 &&
      (open.empty() ? values * shape[0] == known : values % known != 0)) {
    known /= shape[0];
    shape[0] = 1;
  }
  if (open.size() > 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("input \"", input.name, "\" has shape ", ShapeString(input.shape), ", and the ", values,
                     " values of its feature do not tell its sizes; give them: --input_shape=", input.name, ":1,…"));
  }
  if (open.size() == 2) {
    // An image of any size: taken as square.
    const int64_t side = known > 0 ? std::llround(std::sqrt(static_cast<double>(values / known))) : 0;
    shape[open[0]] = shape[open[1]] = side;
    if (side * side * known != values) {
      return absl::InvalidArgumentError(absl::StrCat(
          "input \"", input.name, "\" has shape ", ShapeString(input.shape), ", and the ", values,
          " values of its feature are not a square image; give its height and width: --input_shape=", input.name,
          ":1,HEIGHT,WIDTH,…"));
    }
  } else if (open.size() == 1 && known > 0) {
    shape[open[0]] = values / known;
  }
  if (NumElements(shape) != values) {
    return absl::InvalidArgumentError(absl::StrCat("feature \"", input.name, "\" has ", values,
                                                   " values, the input has shape ", ShapeString(input.shape)));
  }
  return shape;
}

}  // namespace tfxm
