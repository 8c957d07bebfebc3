// What every kernel file begins with. No header of CUDA is included, so that NVRTC needs no include path, and a test
// can compile the same text for the CPU: it defines GRAFT_HOST and its own versions of the first block.
#ifndef GRAFT_HOST
typedef signed char i8;
typedef unsigned char u8;
typedef short i16;
typedef unsigned short u16;
typedef int i32;
typedef unsigned int u32;
typedef long long i64;
typedef unsigned long long u64;
#define KERNEL extern "C" __global__ void
#define DEVICE __device__ __forceinline__
#define SHARED __shared__
#define WARP 0xffffffffu
#endif

#ifndef GRAFT_PRELUDE
#define GRAFT_PRELUDE

DEVICE float float_of_bits(u32 bits) {
  union { u32 u; float f; } x;
  x.u = bits;
  return x.f;
}

DEVICE u32 bits_of_float(float value) {
  union { u32 u; float f; } x;
  x.f = value;
  return x.u;
}

DEVICE u64 bits_of_double(double value) {
  union { u64 u; double d; } x;
  x.d = value;
  return x.u;
}

DEVICE float not_a_number() { return float_of_bits(0x7fc00000u); }

DEVICE float infinity() { return float_of_bits(0x7f800000u); }

// A run of elements in row-major order over up to 12 dimensions, and how far each of up to 4 operands moves in each of
// them. The host merges dimensions and leaves out those of size 1, so that most runs have rank 1.
#define MOST_DIMS 12
#define MOST_OPERANDS 4

struct Walk {
  i32 rank;
  i32 unused;
  u32 size[MOST_DIMS];
  i64 step[MOST_OPERANDS][MOST_DIMS];
};

struct Place {
  i64 at[MOST_OPERANDS];
};

// Where element i of a walk lies in each operand.
DEVICE Place place(const Walk& walk, u32 i) {
  Place p = {{0, 0, 0, 0}};
  for (int d = walk.rank - 1; d >= 0; d--) {
    u32 rest = d == 0 ? 0 : i / walk.size[d];
    u32 here = i - rest * walk.size[d];
    for (int k = 0; k < MOST_OPERANDS; k++) {
      p.at[k] += here * walk.step[k][d];
    }
    i = rest;
  }
  return p;
}

// Each thread of the grid takes every so many elements.
#define EACH(i, n) \
  for (u64 i = (u64) blockIdx.x * blockDim.x + threadIdx.x; i < (u64) (n); i += (u64) gridDim.x * blockDim.x)

// Threads of a block that works together.
#define BLOCK 128

// The sum over all threads of the block, in every thread; in a fixed order.
DEVICE float block_sum(float value, float* shared) {
  shared[threadIdx.x] = value;
  for (u32 half = BLOCK / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) {
      shared[threadIdx.x] += shared[threadIdx.x + half];
    }
  }
  __syncthreads();
  float sum = shared[0];
  __syncthreads();
  return sum;
}

// As block_sum: the largest value, or NaN if there is one.
DEVICE float block_max(float value, float* shared) {
  shared[threadIdx.x] = value;
  for (u32 half = BLOCK / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) {
      float p = shared[threadIdx.x], q = shared[threadIdx.x + half];
      shared[threadIdx.x] = p > q || p != p ? p : q;
    }
  }
  __syncthreads();
  float largest = shared[0];
  __syncthreads();
  return largest;
}

#endif
