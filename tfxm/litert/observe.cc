// SPDX-License-Identifier: Apache-2.0

#include "tfxm/litert/observe.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tflite_generated.h"
#include "tfxm/litert/internal/schema_edit.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/litert/internal/tap.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::litert {
namespace {

// What input k of a subgraph's observing operator is.
struct Seen {
  int place = 0;  // In tensors().
  enum { kTensor, kTappedValues, kTappedShape } what = kTensor;
};

class CallbackObserver : public TensorObserver {
 public:
  explicit CallbackObserver(std::vector<std::vector<Seen>> seen) : seen_(std::move(seen)) {}
  void Observe(int subgraph, int k, const Shape& shape, std::span<const char> bytes) override {
    if (fn == nullptr) return;
    const Seen& seen = seen_[subgraph][k];
    switch (seen.what) {
      case Seen::kTensor: Call(seen.place, shape, bytes); break;
      case Seen::kTappedValues: values_ = Tap::Values(bytes, sizeof(float)); break;
      case Seen::kTappedShape: Call(seen.place, Tap::ShapeOf(bytes), values_); break;
    }
  }
  const ObservedModel::Callback* fn = nullptr;

 private:
  void Call(int place, const Shape& shape, std::span<const char> bytes) const {
    (*fn)(place, shape, {reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float)});
  }
  const std::vector<std::vector<Seen>> seen_;  // By subgraph
  std::span<const char> values_;               // Of the tapped tensor whose shape comes next.
};

// Adds observing operators to a model.
class Instrument {
 public:
  // `tap_all`: every tensor is tapped, not only those that are known to need it.
  Instrument(schema::ModelT& model, const ObservedModel::Select& select, bool tap_all)
      : model_(model), select_(select), tap_all_(tap_all) {}

  // What the inputs of the subgraph's observing operator are.
  std::vector<Seen> AddTo(int g, std::vector<ObservedTensor>& observed) {
    graph_ = model_.subgraphs[g].get();
    Tap tap(model_, *graph_);
    std::vector<Seen> inputs;
    std::set<int> used, maybe_dynamic;
    if (g > 0) maybe_dynamic.insert(graph_->inputs.begin(), graph_->inputs.end());
    for (const auto& op : graph_->operators) {
      used.insert(op->inputs.begin(), op->inputs.end());
      used.insert(op->outputs.begin(), op->outputs.end());
      if (MaybeDynamic(*op)) maybe_dynamic.insert(op->outputs.begin(), op->outputs.end());
    }
    auto observe = std::make_unique<schema::OperatorT>();
    for (int t : used) {
      if (t < 0 || IsConstant(t) || graph_->tensors[t]->is_variable) continue;
      const schema::TensorT& tensor = *graph_->tensors[t];
      ObservedTensor seen{g, t, tensor.name, tensor.type, {}};
      const bool quantized = tensor.type == schema::TensorType_INT8 || tensor.type == schema::TensorType_UINT8 ||
                             tensor.type == schema::TensorType_INT16;
      if (quantized) {
        if (!tensor.quantization || tensor.quantization->scale.size() != 1) continue;
        seen.quantization = {tensor.quantization->scale[0], tensor.quantization->zero_point.empty()
                                                                ? 0
                                                                : static_cast<int>(tensor.quantization->zero_point[0])};
      } else if (tensor.type != schema::TensorType_FLOAT32) {
        continue;
      }
      if (select_ ? !select_(seen) : quantized) continue;
      const int place = static_cast<int>(observed.size());
      const int floats = quantized ? Dequantize(t) : t;
      if (tap_all_ || maybe_dynamic.count(t)) {
        const Tap::Tensors tapped = tap.Add(floats);
        observe->inputs.insert(observe->inputs.end(), {tapped.values, tapped.shape});
        inputs.push_back({place, Seen::kTappedValues});
        inputs.push_back({place, Seen::kTappedShape});
      } else {
        observe->inputs.push_back(floats);
        inputs.push_back({place, Seen::kTensor});
      }
      observed.push_back(std::move(seen));
    }
    if (observe->inputs.empty()) return inputs;
    observe->outputs = {AddTensor(*graph_, "tfxm_observed", schema::TensorType_INT32, {1})};
    observe->opcode_index = AddOperatorCode(model_, schema::BuiltinOperator_CUSTOM, TensorObserver::OpName(g));
    graph_->operators.push_back(std::move(observe));
    return inputs;
  }

