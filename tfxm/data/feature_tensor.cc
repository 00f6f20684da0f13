// SPDX-License-Identifier: Apache-2.0

#include "tfxm/data/feature_tensor.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tfxm/data/input_shape.h"
#include "tfxm/util/numeric/half.h"
#include "tfxm/util/registry.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::data {
namespace {

constexpr absl::string_view kKerasSuffix = "_input";

// Value / scale + zero_point; scale 0: the value.
struct Scaling {
  float scale;
  int zero_point;
};

struct Half {
  uint16_t bits;
};

// Whether an integer type has `value`, or what is left of it without its fraction.
template <typename To>
bool Holds(double value) {
  // 2^63 is a double, and one too large for an int64; so is 2^64 for a uint64.
  constexpr double kEnd = static_cast<double>(std::numeric_limits<To>::max() / 2 + 1) * 2;
  constexpr double kLow = static_cast<double>(std::numeric_limits<To>::min());
  return (value >= kLow || value > kLow - 1) && value < kEnd;
}

// How many come before the first value that the type cannot hold: n if it holds all. A quantized one becomes the lowest
// or highest instead.
template <typename From, typename To>
int64_t Store(const From* from, int64_t n, const Scaling& scaling, char* out) {
  To* const to = reinterpret_cast<To*>(out);
  if (scaling.scale == 0 && std::is_same_v<From, To>) {  // Also because not all int64 are doubles.
    std::memcpy(to, from, n * sizeof(To));
    return n;
  }
  bool fits = true;
  for (int64_t k = 0; k < n; ++k) {
    double value = static_cast<double>(from[k]);
    if (scaling.scale != 0) value = static_cast<double>(static_cast<float>(value) / scaling.scale) + scaling.zero_point;
    if constexpr (std::is_same_v<To, bool>) {
      to[k] = value != 0;
    } else if constexpr (std::is_same_v<To, Half>) {
      to[k].bits = FloatToHalf(static_cast<float>(value));
    } else if constexpr (std::is_integral_v<To>) {
      fits &= Holds<To>(value);
      constexpr double kLow = static_cast<double>(std::numeric_limits<To>::min());
      constexpr double kHigh = static_cast<double>(std::numeric_limits<To>::max());
      if (sizeof(To) == sizeof(int64_t) && value >= kHigh) {
        to[k] = std::numeric_limits<To>::max();
      } else {
        to[k] = std::isnan(value) ? To{0} : static_cast<To>(std::min(std::max(value, kLow), kHigh));
      }
    } else {
      to[k] = static_cast<To>(value);
    }
  }
  if (fits || scaling.scale != 0) return n;
  if constexpr (std::is_integral_v<To>) {
    return std::find_if(from, from + n, [](From value) { return !Holds<To>(static_cast<double>(value)); }) - from;
  }
  return n;
}

template <typename From>
using StoreFunction = int64_t (*)(const From*, int64_t, const Scaling&, char*);

// Null if nothing is stored as this type.
template <typename From>
StoreFunction<From> StoreFunctionFor(DataType dtype) {
  switch (dtype) {
    case DataType::kFloat: return Store<From, float>;
    case DataType::kDouble: return Store<From, double>;
    case DataType::kHalf: return Store<From, Half>;
    case DataType::kInt8: return Store<From, int8_t>;
    case DataType::kUint8: return Store<From, uint8_t>;
    case DataType::kInt16: return Store<From, int16_t>;
    case DataType::kInt32: return Store<From, int32_t>;
    case DataType::kInt64: return Store<From, int64_t>;
    case DataType::kUint16: return Store<From, uint16_t>;
    case DataType::kUint32: return Store<From, uint32_t>;
    case DataType::kUint64: return Store<From, uint64_t>;
    case DataType::kBool: return Store<From, bool>;
    default: return nullptr;
  }
}

absl::Status NotStored(const TensorSpec& input) {
  return absl::UnimplementedError(
      absl::StrCat("input \"", input.name, "\" is of type ", DataTypeName(input.dtype), ", which no feature can be"));
}

bool IsFloat(DataType dtype) {
  return dtype == DataType::kFloat || dtype == DataType::kHalf || dtype == DataType::kDouble;
}

std::string NotHeld(double value, DataType dtype) {
  return absl::StrFormat("has %.15g, which %s cannot hold", value, DataTypeName(dtype));
}

// One call of FillInput: what it says when something does not fit.
class Filling {
 public:
  Filling(absl::string_view feature, const TensorSpec& input, const FeatureTensorOptions& options, int64_t per_example)
      : feature_(feature), input_(input), options_(options), per_example_(per_example) {}
  Filling(const Column* column, const TensorSpec& input, const FeatureTensorOptions& options, int64_t per_example)
      : Filling(column == nullptr ? input.name : column->name(), input, options, per_example) {}

