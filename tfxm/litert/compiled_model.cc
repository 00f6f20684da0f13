#include "tfxm/litert/compiled_model.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "tflite_generated.h"
#include "tfxm/litert/catch_outputs.h"
#include "tfxm/litert/litert_api.h"
#include "tfxm/litert/schema_util.h"
#include "tfxm/litert/stderr_filter.h"
#include "tfxm/litert/string_tensor.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::litert {
namespace {

// What the runtime demands of memory it is given, and what XNNPACK may read beyond a tensor's end.
constexpr size_t kAlignment = 64;
constexpr size_t kPadding = 128;
// What a string output gets at first and at most.
constexpr size_t kStringBytes = 1 << 16;
constexpr size_t kMaxStringBytes = size_t{1} << 28;

constexpr int kStringType = 5;  // TfLiteType

// An input or output tensor's memory. Grows only, so that going back and forth between batch sizes allocates nothing.
struct Slot {
  int tensor = 0;
  int element_type = 0;
  size_t element_size = 0;
  Shape shape;
  size_t bytes = 0;
  size_t capacity = 0;
  char* data = nullptr;
  LiteRtTensorBuffer handle = nullptr;

  ~Slot() {
    if (handle) LiteRtDestroyTensorBuffer(handle);
    std::free(data);
  }

  bool is_string() const { return element_type == kStringType; }

  absl::Status SetShape(const Shape& new_shape, const std::string& where) {
    if (handle != nullptr && new_shape == shape) return absl::OkStatus();
    return SetMemory(new_shape, is_string() ? std::max(bytes, kStringBytes) : NumElements(new_shape) * element_size,
                     where);
  }
  absl::Status SetMemory(const Shape& new_shape, size_t need, const std::string& where) {
    if (need > capacity || data == nullptr) {
      const size_t allocate = (need + kPadding + kAlignment - 1) / kAlignment * kAlignment;
      char* memory = static_cast<char*>(std::aligned_alloc(kAlignment, allocate));
      if (memory == nullptr)
        return absl::ResourceExhaustedError(absl::StrCat(where, ": no memory for ", need, " bytes"));
      std::memset(memory, 0, allocate);
      std::free(data);
      data = memory;
      capacity = need;
    }
    LiteRtRankedTensorType type = {};
    type.element_type = element_type;
    type.layout.rank = new_shape.size();
    for (size_t i = 0; i < new_shape.size(); ++i) type.layout.dimensions[i] = static_cast<int32_t>(new_shape[i]);
    if (handle) LiteRtDestroyTensorBuffer(handle);
    handle = nullptr;
    // An empty tensor still needs an address.
    if (LiteRtCreateTensorBufferFromHostMemory(&type, data, std::max<size_t>(need, 1), nullptr, &handle) != 0) {
      const std::string message =
          absl::StrCat(where, ": LiteRT does not take a buffer of shape ", ShapeString(new_shape));
      return NumElements(new_shape) == 0 ? absl::UnimplementedError(message) : absl::InternalError(message);
    }
    shape = new_shape;
    bytes = need;
    return absl::OkStatus();
  }
};

// One per process: it only registers the CPU kernels, and is safe to use from several threads.
LiteRtEnvironment Environment() {
  static const LiteRtEnvironment environment = [] {
    LiteRtEnvOption options[2] = {};
    options[0].tag = kLiteRtEnvOptionTagAutoRegisterAccelerators;
    options[0].value.type = 2;
    options[0].value.int_value = kLiteRtHwAcceleratorCpu;
    options[1].tag = kLiteRtEnvOptionTagMinLoggerSeverity;
    options[1].value.type = 2;
    options[1].value.int_value = kLiteRtLogSeveritySilent;
    LiteRtEnvironment made = nullptr;
    LiteRtCreateEnvironment(2, options, &made);
    return made;
  }();
  return environment;
}

absl::Status AddOption(LiteRtOptions options, const char* identifier, const std::string& toml) {
  LiteRtOpaqueOptions opaque = nullptr;
  char* payload = strdup(toml.c_str());
  if (LiteRtCreateOpaqueOptions(
          identifier, payload, [](void* p) { std::free(p); }, &opaque) != 0 ||
      LiteRtAddOpaqueOptions(options, opaque) != 0) {
    return absl::InternalError("LiteRT does not take its options");
  }
  return absl::OkStatus();
}

std::vector<std::string> CustomOps(const schema::Model& model) {
  std::set<std::string> names;
  for (const auto* code : Each(model.operator_codes())) {
    if (code->custom_code() == nullptr || code->custom_code()->size() == 0) continue;
    if (!absl::StartsWith(code->custom_code()->str(), "Tfxm")) names.insert(code->custom_code()->str());
  }
  return {names.begin(), names.end()};
}

// schema::TensorType -> TfLiteType.
int ElementType(DataType dtype) {
  switch (dtype) {
    case DataType::kFloat: return 1;
    case DataType::kInt32: return 2;
    case DataType::kUint8: return 3;
    case DataType::kInt64: return 4;
    case DataType::kString: return kStringType;
    case DataType::kBool: return 6;
    case DataType::kInt16: return 7;
    case DataType::kInt8: return 9;
    case DataType::kHalf: return 10;
    case DataType::kDouble: return 11;
    case DataType::kUint64: return 13;
    case DataType::kUint32: return 16;
    case DataType::kUint16: return 17;
    default: return 0;
  }
}

// The custom operator that shows its inputs to a TensorObserver.
struct ObserveOp {
  TensorObserver* observer = nullptr;
  int subgraph = 0;
};

LiteRtStatus ObserveLayouts(void*, size_t, const LiteRtLayout*, size_t num_outputs, LiteRtLayout* outputs) {
  for (size_t i = 0; i < num_outputs; ++i) {
    outputs[i] = {};
    outputs[i].rank = 1;
    outputs[i].dimensions[0] = 1;
  }
  return 0;
}

LiteRtStatus ObserveRun(void* user_data, size_t num_inputs, const LiteRtTensorBuffer* inputs, size_t,
                        LiteRtTensorBuffer*) {
  const ObserveOp& op = *static_cast<ObserveOp*>(user_data);
  for (size_t i = 0; i < num_inputs; ++i) {
    void* data = nullptr;
    size_t size = 0;
    LiteRtRankedTensorType type = {};
    if (LiteRtGetTensorBufferHostMemory(inputs[i], &data) != 0 || LiteRtGetTensorBufferSize(inputs[i], &size) != 0 ||
        LiteRtGetTensorBufferTensorType(inputs[i], &type) != 0) {
      return 1;
    }
    const Shape shape(type.layout.dimensions, type.layout.dimensions + type.layout.rank);
    op.observer->Observe(op.subgraph, static_cast<int>(i), shape, {static_cast<const char*>(data), size});
  }
  return 0;
}

constexpr LiteRtCustomOpKernel kObserveKernel = {[](void*, const void*, size_t) { return 0; }, ObserveLayouts,
                                                 ObserveRun, [](void*) { return 0; }};

}  // namespace

