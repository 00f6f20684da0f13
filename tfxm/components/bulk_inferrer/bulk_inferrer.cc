// SPDX-License-Identifier: Apache-2.0

// BulkInferrer: runs a model, SavedModel or TFLite, over examples, and writes what it has predicted.
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tensorflow_model_analysis/proto/config.pb.h"
#include "tfx/proto/bulk_inferrer.pb.h"
#include "tfxm/components/bulk_inferrer/predictions.h"
#include "tfxm/components/executor.h"
#include "tfxm/components/splits.h"
#include "tfxm/compute/example_count.h"
#include "tfxm/compute/pass.h"
#include "tfxm/data/examples.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/distribution/run_pass.h"
#include "tfxm/distribution/steps/whole_files.h"
#include "tfxm/metadata/artifact_layout.h"
#include "tfxm/model_analysis/inference/inference_model.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using model_analysis::InferenceModel;
using model_analysis::InferenceSession;
using tfx::components::bulkinferrer::DataSpec;
using tfx::components::bulkinferrer::ModelSpec;
using tfx::components::bulkinferrer::OutputExampleSpec;

constexpr char kInferenceResult[] = "inference_result", kOutputExamples[] = "output_examples";
constexpr char kPredictionLogs[] = "prediction_logs", kExamples[] = "examples";  // Files, as TFX names them.

absl::StatusOr<std::unique_ptr<InferenceModel>> LoadModel(const std::string& uri, const ModelSpec& spec) {
  if (spec.model_signature_name_size() > 1) {
    return absl::UnimplementedError(
        "model_spec names several signatures; a BulkInferrer runs one: have one for each of them");
  }
  for (const std::string& tag : spec.tag()) {
    if (tag != "serve")
      return absl::UnimplementedError(
          absl::StrCat("model_spec has the tag \"", tag, "\"; tfxm runs the SavedModel's graph \"serve\""));
  }
  const std::string path = io::JoinPath(uri, kServingModelDir);
  tensorflow_model_analysis::ModelSpec model;
  std::string file;
  if (spec.model_signature_name_size() == 1) {
    model.set_signature_name(spec.model_signature_name(0));
  } else if (model_analysis::DetectModelType(path, &file) == "saved_model") {
    model.set_signature_name("serving_default");
  }
  return model_analysis::LoadInferenceModel(path, model, /*detect_type=*/true);
}

// The sessions of the threads, made as they are needed.
class Sessions {
 public:
  explicit Sessions(const InferenceModel& model) : model_(model) {}
  absl::StatusOr<std::unique_ptr<InferenceSession>> Take() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (!free_.empty()) {
        std::unique_ptr<InferenceSession> session = std::move(free_.back());
        free_.pop_back();
        return session;
      }
    }
    return model_.NewSession();
  }
  void GiveBack(std::unique_ptr<InferenceSession> session) {
    std::lock_guard<std::mutex> lock(mutex_);
    free_.push_back(std::move(session));
  }

 private:
  const InferenceModel& model_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<InferenceSession>> free_;
};

// What becomes of the files of one or more splits.
struct Destination {
  std::string dir;
  std::string prefix;                       // Of the files in it, of which there are as many as are read.
  const OutputExampleSpec* spec = nullptr;  // Of examples; null: prediction logs.
  // The files are those of `num_files` from first_file on, which is in the outputs' names. 0: there are no others.
  int first_file = 0, num_files = 0;
};

class Inference {
 public:
  Inference(const InferenceModel& model, std::function<void(int64_t)> progress)
      : model_(model), sessions_(model), progress_(std::move(progress)), input_(model.examples_input()) {
    if (input_.empty()) input_ = "examples";
  }

