// SPDX-License-Identifier: Apache-2.0

#include "tfxm/transform/internal/vocabulary_accumulator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "openssl/sha.h"
#include "tfxm/transform/internal/compact_sum.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::transform::internal {
namespace {

// Calls fn(i, token) for each value that can be a line of a file; returns how many cannot.
template <typename Fn>
int64_t ForEachToken(const Values& values, bool lines, const Fn& fn) {
  if (const auto* ints = std::get_if<std::span<const int64_t>>(&values)) {
    for (size_t i = 0; i < ints->size(); ++i) fn(i, absl::string_view(std::to_string((*ints)[i])));
    return 0;
  }
  int64_t skipped = 0;
  const auto strings = std::get<std::span<const absl::string_view>>(values);
  for (size_t i = 0; i < strings.size(); ++i) {
    if (lines && (strings[i].empty() || strings[i].find_first_of("\n\r") != absl::string_view::npos)) {
      ++skipped;
    } else {
      fn(i, strings[i]);
    }
  }
  return skipped;
}

template <typename Map>
auto& At(Map& map, absl::string_view key) {
  auto it = map.find(key);
  if (it == map.end()) it = map.try_emplace(std::string(key)).first;
  return it->second;
}

// Binary records hold any string, a text file only what fits a line.
bool HasLines(const AnalyzerNode& analyzer) { return analyzer.vocabulary.file_format != kTFRecordGzip; }

std::array<uint8_t, SHA_DIGEST_LENGTH> Fingerprint(const std::string& token) {
  std::array<uint8_t, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const uint8_t*>(token.data()), token.size(), digest.data());
  return digest;
}

absl::Status CheckSize(absl::string_view what, size_t n, size_t expected) {
  if (n == expected) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("there are ", expected, " values and ", n, " ", what));
}

// The greatest first; NaN last.
bool Before(const VocabularyEntry& a, const VocabularyEntry& b) {
  if (std::isnan(a.value) != std::isnan(b.value)) return std::isnan(b.value);
  if (!std::isnan(a.value) && a.value != b.value) return a.value > b.value;
  return a.token > b.token;
}

}  // namespace

class CountedVocabulary : public VocabularyAccumulator {
 public:
  explicit CountedVocabulary(const AnalyzerNode& analyzer) : lines_(HasLines(analyzer)) {}
  absl::Status Add(std::span<const Values> inputs) override {
    skipped_ += ForEachToken(inputs[0], lines_, [&](size_t, absl::string_view token) { ++At(counts_, token); });
    return absl::OkStatus();
  }
  void Merge(const Accumulator& other) override {
    const auto& o = static_cast<const CountedVocabulary&>(other);
    for (const auto& [token, count] : o.counts_) counts_[token] += count;
    skipped_ += o.skipped_;
  }
  void Save(StateWriter* writer) const override { writer->Write(counts_, skipped_); }
  void Load(StateReader* reader) override {
    reader->Read(&counts_);
    reader->ReadCounts(&skipped_);
    for (const auto& [token, count] : counts_) {
      if (count < 1 || count > kMaxStateCount) return reader->Fail("it has an impossible value");
    }
  }
  int64_t num_skipped() const override { return skipped_; }

 private:
  absl::StatusOr<std::vector<std::pair<std::string, Scored>>> Score(const VocabularyOptions&) const override {
    std::vector<std::pair<std::string, Scored>> scored;
    for (const auto& [token, count] : counts_) {
      scored.emplace_back(token, Scored{static_cast<double>(count), static_cast<double>(count)});
    }
    return scored;
  }
  std::string FrequencyText(double value) const override { return absl::StrCat(static_cast<int64_t>(value)); }

  const bool lines_;
  std::map<std::string, int64_t, std::less<>> counts_;
  int64_t skipped_ = 0;
};

class WeightedVocabulary : public VocabularyAccumulator {
 public:
  explicit WeightedVocabulary(const AnalyzerNode& analyzer) : lines_(HasLines(analyzer)) {}
  absl::Status Add(std::span<const Values> inputs) override {
    const std::vector<double> weights = AsDoubles(inputs[1]);
    RETURN_IF_ERROR(CheckSize("weights", weights.size(), NumValues(inputs[0])));
    skipped_ +=
        ForEachToken(inputs[0], lines_, [&](size_t i, absl::string_view token) { At(sums_, token).Add(weights[i]); });
    return absl::OkStatus();
  }
  void Merge(const Accumulator& other) override {
    const auto& o = static_cast<const WeightedVocabulary&>(other);
    for (const auto& [token, sum] : o.sums_) sums_[token].Merge(sum);
    skipped_ += o.skipped_;
  }
  void Save(StateWriter* writer) const override { writer->Write(sums_, skipped_); }
  void Load(StateReader* reader) override {
    reader->Read(&sums_);
    reader->ReadCounts(&skipped_);
  }
  int64_t num_skipped() const override { return skipped_; }