// Takes the outputs of a model made by WithCaughtOutputs.
struct CompiledModel::OutputCatcher : public TensorObserver {
  struct Output {
    Shape shape;
    std::vector<char> bytes;
  };
  void Observe(int, int k, const Shape& shape, std::span<const char> bytes) override {
    outputs[k].shape = shape;
    outputs[k].bytes.assign(bytes.begin(), bytes.end());
  }
  std::vector<Output> outputs;
};

struct CompiledModel::Rep {
  std::shared_ptr<const ModelFile> file;
  SignatureInfo signature;
  size_t signature_index = 0;
  std::vector<TensorSpec> inputs, outputs;
  LiteRtModel model = nullptr;
  LiteRtOptions options = nullptr;
  LiteRtCompiledModel compiled = nullptr;

  std::vector<std::unique_ptr<Slot>> slots;      // One per tensor.
  std::vector<Slot*> input_slots, output_slots;  // As inputs and outputs.
  std::vector<LiteRtTensorBuffer> input_handles, output_handles;
  bool resized = true;
  std::vector<ObserveOp> observe_ops;  // One per subgraph, if there is an observer; one for the outputs' catcher.
  CompiledModelOptions create_options;

  // Only of models whose outputs' shapes are known after running: a model that catches them, and what it caught.
  std::unique_ptr<OutputCatcher> catcher;
  std::unique_ptr<CompiledModel> catching;

