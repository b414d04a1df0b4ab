#!/bin/sh
# The addon itself under AddressSanitizer and UndefinedBehaviorSanitizer, in Node, with the real models: run-addon.sh [TEST…]
# Builds it into build/addon-memory and runs tests of the SDK on it, as `npm run test:build` has compiled them. Leaks are not
# looked for: Node ends without freeing what it holds. Needs what the addon needs, and GCC's libasan.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build="$root/build/addon-memory"
tests=${*:-integration/contract integration/agreement unit/sdk/mask integration/cli/speed}
log="$build.log"
cd "$root"
npx cmake-js compile --out "$build" --CDSONOTRACK_SANITIZE=address,undefined >"$log" 2>&1 ||
  { cat "$log" >&2; exit 1; }

# A package like this one, but with that addon.
package=$(mktemp -d)
trap 'rm -rf "$package"' EXIT
mkdir -p "$package/build/Release"
cp "$build/Release/sonotrack.node" "$package/build/Release/"
cp -r package.json binding-options.cjs firmware-profiles proto .build "$package/"
ln -s "$root/models" "$root/node_modules" "$package/"

export ASAN_OPTIONS="detect_leaks=0:strict_string_checks=1:detect_stack_use_after_return=1"
export UBSAN_OPTIONS="print_stacktrace=1"
export TAP_TIMEOUT=600 # sanitizers are slow
preload="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libubsan.so)"
total=0
for test in $tests; do
  if output=$(LD_PRELOAD="$preload" node "$package/.build/tests/$test.test.js" 2>&1); then status=0; else status=$?; fi
  count=$(printf '%s\n' "$output" | sed -n 's/^# { total: [0-9]*, pass: \([0-9]*\).*/\1/p')
  if [ "$status" -ne 0 ] || [ -z "$count" ]; then
    printf '%s\n' "$output" | tail -n 60
    echo "addon: $test failed with exit status $status"
    exit 1
  fi
  echo "$test: $count passed"
  total=$((total + count))
done
echo "addon: $total checks passed"
