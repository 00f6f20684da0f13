// SPDX-License-Identifier: Apache-2.0

// What the files beside an evaluation's (sidecars.proto) are called.
#ifndef TFXM_PROTO_SIDECAR_FILES_H_
#define TFXM_PROTO_SIDECAR_FILES_H_

namespace tfxm::sidecars {

inline constexpr char kEvalConfigFile[] = "eval_config.json";  // TFMA's own.
inline constexpr char kModelFactsFile[] = "model_facts.json";
inline constexpr char kComparisonsFile[] = "comparisons.json";
inline constexpr char kDisagreementsFile[] = "disagreements.json";
inline constexpr char kDisagreementExamplesFile[] = "disagreements.tfrecord.gz";

}  // namespace tfxm::sidecars

#endif  // TFXM_PROTO_SIDECAR_FILES_H_
