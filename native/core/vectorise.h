#pragma once

// Before a loop whose iterations are independent, although its many pointers might alias.
#if defined(__GNUC__) && !defined(__clang__)
#define SONOTRACK_INDEPENDENT _Pragma("GCC ivdep")
#else
#define SONOTRACK_INDEPENDENT
#endif

// Before a function that is compiled twice, for processors with and without AVX2; the loader picks.
// No fused multiply-add, so that both give the same numbers. Sanitizers cannot run such a choice.
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__linux__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define SONOTRACK_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define SONOTRACK_CLONES
#endif
