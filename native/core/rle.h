#pragma once

#include <cstdint>
#include <vector>

#include "core/geometry.h"

namespace sonotrack {

/**
 * Run lengths in the order of COCO: column by column, runs of 0 and 1 in turn, the first one counts
 * zeros (0 when the first pixel is set). u8[h, w] (non-zero is 1) → counts whose sum is h · w.
 */
std::vector<uint32_t> MaskRle(const uint8_t* bitmap, Size size);

}  // namespace sonotrack
