// SPDX-License-Identifier: Apache-2.0

// What a Trainer hands to the user's run_fn: TFX's FnArgs, field for field.
//
//   absl::Status run_fn(const FnArgs& fn_args) {
//     ASSIGN_OR_RETURN(TFTransformOutput tf_transform_output, TFTransformOutput::Load(fn_args.transform_output));
//     ASSIGN_OR_RETURN(nn::Dataset train_dataset,
//                      fn_args.data_accessor.tf_dataset_factory(fn_args.train_files,
//                                                               {.batch_size = 40, .label_key = "image_class_xf"},
//                                                               tf_transform_output.transformed_metadata_schema()));
//     …                                                     // And eval_dataset.
//     nn::Model model = BuildKerasModel();
//     RETURN_IF_ERROR(model.Fit(train_dataset.Repeat(),
//                               {.steps_per_epoch = fn_args.train_steps,
//                                .validation_data = &eval_dataset, .validation_steps = fn_args.eval_steps,
//                                .callbacks = {nn::callbacks::TensorBoard({.log_dir = fn_args.model_run_dir})}})
//                         .status());
//     return model.Save(fn_args.serving_model_dir,
//                       {{"serving_default", ServeTfExamplesFn(model, tf_transform_output)}});
//   }
#ifndef TFXM_NN_FN_ARGS_H_
#define TFXM_NN_FN_ARGS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/nn/data/dataset.h"

namespace tfxm {

// Makes datasets of the artifact's examples, however they are stored.
struct DataAccessor {
  // `file_pattern`: files, globs or directories. The features are the schema's (nn::FeatureSpecs): those of fixed shape,
  // and those that options.padded_shapes gives one. Unlike TFX's, the dataset ends after one pass unless options.num_epochs or
  // Repeat() say otherwise.
  std::function<absl::StatusOr<nn::Dataset>(const std::vector<std::string>& file_pattern,
                                            const nn::DatasetOptions& options,
                                            const tensorflow::metadata::v0::Schema& schema)>
      tf_dataset_factory;
};

// Of Examples artifacts: TFRecord files of tf.Examples.
DataAccessor MakeDataAccessor();

struct FnArgs {
  // Intermediate files of this execution.
  std::string working_dir;
  // Files that the Trainer's next execution finds if this one is killed or fails, as long as its inputs, properties and
  // code are the same: for BackupAndRestore, and for ModelCheckpoint where a run_fn loads the best weights at the end.
  // The folder is made when something is written, and removed after a successful run. (TFX has no such folder.)
  std::string checkpoint_dir;
  std::vector<std::string> train_files;
  std::vector<std::string> eval_files;
  // 0: once through the data.
  int64_t train_steps = 0;
  int64_t eval_steps = 0;
  // "" where the Trainer has no such input.
  std::string schema_path;
  std::string schema_file;  // The same; TFX's older name.
  std::string transform_graph_path;
  std::string transform_output;  // The same; TFX's older name.
  DataAccessor data_accessor;
  // Where run_fn leaves the model.
  std::string serving_model_dir;
  std::string eval_model_dir;
  // Where it leaves logs.
  std::string model_run_dir;
  std::string base_model;
  // By name; numbers, bools, lists and objects as JSON text.
  std::map<std::string, std::string> hyperparameters;
  std::map<std::string, std::string> custom_config;
};

}  // namespace tfxm

// What a module file defines. Declared here, so that another return type is a compile error.
absl::Status run_fn(const tfxm::FnArgs& fn_args);
absl::Status RunFn(const tfxm::FnArgs& fn_args);  // The same, by a name of C++ style guides.

#endif  // TFXM_NN_FN_ARGS_H_
