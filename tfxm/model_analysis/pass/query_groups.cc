// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/pass/query_groups.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/pass/sampling.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

// Calls fn(to, from) for corresponding entries of all Values of two Extracts with the same layout.
template <typename Fn>
void ForEachValues(Extracts* to, const Extracts& from, Fn&& fn) {
  auto each = [&](NamedValues* a, const NamedValues& b) {
    if (a->size() != b.size()) {
      a->clear();
      for (const auto& [name, values] : b) a->emplace_back(name, Values());
    }
    for (size_t i = 0; i < b.size(); ++i) fn(&(*a)[i].second, b[i].second);
  };
  to->models.resize(from.models.size());
  for (size_t m = 0; m < from.models.size(); ++m) {
    each(&to->models[m].labels, from.models[m].labels);
    each(&to->models[m].predictions, from.models[m].predictions);
    each(&to->models[m].example_weights, from.models[m].example_weights);
  }
  each(&to->feature_values, from.feature_values);
}

// Appends a row to the last list, or as a new one.
void AppendRow(Values* to, const Values& from, int row, bool new_list) {
  const int last_dimension = from.size(row) > 1 ? from.size(row) : to->last_dimension;
  to->Append(from, row);
  if (!new_list) to->ends.erase(to->ends.end() - 2);
  to->last_dimension = last_dimension;
}

}  // namespace

int QueryGroups::FindSlice(const SliceKey& key) {
  const auto [it, added] = slice_index_.try_emplace(key, static_cast<int>(slices_.size()));
  if (added) slices_.push_back(key);
  return it->second;
}

absl::Status QueryGroups::Add(const Extracts& extracts, const Slicer& slicer) {
  const Values* queries = FindValues(extracts.feature_values, query_key_);
  if (queries == nullptr) return absl::InternalError(absl::StrCat("query_key \"", query_key_, "\" was not extracted"));
  Extracts part;
  ForEachValues(&part, extracts, [](Values* to, const Values& from) { *to = from; });
  const int index = static_cast<int>(parts_.size());
  const size_t first = examples_.size();
  for (int row = 0; row < extracts.num_examples; ++row) {
    std::string query;
    if (queries->size(row) > 1) {
      return absl::InvalidArgumentError(absl::StrCat(extracts.Describe(row), " has ", queries->size(row),
                                                     " values of query_key \"", query_key_, "\"; it must have one"));
    }
    if (queries->size(row) == 1) {
      query = queries->is_string ? queries->strings[queries->begin(row)]
                                 : absl::StrCat(queries->numbers[queries->begin(row)]);
    }
    examples_.push_back({std::move(query), extracts.hashes[row], index, row, {}});
  }
  for (int slice : slicer.touched()) {
    const int id = FindSlice(slicer.key(slice));
    for (int32_t row : slicer.rows(slice)) examples_[first + row].slices.push_back(id);
  }
  parts_.push_back(std::move(part));
  return absl::OkStatus();
}

void QueryGroups::Merge(QueryGroups&& other) {
  std::vector<int> slice_ids;
  for (const SliceKey& key : other.slices_) slice_ids.push_back(FindSlice(key));
  const int shift = static_cast<int>(parts_.size());
  for (Example& example : other.examples_) {
    example.part += shift;
    for (int& slice : example.slices) slice = slice_ids[slice];
    examples_.push_back(std::move(example));
  }
  for (Extracts& part : other.parts_) parts_.push_back(std::move(part));
}

void QueryGroups::Save(StateWriter* writer) const {
  writer->Write(static_cast<uint64_t>(slices_.size()));
  for (const SliceKey& key : slices_) SaveSliceKey(key, writer);
  writer->Write(static_cast<uint64_t>(parts_.size()));
  for (const Extracts& part : parts_) writer->Write(part.models, part.feature_values);
  writer->Write(static_cast<uint64_t>(examples_.size()));
  for (const Example& e : examples_) writer->Write(e.query, e.hash, e.part, e.row, e.slices);
}

void QueryGroups::Load(size_t num_models, StateReader* reader) {
  for (size_t n = reader->ReadSize(); n > 0 && reader->ok(); --n) {
    const size_t before = slices_.size();
    if (FindSlice(LoadSliceKey(reader)) != static_cast<int>(before)) reader->Fail("a slice is there twice");
  }
  for (size_t n = reader->ReadSize(); n > 0 && reader->ok(); --n) {
    Extracts& part = parts_.emplace_back();
    reader->Read(&part.models, &part.feature_values);
    if (part.models.size() != num_models) reader->Fail("it is of other models");
  }
  for (size_t n = reader->ReadSize(); n > 0 && reader->ok(); --n) {
    Example& e = examples_.emplace_back();
    reader->Read(&e.query, &e.hash, &e.part, &e.row, &e.slices);
    bool fits = e.part >= 0 && static_cast<size_t>(e.part) < parts_.size() && e.row >= 0;
    for (const int slice : e.slices) fits = fits && slice >= 0 && static_cast<size_t>(slice) < slices_.size();
    Extracts unused;
    if (fits) {
      ForEachValues(&unused, parts_[e.part], [&](Values*, const Values& values) {
        fits = fits && static_cast<size_t>(e.row) < values.ends.size();
      });
    }
    if (!fits) return reader->Fail("an example of a query is not there");
  }
}

absl::Status QueryGroups::ForEachBatch(
    int batch_size,
    const std::function<absl::Status(const Extracts&, const std::map<SliceKey, std::vector<int32_t>>&)>& fn) {
  std::sort(examples_.begin(), examples_.end(),
            [](const Example& a, const Example& b) { return std::tie(a.query, a.hash) < std::tie(b.query, b.hash); });
  Extracts batch;
  std::map<SliceKey, std::vector<int32_t>> rows;
  for (size_t i = 0; i < examples_.size();) {
    const size_t begin = i;
    std::set<int> slices;
    for (; i < examples_.size() && examples_[i].query == examples_[begin].query; ++i) {
      const Example& example = examples_[i];
      slices.insert(example.slices.begin(), example.slices.end());
      const bool is_first = i == begin;
      ForEachValues(&batch, parts_[example.part],
                    [&](Values* to, const Values& from) { AppendRow(to, from, example.row, is_first); });
    }
    for (int slice : slices) rows[slices_[slice]].push_back(batch.num_examples);
    batch.hashes.push_back(HashBytes(examples_[begin].query));
    ++batch.num_examples;
    if (batch.num_examples == batch_size || i == examples_.size()) {
      batch.file = absl::StrCat("the queries by ", query_key_);
      RETURN_IF_ERROR(fn(batch, rows));
      const int64_t next = batch.first_record + batch.num_examples;
      batch = Extracts();
      batch.first_record = next;
      rows.clear();
    }
  }
  return absl::OkStatus();
}

}  // namespace tfxm::model_analysis