 private:
  bool IsConstant(int t) const {
    const uint32_t buffer = graph_->tensors[t]->buffer;
    return buffer < model_.buffers.size() && !model_.buffers[buffer]->data.empty();
  }
  // Whether the runtime may allocate the outputs only while running, at addresses that a custom operator cannot be
  // given: operators that read a shape or an index from a tensor, and control flow.
  bool MaybeDynamic(const schema::OperatorT& op) const {
    switch (KindOf(*model_.operator_codes[op.opcode_index])) {
      case schema::BuiltinOperator_IF:
      case schema::BuiltinOperator_WHILE:
      case schema::BuiltinOperator_CUSTOM: return true;
      default: break;
    }
    for (int t : op.inputs) {
      if (t < 0 || IsConstant(t)) continue;
      const auto type = graph_->tensors[t]->type;
      if (type == schema::TensorType_INT32 || type == schema::TensorType_INT64) return true;
    }
    return false;
  }
  int Like(int t, const char* suffix) {
    const int out =
        AddTensor(*graph_, graph_->tensors[t]->name + suffix, schema::TensorType_FLOAT32, graph_->tensors[t]->shape);
    graph_->tensors[out]->shape_signature = graph_->tensors[t]->shape_signature;
    return out;
  }
  int Dequantize(int t) {
    if (dequantize_ < 0) dequantize_ = AddOperatorCode(model_, schema::BuiltinOperator_DEQUANTIZE, "", /*version=*/3);
    const int out = Like(t, "/tfxm_dequantized");
    graph_->operators.push_back(MakeOperator(dequantize_, schema::DequantizeOptionsT(), {t}, out));
    return out;
  }

  schema::ModelT& model_;
  const ObservedModel::Select& select_;
  const bool tap_all_;
  schema::SubGraphT* graph_ = nullptr;
  int dequantize_ = -1;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ObservedModel>> ObservedModel::Create(std::shared_ptr<const ModelFile> file,
                                                                     const CompiledModelOptions& options,
                                                                     const Select& select) {
  std::unique_ptr<ObservedModel> out(new ObservedModel);
  out->file_ = std::move(file);
  out->options_ = options;
  out->select_ = select;
  RETURN_IF_ERROR(out->Make(/*tap_all=*/false));
  return out;
}

absl::Status ObservedModel::Make(bool tap_all) {
  taps_all_ = tap_all;
  tensors_.clear();
  std::unique_ptr<schema::ModelT> model = UnpackModel(file_->model());
  Instrument instrument(*model, select_, tap_all);
  std::vector<std::vector<Seen>> seen;
  for (size_t g = 0; g < model->subgraphs.size(); ++g) seen.push_back(instrument.AddTo(static_cast<int>(g), tensors_));
  ASSIGN_OR_RETURN(auto observed, ModelFile::Pack(*model, file_->name()));
  model.reset();
  auto observer = std::make_unique<CallbackObserver>(std::move(seen));
  CompiledModelOptions with_observer = options_;
  with_observer.observer = observer.get();
  ASSIGN_OR_RETURN(auto made, CompiledModel::Create(std::move(observed), with_observer));
  model_ = std::move(made);
  observer_ = std::move(observer);
  return absl::OkStatus();
}

absl::Status ObservedModel::Run(const Callback& fn) {
  const auto run = [&] {
    auto* observer = static_cast<CallbackObserver*>(observer_.get());
    observer->fn = &fn;
    const absl::Status status = model_->Run();
    observer->fn = nullptr;
    return status;
  };
  absl::Status status = run();
  if (status.ok() || taps_all_ || !absl::StrContains(status.message(), "TfxmObserve")) return status;
  // Which tensors the runtime allocates only while running, or without values, cannot always be seen beforehand.
  std::unique_ptr<CompiledModel> before = std::move(model_);
  const std::unique_ptr<TensorObserver> keep = std::move(observer_);
  RETURN_IF_ERROR(Make(/*tap_all=*/true));
  RETURN_IF_ERROR(model_->TakeInputs(*before));
  return run();
}

}  // namespace tfxm::litert
