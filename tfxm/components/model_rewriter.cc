// SPDX-License-Identifier: Apache-2.0

// ModelRewriter: a SavedModel to a TFLite model, as a node of its own: one training, as many variants as there are such
// nodes.
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/components/executor.h"
#include "tfxm/components/splits.h"
#include "tfxm/metadata/artifact_layout.h"
#include "tfxm/rewriting/rewriter.h"
#include "tfxm/rewriting/rewriter_options_json.h"
#include "tfxm/rewriting/tflite_rewriter.h"
#include "tfxm/saved_model/saved_model.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/json_value.h"

namespace tfxm {
namespace {

using google::protobuf::Value;

// A C++ pipeline's Properties have no booleans, lists or objects: there 0 and 1 stand for the former, and text with JSON
// in it for the others.
JsonSetter OrAsProperty(JsonSetter setter) {
  return [setter = std::move(setter)](const Value& value) -> absl::Status {
    const absl::Status status = setter(value);
    if (status.ok()) return status;
    Value meant;
    if (value.has_number_value() && (value.number_value() == 0 || value.number_value() == 1)) {
      meant.set_bool_value(value.number_value() == 1);
      return setter(meant).ok() ? absl::OkStatus() : status;
    }
    if (!io::ParseJson(value.string_value(), &meant).ok() || !(meant.has_list_value() || meant.has_struct_value())) {
      return status;
    }
    return setter(meant);
  };
}

// A member that the node is told in another way.
JsonSetter GivenAlready(absl::string_view how) {
  return [message = absl::StrCat("is given twice: the node has it from its ", how)](const Value&) {
    return absl::InvalidArgumentError(message);
  };
}

// All that RewriterOptionsFromJson takes, and `split` and `sample_size` of the examples.
absl::Status ApplyCustomConfig(const std::string& json, JsonSetters setters) {
  if (json.empty()) return absl::OkStatus();
  google::protobuf::Struct config;
  absl::Status status = io::ParseJson(json, &config);
  for (auto& [name, setter] : setters) setter = OrAsProperty(std::move(setter));
  if (status.ok()) status = SetMembers(kRewriterOption, config, setters);
  return Annotate(status, "custom_config");
}

class ModelRewriterExecutor : public Executor {
 public:
  absl::Status Do(const ArtifactDict& inputs, const Properties& exec_properties, const ExecutorContext& context,
                  ArtifactDict* outputs) override {
    ASSIGN_OR_RETURN(const Artifact* model, SingleArtifact(inputs, "model"));
    ASSIGN_OR_RETURN(const Artifact* output, SingleArtifact(outputs, "model"));
    const std::string saved_model = io::JoinPath(model->uri, kServingModelDir);
    if (!SavedModel::IsSavedModel(saved_model)) {
      return absl::InvalidArgumentError(absl::StrCat(
          saved_model, " holds no SavedModel; a ModelRewriter takes the model of a Trainer that saves one"));
    }
    RewriterOptions options{.name = context.node_id};
    RepresentativeDataset& data = options.representative_dataset;
    std::string split = "train";
    JsonSetters setters = RewriterOptionSetters(&options);
    setters["split"] = SetsJson(&split);
    setters["sample_size"] = SetsJson(&data.sample_size);
    const std::string quantization = StringPropertyOr(exec_properties, "quantization", "");
    if (!quantization.empty()) {
      ASSIGN_OR_RETURN(options.quantization, ParseQuantization(quantization));
      setters["quantization"] = GivenAlready("parameter quantization");
    }
    options.signature_key = StringPropertyOr(exec_properties, "signature_name", "");
    if (!options.signature_key.empty()) setters["signature_key"] = GivenAlready("parameter signature_name");
    RETURN_IF_ERROR(ApplyCustomConfig(StringPropertyOr(exec_properties, "custom_config", ""), std::move(setters)));
    if (const Artifact* const examples = OptionalArtifact(inputs, "examples")) {
      if (!data.examples.empty()) {
        return absl::InvalidArgumentError(
            "custom_config has representative_dataset.examples and the node examples; give one of them");
      }
      ASSIGN_OR_RETURN(const std::vector<std::string> files,
                       FilesOfSplits(*examples, {split},
                                     "say which the ModelRewriter takes with .custom_config = {{\"split\", \"…\"}}"));
      data.examples = absl::StrJoin(files, ",");
    }
    if (const Artifact* const graph = OptionalArtifact(inputs, "transform_graph")) data.transform_graph = graph->uri;
    const absl::StatusOr<QuantizationMode> mode = ResolveQuantization(options, /*trained_ranges=*/true);
    context.progress(absl::StrCat("converting", mode.ok() ? ", quantization " : "",
                                  mode.ok() ? QuantizationName(*mode) : absl::string_view()),
                     -1);
    TfliteRewriter rewriter(options);
    const absl::Status status =
        RewriteSavedModel(saved_model, io::JoinPath(output->uri, kServingModelDir), rewriter, ModelType::kTfliteModel);
    std::fputs(rewriter.report().Render().c_str(), stdout);  // Into the node's log.
    return status;
  }
};

TFXM_REGISTER(ExecutorRegistry, "tfxm.components.model_rewriter.executor.Executor",
              [] { return std::make_unique<ModelRewriterExecutor>(); });

}  // namespace
}  // namespace tfxm
