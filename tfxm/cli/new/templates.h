// SPDX-License-Identifier: Apache-2.0

// The files in templates/, which FillTemplate fills.
#ifndef TFXM_CLI_NEW_TEMPLATES_H_
#define TFXM_CLI_NEW_TEMPLATES_H_

namespace tfxm::cli {

extern const char kPipelineCc[];
extern const char kUtilsCc[];
extern const char kPipelinePy[];
extern const char kUtilsPy[];

}  // namespace tfxm::cli

#endif  // TFXM_CLI_NEW_TEMPLATES_H_
