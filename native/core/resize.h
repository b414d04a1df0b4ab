#pragma once

#include <cstdint>

#include "core/geometry.h"

namespace sonotrack {

/** A frame that someone else owns: u8[h, w, channels], channels 1 (gray), 3 (RGB) or 4 (RGBA). */
struct FrameView {
  const uint8_t* data = nullptr;
  Size size;
  int channels = 1;
};

/**
 * Luma, letterbox, padding 0: u8[h, w, channels] → u8[side, side]. Luma is (299 R + 587 G + 114 B +
 * 500) / 1000, alpha is ignored. The resize is exact (integer weights, one rounding, halves up).
 */
void LetterboxGray(const FrameView& frame, int side, uint8_t* out);

/**
 * Coverage of each cell of the mask grid by a bitmap (non-zero is 1): u8[h, w] → u8[side / 2, side
 * / 2], 0–255. It is letterboxed to `side` (even) as its frame is, so that both lie alike whatever
 * the frame's shape, then 2 × 2 px become a cell; the last row and column of content fill their
 * cells.
 */
void LetterboxCoverage(const uint8_t* bitmap, Size size, int side, uint8_t* out);

}  // namespace sonotrack
