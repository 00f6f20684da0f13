// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/layers/initializers.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/util/registry.h"

namespace tfxm::nn {
namespace {

// A tensor whose values come one after the other from `next`.
absl::StatusOr<tfxm::Tensor> FillFloats(const Shape& shape, DataType dtype, const std::function<double()>& next) {
  tfxm::Tensor tensor(dtype, shape);
  switch (dtype) {
    case DataType::kFloat:
      for (float& value : tensor.values<float>()) value = static_cast<float>(next());
      return tensor;
    case DataType::kDouble:
      for (double& value : tensor.values<double>()) value = next();
      return tensor;
    case DataType::kInt32:
      for (int32_t& value : tensor.values<int32_t>()) value = static_cast<int32_t>(next());
      return tensor;
    case DataType::kInt64:
      for (int64_t& value : tensor.values<int64_t>()) value = static_cast<int64_t>(next());
      return tensor;
    default: return absl::UnimplementedError(absl::StrCat("weights of type ", DataTypeName(dtype)));
  }
}

struct Fans {
  double in = 1;
  double out = 1;
};

Fans ComputeFans(const Shape& shape) {
  if (shape.empty()) return {};
  if (shape.size() == 1) return {static_cast<double>(shape[0]), static_cast<double>(shape[0])};
  double receptive_field = 1;
  for (size_t i = 0; i + 2 < shape.size(); ++i) receptive_field *= static_cast<double>(shape[i]);
  return {receptive_field * static_cast<double>(shape[shape.size() - 2]),
          receptive_field * static_cast<double>(shape.back())};
}

const std::map<std::string, Initializer, std::less<>>& Initializers() {
  static const auto* const by_name = new std::map<std::string, Initializer, std::less<>>{
      {"zeros", initializers::Zeros()},
      {"ones", initializers::Ones()},
      {"random_uniform", initializers::RandomUniform()},
      {"random_normal", initializers::RandomNormal()},
      {"truncated_normal", initializers::TruncatedNormal()},
      {"identity", initializers::Identity()},
      {"orthogonal", initializers::Orthogonal()},
      {"glorot_uniform", initializers::GlorotUniform()},
      {"glorot_normal", initializers::GlorotNormal()},
      {"he_uniform", initializers::HeUniform()},
      {"he_normal", initializers::HeNormal()},
      {"lecun_uniform", initializers::LecunUniform()},
      {"lecun_normal", initializers::LecunNormal()},
  };
  return *by_name;
}

}  // namespace

absl::StatusOr<tfxm::Tensor> Initializer::Make(const Shape& shape, DataType dtype, Random& random) const {
  if (function_ != nullptr) return function_(shape, dtype, random);
  const auto found = Initializers().find(name_);
  if (found != Initializers().end()) return found->second.Make(shape, dtype, random);
  std::vector<std::string> names;
  for (const auto& [name, initializer] : Initializers()) names.push_back(name);
  const std::string near = NearestNames(name_, names);
  return absl::InvalidArgumentError(
      absl::StrCat("no initializer is called \"", name_, "\"", near.empty() ? "" : "; did you mean ", near));
}

namespace initializers {

Initializer Zeros() { return Constant(0); }
Initializer Ones() { return Constant(1); }
Initializer Constant(double value) {
  return {"constant",
          [=](const Shape& shape, DataType dtype, Random&) { return FillFloats(shape, dtype, [=] { return value; }); }};
}
Initializer RandomUniform(double minval, double maxval) {
  return {"random_uniform", [=](const Shape& shape, DataType dtype, Random& random) {
            return FillFloats(shape, dtype, [&] { return minval + (maxval - minval) * random.Uniform(); });
          }};
}
Initializer RandomNormal(double mean, double stddev) {
  return {"random_normal", [=](const Shape& shape, DataType dtype, Random& random) {
            return FillFloats(shape, dtype, [&] { return mean + stddev * random.Normal(); });
          }};
}
Initializer TruncatedNormal(double mean, double stddev) {
  return {"truncated_normal", [=](const Shape& shape, DataType dtype, Random& random) {
            return FillFloats(shape, dtype, [&] { return mean + stddev * random.TruncatedNormal(); });
          }};
}
Initializer Identity(double gain) {
  return {"identity", [=](const Shape& shape, DataType dtype, Random&) -> absl::StatusOr<tfxm::Tensor> {
            if (shape.size() != 2) {
              return absl::InvalidArgumentError(absl::StrCat("identity is for matrices, not for ", ShapeString(shape)));
            }
            int64_t next = 0;
            return FillFloats(shape, dtype, [&] {
              const int64_t i = next++;
              return i / shape[1] == i % shape[1] ? gain : 0;
            });
          }};
}
Initializer Orthogonal(double gain) {
  return {
      "orthogonal", [=](const Shape& shape, DataType dtype, Random& random) -> absl::StatusOr<tfxm::Tensor> {
        if (shape.size() < 2) {
          return absl::InvalidArgumentError(absl::StrCat("orthogonal is for matrices, not for ", ShapeString(shape)));
        }
        const int64_t columns = shape.back(), rows = NumElements(shape) / columns;
        const int64_t size = std::max(rows, columns);
        // Gram and Schmidt's, on normal numbers; twice, which makes up for rounding.
        std::vector<std::vector<double>> vectors(std::min(rows, columns), std::vector<double>(size));
        for (size_t i = 0; i < vectors.size(); ++i) {
          for (double& value : vectors[i]) value = random.Normal();
          for (int again = 0; again < 2; ++again) {
            for (size_t k = 0; k < i; ++k) {
              const double along = std::inner_product(vectors[i].begin(), vectors[i].end(), vectors[k].begin(), 0.0);
              for (int64_t n = 0; n < size; ++n) vectors[i][n] -= along * vectors[k][n];
            }
            const double length =
                std::sqrt(std::inner_product(vectors[i].begin(), vectors[i].end(), vectors[i].begin(), 0.0));
            for (double& value : vectors[i]) value /= length;
          }
        }
        int64_t next = 0;
        return FillFloats(shape, dtype, [&] {
          const int64_t row = next / columns, column = next % columns;
          ++next;
          return gain * (rows < columns ? vectors[row][column] : vectors[column][row]);
        });
      }};
}
Initializer VarianceScaling(double scale, absl::string_view mode, absl::string_view distribution) {
  return {
      "variance_scaling",
      [=, mode = std::string(mode), distribution = std::string(distribution)](
          const Shape& shape, DataType dtype, Random& random) -> absl::StatusOr<tfxm::Tensor> {
        const Fans fans = ComputeFans(shape);
        double fan = 0;
        if (mode == "fan_in") {
          fan = fans.in;
        } else if (mode == "fan_out") {
          fan = fans.out;
        } else if (mode == "fan_avg") {
          fan = (fans.in + fans.out) / 2;
        } else {
          return absl::InvalidArgumentError(absl::StrCat("VarianceScaling: unknown mode \"", mode, "\""));
        }
        const double variance = scale / std::max(1.0, fan);
        if (distribution == "uniform") {
          const double limit = std::sqrt(3 * variance);
          return RandomUniform(-limit, limit).Make(shape, dtype, random);
        }
        if (distribution == "untruncated_normal")
          return RandomNormal(0, std::sqrt(variance)).Make(shape, dtype, random);
        if (distribution == "truncated_normal") {
          // Cutting at two standard deviations leaves 0.8796 of the standard deviation.
          return TruncatedNormal(0, std::sqrt(variance) / 0.87962566103423978).Make(shape, dtype, random);
        }
        return absl::InvalidArgumentError(absl::StrCat("VarianceScaling: unknown distribution \"", distribution, "\""));
      }};
}
Initializer GlorotUniform() { return VarianceScaling(1, "fan_avg", "uniform"); }
Initializer GlorotNormal() { return VarianceScaling(1, "fan_avg", "truncated_normal"); }
Initializer HeUniform() { return VarianceScaling(2, "fan_in", "uniform"); }
Initializer HeNormal() { return VarianceScaling(2, "fan_in", "truncated_normal"); }
Initializer LecunUniform() { return VarianceScaling(1, "fan_in", "uniform"); }
Initializer LecunNormal() { return VarianceScaling(1, "fan_in", "truncated_normal"); }
Initializer Value(tfxm::Tensor value) {
  return {
      "value", [value = std::move(value)](const Shape& shape, DataType dtype, Random&) -> absl::StatusOr<tfxm::Tensor> {
        if (value.dtype() != dtype || value.shape() != shape) {
          return absl::InvalidArgumentError(absl::StrCat("a ", DataTypeName(dtype), ShapeString(shape),
                                                         " weight cannot start with a ", DataTypeName(value.dtype()),
                                                         ShapeString(value.shape()), " value"));
        }
        return value;
      }};
}

}  // namespace initializers
}  // namespace tfxm::nn
