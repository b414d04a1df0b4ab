#pragma once

#include <chrono>

namespace sonotrack {

/** Milliseconds that a call spent where. */
struct Timings {
  double queue_ms = 0;
  double preprocess_ms = 0;
  double inference_ms = 0;
  double postprocess_ms = 0;
  double total_ms = 0;
};

using Clock = std::chrono::steady_clock;

inline double MsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/** Adds the time of its own life to one member of `Timings`. */
class Stopwatch {
 public:
  explicit Stopwatch(double* ms) : ms_(ms), start_(Clock::now()) {}
  ~Stopwatch() { *ms_ += MsSince(start_); }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  double* ms_;
  Clock::time_point start_;
};

}  // namespace sonotrack