  ~Rep() {
    slots.clear();
    if (compiled) LiteRtDestroyCompiledModel(compiled);
    if (options) LiteRtDestroyOptions(options);
    if (model) LiteRtDestroyModel(model);
  }

  absl::Status Failed(absl::string_view what) const {
    std::string message = absl::StrCat(file->name(), ": ", what);
    char* errors = nullptr;
    if (compiled != nullptr && LiteRtCompiledModelGetErrorMessages(compiled, &errors) == 0 && errors != nullptr) {
      const absl::string_view text = absl::StripSuffix(errors, "\n");
      if (!text.empty()) absl::StrAppend(&message, ": ", text);
      std::free(errors);
      LiteRtCompiledModelClearErrors(compiled);
    }
    return absl::InternalError(message);
  }

  Slot* SlotOf(const SignatureTensor& tensor) {
    for (auto& slot : slots) {
      if (slot->tensor == tensor.tensor) return slot.get();
    }
    auto slot = std::make_unique<Slot>();
    slot->tensor = tensor.tensor;
    slot->element_type = ElementType(tensor.spec.dtype);
    slot->element_size = DataTypeSize(tensor.spec.dtype);
    slots.push_back(std::move(slot));
    return slots.back().get();
  }

  // Lets the runtime lay out its tensors for the inputs' shapes, and the output buffers follow.
  absl::Status Update() {
    if (!resized) return absl::OkStatus();
    std::vector<LiteRtLayout> layouts(outputs.size());
    if (LiteRtGetCompiledModelOutputTensorLayouts(compiled, signature_index, layouts.size(), layouts.data(),
                                                  /*update_allocation=*/true) != 0) {
      std::vector<std::string> shapes;
      for (size_t i = 0; i < inputs.size(); ++i) {
        shapes.push_back(absl::StrCat(inputs[i].name, " ", ShapeString(input_slots[i]->shape)));
      }
      return Failed(absl::StrCat("the model cannot work on inputs of shape ", absl::StrJoin(shapes, ", ")));
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      const Shape shape(layouts[i].dimensions, layouts[i].dimensions + layouts[i].rank);
      absl::Status status = output_slots[i]->SetShape(shape, absl::StrCat(file->name(), ": output ", outputs[i].name));
      // Dimensions that are not known yet may stand there as 0.
      if (absl::IsUnimplemented(status)) status = CatchOutputs();
      RETURN_IF_ERROR(status);
    }
    for (size_t i = 0; i < input_slots.size(); ++i) input_handles[i] = input_slots[i]->handle;
    for (size_t i = 0; i < outputs.size(); ++i) output_handles[i] = output_slots[i]->handle;
    resized = false;
    return absl::OkStatus();
  }

  // The runtime makes string tensors while it runs.
  absl::Status UpdateStringShapes() {
    if (std::none_of(output_slots.begin(), output_slots.end(), [](Slot* slot) { return slot->is_string(); })) {
      return absl::OkStatus();
    }
    std::vector<LiteRtLayout> layouts(outputs.size());
    if (LiteRtGetCompiledModelOutputTensorLayouts(compiled, signature_index, layouts.size(), layouts.data(),
                                                  /*update_allocation=*/false) != 0) {
      return Failed("its string outputs have no shape");
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (!output_slots[i]->is_string()) continue;
      output_slots[i]->shape.assign(layouts[i].dimensions, layouts[i].dimensions + layouts[i].rank);
    }
    return absl::OkStatus();
  }

  absl::Status CatchOutputs() {
    if (catching != nullptr) return absl::OkStatus();
    ASSIGN_OR_RETURN(auto changed, ModelFile::FromBytes(WithCaughtOutputs(*file, signature), file->name()));
    auto made = std::make_unique<OutputCatcher>();
    made->outputs.resize(outputs.size());
    CompiledModelOptions options = create_options;
    options.signature = signature.name;
    ASSIGN_OR_RETURN(catching, CreateWith(std::move(changed), options, made.get()));
    catcher = std::move(made);
    return absl::OkStatus();
  }

  absl::Status RunCatching(const CompiledModel& self) {
    RETURN_IF_ERROR(catching->TakeInputs(self));
    return catching->Run();
  }
};

