// Normalisation. Images are rows of channels, [pixels, C]; a block takes 32 neighbouring channels and, of a share of the
// rows, every eighth for each of its 8 lines of threads. Its sums are joined in a fixed order, then those of all shares.

#define WIDE 32
#define LINES 8
DEVICE float active(i32 activation, float v) {
  v = activation != 0 && v < 0.0f ? 0.0f : v;
  return activation == 2 && v > 6.0f ? 6.0f : v;
}

// Of the result, or of what the activation was given: both decide alike.
DEVICE bool active_keeps(i32 activation, float v) {
  return activation == 0 || (!(v <= 0.0f) && (activation == 1 || !(v >= 6.0f)));
}

// Mean and sum of squared deviations of both together (Chan, Golub and LeVeque 1983).
struct Moments {
  float count, mean, squares;
};

DEVICE Moments join(const Moments& p, const Moments& q) {
  if (q.count == 0.0f) {
    return p;
  }
  float count = p.count + q.count;
  float apart = q.mean - p.mean;
  float share = q.count / count;
  Moments all = {count, p.mean + apart * share, p.squares + q.squares + apart * apart * p.count * share};
  return all;
}

// parts[share, C] of the moments.
KERNEL batch_moments(Moments* parts, const float* x, i64 pixels, i32 channels, i64 share) {
  SHARED Moments shared[LINES][WIDE];
  i32 c = (i32) (blockIdx.x * WIDE + threadIdx.x);
  i64 from = blockIdx.y * share;
  i64 to = from + share < pixels ? from + share : pixels;
  Moments m = {0.0f, 0.0f, 0.0f};
  if (c < channels) {
    // Deviations from the share's first value, so that a large mean does not swallow a small spread.
    float center = x[from * channels + c];
    float sum = 0.0f, squares = 0.0f, count = 0.0f;
    for (i64 r = from + threadIdx.y; r < to; r += LINES) {
      float d = x[r * channels + c] - center;
      sum += d;
      squares += d * d;
      count += 1.0f;
    }
    float mean = count > 0.0f ? sum / count : 0.0f;
    m.count = count;
    m.mean = center + mean;
    m.squares = squares - sum * mean;
  }
  shared[threadIdx.y][threadIdx.x] = m;
  __syncthreads();
  if (threadIdx.y == 0 && c < channels) {
    for (int line = 1; line < LINES; line++) {
      m = join(m, shared[line][threadIdx.x]);
    }
    parts[(i64) blockIdx.y * channels + c] = m;
  }
}

KERNEL batch_statistics(
    float* mean, float* inverse_std, float* variance, const Moments* parts, i32 shares, i32 channels, float eps) {
  EACH(c, channels) {
    Moments m = parts[c];
    for (i32 s = 1; s < shares; s++) {
      m = join(m, parts[(i64) s * channels + c]);
    }
    float v = m.squares / m.count;
    v = v < 0.0f ? 0.0f : v;
    mean[c] = m.mean;
    variance[c] = v;
    inverse_std[c] = 1.0f / sqrtf(v + eps);
  }
}

KERNEL batch_apply(
    float* y, const float* x, const float* gamma, const float* beta, const float* mean, const float* inverse_std,
    const float* residual, i64 n, i32 channels, i32 activation) {
  EACH(i, n) {
    i32 c = (i32) (i % channels);
    float v = (x[i] - mean[c]) * inverse_std[c] * gamma[c] + beta[c];
    y[i] = active(activation, residual ? v + residual[i] : v);
  }
}

// What a gradient of a batch norm is made of, for element i of channel c. x may be absent, then so is the activation or
// y is there; and y may be absent, then the activation's slope follows from x.
struct Normalised {
  const float* x;
  const float* y;
  const float* dy;
  const float* gamma;
  const float* beta;
  const float* mean;
  const float* inverse_std;
  i32 activation;

  DEVICE float hat(i64 i, i32 c) const { return x ? (x[i] - mean[c]) * inverse_std[c] : 0.0f; }

  // The gradient before the activation.
  DEVICE float gradient(i64 i, i32 c) const {
    if (activation == 0) {
      return dy[i];
    }
    return active_keeps(activation, y ? y[i] : hat(i, c) * gamma[c] + beta[c]) ? dy[i] : 0.0f;
  }
};

// parts[share, 2, columns]: both sums of all lines of the block, for column c.
DEVICE void put_column_sums(
    float* parts, float product, float sum, i32 c, i32 columns, float (*products)[WIDE], float (*sums)[WIDE]) {
  products[threadIdx.y][threadIdx.x] = product;
  sums[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y == 0 && c < columns) {
    for (int line = 1; line < LINES; line++) {
      product += products[line][threadIdx.x];
      sum += sums[line][threadIdx.x];
    }
    parts[(i64) blockIdx.y * 2 * columns + c] = product;
    parts[((i64) blockIdx.y * 2 + 1) * columns + c] = sum;
  }
}

// parts[share, 2, C]: sums of the gradient times the normalised value, and of the gradient.
KERNEL batch_gradient_sums(float* parts, Normalised of, i64 pixels, i32 channels, i64 share) {
  SHARED float products[LINES][WIDE];
  SHARED float sums[LINES][WIDE];
  i32 c = (i32) (blockIdx.x * WIDE + threadIdx.x);
  i64 from = blockIdx.y * share;
  i64 to = from + share < pixels ? from + share : pixels;
  float product = 0.0f, sum = 0.0f;
  if (c < channels) {
    for (i64 r = from + threadIdx.y; r < to; r += LINES) {
      float d = of.gradient(r * channels + c, c);
      product += d * of.hat(r * channels + c, c);
      sum += d;
    }
  }
  put_column_sums(parts, product, sum, c, channels, products, sums);
}

