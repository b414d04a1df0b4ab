#pragma once

#include <fuzzer/FuzzedDataProvider.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "core/geometry.h"

// A property that must hold for every input; libFuzzer keeps the input that breaks it.
#define FUZZ_EXPECT(condition)                                                 \
  do {                                                                         \
    if (!(condition)) {                                                        \
      std::fprintf(stderr, "%s:%d: not %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                            \
    }                                                                          \
  } while (false)

namespace fuzz {

inline sonotrack::Size TakeSize(FuzzedDataProvider* input, int most) {
  const int h = input->ConsumeIntegralInRange(1, most);
  return {h, input->ConsumeIntegralInRange(1, most)};
}

/** Exactly `count` bytes: those of the input, then its last ones over again. */
inline std::vector<uint8_t> TakeBytes(FuzzedDataProvider* input, size_t count) {
  std::vector<uint8_t> bytes = input->ConsumeBytes<uint8_t>(count);
  const size_t given = bytes.size();
  bytes.resize(count);
  for (size_t i = given; i < count && given > 0; ++i) bytes[i] = bytes[i - given];
  return bytes;
}

/** Any float at all: small ones often, NaN and infinities among the rest. */
inline float TakeFloat(FuzzedDataProvider* input) {
  switch (input->ConsumeIntegralInRange(0, 7)) {
    case 0:
      return NAN;
    case 1:
      return input->ConsumeBool() ? INFINITY : -INFINITY;
    case 2:
      return input->ConsumeFloatingPoint<float>();
    default:
      return input->ConsumeFloatingPointInRange(-64.0f, 64.0f);
  }
}

/** `count` floats, of which the input gives some and the rest repeat. */
inline std::vector<float> TakeFloats(FuzzedDataProvider* input, size_t count) {
  std::vector<float> values;
  const size_t given = std::min<size_t>(count, input->ConsumeIntegralInRange(1, 32));
  while (values.size() < given) values.push_back(TakeFloat(input));
  while (values.size() < count) values.push_back(values[values.size() - given]);
  return values;
}

}  // namespace fuzz