  absl::Status Run(const std::vector<std::string>& files, const Destination& destination) {
    RETURN_IF_ERROR(io::MakeDirs(destination.dir));
    const int num_files = destination.num_files > 0 ? destination.num_files : static_cast<int>(files.size());
    std::vector<std::unique_ptr<data::TFRecordWriter>> writers(files.size());
    const auto write = [&](int file, bool last, const compute::RecordBlock& records) -> absl::Status {
      if (writers[file] == nullptr) {
        const std::string name = data::ShardName(destination.prefix, destination.first_file + file, num_files);
        ASSIGN_OR_RETURN(writers[file], data::TFRecordWriter::Create(io::JoinPath(destination.dir, name)));
      }
      for (int i = 0; i < records.size(); ++i) RETURN_IF_ERROR(writers[file]->Write(records.record(i)));
      if (!last) return absl::OkStatus();
      RETURN_IF_ERROR(writers[file]->Close());
      writers[file].reset();
      return absl::OkStatus();
    };
    const compute::PassOptions pass{.keep_records = true};
    return compute::ForEachBlock(
        files, pass,
        [&](const compute::RecordBlock& block) -> absl::StatusOr<compute::InTurn> {
          const auto records = std::make_shared<compute::RecordBlock>();
          RETURN_IF_ERROR(compute::ForEachBatch(files[block.file], block, pass, [&](const data::ExampleBatch& batch) {
            return Predict(batch, destination.spec, records.get());
          }));
          return [&write, records, file = block.file, last = block.last] { return write(file, last, *records); };
        },
        [](int file) { return absl::OkStatus(); });
  }

 private:
  absl::Status Predict(const data::ExampleBatch& batch, const OutputExampleSpec* spec, compute::RecordBlock* records) {
    if (batch.num_examples() == 0) return absl::OkStatus();
    ASSIGN_OR_RETURN(std::unique_ptr<InferenceSession> session, sessions_.Take());
    ASSIGN_OR_RETURN(const Outputs outputs, session->PredictTensors(batch));
    sessions_.GiveBack(std::move(session));
    for (int i = 0; i < batch.num_examples(); ++i) {
      const auto record = spec != nullptr
                              ? AddPredictions(*spec, batch.record(i), outputs, i)
                              : MakePredictionLog(model_.signature_name(), input_, batch.record(i), outputs, i);
      if (!record.ok()) return Annotate(record.status(), absl::StrCat("record ", batch.first_record() + i));
      records->Append(*record);
    }
    progress_(examples_ += batch.num_examples());
    return absl::OkStatus();
  }

  const InferenceModel& model_;
  Sessions sessions_;
  const std::function<void(int64_t)> progress_;
  std::string input_;
  std::atomic<int64_t> examples_ = 0;
};

// A part has nothing but what its header says: the file is the result.
constexpr StateKind kInferred = {"inferred", 1};

class InferWorker : public distribution::LedByAnother {
 public:
  explicit InferWorker(const distribution::PassRequest& request) : request_(request) {}
  StateKind kind() const override { return kInferred; }
  absl::StatusOr<std::string> Map(const compute::Shard& shard, int64_t* num_examples) override {
    const distribution::InferStep& step = request_.infer();
    ASSIGN_OR_RETURN(const distribution::FileNumber file, distribution::NumberOf(shard, request_));
    ASSIGN_OR_RETURN(const std::unique_ptr<InferenceModel> model, LoadModel(step.model_uri(), step.model_spec()));
    compute::ExampleCount count;
    Inference inference(*model, count.Progress());
    RETURN_IF_ERROR(distribution::WriteWhole(
        step.tmp_dir(), step.output_dir(), data::ShardName(step.prefix(), file.number, file.count),
        [&](const std::string& folder) {
          return inference.Run({shard.file},
                               {.dir = folder,
                                .prefix = step.prefix(),
                                .spec = step.has_output_example_spec() ? &step.output_example_spec() : nullptr,
                                .first_file = file.number,
                                .num_files = file.count});
        }));
    *num_examples = count.value();
    return "";
  }

 private:
  const distribution::PassRequest request_;
};

TFXM_REGISTER(distribution::StepRegistry, "infer", [](const distribution::PassRequest& request, const std::string&) {
  return std::make_unique<InferWorker>(request);
});

absl::Status InferByWorkers(const std::string& model_uri, const ModelSpec& model_spec,
                            const std::vector<std::string>& files, const Destination& destination,
                            const ExecutorContext& context) {
  RETURN_IF_ERROR(io::MakeDirs(destination.dir));
  distribution::PassRequest request;
  distribution::SplitIntoFiles(files, &request);
  distribution::InferStep& step = *request.mutable_infer();
  step.set_model_uri(model_uri);
  *step.mutable_model_spec() = model_spec;
  if (destination.spec != nullptr) *step.mutable_output_example_spec() = *destination.spec;
  step.set_output_dir(destination.dir);
  step.set_prefix(destination.prefix);
  step.set_tmp_dir(context.tmp_dir);
  distribution::LedStep leader(kInferred,
                               [](const compute::Shard& shard, StateReader* values) { return values->Finish(); });
  return distribution::RunPass(std::move(request), context.workers, &leader,
                               [&](const distribution::PassProgress& done) { context.progress(ToText(done), -1); });
}