CompiledModel::CompiledModel() : rep_(std::make_unique<Rep>()) {}
CompiledModel::~CompiledModel() = default;

absl::StatusOr<std::unique_ptr<CompiledModel>> CompiledModel::Load(absl::string_view path,
                                                                   const CompiledModelOptions& options) {
  ASSIGN_OR_RETURN(std::shared_ptr<const ModelFile> file, ModelFile::Read(path));
  return Create(std::move(file), options);
}

absl::StatusOr<std::unique_ptr<CompiledModel>> CompiledModel::Create(std::shared_ptr<const ModelFile> file,
                                                                     const CompiledModelOptions& options) {
  return CreateWith(std::move(file), options, nullptr);
}

absl::StatusOr<std::unique_ptr<CompiledModel>> CompiledModel::CreateWith(std::shared_ptr<const ModelFile> file,
                                                                         const CompiledModelOptions& options,
                                                                         TensorObserver* catcher) {
  std::unique_ptr<CompiledModel> out(new CompiledModel);
  Rep& rep = *out->rep_;
  rep.create_options = options;
  rep.file = std::move(file);
  ASSIGN_OR_RETURN(const SignatureInfo* signature, rep.file->FindSignature(options.signature));
  rep.signature = *signature;
  rep.signature_index = signature - rep.file->signatures().data();
  const schema::SubGraph& graph = *rep.file->model().subgraphs()->Get(signature->subgraph);
  for (const auto* side : {&signature->inputs, &signature->outputs}) {
    for (const SignatureTensor& tensor : *side) {
      if (ElementType(tensor.spec.dtype) == 0) {
        return absl::UnimplementedError(absl::StrCat(rep.file->name(), ": \"", tensor.spec.name, "\" has type ",
                                                     TensorTypeName(graph.tensors()->Get(tensor.tensor)->type()),
                                                     ", which cannot be fed or read"));
      }
      (side == &signature->inputs ? rep.inputs : rep.outputs).push_back(tensor.spec);
      (side == &signature->inputs ? rep.input_slots : rep.output_slots).push_back(rep.SlotOf(tensor));
    }
  }
  rep.input_handles.resize(rep.inputs.size());
  rep.output_handles.resize(rep.outputs.size());

  LiteRtEnvironment environment = Environment();
  if (environment == nullptr) return absl::InternalError("libLiteRt.so could not be initialized");
  if (LiteRtCreateOptions(&rep.options) != 0 ||
      LiteRtSetOptionsHardwareAccelerators(rep.options, kLiteRtHwAcceleratorCpu) != 0) {
    return absl::InternalError("LiteRT does not take its options");
  }
  RETURN_IF_ERROR(AddOption(rep.options, "xnnpack",
                            absl::StrCat("kernel_mode = \"", options.xnnpack ? "delegate" : "builtin",
                                         "\"\nnum_threads = ", std::max(1, options.num_threads), "\n")));
  RETURN_IF_ERROR(AddOption(
      rep.options, "runtime_options_string",
      absl::StrCat("error_reporter_mode = 2\nenable_profiling = ", options.profile ? "true" : "false", "\n")));
  const size_t subgraphs = rep.file->model().subgraphs()->size();
  rep.observe_ops.resize(subgraphs + 1);
  for (size_t g = 0; g <= subgraphs; ++g) {
    rep.observe_ops[g] = {g < subgraphs ? options.observer : catcher, static_cast<int>(g)};
    if (rep.observe_ops[g].observer == nullptr) continue;
    const std::string name = g < subgraphs ? TensorObserver::OpName(g) : kCatchOutputsOp;
    if (LiteRtAddCustomOpKernelOption(rep.options, name.c_str(), 1, &kObserveKernel, &rep.observe_ops[g]) != 0) {
      return absl::InternalError("LiteRT does not take a custom operator");
    }
  }
  const std::string& bytes = rep.file->bytes();
  if (LiteRtCreateModelFromBuffer(environment, bytes.data(), bytes.size(), &rep.model) != 0) {
    return absl::InvalidArgumentError(absl::StrCat(rep.file->name(), ": LiteRT cannot read this model"));
  }
  // What the runtime lacks shows here or, for some operators, when it first lays out the tensors below.
  const std::vector<std::string> custom = CustomOps(rep.file->model());
  const std::string hint = custom.empty() ? "an operator has inputs or options that LiteRT does not support"
                                          : absl::StrCat("it contains operators that are not built into TFLite: ",
                                                         absl::StrJoin(custom, ", "));
  int created;
  {
    const StderrWithoutLine filter("INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n");
    created = LiteRtCreateCompiledModel(environment, rep.model, rep.options, &rep.compiled);
  }
  if (created != 0) {
    return absl::InvalidArgumentError(absl::StrCat(rep.file->name(), ": LiteRT cannot prepare this model; ", hint));
  }
  for (size_t i = 0; i < rep.input_slots.size(); ++i) {
    const auto* dims = graph.tensors()->Get(signature->inputs[i].tensor)->shape();
    Shape shape;
    for (int d = 0; dims != nullptr && d < static_cast<int>(dims->size()); ++d) shape.push_back(dims->Get(d));
    RETURN_IF_ERROR(rep.input_slots[i]->SetShape(shape, rep.file->name()));
  }
  if (absl::Status status = rep.Update(); !status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(status.message(), "; ", hint));
  }
  return out;
}

