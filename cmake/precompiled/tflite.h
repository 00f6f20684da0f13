// For libraries that read and write TFLite files.
#include "base.h"
#include "tflite_generated.h"
