// SPDX-License-Identifier: Apache-2.0

#include "tfxm/litert/compiled_model.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tflite_generated.h"
#include "tfxm/litert/internal/catch_outputs.h"
#include "tfxm/litert/internal/hidden_fields.h"
#include "tfxm/litert/internal/runtime.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/litert/internal/string_tensor.h"
#include "tfxm/litert/internal/tensor_memory.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::litert {
namespace {

// What a string output gets at most.
constexpr size_t kMaxStringBytes = size_t{1} << 28;

bool IsOpenBatch(const TensorSpec& spec) { return !spec.shape.empty() && spec.shape[0] < 0; }
bool HasOpenSides(const TensorSpec& spec) {
  return std::any_of(spec.shape.begin() + std::min<size_t>(1, spec.shape.size()), spec.shape.end(),
                     [](int64_t d) { return d < 0; });
}

// The model with its first subgraph's inputs and outputs as a signature: without one LiteRT cannot lay out a model of
// several subgraphs.
absl::StatusOr<std::shared_ptr<const ModelFile>> WithSignature(const ModelFile& file) {
  std::unique_ptr<schema::ModelT> model(file.model().UnPack());
  auto def = std::make_unique<schema::SignatureDefT>();
  def->signature_key = "tfxm";
  const auto add = [](const std::vector<SignatureTensor>& from, auto& to) {
    for (const SignatureTensor& tensor : from) {
      to.push_back(std::make_unique<schema::TensorMapT>());
      to.back()->name = absl::StrCat("tfxm_", to.size());
      to.back()->tensor_index = tensor.tensor;
    }
  };
  add(file.signatures()[0].inputs, def->inputs);
  add(file.signatures()[0].outputs, def->outputs);
  model->signature_defs.push_back(std::move(def));
  return ModelFile::Pack(*model, file.name());
}

}  // namespace

struct CompiledModel::Rep {
  std::shared_ptr<const ModelFile> file;
  std::shared_ptr<const ModelFile> run_file;  // What LiteRT is given of it.
  SignatureInfo signature;
  size_t signature_index = 0;
  std::vector<TensorSpec> inputs, outputs;
  CompiledModelOptions options;

  // What runs: the model itself, or, once it is known that the shapes of its outputs are not, its copy that catches
  // them.
  std::unique_ptr<OutputCatcher> catcher;
  std::unique_ptr<Runtime> runtime;
  bool settled = false;  // Which of both it is.

  std::vector<std::pair<int, std::unique_ptr<TensorMemory>>> memories;  // By tensor
  std::vector<TensorMemory*> input_memory, output_memory;               // As inputs and outputs.
  std::unique_ptr<TensorMemory> done;                                   // The catching model's own output.
  std::vector<LiteRtTensorBuffer> input_handles, output_handles;        // As `runtime` has them.
  bool resized = true;                                                  // Since the last layout.
  bool unwritten = false;                                               // The outputs' memory is marked.
  bool has_state = false;                                               // It has variables, which are to be reset …
  bool ran = false;                                                     // … from the second run on.

  // The same of a tensor that is input and output; but an output of strings, into which the runtime copies, has its own.
  TensorMemory* MemoryOf(const SignatureTensor& tensor) {
    for (auto& [t, memory] : memories) {
      if (t == tensor.tensor && !memory->is_string()) return memory.get();
    }
    memories.emplace_back(tensor.tensor, std::make_unique<TensorMemory>(tensor.spec.dtype));
    return memories.back().second.get();
  }
  bool IsAlsoInput(const TensorMemory* memory) const {
    return std::find(input_memory.begin(), input_memory.end(), memory) != input_memory.end();
  }
  std::string Where(const char* side, const std::string& name) const {
    return absl::StrCat(file->name(), ": ", side, " \"", name, "\"");
  }

  std::vector<ObservingOp> Observers() const {
    std::vector<ObservingOp> out;
    if (options.observer == nullptr) return out;
    for (int g = 0; g < static_cast<int>(file->model().subgraphs()->size()); ++g) {
      out.push_back({TensorObserver::OpName(g), options.observer, g});
    }
    return out;
  }

