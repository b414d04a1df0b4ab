#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "engine/inference.h"

namespace sonotrack {

/** An engine whose graphs are functions that a test gives: deterministic, failing, hanging, as it
 * needs them. */
class FakeEngine : public InferenceEngine {
 public:
  /** What a fake graph sees of one run. */
  class Call {
   public:
    Call(FakeEngine* engine, const std::vector<Input>& inputs, const std::vector<Output>& outputs)
        : engine_(engine), inputs_(inputs), outputs_(outputs) {}

    /** An input's values; throws when the run has none of this name. */
    template <typename T>
    const T* in(const std::string& name) const {
      return FindInput(name).data<T>();
    }
    /** An output's values, or null when the caller did not ask for it. */
    float* out(const std::string& name) const;
    size_t out_count(const std::string& name) const;
    /** Blocks until `Cancel`, then throws INFERENCE_CANCELLED. */
    [[noreturn]] void HangUntilCancelled() const;

   private:
    const Tensor& FindInput(const std::string& name) const;

    FakeEngine* engine_;
    const std::vector<Input>& inputs_;
    const std::vector<Output>& outputs_;
  };
  using Function = std::function<void(const Call&)>;

  /** Makes `Open(path)` give a graph with these inputs and outputs that runs `function`. */
  void Add(const std::string& path, std::vector<TensorSpec> inputs, std::vector<TensorSpec> outputs,
           Function function);
  /** Replaces the function of a graph, also for sessions already open. */
  void SetFunction(const std::string& path, Function function);
  /** Runs of a graph so far. */
  int runs(const std::string& path) const;

  std::unique_ptr<InferenceSession> Open(const std::string& path) override;
  void Cancel() override;

 private:
  class Session;
  struct Graph {
    std::vector<TensorSpec> inputs;
    std::vector<TensorSpec> outputs;
    Function function;
    int runs = 0;
  };

  std::map<std::string, Graph> graphs_;
  mutable std::mutex mutex_;
  std::condition_variable cancelled_changed_;
  bool cancelled_ = false;
};

}  // namespace sonotrack
