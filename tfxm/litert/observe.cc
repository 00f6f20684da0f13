#include "tfxm/litert/observe.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tflite_generated.h"
#include "tfxm/litert/schema_util.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::litert {
namespace {

class CallbackObserver : public TensorObserver {
 public:
  explicit CallbackObserver(std::vector<int> first) : first_(std::move(first)) {}
  void Observe(int subgraph, int k, const Shape& shape, std::span<const char> bytes) override {
    if (fn == nullptr) return;
    (*fn)(first_[subgraph] + k, shape, {reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float)});
  }
  const ObservedModel::Callback* fn = nullptr;

 private:
  std::vector<int> first_;  // By subgraph: the place of its first tensor in tensors().
};

// Adds observing operators to a model.
class Instrument {
 public:
  Instrument(schema::ModelT& model, const ObservedModel::Select& select) : model_(model), select_(select) {}

  void AddTo(int g, std::vector<ObservedTensor>& observed) {
    graph_ = model_.subgraphs[g].get();
    one_ = -1;
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
      observe->inputs.push_back(quantized ? Dequantize(t) : maybe_dynamic.count(t) ? Copy(t) : t);
      observed.push_back(std::move(seen));
    }
    if (observe->inputs.empty()) return;
    observe->outputs = {AddTensor("tfxm_observed", schema::TensorType_INT32, {1})};
    observe->opcode_index = AddCode(schema::BuiltinOperator_CUSTOM, TensorObserver::OpName(g));
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
  int AddTensor(const std::string& name, schema::TensorType type, std::vector<int> shape) {
    auto tensor = std::make_unique<schema::TensorT>();
    tensor->name = name;
    tensor->type = type;
    tensor->shape = std::move(shape);
    graph_->tensors.push_back(std::move(tensor));
    return static_cast<int>(graph_->tensors.size()) - 1;
  }
  int AddCode(schema::BuiltinOperator kind, const std::string& custom, int version = 1) {
    auto code = std::make_unique<schema::OperatorCodeT>();
    code->builtin_code = kind;
    code->deprecated_builtin_code = static_cast<int8_t>(std::min<int>(kind, 127));
    code->custom_code = custom;
    code->version = version;
    model_.operator_codes.push_back(std::move(code));
    return static_cast<int>(model_.operator_codes.size()) - 1;
  }
  int Like(int t, const char* suffix) {
    const int out = AddTensor(graph_->tensors[t]->name + suffix, schema::TensorType_FLOAT32, graph_->tensors[t]->shape);
    graph_->tensors[out]->shape_signature = graph_->tensors[t]->shape_signature;
    return out;
  }
  // t times one.
  int Copy(int t) {
    if (one_ < 0) {
      one_ = AddTensor("tfxm_one", schema::TensorType_FLOAT32, {1});
      graph_->tensors[one_]->buffer = model_.buffers.size();
      auto buffer = std::make_unique<schema::BufferT>();
      const float one = 1;
      buffer->data.assign(reinterpret_cast<const uint8_t*>(&one), reinterpret_cast<const uint8_t*>(&one + 1));
      model_.buffers.push_back(std::move(buffer));
    }
    const int out = Like(t, "/tfxm_copy");
    auto op = std::make_unique<schema::OperatorT>();
    if (mul_ < 0) mul_ = AddCode(schema::BuiltinOperator_MUL, "");
    op->opcode_index = mul_;
    op->builtin_options.Set(schema::MulOptionsT());
    op->inputs = {t, one_};
    op->outputs = {out};
    graph_->operators.push_back(std::move(op));
    return out;
  }
  int Dequantize(int t) {
    const int out = Like(t, "/tfxm_dequantized");
    auto op = std::make_unique<schema::OperatorT>();
    if (dequantize_ < 0) dequantize_ = AddCode(schema::BuiltinOperator_DEQUANTIZE, "", /*version=*/3);
    op->opcode_index = dequantize_;
    op->builtin_options.Set(schema::DequantizeOptionsT());
    op->inputs = {t};
    op->outputs = {out};
    graph_->operators.push_back(std::move(op));
    return out;
  }

  schema::ModelT& model_;
  const ObservedModel::Select& select_;
  schema::SubGraphT* graph_ = nullptr;
  int one_ = -1, mul_ = -1, dequantize_ = -1;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ObservedModel>> ObservedModel::Create(std::shared_ptr<const ModelFile> file,
                                                                     const CompiledModelOptions& options,
                                                                     const Select& select) {
  std::unique_ptr<ObservedModel> out(new ObservedModel);
  std::unique_ptr<schema::ModelT> model(file->model().UnPack());
  Instrument instrument(*model, select);
  std::vector<int> first;
  for (size_t g = 0; g < model->subgraphs.size(); ++g) {
    first.push_back(static_cast<int>(out->tensors_.size()));
    instrument.AddTo(g, out->tensors_);
  }
  flatbuffers::FlatBufferBuilder builder;
  schema::FinishModelBuffer(builder, schema::Model::Pack(builder, model.get()));
  model.reset();
  ASSIGN_OR_RETURN(
      auto observed,
      ModelFile::FromBytes(std::string(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()),
                           file->name()));
  out->observer_ = std::make_unique<CallbackObserver>(std::move(first));
  CompiledModelOptions with_observer = options;
  with_observer.observer = out->observer_.get();
  ASSIGN_OR_RETURN(out->model_, CompiledModel::Create(std::move(observed), with_observer));
  return out;
}

absl::Status ObservedModel::Run(const Callback& fn) {
  auto* observer = static_cast<CallbackObserver*>(observer_.get());
  observer->fn = &fn;
  const absl::Status status = model_->Run();
  observer->fn = nullptr;
  return status;
}

}  // namespace tfxm::litert
