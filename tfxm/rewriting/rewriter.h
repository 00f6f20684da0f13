// SPDX-License-Identifier: Apache-2.0

// Turns one model into another: today a SavedModel into a TFLite model.
//
//   ASSIGN_OR_RETURN(auto tfrw, CreateRewriter(kTfliteRewriter, {.name = "tflite_rewriter"}));
//   RETURN_IF_ERROR(RewriteSavedModel(temp_saving_model_dir, fn_args.serving_model_dir, *tfrw,
//                                     ModelType::kTfliteModel));
//
// The names are TFX's (tfx/components/trainer/rewriting). Using TFLite rewriters loads libtensorflow_cc, about 0.4 s.
#ifndef TFXM_REWRITING_REWRITER_H_
#define TFXM_REWRITING_REWRITER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/rewriting/rewriter_options.h"
#include "tfxm/util/registry.h"

namespace tfxm {

enum class ModelType {
  kAnyModel = 1,
  kSavedModel = 2,
  kTfliteModel = 3,
};

struct ModelDescription {
  ModelType model_type = ModelType::kAnyModel;
  std::string path;  // A directory.
};

// A rewriter holds its options and nothing else: it may be used again, from one thread at a time.
class Rewriter {
 public:
  virtual ~Rewriter() = default;
  virtual const std::string& name() const = 0;

  // Whether the original can be rewritten; INVALID_ARGUMENT says everything that stands in the way.
  virtual absl::Status PreRewriteValidate(const ModelDescription& original) = 0;
  // Writes into rewritten.path, which exists.
  virtual absl::Status Rewrite(const ModelDescription& original, const ModelDescription& rewritten) = 0;
  // Whether the result does what the original does.
  virtual absl::Status PostRewriteValidate(const ModelDescription& original, const ModelDescription& rewritten) = 0;

  // The three in order. Errors name the rewriter, the step and the model.
  absl::Status PerformRewrite(const ModelDescription& original, const ModelDescription& rewritten);
};

using RewriterRegistry = Registry<Rewriter, const RewriterOptions&>;
inline constexpr absl::string_view kTfliteRewriter = "TFLiteRewriter";

// NOT_FOUND lists the kinds there are; INVALID_ARGUMENT says which option is wrong, before any work is done.
absl::StatusOr<std::unique_ptr<Rewriter>> CreateRewriter(absl::string_view type, const RewriterOptions& options);

// Rewrites the SavedModel in `src`; what comes of it appears in `dst` complete and validated, or not at all. A `src`
// that lies inside `dst` is taken as temporary and removed afterwards, also when rewriting fails; any other is left
// alone.
absl::Status RewriteSavedModel(absl::string_view src, absl::string_view dst, Rewriter& rewriter,
                               ModelType dst_model_type = ModelType::kSavedModel);

// The same for commands: nothing that is there already is lost. `src` stays, wherever it lies, and in `dst` only a
// TFLite file is replaced by the new one. FAILED_PRECONDITION names any other file or folder that is in the way;
// nothing has changed then.
absl::Status RewriteKeepingSource(absl::string_view src, absl::string_view dst, Rewriter& rewriter,
                                  ModelType dst_model_type = ModelType::kSavedModel);
// Whether `made`, a file or a folder, could take the place of `target`: there is none, `target` is a TFLite file, or
// both are folders of the same content.
absl::Status CheckReplaceable(absl::string_view target, absl::string_view made);
// What of a SavedModel goes beside the TFLite file: those of its folders "assets" and "assets.extra" that are asked for
// and hold something.
std::vector<std::string> FoldersToCopy(absl::string_view saved_model_dir, const RewriterOptions& options);

// Where RewriteSavedModel makes its result, in `dst`, until it is complete: the prefix of a TempDir (util/files/temporary.h).
inline constexpr char kRewritingDir[] = ".rewriting-";

}  // namespace tfxm

#endif  // TFXM_REWRITING_REWRITER_H_