const std::shared_ptr<const ModelFile>& CompiledModel::shared_file() const { return rep_->file; }
const std::vector<TensorSpec>& CompiledModel::inputs() const { return rep_->inputs; }
const std::vector<TensorSpec>& CompiledModel::outputs() const { return rep_->outputs; }
const Quantization& CompiledModel::input_quantization(int i) const { return rep_->signature.inputs[i].quantization; }
const Quantization& CompiledModel::output_quantization(int i) const { return rep_->signature.outputs[i].quantization; }

absl::Status CompiledModel::ResizeInput(int i, const Shape& shape) {
  Rep& rep = *rep_;
  Slot& slot = *rep.input_slots[i];
  if (slot.shape == shape) return absl::OkStatus();
  const TensorSpec& spec = rep.inputs[i];
  bool fits = shape.size() == spec.shape.size();
  int64_t elements = 1;
  for (size_t d = 0; fits && d < shape.size(); ++d) {
    fits = shape[d] >= 0 && (spec.shape[d] < 0 || spec.shape[d] == shape[d]);
    elements *= std::max<int64_t>(shape[d], 1);
    fits = fits && elements <= std::numeric_limits<int32_t>::max();
  }
  if (!fits) {
    return absl::InvalidArgumentError(absl::StrCat(rep.file->name(), ": input \"", spec.name, "\" has shape ",
                                                   ShapeString(spec.shape), "; it cannot be made ",
                                                   ShapeString(shape)));
  }
  const std::vector<int> dims(shape.begin(), shape.end());
  if (LiteRtCompiledModelResizeInputTensor(rep.compiled, rep.signature_index, i, dims.data(), dims.size()) != 0) {
    return rep.Failed(absl::StrCat("input \"", spec.name, "\" cannot be resized to ", ShapeString(shape)));
  }
  RETURN_IF_ERROR(slot.SetShape(shape, rep.file->name()));
  rep.resized = true;
  return rep.Update();
}

absl::Status CompiledModel::ResizeBatch(int64_t batch_size) {
  Rep& rep = *rep_;
  // All inputs first, then one layout: in between their batch sizes would not match.
  for (size_t i = 0; i < rep.inputs.size(); ++i) {
    const Shape& spec = rep.inputs[i].shape;
    Slot& slot = *rep.input_slots[i];
    if (spec.empty() || spec[0] >= 0 || slot.shape[0] == batch_size) continue;
    Shape shape = slot.shape;
    shape[0] = batch_size;
    const std::vector<int> dims(shape.begin(), shape.end());
    if (batch_size < 0 || batch_size > std::numeric_limits<int32_t>::max() ||
        LiteRtCompiledModelResizeInputTensor(rep.compiled, rep.signature_index, i, dims.data(), dims.size()) != 0) {
      return rep.Failed(absl::StrCat("input \"", rep.inputs[i].name, "\" cannot be resized to ", ShapeString(shape)));
    }
    RETURN_IF_ERROR(slot.SetShape(shape, rep.file->name()));
    rep.resized = true;
  }
  return rep.Update();
}

