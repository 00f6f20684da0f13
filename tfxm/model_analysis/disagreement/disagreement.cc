// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/disagreement/disagreement.h"

#include <algorithm>
#include <cmath>

#include "tfxm/model_analysis/comparison/significance/statistics.h"
#include "tfxm/model_analysis/metrics/metric.h"

namespace tfxm::model_analysis {
namespace {

constexpr double kFalseDiscoveryRate = 0.05;

bool ComesBefore(const DisagreeingExample& a, const DisagreeingExample& b) {
  if (a.distance != b.distance) return a.distance > b.distance;
  return std::pair(a.file, a.record) < std::pair(b.file, b.record);
}

// The output of `others` that corresponds to output i of `reference`.
const Values* Counterpart(const NamedValues& reference, size_t i, const NamedValues& others) {
  if (reference.size() == 1 && others.size() == 1) return &others[0].second;
  return FindValues(others, reference[i].first);
}

const Values* LabelsOf(const NamedValues& labels, const std::string& output) {
  if (const Values* own = FindValues(labels, output)) return own;
  return FindValues(labels, "");
}

NamedValues Row(const NamedValues& values, int row) {
  NamedValues result;
  for (const auto& [name, of_all] : values) {
    if (of_all.unusable.empty()) result.emplace_back(name, Values()).second.Append(of_all, row);
  }
  return result;
}

}  // namespace

DisagreementFinder::DisagreementFinder(const ::tensorflow_model_analysis::EvalConfig* eval_config, int reference,
                                       int max_examples)
    : eval_config_(eval_config), max_examples_(max_examples), reference_(reference) {}

void DisagreementFinder::Add(const compute::RecordBlock& raw, const Extracts& extracts, const Slicer& slicer) {
  const int n = extracts.num_examples;
  differences_.assign(n, {});
  of_models_.resize(extracts.models.size());
  for (size_t m = 0; m < extracts.models.size(); ++m) {
    CompareModel(extracts, m);
    for (int row = 0; row < n; ++row) {
      of_models_[m].by_decision += own_[row].decision;
      of_models_[m].by_value += own_[row].value;
      differences_[row].Add(own_[row]);
    }
  }
  examples_ += n;
  counts_.resize(slicer.num_slices());
  for (int slice : slicer.touched()) {
    Counts& counts = counts_[slice];
    for (int32_t row : slicer.rows(slice)) {
      ++counts.examples;
      counts.by_decision += differences_[row].decision;
      counts.by_value += differences_[row].value;
    }
  }
  for (int row = 0; row < n; ++row) {
    const OutputDifference& difference = differences_[row];
    if (difference.decision && decisions_) Offer(difference.distance, raw, extracts, slicer, row, &by_decision_);
    if (difference.value) Offer(difference.distance, raw, extracts, slicer, row, &by_value_);
  }
}

void DisagreementFinder::CompareModel(const Extracts& extracts, size_t model) {
  const int n = extracts.num_examples;
  const ModelExtracts& reference = extracts.models[reference_];
  own_.assign(n, {});
  for (size_t i = 0; i < reference.predictions.size(); ++i) {
    const auto& [output, values] = reference.predictions[i];
    const Values* const others = Counterpart(reference.predictions, i, extracts.models[model].predictions);
    if (!values.unusable.empty() || others == nullptr) continue;
    const Values* const labels = LabelsOf(reference.labels, output);
    for (int row = 0; row < n; ++row) {
      decisions_ = decisions_ && IsDecision(labels, *others, row);
      if (static_cast<int>(model) != reference_) own_[row].Add(Compare(values, *others, row));
    }
  }
}

void DisagreementFinder::Offer(double distance, const compute::RecordBlock& raw, const Extracts& extracts,
                               const Slicer& slicer, int row, Ranking* ranking) const {
  ++ranking->total;
  DisagreeingExample example;
  example.file = raw.file;
  example.record = raw.first_record + row;
  example.distance = distance;
  if (max_examples_ == 0 || (ranking->heap.size() == max_examples_ && !ComesBefore(example, ranking->heap.front()))) {
    return;
  }
  example.labels = Row(extracts.models[reference_].labels, row);
  for (const ModelExtracts& model : extracts.models) example.predictions.push_back(Row(model.predictions, row));
  for (int slice : slicer.touched()) {
    const auto rows = slicer.rows(slice);
    if (slicer.key(slice).empty() || slicer.dropped(slicer.owner(slice))) continue;
    if (std::binary_search(rows.begin(), rows.end(), row)) example.slices.push_back(slicer.key(slice));
  }
  std::sort(example.slices.begin(), example.slices.end());
  example.bytes = std::string(raw.record(row));
  Insert(std::move(example), ranking);
}

void DisagreementFinder::Insert(DisagreeingExample example, Ranking* ranking) const {
  auto& heap = ranking->heap;
  if (heap.size() == max_examples_) {
    if (heap.empty() || !ComesBefore(example, heap.front())) return;
    std::pop_heap(heap.begin(), heap.end(), ComesBefore);
    heap.pop_back();
  }
  heap.push_back(std::move(example));
  std::push_heap(heap.begin(), heap.end(), ComesBefore);
}

void DisagreementFinder::MergeInto(const Slicer& slicer, const std::vector<bool>& dropped, DisagreementFinder* total) {
  for (size_t s = 0; s < counts_.size(); ++s) {
    if (!dropped[slicer.owner(static_cast<int>(s))]) total->merged_[slicer.key(static_cast<int>(s))].Add(counts_[s]);
  }
  total->InsertAll(this);
}

void DisagreementFinder::Merge(DisagreementFinder&& other) {
  for (const auto& [key, counts] : other.merged_) merged_[key].Add(counts);
  InsertAll(&other);
}

void DisagreementFinder::InsertAll(DisagreementFinder* other) {
  examples_ += other->examples_;
  decisions_ = decisions_ && other->decisions_;
  of_models_.resize(std::max(of_models_.size(), other->of_models_.size()));
  for (size_t m = 0; m < other->of_models_.size(); ++m) of_models_[m].Add(other->of_models_[m]);
  for (auto ranking : {&DisagreementFinder::by_decision_, &DisagreementFinder::by_value_}) {
    (this->*ranking).total += (other->*ranking).total;
    for (DisagreeingExample& example : (other->*ranking).heap) {
      // A slice may have been dropped since.
      std::erase_if(example.slices, [&](const SliceKey& key) { return merged_.count(key) == 0; });
      Insert(std::move(example), &(this->*ranking));
    }
  }
}

void DisagreementFinder::Forget(const std::function<bool(const SliceKey&)>& gone) {
  std::erase_if(merged_, [&](const auto& entry) { return gone(entry.first); });
  for (Ranking* ranking : {&by_decision_, &by_value_}) {
    for (DisagreeingExample& example : ranking->heap) std::erase_if(example.slices, gone);
  }
}

void DisagreementFinder::SetFile(int file) {
  for (Ranking* ranking : {&by_decision_, &by_value_}) {
    for (DisagreeingExample& example : ranking->heap) example.file = file;
  }
}

void DisagreementFinder::Save(StateWriter* writer) const {
  writer->Write(decisions_, examples_, static_cast<uint64_t>(merged_.size()));
  for (const auto& [key, counts] : merged_) {
    SaveSliceKey(key, writer);
    writer->Write(counts.examples, counts.by_decision, counts.by_value);
  }
  writer->Write(static_cast<uint64_t>(of_models_.size()));
  for (const Counts& counts : of_models_) writer->Write(counts.by_decision, counts.by_value);
  for (const Ranking* ranking : {&by_decision_, &by_value_}) {
    std::vector<const DisagreeingExample*> sorted;
    for (const DisagreeingExample& example : ranking->heap) sorted.push_back(&example);
    std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return ComesBefore(*a, *b); });
    writer->Write(ranking->total, static_cast<uint64_t>(sorted.size()));
    for (const DisagreeingExample* example : sorted) {
      writer->Write(example->record, example->distance, example->labels, example->predictions, example->bytes,
                    static_cast<uint64_t>(example->slices.size()));
      for (const SliceKey& slice : example->slices) SaveSliceKey(slice, writer);
    }
  }
}

