#include "core/job_thread.h"

#include <atomic>
#include <functional>
#include <future>

#include "check.h"

using namespace sonotrack;

namespace {

class TestJob : public Job {
 public:
  explicit TestJob(std::function<void()> run, std::atomic<int>* destroyed = nullptr)
      : run_(std::move(run)), destroyed_(destroyed) {}
  ~TestJob() override {
    if (destroyed_ != nullptr) ++*destroyed_;
  }
  void Run() noexcept override { run_(); }

 private:
  std::function<void()> run_;
  std::atomic<int>* destroyed_;
};

std::unique_ptr<Job> MakeJob(std::function<void()> run, std::atomic<int>* destroyed = nullptr) {
  return std::make_unique<TestJob>(std::move(run), destroyed);
}

}  // namespace

TEST("jobs run in the order posted, on one other thread, and each is handed on once") {
  std::vector<int> order;
  std::atomic<int> done{0};
  std::atomic<int> elsewhere{0};
  const auto here = std::this_thread::get_id();
  {
    JobThread thread([&](std::unique_ptr<Job>) { ++done; });
    for (int i = 0; i < 5; ++i) {
      EXPECT(thread.Post(MakeJob([&, i] {
        order.push_back(i);
        elsewhere += std::this_thread::get_id() != here;
      })));
    }
    thread.Close();
    thread.Join();
  }
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_EQ(done.load(), 5);
  EXPECT_EQ(elsewhere.load(), 5);
}

TEST("closing refuses new jobs, drains the queue, and runs the last job last") {
  std::vector<int> order;
  std::promise<void> gate;
  JobThread thread([](std::unique_ptr<Job>) {});
  thread.Post(MakeJob([&] { gate.get_future().wait(); }));
  thread.Post(MakeJob([&] { order.push_back(1); }));
  thread.Close(MakeJob([&] { order.push_back(2); }));
  EXPECT(!thread.Post(MakeJob([&] { order.push_back(3); })));
  thread.Close(MakeJob([&] { order.push_back(4); }));
  gate.set_value();
  thread.Join();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST("aborting leaves queued jobs undone and destroys each once") {
  std::atomic<int> ran{0};
  std::atomic<int> destroyed{0};
  {
    std::promise<void> started, gate;
    JobThread thread([](std::unique_ptr<Job>) {});
    thread.Post(MakeJob(
        [&] {
          started.set_value();
          gate.get_future().wait();
          ++ran;
        },
        &destroyed));
    thread.Post(MakeJob([&] { ++ran; }, &destroyed));
    started.get_future().wait();
    thread.Abort();
    gate.set_value();
    thread.Join();
  }
  EXPECT_EQ(ran.load(), 1);
  EXPECT_EQ(destroyed.load(), 2);
}

TEST("a thread without jobs ends when it is destroyed") {
  JobThread thread([](std::unique_ptr<Job>) {});
  EXPECT(true);
}

TEST_MAIN("job_thread")