std::span<char> CompiledModel::input(int i) { return {rep_->input_slots[i]->data, rep_->input_slots[i]->bytes}; }
std::span<const char> CompiledModel::output(int i) const {
  if (rep_->catcher != nullptr) return rep_->catcher->outputs[i].bytes;
  return {rep_->output_slots[i]->data, rep_->output_slots[i]->bytes};
}
const Shape& CompiledModel::input_shape(int i) const { return rep_->input_slots[i]->shape; }
const Shape& CompiledModel::output_shape(int i) const {
  return rep_->catcher != nullptr ? rep_->catcher->outputs[i].shape : rep_->output_slots[i]->shape;
}

absl::Status CompiledModel::SetStrings(int i, std::span<const std::string> values) {
  Rep& rep = *rep_;
  Slot& slot = *rep.input_slots[i];
  if (!slot.is_string() || NumElements(slot.shape) != static_cast<int64_t>(values.size())) {
    return absl::InvalidArgumentError(absl::StrCat(rep.file->name(), ": input \"", rep.inputs[i].name, "\" is ",
                                                   DataTypeName(rep.inputs[i].dtype), " ", ShapeString(slot.shape),
                                                   "; it was given ", values.size(), " strings"));
  }
  const std::string packed = PackStrings(values);
  RETURN_IF_ERROR(slot.SetMemory(slot.shape, packed.size(), rep.file->name()));
  std::memcpy(slot.data, packed.data(), packed.size());
  rep.input_handles[i] = slot.handle;
  return absl::OkStatus();
}

absl::Status CompiledModel::TakeInputs(const CompiledModel& other) {
  const Rep& from = *other.rep_;
  if (!from.inputs.empty() && !from.input_slots[0]->shape.empty()) {
    RETURN_IF_ERROR(ResizeBatch(from.input_slots[0]->shape[0]));
  }
  for (size_t i = 0; i < from.inputs.size(); ++i) {
    const Slot& slot = *from.input_slots[i];
    RETURN_IF_ERROR(ResizeInput(static_cast<int>(i), slot.shape));
    if (slot.is_string()) {
      RETURN_IF_ERROR(SetStrings(static_cast<int>(i), UnpackStrings({slot.data, slot.bytes})));
    } else if (slot.bytes > 0) {
      std::memcpy(input(static_cast<int>(i)).data(), slot.data, slot.bytes);
    }
  }
  return absl::OkStatus();
}

std::vector<std::string> CompiledModel::Strings(int i) const { return UnpackStrings(output(i)); }

absl::Status CompiledModel::Run() {
  Rep& rep = *rep_;
  if (rep.catching != nullptr) return rep.RunCatching(*this);
  while (LiteRtRunCompiledModel(rep.compiled, rep.signature_index, rep.input_handles.size(), rep.input_handles.data(),
                                rep.output_handles.size(), rep.output_handles.data()) != 0) {
    const absl::Status failed = rep.Failed("running the model failed");
    // The runtime refuses memory for tensors that it allocates itself while running.
    if (absl::StrContains(failed.message(), "allocation_type == kTfLite") && rep.CatchOutputs().ok()) {
      return rep.RunCatching(*this);
    }
    // It may have lacked room for strings; how much they need shows only now.
    bool grown = false;
    for (size_t i = 0; i < rep.output_slots.size(); ++i) {
      Slot& slot = *rep.output_slots[i];
      if (!slot.is_string() || slot.bytes >= kMaxStringBytes) continue;
      RETURN_IF_ERROR(slot.SetMemory(slot.shape, slot.bytes * 16, rep.file->name()));
      rep.output_handles[i] = slot.handle;
      grown = true;
    }
    if (!grown) return failed;
  }
  return rep.UpdateStringShapes();
}

bool CompiledModel::fully_delegated() const {
  bool full = false;
  return LiteRtCompiledModelIsFullyAccelerated(rep_->compiled, &full) == 0 && full;
}

