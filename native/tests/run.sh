#!/bin/sh
# Builds the native tests with AddressSanitizer and UndefinedBehaviorSanitizer into build/native-tests and runs them.
# Needs CMake and a C++17 compiler; JOBS sets the parallel compilers (2).
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build="$root/build/native-tests"
mkdir -p "$root/build"
cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g1" \
  -DSONOTRACK_BUILD_TESTS=ON -DSONOTRACK_SANITIZE=ON >"$root/build/native-tests.log" 2>&1 ||
  { cat "$root/build/native-tests.log" >&2; exit 1; }
cmake --build "$build" --parallel "${JOBS:-2}" >"$root/build/native-tests.log" 2>&1 ||
  { cat "$root/build/native-tests.log" >&2; exit 1; }

# Leaks are reported too. ONNX Runtime keeps process-wide objects of its own until exit.
export ASAN_OPTIONS="detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1"
export LSAN_OPTIONS="suppressions=$root/native/tests/lsan.supp:print_suppressions=0"
export UBSAN_OPTIONS="print_stacktrace=1"

total=0
failed=0
for test in "$build"/native/tests/*_test; do
  if output=$("$test" 2>&1); then status=0; else status=$?; fi
  printf '%s\n' "$output"
  count=$(printf '%s\n' "$output" | sed -n 's/^[a-z_]*: \([0-9][0-9]*\) checks passed$/\1/p' | tail -n 1)
  total=$((total + ${count:-0}))
  if [ "$status" -ne 0 ]; then
    echo "$(basename "$test"): failed with exit status $status"
    failed=$((failed + 1))
  fi
done
if [ "$failed" -ne 0 ]; then
  echo "native: $failed test programs failed"
  exit 1
fi
echo "native: $total checks passed"