 private:
  absl::StatusOr<std::vector<std::pair<std::string, Scored>>> Score(const VocabularyOptions&) const override {
    std::vector<std::pair<std::string, Scored>> scored;
    for (const auto& [token, sum] : sums_) scored.emplace_back(token, Scored{sum.Value(), sum.Value()});
    return scored;
  }

  const bool lines_;
  std::map<std::string, CompactSum, std::less<>> sums_;
  int64_t skipped_ = 0;
};

class LabeledVocabulary : public VocabularyAccumulator {
 public:
  explicit LabeledVocabulary(const AnalyzerNode& analyzer) : lines_(HasLines(analyzer)), weighted_(analyzer.weighted) {}

  absl::Status Add(std::span<const Values> inputs) override {
    const size_t n = NumValues(inputs[0]);
    // values, [weights], labels, labels of the examples, [weights of the examples]
    const size_t first_label = weighted_ ? 2 : 1;
    const auto* labels = std::get_if<std::span<const int64_t>>(&inputs[first_label]);
    const auto* all = std::get_if<std::span<const int64_t>>(&inputs[first_label + 1]);
    if (labels == nullptr || all == nullptr) return absl::InvalidArgumentError("its labels are not integers");
    RETURN_IF_ERROR(CheckSize("labels", labels->size(), n));
    std::vector<double> weights(n, 1), all_weights(all->size(), 1);
    if (weighted_) {
      weights = AsDoubles(inputs[1]);
      RETURN_IF_ERROR(CheckSize("weights", weights.size(), n));
      all_weights = AsDoubles(inputs[first_label + 2]);
      RETURN_IF_ERROR(CheckSize("weights of the labels", all_weights.size(), all->size()));
    }
    skipped_ += ForEachToken(inputs[0], lines_, [&](size_t i, absl::string_view token) {
      At(tokens_, token).Add((*labels)[i], weights[i]);
    });
    for (size_t i = 0; i < all->size(); ++i) all_.Add((*all)[i], all_weights[i]);
    return absl::OkStatus();
  }
  void Merge(const Accumulator& other) override {
    const auto& o = static_cast<const LabeledVocabulary&>(other);
    for (const auto& [token, sums] : o.tokens_) tokens_[token].Merge(sums);
    all_.Merge(o.all_);
    skipped_ += o.skipped_;
  }
  void Save(StateWriter* writer) const override { writer->Write(tokens_, all_, skipped_); }
  void Load(StateReader* reader) override {
    reader->Read(&tokens_, &all_);
    reader->ReadCounts(&skipped_);
  }
  int64_t num_skipped() const override { return skipped_; }

 private:
  struct Sums {
    int64_t count = 0;
    CompactSum weight;
    std::map<int64_t, CompactSum> of_label;

    void Add(int64_t label, double w) {
      ++count;
      weight.Add(w);
      if (label >= 0) of_label[label].Add(w);  // -1: missing.
    }
    void Merge(const Sums& other) {
      count += other.count;
      weight.Merge(other.weight);
      for (const auto& [label, sum] : other.of_label) of_label[label].Merge(sum);
    }
    void Save(StateWriter* writer) const { writer->Write(count, weight, of_label); }
    void Load(StateReader* reader) {
      reader->ReadCounts(&count);
      reader->Read(&weight, &of_label);
    }
    // As TensorFlow Transform keeps them, in float32.
    float mean_weight(bool weighted) const { return weighted ? Ratio(weight.Value(), count) : 1.0f; }
    float label_mean(int64_t label) const {
      const auto it = of_label.find(label);
      return it == of_label.end() ? 0.0f : Ratio(it->second.Value(), weight.Value());
    }
    static float Ratio(double a, double b) {
      const double ratio = a / b;
      return std::isnan(ratio) ? 0.0f : static_cast<float>(ratio);
    }
  };

