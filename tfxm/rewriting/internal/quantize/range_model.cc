// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/quantize/range_model.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <set>

#include "tflite_generated.h"
#include "tfxm/litert/internal/schema_edit.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::rewriting {
namespace {

// Adds the operators to one model.
class Builder {
 public:
  explicit Builder(schema::ModelT& model) : model_(model) {}

  // The operator at the end of the subgraph that shows minimum and maximum of each of `tensors`, in turn.
  void AddTo(int g, std::vector<std::pair<int, int>>& tensors) {
    graph_ = model_.subgraphs[g].get();
    axes_.clear();
    ops_.clear();
    results_.clear();
    std::set<int> done;
    auto measure = [&](int t) {
      if (t < 0 || !IsActivation(t) || !done.insert(t).second) return;
      results_.push_back(Reduce(schema::BuiltinOperator_REDUCE_MIN, min_, t));
      results_.push_back(Reduce(schema::BuiltinOperator_REDUCE_MAX, max_, t));
      tensors.emplace_back(g, t);
    };
    std::vector<std::unique_ptr<schema::OperatorT>> ops = std::move(graph_->operators);
    for (auto& op : ops) {
      for (int t : op->inputs) measure(t);  // A graph's input, before its first reader can overwrite it.
      const std::vector<int> outputs = op->outputs;
      ops_.push_back(std::move(op));
      for (int t : outputs) measure(t);
    }
    if (!results_.empty()) {
      schema::PackOptionsT pack;
      pack.values_count = static_cast<int>(results_.size());
      const int packed = litert::AddTensor(*graph_, "tfxm_ranges", schema::TensorType_FLOAT32, {pack.values_count});
      AddOp(pack_, schema::BuiltinOperator_PACK, pack, results_, packed);
      auto observe = std::make_unique<schema::OperatorT>();
      observe->opcode_index =
          litert::AddOperatorCode(model_, schema::BuiltinOperator_CUSTOM, litert::TensorObserver::OpName(g));
      observe->inputs = {packed};
      observe->outputs = {litert::AddTensor(*graph_, "tfxm_observed", schema::TensorType_INT32, {1})};
      ops_.push_back(std::move(observe));
    }
    graph_->operators = std::move(ops_);
  }

 private:
  bool IsActivation(int t) const {
    const schema::TensorT& tensor = *graph_->tensors[t];
    return tensor.type == schema::TensorType_FLOAT32 && !tensor.is_variable &&
           (tensor.buffer >= model_.buffers.size() || model_.buffers[tensor.buffer]->data.empty());
  }
  template <typename Options>
  void AddOp(int& code, schema::BuiltinOperator kind, Options options, std::vector<int> inputs, int output) {
    if (code < 0) code = litert::AddOperatorCode(model_, kind);
    ops_.push_back(litert::MakeOperator(code, std::move(options), std::move(inputs), output));
  }
  int Reduce(schema::BuiltinOperator kind, int& code, int t) {
    const int rank = static_cast<int>(graph_->tensors[t]->shape.size());
    if (rank == 0) return t;
    if (!axes_.count(rank)) {
      std::vector<int32_t> values(rank);
      std::iota(values.begin(), values.end(), 0);
      axes_[rank] = litert::AddConstant(model_, *graph_, "tfxm_axes", schema::TensorType_INT32, {rank},
                                        std::span<const int32_t>(values));
    }
    const int out = litert::AddTensor(*graph_, "tfxm_range", schema::TensorType_FLOAT32, {});
    AddOp(code, kind, schema::ReducerOptionsT(), {t, axes_[rank]}, out);
    return out;
  }

  schema::ModelT& model_;
  schema::SubGraphT* graph_ = nullptr;
  std::map<int, int> axes_;  // Of the present subgraph, by rank
  std::vector<std::unique_ptr<schema::OperatorT>> ops_;
  std::vector<int> results_;
  int min_ = -1, max_ = -1, pack_ = -1;
};

}  // namespace

class RangeModel::Observer : public litert::TensorObserver {
 public:
  explicit Observer(std::vector<int> first) : first_(std::move(first)) {}
  void Observe(int subgraph, int, const Shape&, std::span<const char> bytes) override {
    const auto* values = reinterpret_cast<const float*>(bytes.data());
    const size_t n = bytes.size() / (2 * sizeof(float));
    for (size_t i = 0; i < n; ++i) {
      Range& range = ranges[first_[subgraph] + i];
      // So that a NaN stays.
      if (!(values[2 * i] >= range.min)) range.min = values[2 * i];
      if (!(values[2 * i + 1] <= range.max)) range.max = values[2 * i + 1];
    }
  }
  std::vector<Range> ranges;

 private:
  std::vector<int> first_;
};

RangeModel::RangeModel() = default;
RangeModel::~RangeModel() { model_.reset(); }

const std::vector<Range>& RangeModel::ranges() const { return observer_->ranges; }

void RangeModel::Reset() {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  observer_->ranges.assign(tensors_.size(), {kInfinity, -kInfinity});
}

absl::StatusOr<std::unique_ptr<RangeModel>> RangeModel::Create(const litert::ModelFile& file,
                                                               const std::string& signature) {
  std::unique_ptr<RangeModel> out(new RangeModel);
  std::unique_ptr<schema::ModelT> model = litert::UnpackModel(file.model());
  Builder builder(*model);
  std::vector<int> first;
  for (size_t g = 0; g < model->subgraphs.size(); ++g) {
    first.push_back(static_cast<int>(out->tensors_.size()));
    builder.AddTo(static_cast<int>(g), out->tensors_);
  }
  ASSIGN_OR_RETURN(auto changed, litert::ModelFile::Pack(*model, file.name()));
  model.reset();
  out->observer_ = std::make_unique<Observer>(std::move(first));
  out->Reset();
  ASSIGN_OR_RETURN(out->model_, litert::CompiledModel::Create(
                                    std::move(changed), {.signature = signature, .observer = out->observer_.get()}));
  return out;
}

}  // namespace tfxm::rewriting
