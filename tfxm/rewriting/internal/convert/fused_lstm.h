// SPDX-License-Identifier: Apache-2.0

// TFLite's fused LSTM, UNIDIRECTIONAL_SEQUENCE_LSTM, which the converter makes of LSTMs of Keras 2 whose batch is known.
//
// With an open batch there is none: the operator's state is in two variable tensors, whose sizes the file says. Its
// kernel does not resize them, as no kernel does; it fails unless they have batch * units values (TFLite's
// unidirectional_sequence_lstm.cc, Prepare), and of a tensor that an operator makes it can only say so as well, since
// the state must be a variable tensor (GetVariableInput).
#ifndef TFXM_REWRITING_INTERNAL_CONVERT_FUSED_LSTM_H_
#define TFXM_REWRITING_INTERNAL_CONVERT_FUSED_LSTM_H_

#include <string>

namespace tensorflow {
class MetaGraphDef;
}

namespace tfxm::rewriting {

// Whether there is an LSTM that would be one operator with a known batch.
bool HasFusableLstm(const tensorflow::MetaGraphDef& meta_graph);

// Whether a TFLite file has such operators.
bool HasLstms(const std::string& model);

// The converter clips the cell at 10, as no LSTM of Keras does: without. Takes a valid flatbuffer; one without such
// operators comes back as it is.
std::string UnclipLstms(std::string model);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_CONVERT_FUSED_LSTM_H_
