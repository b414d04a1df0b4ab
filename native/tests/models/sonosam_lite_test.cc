#include "models/sonosam_lite.h"

#include <cmath>

#include "check.h"
#include "fake_models.h"

using namespace sonotrack;

namespace {

Embedding Encoded(fake::World* world, const FrameView& frame) {
  Timings timings;
  Embedding embedding = world->models->sonosam().NewEmbedding();
  world->models->sonosam().Encode("setImage", frame, &embedding, &timings);
  return embedding;
}

Prediction Predict(fake::World* world, const Embedding& embedding, const Prompts& prompts) {
  Timings timings;
  return world->models->sonosam().Predict("predict", embedding, prompts, &timings);
}

}  // namespace

TEST("points reach the decoder in letterbox px, unused rows with label -1") {
  fake::World world;
  const std::vector<uint8_t> data(8 * 4, 3);  // 8 × 4 px, enlarged twice
  const Embedding embedding = Encoded(&world, {data.data(), {4, 8}, 1});
  Prompts prompts;
  prompts.points = {2.5f, 1.5f, 1, 8, 4, 0};
  const Prediction prediction = Predict(&world, embedding, prompts);
  EXPECT_EQ(world.points, (std::vector<float>{5, 3, 1, 16, 8, 0, 0, 0, -1, 0, 0, -1}));
  EXPECT_EQ(world.box, (std::vector<float>{0, 0, 0, 0}));
  // The point's cell (2, 1) is the pixel (2, 1) of the frame.
  EXPECT_EQ(prediction.mask.area_px, 1);
  EXPECT(prediction.mask.box == PixelBox({2, 1, 3, 2}));
  EXPECT_NEAR(prediction.mask.score, 0.6f, 1e-6f);
  EXPECT(prediction.candidates.empty());
}

TEST("a box reaches the decoder in letterbox px and the mask comes back in frame px") {
  fake::World world;
  const Embedding embedding = Encoded(&world, fake::Frame(1).view());
  Prompts prompts;
  prompts.box = {4, 2, 12, 10};
  const Prediction prediction = Predict(&world, embedding, prompts);
  EXPECT_EQ(world.box, (std::vector<float>{4, 2, 12, 10}));
  EXPECT(prediction.mask.bitmap == fake::Rectangle(4, 2, 12, 10));
}

TEST("of too many points the first and the latest are given") {
  fake::World world;
  const Embedding embedding = Encoded(&world, fake::Frame(1).view());
  Prompts prompts;
  for (int i = 0; i < 6; ++i) {
    prompts.points.insert(prompts.points.end(), {static_cast<float>(i), 0, 1});
  }
  Predict(&world, embedding, prompts);
  EXPECT_EQ(world.points, (std::vector<float>{0, 0, 1, 3, 0, 1, 4, 0, 1, 5, 0, 1}));
}

TEST("the previous mask reaches the decoder as coverage") {
  fake::World world;
  const Embedding embedding = Encoded(&world, fake::Frame(1).view());
  Prompts prompts;
  prompts.points = {15, 15, 0};
  prompts.previous = fake::Rectangle(0, 0, 3, 2);  // one cell and half of the next
  Predict(&world, embedding, prompts);
  EXPECT_EQ(static_cast<int>(world.previous[0]), 255);
  EXPECT_EQ(static_cast<int>(world.previous[1]), 128);
  EXPECT_EQ(static_cast<int>(world.previous[2]), 0);
  prompts.previous.clear();
  Predict(&world, embedding, prompts);
  EXPECT_EQ(static_cast<int>(world.previous[0]), 0);
}

TEST("multimask gives three candidates, best first") {
  fake::World world;
  const Embedding embedding = Encoded(&world, fake::Frame(1).view());
  Prompts prompts;
  prompts.points = {1, 1, 1};
  prompts.multimask = true;
  const Prediction prediction = Predict(&world, embedding, prompts);
  EXPECT_EQ(prediction.candidates.size(), 3u);
  EXPECT_NEAR(prediction.candidates[0].score, 0.9f, 1e-6f);
  EXPECT_EQ(prediction.candidates[2].area_px, 6 * 16);
}

TEST("prompts that do not fit are refused") {
  fake::World world;
  const Embedding embedding = Encoded(&world, fake::Frame(1).view());
  Prompts none, pair, infinite, huge, previous;
  pair.points = {1, 2};
  infinite.points = {NAN, 1, 1};
  huge.box = {0, 0, 3e38f, 1};
  previous.previous = {1, 2, 3};
  EXPECT_THROWS(ErrorCode::kInvalidArgument, "at least one point",
                Predict(&world, embedding, none));
  EXPECT_THROWS(ErrorCode::kInvalidArgument, "triples", Predict(&world, embedding, pair));
  EXPECT_THROWS(ErrorCode::kInvalidArgument, "finite", Predict(&world, embedding, infinite));
  EXPECT_THROWS(ErrorCode::kInvalidArgument, "finite", Predict(&world, embedding, huge));
  EXPECT_THROWS(ErrorCode::kInvalidArgument, "expected 256 values for `previous`",
                Predict(&world, embedding, previous));
}

TEST("graphs of other sizes are refused when loaded") {
  fake::World world;
  const ModelGeometry wrong{fake::kSide, fake::kGrid, 7, fake::kSlots};
  EXPECT_THROWS(ErrorCode::kModelInvalid, "expected f32[1, 7, 3] for input `points`",
                SonoSamLite(world.engine->Open("sonosam-encoder"),
                            world.engine->Open("sonosam-decoder"), wrong));
}

TEST_MAIN("sonosam_lite")