void DisagreementFinder::Load(size_t num_models, StateReader* reader) {
  reader->Read(&decisions_);
  reader->ReadCounts(&examples_);
  for (size_t n = reader->ReadSize(); n > 0 && reader->ok(); --n) {
    Counts& counts = merged_[LoadSliceKey(reader)];
    reader->ReadCounts(&counts.examples, &counts.by_decision, &counts.by_value);
    if (std::max(counts.by_decision, counts.by_value) > counts.examples)
      reader->Fail("more examples disagree than are there");
  }
  const size_t counted = reader->ReadSize();
  if (counted > num_models) return reader->Fail("it compares other models");
  of_models_.resize(counted);
  for (Counts& counts : of_models_) {
    reader->ReadCounts(&counts.by_decision, &counts.by_value);
    if (std::max(counts.by_decision, counts.by_value) > examples_)
      reader->Fail("more examples disagree than are there");
  }
  for (Ranking* ranking : {&by_decision_, &by_value_}) {
    reader->ReadCounts(&ranking->total);
    if (ranking->total > examples_) reader->Fail("more examples disagree than are there");
    for (size_t n = reader->ReadSize(); n > 0 && reader->ok(); --n) {
      DisagreeingExample example;
      reader->ReadCounts(&example.record);
      reader->Read(&example.distance, &example.labels, &example.predictions, &example.bytes);
      for (size_t s = reader->ReadSize(); s > 0 && reader->ok(); --s) example.slices.push_back(LoadSliceKey(reader));
      const auto of_one = [](const NamedValues& values) {
        return std::all_of(values.begin(), values.end(),
                           [](const auto& named) { return named.second.ends.size() == 1; });
      };
      if (example.predictions.size() != num_models || std::isnan(example.distance) || !of_one(example.labels) ||
          !std::all_of(example.predictions.begin(), example.predictions.end(), of_one)) {
        return reader->Fail("an example that models disagree on is not one");
      }
      Insert(std::move(example), ranking);
    }
  }
}