// By split, of all artifacts. `wanted` is empty for all splits that there are.
absl::StatusOr<std::map<std::string, std::vector<std::string>>> FilesBySplit(const std::vector<Artifact>& examples,
                                                                             const std::vector<std::string>& wanted) {
  std::map<std::string, std::vector<std::string>> files;
  for (const Artifact& artifact : examples) {
    std::vector<std::string> splits = wanted;
    if (wanted.empty()) {
      ASSIGN_OR_RETURN(splits, SplitNames(artifact));
    }
    for (const std::string& split : splits) {
      ASSIGN_OR_RETURN(const std::vector<std::string> more,
                       FilesOfSplits(artifact, {split}, "data_spec.example_splits says which the BulkInferrer takes"));
      files[split].insert(files[split].end(), more.begin(), more.end());
    }
  }
  return files;
}

class BulkInferrerExecutor : public Executor {
 public:
  absl::Status Do(const ArtifactDict& inputs, const Properties& exec_properties, const ExecutorContext& context,
                  ArtifactDict* outputs) override {
    DataSpec data_spec;
    ModelSpec model_spec;
    OutputExampleSpec output_spec;
    const auto parse = [&](const char* name, google::protobuf::Message* message) {
      return Annotate(io::ParseJson(StringPropertyOr(exec_properties, name, "{}"), message), name);
    };
    RETURN_IF_ERROR(parse("data_spec", &data_spec));
    RETURN_IF_ERROR(parse("model_spec", &model_spec));
    RETURN_IF_ERROR(parse("output_example_spec", &output_spec));
    ASSIGN_OR_RETURN(const Artifact* model, SingleArtifact(inputs, "model"));
    const Artifact* const blessing = OptionalArtifact(inputs, "model_blessing");
    if (blessing != nullptr && IntPropertyOr(blessing->custom_properties, "blessed", 0) != 1) {
      context.progress("the model is not blessed: nothing is inferred", 1);
      return absl::OkStatus();
    }
    const auto examples = inputs.find("examples");
    if (examples == inputs.end() || examples->second.empty()) {
      return SingleArtifact(inputs, "examples").status();
    }
    ASSIGN_OR_RETURN(const auto files, FilesBySplit(examples->second, {data_spec.example_splits().begin(),
                                                                       data_spec.example_splits().end()}));
    ASSIGN_OR_RETURN(const std::unique_ptr<InferenceModel> loaded, LoadModel(model->uri, model_spec));
    Inference inference(*loaded, [&](int64_t n) { context.progress(absl::StrCat(n, " examples"), -1); });
    const auto infer = [&](const std::vector<std::string>& of_split, const Destination& destination) {
      if (context.workers.are_threads()) return inference.Run(of_split, destination);
      return InferByWorkers(model->uri, model_spec, of_split, destination, context);
    };
    if (outputs->count(kOutputExamples) > 0) {
      RETURN_IF_ERROR(CheckOutputExampleSpec(output_spec, loaded->signature_name()));
      ASSIGN_OR_RETURN(Artifact * out, SingleArtifact(outputs, kOutputExamples));
      std::vector<std::string> splits;
      for (const auto& [split, of_split] : files) {
        splits.push_back(split);
        RETURN_IF_ERROR(infer(of_split, {data::SplitDir(out->uri, split), kExamples, &output_spec}));
      }
      CopySplitsAndSpan(examples->second[0], splits, out);
    }
    if (outputs->count(kInferenceResult) > 0) {
      ASSIGN_OR_RETURN(Artifact * out, SingleArtifact(outputs, kInferenceResult));
      std::vector<std::string> all;
      for (const auto& [split, of_split] : files) all.insert(all.end(), of_split.begin(), of_split.end());
      RETURN_IF_ERROR(infer(all, {out->uri, kPredictionLogs}));
    }
    return absl::OkStatus();
  }
};

TFXM_REGISTER(ExecutorRegistry, "tfx.components.bulk_inferrer.executor.Executor",
              [] { return std::make_unique<BulkInferrerExecutor>(); });

}  // namespace
}  // namespace tfxm