  // Lets the runtime lay out its tensors for the inputs' shapes, and the output buffers follow.
  absl::Status LayOut() {
    if (!resized) return absl::OkStatus();
    if (!settled) RETURN_IF_ERROR(Settle());
    ASSIGN_OR_RETURN(const std::vector<Shape> shapes, LaidOutShapes(*runtime));
    RETURN_IF_ERROR(catcher == nullptr ? TakeOutputs(shapes) : TakeCaughtOutputs());
    resized = false;
    ran = false;  // A new layout begins with zeros.
    return absl::OkStatus();
  }

  absl::Status TakeOutputs(const std::vector<Shape>& shapes) {
    for (size_t i = 0; i < outputs.size(); ++i) {
      const absl::Status status = output_memory[i]->SetShape(shapes[i], Where("output", outputs[i].name));
      // Dimensions that are not known yet may stand there as 0.
      if (absl::IsUnimplemented(status)) {
        RETURN_IF_ERROR(CatchOutputs());
        RETURN_IF_ERROR(LaidOutShapes(*runtime).status());
        return TakeCaughtOutputs();
      }
      RETURN_IF_ERROR(status);
      if (!output_memory[i]->is_string() && !IsAlsoInput(output_memory[i])) output_memory[i]->MarkUnwritten();
    }
    unwritten = true;
    return absl::OkStatus();
  }

  absl::Status TakeCaughtOutputs() {
    if (done == nullptr) done = std::make_unique<TensorMemory>(DataType::kInt32);
    RETURN_IF_ERROR(done->SetShape({1}, file->name()));
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (!output_memory[i]->is_string()) continue;
      RETURN_IF_ERROR(output_memory[i]->SetShapeAndSize(
          {1}, std::max<size_t>(output_memory[i]->bytes().size(), 1 << 16), Where("output", outputs[i].name)));
    }
    unwritten = false;
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<Shape>> LaidOutShapes(Runtime& of) const {
    auto shapes = of.LayOut();
    if (shapes.ok()) return shapes;
    std::vector<std::string> given;
    for (size_t i = 0; i < inputs.size(); ++i) {
      given.push_back(absl::StrCat(inputs[i].name, " ", ShapeString(input_memory[i]->shape())));
    }
    return absl::InvalidArgumentError(absl::StrCat(file->name(), ": the model cannot work on inputs of shape ",
                                                   absl::StrJoin(given, ", "), " (", shapes.status().message(), "); ",
                                                   of.hint()));
  }

  // Decides whether the outputs' shapes are known before running. Must be right before the first run: the runtime
  // writes results whose shapes it did not know past the end of memory that was made for the shapes it reported.
  absl::Status Settle() {
    settled = true;
    const bool maybe_dynamic = MayHaveDynamicOutputs(file->model(), signature.subgraph);
    ASSIGN_OR_RETURN(const std::vector<size_t> still, OutputsThatDoNotFollow());
    const auto is_open = [this](size_t i) {
      return std::any_of(outputs[i].shape.begin(), outputs[i].shape.end(), [](int64_t d) { return d < 0; });
    };
    if (still.empty()) return absl::OkStatus();
    if (std::any_of(still.begin(), still.end(), is_open) && HasOpenBatch()) return CatchOutputs();
    if (!maybe_dynamic) return absl::OkStatus();
    // The operator that catches the outputs is prepared by the layout if, and only if, all before it was.
    ASSIGN_OR_RETURN(auto catching, MakeCatching());
    RETURN_IF_ERROR(LaidOutShapes(*catching.second).status());
    if (!catching.first->prepared) Catch(std::move(catching));
    return absl::OkStatus();
  }

  bool HasOpenBatch() const { return std::any_of(inputs.begin(), inputs.end(), IsOpenBatch); }