Disagreements DisagreementFinder::Take(const std::vector<int64_t>& records) {
  Disagreements result;
  result.searched = true;
  result.by_decision = decisions_;
  Ranking& ranking = decisions_ ? by_decision_ : by_value_;
  result.total = ranking.total;
  of_models_.resize(eval_config_->model_specs_size());
  for (const Counts& counts : of_models_) {
    result.disagreeing.push_back(decisions_ ? counts.by_decision : counts.by_value);
    result.differing.push_back(counts.by_value);
  }
  result.examples = std::move(ranking.heap);
  std::sort(result.examples.begin(), result.examples.end(), ComesBefore);
  std::vector<int64_t> first_of_file = {0};
  for (int64_t count : records) first_of_file.push_back(first_of_file.back() + count);
  for (DisagreeingExample& example : result.examples) example.index = first_of_file[example.file] + example.record;

  std::vector<double> p_values;
  for (const auto& [key, counts] : merged_) {
    if (key.empty()) continue;
    SliceDisagreement& slice = result.slices.emplace_back();
    slice.slice = key;
    slice.examples = counts.examples;
    slice.disagreeing = decisions_ ? counts.by_decision : counts.by_value;
    slice.p_value = HypergeometricUpperTail(examples_, result.total, slice.examples, slice.disagreeing);
    p_values.push_back(slice.p_value);
  }
  const std::vector<double> adjusted = BenjaminiHochberg(p_values);
  for (size_t i = 0; i < adjusted.size(); ++i) result.slices[i].adjusted_p_value = adjusted[i];
  std::erase_if(result.slices, [](const auto& slice) { return slice.adjusted_p_value > kFalseDiscoveryRate; });
  std::stable_sort(result.slices.begin(), result.slices.end(),
                   [](const auto& a, const auto& b) { return a.p_value < b.p_value; });
  return result;
}

}  // namespace tfxm::model_analysis
