// SPDX-License-Identifier: Apache-2.0

// ModelRewriter: a SavedModel to a TFLite model, as a node of its own: one training, as many variants as there are such
// nodes.
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

namespace tfxm {
namespace {

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
    ASSIGN_OR_RETURN(options.quantization,
                     ParseQuantization(StringPropertyOr(exec_properties, "quantization", "none")));
    options.signature_key = StringPropertyOr(exec_properties, "signature_name", "");
    std::string split = "train";
    RETURN_IF_ERROR(ApplyCustomConfig(StringPropertyOr(exec_properties, "custom_config", ""), &options, &split));
    if (inputs.count("examples") > 0 && !inputs.at("examples").empty()) {
      ASSIGN_OR_RETURN(const std::vector<std::string> files,
                       FilesOfSplits(inputs.at("examples")[0], {split},
                                     "say which the ModelRewriter takes with .custom_config = {{\"split\", \"…\"}}"));
      options.representative_dataset.examples = absl::StrJoin(files, ",");
    }
    if (inputs.count("transform_graph") > 0 && !inputs.at("transform_graph").empty()) {
      options.representative_dataset.transform_graph = inputs.at("transform_graph")[0].uri;
    }
    context.progress(absl::StrCat("converting, quantization ", QuantizationName(*options.quantization)), -1);
    TfliteRewriter rewriter(options);
    const absl::Status status =
        RewriteSavedModel(saved_model, io::JoinPath(output->uri, kServingModelDir), rewriter, ModelType::kTfliteModel);
    std::fputs(rewriter.report().Render().c_str(), stdout);  // Into the node's log.
    return status;
  }

 private:
  // {"keep_float_ops": ["SOFTMAX"], "keep_float_layers": ["dense_1"], "keep_float_automatically": true, "sample_size":
  // 500,
  //  "split": "eval"}
  static absl::Status ApplyCustomConfig(const std::string& json, RewriterOptions* options, std::string* split) {
    if (json.empty()) return absl::OkStatus();
    google::protobuf::Struct config;
    RETURN_IF_ERROR(Annotate(io::ParseJson(json, &config), "custom_config"));
    for (const auto& [name, value] : config.fields()) {
      if (name == "keep_float_automatically") {
        options->keep_float_automatically = value.bool_value();
      } else if (name == "allow_select_tf_ops") {
        options->allow_select_tf_ops = value.bool_value();
      } else if (name == "allow_custom_ops") {
        options->allow_custom_ops = value.bool_value();
      } else if (name == "calibration") {
        ASSIGN_OR_RETURN(options->calibration, ParseCalibration(value.string_value()));
      } else if (name == "calibration_percentile") {
        options->calibration_percentile = value.number_value();
      } else if (name == "inference_input_type" || name == "inference_output_type") {
        google::protobuf::Struct type;
        (*type.mutable_fields())[name] = value;
        ASSIGN_OR_RETURN(const RewriterOptions types, RewriterOptionsFromJson(type));
        (name == "inference_input_type" ? options->inference_input_type : options->inference_output_type) =
            name == "inference_input_type" ? types.inference_input_type : types.inference_output_type;
      } else if (name == "split") {
        *split = value.string_value();
      } else if (name == "sample_size") {
        options->representative_dataset.sample_size = static_cast<int>(value.number_value());
      } else if (name == "keep_float_ops" || name == "keep_float_layers" || name == "int16_layers") {
        auto& list = name == "keep_float_ops"      ? options->keep_float_ops
                     : name == "keep_float_layers" ? options->keep_float_layers
                                                   : options->int16_layers;
        for (const auto& element : value.list_value().values()) list.push_back(element.string_value());
      } else {
        return absl::InvalidArgumentError(
            absl::StrCat("custom_config of a ModelRewriter has no \"", name,
                         "\"; it takes keep_float_ops, keep_float_layers, int16_layers, "
                         "keep_float_automatically, calibration, calibration_percentile, inference_input_type, "
                         "inference_output_type, allow_select_tf_ops, allow_custom_ops, sample_size and split"));
      }
    }
    return absl::OkStatus();
  }
};

TFXM_REGISTER(ExecutorRegistry, "tfxm.components.model_rewriter.executor.Executor",
              [] { return std::make_unique<ModelRewriterExecutor>(); });

}  // namespace
}  // namespace tfxm
