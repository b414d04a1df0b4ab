#include "models/local_change.h"

#include "check.h"

using namespace sonotrack;

namespace {

constexpr Size kFrame{3, 12};

/** Rows of '#' and '.', each as long as the frame is wide. */
std::vector<uint8_t> Bitmap(const char* rows) {
  std::vector<uint8_t> bitmap;
  for (; *rows != '\0'; ++rows) {
    if (*rows != ' ') bitmap.push_back(*rows == '#');
  }
  return bitmap;
}

/** What is left of `answer` after a click for each point, the previous mask being `previous`. */
std::vector<uint8_t> Kept(const char* previous, const char* answer, std::vector<float> points,
                          float score = 0.5f) {
  Prompts prompts;
  prompts.points = std::move(points);
  prompts.previous = Bitmap(previous);
  Mask mask;
  mask.bitmap = Bitmap(answer);
  mask.score = score;
  KeepLocalChange(prompts, kFrame, &mask);
  return mask.bitmap;
}

const char* const kPrevious = "####........ ####........ ####........";
/** Adds two patches, and takes a corner. */
const char* const kAnswer = ".#####...... ####......## ####......##";

}  // namespace

TEST("the patch stays that the click lies in, and the rest is as it was") {
  EXPECT_EQ(Kept(kPrevious, kAnswer, {10.5f, 2.5f, 1}),
            Bitmap("####........ ####......## ####......##"));
  EXPECT_EQ(Kept(kPrevious, kAnswer, {4.5f, 0.5f, 1}),
            Bitmap("######...... ####........ ####........"));
  EXPECT_EQ(Kept(kPrevious, kAnswer, {0.5f, 0.5f, 0}),
            Bitmap(".###........ ####........ ####........"));
}

TEST("a click into what did not change changes nothing") {
  EXPECT_EQ(Kept(kPrevious, kAnswer, {7.5f, 1.5f, 0}), Bitmap(kPrevious));
}

TEST("patches hang together by corners, but not added with removed pixels") {
  EXPECT_EQ(Kept("##.......... ............ ............",  //
                 "#.#......... ...#........ ............", {2.5f, 0.5f, 1}),
            Bitmap("###......... ...#........ ............"));
}

TEST("from the second click on only what is within reach of the last one stays") {
  // Three pixels, all at the edge: a reach of four.
  const char* const previous = "###......... ............ ............";
  const char* const answer = "############ ............ ............";
  EXPECT_EQ(Kept(previous, answer, {4.5f, 0.5f, 1}), Bitmap(answer));
  EXPECT_EQ(Kept(previous, answer, {1.5f, 0.5f, 1, 4.5f, 0.5f, 1}),
            Bitmap("#########... ............ ............"));
}

TEST("a sure answer stays whole, one to a box too, and one that begins with nothing") {
  const char* const nothing = "............ ............ ............";
  EXPECT_EQ(Kept(kPrevious, kAnswer, {10.5f, 2.5f, 1}, 0.85f), Bitmap(kAnswer));
  EXPECT_EQ(Kept(nothing, kAnswer, {10.5f, 2.5f, 1}), Bitmap(kAnswer));
  Prompts prompts;
  prompts.points = {10.5f, 2.5f, 1};
  prompts.box = {0, 0, 12, 3};
  prompts.previous = Bitmap(kPrevious);
  Mask mask;
  mask.bitmap = Bitmap(kAnswer);
  KeepLocalChange(prompts, kFrame, &mask);
  EXPECT_EQ(mask.bitmap, Bitmap(kAnswer));
}

TEST("clicks lie in the pixels that hold them, also on the last edge") {
  Prompts prompts;
  prompts.points = {0.5f, 1.5f, 1, 2, 2, 0, 3, 2, 1};
  EXPECT_EQ(ClickedPixels(prompts, {2, 3}, false), (std::vector<size_t>{3, 5, 5}));
  EXPECT_EQ(ClickedPixels(prompts, {2, 3}, true), (std::vector<size_t>{3, 5}));
}

TEST_MAIN("local_change")