  absl::Status CheckType(ValueType type) const {
    if (type == ValueType::kUnknown) return absl::OkStatus();
    const bool is_float = type == ValueType::kFloat;
    bool fits = (type == ValueType::kBytes) == (input_.dtype == DataType::kString);
    if (fits && type != ValueType::kBytes && options_.integers == IntegerPolicy::kSameType) {
      fits = input_.dtype == (is_float ? DataType::kFloat : DataType::kInt64);
    }
    if (!fits) return Wrong(absl::StrCat("is ", ValueTypeName(type)));
    if (is_float && options_.integers == IntegerPolicy::kRefuseFloats && !IsFloat(input_.dtype) &&
        options_.scale == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(Wrong("is FLOAT").message(), " without a scale: there is no way to quantize it"));
    }
    return absl::OkStatus();
  }

  // Whether an example of `found` values gets the filler in their place or behind them.
  absl::StatusOr<bool> IsFilled(int row, int found) const {
    if (found == per_example_) return false;
    if (options_.missing == MissingPolicy::kPad) return true;
    const bool has_minus_one =
        input_.dtype == DataType::kFloat || input_.dtype == DataType::kInt64 || input_.dtype == DataType::kString;
    const bool takes_missing =
        options_.missing == MissingPolicy::kFill || (options_.missing == MissingPolicy::kMinusOne && has_minus_one);
    if (found == 0 && takes_missing) return true;
    return WrongIn(row, found == 0 ? "is missing" : absl::StrCat("has ", found, " values"));
  }

  absl::Status WrongIn(int row, absl::string_view what) const {
    if (!options_.name_example) return Wrong(what);
    return Annotate(Wrong(what), absl::StrCat("example ", row, " of the batch"));
  }

  double filler() const { return options_.missing == MissingPolicy::kMinusOne ? -1 : options_.fill; }

  absl::Status Wrong(absl::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat("feature \"", feature_, "\" ", what, "; expected ", per_example_,
                                                   " of type ", DataTypeName(input_.dtype), " (shape ",
                                                   ShapeString(input_.shape), ")"));
  }

 private:
  const absl::string_view feature_;
  const TensorSpec& input_;
  const FeatureTensorOptions& options_;
  const int64_t per_example_;
};

ValueType TypeOf(const Column* column) { return column == nullptr ? ValueType::kUnknown : column->type(); }

}  // namespace

const Column* FindInputFeature(const ExampleBatch& batch, absl::string_view input) {
  if (const Column* column = batch.Find(input)) return column;
  return input.ends_with(kKerasSuffix) ? batch.Find(input.substr(0, input.size() - kKerasSuffix.size())) : nullptr;
}

absl::Status NoInputFeature(const ExampleBatch& batch, absl::string_view input) {
  std::vector<std::string> names;
  for (const Column& column : batch.columns()) names.push_back(column.name());
  const std::string near = NearestNames(input, names);
  return absl::InvalidArgumentError(absl::StrCat("the model's input \"", input, "\" is not a feature of the examples",
                                                 near.empty() ? "" : "; nearest features: ", near));
}

absl::StatusOr<Shape> ShapeOfExamples(TensorSpec input, int64_t values, int64_t count) {
  if (input.shape.empty()) return Shape{count, values};
  input.shape[0] = -1;  // However many examples the model takes at a time.
  ASSIGN_OR_RETURN(Shape shape, ShapeOfExample(input, values));
  shape[0] = count;
  return shape;
}