KERNEL batch_gradient_join(float* dgamma, float* dbeta, const float* parts, i32 shares, i32 channels) {
  EACH(c, channels) {
    float product = 0.0f, sum = 0.0f;
    for (i32 s = 0; s < shares; s++) {
      product += parts[(i64) s * 2 * channels + c];
      sum += parts[((i64) s * 2 + 1) * channels + c];
    }
    dgamma[c] = product;
    dbeta[c] = sum;
  }
}

// through: 1 if the statistics came from x, so that the gradient passes through them, or 0.
KERNEL batch_gradient_apply(
    float* dx, float* dresidual, Normalised of, const float* dgamma, const float* dbeta, i64 n, i32 channels,
    float inverse_count, i32 through) {
  EACH(i, n) {
    i32 c = (i32) (i % channels);
    float d = of.gradient((i64) i, c);
    if (dresidual) {
      dresidual[i] = d;
    }
    float centered =
        through ? d - dbeta[c] * inverse_count - of.hat((i64) i, c) * dgamma[c] * inverse_count : d;
    dx[i] = centered * of.gamma[c] * of.inverse_std[c];
  }
}

KERNEL fold_batch_norm(
    float* scale, float* shift, const float* gamma, const float* beta, const float* mean, const float* variance,
    const float* bias, i64 channels, float eps) {
  EACH(c, channels) {
    float factor = gamma[c] / sqrtf(variance[c] + eps);
    scale[c] = factor;
    shift[c] = beta[c] + ((bias ? bias[c] : 0.0f) - mean[c]) * factor;
  }
}

// One block a row of D values.
KERNEL layer_norm(
    float* y, float* mean, float* inverse_std, const float* x, const float* gamma, const float* beta, i32 width,
    float eps) {
  SHARED float shared[BLOCK];
  const float* row = x + (i64) blockIdx.x * width;
  float sum = 0.0f;
  for (i32 i = (i32) threadIdx.x; i < width; i += BLOCK) {
    sum += row[i];
  }
  float center = block_sum(sum, shared) / (float) width;
  float squares = 0.0f;
  for (i32 i = (i32) threadIdx.x; i < width; i += BLOCK) {
    squares += (row[i] - center) * (row[i] - center);
  }
  float inverse = 1.0f / sqrtf(block_sum(squares, shared) / (float) width + eps);
  for (i32 i = (i32) threadIdx.x; i < width; i += BLOCK) {
    y[(i64) blockIdx.x * width + i] = (row[i] - center) * inverse * gamma[i] + beta[i];
  }
  if (threadIdx.x == 0) {
    mean[blockIdx.x] = center;
    inverse_std[blockIdx.x] = inverse;
  }
}

// mean is absent for RMS norm, which does not center.
KERNEL layer_norm_backward(
    float* dx, const float* x, const float* dy, const float* gamma, const float* mean, const float* inverse_std,
    i32 width) {
  SHARED float shared[BLOCK];
  i64 begin = (i64) blockIdx.x * width;
  float center = mean ? mean[blockIdx.x] : 0.0f;
  float inverse = inverse_std[blockIdx.x];
  float sum = 0.0f, product = 0.0f;
  for (i32 i = (i32) threadIdx.x; i < width; i += BLOCK) {
    float d = dy[begin + i] * gamma[i];
    sum += d;
    product += d * (x[begin + i] - center) * inverse;
  }
  float sums = mean ? block_sum(sum, shared) / (float) width : 0.0f;
  float products = block_sum(product, shared) / (float) width;
  for (i32 i = (i32) threadIdx.x; i < width; i += BLOCK) {
    float hat = (x[begin + i] - center) * inverse;
    dx[begin + i] = (dy[begin + i] * gamma[i] - sums - hat * products) * inverse;
  }
}

// parts[share, 2, D] of dgamma and dbeta: statistics are those of the row here, not those of the column.
KERNEL row_gradient_sums(
    float* parts, const float* x, const float* dy, const float* mean, const float* inverse_std, i64 rows, i32 width,
    i64 share) {
  SHARED float products[LINES][WIDE];
  SHARED float sums[LINES][WIDE];
  i32 c = (i32) (blockIdx.x * WIDE + threadIdx.x);
  i64 from = blockIdx.y * share;
  i64 to = from + share < rows ? from + share : rows;
  float product = 0.0f, sum = 0.0f;
  if (c < width) {
    for (i64 r = from + threadIdx.y; r < to; r += LINES) {
      float d = dy[r * width + c];
      product += d * (x[r * width + c] - (mean ? mean[r] : 0.0f)) * inverse_std[r];
      sum += d;
    }
  }
  put_column_sums(parts, product, sum, c, width, products, sums);
}

KERNEL rms_norm(float* y, float* inverse_rms, const float* x, const float* gamma, i32 width, float eps) {
  SHARED float shared[BLOCK];
  const float* row = x + (i64) blockIdx.x * width;
  float squares = 0.0f;
  for (i32 i = (i32) threadIdx.x; i < width; i += BLOCK) {
    squares += row[i] * row[i];
  }
  float inverse = 1.0f / sqrtf(block_sum(squares, shared) / (float) width + eps);
  for (i32 i = (i32) threadIdx.x; i < width; i += BLOCK) {
    y[(i64) blockIdx.x * width + i] = row[i] * inverse * gamma[i];
  }
  if (threadIdx.x == 0) {
    inverse_rms[blockIdx.x] = inverse;
  }
}
