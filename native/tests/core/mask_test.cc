#include "core/mask.h"

#include "check.h"

using namespace sonotrack;
using Bytes = std::vector<uint8_t>;

namespace {

GridTaps Taps(Size frame, int side, int grid) {
  return GridTapsOf(FitLetterbox(frame, side), grid);
}

}  // namespace

TEST("a pixel is foreground where the logit is above 0, not at 0") {
  const float logits[] = {1, -1, 0, 0.001f, -5, 5, 0, 0, 2};
  Bytes bitmap(9);
  LogitsToBitmap(logits, Taps({3, 3}, 3, 3), bitmap.data());
  EXPECT_EQ(bitmap, (Bytes{1, 0, 0, 1, 0, 1, 0, 0, 1}));
}

TEST("between cells the logit is read on the line") {
  // Columns read at 0, 0.25, 0.75, 1: 3, 2, 0, −1
  const float logits[] = {3, -1, 3, -1};
  Bytes bitmap(16);
  LogitsToBitmap(logits, Taps({4, 4}, 4, 2), bitmap.data());
  EXPECT_EQ(bitmap, (Bytes{1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0}));
}

TEST("cells of the padding are not read") {
  // A frame of 1 × 2 fills the upper row of the grid; the lower one would win if it were read.
  const float logits[] = {-1, -1, 100, 100};
  Bytes bitmap(2, 9);
  LogitsToBitmap(logits, Taps({1, 2}, 2, 2), bitmap.data());
  EXPECT_EQ(bitmap, (Bytes{0, 0}));
}

TEST("each pixel goes to the channel of the highest probability, equals to the lowest channel") {
  const float probabilities[] = {0.5f, 0.4f, 0.2f, 1, 0, 0, 0,    0, 0.3f,  //
                                 0.5f, 0.6f, 0.1f, 0, 1, 0, 0.5f, 0, 0.3f,  //
                                 0,    0,    0.7f, 0, 0, 0, 0.5f, 1, 0.4f};
  Bytes labels(9);
  ProbabilitiesToLabels(probabilities, {1, 1, 1}, Taps({3, 3}, 3, 3), labels.data());
  EXPECT_EQ(labels, (Bytes{0, 1, 2, 0, 1, 0, 1, 2, 2}));
}

TEST("an inactive channel is passed over") {
  const float probabilities[] = {0.1f, 0.9f, 0.05f};
  Bytes labels(1);
  ProbabilitiesToLabels(probabilities, {1, 0, 1}, Taps({1, 1}, 1, 1), labels.data());
  EXPECT_EQ(labels, (Bytes{0}));
}

TEST("an object narrower than a cell's reach is found in every column that reads its cell") {
  // The third of five columns holds the object; frame columns 4 and 5 read 3/4 of it, 3 and 6 1/4.
  std::vector<float> probabilities(2 * 25);
  for (int y = 0; y < 5; ++y) {
    for (int x = 0; x < 5; ++x) {
      probabilities[y * 5 + x] = x == 2 ? 0.1f : 0.7f;
      probabilities[25 + y * 5 + x] = x == 2 ? 0.9f : 0.3f;
    }
  }
  Bytes labels(10);
  ProbabilitiesToLabels(probabilities.data(), {1, 1}, Taps({1, 10}, 10, 5), labels.data());
  EXPECT_EQ(labels, (Bytes{0, 0, 0, 0, 1, 1, 0, 0, 0, 0}));
}

TEST("masks of labels have their areas and half-open boxes") {
  const Bytes labels = {0, 2, 2, 0, 1, 2, 0, 0, 0};
  const auto masks = MasksOfLabels(labels.data(), {3, 3}, {2, 1});
  EXPECT_EQ(masks[0].bitmap, (Bytes{0, 1, 1, 0, 0, 1, 0, 0, 0}));
  EXPECT_EQ(masks[0].area_px, 3);
  EXPECT(masks[0].box == PixelBox({1, 0, 3, 2}));
  EXPECT_EQ(masks[1].bitmap, (Bytes{0, 0, 0, 0, 1, 0, 0, 0, 0}));
  EXPECT(masks[1].box == PixelBox({1, 1, 2, 2}));
}

TEST("the mask of a label that is nowhere has area 0 and no box") {
  const auto masks = MasksOfLabels(Bytes(6).data(), {2, 3}, {1});
  EXPECT_EQ(masks[0].bitmap, Bytes(6));
  EXPECT_EQ(masks[0].area_px, 0);
  EXPECT(!masks[0].box.has_value());
}

TEST("masks of labels measure as bitmaps do") {
  Bytes labels(23 * 17);
  for (size_t i = 0; i < labels.size(); ++i) labels[i] = (i * 2654435761u >> 11) % 9 == 0 ? 3 : 0;
  const Mask mask = MasksOfLabels(labels.data(), {23, 17}, {3})[0];
  Mask measured;
  Measure(mask.bitmap.data(), {23, 17}, &measured);
  EXPECT_EQ(mask.area_px, measured.area_px);
  EXPECT(mask.box == measured.box);
}

TEST("contested pixels go back but for the patches that a click lies in") {
  // Two patches of the neighbour 2 under a bitmap that covers all of 3 × 3.
  const Bytes labels = {2, 2, 0, 0, 1, 0, 0, 0, 2};
  Bytes bitmap(9, 1);
  YieldToNeighbours(labels.data(), 1, {}, {3, 3}, bitmap.data());
  EXPECT_EQ(bitmap, (Bytes{0, 0, 1, 1, 1, 1, 1, 1, 0}));
  bitmap.assign(9, 1);
  YieldToNeighbours(labels.data(), 1, {0, 4}, {3, 3}, bitmap.data());
  EXPECT_EQ(bitmap, (Bytes{1, 1, 1, 1, 1, 1, 1, 1, 0}));
}

TEST("a full mask has the frame as its box") {
  Mask mask;
  Measure(Bytes(6, 255).data(), {2, 3}, &mask);
  EXPECT_EQ(mask.area_px, 6);
  EXPECT(mask.box == PixelBox({0, 0, 3, 2}));
}

TEST_MAIN("mask")
