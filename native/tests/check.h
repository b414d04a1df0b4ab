#pragma once

#include <cstdio>
#include <exception>
#include <functional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"

/** A small test harness: TEST bodies run in order, EXPECT_* count, `RunTests` prints the count or
 * the failures. */
namespace check {

struct State {
  std::vector<std::pair<std::string, std::function<void()>>> tests;
  int passed = 0;
  int failed = 0;
};

inline State& state() {
  static State instance;
  return instance;
}

struct Register {
  Register(const char* name, std::function<void()> body) {
    state().tests.emplace_back(name, std::move(body));
  }
};

template <typename T>
void Print(std::ostream& out, const T& value) {
  if constexpr (std::is_same_v<T, uint8_t>) {
    out << static_cast<int>(value);
  } else {
    out << value;
  }
}

template <typename T>
void Print(std::ostream& out, const std::vector<T>& values) {
  out << "{";
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out << ", ";
    Print(out, values[i]);
  }
  out << "}";
}

inline void Count(bool ok, const char* file, int line, const std::string& message) {
  if (ok) {
    ++state().passed;
    return;
  }
  ++state().failed;
  std::printf("  %s:%d: %s\n", file, line, message.c_str());
}

template <typename A, typename B>
void Equal(const A& actual, const B& expected, const char* file, int line, const char* text) {
  std::ostringstream message;
  message << text << ": expected ";
  Print(message, expected);
  message << " but received ";
  Print(message, actual);
  Count(actual == expected, file, line, message.str());
}

template <typename Body>
void Throws(sonotrack::ErrorCode code, const std::string& part, Body body, const char* file,
            int line, const char* text) {
  std::string what = "nothing was thrown";
  bool ok = false;
  try {
    body();
  } catch (const sonotrack::Error& error) {
    what = std::string(error.code_name()) + ": " + error.what();
    ok = error.code() == code && what.find(part) != std::string::npos;
  } catch (const std::exception& error) {
    what = error.what();
  }
  Count(ok, file, line,
        std::string(text) + ": expected " + sonotrack::ErrorCodeName(code) + " with '" + part +
            "' but " + what);
}

inline int RunTests(const char* program) {
  for (const auto& [name, body] : state().tests) {
    const int failed = state().failed;
    try {
      body();
    } catch (const std::exception& error) {
      Count(false, name.c_str(), 0, std::string("threw ") + error.what());
    }
    if (state().failed > failed) std::printf("not ok: %s\n", name.c_str());
  }
  if (state().failed > 0) {
    std::printf("%s: %d checks failed\n", program, state().failed);
    return 1;
  }
  std::printf("%s: %d checks passed\n", program, state().passed);
  return 0;
}

}  // namespace check

#define CHECK_JOIN2(a, b) a##b
#define CHECK_JOIN(a, b) CHECK_JOIN2(a, b)
/** TEST("a sentence") { … } */
#define TEST(name)                                                                                \
  static void CHECK_JOIN(Test, __LINE__)();                                                       \
  static const check::Register CHECK_JOIN(register_, __LINE__)(name, CHECK_JOIN(Test, __LINE__)); \
  static void CHECK_JOIN(Test, __LINE__)()
#define EXPECT(condition) check::Count((condition), __FILE__, __LINE__, #condition)
#define EXPECT_EQ(actual, expected) check::Equal(actual, expected, __FILE__, __LINE__, #actual)
#define EXPECT_NEAR(actual, expected, tolerance)                                        \
  check::Count(std::abs((actual) - (expected)) <= (tolerance), __FILE__, __LINE__,      \
               std::string(#actual) + " is " + std::to_string(actual) + ", expected " + \
                   std::to_string(expected))
/** `statement` throws an Error of this code whose message holds `part`. */
#define EXPECT_THROWS(code, part, statement) \
  check::Throws(                             \
      code, part, [&] { statement; }, __FILE__, __LINE__, #statement)
#define TEST_MAIN(program) \
  int main() { return check::RunTests(program); }
