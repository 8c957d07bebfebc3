// Kernels that test the fake driver itself: a barrier, a shuffle, an atomic operation each, in the forms that kernels use.

struct ProbeShape {
    i64 sizes[8];
    i64 strides[8];
    int rank;
    float scale;
};

#define PROBE_UNARY(name, expression)                                             \
    KERNEL probe_##name(float* y, const float* x, int n) {                        \
        int i = (int) (blockIdx.x * blockDim.x + threadIdx.x);                    \
        if (i < n) {                                                              \
            float v = x[i];                                                       \
            y[i] = expression;                                                    \
        }                                                                         \
    }

PROBE_UNARY(negate, -v)
PROBE_UNARY(exp, expf(v))

// y[i] = scale * x at the strided place of i.
KERNEL probe_strided(float* y, const float* x, ProbeShape shape, i64 n) {
    i64 i = (i64) blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    i64 rest = i, at = 0;
    for (int d = shape.rank - 1; d >= 0; d--) {
        at += rest % shape.sizes[d] * shape.strides[d];
        rest /= shape.sizes[d];
    }
    y[i] = shape.scale * x[at];
}

template <class T>
DEVICE T probe_warp_sum(T v) {
    for (int d = 16; d > 0; d >>= 1) v += __shfl_xor_sync(0xffffffffu, v, d);
    return v;
}

// One sum a block, by shuffles inside a warp and shared memory between warps. Twice, so that the second use of the shared
// memory has to wait for the end of the first: out[0] the sum, out[1] the sum of squares.
DEVICE float probe_block_sum(float v) {
    SHARED float partial[32];
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = (blockDim.x + 31) / 32;
    v = probe_warp_sum(v);
    if (lane == 0) partial[warp] = v;
    __syncthreads();  // written before read
    v = 0.f;
    for (int w = 0; w < warps; w++) v += partial[w];
    __syncthreads();  // read before written again
    return v;
}

KERNEL probe_sums(float* out, const float* x, int n) {
    float sum = 0.f, squares = 0.f;
    for (int i = threadIdx.x; i < n; i += blockDim.x) {
        sum += x[blockIdx.x * n + i];
        squares += x[blockIdx.x * n + i] * x[blockIdx.x * n + i];
    }
    sum = probe_block_sum(sum);
    squares = probe_block_sum(squares);
    if (threadIdx.x == 0) {
        out[2 * blockIdx.x] = sum;
        out[2 * blockIdx.x + 1] = squares;
    }
}

// The tree in shared memory, as textbooks have it.
KERNEL probe_tree(double* out, const double* x) {
    SHARED double tree[256];
    tree[threadIdx.x] = x[threadIdx.x];
    __syncthreads();  // filled
    for (int s = (int) blockDim.x / 2; s > 0; s >>= 1) {
        if ((int) threadIdx.x < s) tree[threadIdx.x] += tree[threadIdx.x + s];
        __syncthreads();  // one level
    }
    if (threadIdx.x == 0) *out = tree[0];
}

KERNEL probe_transpose(float* y, const float* x, int rows, int columns) {
    SHARED float tile[16][17];
    int r = blockIdx.y * 16 + threadIdx.y, c = blockIdx.x * 16 + threadIdx.x;
    if (r < rows && c < columns) tile[threadIdx.y][threadIdx.x] = x[r * columns + c];
    __syncthreads();  // the tile
    r = blockIdx.y * 16 + threadIdx.x;
    c = blockIdx.x * 16 + threadIdx.y;
    if (r < rows && c < columns) y[c * rows + r] = tile[threadIdx.x][threadIdx.y];
}

// bins[0..3]: counts; most: the largest value's bits; mask: an or of 1 << value.
KERNEL probe_atomics(unsigned* bins, int* most, u64* total, unsigned* mask, float* sum, const int* x, int n) {
    int i = (int) (blockIdx.x * blockDim.x + threadIdx.x);
    if (i >= n) return;
    atomicAdd(&bins[x[i] & 3], 1);
    atomicMax(most, x[i]);
    atomicAdd(total, (u64) x[i]);
    atomicOr(mask, 1u << (x[i] & 31));
    atomicAdd(sum, 0.5f);
}

// Per lane: the sum of the lanes from it to the warp's last, in four types.
KERNEL probe_shuffles(float* f, double* d, i64* l, u32* votes) {
    int lane = threadIdx.x & 31;
    float a = (float) lane;
    double b = 0.5 * lane;
    i64 c = (i64) lane << 40;
    for (int s = 1; s < 32; s <<= 1) {
        float a2 = __shfl_down_sync(0xffffffffu, a, s);
        double b2 = __shfl_down_sync(0xffffffffu, b, s);
        i64 c2 = __shfl_down_sync(0xffffffffu, c, s);
        if (lane + s < 32) {
            a += a2;
            b += b2;
            c += c2;
        }
    }
    f[threadIdx.x] = a;
    d[threadIdx.x] = b;
    l[threadIdx.x] = c;
    votes[threadIdx.x] = __ballot_sync(0xffffffffu, lane % 3 == 0);
}

// Each does one wrong thing, for the fake driver to find.
KERNEL probe_write(float* y, i64 at) { y[at] = 1.f; }
KERNEL probe_read(float* y, const float* x, i64 at) { y[0] = x[at]; }
KERNEL probe_table(float** table, float* y) { y[0] = table[0][0]; }
KERNEL probe_divide(int* y, int by) { y[0] = 7 / by; }
KERNEL probe_early(float* y, int n) {
    if ((int) threadIdx.x >= n) return;
    y[threadIdx.x] = 1.f;
    __syncthreads();
}
KERNEL probe_diverged(float* y) {
    if (threadIdx.x < 32) __syncwarp();
    if (threadIdx.x == 0) __syncthreads();
    else __syncwarp();
    y[threadIdx.x] = 1.f;
}
