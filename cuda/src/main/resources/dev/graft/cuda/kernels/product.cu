// Products: of matrices, and convolutions as products. A block of 16 x 16 threads computes 64 x 64 results, four by four
// a thread, from tiles of 16 columns of the left operand and 16 rows of the right one. What an operand's element is,
// and where a result goes, is said by small structs; a convolution's patches are never in memory.

#define TILE 64
#define DEPTH 16
#define SIDE 16
// Terms that are added in float before they are added in double; a multiple of DEPTH.
#define LONG_SUM 4096

// along_depth: whether neighbours in memory are neighbours along the products' sums, so that threads load along it.
template <class Left, class Right, class Result>
DEVICE void product(
    i32 row, i32 column, i32 m, i32 n, i64 from, i64 to, const Left& left, const Right& right, const Result& result,
    float (*left_tile)[TILE + 1], float (*right_tile)[TILE + 1]) {
  i32 thread = (i32) (threadIdx.y * SIDE + threadIdx.x);
  float sum[4][4];
  // What long sums in float have come to so far: added up in double, they keep what a float would swallow.
  double all[4][4];
  for (int i = 0; i < 4; i++) {
    for (int j = 0; j < 4; j++) {
      sum[i][j] = 0.0f;
      all[i][j] = 0.0;
    }
  }
  for (i64 k = from; k < to; k += DEPTH) {
    if (k > from && (k - from) % LONG_SUM == 0) {
      for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 4; j++) {
          all[i][j] += sum[i][j];
          sum[i][j] = 0.0f;
        }
      }
    }
    for (i32 e = thread; e < TILE * DEPTH; e += SIDE * SIDE) {
      i32 i = left.along_depth() ? e / DEPTH : e % TILE;
      i32 d = left.along_depth() ? e % DEPTH : e / TILE;
      left_tile[d][i] = row + i < m && k + d < to ? left.at(row + i, k + d) : 0.0f;
      i32 j = right.along_depth() ? e / DEPTH : e % TILE;
      i32 f = right.along_depth() ? e % DEPTH : e / TILE;
      right_tile[f][j] = column + j < n && k + f < to ? right.at(k + f, column + j) : 0.0f;
    }
    __syncthreads();
    i32 depth = to - k < DEPTH ? (i32) (to - k) : DEPTH;
    for (i32 d = 0; d < depth; d++) {
      float l[4], r[4];
      for (int i = 0; i < 4; i++) {
        l[i] = left_tile[d][threadIdx.y + SIDE * i];
        r[i] = right_tile[d][threadIdx.x + SIDE * i];
      }
      for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 4; j++) {
          sum[i][j] += l[i] * r[j];
        }
      }
    }
    __syncthreads();
  }
  for (int i = 0; i < 4; i++) {
    for (int j = 0; j < 4; j++) {
      i32 r = row + (i32) threadIdx.y + SIDE * i;
      i32 c = column + (i32) threadIdx.x + SIDE * j;
      if (r < m && c < n) {
        result.put(r, c, to - from > LONG_SUM ? (float) (all[i][j] + sum[i][j]) : sum[i][j]);
      }
    }
  }
}

// One more column than needed: threads that go down a column then meet different banks of memory.
#define TILES \
  SHARED float left_tile[DEPTH][TILE + 1]; \
  SHARED float right_tile[DEPTH][TILE + 1]; \
  i32 column_tiles = (n + TILE - 1) / TILE; \
  i32 row = (i32) (blockIdx.x / column_tiles) * TILE; \
  i32 column = (i32) (blockIdx.x % column_tiles) * TILE;

struct LeftMatrix {
  const float* p;
  i64 row, column;
  DEVICE bool along_depth() const { return column == 1; }
  DEVICE float at(i32 i, i64 k) const { return p[i * row + k * column]; }
};

struct RightMatrix {
  const float* p;
  i64 row, column;
  DEVICE bool along_depth() const { return row == 1; }
  DEVICE float at(i64 k, i32 j) const { return p[k * row + j * column]; }
};

