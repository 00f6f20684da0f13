// SPDX-License-Identifier: Apache-2.0

#include "tfxm/transform/internal/accumulators.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tfxm/transform/internal/compact_sum.h"
#include "tfxm/transform/internal/vocabulary_accumulator.h"
#include "tfxm/util/numeric/exact_sum.h"

namespace tfxm::transform::internal {
namespace {

// Of analyzers that have one input.
class SingleInput : public Accumulator {
 public:
  absl::Status Add(std::span<const Values> inputs) final {
    AddValues(inputs[0]);
    return absl::OkStatus();
  }

 private:
  virtual void AddValues(const Values& values) = 0;
};

int64_t LargestInteger(DataType dtype) {
  switch (dtype) {
    case DataType::kInt8: return std::numeric_limits<int8_t>::max();
    case DataType::kUint8: return std::numeric_limits<uint8_t>::max();
    case DataType::kInt16: return std::numeric_limits<int16_t>::max();
    case DataType::kUint16: return std::numeric_limits<uint16_t>::max();
    case DataType::kInt32: return std::numeric_limits<int32_t>::max();
    default: return std::numeric_limits<int64_t>::max();
  }
}

template <typename T>
class MinAndMaxAccumulator : public SingleInput {
 public:
  explicit MinAndMaxAccumulator(const AnalyzerNode& analyzer)
      : dtype_(analyzer.dtype),
        shape_(analyzer.shape),
        min_(analyzer.num_elements(), Largest()),
        max_(analyzer.num_elements(), -Largest()),
        nan_(analyzer.num_elements(), 0) {}

  void AddValues(const Values& values) override {
    const auto span = std::get<std::span<const T>>(values);
    const size_t n = min_.size();
    if (n == 1) {
      // Independent lanes: a single minimum would wait for itself at every value.
      constexpr size_t kLanes = 16;
      T low[kLanes], high[kLanes];
      bool nan[kLanes] = {};
      std::fill(low, low + kLanes, min_[0]);
      std::fill(high, high + kLanes, max_[0]);
      size_t i = 0;
      for (; i + kLanes <= span.size(); i += kLanes) {
        for (size_t k = 0; k < kLanes; ++k) {
          const T x = span[i + k];
          low[k] = x < low[k] ? x : low[k];
          high[k] = x > high[k] ? x : high[k];
          nan[k] |= x != x;
        }
      }
      for (size_t k = 0; k < kLanes; ++k) Update(0, low[k], high[k], nan[k]);
      for (; i < span.size(); ++i) Update(0, span[i], span[i], span[i] != span[i]);
      return;
    }
    for (size_t i = 0; i + n <= span.size(); i += n) {
      for (size_t k = 0; k < n; ++k) Update(k, span[i + k], span[i + k], span[i + k] != span[i + k]);
    }
  }

  void Merge(const Accumulator& other) override {
    const auto& o = static_cast<const MinAndMaxAccumulator&>(other);
    for (size_t k = 0; k < min_.size(); ++k) Update(k, o.min_[k], o.max_[k], o.nan_[k]);
  }
  void Save(StateWriter* writer) const override { writer->Write(min_, max_, nan_); }
  void Load(StateReader* reader) override { reader->ReadSameSize(&min_, &max_, &nan_); }

  std::vector<tfxm::Tensor> Result() const override {
    std::vector<T> min = min_, max = max_;
    for (size_t k = 0; k < min.size(); ++k) {
      if constexpr (std::numeric_limits<T>::has_quiet_NaN) {
        if (nan_[k]) min[k] = max[k] = std::numeric_limits<T>::quiet_NaN();
      } else if (min[k] > max[k]) {  // No value: in terms of the tensor's own type.
        min[k] = LargestInteger(dtype_);
        max[k] = -LargestInteger(dtype_);
      }
    }
    return {MakeTensor(dtype_, shape_, min), MakeTensor(dtype_, shape_, max)};
  }