  absl::StatusOr<std::vector<std::pair<std::string, Scored>>> Score(const VocabularyOptions& options) const override {
    const double n = static_cast<double>(all_.count) * all_.mean_weight(weighted_);
    std::vector<std::pair<int64_t, double>> labels;  // With their weights.
    for (const auto& [label, sum] : all_.of_label) {
      const float of_label = all_.label_mean(label) * all_.mean_weight(weighted_) * static_cast<float>(all_.count);
      if (of_label != 0) labels.emplace_back(label, of_label);
    }
    // tft.calculate_recommended_min_diff_from_avg
    const double recommended = std::floor(std::min(25.0, std::max(2.0, (n - 10000) / (1000000 - 10000) * 23 + 2)));
    const double min_diff = options.min_diff_from_avg.value_or(recommended);
    std::vector<std::pair<std::string, Scored>> scored;
    for (const auto& [token, sums] : tokens_) {
      const double x = static_cast<double>(sums.count) * sums.mean_weight(weighted_);
      if (n != 0 && std::nearbyint(x) > std::nearbyint(n)) {
        return absl::InvalidArgumentError(absl::StrCat(
            "\"", token, "\" occurs ", x, " times in ", n,
            " examples: with labels, each example may have a value once only; see tft.deduplicate_tensor_per_row"));
      }
      scored.emplace_back(token, Scored{Information(sums, labels, x, n, min_diff, options), x});
    }
    return scored;
  }
  // In TensorFlow Transform a sum of nothing is an int.
  std::string FrequencyText(double value) const override { return value == 0 ? "0" : PythonRepr(value); }

  double Information(const Sums& sums, const std::vector<std::pair<int64_t, double>>& labels, double x, double n,
                     double min_diff, const VocabularyOptions& options) const {
    if (n == 0) return NAN;
    if (std::nearbyint(x) == std::nearbyint(n)) return 0;  // It is there always.
    double information = 0;
    for (const auto& [label, y] : labels) {
      const double mean = std::min(std::max(static_cast<double>(sums.label_mean(label)), 1e-6), 1 - 1e-6);
      const double both = mean * sums.mean_weight(weighted_) * static_cast<double>(sums.count);
      if (std::fabs(x * y / n - both) < min_diff) continue;
      information += PartialMutualInformation(both, x, y, n);
      if (options.use_adjusted_mutual_info) information -= PartialExpectedMutualInformation(n, x, y);
    }
    return information;
  }

  const bool lines_, weighted_;
  std::map<std::string, Sums, std::less<>> tokens_;
  Sums all_;  // Of the examples.
  int64_t skipped_ = 0;
};

std::string VocabularyAccumulator::FrequencyText(double value) const { return PythonRepr(value); }

absl::StatusOr<std::vector<VocabularyEntry>> VocabularyAccumulator::Entries(const VocabularyOptions& options) const {
  ASSIGN_OR_RETURN(const auto scored, Score(options));
  const auto above = [&](const std::optional<double>& threshold) {
    std::vector<VocabularyEntry> entries;
    for (const auto& [token, score] : scored) {
      if (threshold.has_value() && !(score.value >= *threshold)) continue;
      entries.push_back({token, score.value, FrequencyText(score.value)});
    }
    std::sort(entries.begin(), entries.end(), Before);
    return entries;
  };
  std::vector<VocabularyEntry> entries = above(options.frequency_threshold);
  if (options.top_k.has_value() && static_cast<int64_t>(entries.size()) > *options.top_k) {
    entries.resize(*options.top_k);
  }
  std::set<std::string> taken(options.reserved_tokens.begin(), options.reserved_tokens.end());
  if (options.key_fn) {
    // Beside these the first of every key.
    std::set<std::string> there;
    for (const VocabularyEntry& entry : entries) there.insert(entry.token);
    std::map<std::string, int64_t> of_key;
    for (VocabularyEntry& entry : above(options.coverage_frequency_threshold)) {
      const bool covered =
          options.coverage_top_k.has_value() && ++of_key[options.key_fn(entry.token)] > *options.coverage_top_k;
      if (!covered && there.insert(entry.token).second) entries.push_back(std::move(entry));
    }
    std::sort(entries.begin(), entries.end(), Before);
  }
  std::erase_if(entries, [&](const VocabularyEntry& entry) { return taken.count(entry.token) > 0; });
  if (options.fingerprint_shuffle) {
    std::sort(entries.begin(), entries.end(), [](const VocabularyEntry& a, const VocabularyEntry& b) {
      return Fingerprint(a.token) < Fingerprint(b.token);
    });
  }
  std::vector<VocabularyEntry> reserved;
  for (const std::string& token : options.reserved_tokens) reserved.push_back({token, -1, "-1"});
  entries.insert(entries.begin(), reserved.begin(), reserved.end());
  return entries;
}

std::unique_ptr<VocabularyAccumulator> MakeVocabularyAccumulator(const AnalyzerNode& analyzer) {
  if (analyzer.labeled) return std::make_unique<LabeledVocabulary>(analyzer);
  if (analyzer.weighted) return std::make_unique<WeightedVocabulary>(analyzer);
  return std::make_unique<CountedVocabulary>(analyzer);
}

}  // namespace tfxm::transform::internal
