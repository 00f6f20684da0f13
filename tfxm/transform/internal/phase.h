// SPDX-License-Identifier: Apache-2.0

// One pass over the data of an analysis: the analyzers whose inputs are known by then.
//
//   ASSIGN_OR_RETURN(const Phase phase, MakePhase(analyzers, rep.features, rep.graph, /*num_threads=*/1));
//   PhaseAccumulator accumulator(phase, rep.features);
#ifndef TFXM_TRANSFORM_INTERNAL_PHASE_H_
#define TFXM_TRANSFORM_INTERNAL_PHASE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/compute/accumulator.h"
#include "tfxm/compute/example_count.h"
#include "tfxm/compute/pass.h"
#include "tfxm/compute/shards_in_order.h"
#include "tfxm/transform/internal/accumulators.h"
#include "tfxm/transform/internal/features.h"
#include "tfxm/transform/internal/transform_graph_rep.h"
#include "tfxm/transform/transform_graph.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::transform::internal {

// The analyzers of one pass.
struct Phase {
  std::vector<const AnalyzerNode*> analyzers;
  // Where an input comes from: a raw feature whose values it is, or else its place among what the program returns.
  struct Source {
    int feature = -1, fetched = -1;
  };
  std::vector<std::vector<Source>> sources;  // Per analyzer and input.
  std::set<int> used;                        // Raw features.
  std::optional<Program> program;
};

// What compute::Accumulate calls for: one per block.
class PhaseAccumulator {
 public:
  static constexpr StateKind kStateKind = {"transform analyzers", 3};

  PhaseAccumulator(const Phase& phase, const std::vector<RawFeature>& features) : phase_(&phase), features_(&features) {
    for (const AnalyzerNode* analyzer : phase.analyzers) accumulators_.push_back(MakeAccumulator(*analyzer));
  }

  absl::Status Add(const data::ExampleBatch& batch) {
    added_ = true;
    for (const int feature : phase_->used) RETURN_IF_ERROR(CheckFeature(batch, (*features_)[feature]));
    std::vector<tensorflow::Tensor> fetched;
    if (phase_->program.has_value()) RETURN_IF_ERROR(phase_->program->Run(batch, *features_, &fetched));
    for (size_t i = 0; i < accumulators_.size(); ++i) {
      const std::vector<Phase::Source>& sources = phase_->sources[i];
      std::vector<Values> values(sources.size());
      std::vector<ValuesStorage> storage(sources.size());
      absl::Status status;
      for (size_t k = 0; k < sources.size() && status.ok(); ++k) {
        if (sources[k].feature >= 0) {
          values[k] = FeatureValues(batch, (*features_)[sources[k].feature], &storage[k]);
        } else {
          status = TensorValues(fetched[sources[k].fetched], &storage[k], &values[k]);
        }
      }
      if (status.ok()) status = accumulators_[i]->Add(values);
      RETURN_IF_ERROR(Annotate(status, phase_->analyzers[i]->name));
    }
    return absl::OkStatus();
  }

  absl::Status Merge(PhaseAccumulator&& other) {
    if (!std::exchange(added_, true)) {
      accumulators_ = std::move(other.accumulators_);
      return absl::OkStatus();
    }
    for (size_t i = 0; i < accumulators_.size(); ++i) accumulators_[i]->Merge(*other.accumulators_[i]);
    return absl::OkStatus();
  }

  void Save(StateWriter* writer) const {
    for (const auto& accumulator : accumulators_) accumulator->Save(writer);
  }
  void Load(StateReader* reader) {
    for (const auto& accumulator : accumulators_) accumulator->Load(reader);
    added_ = true;
  }

  const Accumulator& accumulator(size_t i) const { return *accumulators_[i]; }

 private:
  const Phase* phase_;
  const std::vector<RawFeature>* features_;
  std::vector<std::unique_ptr<Accumulator>> accumulators_;
  bool added_ = false;
};
static_assert(compute::ExampleAccumulator<PhaseAccumulator>);

// A pass by several processes (transform_graph.h).
class PhasePass : public AnalysisPass {
 public:
  PhasePass(const Phase& phase, const std::vector<RawFeature>& features, const compute::PassOptions& options)
      : phase_(phase), features_(features), options_(options), total_(phase, features) {}

  absl::StatusOr<std::string> Map(const compute::Shard& shard, int64_t* num_examples) const override {
    compute::ExampleCount count;
    compute::PassOptions options = options_;
    options.progress = count.Progress();
    ASSIGN_OR_RETURN(const PhaseAccumulator of_shard,
                     compute::AccumulateShard<PhaseAccumulator>(
                         shard, [this] { return PhaseAccumulator(phase_, features_); }, options));
    *num_examples = count.value();
    StateWriter writer;
    of_shard.Save(&writer);
    return writer.bytes();
  }

  absl::Status Merge(const compute::Shard& shard, StateReader* saved) override {
    PhaseAccumulator of_shard(phase_, features_);
    of_shard.Load(saved);
    RETURN_IF_ERROR(saved->Finish());
    return shards_.Add(std::move(of_shard), shard, &total_);
  }

  absl::StatusOr<std::string> Save() override {
    RETURN_IF_ERROR(shards_.MergeInto(&total_));
    StateWriter writer;
    total_.Save(&writer);
    return writer.bytes();
  }

  absl::Status Load(StateReader* saved) override {
    total_.Load(saved);
    return saved->Finish();
  }

  // At the end.
  absl::StatusOr<PhaseAccumulator> Total() {
    RETURN_IF_ERROR(shards_.MergeInto(&total_));
    return std::move(total_);
  }

 private:
  const Phase& phase_;
  const std::vector<RawFeature>& features_;
  const compute::PassOptions options_;
  PhaseAccumulator total_;
  compute::ShardsInOrder<PhaseAccumulator> shards_;
};

// `graph` gets what fetches the inputs that are not raw features; all must outlive the phase.
absl::StatusOr<Phase> MakePhase(const std::vector<const AnalyzerNode*>& analyzers,
                                const std::vector<RawFeature>& features, ops::Graph& graph, int num_threads);

}  // namespace tfxm::transform::internal

#endif  // TFXM_TRANSFORM_INTERNAL_PHASE_H_
