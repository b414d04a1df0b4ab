#pragma once

namespace sonotrack {

/** Sizes that all graphs of a bundle share; the manifest states them. */
struct ModelGeometry {
  /** Side of the letterboxed image, px (S). */
  int input_size = 256;
  /** Side of the mask grid (M). */
  int mask_size = 128;
  /** Rows of the point prompt. */
  int max_points = 32;
  /** Objects that one tracker can hold (K). */
  int object_slots = 10;
};

}  // namespace sonotrack