 private:
  static constexpr T Largest() {
    return std::numeric_limits<T>::has_infinity ? std::numeric_limits<T>::infinity() : std::numeric_limits<T>::max();
  }
  void Update(size_t k, T low, T high, bool nan) {
    min_[k] = low < min_[k] ? low : min_[k];
    max_[k] = high > max_[k] ? high : max_[k];
    nan_[k] |= nan;
  }
  const DataType dtype_;
  const Shape shape_;
  std::vector<T> min_, max_;
  std::vector<uint8_t> nan_;
};

class SizeAccumulator : public SingleInput {
 public:
  explicit SizeAccumulator(const AnalyzerNode& analyzer) : shape_(analyzer.shape), elements_(analyzer.num_elements()) {}
  void AddValues(const Values& values) override {
    values_ += std::visit([](const auto& span) { return static_cast<int64_t>(span.size()); }, values);
  }
  void Merge(const Accumulator& other) override { values_ += static_cast<const SizeAccumulator&>(other).values_; }
  void Save(StateWriter* writer) const override { writer->Write(values_); }
  void Load(StateReader* reader) override { reader->ReadCounts(&values_); }
  std::vector<tfxm::Tensor> Result() const override {
    return {MakeTensor(DataType::kInt64, shape_,
                       std::vector<int64_t>(elements_, elements_ == 0 ? 0 : values_ / elements_))};
  }

 private:
  const Shape shape_;
  const int64_t elements_;
  int64_t values_ = 0;
};

class IntegerSumAccumulator : public SingleInput {
 public:
  explicit IntegerSumAccumulator(const AnalyzerNode& analyzer)
      : shape_(analyzer.shape), sums_(analyzer.num_elements()) {}
  void AddValues(const Values& values) override {
    const auto span = std::get<std::span<const int64_t>>(values);
    for (size_t i = 0; i + sums_.size() <= span.size() && !sums_.empty(); i += sums_.size()) {
      for (size_t k = 0; k < sums_.size(); ++k) sums_[k] += static_cast<uint64_t>(span[i + k]);
    }
  }
  void Merge(const Accumulator& other) override {
    const auto& o = static_cast<const IntegerSumAccumulator&>(other);
    for (size_t k = 0; k < sums_.size(); ++k) sums_[k] += o.sums_[k];
  }
  void Save(StateWriter* writer) const override { writer->Write(sums_); }
  void Load(StateReader* reader) override { reader->ReadSameSize(&sums_); }
  std::vector<tfxm::Tensor> Result() const override {
    return {MakeTensor(DataType::kInt64, shape_, std::vector<int64_t>(sums_.begin(), sums_.end()))};
  }

 private:
  const Shape shape_;
  std::vector<uint64_t> sums_;  // Wraps around, as int64 sums do everywhere; unsigned, so that it may.
};

const ExactSum& Exact(const ExactSum& sum) { return sum; }
ExactSum Exact(const CompactSum& sum) { return sum.Exact(); }

// Sums, or means and variances, of numbers.
template <typename Sum>  // ExactSum, or CompactSum where there are very many.
class MomentsAccumulator : public SingleInput {
 public:
  explicit MomentsAccumulator(const AnalyzerNode& analyzer)
      : moments_(analyzer.kind == AnalyzerKind::kMeanAndVar),
        dtype_(analyzer.dtype == DataType::kDouble ? DataType::kDouble : DataType::kFloat),
        shape_(analyzer.shape),
        elements_(analyzer.num_elements()) {}

  void AddValues(const Values& values) override {
    std::visit([this](const auto& span) { AddSpan(span); }, values);
  }
  void Merge(const Accumulator& other) override {
    const auto& o = static_cast<const MomentsAccumulator&>(other);
    for (size_t k = 0; k < elements_.size(); ++k) {
      elements_[k].count += o.elements_[k].count;
      elements_[k].sum.Merge(o.elements_[k].sum);
      if (moments_) elements_[k].squares.Merge(o.elements_[k].squares);
    }
  }
  void Save(StateWriter* writer) const override { writer->Write(elements_); }
  void Load(StateReader* reader) override { reader->ReadSameSize(&elements_); }
  std::vector<tfxm::Tensor> Result() const override {
    std::vector<double> first, variance;
    for (const Element& e : elements_) {
      if (!moments_) {
        first.push_back(e.sum.Value());
        continue;
      }
      if (e.count == 0) {
        first.push_back(0);
        variance.push_back(0);
        continue;
      }
      const __float128 n = e.count, sum = WideValue(Exact(e.sum));
      first.push_back(static_cast<double>(sum / n));
      // The difference of two large numbers that may be nearly equal: hence the width.
      variance.push_back(std::max(0.0, static_cast<double>((n * WideValue(Exact(e.squares)) - sum * sum) / (n * n))));
    }
    std::vector<tfxm::Tensor> result = {MakeTensor(dtype_, shape_, first)};
    if (moments_) result.push_back(MakeTensor(dtype_, shape_, variance));
    return result;
  }

