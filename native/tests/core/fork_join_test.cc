#include "core/fork_join.h"

#include <chrono>
#include <set>
#include <vector>

#include "check.h"

using namespace sonotrack;

TEST("every task is done once, by any number of threads, before the loop returns") {
  for (const int threads : {0, 1, 2, 8}) {
    ForkJoin fork(threads);
    int wrong = 0;
    for (int round = 0; round < 5000; ++round) {
      std::vector<int> done(static_cast<size_t>(round % 17), 0);
      fork.ForEach(round % 17, [&](int i) { ++done[static_cast<size_t>(i)]; });
      if (done != std::vector<int>(done.size(), 1)) ++wrong;
    }
    EXPECT_EQ(wrong, 0);
  }
}

TEST("a helper that sleeps is woken, and takes its share") {
  ForkJoin fork(2);
  for (int round = 0; round < 3; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    std::mutex mutex;
    std::condition_variable both;
    std::set<std::thread::id> ids;
    // Each waits for the other, which therefore must be another thread.
    fork.ForEach(2, [&](int) {
      std::unique_lock lock(mutex);
      ids.insert(std::this_thread::get_id());
      both.notify_all();
      both.wait(lock, [&] { return ids.size() == 2; });
    });
    EXPECT_EQ(ids.count(std::this_thread::get_id()), 1u);
  }
}

TEST("bands cover all rows without overlap") {
  ForkJoin fork(2);
  for (const int rows : {0, 1, 31, 32, 33, 100}) {
    std::vector<int> done(static_cast<size_t>(rows), 0);
    fork.ForRows(rows, 32, [&](int first, int end) {
      for (int y = first; y < end; ++y) ++done[static_cast<size_t>(y)];
    });
    EXPECT(done == std::vector<int>(done.size(), 1));
  }
}

TEST_MAIN("fork_join")
