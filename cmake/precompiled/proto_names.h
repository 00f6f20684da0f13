// SPDX-License-Identifier: Apache-2.0

// For several generated .pb.cc files in one translation unit (tfxm/proto/CMakeLists.txt): what each of them calls the same, by a name of the
// file's own. TFXM_PROTO_FILE is that, given by CMake (UNITY_BUILD_UNIQUE_ID). Without a guard: it is included before each file.
#define TFXM_JOIN_NOW(a, b) a##b
#define TFXM_JOIN(a, b) TFXM_JOIN_NOW(a, b)
#define schemas TFXM_JOIN(schemas_, TFXM_PROTO_FILE)
#define file_default_instances TFXM_JOIN(file_default_instances_, TFXM_PROTO_FILE)
#define _static_init2_ TFXM_JOIN(static_init2_, TFXM_PROTO_FILE)
