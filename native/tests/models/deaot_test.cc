#include "models/deaot.h"

#include "check.h"
#include "fake_models.h"

using namespace sonotrack;

TEST("tensors have the shapes of the graphs") {
  fake::World world;
  const DeAot& deaot = world.models->deaot();
  EXPECT_EQ(deaot.NewImage().shape(), (Shape{1, 1, 16, 16}));
  EXPECT_EQ(deaot.NewMasks().shape(), (Shape{1, 4, 8, 8}));
  EXPECT_EQ(deaot.NewMemory().shape(), (Shape{1, 1, 5}));
  EXPECT_EQ(deaot.NewReferences().shape(), (Shape{2, 1, 5}));
  EXPECT_EQ(deaot.NewFeatures16().shape(), (Shape{1, 1, 1, 1}));
}

TEST("graphs that disagree on the number of objects are refused when loaded") {
  fake::World world;
  const ModelGeometry wrong{fake::kSide, fake::kGrid, fake::kPoints, 5};
  EXPECT_THROWS(ErrorCode::kModelInvalid, "expected f32[1, 6, 8, 8] for input `masks`",
                DeAot(world.engine->Open("deaot-encoder"), world.engine->Open("deaot-memorize"),
                      world.engine->Open("deaot-propagate"), wrong, 1));
}

TEST("time in the graphs counts as inference") {
  fake::World world;
  Timings timings;
  DeAot& deaot = world.models->deaot();
  deaot.Encode("track", deaot.NewImage(), &deaot.scratch().features, &timings);
  EXPECT(timings.inference_ms > 0);
  EXPECT_EQ(timings.preprocess_ms, 0.0);
}

TEST_MAIN("deaot")
