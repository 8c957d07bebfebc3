// Lets g++ compile the kernel files for the CPU: the names that CUDA C gives to a kernel, with the same meaning.
//
// A kernel file is compiled as a unit of its own: this header, prelude.cuh, the file, and a registration that FakeDriver.java
// appends. Threads run one after another (see engine.h), so atomics are plain operations and globals hold what is per thread.
#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

#include <type_traits>

#include "registry.h"

#define GRAFT_HOST 1

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef unsigned long long u64;
typedef int8_t i8;
typedef int16_t i16;
typedef int32_t i32;
typedef long long i64;

// Kernels are static here, so that variants of one file (mutants) can be linked into one library.
// GRAFT_KERNEL_MARK vanishes in the end; FakeDriver.java looks for it in the preprocessed text to find the kernels' names,
// those that macros make included.
#define KERNEL GRAFT_KERNEL_MARK static void
#define DEVICE inline
// All shared variables of a unit lie in one section, which the engine overwrites with NaN before each block.
#define SHARED static __attribute__((section("graft_shared_" GRAFT_UNIT)))

// The mask of a whole warp.
#define WARP 0xffffffffu

#define __launch_bounds__(...)
#define __device__
#define __constant__ static const

struct uint3 {
    unsigned x, y, z;
};

extern uint3 threadIdx, blockIdx, blockDim, gridDim;
static const int warpSize = 32;

// As on the device, a vector is read and written at once; the alignment makes a misaligned access fail here too.
struct alignas(8) float2 { float x, y; };
struct alignas(16) float4 { float x, y, z, w; };
struct alignas(16) double2 { double x, y; };
struct alignas(8) int2 { int x, y; };
struct alignas(16) int4 { int x, y, z, w; };
struct alignas(8) uint2 { unsigned x, y; };
struct alignas(16) uint4 { unsigned x, y, z, w; };
struct alignas(4) ushort2 { u16 x, y; };
struct alignas(8) ushort4 { u16 x, y, z, w; };

static inline float2 make_float2(float x, float y) { return {x, y}; }
static inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
static inline double2 make_double2(double x, double y) { return {x, y}; }
static inline int2 make_int2(int x, int y) { return {x, y}; }
static inline int4 make_int4(int x, int y, int z, int w) { return {x, y, z, w}; }
static inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
static inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }
static inline ushort2 make_ushort2(u16 x, u16 y) { return {x, y}; }
static inline ushort4 make_ushort4(u16 x, u16 y, u16 z, u16 w) { return {x, y, z, w}; }

static inline void __syncthreads() { hostsim::waitForBlock(); }
static inline void __syncwarp(u32 mask = 0xffffffffu) { hostsim::waitForWarp(mask); }
static inline void __threadfence() {}
static inline void __threadfence_block() {}

namespace hostsim {

template <class To, class From>
inline To bits(From from) {
    static_assert(sizeof(To) == sizeof(From));
    To to;
    memcpy(&to, &from, sizeof to);
    return to;
}

template <class T>
inline T shuffle(u32 mask, T value, int lane) {
    static_assert(sizeof(T) <= sizeof(u64));
    u64 word = 0;
    memcpy(&word, &value, sizeof value);
    word = exchange(mask, word, lane);
    memcpy(&value, &word, sizeof value);
    return value;
}

template <class T, class Operation>
inline T update(T* address, Operation operation) {
    T old = *address;
    *address = operation(old);
    return old;
}

}  // namespace hostsim

// A source outside the warp gives the thread's own value, as on the device.
template <class T>
static inline T __shfl_sync(u32 mask, T v, int lane) {
    return hostsim::shuffle(mask, v, lane & 31);
}

template <class T>
static inline T __shfl_down_sync(u32 mask, T v, unsigned d) {
    return hostsim::shuffle(mask, v, hostsim::lane() + (int) d);
}

template <class T>
static inline T __shfl_up_sync(u32 mask, T v, unsigned d) {
    return hostsim::shuffle(mask, v, hostsim::lane() - (int) d);
}

template <class T>
static inline T __shfl_xor_sync(u32 mask, T v, int lanes) {
    return hostsim::shuffle(mask, v, hostsim::lane() ^ lanes);
}

