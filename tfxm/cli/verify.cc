// SPDX-License-Identifier: Apache-2.0

// tfxm verify
#include "absl/strings/str_cat.h"
#include "tfxm/cli/command.h"
#include "tfxm/metadata/metadata_store.h"
#include "tfxm/metadata/postgresql.h"
#include "tfxm/model_analysis/output/output_folder.h"
#include "tfxm/util/files/file_manifest.h"
#include "tfxm/util/filesystem/file_system.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"
#include "tfxm/util/text/text_table.h"

namespace tfxm::cli {
namespace {

// An artifact's custom property that holds its manifest.
constexpr char kFilesProperty[] = "files";

class VerifyCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags(
        "tfxm verify DIR|METADATA_DB …",
        "Whether files are what they were. A DIR is a pushed model: the version's folder, whose manifest.json has the\n"
        "size and SHA-256 of each file; or an evaluation by `tfxm evaluate --output=DIR`. Of a METADATA_DB, every artifact\n"
        "is checked against the hashes that were recorded when it was published. Prints what is missing, changed or does not\n"
        "belong there.\n\n"
        "Somebody who can change a model can change its manifest.json, too: keep a copy of the manifest, or the store,\n"
        "where they cannot.\n\n"
        "Example:\n"
        "  tfxm verify serving_model/1795955312");
    flags.TakeArguments(1, SIZE_MAX, "give a pushed model's folder or a store: tfxm verify serving_model/1795955312");
    return flags;
  }
  std::string No() const override { return "a file is not what it was"; }

  absl::Status Run(const std::vector<std::string>& arguments) override {
    for (const std::string& path : arguments) {
      if (postgresql::IsUri(path)) {
        RETURN_IF_ERROR(VerifyStore(path));
        continue;
      }
      ASSIGN_OR_RETURN(const io::PathInfo::Kind kind, io::KindOf(path));
      if (io::IsRemote(path) && kind != io::PathInfo::Kind::kDirectory) {
        return absl::NotFoundError(
            absl::StrCat("there is no folder ", path, "; a store of metadata is a local file, or at postgresql://"));
      }
      RETURN_IF_ERROR(kind == io::PathInfo::Kind::kDirectory ? VerifyFolder(path) : VerifyStore(path));
    }
    if (wrong_ == 0) return absl::OkStatus();
    return AnswerIsNo(wrong_ == 1 ? "1 file is not what it was (see above)"
                                  : absl::StrCat(wrong_, " files are not what they were (see above)"));
  }

 private:
  absl::Status VerifyFolder(const std::string& dir) {
    const std::string manifest_file = io::JoinPath(dir, kManifestFile);
    const std::string evaluation_file = io::JoinPath(dir, model_analysis::kEvaluationMark);
    if (io::Exists(manifest_file)) return Verify(dir, ReadFileManifest(manifest_file), /*with_others=*/true);
    // Beside the files of an evaluation there may be others.
    if (io::Exists(evaluation_file)) return Verify(dir, ReadFileManifest(evaluation_file), /*with_others=*/false);
    ASSIGN_OR_RETURN(const std::vector<std::string> names, io::ListDir(dir));
    for (auto name = names.rbegin(); name != names.rend(); ++name) {  // The newest version first.
      const std::string inside = io::JoinPath(dir, *name);
      if (!io::Exists(io::JoinPath(inside, kManifestFile))) continue;
      return UsageError(absl::StrCat(dir, " has no manifest.json, but its folders have: tfxm verify ", inside));
    }
    return absl::NotFoundError(absl::StrCat(
        dir, " has no manifest.json: it is not a folder that tfxm has pushed a model to (or an earlier version did)"));
  }

  absl::Status VerifyStore(const std::string& path) {
    ASSIGN_OR_RETURN(const auto store, MetadataStore::Open(path, database::Mode::kReadOnly));
    ASSIGN_OR_RETURN(const auto artifacts, store->GetArtifacts());
    int checked = 0;
    for (const ml_metadata::Artifact& artifact : artifacts) {
      const auto files = artifact.custom_properties().find(kFilesProperty);
      if (files == artifact.custom_properties().end() || artifact.state() != ml_metadata::Artifact::LIVE) continue;
      ++checked;
      if (!io::IsDirectory(artifact.uri())) {
        RETURN_IF_ERROR(Say(absl::StrCat("artifact ", artifact.id(), " ", artifact.uri(), ": is missing\n")));
        ++wrong_;
        continue;
      }
      RETURN_IF_ERROR(Annotate(Verify(artifact.uri(), ParseFileManifest(files->second.string_value()), true),
                               absl::StrCat("artifact ", artifact.id())));
    }
    if (checked > 0) return absl::OkStatus();
    return absl::NotFoundError(absl::StrCat(path, " has no artifact whose files' hashes were recorded"));
  }

  absl::Status Verify(const std::string& dir, const absl::StatusOr<FileManifest>& manifest, bool with_others) {
    RETURN_IF_ERROR(manifest.status());
    ASSIGN_OR_RETURN(const std::vector<std::string> differences, CompareWithManifest(dir, *manifest, with_others));
    int64_t bytes = 0;
    for (const auto& [name, file] : manifest->files) bytes += file.size;
    if (differences.empty()) {
      const size_t files = manifest->files.size();
      return Say(absl::StrCat(dir, ": ", files, files == 1 ? " file, " : " files, ", bytes, " bytes: as they were\n"));
    }
    for (const std::string& difference : differences) RETURN_IF_ERROR(Say(absl::StrCat(dir, "/", difference, "\n")));
    wrong_ += static_cast<int>(differences.size());
    return absl::OkStatus();
  }

  // Names of files and of artifacts may be hostile.
  static absl::Status Say(absl::string_view line) { return Print(WrapLines(PrintableLines(line), TerminalWidth())); }

  int wrong_ = 0;
};

TFXM_REGISTER(CommandRegistry, "verify", [] { return std::make_unique<VerifyCommand>(); });

}  // namespace
}  // namespace tfxm::cli