  // The outputs whose shapes do not change when the batch is one example larger; all, if no input has an open batch.
  // Only an operator that is prepared changes its outputs' shapes, and operators are prepared in turn up to the first
  // whose result is not known.
  absl::StatusOr<std::vector<size_t>> OutputsThatDoNotFollow() {
    const auto resize = [&](int more) -> absl::Status {
      for (size_t i = 0; i < inputs.size(); ++i) {
        if (!IsOpenBatch(inputs[i])) continue;
        Shape shape = input_memory[i]->shape();
        shape[0] += more;
        RETURN_IF_ERROR(runtime->Resize(static_cast<int>(i), shape));
      }
      return absl::OkStatus();
    };
    ASSIGN_OR_RETURN(const std::vector<Shape> before, LaidOutShapes(*runtime));
    std::vector<Shape> after = before;
    if (HasOpenBatch()) {
      RETURN_IF_ERROR(resize(1));
      if (auto shapes = runtime->LayOut(); shapes.ok()) after = *std::move(shapes);
      RETURN_IF_ERROR(resize(0));
    }
    std::vector<size_t> still;
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (!output_memory[i]->is_string() && !IsAlsoInput(output_memory[i]) && before[i] == after[i]) still.push_back(i);
    }
    return still;
  }

  using Catching = std::pair<std::unique_ptr<OutputCatcher>, std::unique_ptr<Runtime>>;
  // The catching copy, with this model's input shapes.
  absl::StatusOr<Catching> MakeCatching() {
    ASSIGN_OR_RETURN(auto changed, file->Derived(absl::StrCat("caught outputs of ", signature_index),
                                                 [this] { return WithCaughtOutputs(*run_file, signature); }));
    Catching out;
    out.first = std::make_unique<OutputCatcher>(signature);
    std::vector<ObservingOp> operators = Observers();
    operators.push_back({kCatchOutputsOp, out.first.get(), 0});
    auto made = Runtime::Create(std::move(changed), signature_index, options, std::move(operators));
    RETURN_IF_ERROR(Annotate(made.status(), file->name()));
    out.second = *std::move(made);
    for (size_t i = 0; i < inputs.size(); ++i) {
      // LiteRT refuses to resize a scalar, also to one.
      if (input_memory[i]->shape().empty()) continue;
      RETURN_IF_ERROR(out.second->Resize(static_cast<int>(i), input_memory[i]->shape()));
    }
    return out;
  }
  void Catch(Catching catching) {
    runtime = std::move(catching.second);  // Before the catcher that the old one may refer to.
    catcher = std::move(catching.first);
    settled = true;
    resized = true;
  }
  absl::Status CatchOutputs() {
    ASSIGN_OR_RETURN(Catching catching, MakeCatching());
    Catch(std::move(catching));
    return absl::OkStatus();
  }

  absl::Status CheckGuards() const {
    for (const auto& [side, specs, memory] :
         {std::tuple{"input", &inputs, &input_memory}, std::tuple{"output", &outputs, &output_memory}}) {
      for (size_t i = 0; i < specs->size(); ++i) {
        if ((*memory)[i]->GuardsIntact()) continue;
        return absl::DataLossError(absl::StrCat(
            Where(side, (*specs)[i].name), " of shape ", ShapeString((*memory)[i]->shape()),
            ": something wrote outside of its ", (*memory)[i]->bytes().size(),
            " bytes, so that no result of this process can be trusted; please report the model as a bug of tfxm"));
      }
    }
    return absl::OkStatus();
  }

  // Whether the outputs have the shapes that they were given memory for, and have been written there.
  absl::StatusOr<bool> OutputsAreAsLaidOut() {
    ASSIGN_OR_RETURN(const std::vector<Shape> shapes, runtime->OutputShapes());
    for (size_t i = 0; i < outputs.size(); ++i) {
      const TensorMemory& memory = *output_memory[i];
      if (!memory.is_string() && (memory.shape() != shapes[i] || memory.IsUnwritten())) return false;
    }
    return true;
  }

  // The runtime makes string tensors while it runs.
  absl::Status NoteStringShapes() {
    if (std::none_of(output_memory.begin(), output_memory.end(), [](TensorMemory* m) { return m->is_string(); })) {
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const std::vector<Shape> shapes, runtime->OutputShapes());
    size_t next = 1;  // Of the catching copy, whose first output is its own.
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (output_memory[i]->is_string()) output_memory[i]->NoteShape(shapes[catcher != nullptr ? next++ : i]);
    }
    return absl::OkStatus();
  }

  // More room for strings, which tell only by a failed run how much they need. False if there is no such output.
  absl::StatusOr<bool> GrowStrings() {
    bool grown = false;
    for (size_t i = 0; i < outputs.size(); ++i) {
      TensorMemory& memory = *output_memory[i];
      if (!memory.is_string()) continue;
      if (memory.bytes().size() >= kMaxStringBytes) continue;
      RETURN_IF_ERROR(
          memory.SetShapeAndSize(memory.shape(), memory.bytes().size() * 16, Where("output", outputs[i].name)));
      grown = true;
    }
    return grown;
  }

  // As the memories have them now: strings that are set or grow take others.
  void CollectHandles() {
    input_handles.clear();
    output_handles.clear();
    for (const TensorMemory* memory : input_memory) input_handles.push_back(memory->handle());
    if (catcher != nullptr) output_handles.push_back(done->handle());
    for (const TensorMemory* memory : output_memory) {
      if (catcher == nullptr || memory->is_string()) output_handles.push_back(memory->handle());
    }
  }

  // One run, with all that may have to be put right for it.
  absl::Status Run() {
    RETURN_IF_ERROR(LayOut());
    if (has_state && ran) {
      std::vector<Shape> shapes;
      for (const TensorMemory* memory : input_memory) shapes.push_back(memory->shape());
      RETURN_IF_ERROR(runtime->ResetVariables(shapes));
    }
    ran = true;
    // Of an output without strings the runtime copies nothing.
    for (TensorMemory* memory : output_memory) {
      if (memory->is_string() && !IsAlsoInput(memory)) std::memset(memory->bytes().data(), 0, sizeof(int32_t));
    }
    CollectHandles();
    const absl::Status status = runtime->Run(input_handles, output_handles);
    RETURN_IF_ERROR(CheckGuards());
    if (status.ok()) {
      const bool first = unwritten;
      unwritten = false;
      if (first) {
        ASSIGN_OR_RETURN(const bool as_laid_out, OutputsAreAsLaidOut());
        if (!as_laid_out) {
          RETURN_IF_ERROR(CatchOutputs());
          return Run();
        }
      }
      return NoteStringShapes();
    }
    // Further signs that the runtime did not know a shape when it laid out the tensors.
    if (catcher == nullptr &&
        (absl::StrContains(status.message(), "allocation_type == kTfLite") ||
         absl::StrContains(status.message(), "Custom allocation is too small")) &&
        CatchOutputs().ok()) {
      return Run();
    }
    ASSIGN_OR_RETURN(const bool grown, GrowStrings());
    return grown ? Run() : Annotate(status, file->name());
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
  auto made = CreateAsAsked(file, options);
  // XNNPACK claims operators that it cannot prepare (a FULLY_CONNECTED of more than six dimensions), and there is no way
  // to keep it from some only.
  if (!made.ok() && options.xnnpack && absl::StrContains(made.status().message(), "failed to delegate")) {
    CompiledModelOptions without = options;
    without.xnnpack = false;
    return CreateAsAsked(std::move(file), without);
  }
  return made;
}

