#include "engine/fake_engine.h"

#include <future>
#include <thread>

#include "check.h"

using namespace sonotrack;

namespace {

void AddGraph(FakeEngine* engine, FakeEngine::Function function) {
  engine->Add("g", {}, {{"y", DataType::kFloat32, {1}}}, std::move(function));
}

}  // namespace

TEST("a path without a graph cannot be opened") {
  FakeEngine engine;
  EXPECT_THROWS(ErrorCode::kModelInvalid, "`nowhere`", engine.Open("nowhere"));
}

TEST("a function may throw, and may be replaced while a session is open") {
  FakeEngine engine;
  AddGraph(&engine, [](const FakeEngine::Call&) {
    throw Error(ErrorCode::kInferenceFailed, "track", "no");
  });
  const auto session = engine.Open("g");
  Tensor y(DataType::kFloat32, {1});
  EXPECT_THROWS(ErrorCode::kInferenceFailed, "no", session->Run("track", {}, {{"y", &y}}));
  engine.SetFunction("g", [](const FakeEngine::Call& call) { call.out("y")[0] = 5; });
  session->Run("track", {}, {{"y", &y}});
  EXPECT_EQ(y.data<float>()[0], 5.0f);
  EXPECT_EQ(engine.runs("g"), 2);
}

TEST("cancelling ends a run that hangs and fails the ones after it") {
  FakeEngine engine;
  std::promise<void> started;
  AddGraph(&engine, [&](const FakeEngine::Call& call) {
    started.set_value();
    call.HangUntilCancelled();
  });
  const auto session = engine.Open("g");
  std::thread canceller([&] {
    started.get_future().wait();
    engine.Cancel();
  });
  Tensor y(DataType::kFloat32, {1});
  EXPECT_THROWS(ErrorCode::kInferenceCancelled, "cancelled",
                session->Run("track", {}, {{"y", &y}}));
  canceller.join();
  EXPECT_THROWS(ErrorCode::kInferenceCancelled, "cancelled",
                session->Run("track", {}, {{"y", &y}}));
  EXPECT_EQ(engine.runs("g"), 1);
}

TEST_MAIN("fake_engine")
