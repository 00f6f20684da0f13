// SPDX-License-Identifier: Apache-2.0

// Finds the slices that each example of a batch belongs to: TFMA's SliceKeyExtractor and SqlSliceKeyExtractor.
//
//   ASSIGN_OR_RETURN(Slicer slicer, Slicer::Create(eval_config));
//   RETURN_IF_ERROR(slicer.Slice(batch));
//   for (int s : slicer.touched()) Use(slicer.key(s), slicer.rows(s));
//
// Slices are numbered as they appear. One object per thread.
#ifndef TFXM_MODEL_ANALYSIS_SLICING_SLICER_H_
#define TFXM_MODEL_ANALYSIS_SLICING_SLICER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/model_analysis/slicing/slice_key.h"

namespace tfxm::model_analysis {

class SqlSlicer;

class Slicer {
 public:
  // slicing_specs and the specs of cross_slicing_specs; the overall slice if there are none.
  static absl::StatusOr<Slicer> Create(const ::tensorflow_model_analysis::EvalConfig& eval_config);
  ~Slicer();
  Slicer(Slicer&&) noexcept;

  // INVALID_ARGUMENT names a feature with a value that is not UTF-8.
  absl::Status Slice(const data::ExampleBatch& batch);
  // The slices that the batch has examples of, and which, ascending. Valid until the next call of Slice.
  const std::vector<int>& touched() const { return touched_; }
  std::span<const int32_t> rows(int slice) const { return rows_[slice]; }
  const SliceKey& key(int slice) const { return keys_[slice]; }
  int num_slices() const { return static_cast<int>(keys_.size()); }
  // The specs (numbered in an order of their own) that generated a slice or gave up: a spec that generates more than
  // kMaxSlicesPerSpec slices is dropped, with all slices that no other spec generates.
  static constexpr int kMaxSlicesPerSpec = 50000;
  int num_specs() const { return static_cast<int>(specs_.size()); }
  // The most specific spec that generated the slice; num_specs() for SQL.
  int owner(int slice) const { return owners_[slice]; }
  bool dropped(int spec) const { return dropped_[spec]; }
  // "region, day" or "slice_keys_sql".
  std::string SpecName(int spec) const;
  // Of the features that slicing_specs name, those that no example had so far.
  std::vector<std::string> FeaturesNotSeen() const;

 private:
  Slicer();
  void AddRow(const SliceKey& key, int spec, int row);
  void AddRow(int slice, int spec, int row);

  struct Spec {
    SliceSpec spec;
    // Feature names in the order of the key, and the value that is asked for, if any.
    std::vector<std::pair<std::string, std::optional<SliceValue>>> parts;
    std::vector<bool> seen;
    // The slices of a spec that is one feature, by its value: the common case, without building keys.
    absl::flat_hash_map<int64_t, int> by_int;
    absl::flat_hash_map<std::string, int> by_bytes;
  };
  absl::Status GenerateProduct(int spec, const std::vector<const data::Column*>& columns, int row);

  std::vector<Spec> specs_;
  std::unique_ptr<SqlSlicer> sql_;
  absl::flat_hash_map<std::string, int> by_text_;
  std::vector<SliceKey> keys_;
  std::vector<int> owners_;
  std::vector<std::vector<int32_t>> rows_;
  std::vector<int> num_owned_;  // Slices by owner.
  std::vector<bool> dropped_;
  std::vector<int> touched_;
};

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_SLICING_SLICER_H_
