// SPDX-License-Identifier: Apache-2.0

// The formats behind show.h.
#ifndef TFXM_REPORT_SHOW_SHOW_FORMATS_H_
#define TFXM_REPORT_SHOW_SHOW_FORMATS_H_

#include <string>

#include "tfxm/report/evaluation/evaluation.h"
#include "tfxm/report/evaluation/sidecars.h"
#include "tfxm/report/show/show.h"

namespace tfxm::report {

std::string ShowTable(const Evaluation& evaluation, const Sidecars& sidecars, const ShowOptions& options);
std::string ShowCsv(const Evaluation& evaluation, const Sidecars& sidecars);
std::string ShowJson(const Evaluation& evaluation, const Sidecars& sidecars);

// The part of the table about differences to the reference model and about disagreements; empty if there are none. The
// slices with a real difference, the largest first, at most max_slices of them; 0: all.
std::string ComparisonsText(const Evaluation& evaluation, const Sidecars& sidecars, const ShowOptions& options);

// The part of the table about what the models cost; empty if that is not known.
std::string CostsText(const Sidecars& sidecars, int width);

}  // namespace tfxm::report

#endif  // TFXM_REPORT_SHOW_SHOW_FORMATS_H_
