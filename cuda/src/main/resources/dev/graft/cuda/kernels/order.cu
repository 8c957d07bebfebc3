// Sorting and running sums along one dimension.

// Element k of a line; the kinds are those of dev.graft.cuda.OrderKernels.
DEVICE bool goes_before(const void* line, i64 step, i32 kind, i32 descending, i64 p, i64 q) {
  if (kind == 0) {
    float a = ((const float*) line)[p * step];
    float b = ((const float*) line)[q * step];
    // NaN counts as largest; equal values, NaNs and zeros of both signs keep their order.
    bool less = a != a ? false : b != b ? true : a < b;
    bool more = b != b ? false : a != a ? true : a > b;
    return descending ? more : less;
  }
  i64 a = kind == 1 ? ((const i64*) line)[p * step] : ((const i32*) line)[p * step];
  i64 b = kind == 1 ? ((const i64*) line)[q * step] : ((const i32*) line)[q * step];
  return descending ? a > b : a < b;
}

KERNEL sort_begin(u32* order, i64 lines, i64 n) { EACH(i, lines * n) order[i] = (u32) (i % (u64) n); }

// Merges neighbouring sorted runs of a length: an element's place is its place in its own run plus the number of
// elements of the other run that go before it. Of equal elements, those of the left run go before.
KERNEL sort_merge(
    u32* merged, const u32* order, const void* x, Walk kept, i64 lines, i64 n, i64 length, i64 step, i32 kind,
    i32 descending, i32 width) {
  EACH(i, lines * n) {
    i64 line = (i64) i / n;
    i64 here = (i64) i - line * n;
    const u32* of_line = order + line * n;
    const void* values = (const char*) x + place(kept, (u32) line).at[0] * width;
    i64 pair = here / (2 * length) * (2 * length);
    bool is_left = here < pair + length;
    i64 low = is_left ? pair + length : pair;
    i64 high = is_left ? pair + 2 * length : pair + length;
    low = low < n ? low : n;
    high = high < n ? high : n;
    i64 own = is_left ? here - pair : here - (pair + length);
    i64 first = low;
    u32 element = of_line[here];
    while (low < high) {
      i64 middle = (low + high) / 2;
      bool before = is_left ? goes_before(values, step, kind, descending, of_line[middle], element)
                            : !goes_before(values, step, kind, descending, element, of_line[middle]);
      if (before) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    merged[line * n + pair + own + (low - first)] = element;
  }
}

KERNEL sort_end(i64* y, const u32* order, Walk kept, i64 lines, i64 n, i64 taken, i64 step) {
  EACH(i, lines * taken) {
    i64 line = (i64) i / taken;
    i64 k = (i64) i - line * taken;
    y[place(kept, (u32) line).at[0] + k * step] = order[line * n + k];
  }
}

// One block a line, a tile of as many elements as threads at a time; SUM is the type in which sums are held.
template <class T, class SUM>
DEVICE void cumsum(T* y, const T* x, const Walk& kept, i64 n, i64 y_step, i64 x_step, i32 reverse, SUM* sums) {
  Place line = place(kept, blockIdx.x);
  SUM before = 0;
  for (i64 tile = 0; tile < n; tile += BLOCK) {
    i64 k = tile + threadIdx.x;
    i64 at = reverse ? n - 1 - k : k;
    sums[threadIdx.x] = k < n ? (SUM) x[line.at[1] + at * x_step] : (SUM) 0;
    __syncthreads();
    for (u32 reach = 1; reach < BLOCK; reach *= 2) {
      SUM left = threadIdx.x >= reach ? sums[threadIdx.x - reach] : (SUM) 0;
      __syncthreads();
      sums[threadIdx.x] += left;
      __syncthreads();
    }
    if (k < n) {
      y[line.at[0] + at * y_step] = (T) (before + sums[threadIdx.x]);
    }
    before += sums[BLOCK - 1];
    __syncthreads();
  }
}

KERNEL cumsum_f32(float* y, const float* x, Walk kept, i64 n, i64 y_step, i64 x_step, i32 reverse) {
  SHARED double sums[BLOCK];
  cumsum<float, double>(y, x, kept, n, y_step, x_step, reverse, sums);
}

// Unsigned, so that sums wrap around.
KERNEL cumsum_i64(u64* y, const u64* x, Walk kept, i64 n, i64 y_step, i64 x_step, i32 reverse) {
  SHARED u64 sums[BLOCK];
  cumsum<u64, u64>(y, x, kept, n, y_step, x_step, reverse, sums);
}
