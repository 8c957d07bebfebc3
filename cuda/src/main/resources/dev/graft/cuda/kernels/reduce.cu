// Folds of many elements into one. A block folds up to a chunk of one result's elements: its threads each take every
// so many, then pairs of threads join in a fixed order, so the same operands always give the same bits.

DEVICE float joined(int op, float p, float q) {
  switch (op) {
    case 2: return p > q || p != p ? p : q;                // MAX: NaN wins
    case 3: return p < q || p != p ? p : q;                // MIN
    default: return p + q;                                 // SUM, MEAN
  }
}

DEVICE i64 joined(int op, i64 p, i64 q) {
  switch (op) {
    case 2: return p > q ? p : q;
    case 3: return p < q ? p : q;
    default: return (i64) ((u64) p + (u64) q);
  }
}

DEVICE double joined(int op, double p, double q) { return p + q; }

DEVICE void nothing(int op, float& none) { none = op == 2 ? -infinity() : op == 3 ? infinity() : 0.0f; }

DEVICE void nothing(int op, i64& none) {
  none = op == 2 ? (i64) (1ull << 63) : op == 3 ? (i64) ~(1ull << 63) : 0;
}

// What all threads of the block hold together, in thread 0.
template <class T>
DEVICE T join_block(int op, T value, T* shared) {
  shared[threadIdx.x] = value;
  for (u32 half = BLOCK / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) {
      shared[threadIdx.x] = joined(op, shared[threadIdx.x], shared[threadIdx.x + half]);
    }
  }
  return shared[0];
}

// Block (r, c) folds chunk c of result r: y[r * chunks + c], where y is the result itself if there is one chunk.
template <class T>
DEVICE void reduce(
    T* y, const T* x, const Walk& kept, const Walk& folded, i64 n, i64 chunk, i32 chunks, i32 op, T* shared) {
  Place result = place(kept, blockIdx.x);
  T value;
  nothing(op, value);
  i64 from = blockIdx.y * chunk;
  i64 to = from + chunk < n ? from + chunk : n;
  for (i64 i = from + threadIdx.x; i < to; i += BLOCK) {
    value = joined(op, value, x[result.at[1] + place(folded, (u32) i).at[0]]);
  }
  value = join_block(op, value, shared);
  if (threadIdx.x == 0) {
    y[chunks == 1 ? result.at[0] : (i64) blockIdx.x * chunks + blockIdx.y] = value;
  }
}

KERNEL reduce_f32(float* y, const float* x, Walk kept, Walk folded, i64 n, i64 chunk, i32 chunks, i32 op) {
  SHARED float shared[BLOCK];
  reduce(y, x, kept, folded, n, chunk, chunks, op, shared);
}

KERNEL reduce_i64(i64* y, const i64* x, Walk kept, Walk folded, i64 n, i64 chunk, i32 chunks, i32 op) {
  SHARED i64 shared[BLOCK];
  reduce(y, x, kept, folded, n, chunk, chunks, op, shared);
}

// One thread a result, where a result has few elements.
template <class T>
DEVICE void reduce_few(T* y, const T* x, const Walk& kept, i64 results, const Walk& folded, i64 n, i32 op) {
  EACH(r, results) {
    Place result = place(kept, (u32) r);
    T value;
    nothing(op, value);
    for (i64 i = 0; i < n; i++) {
      value = joined(op, value, x[result.at[1] + place(folded, (u32) i).at[0]]);
    }
    y[result.at[0]] = value;
  }
}

KERNEL reduce_few_f32(float* y, const float* x, Walk kept, i64 results, Walk folded, i64 n, i32 op) {
  reduce_few(y, x, kept, results, folded, n, op);
}

KERNEL reduce_few_i64(i64* y, const i64* x, Walk kept, i64 results, Walk folded, i64 n, i32 op) {
  reduce_few(y, x, kept, results, folded, n, op);
}

KERNEL divide(float* y, Walk walk, i64 n, float divisor) { EACH(i, n) y[place(walk, (u32) i).at[0]] /= divisor; }

// Whether p at place i goes before q at place j among the candidates for the first largest.
DEVICE bool is_larger(float p, i64 i, float q, i64 j) {
  if (p != p || q != q) {
    return p != p && (q == q || i < j);
  }
  return p > q || (p == q && i < j);
}

// One block a result: y[r] becomes the index of the first largest element along the axis.
KERNEL argmax(i64* y, const float* x, Walk kept, i64 n, i64 step) {
  SHARED float values[BLOCK];
  SHARED i64 places[BLOCK];
  Place result = place(kept, blockIdx.x);
  const float* line = x + result.at[1];
  float best = -infinity();
  i64 at = n; // loses against every element
  for (i64 i = threadIdx.x; i < n; i += BLOCK) {
    if (is_larger(line[i * step], i, best, at)) {
      best = line[i * step];
      at = i;
    }
  }
  values[threadIdx.x] = best;
  places[threadIdx.x] = at;
  for (u32 half = BLOCK / 2; half > 0; half /= 2) {
    __syncthreads();
    u32 other = threadIdx.x + half;
    if (threadIdx.x < half && is_larger(values[other], places[other], values[threadIdx.x], places[threadIdx.x])) {
      values[threadIdx.x] = values[other];
      places[threadIdx.x] = places[other];
    }
  }
  if (threadIdx.x == 0) {
    y[result.at[0]] = places[0];
  }
}

// Block b adds the squares of every so many elements to partial[b].
KERNEL square_sums(double* partial, const float* x, i64 n) {
  SHARED double shared[BLOCK];
  double sum = 0.0;
  EACH(i, n) sum += (double) x[i] * (double) x[i];
  sum = join_block(0, sum, shared);
  if (threadIdx.x == 0) {
    partial[blockIdx.x] = sum;
  }
}

// One block.
KERNEL sum_doubles(double* y, const double* x, i64 n) {
  SHARED double shared[BLOCK];
  double sum = 0.0;
  for (i64 i = threadIdx.x; i < n; i += BLOCK) {
    sum += x[i];
  }
  sum = join_block(0, sum, shared);
  if (threadIdx.x == 0) {
    y[0] = sum;
  }
}
