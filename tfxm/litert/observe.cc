#include "tfxm/litert/observe.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tflite_generated.h"
#include "tfxm/litert/schema_edit.h"
#include "tfxm/litert/schema_util.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::litert {
namespace {

class CallbackObserver : public TensorObserver {
 public:
  CallbackObserver(std::vector<int> first, bool one_more) : first_(std::move(first)), one_more_(one_more) {}
  void Observe(int subgraph, int k, const Shape& shape, std::span<const char> bytes) override {
    if (fn == nullptr) return;
    std::span<const float> values(reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float));
    if (one_more_) values = values.first(values.size() - 1);
    (*fn)(first_[subgraph] + k, one_more_ ? Shape{static_cast<int64_t>(values.size())} : shape, values);
  }
  const ObservedModel::Callback* fn = nullptr;

 private:
  std::vector<int> first_;  // By subgraph: the place of its first tensor in tensors().
  bool one_more_;           // Each tensor has one value behind its own.
};

// Adds observing operators to a model.
class Instrument {
 public:
  // `copy_all`: every tensor is copied before it is observed, not only those that are known to need it, as a list with
  // one value more, since an operator of ours cannot be given one without values.
  Instrument(schema::ModelT& model, const ObservedModel::Select& select, bool copy_all)
      : model_(model), select_(select), copy_all_(copy_all) {}

  void AddTo(int g, std::vector<ObservedTensor>& observed) {
    graph_ = model_.subgraphs[g].get();
    one_ = all_ = -1;
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
      if (copy_all_) {
        observe->inputs.push_back(Flat(quantized ? Dequantize(t) : t));
      } else {
        observe->inputs.push_back(quantized ? Dequantize(t) : maybe_dynamic.count(t) ? Copy(t) : t);
      }
      observed.push_back(std::move(seen));
    }
    if (observe->inputs.empty()) return;
    observe->outputs = {AddTensor(*graph_, "tfxm_observed", schema::TensorType_INT32, {1})};
    observe->opcode_index = AddOperatorCode(model_, schema::BuiltinOperator_CUSTOM, TensorObserver::OpName(g));
    graph_->operators.push_back(std::move(observe));
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
  // A vector of one value.
  template <typename T>
  int Constant(const std::string& name, schema::TensorType type, T value) {
    return AddConstant(model_, *graph_, name, type, {1}, std::span<const T>(&value, 1));
  }
  int Flat(int t) {
    if (one_ < 0) one_ = Constant<float>("tfxm_one", schema::TensorType_FLOAT32, 1);
    if (all_ < 0) all_ = Constant<int32_t>("tfxm_all", schema::TensorType_INT32, -1);
    if (reshape_ < 0) reshape_ = AddOperatorCode(model_, schema::BuiltinOperator_RESHAPE);
    if (concatenation_ < 0) concatenation_ = AddOperatorCode(model_, schema::BuiltinOperator_CONCATENATION);
    const std::string& name = graph_->tensors[t]->name;
    const int flat = AddTensor(*graph_, name + "/tfxm_flat", schema::TensorType_FLOAT32, {1});
    const int longer = AddTensor(*graph_, name + "/tfxm_longer", schema::TensorType_FLOAT32, {2});
    graph_->tensors[flat]->shape_signature = graph_->tensors[longer]->shape_signature = {-1};
    graph_->operators.push_back(MakeOperator(reshape_, schema::ReshapeOptionsT(), {t, all_}, flat));
    graph_->operators.push_back(MakeOperator(concatenation_, schema::ConcatenationOptionsT(), {flat, one_}, longer));
    return longer;
  }
  // t times one.
  int Copy(int t) {
    if (one_ < 0) one_ = Constant<float>("tfxm_one", schema::TensorType_FLOAT32, 1);
    if (mul_ < 0) mul_ = AddOperatorCode(model_, schema::BuiltinOperator_MUL);
    const int out = Like(t, "/tfxm_copy");
    graph_->operators.push_back(MakeOperator(mul_, schema::MulOptionsT(), {t, one_}, out));
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
  const bool copy_all_;
  schema::SubGraphT* graph_ = nullptr;
  int one_ = -1, all_ = -1;  // Constants of the present subgraph
  int mul_ = -1, dequantize_ = -1, reshape_ = -1, concatenation_ = -1;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ObservedModel>> ObservedModel::Create(std::shared_ptr<const ModelFile> file,
                                                                     const CompiledModelOptions& options,
                                                                     const Select& select) {
  std::unique_ptr<ObservedModel> out(new ObservedModel);
  out->file_ = std::move(file);
  out->options_ = options;
  out->select_ = select;
  RETURN_IF_ERROR(out->Make(/*copy_all=*/false));
  return out;
}

absl::Status ObservedModel::Make(bool copy_all) {
  copies_all_ = copy_all;
  tensors_.clear();
  std::unique_ptr<schema::ModelT> model(file_->model().UnPack());
  Instrument instrument(*model, select_, copy_all);
  std::vector<int> first;
  for (size_t g = 0; g < model->subgraphs.size(); ++g) {
    first.push_back(static_cast<int>(tensors_.size()));
    instrument.AddTo(g, tensors_);
  }
  flatbuffers::FlatBufferBuilder builder;
  schema::FinishModelBuffer(builder, schema::Model::Pack(builder, model.get()));
  model.reset();
  ASSIGN_OR_RETURN(
      auto observed,
      ModelFile::FromBytes(std::string(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()),
                           file_->name()));
  auto observer = std::make_unique<CallbackObserver>(std::move(first), copy_all);
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
  const absl::Status status = run();
  if (status.ok() || copies_all_ || !absl::StrContains(status.message(), "TfxmObserve")) return status;
  // Which tensors the runtime allocates only while running, or without values, is not always to be seen beforehand:
  // copies never are. They come in the same order.
  std::unique_ptr<CompiledModel> before = std::move(model_);
  const std::unique_ptr<TensorObserver> keep = std::move(observer_);
  RETURN_IF_ERROR(Make(/*copy_all=*/true));
  RETURN_IF_ERROR(model_->TakeInputs(*before));
  return run();
}

}  // namespace tfxm::litert