absl::StatusOr<std::unique_ptr<CompiledModel>> CompiledModel::CreateAsAsked(std::shared_ptr<const ModelFile> file,
                                                                            const CompiledModelOptions& options) {
  std::unique_ptr<CompiledModel> out(new CompiledModel);
  Rep& rep = *out->rep_;
  rep.options = options;
  rep.file = std::move(file);
  ASSIGN_OR_RETURN(const SignatureInfo* signature, rep.file->FindSignature(options.signature));
  rep.signature = *signature;
  rep.signature_index = signature - rep.file->signatures().data();
  const schema::SubGraph& graph = *rep.file->model().subgraphs()->Get(signature->subgraph);
  for (const auto* side : {&signature->inputs, &signature->outputs}) {
    for (const SignatureTensor& tensor : *side) {
      if (ElementTypeOf(tensor.spec.dtype) == 0) {
        return absl::UnimplementedError(absl::StrCat(rep.file->name(), ": \"", tensor.spec.name, "\" has type ",
                                                     TensorTypeName(graph.tensors()->Get(tensor.tensor)->type()),
                                                     ", which cannot be fed or read"));
      }
      (side == &signature->inputs ? rep.inputs : rep.outputs).push_back(tensor.spec);
      (side == &signature->inputs ? rep.input_memory : rep.output_memory).push_back(rep.MemoryOf(tensor));
    }
  }
  rep.has_state = !options.keep_state && HasVariables(rep.file->model());
  if (rep.outputs.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(rep.file->name(), ": the model has no outputs"));
  }
  rep.run_file = rep.file;
  if (Size(rep.file->model().signature_defs()) == 0 && rep.file->model().subgraphs()->size() > 1) {
    ASSIGN_OR_RETURN(rep.run_file, rep.file->Derived("with a signature", [&rep] { return WithSignature(*rep.file); }));
  }
  auto runtime = Runtime::Create(rep.run_file, rep.signature_index, options, rep.Observers());
  RETURN_IF_ERROR(Annotate(runtime.status(), rep.file->name()));
  rep.runtime = *std::move(runtime);
  bool open_sides = false;
  for (size_t i = 0; i < rep.inputs.size(); ++i) {
    open_sides = open_sides || HasOpenSides(rep.inputs[i]);
    const auto* dims = graph.tensors()->Get(signature->inputs[i].tensor)->shape();
    Shape shape;
    for (int d : Each(dims)) shape.push_back(d);
    RETURN_IF_ERROR(rep.input_memory[i]->SetShape(shape, rep.Where("input", rep.inputs[i].name)));
  }
  // Of sizes that are open nobody knows which the model can work on.
  if (!open_sides) RETURN_IF_ERROR(rep.LayOut());
  return out;
}

