#include "engine/inference.h"

#include <cmath>
#include <limits>

#include "check.h"
#include "engine/fake_engine.h"

using namespace sonotrack;

namespace {

constexpr auto kF32 = DataType::kFloat32;

/** A graph `double` with input x f32[2] and output y = 2 x. */
std::unique_ptr<InferenceSession> Doubler(FakeEngine* engine) {
  engine->Add("double", {{"x", kF32, {2}}}, {{"y", kF32, {2}}}, [](const FakeEngine::Call& call) {
    for (int i = 0; i < 2; ++i) call.out("y")[i] = 2 * call.in<float>("x")[i];
  });
  return engine->Open("double");
}

}  // namespace

TEST("a run writes the outputs in place") {
  FakeEngine engine;
  const auto session = Doubler(&engine);
  float x[] = {1, 2}, y[] = {0, 0};
  const Tensor in = Tensor::Borrow(x, {2});
  Tensor out = Tensor::Borrow(y, {2});
  session->Run("track", {{"x", &in}}, {{"y", &out}});
  EXPECT_EQ(y[1], 4.0f);
}

TEST("a tensor that does not fit is refused before the run") {
  FakeEngine engine;
  const auto session = Doubler(&engine);
  const Tensor in(kF32, {2}), wide(kF32, {3}), bytes(DataType::kUint8, {2});
  Tensor out(kF32, {2});
  EXPECT_THROWS(ErrorCode::kInvalidArgument, "expected f32[2] for `x`",
                session->Run("track", {{"x", &wide}}, {{"y", &out}}));
  EXPECT_THROWS(ErrorCode::kInvalidArgument, "received u8[2]",
                session->Run("track", {{"x", &bytes}}, {{"y", &out}}));
  EXPECT_THROWS(ErrorCode::kInvalidArgument, "received nothing",
                session->Run("track", {}, {{"y", &out}}));
  EXPECT_THROWS(ErrorCode::kInvalidArgument, "`z`",
                session->Run("track", {{"x", &in}}, {{"z", &out}}));
  EXPECT_EQ(engine.runs("double"), 0);
}

TEST("outputs that are not finite fail the run") {
  FakeEngine engine;
  const auto session = Doubler(&engine);
  Tensor in(kF32, {2}), out(kF32, {2});
  for (const float bad : {NAN, INFINITY, -INFINITY}) {
    in.data<float>()[1] = bad;
    EXPECT_THROWS(ErrorCode::kInferenceFailed, "not finite",
                  session->Run("track", {{"x", &in}}, {{"y", &out}}));
  }
  in.data<float>()[1] = std::numeric_limits<float>::max() / 2;
  session->Run("track", {{"x", &in}}, {{"y", &out}});
  EXPECT_EQ(engine.runs("double"), 4);
}

TEST("required inputs and outputs are checked by name, type and shape") {
  FakeEngine engine;
  const auto session = Doubler(&engine);
  EXPECT_EQ(session->RequireInput("x", kF32, {-1}).shape, (Shape{2}));
  EXPECT_THROWS(ErrorCode::kModelInvalid, "but found none", session->RequireInput("y", kF32, {2}));
  EXPECT_THROWS(ErrorCode::kModelInvalid, "expected f32[3] for output `y` of graph `double`",
                session->RequireOutput("y", kF32, {3}));
  EXPECT_THROWS(ErrorCode::kModelInvalid, "but found f32[2]",
                session->RequireOutput("y", DataType::kUint8, {2}));
}

TEST_MAIN("inference")
