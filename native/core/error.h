#pragma once

#include <stdexcept>
#include <string>

namespace sonotrack {

/** Stable error codes. The names that callers see are in `ErrorCodeName`; never rename one. */
enum class ErrorCode {
  kInvalidArgument,
  kFrameGeometryChanged,
  kTrackerNotStarted,
  kUnknownObject,
  kDuplicateObject,
  kTooManyObjects,
  kEmptyMask,
  kModelInvalid,
  kProviderUnavailable,
  kInferenceFailed,
  kInferenceCancelled,
  kDeviceClosed,
  kImageClosed,
  kTrackerClosed,
  kInternal,
  kCount,
};

/** The upper-case name of a code, for instance `EMPTY_MASK`. */
const char* ErrorCodeName(ErrorCode code);

/** A failure of the domain: what went wrong (`code`), where in the pipeline (`stage`), and a
 * sentence. */
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, std::string stage, const std::string& message)
      : std::runtime_error(message), code_(code), stage_(std::move(stage)) {}

  ErrorCode code() const { return code_; }
  const char* code_name() const { return ErrorCodeName(code_); }
  /** `open`, `setImage`, `predict`, `start`, `track`, `correct`, `add`, `remove` or `close`. */
  const std::string& stage() const { return stage_; }

 private:
  ErrorCode code_;
  std::string stage_;
};

}  // namespace sonotrack
