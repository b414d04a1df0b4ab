#include "core/error.h"

#include <array>

namespace sonotrack {
namespace {

constexpr std::array kNames = {
    "INVALID_ARGUMENT", "FRAME_GEOMETRY_CHANGED", "TRACKER_NOT_STARTED",
    "UNKNOWN_OBJECT",   "DUPLICATE_OBJECT",       "TOO_MANY_OBJECTS",
    "EMPTY_MASK",       "MODEL_INVALID",          "PROVIDER_UNAVAILABLE",
    "INFERENCE_FAILED", "INFERENCE_CANCELLED",    "DEVICE_CLOSED",
    "IMAGE_CLOSED",     "TRACKER_CLOSED",         "INTERNAL",
};
static_assert(kNames.size() == static_cast<size_t>(ErrorCode::kCount));

}  // namespace

const char* ErrorCodeName(ErrorCode code) { return kNames[static_cast<size_t>(code)]; }

}  // namespace sonotrack