// Row-major, with a bias for each column if there is one.
struct Rows {
  float* p;
  const float* bias;
  i32 width;
  DEVICE void put(i32 i, i32 j, float value) const { p[(i64) i * width + j] = bias ? value + bias[j] : value; }
};

KERNEL matmul(
    float* y, const float* p, const float* q, const float* bias, Walk batch, i32 m, i32 n, i32 k, i64 p_row,
    i64 p_column, i64 q_row, i64 q_column, i32 batches) {
  TILES
  for (i32 b = (i32) blockIdx.y; b < batches; b += (i32) gridDim.y) {
    Place at = place(batch, (u32) b);
    LeftMatrix left = {p + at.at[1], p_row, p_column};
    RightMatrix right = {q + at.at[2], q_row, q_column};
    Rows result = {y + at.at[0], bias, n};
    product(row, column, m, n, 0, k, left, right, result, left_tile, right_tile);
  }
}

// The geometry of a convolution of channels-last images. Channels are those of one group; w_* are the weight's steps.
struct Conv {
  i32 images, height, width, channels, out_height, out_width, out_channels, groups;
  i32 kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w;
  i64 w_out, w_in, w_h, w_w;
};

// Where pixel r of an image batch lies.
struct Spot {
  i32 image, row, column;
};

DEVICE Spot spot(i64 r, i32 height, i32 width) {
  Spot s;
  s.column = (i32) (r % width);
  r /= width;
  s.row = (i32) (r % height);
  s.image = (i32) (r / height);
  return s;
}

// A position within a kernel, and a channel: the order of a product's terms, channels innermost.
struct Tap {
  i32 h, w, channel;
};

DEVICE Tap tap(const Conv& c, i64 k, i32 channels) {
  Tap t;
  t.channel = (i32) (k % channels);
  k /= channels;
  t.w = (i32) (k % c.kernel_w);
  t.h = (i32) (k / c.kernel_w);
  return t;
}

// What the kernel sees at a result's pixel.
DEVICE float patch(const Conv& c, const float* x, i32 group, i64 r, i64 k) {
  Spot s = spot(r, c.out_height, c.out_width);
  Tap t = tap(c, k, c.channels);
  i32 h = s.row * c.stride_h - c.pad_top + t.h * c.dilation_h;
  i32 w = s.column * c.stride_w - c.pad_left + t.w * c.dilation_w;
  if (h < 0 || h >= c.height || w < 0 || w >= c.width) {
    return 0.0f;
  }
  i64 pixel = ((i64) s.image * c.height + h) * c.width + w;
  return x[pixel * c.channels * c.groups + (i64) group * c.channels + t.channel];
}

DEVICE float weight(const Conv& c, const float* w, i32 group, i32 out, const Tap& t) {
  return w[((i64) group * c.out_channels + out) * c.w_out + t.channel * c.w_in + t.h * c.w_h + t.w * c.w_w];
}

struct LeftPatches {
  const Conv& c;
  const float* x;
  i32 group;
  DEVICE bool along_depth() const { return true; }
  DEVICE float at(i32 r, i64 k) const { return patch(c, x, group, r, k); }
};

struct RightWeights {
  const Conv& c;
  const float* w;
  i32 group;
  DEVICE bool along_depth() const { return true; }
  DEVICE float at(i64 k, i32 out) const { return weight(c, w, group, out, tap(c, k, c.channels)); }
};

// activation(scale * sum + shift + residual), each if there is one; the activations' order is that of the Java enum.
struct Finished {
  float* y;
  const float* scale;
  const float* shift;
  const float* residual;
  i32 activation, group, channels, all;
  DEVICE void put(i32 r, i32 o, float value) const {
    i32 channel = group * channels + o;
    i64 at = (i64) r * all + channel;
    value = scale ? scale[channel] * value : value;
    value = shift ? value + shift[channel] : value;
    value = residual ? value + residual[at] : value;
    value = activation != 0 && value < 0.0f ? 0.0f : value;
    y[at] = activation == 2 && value > 6.0f ? 6.0f : value;
  }
};

