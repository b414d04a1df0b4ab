#include "binding/build_graph.h"

#include <optional>
#include <string>
#include <utility>

#include "binding/convert.h"
#include "engine/ort_engine.h"

namespace sonotrack {
namespace {

/** On a thread of the pool: minutes may pass. */
class BuildWorker : public Napi::AsyncWorker {
 public:
  BuildWorker(Napi::Env env, BuildOptions options)
      : Napi::AsyncWorker(env), deferred_(env), options_(std::move(options)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override {
    try {
      choice_ = OpenWithFirst(options_.runtime.providers, [&](Provider provider) {
        const auto engine = CreateOrtEngine(options_.runtime.On(provider));
        from_cache_ = engine->Open(options_.path)->from_cache();
      });
    } catch (const Error& error) {
      error_ = error;
    }
  }

  void OnOK() override {
    if (error_) {
      deferred_.Reject(ToJs(Env(), *error_));
      return;
    }
    Napi::Object result = Napi::Object::New(Env());
    result.Set("provider", ProviderName(choice_.chosen));
    result.Set("fellBackFrom", ToJs(Env(), choice_.fell_back_from));
    result.Set("fromCache", from_cache_);
    deferred_.Resolve(result);
  }

  /** What is no failure of the domain, for instance no memory. */
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  const Napi::Promise::Deferred deferred_;
  const BuildOptions options_;
  ProviderChoice choice_;
  bool from_cache_ = false;
  std::optional<Error> error_;
};

}  // namespace

Napi::Value BuildGraph(const Napi::CallbackInfo& info) {
  try {
    auto* worker = new BuildWorker(info.Env(), ReadBuildOptions(info[0]));  // frees itself
    worker->Queue();
    return worker->promise();
  } catch (const Error& error) {
    throw Napi::Error(info.Env(), ToJs(info.Env(), error));
  }
}

}  // namespace sonotrack
