// SPDX-License-Identifier: Apache-2.0

// The part of libLiteRt.so's C ABI (symbol version VERS_1.0) that this folder uses. The published package holds the
// library without headers; signatures and values are those of github.com/google-ai-edge/LiteRT, litert/c/. Not for use
// elsewhere.
#ifndef TFXM_LITERT_INTERNAL_LITERT_API_H_
#define TFXM_LITERT_INTERNAL_LITERT_API_H_

#include <cstddef>
#include <cstdint>

extern "C" {

typedef struct LiteRtEnvironmentT* LiteRtEnvironment;
typedef struct LiteRtModelT* LiteRtModel;
typedef struct LiteRtOptionsT* LiteRtOptions;
typedef struct LiteRtOpaqueOptionsT* LiteRtOpaqueOptions;
typedef struct LiteRtCompiledModelT* LiteRtCompiledModel;
typedef struct LiteRtTensorBufferT* LiteRtTensorBuffer;
typedef struct LiteRtProfilerT* LiteRtProfiler;
typedef int LiteRtStatus;  // 0 is success.

enum { kLiteRtHwAcceleratorCpu = 1 };
enum { kLiteRtEnvOptionTagAutoRegisterAccelerators = 24, kLiteRtEnvOptionTagMinLoggerSeverity = 25 };
enum { kLiteRtLogSeveritySilent = 4 };
enum { kLiteRtMaxRank = 8 };

typedef struct {
  int type;  // 2: integer
  union {
    int64_t int_value;
    const void* ptr_value;
  };
} LiteRtAny;

typedef struct {
  int tag;
  LiteRtAny value;
} LiteRtEnvOption;

typedef struct {
  unsigned int rank : 7;
  unsigned int has_strides : 1;
  int32_t dimensions[kLiteRtMaxRank];
  uint32_t strides[kLiteRtMaxRank];
} LiteRtLayout;

typedef struct {
  int element_type;  // TfLiteType
  LiteRtLayout layout;
} LiteRtRankedTensorType;

enum { kLiteRtProfilerEventOperatorInvoke = 2 };
// How many events a profiler keeps.
enum { kLiteRtProfilerCapacity = 2048 };

typedef struct {
  const char* tag;
  int event_type;
  uint64_t start_us, elapsed_us;
  uint64_t memory_before[3], memory_after[3];
  uint64_t node, subgraph;  // Of an operator's invocation.
  int source;
} LiteRtProfilerEvent;

LiteRtStatus LiteRtCreateEnvironment(int num_options, const LiteRtEnvOption* options, LiteRtEnvironment* environment);
void LiteRtDestroyEnvironment(LiteRtEnvironment environment);
LiteRtStatus LiteRtCreateModelFromBuffer(LiteRtEnvironment environment, const void* data, size_t size,
                                         LiteRtModel* model);
void LiteRtDestroyModel(LiteRtModel model);
LiteRtStatus LiteRtCreateOptions(LiteRtOptions* options);
void LiteRtDestroyOptions(LiteRtOptions options);
LiteRtStatus LiteRtSetOptionsHardwareAccelerators(LiteRtOptions options, int accelerators);
LiteRtStatus LiteRtCreateOpaqueOptions(const char* identifier, void* payload, void (*destroy_payload)(void*),
                                       LiteRtOpaqueOptions* options);
LiteRtStatus LiteRtAddOpaqueOptions(LiteRtOptions options, LiteRtOpaqueOptions opaque_options);
LiteRtStatus LiteRtCreateCompiledModel(LiteRtEnvironment environment, LiteRtModel model, LiteRtOptions options,
                                       LiteRtCompiledModel* compiled_model);
void LiteRtDestroyCompiledModel(LiteRtCompiledModel compiled_model);
LiteRtStatus LiteRtCompiledModelResizeInputTensor(LiteRtCompiledModel compiled_model, size_t signature, size_t input,
                                                  const int* dims, size_t rank);
// The same for dimensions that the file fixes.
LiteRtStatus LiteRtCompiledModelResizeInputTensorNonStrict(LiteRtCompiledModel compiled_model, size_t signature,
                                                           size_t input, const int* dims, size_t rank);
LiteRtStatus LiteRtGetCompiledModelOutputTensorLayouts(LiteRtCompiledModel compiled_model, size_t signature,
                                                       size_t num_layouts, LiteRtLayout* layouts,
                                                       bool update_allocation);
LiteRtStatus LiteRtRunCompiledModel(LiteRtCompiledModel compiled_model, size_t signature, size_t num_inputs,
                                    LiteRtTensorBuffer* inputs, size_t num_outputs, LiteRtTensorBuffer* outputs);
LiteRtStatus LiteRtCompiledModelIsFullyAccelerated(LiteRtCompiledModel compiled_model, bool* fully_accelerated);
LiteRtStatus LiteRtCompiledModelGetErrorMessages(LiteRtCompiledModel compiled_model, char** messages);
LiteRtStatus LiteRtCompiledModelClearErrors(LiteRtCompiledModel compiled_model);
LiteRtStatus LiteRtCompiledModelGetProfiler(LiteRtCompiledModel compiled_model, LiteRtProfiler* profiler);
LiteRtStatus LiteRtStartProfiler(LiteRtProfiler profiler);
LiteRtStatus LiteRtStopProfiler(LiteRtProfiler profiler);
LiteRtStatus LiteRtGetNumProfilerEvents(LiteRtProfiler profiler, int* num_events);
LiteRtStatus LiteRtGetProfilerEvents(LiteRtProfiler profiler, int num_events, LiteRtProfilerEvent* events);
LiteRtStatus LiteRtCreateTensorBufferFromHostMemory(const LiteRtRankedTensorType* type, void* data, size_t size,
                                                    void (*deallocate)(void*), LiteRtTensorBuffer* buffer);
void LiteRtDestroyTensorBuffer(LiteRtTensorBuffer buffer);
LiteRtStatus LiteRtGetTensorBufferHostMemory(LiteRtTensorBuffer buffer, void** data);
LiteRtStatus LiteRtGetTensorBufferTensorType(LiteRtTensorBuffer buffer, LiteRtRankedTensorType* type);
LiteRtStatus LiteRtGetTensorBufferSize(LiteRtTensorBuffer buffer, size_t* size);

// The implementation of a custom operator.
typedef struct {
  LiteRtStatus (*Init)(void* user_data, const void* init_data, size_t init_data_size);
  LiteRtStatus (*GetOutputLayouts)(void* user_data, size_t num_inputs, const LiteRtLayout* inputs, size_t num_outputs,
                                   LiteRtLayout* outputs);
  LiteRtStatus (*Run)(void* user_data, size_t num_inputs, const LiteRtTensorBuffer* inputs, size_t num_outputs,
                      LiteRtTensorBuffer* outputs);
  LiteRtStatus (*Destroy)(void* user_data);
} LiteRtCustomOpKernel;
LiteRtStatus LiteRtAddCustomOpKernelOption(LiteRtOptions options, const char* name, int version,
                                           const LiteRtCustomOpKernel* kernel, void* user_data);

}  // extern "C"

static_assert(sizeof(LiteRtLayout) == 68 && sizeof(LiteRtRankedTensorType) == 72 && sizeof(LiteRtEnvOption) == 24 &&
              sizeof(LiteRtProfilerEvent) == 104);

#endif  // TFXM_LITERT_INTERNAL_LITERT_API_H_