const std::shared_ptr<const ModelFile>& CompiledModel::shared_file() const { return rep_->file; }
const std::vector<TensorSpec>& CompiledModel::inputs() const { return rep_->inputs; }
const std::vector<TensorSpec>& CompiledModel::outputs() const { return rep_->outputs; }
const Quantization& CompiledModel::input_quantization(int i) const { return rep_->signature.inputs[i].quantization; }
const Quantization& CompiledModel::output_quantization(int i) const { return rep_->signature.outputs[i].quantization; }

absl::Status CompiledModel::ResizeInput(int i, const Shape& shape) {
  Rep& rep = *rep_;
  TensorMemory& memory = *rep.input_memory[i];
  if (memory.shape() == shape) return absl::OkStatus();
  const TensorSpec& spec = rep.inputs[i];
  bool fits = shape.size() == spec.shape.size();
  int64_t elements = 1;
  for (size_t d = 0; fits && d < shape.size(); ++d) {
    fits = shape[d] >= 0 && (spec.shape[d] < 0 || spec.shape[d] == shape[d]);
    elements *= std::max<int64_t>(shape[d], 1);
    fits = fits && elements <= std::numeric_limits<int32_t>::max();
  }
  if (!fits) {
    return absl::InvalidArgumentError(absl::StrCat(rep.Where("input", spec.name), " has shape ",
                                                   ShapeString(spec.shape), "; it cannot be made ",
                                                   ShapeString(shape)));
  }
  RETURN_IF_ERROR(Annotate(rep.runtime->Resize(i, shape), rep.Where("input", spec.name)));
  rep.resized = true;
  RETURN_IF_ERROR(memory.SetShape(shape, rep.Where("input", spec.name)));
  // Other inputs may have to follow before the sizes go together.
  return std::any_of(rep.inputs.begin(), rep.inputs.end(), HasOpenSides) ? absl::OkStatus() : rep.LayOut();
}

absl::Status CompiledModel::ResizeBatch(int64_t batch_size) {
  Rep& rep = *rep_;
  if (batch_size < 0 || batch_size > std::numeric_limits<int32_t>::max()) {
    return absl::InvalidArgumentError(absl::StrCat(rep.file->name(), ": no batch can have ", batch_size, " examples"));
  }
  // All inputs first, then one layout: in between their batch sizes would not match.
  for (size_t i = 0; i < rep.inputs.size(); ++i) {
    TensorMemory& memory = *rep.input_memory[i];
    if (!IsOpenBatch(rep.inputs[i]) || memory.shape()[0] == batch_size) continue;
    Shape shape = memory.shape();
    shape[0] = batch_size;
    RETURN_IF_ERROR(Annotate(rep.runtime->Resize(static_cast<int>(i), shape), rep.Where("input", rep.inputs[i].name)));
    rep.resized = true;
    RETURN_IF_ERROR(memory.SetShape(shape, rep.Where("input", rep.inputs[i].name)));
  }
  return std::any_of(rep.inputs.begin(), rep.inputs.end(), HasOpenSides) ? absl::OkStatus() : rep.LayOut();
}

std::span<char> CompiledModel::input(int i) { return rep_->input_memory[i]->bytes(); }

namespace {

// The place of output `i` among those that a catcher takes.
int CaughtPlace(const std::vector<TensorMemory*>& outputs, int i) {
  return static_cast<int>(std::count_if(outputs.begin(), outputs.begin() + i, [](auto* m) { return !m->is_string(); }));
}

}  // namespace

