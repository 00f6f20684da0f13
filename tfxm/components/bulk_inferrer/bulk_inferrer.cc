// SPDX-License-Identifier: Apache-2.0

// BulkInferrer: runs a model, SavedModel or TFLite, over examples, and writes what it has predicted.
#include <atomic>
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
#include "tfxm/compute/pass.h"
#include "tfxm/data/examples.h"
#include "tfxm/data/tfrecord.h"
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

absl::StatusOr<std::unique_ptr<InferenceModel>> LoadModel(const Artifact& artifact, const ModelSpec& spec) {
  if (spec.model_signature_name_size() > 1) {
    return absl::UnimplementedError(
        "model_spec names several signatures; a BulkInferrer runs one: have one for each of them");
  }
  for (const std::string& tag : spec.tag()) {
    if (tag != "serve")
      return absl::UnimplementedError(
          absl::StrCat("model_spec has the tag \"", tag, "\"; tfxm runs the SavedModel's graph \"serve\""));
  }
  const std::string path = io::JoinPath(artifact.uri, kServingModelDir);
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
};

class Inference {
 public:
  Inference(const InferenceModel& model, const ExecutorContext& context)
      : model_(model), sessions_(model), context_(context), input_(model.examples_input()) {
    if (input_.empty()) input_ = "examples";
  }

  absl::Status Run(const std::vector<std::string>& files, const Destination& destination) {
    RETURN_IF_ERROR(io::MakeDirs(destination.dir));
    const int num_files = static_cast<int>(files.size());
    std::vector<std::unique_ptr<data::TFRecordWriter>> writers(files.size());
    const auto write = [&](int file, bool last, const compute::RecordBlock& records) -> absl::Status {
      if (writers[file] == nullptr) {
        ASSIGN_OR_RETURN(writers[file], data::TFRecordWriter::Create(io::JoinPath(
                                            destination.dir, data::ShardName(destination.prefix, file, num_files))));
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
    context_.progress(absl::StrCat(examples_ += batch.num_examples(), " examples"), -1);
    return absl::OkStatus();
  }

  const InferenceModel& model_;
  Sessions sessions_;
  const ExecutorContext& context_;
  std::string input_;
  std::atomic<int64_t> examples_ = 0;
};

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
    ASSIGN_OR_RETURN(const std::unique_ptr<InferenceModel> loaded, LoadModel(*model, model_spec));
    Inference inference(*loaded, context);
    if (outputs->count(kOutputExamples) > 0) {
      RETURN_IF_ERROR(CheckOutputExampleSpec(output_spec, loaded->signature_name()));
      ASSIGN_OR_RETURN(Artifact * out, SingleArtifact(outputs, kOutputExamples));
      std::vector<std::string> splits;
      for (const auto& [split, of_split] : files) {
        splits.push_back(split);
        RETURN_IF_ERROR(inference.Run(of_split, {data::SplitDir(out->uri, split), kExamples, &output_spec}));
      }
      CopySplitsAndSpan(examples->second[0], splits, out);
    }
    if (outputs->count(kInferenceResult) > 0) {
      ASSIGN_OR_RETURN(Artifact * out, SingleArtifact(outputs, kInferenceResult));
      std::vector<std::string> all;
      for (const auto& [split, of_split] : files) all.insert(all.end(), of_split.begin(), of_split.end());
      RETURN_IF_ERROR(inference.Run(all, {out->uri, kPredictionLogs}));
    }
    return absl::OkStatus();
  }
};

TFXM_REGISTER(ExecutorRegistry, "tfx.components.bulk_inferrer.executor.Executor",
              [] { return std::make_unique<BulkInferrerExecutor>(); });

}  // namespace
}  // namespace tfxm