KERNEL conv(
    float* y, const float* x, const float* w, const float* scale, const float* shift, const float* residual, Conv c,
    i32 activation) {
  i32 m = c.images * c.out_height * c.out_width;
  i32 n = c.out_channels;
  TILES
  i32 group = (i32) blockIdx.y;
  LeftPatches left = {c, x, group};
  RightWeights right = {c, w, group};
  Finished result = {y, scale, shift, residual, activation, group, n, n * c.groups};
  i64 k = (i64) c.kernel_h * c.kernel_w * c.channels;
  product(row, column, m, n, 0, k, left, right, result, left_tile, right_tile);
}

// The gradients that reach a pixel of the input: those of the results whose kernel covered it.
struct LeftGradients {
  const Conv& c;
  const float* dy;
  i32 group;
  DEVICE bool along_depth() const { return true; }
  DEVICE float at(i32 r, i64 k) const {
    Spot s = spot(r, c.height, c.width);
    Tap t = tap(c, k, c.out_channels);
    i32 h = s.row + c.pad_top - t.h * c.dilation_h;
    i32 w = s.column + c.pad_left - t.w * c.dilation_w;
    if (h < 0 || w < 0 || h % c.stride_h != 0 || w % c.stride_w != 0) {
      return 0.0f;
    }
    h /= c.stride_h;
    w /= c.stride_w;
    if (h >= c.out_height || w >= c.out_width) {
      return 0.0f;
    }
    i64 pixel = ((i64) s.image * c.out_height + h) * c.out_width + w;
    return dy[pixel * c.out_channels * c.groups + (i64) group * c.out_channels + t.channel];
  }
};

struct RightTurned {
  const Conv& c;
  const float* w;
  i32 group;
  DEVICE bool along_depth() const { return false; }
  DEVICE float at(i64 k, i32 in) const {
    Tap t = tap(c, k, c.out_channels);
    i32 out = t.channel;
    t.channel = in;
    return weight(c, w, group, out, t);
  }
};

struct GroupRows {
  float* p;
  i32 group, width, all;
  DEVICE void put(i32 r, i32 j, float value) const { p[(i64) r * all + group * width + j] = value; }
};

KERNEL conv_backward_input(float* dx, const float* dy, const float* w, Conv c) {
  i32 m = c.images * c.height * c.width;
  i32 n = c.channels;
  TILES
  i32 group = (i32) blockIdx.y;
  LeftGradients left = {c, dy, group};
  RightTurned right = {c, w, group};
  GroupRows result = {dx, group, n, n * c.groups};
  i64 k = (i64) c.kernel_h * c.kernel_w * c.out_channels;
  product(row, column, m, n, 0, k, left, right, result, left_tile, right_tile);
}

struct LeftColumns {
  const Conv& c;
  const float* dy;
  i32 group;
  DEVICE bool along_depth() const { return false; }
  DEVICE float at(i32 o, i64 r) const {
    return dy[r * c.out_channels * c.groups + (i64) group * c.out_channels + o];
  }
};

struct RightPatches {
  const Conv& c;
  const float* x;
  i32 group;
  DEVICE bool along_depth() const { return false; }
  DEVICE float at(i64 r, i32 j) const { return patch(c, x, group, r, j); }
};

// parts[part, group, out, h, w, in]: each part sums over a share of the pixels.
KERNEL conv_backward_weight(float* parts, const float* x, const float* dy, Conv c, i64 share) {
  i32 m = c.out_channels;
  i32 n = c.kernel_h * c.kernel_w * c.channels;
  TILES
  i32 group = (i32) blockIdx.y;
  i64 pixels = (i64) c.images * c.out_height * c.out_width;
  i64 from = (i64) blockIdx.z * share;
  i64 to = from + share < pixels ? from + share : pixels;
  LeftColumns left = {c, dy, group};
  RightPatches right = {c, x, group};
  Rows result = {parts + ((i64) blockIdx.z * c.groups + group) * m * n, 0, n};
  product(row, column, m, n, from, to, left, right, result, left_tile, right_tile);
}
