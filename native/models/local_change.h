#pragma once

#include <cstdint>
#include <vector>

#include "core/mask.h"
#include "models/sonosam_lite.h"

namespace sonotrack {

/** Indices of the frame's pixels that the clicks lie in, or only the foreground clicks. */
std::vector<size_t> ClickedPixels(const Prompts& prompts, Size frame, bool foreground_only);

/**
 * What a corrective click may change of the previous mask (progressive merge: FocalClick, Chen et
 * al. 2022). SonoSAMLite answers a click with a whole mask, and now and then loses what was right
 * elsewhere. So of an answer that it is not sure of only the 8-connected patch, of added or of
 * removed pixels, stays that the last click lies in; and from the second click on, which is about
 * details, only what of it lies within 4 times the area over the perimeter of the previous mask (a
 * disc's diameter, twice a wall's thickness). The rest of `answer`, u8[h, w] of 0 and 1, is taken
 * back. An answer to a box, or without a previous pixel, stays whole. Chosen by measurement:
 * docs/explanation/segmentation.md.
 */
void KeepLocalChange(const Prompts& prompts, Size frame, Mask* answer);

}  // namespace sonotrack
