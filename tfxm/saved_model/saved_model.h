// SPDX-License-Identifier: Apache-2.0

// A SavedModel, loaded to be run. Reads what TensorFlow 1 and 2, Keras 2 and 3 and tfxm write.
//
//   ASSIGN_OR_RETURN(auto model, SavedModel::Load(dir));
//   ASSIGN_OR_RETURN(const Signature* signature, model->FindSignature("serving_default"));
//   ASSIGN_OR_RETURN(auto outputs, model->Run(*signature, {{"image_floats", tensor}}));
//   const Tensor& scores = outputs.at("output_0");
//
// Run is thread safe. No TensorFlow type is visible here; the library behind it (libtfxm_saved_model) loads
// libtensorflow_cc.
#ifndef TFXM_SAVED_MODEL_SAVED_MODEL_H_
#define TFXM_SAVED_MODEL_SAVED_MODEL_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/data/tensor.h"

namespace tfxm {

// A SignatureDef: names as the caller knows them (the keys), sorted.
struct Signature {
  std::string name;
  std::vector<TensorSpec> inputs;
  std::vector<TensorSpec> outputs;
};

struct SavedModelOptions {
  std::vector<std::string> tags = {"serve"};
  int num_threads = 0;  // Intra-op; 0: all cores.
};

class SavedModel {
 public:
  // NOT_FOUND / INVALID_ARGUMENT name the directory and what is missing or ill-formed in it.
  static absl::StatusOr<std::unique_ptr<SavedModel>> Load(absl::string_view dir, const SavedModelOptions& options = {});
  // True if `dir` holds a saved_model.pb.
  static bool IsSavedModel(absl::string_view dir);
  ~SavedModel();

  const std::vector<Signature>& signatures() const;
  // NOT_FOUND lists the signatures there are.
  absl::StatusOr<const Signature*> FindSignature(absl::string_view name) const;

  // Feeds every input of the signature by name and returns every output. INVALID_ARGUMENT names an input that is
  // missing, unknown or of the wrong type.
  absl::StatusOr<std::map<std::string, Tensor>> Run(const Signature& signature,
                                                    const std::map<std::string, Tensor>& inputs) const;

 private:
  SavedModel();
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

}  // namespace tfxm

#endif  // TFXM_SAVED_MODEL_SAVED_MODEL_H_
