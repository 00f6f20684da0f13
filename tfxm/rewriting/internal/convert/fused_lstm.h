// SPDX-License-Identifier: Apache-2.0

// TFLite's fused LSTM, UNIDIRECTIONAL_SEQUENCE_LSTM, which the converter makes of LSTMs of Keras 2.
#ifndef TFXM_REWRITING_INTERNAL_CONVERT_FUSED_LSTM_H_
#define TFXM_REWRITING_INTERNAL_CONVERT_FUSED_LSTM_H_

#include <string>

namespace tfxm::rewriting {

// The converter clips the cell at 10, as no LSTM of Keras does: without. Takes a valid flatbuffer; one without such
// operators comes back as it is.
std::string UnclipLstms(std::string model);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_CONVERT_FUSED_LSTM_H_
