// The formats behind show.h.
#ifndef TFXM_REPORT_SHOW_FORMATS_H_
#define TFXM_REPORT_SHOW_FORMATS_H_

#include <string>

#include "tfxm/report/evaluation.h"

namespace tfxm::report {

std::string ShowTable(const Evaluation& evaluation, int max_slices);
std::string ShowCsv(const Evaluation& evaluation);
std::string ShowJson(const Evaluation& evaluation);

}  // namespace tfxm::report

#endif  // TFXM_REPORT_SHOW_FORMATS_H_