 private:
  struct Element {
    int64_t count = 0;
    Sum sum, squares;
    void Save(StateWriter* writer) const { writer->Write(count, sum, squares); }
    void Load(StateReader* reader) {
      reader->ReadCounts(&count);
      reader->Read(&sum, &squares);
    }
  };
  template <typename Span>
  void AddSpan(const Span& span) {
    if constexpr (std::is_arithmetic_v<typename Span::value_type>) {
      const size_t n = elements_.size();
      for (size_t i = 0; i + n <= span.size() && n > 0; i += n) {
        for (size_t k = 0; k < n; ++k) {
          // Integers are taken as the float32 that the result is.
          const double x =
              std::is_integral_v<typename Span::value_type> ? static_cast<float>(span[i + k]) : span[i + k];
          Element& e = elements_[k];
          if (!moments_) {
            e.sum.Add(x);
          } else if (std::isfinite(x)) {
            ++e.count;
            e.sum.Add(x);
            // A float's square is exact in a double.
            dtype_ == DataType::kFloat ? e.squares.Add(x * x) : e.squares.AddProduct(x, x);
          }
        }
      }
    }
  }
  const bool moments_;
  const DataType dtype_;
  const Shape shape_;
  std::vector<Element> elements_;
};

}  // namespace

std::unique_ptr<Accumulator> MakeNumericAccumulator(const AnalyzerNode& analyzer, bool compact) {
  const bool is_float = analyzer.dtype == DataType::kFloat, is_double = analyzer.dtype == DataType::kDouble;
  if (analyzer.kind == AnalyzerKind::kMinAndMax) {
    if (is_float) return std::make_unique<MinAndMaxAccumulator<float>>(analyzer);
    if (is_double) return std::make_unique<MinAndMaxAccumulator<double>>(analyzer);
    return std::make_unique<MinAndMaxAccumulator<int64_t>>(analyzer);
  }
  if (analyzer.kind == AnalyzerKind::kSize) return std::make_unique<SizeAccumulator>(analyzer);
  if (analyzer.kind == AnalyzerKind::kSum && !is_float && !is_double) {
    return std::make_unique<IntegerSumAccumulator>(analyzer);
  }
  if (compact) return std::make_unique<MomentsAccumulator<CompactSum>>(analyzer);
  return std::make_unique<MomentsAccumulator<ExactSum>>(analyzer);
}

std::unique_ptr<Accumulator> MakeAccumulator(const AnalyzerNode& analyzer) {
  if (analyzer.per_key) return MakePerKeyAccumulator(analyzer);
  switch (analyzer.kind) {
    case AnalyzerKind::kMinAndMax:
    case AnalyzerKind::kSum:
    case AnalyzerKind::kSize:
    case AnalyzerKind::kMeanAndVar: return MakeNumericAccumulator(analyzer, /*compact=*/false);
    case AnalyzerKind::kQuantiles: return MakeQuantilesAccumulator(analyzer);
    case AnalyzerKind::kVocabulary: return MakeVocabularyAccumulator(analyzer);
    case AnalyzerKind::kCovariance:
    case AnalyzerKind::kPca: return MakeCovarianceAccumulator(analyzer);
    case AnalyzerKind::kTukeyParameters: return MakeTukeyAccumulator(analyzer);
  }
  return nullptr;
}

}  // namespace tfxm::transform::internal
