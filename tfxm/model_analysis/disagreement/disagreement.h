// SPDX-License-Identifier: Apache-2.0

// Where models disagree: the examples on which any of them differs from the reference model, the most different first,
// and the slices that have more of them than chance would give.
//
//   DisagreementFinder finder(&eval_config, reference_index, 100);      // one per thread, and one for all
//   finder.Add(raw, extracts, slicer);                                  // per batch
//   finder.MergeInto(slicer, dropped, &all);
//   Disagreements d = all.Take(records_per_file);
//
// Classifiers disagree where their decisions differ (output_difference.h); models of anything else where a value does,
// by more than rounding. The labels of all examples decide which. The number of disagreeing examples is
// exact; of the examples themselves a given number is kept. Neither depends on how the examples were split over
// threads: ties go to the example that comes first in the data.
#ifndef TFXM_MODEL_ANALYSIS_DISAGREEMENT_DISAGREEMENT_H_
#define TFXM_MODEL_ANALYSIS_DISAGREEMENT_DISAGREEMENT_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tensorflow_model_analysis/proto/config.pb.h"
#include "tfxm/compute/block_reader.h"
#include "tfxm/model_analysis/disagreement/output_difference.h"
#include "tfxm/model_analysis/pass/extracts.h"
#include "tfxm/model_analysis/slicing/slice_key.h"
#include "tfxm/model_analysis/slicing/slicer.h"
#include "tfxm/util/coding/state.h"

namespace tfxm::model_analysis {

struct DisagreeingExample {
  int file = 0;
  int64_t record = 0;  // In the file.
  int64_t index = 0;   // In all files, in their order.
  double distance = 0;
  NamedValues labels;                    // Of the reference's model_spec, one row each.
  std::vector<NamedValues> predictions;  // By model_spec.
  std::vector<SliceKey> slices;          // Without the overall one; sorted.
  std::string bytes;                     // The tf.Example as it was read.
};

struct SliceDisagreement {
  SliceKey slice;
  int64_t disagreeing = 0, examples = 0;
  double p_value = 1, adjusted_p_value = 1;
};

struct Disagreements {
  bool searched = false;  // False: there were no two models, or they were not looked for.
  bool by_decision = false;
  int64_t total = 0;
  // By model_spec, 0 for the reference: on how many examples it disagrees with the reference, and on how many a number
  // differs by more than rounding, which is more where models disagree by decision.
  std::vector<int64_t> disagreeing, differing;
  std::vector<DisagreeingExample> examples;
  // Slices that disagreement is over-represented in: those whose p-value, adjusted for the number of slices (Benjamini
  // and Hochberg), is at most 0.05. The smallest first.
  std::vector<SliceDisagreement> slices;
};

class DisagreementFinder {
 public:
  // The config must outlive it.
  DisagreementFinder(const ::tensorflow_model_analysis::EvalConfig* eval_config, int reference, int max_examples);

  void Add(const compute::RecordBlock& raw, const Extracts& extracts, const Slicer& slicer);
  // Leaves out the slices of dropped specs.
  void MergeInto(const Slicer& slicer, const std::vector<bool>& dropped, DisagreementFinder* total);
  // One that others were merged into.
  void Merge(DisagreementFinder&& other);
  // Of what was merged into it: slices that `gone` says are not reported, …
  void Forget(const std::function<bool(const SliceKey&)>& gone);
  // … and the file that all of it is from.
  void SetFile(int file);
  // util/coding/state.h, of what was merged into it.
  void Save(StateWriter* writer) const;
  void Load(size_t num_models, StateReader* reader);
  // What was merged into it. `records` by file.
  Disagreements Take(const std::vector<int64_t>& records);

 private:
  struct Counts {
    int64_t examples = 0, by_decision = 0, by_value = 0;
    void Add(const Counts& other) {
      examples += other.examples;
      by_decision += other.by_decision;
      by_value += other.by_value;
    }
  };
  // The examples that differ in one of the two ways.
  struct Ranking {
    int64_t total = 0;
    std::vector<DisagreeingExample> heap;  // The least different on top.
  };
  void Offer(double distance, const compute::RecordBlock& raw, const Extracts& extracts, const Slicer& slicer, int row,
             Ranking* ranking) const;
  void Insert(DisagreeingExample example, Ranking* ranking) const;
  // How the model's predictions differ from the reference's, into own_.
  void CompareModel(const Extracts& extracts, size_t model);
  // Adds the examples of another one, without slices that are not in merged_.
  void InsertAll(DisagreementFinder* other);

  const ::tensorflow_model_analysis::EvalConfig* const eval_config_;
  const size_t max_examples_;
  const int reference_;
  bool decisions_ = true;  // No example so far speaks against it.
  Ranking by_decision_, by_value_;
  std::vector<Counts> counts_;  // By the slicer's slice.
  std::map<SliceKey, Counts> merged_;
  int64_t examples_ = 0;
  std::vector<Counts> of_models_;                    // By model_spec.
  std::vector<OutputDifference> differences_, own_;  // Of the batch's examples, by any model and by one.
};

// Writes disagreements.json (tfxm/proto/sidecars.proto describes it) and, if there are examples,
// disagreements.tfrecord.gz: the tf.Examples, unchanged and in the same order. The schema, which may be null, says
// which features are images.
absl::Status WriteDisagreements(const Disagreements& disagreements,
                                const ::tensorflow_model_analysis::EvalConfig& eval_config,
                                const ::tensorflow::metadata::v0::Schema* schema, const std::string& directory);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_DISAGREEMENT_DISAGREEMENT_H_
