#!/bin/sh
# Builds the native tests with sanitizers into build/native-tests-KIND and runs them: run.sh [memory|thread]
# memory (default): AddressSanitizer and UndefinedBehaviorSanitizer; thread: ThreadSanitizer.
# Needs CMake and a C++17 compiler; JOBS sets the parallel compilers (2).
set -eu
kind=${1:-memory}
case $kind in
  memory) sanitizers=address,undefined ;;
  thread) sanitizers=thread ;;
  *) echo "usage: run.sh [memory|thread]" >&2; exit 2 ;;
esac
root=$(cd "$(dirname "$0")/../.." && pwd)
build="$root/build/native-tests-$kind"
log="$build.log"
mkdir -p "$root/build"
cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g1" \
  -DSONOTRACK_BUILD_TESTS=ON -DSONOTRACK_SANITIZE=$sanitizers >"$log" 2>&1 ||
  { cat "$log" >&2; exit 1; }
cmake --build "$build" --parallel "${JOBS:-2}" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }

# Leaks are reported too. ONNX Runtime keeps process-wide objects of its own until exit.
export ASAN_OPTIONS="detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1"
export LSAN_OPTIONS="suppressions=$root/native/tests/lsan.supp:print_suppressions=0"
export UBSAN_OPTIONS="print_stacktrace=1"
export TSAN_OPTIONS="halt_on_error=1"

total=0
failed=0
for test in "$build"/native/tests/*_test; do
  if [ "$kind" = thread ] && [ "$(basename "$test")" = ort_engine_test ]; then
    echo "ort_engine: left out, for ONNX Runtime's library tells ThreadSanitizer of no lock"
    continue
  fi
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