absl::Status FillInput(const Column* column, int first, int count, const TensorSpec& input,
                       const FeatureTensorOptions& options, std::span<char> memory) {
  const StoreFunction<float> store_floats = StoreFunctionFor<float>(input.dtype);
  if (store_floats == nullptr) return NotStored(input);
  if (count == 0) return absl::OkStatus();
  const StoreFunction<int64_t> store_ints = StoreFunctionFor<int64_t>(input.dtype);
  const int64_t value_bytes = static_cast<int64_t>(DataTypeSize(input.dtype));
  const int64_t example_bytes = static_cast<int64_t>(memory.size()) / count;
  const int64_t per_example = example_bytes / value_bytes;
  const Filling filling(column, input, options, per_example);
  RETURN_IF_ERROR(filling.CheckType(TypeOf(column)));
  const Scaling scaling = {options.scale, options.zero_point};
  const auto store = [&](int row, int64_t n, char* out) {
    if (n == 0) return absl::OkStatus();
    const bool is_float = column->type() == ValueType::kFloat;
    const int64_t held = is_float ? store_floats(column->floats(row).data(), n, scaling, out)
                                  : store_ints(column->ints(row).data(), n, scaling, out);
    if (held == n) return absl::OkStatus();
    const double value = is_float ? column->floats(row).data()[held] : column->ints(row).data()[held];
    return filling.WrongIn(row + static_cast<int>(held / per_example), NotHeld(value, input.dtype));
  };
  const auto num_values = [&](int row) { return column == nullptr ? 0 : column->num_values(row); };
  for (int r = 0; r < count;) {
    // Examples in a row that have what the input takes are one piece of memory.
    int n = 0;
    while (r + n < count && num_values(first + r + n) == per_example) ++n;
    char* out = memory.data() + r * example_bytes;
    RETURN_IF_ERROR(store(first + r, n * per_example, out));
    r += n;
    if (r == count) break;
    const int found = num_values(first + r);
    ASSIGN_OR_RETURN(const bool filled, filling.IsFilled(first + r, found));
    const int64_t taken = filled ? std::min<int64_t>(found, per_example) : per_example;
    out = memory.data() + r * example_bytes;
    RETURN_IF_ERROR(store(first + r, taken, out));
    const double filler = filling.filler();
    for (int64_t k = taken; k < per_example; ++k) {
      StoreFunctionFor<double>(input.dtype)(&filler, 1, {}, out + k * value_bytes);
    }
    ++r;
  }
  return absl::OkStatus();
}

absl::Status FillInput(const Column* column, int first, int count, const TensorSpec& input,
                       const FeatureTensorOptions& options, std::span<std::string> strings) {
  const int64_t per_example = count == 0 ? 0 : static_cast<int64_t>(strings.size()) / count;
  const Filling filling(column, input, options, per_example);
  RETURN_IF_ERROR(filling.CheckType(TypeOf(column)));
  auto out = strings.begin();
  for (int row = first; row < first + count; ++row) {
    const int found = column == nullptr ? 0 : column->num_values(row);
    RETURN_IF_ERROR(filling.IsFilled(row, found).status());
    for (int k = 0; k < per_example; ++k) {
      const absl::string_view value = k < found ? column->bytes(row, k) : "";
      (out++)->assign(value.data(), value.size());
    }
  }
  return absl::OkStatus();
}

absl::Status FillInput(const Column* column, int first, int count, const TensorSpec& input,
                       const FeatureTensorOptions& options, Tensor* tensor) {
  if (tensor->dtype() == DataType::kString) {
    return FillInput(column, first, count, input, options, std::span<std::string>(tensor->strings()));
  }
  return FillInput(column, first, count, input, options, tensor->bytes());
}

absl::Status FillInput(const Tensor& feature, const TensorSpec& input, const FeatureTensorOptions& options,
                       Tensor* tensor) {
  const int64_t n = tensor->num_elements();
  const Filling filling(input.name, input, options, n);
  RETURN_IF_ERROR(filling.CheckType(feature.dtype() == DataType::kString  ? ValueType::kBytes
                                    : feature.dtype() == DataType::kFloat ? ValueType::kFloat
                                                                          : ValueType::kInt));
  if (feature.num_elements() != n) return filling.Wrong(absl::StrCat("has ", feature.num_elements(), " values"));
  if (tensor->dtype() == DataType::kString) {
    tensor->strings() = feature.strings();
  } else {
    const absl::Status converted =
        ConvertNumbers(feature, tensor->dtype(), options.scale, options.zero_point, tensor->bytes());
    if (absl::IsUnimplemented(converted)) return NotStored(input);
    if (!converted.ok()) return filling.Wrong(converted.message());
  }
  return absl::OkStatus();
}

absl::Status ConvertNumbers(const Tensor& from, DataType to, float scale, int zero_point, std::span<char> memory) {
  const StoreFunction<double> store = StoreFunctionFor<double>(to);
  if (store == nullptr || from.dtype() == DataType::kString) {
    return absl::UnimplementedError(
        absl::StrCat("is ", DataTypeName(from.dtype()), ", of which nothing becomes ", DataTypeName(to)));
  }
  const Scaling scaling = {scale, zero_point};
  const int64_t n = from.num_elements();
  int64_t held = 0;
  if (from.dtype() == DataType::kFloat) {
    held = StoreFunctionFor<float>(to)(from.values<float>().data(), n, scaling, memory.data());
  } else if (from.dtype() == DataType::kInt64) {
    held = StoreFunctionFor<int64_t>(to)(from.values<int64_t>().data(), n, scaling, memory.data());
  } else {
    for (; held < n; ++held) {
      const double value = from.ValueAsDouble(held);
      if (store(&value, 1, scaling, memory.data() + held * DataTypeSize(to)) == 0) break;
    }
  }
  return held == n ? absl::OkStatus() : absl::InvalidArgumentError(NotHeld(from.ValueAsDouble(held), to));
}

}  // namespace tfxm::data