static inline u32 __ballot_sync(u32 mask, int predicate) {
    return hostsim::ballot(mask, predicate != 0);
}

static inline int __any_sync(u32 mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
static inline int __all_sync(u32 mask, int predicate) { return __ballot_sync(mask, !predicate) == 0; }

// The value's type is not deduced: atomicAdd(unsigned*, 1) converts, as CUDA's overloads do.
template <class T>
using Same = std::common_type_t<T>;

template <class T>
static inline T atomicAdd(T* p, Same<T> v) {
    return hostsim::update(p, [=](T o) { return (T) (o + v); });
}

template <class T>
static inline T atomicMin(T* p, Same<T> v) {
    return hostsim::update(p, [=](T o) { return v < o ? v : o; });
}

template <class T>
static inline T atomicMax(T* p, Same<T> v) {
    return hostsim::update(p, [=](T o) { return v > o ? v : o; });
}

template <class T>
static inline T atomicOr(T* p, Same<T> v) {
    return hostsim::update(p, [=](T o) { return o | v; });
}

template <class T>
static inline T atomicAnd(T* p, Same<T> v) {
    return hostsim::update(p, [=](T o) { return o & v; });
}

template <class T>
static inline T atomicExch(T* p, Same<T> v) {
    return hostsim::update(p, [=](T) { return v; });
}

template <class T>
static inline T atomicCAS(T* p, Same<T> expected, Same<T> v) {
    return hostsim::update(p, [=](T o) { return o == expected ? v : o; });
}

static inline u32 __float_as_uint(float v) { return hostsim::bits<u32>(v); }
static inline i32 __float_as_int(float v) { return hostsim::bits<i32>(v); }
static inline float __uint_as_float(u32 v) { return hostsim::bits<float>(v); }
static inline float __int_as_float(i32 v) { return hostsim::bits<float>(v); }
static inline i64 __double_as_longlong(double v) { return hostsim::bits<i64>(v); }
static inline double __longlong_as_double(i64 v) { return hostsim::bits<double>(v); }

static inline int __popc(u32 v) { return __builtin_popcount(v); }
static inline int __popcll(u64 v) { return __builtin_popcountll(v); }
static inline int __clz(i32 v) { return v == 0 ? 32 : __builtin_clz((u32) v); }
static inline int __clzll(i64 v) { return v == 0 ? 64 : __builtin_clzll((u64) v); }
static inline int __ffs(i32 v) { return __builtin_ffs(v); }
static inline u32 __umulhi(u32 a, u32 b) { return (u32) (((u64) a * b) >> 32); }
static inline u64 __umul64hi(u64 a, u64 b) { return (u64) (((unsigned __int128) a * b) >> 64); }

template <class T>
static inline T __ldg(const T* p) {
    return *p;
}

static inline float rsqrtf(float v) { return 1.0f / sqrtf(v); }
static inline double rsqrt(double v) { return 1.0 / sqrt(v); }
// Macros, because glibc declares functions of these names.
#define __expf expf
#define __logf logf
static inline float __fdividef(float a, float b) { return a / b; }
static inline float __fmul_rn(float a, float b) { return a * b; }
static inline float __fadd_rn(float a, float b) { return a + b; }
static inline float __fsub_rn(float a, float b) { return a - b; }
static inline float __fdiv_rn(float a, float b) { return a / b; }
static inline double __dmul_rn(double a, double b) { return a * b; }
static inline double __dadd_rn(double a, double b) { return a + b; }

// CUDA's min and max of floating types ignore a NaN, as fmin and fmax do.
template <class A, class B>
static inline auto min(A a, B b) {
    using T = std::common_type_t<A, B>;
    if constexpr (std::is_floating_point_v<T>) return (T) fmin((T) a, (T) b);
    else return (T) a < (T) b ? (T) a : (T) b;
}

template <class A, class B>
static inline auto max(A a, B b) {
    using T = std::common_type_t<A, B>;
    if constexpr (std::is_floating_point_v<T>) return (T) fmax((T) a, (T) b);
    else return (T) a > (T) b ? (T) a : (T) b;
}
