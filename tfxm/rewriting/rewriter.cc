// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/rewriter.h"

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/util/files/clean_up.h"
#include "tfxm/util/files/temporary.h"
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

absl::Status CheckReplaceable(absl::string_view target, absl::string_view made) {
  if (!io::Exists(target)) return absl::OkStatus();
  if (!io::IsDirectory(made) && !io::IsDirectory(target)) {
    ASSIGN_OR_RETURN(const std::string content, io::ReadFile(target));
    if (content.substr(std::min<size_t>(4, content.size()), 4) == "TFL3") return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(
        target, " is there already and is not a TFLite file: remove it, or choose another output or filename"));
  }
  if (!io::IsDirectory(made)) {
    return absl::FailedPreconditionError(
        absl::StrCat(target, " is a folder: choose another output or filename for the TFLite file"));
  }
  ASSIGN_OR_RETURN(const bool same, io::SameTree(made, target));
  if (same) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(target, " is there already, with other content than the model's own \"", io::Basename(target),
                   "\", which goes there: choose another output"));
}

std::vector<std::string> FoldersToCopy(absl::string_view saved_model_dir, const RewriterOptions& options) {
  std::vector<std::string> folders;
  for (const auto& [copy, folder] :
       {std::pair{options.copy_assets, "assets"}, std::pair{options.copy_assets_extra, "assets.extra"}}) {
    const std::string from = io::JoinPath(saved_model_dir, folder);
    if (!copy || !io::IsDirectory(from)) continue;
    // TensorFlow writes an empty one. One that cannot be read says so when it is copied.
    if (const auto names = io::ListDir(from); !names.ok() || !names->empty()) folders.emplace_back(folder);
  }
  return folders;
}

namespace {

enum class Existing { kReplace, kKeep };  // What is in the way in `to`.

// Made beside what is in `to` and moved in when it is complete and valid.
absl::Status RewriteInto(const std::string& from, const std::string& to, Rewriter& rewriter, ModelType dst_model_type,
                         Existing existing) {
  RETURN_IF_ERROR(io::MakeDirs(to));
  ASSIGN_OR_RETURN(const auto temporary, io::TempDir::Make(to, kRewritingDir));
  const std::string& making = temporary->path();
  RETURN_IF_ERROR(rewriter.PerformRewrite({ModelType::kSavedModel, from}, {dst_model_type, making}));
  ASSIGN_OR_RETURN(const std::vector<std::string> names, io::ListDir(making));
  const NoInterruption until_it_is_in_place;
  if (existing == Existing::kKeep) {
    for (const std::string& name : names) {
      RETURN_IF_ERROR(CheckReplaceable(io::JoinPath(to, name), io::JoinPath(making, name)));
    }
  }
  for (const std::string& name : names) {
    const std::string target = io::JoinPath(to, name);
    if (io::IsDirectory(target)) {
      if (existing == Existing::kKeep) continue;  // Of the same content.
      RETURN_IF_ERROR(io::RemoveAll(target));
    }
    RETURN_IF_ERROR(io::Rename(io::JoinPath(making, name), target));
  }
  return absl::OkStatus();
}

absl::Status SamePlace(const std::string& place) {
  return absl::InvalidArgumentError(absl::StrCat("source and destination of rewriting are both ", place));
}

}  // namespace

absl::Status RewriteSavedModel(absl::string_view src, absl::string_view dst, Rewriter& rewriter,
                               ModelType dst_model_type) {
  const std::string from = io::AbsolutePath(src), to = io::AbsolutePath(dst);
  if (from == to) return SamePlace(from);
  const bool temporary = absl::StartsWith(from, to + "/");
  absl::Cleanup remove_source = [&] {
    if (temporary) io::RemoveAll(from).IgnoreError();
  };
  return RewriteInto(from, to, rewriter, dst_model_type, Existing::kReplace);
}

absl::Status RewriteKeepingSource(absl::string_view src, absl::string_view dst, Rewriter& rewriter,
                                  ModelType dst_model_type) {
  const std::string from = io::AbsolutePath(src), to = io::AbsolutePath(dst);
  if (from == to || io::IsSameFile(from, to)) return SamePlace(from);
  return RewriteInto(from, to, rewriter, dst_model_type, Existing::kKeep);
}

}  // namespace tfxm
