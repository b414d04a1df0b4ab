#pragma once

#include <cstdint>
#include <vector>

#include "core/geometry.h"

namespace sonotrack {

/**
 * The borders of a bitmap (non-zero is 1), in frame px: x0, y0, x1, y1, … per closed contour, the
 * first point not repeated. A contour runs along the edges between pixels (pixel i spans [i, i+1)),
 * so that a single pixel has four points and the area inside the polygon is exactly the pixels;
 * collinear points are left out. Pixels that touch at a corner belong together (8-connected). On
 * the screen (y down) outer contours run clockwise, holes the other way; each contour starts at its
 * topmost, then leftmost, horizontal edge, and contours come in that order.
 */
std::vector<std::vector<float>> MaskContours(const uint8_t* bitmap, Size size);

}  // namespace sonotrack
