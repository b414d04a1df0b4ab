#include "engine/fake_engine.h"

namespace sonotrack {
namespace {

[[noreturn]] void ThrowCancelled(const char* stage) {
  throw Error(ErrorCode::kInferenceCancelled, stage, "the inference was cancelled");
}

}  // namespace

class FakeEngine::Session : public InferenceSession {
 public:
  Session(FakeEngine* engine, const std::string& path, Graph* graph)
      : InferenceSession(path), engine_(engine), graph_(graph) {
    inputs_ = graph->inputs;
    outputs_ = graph->outputs;
  }

 protected:
  void DoRun(const char* stage, const std::vector<Input>& inputs,
             const std::vector<Output>& outputs) override {
    Function function;
    {
      std::lock_guard lock(engine_->mutex_);
      if (engine_->cancelled_) ThrowCancelled(stage);
      ++graph_->runs;
      function = graph_->function;
    }
    function(Call(engine_, inputs, outputs));
  }

 private:
  FakeEngine* engine_;
  Graph* graph_;
};

const Tensor& FakeEngine::Call::FindInput(const std::string& name) const {
  for (const Input& input : inputs_) {
    if (name == input.name) return *input.tensor;
  }
  throw Error(ErrorCode::kInternal, "fake", "the run has no input `" + name + "`");
}

float* FakeEngine::Call::out(const std::string& name) const {
  for (const Output& output : outputs_) {
    if (name == output.name) return output.tensor->data<float>();
  }
  return nullptr;
}

size_t FakeEngine::Call::out_count(const std::string& name) const {
  for (const Output& output : outputs_) {
    if (name == output.name) return output.tensor->count();
  }
  return 0;
}

void FakeEngine::Call::HangUntilCancelled() const {
  std::unique_lock lock(engine_->mutex_);
  engine_->cancelled_changed_.wait(lock, [this] { return engine_->cancelled_; });
  ThrowCancelled("fake");
}

void FakeEngine::Add(const std::string& path, std::vector<TensorSpec> inputs,
                     std::vector<TensorSpec> outputs, Function function) {
  std::lock_guard lock(mutex_);
  graphs_[path] = {std::move(inputs), std::move(outputs), std::move(function), 0};
}

void FakeEngine::SetFunction(const std::string& path, Function function) {
  std::lock_guard lock(mutex_);
  graphs_.at(path).function = std::move(function);
}

int FakeEngine::runs(const std::string& path) const {
  std::lock_guard lock(mutex_);
  return graphs_.at(path).runs;
}

std::unique_ptr<InferenceSession> FakeEngine::Open(const std::string& path) {
  const auto found = graphs_.find(path);
  if (found == graphs_.end()) {
    throw Error(ErrorCode::kModelInvalid, "open", "no graph at `" + path + "`");
  }
  return std::make_unique<Session>(this, path, &found->second);
}

void FakeEngine::Cancel() {
  {
    std::lock_guard lock(mutex_);
    cancelled_ = true;
  }
  cancelled_changed_.notify_all();
}

}  // namespace sonotrack
