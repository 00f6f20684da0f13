// SPDX-License-Identifier: Apache-2.0

#include "tfxm/report/html/page.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tfxm/report/html/assets.h"
#include "tfxm/report/html/report.h"
#include "tfxm/util/files/fingerprint.h"
#include "tfxm/util/filesystem/input_file.h"
#include "tfxm/util/io.h"
#include "tfxm/util/text/text.h"

namespace tfxm::report {
namespace {

// In report.html: what a page of ours is known by.
constexpr absl::string_view kGenerator = R"(<meta name="generator" content="tfxm">)";

// How a Content-Security-Policy names an inline script or style (CSP level 2).
std::string SourceHash(absl::string_view content) {
  const Sha256Digest digest = Sha256::Hash(content);
  return absl::StrCat(
      "'sha256-", absl::Base64Escape(absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size())),
      "'");
}

std::string EscapeHtml(absl::string_view text) {
  return absl::StrReplaceAll(PrintableText(text), {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

}  // namespace

std::string RenderPage(absl::string_view title, absl::string_view data, absl::string_view page_script) {
  const std::string script = absl::StrCat(ChartLibrary(), "\n", page_script);
  const std::string policy = absl::StrCat("default-src 'none'; script-src ", SourceHash(script), "; style-src ",
                                          SourceHash(PageStyle()), "; base-uri 'none'; form-action 'none'");
  // Parts are substituted one after the other into the template, not into each other: data may hold a part's mark.
  const std::vector<std::pair<absl::string_view, absl::string_view>> parts = {
      {"@POLICY@", policy}, {"@TITLE@", ""}, {"@STYLE@", PageStyle()}, {"@DATA@", data}, {"@SCRIPT@", script}};
  const std::string escaped_title = EscapeHtml(title);
  std::string html;
  absl::string_view rest = PageTemplate();
  for (const auto& [mark, part] : parts) {
    const size_t at = rest.find(mark);
    if (at == absl::string_view::npos) continue;
    absl::StrAppend(&html, rest.substr(0, at), mark == "@TITLE@" ? absl::string_view(escaped_title) : part);
    rest.remove_prefix(at + mark.size());
  }
  absl::StrAppend(&html, rest);
  return html;
}

bool IsAnothersFile(absl::string_view path) {
  if (!io::Exists(path)) return false;
  const absl::StatusOr<std::unique_ptr<io::InputFile>> file = io::InputFile::Open(path);
  if (!file.ok()) return true;
  char start[4096];  // The rest may be megabytes.
  const absl::StatusOr<size_t> n = (*file)->Read(start, sizeof(start));
  if (!n.ok()) return true;
  const absl::string_view page(start, *n);
  return !absl::StartsWith(page, "<!doctype html>") || !absl::StrContains(page, kGenerator);
}

}  // namespace tfxm::report
