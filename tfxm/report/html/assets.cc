// SPDX-License-Identifier: Apache-2.0

// Embeds the files by the assembler's .incbin: no tool beyond the compiler, and no time to compile 200 KB of literals.
// The macros hold the files' paths; CMakeLists.txt makes this object depend on the files.
#include "tfxm/report/html/assets.h"

#include "absl/strings/str_cat.h"

#define TFXM_EMBED(symbol, path)                                                                       \
  asm(".pushsection .rodata\n"                                                                         \
      ".global tfxm_report_" #symbol "\n.hidden tfxm_report_" #symbol                                  \
      "\n"                                                                                             \
      ".global tfxm_report_" #symbol "_end\n.hidden tfxm_report_" #symbol                              \
      "_end\n"                                                                                         \
      "tfxm_report_" #symbol ":\n.incbin \"" path                                                      \
      "\"\n"                                                                                           \
      "tfxm_report_" #symbol "_end:\n.byte 0\n.popsection\n");                                         \
  extern "C" __attribute__((visibility("hidden"))) const char tfxm_report_##symbol[];                  \
  extern "C" __attribute__((visibility("hidden"))) const char tfxm_report_##symbol##_end[];            \
  namespace {                                                                                          \
  absl::string_view symbol() {                                                                         \
    return absl::string_view(tfxm_report_##symbol, tfxm_report_##symbol##_end - tfxm_report_##symbol); \
  }                                                                                                    \
  }

TFXM_EMBED(page_template, TFXM_WEB_DIR "/report.html")
TFXM_EMBED(page_style, TFXM_WEB_DIR "/report.css")
TFXM_EMBED(chart_library, TFXM_CHART_JS)
TFXM_EMBED(dom_js, TFXM_WEB_DIR "/dom.js")
TFXM_EMBED(model_js, TFXM_WEB_DIR "/model.js")
TFXM_EMBED(charts_js, TFXM_WEB_DIR "/charts.js")
TFXM_EMBED(summary_js, TFXM_WEB_DIR "/summary.js")
TFXM_EMBED(slices_js, TFXM_WEB_DIR "/slices.js")
TFXM_EMBED(plots_js, TFXM_WEB_DIR "/plots.js")
TFXM_EMBED(disagreements_js, TFXM_WEB_DIR "/disagreements.js")
TFXM_EMBED(main_js, TFXM_WEB_DIR "/main.js")
TFXM_EMBED(statistics_model_js, TFXM_WEB_DIR "/statistics/model.js")
TFXM_EMBED(statistics_drawing_js, TFXM_WEB_DIR "/statistics/drawing.js")
TFXM_EMBED(statistics_summary_js, TFXM_WEB_DIR "/statistics/summary.js")
TFXM_EMBED(statistics_detail_js, TFXM_WEB_DIR "/statistics/detail.js")
TFXM_EMBED(statistics_features_js, TFXM_WEB_DIR "/statistics/features.js")
TFXM_EMBED(statistics_crosses_js, TFXM_WEB_DIR "/statistics/crosses.js")
TFXM_EMBED(statistics_main_js, TFXM_WEB_DIR "/statistics/main.js")

namespace tfxm::report {

absl::string_view PageTemplate() { return page_template(); }
absl::string_view PageStyle() { return page_style(); }
absl::string_view ChartLibrary() { return chart_library(); }

namespace {
// One function, so that the files share names and leave none behind.
template <typename... Files>
std::string Script(const Files&... files) {
  return absl::StrCat("(() => {\n'use strict';\n", files..., "})();\n");
}
}  // namespace

std::string ReportScript() {
  return Script(dom_js(), model_js(), charts_js(), summary_js(), slices_js(), plots_js(), disagreements_js(),
                main_js());
}

std::string StatisticsScript() {
  return Script(dom_js(), charts_js(), statistics_model_js(), statistics_drawing_js(), statistics_summary_js(),
                statistics_detail_js(), statistics_features_js(), statistics_crosses_js(), statistics_main_js());
}

}  // namespace tfxm::report
