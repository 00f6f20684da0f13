// SPDX-License-Identifier: Apache-2.0

// How many cells of a terminal a character takes.
#ifndef TFXM_UTIL_TEXT_CODE_POINT_WIDTH_H_
#define TFXM_UTIL_TEXT_CODE_POINT_WIDTH_H_

#include <cstdint>

namespace tfxm {

// 2 for East Asian wide and fullwidth characters (Unicode 14: East_Asian_Width W and F), 0 for combining ones (general
// categories Mn and Me) and zero width spaces and joiners, else 1.
int CodePointWidth(uint32_t code_point);

}  // namespace tfxm

#endif  // TFXM_UTIL_TEXT_CODE_POINT_WIDTH_H_
