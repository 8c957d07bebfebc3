// Softmax over rows, and the cross-entropy that follows. One block a row.

KERNEL softmax(float* y, const float* x, i32 width, i32 log) {
  SHARED float shared[BLOCK];
  const float* row = x + (i64) blockIdx.x * width;
  float* result = y + (i64) blockIdx.x * width;
  float largest = -infinity();
  for (i32 i = (i32) threadIdx.x; i < width; i += BLOCK) {
    float v = row[i];
    largest = v > largest || v != v ? v : largest;
  }
  largest = block_max(largest, shared);
  float sum = 0.0f;
  for (i32 i = (i32) threadIdx.x; i < width; i += BLOCK) {
    sum += expf(row[i] - largest);
  }
  sum = block_sum(sum, shared);
  float log_sum = logf(sum);
  for (i32 i = (i32) threadIdx.x; i < width; i += BLOCK) {
    float shifted = row[i] - largest;
    result[i] = log ? shifted - log_sum : expf(shifted) / sum;
  }
}

KERNEL softmax_backward(float* dx, const float* y, const float* dy, i32 width, i32 log) {
  SHARED float shared[BLOCK];
  i64 begin = (i64) blockIdx.x * width;
  float sum = 0.0f;
  for (i32 i = (i32) threadIdx.x; i < width; i += BLOCK) {
    sum += log ? dy[begin + i] : dy[begin + i] * y[begin + i];
  }
  sum = block_sum(sum, shared);
  for (i32 i = (i32) threadIdx.x; i < width; i += BLOCK) {
    float p = y[begin + i], d = dy[begin + i];
    dx[begin + i] = log ? d - expf(p) * sum : p * (d - sum);
  }
}

// One thread a row. Without class weights each class weighs 1.
KERNEL cross_entropy(
    float* loss, float* row_weight, const float* log_p, const i64* target, const float* weights, i64 rows, i32 classes,
    float smoothing, i64 ignored, i64 target_step) {
  EACH(r, rows) {
    i64 t = target[r * target_step];
    bool counts = t != ignored && t >= 0 && t < classes;
    const float* row = log_p + r * classes;
    float weight = counts ? (weights ? weights[t] : 1.0f) : 0.0f;
    float sum = 0.0f;
    if (counts && smoothing > 0.0f) {
      for (i32 c = 0; c < classes; c++) {
        sum += weights ? weights[c] * row[c] : row[c];
      }
    }
    float on_target = counts ? (1.0f - smoothing) * weight * row[t] : 0.0f;
    loss[r] = counts ? -on_target - (smoothing > 0.0f ? smoothing / (float) classes * sum : 0.0f) : 0.0f;
    row_weight[r] = weight;
  }
}

// total_weight: the sum of all classes' weights.
KERNEL cross_entropy_backward(
    float* dlogits, const float* log_p, const i64* target, const float* weights, const float* total_weight,
    const float* dloss, i64 n, i32 classes, float smoothing, i64 ignored, i64 target_step) {
  EACH(i, n) {
    i64 r = (i64) i / classes;
    i32 c = (i32) ((i64) i - r * classes);
    i64 t = target[r * target_step];
    bool counts = t != ignored && t >= 0 && t < classes;
    float spread = smoothing / (float) classes;
    float own = weights ? weights[c] : 1.0f;
    float on_target = counts ? (1.0f - smoothing) * (weights ? weights[t] : 1.0f) : 0.0f;
    float total = spread * (weights ? total_weight[0] : (float) classes);
    float slope = expf(log_p[i]) * (on_target + total) - (c == t ? on_target : 0.0f) - spread * own;
    dlogits[i] = counts ? slope * dloss[r] : 0.0f;
  }
}
