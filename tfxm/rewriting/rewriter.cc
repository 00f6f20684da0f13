#include "tfxm/rewriting/rewriter.h"

#include <unistd.h>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {

absl::Status Rewriter::PerformRewrite(const ModelDescription& original, const ModelDescription& rewritten) {
  RETURN_IF_ERROR(Annotate(PreRewriteValidate(original),
                           absl::StrCat("rewriter \"", name(), "\" cannot take the model in ", original.path)));
  RETURN_IF_ERROR(Annotate(Rewrite(original, rewritten),
                           absl::StrCat("rewriter \"", name(), "\" failed to rewrite ", original.path)));
  return Annotate(PostRewriteValidate(original, rewritten),
                  absl::StrCat("rewriter \"", name(), "\": the rewritten model is not valid"));
}

absl::StatusOr<std::unique_ptr<Rewriter>> CreateRewriter(absl::string_view type, const RewriterOptions& options) {
  if (!RewriterRegistry::Get().Has(type)) {
    return absl::NotFoundError(absl::StrCat("there is no rewriter \"", type, "\"; there are ",
                                            absl::StrJoin(RewriterRegistry::Get().Names(), ", ")));
  }
  RETURN_IF_ERROR(Annotate(ResolveQuantization(options, /*trained_ranges=*/true).status(),
                           absl::StrCat("rewriter \"", options.name, "\"")));
  return RewriterRegistry::Get().Create(type, options);
}

std::string RewritingDirPrefix(int64_t process) { return absl::StrCat(".rewriting-", process, "-"); }

absl::Status RewriteSavedModel(absl::string_view src, absl::string_view dst, Rewriter& rewriter,
                               ModelType dst_model_type) {
  const std::string from = io::AbsolutePath(src), to = io::AbsolutePath(dst);
  if (from == to) {
    return absl::InvalidArgumentError(absl::StrCat("source and destination of rewriting are both ", from));
  }
  const bool temporary = absl::StartsWith(from, to + "/");
  absl::Cleanup remove_source = [&] {
    if (temporary) io::RemoveAll(from).IgnoreError();
  };
  // Made beside `dst` and moved in when it is complete and valid.
  RETURN_IF_ERROR(io::MakeDirs(to));
  ASSIGN_OR_RETURN(const std::string making, io::MakeTempDir(to, RewritingDirPrefix(getpid())));
  absl::Cleanup remove_making = [&] { io::RemoveAll(making).IgnoreError(); };
  RETURN_IF_ERROR(rewriter.PerformRewrite({ModelType::kSavedModel, from}, {dst_model_type, making}));
  ASSIGN_OR_RETURN(std::vector<std::string> names, io::ListDir(making));
  for (const std::string& name : names) {
    const std::string target = io::JoinPath(to, name);
    if (io::IsDirectory(target)) RETURN_IF_ERROR(io::RemoveAll(target));
    RETURN_IF_ERROR(io::Rename(io::JoinPath(making, name), target));
  }
  return absl::OkStatus();
}

}  // namespace tfxm