std::span<const char> CompiledModel::output(int i) const {
  if (rep_->catcher == nullptr || rep_->output_memory[i]->is_string()) return rep_->output_memory[i]->bytes();
  return rep_->catcher->outputs[CaughtPlace(rep_->output_memory, i)].bytes;
}
const Shape& CompiledModel::input_shape(int i) const { return rep_->input_memory[i]->shape(); }
const Shape& CompiledModel::output_shape(int i) const {
  if (rep_->catcher == nullptr || rep_->output_memory[i]->is_string()) return rep_->output_memory[i]->shape();
  return rep_->catcher->outputs[CaughtPlace(rep_->output_memory, i)].shape;
}

absl::Status CompiledModel::SetStrings(int i, std::span<const std::string> values) {
  Rep& rep = *rep_;
  TensorMemory& memory = *rep.input_memory[i];
  if (!memory.is_string() || NumElements(memory.shape()) != static_cast<int64_t>(values.size())) {
    return absl::InvalidArgumentError(absl::StrCat(rep.Where("input", rep.inputs[i].name), " is ",
                                                   DataTypeName(rep.inputs[i].dtype), " ", ShapeString(memory.shape()),
                                                   "; it was given ", values.size(), " strings"));
  }
  const std::string packed = PackStrings(values);
  const Shape shape = memory.shape();
  RETURN_IF_ERROR(memory.SetShapeAndSize(shape, packed.size(), rep.Where("input", rep.inputs[i].name)));
  std::memcpy(memory.bytes().data(), packed.data(), packed.size());
  return absl::OkStatus();
}

absl::Status CompiledModel::TakeInputs(const CompiledModel& other) {
  const Rep& from = *other.rep_;
  if (!from.inputs.empty() && !from.input_memory[0]->shape().empty()) {
    RETURN_IF_ERROR(ResizeBatch(from.input_memory[0]->shape()[0]));
  }
  for (size_t i = 0; i < from.inputs.size(); ++i) {
    TensorMemory& memory = *from.input_memory[i];
    RETURN_IF_ERROR(ResizeInput(static_cast<int>(i), memory.shape()));
    const std::span<char> bytes = memory.bytes();
    if (memory.is_string()) {
      RETURN_IF_ERROR(SetStrings(static_cast<int>(i), UnpackStrings(bytes)));
    } else if (!bytes.empty()) {
      std::memcpy(input(static_cast<int>(i)).data(), bytes.data(), bytes.size());
    }
  }
  return absl::OkStatus();
}

std::vector<std::string> CompiledModel::Strings(int i) const { return UnpackStrings(output(i)); }

absl::Status CompiledModel::Run() { return rep_->Run(); }

bool CompiledModel::fully_delegated() const { return rep_->catcher == nullptr && rep_->runtime->fully_delegated(); }

absl::StatusOr<std::set<std::pair<int, int>>> CompiledModel::RunProfiled() {
  Rep& rep = *rep_;
  RETURN_IF_ERROR(rep.LayOut());
  RETURN_IF_ERROR(Annotate(rep.runtime->StartProfiling(), rep.file->name()));
  const Runtime* const profiled = rep.runtime.get();
  const absl::Status status = Run();
  RETURN_IF_ERROR(status);
  // The run itself may have found that another one is needed.
  if (rep.runtime.get() != profiled) return RunProfiled();
  ASSIGN_OR_RETURN(const auto events, rep.runtime->StopProfiling());
  const auto& graphs = *rep.file->model().subgraphs();
  std::set<std::pair<int, int>> operators;
  for (const auto& [graph, node] : events) {
    // Nodes after the file's own ones are a delegate's, or those that catch the outputs.
    if (graph < graphs.size() && node < static_cast<uint64_t>(Size(graphs.Get(graph)->operators())))
      operators.emplace(graph, node);
  }
  return operators;
}

absl::StatusOr<std::map<std::string, Tensor>> CompiledModel::Run(const std::map<std::string, Tensor>& inputs) {
  Rep& rep = *rep_;
  std::vector<const Tensor*> given;
  for (const TensorSpec& spec : rep.inputs) {
    auto it = inputs.find(spec.name);
    if (it == inputs.end()) {
      return absl::InvalidArgumentError(absl::StrCat(rep.Where("input", spec.name), " is missing"));
    }
    if (it->second.dtype() != spec.dtype) {
      return absl::InvalidArgumentError(absl::StrCat(rep.Where("input", spec.name), " is ", DataTypeName(spec.dtype),
                                                     ", not ", DataTypeName(it->second.dtype())));
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