absl::StatusOr<std::set<std::pair<int, int>>> CompiledModel::RunProfiled() {
  Rep& rep = *rep_;
  LiteRtProfiler profiler = nullptr;
  if (LiteRtCompiledModelGetProfiler(rep.compiled, &profiler) != 0 || profiler == nullptr ||
      LiteRtStartProfiler(profiler) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(rep.file->name(), ": the model was not made with `profile`"));
  }
  const absl::Status status = Run();
  LiteRtStopProfiler(profiler);
  RETURN_IF_ERROR(status);
  const auto& graphs = *rep.file->model().subgraphs();
  // Nodes after the file's own ones are a delegate's, or the operator that catches the outputs.
  const auto is_own = [&graphs](uint64_t graph, uint64_t node) {
    return graph < graphs.size() && node < static_cast<uint64_t>(Size(graphs.Get(graph)->operators()));
  };
  std::set<std::pair<int, int>> operators;
  if (rep.catching != nullptr) {
    // It has just run on these inputs.
    ASSIGN_OR_RETURN(operators, rep.catching->RunProfiled());
    std::erase_if(operators, [&](const auto& op) { return !is_own(op.first, op.second); });
    return operators;
  }
  int count = 0;
  LiteRtGetNumProfilerEvents(profiler, &count);
  if (count >= kLiteRtProfilerCapacity) {
    return absl::ResourceExhaustedError(
        absl::StrCat(rep.file->name(), ": the model has more operators than LiteRT's profiler can note"));
  }
  std::vector<LiteRtProfilerEvent> events(count);
  if (count > 0 && LiteRtGetProfilerEvents(profiler, count, events.data()) != 0)
    return rep.Failed("profiling the model failed");
  for (const LiteRtProfilerEvent& event : events) {
    if (event.event_type == kLiteRtProfilerEventOperatorInvoke && is_own(event.subgraph, event.node))
      operators.emplace(event.subgraph, event.node);
  }
  return operators;
}

absl::StatusOr<std::map<std::string, Tensor>> CompiledModel::Run(const std::map<std::string, Tensor>& inputs) {
  Rep& rep = *rep_;
  std::vector<const Tensor*> given;
  for (const TensorSpec& spec : rep.inputs) {
    auto it = inputs.find(spec.name);
    if (it == inputs.end()) {
      return absl::InvalidArgumentError(absl::StrCat(rep.file->name(), ": input \"", spec.name, "\" is missing"));
    }
    if (it->second.dtype() != spec.dtype) {
      return absl::InvalidArgumentError(absl::StrCat(rep.file->name(), ": input \"", spec.name, "\" is ",
                                                     DataTypeName(spec.dtype), ", not ",
                                                     DataTypeName(it->second.dtype())));
    }
    given.push_back(&it->second);
  }
  if (inputs.size() != rep.inputs.size()) {
    for (const auto& [name, tensor] : inputs) {
      if (std::none_of(rep.inputs.begin(), rep.inputs.end(), [&](const TensorSpec& s) { return s.name == name; })) {
        return absl::InvalidArgumentError(absl::StrCat(rep.file->name(), ": there is no input \"", name, "\""));
      }
    }
  }
  // Batch sizes go together, so that no intermediate state has two of them.
  if (!given.empty() && !given[0]->shape().empty()) RETURN_IF_ERROR(ResizeBatch(given[0]->shape()[0]));
  for (size_t i = 0; i < given.size(); ++i) {
    RETURN_IF_ERROR(ResizeInput(i, given[i]->shape()));
    if (given[i]->dtype() == DataType::kString) {
      RETURN_IF_ERROR(SetStrings(i, given[i]->strings()));
      continue;
    }
    std::span<const char> from = given[i]->bytes();
    if (!from.empty()) std::memcpy(input(i).data(), from.data(), from.size());
  }
  RETURN_IF_ERROR(Run());
  std::map<std::string, Tensor> out;
  for (size_t i = 0; i < rep.outputs.size(); ++i) {
    Tensor tensor(rep.outputs[i].dtype, output_shape(i));
    if (tensor.dtype() == DataType::kString) {
      tensor.strings() = Strings(i);
      tensor.strings().resize(tensor.num_elements());
    } else if (std::span<const char> from = output(i); !from.empty()) {
      std::memcpy(tensor.bytes().data(), from.data(), from.size());
    }
    out[rep.outputs[i].name] = std::move(tensor);
  }
  return out;
}

}  // namespace tfxm::litert
