// SPDX-License-Identifier: Apache-2.0

#include <cmath>
#include <numeric>

#include "tfxm/transform/internal/accumulators.h"
#include "tfxm/util/numeric/exact_sum.h"

namespace tfxm::transform::internal {
namespace {

using Matrix = std::vector<std::vector<double>>;

// The eigenvalues of a symmetric matrix, on the diagonal of `a` in the end, and its eigenvectors, the columns of the
// result: Jacobi's method, one rotation after the other in a fixed order.
Matrix Diagonalize(Matrix* a) {
  const size_t n = a->size();
  Matrix vectors(n, std::vector<double>(n, 0));
  for (size_t i = 0; i < n; ++i) vectors[i][i] = 1;
  const auto rotate = [&](size_t p, size_t q) {
    const double theta = ((*a)[q][q] - (*a)[p][p]) / (2 * (*a)[p][q]);
    const double t = (theta >= 0 ? 1 : -1) / (std::fabs(theta) + std::hypot(1, theta));
    const double c = 1 / std::hypot(1, t), s = t * c;
    for (size_t k = 0; k < n; ++k) {
      const double x = (*a)[k][p], y = (*a)[k][q];
      (*a)[k][p] = c * x - s * y;
      (*a)[k][q] = s * x + c * y;
    }
    for (size_t k = 0; k < n; ++k) {
      const double x = (*a)[p][k], y = (*a)[q][k];
      (*a)[p][k] = c * x - s * y;
      (*a)[q][k] = s * x + c * y;
      const double u = vectors[k][p], v = vectors[k][q];
      vectors[k][p] = c * u - s * v;
      vectors[k][q] = s * u + c * v;
    }
  };
  constexpr int kMaxSweeps = 60;  // It converges quadratically: ten are many.
  for (int sweep = 0; sweep < kMaxSweeps; ++sweep) {
    bool rotated = false;
    for (size_t p = 0; p < n; ++p) {
      for (size_t q = p + 1; q < n; ++q) {
        const double scale = std::sqrt(std::fabs((*a)[p][p])) * std::sqrt(std::fabs((*a)[q][q]));
        if (!(std::fabs((*a)[p][q]) > 1e-16 * scale)) continue;
        rotate(p, q);
        rotated = true;
      }
    }
    if (!rotated) break;
  }
  return vectors;
}

// Columns are the eigenvectors, that of the largest eigenvalue first. Of v and -v the one whose element of largest
// magnitude (the first of such) is positive.
std::vector<double> PrincipalComponents(Matrix covariance, int output_dim) {
  const size_t n = covariance.size();
  const Matrix vectors = Diagonalize(&covariance);
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t i, size_t j) { return covariance[i][i] > covariance[j][j]; });
  std::vector<double> components(n * output_dim);
  for (int k = 0; k < output_dim; ++k) {
    double largest = 0;
    for (size_t i = 0; i < n; ++i) {
      const double x = vectors[i][order[k]];
      if (std::fabs(x) > std::fabs(largest) * (1 + 1e-9)) largest = x;
    }
    for (size_t i = 0; i < n; ++i) components[i * output_dim + k] = std::copysign(1, largest) * vectors[i][order[k]];
  }
  return components;
}

class CovarianceAccumulator : public Accumulator {
 public:
  explicit CovarianceAccumulator(const AnalyzerNode& analyzer)
      : dtype_(analyzer.output_dtype),
        output_dim_(analyzer.kind == AnalyzerKind::kPca ? analyzer.output_dim : 0),
        n_(analyzer.num_elements()),
        sums_(n_),
        products_(n_ * (n_ + 1) / 2) {}

  absl::Status Add(std::span<const Values> inputs) override {
    const std::vector<double> x = AsDoubles(inputs[0]);
    const bool exact = std::holds_alternative<std::span<const float>>(inputs[0]);
    for (size_t row = 0; n_ > 0 && row + n_ <= x.size(); row += n_) {
      ++count_;
      auto product = products_.begin();
      for (size_t i = 0; i < n_; ++i) {
        sums_[i].Add(x[row + i]);
        for (size_t j = 0; j <= i; ++j, ++product) {
          // The product of two floats is exact in a double.
          exact ? product->Add(x[row + i] * x[row + j]) : product->AddProduct(x[row + i], x[row + j]);
        }
      }
    }
    return absl::OkStatus();
  }
  void Merge(const Accumulator& other) override {
    const auto& o = static_cast<const CovarianceAccumulator&>(other);
    count_ += o.count_;
    for (size_t i = 0; i < sums_.size(); ++i) sums_[i].Merge(o.sums_[i]);
    for (size_t i = 0; i < products_.size(); ++i) products_[i].Merge(o.products_[i]);
  }
  void Save(StateWriter* writer) const override { writer->Write(count_, sums_, products_); }
  void Load(StateReader* reader) override {
    reader->ReadCounts(&count_);
    reader->ReadSameSize(&sums_, &products_);
  }
  std::vector<tfxm::Tensor> Result() const override {
    const auto n = static_cast<int64_t>(n_);
    Matrix covariance(n_, std::vector<double>(n_, 0));
    if (count_ > 0) {
      const __float128 count = count_;
      std::vector<__float128> sums;
      for (const ExactSum& sum : sums_) sums.push_back(WideValue(sum));
      auto product = products_.begin();
      for (size_t i = 0; i < n_; ++i) {
        for (size_t j = 0; j <= i; ++j, ++product) {
          const __float128 value = (count * WideValue(*product) - sums[i] * sums[j]) / (count * count);
          covariance[i][j] = covariance[j][i] = static_cast<double>(value);
        }
      }
    }
    if (output_dim_ > 0) {
      return {MakeTensor(dtype_, {n, output_dim_}, PrincipalComponents(std::move(covariance), output_dim_))};
    }
    std::vector<double> flat;
    for (const auto& row : covariance) flat.insert(flat.end(), row.begin(), row.end());
    return {MakeTensor(dtype_, {n, n}, flat)};
  }

 private:
  const DataType dtype_;
  const int output_dim_;
  const size_t n_;
  int64_t count_ = 0;
  std::vector<ExactSum> sums_;
  std::vector<ExactSum> products_;  // Of i and j <= i, by rows.
};

}  // namespace

std::unique_ptr<Accumulator> MakeCovarianceAccumulator(const AnalyzerNode& analyzer) {
  return std::make_unique<CovarianceAccumulator>(analyzer);
}

}  // namespace tfxm::transform::internal
