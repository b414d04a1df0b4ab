#include "models/models.h"

#include "check.h"
#include "fake_models.h"

using namespace sonotrack;

TEST("the models keep their engine alive") {
  fake::World world;
  const std::weak_ptr<FakeEngine> engine = world.engine;
  world.engine.reset();
  EXPECT(!engine.expired());
  world.models.reset();
  EXPECT(engine.expired());
}

TEST("a missing graph is named") {
  fake::World world;
  EXPECT_THROWS(
      ErrorCode::kModelInvalid, "`gone`",
      Models(world.engine,
             {"sonosam-encoder", "sonosam-decoder", "gone", "deaot-memorize", "deaot-propagate"},
             {fake::kSide, fake::kGrid, fake::kPoints, fake::kSlots}, 1));
}

TEST_MAIN("models")
