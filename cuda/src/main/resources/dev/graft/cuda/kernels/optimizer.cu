// Steps of optimizers: one pass over a weight, its gradient and its state, which lie alike in memory.

struct Weight {
  float* w;
  const float* g;
  float* v; // 0 without momentum
  i64 n;
};

// All weights in one launch. Block b takes chunk chunks[b] of weight owners[b].
KERNEL sgd(
    const Weight* weights, const i32* owners, const i32* chunks, i64 chunk, i32 first, i32 nesterov, float lr,
    float momentum, float kept, float decay) {
  Weight of = weights[owners[blockIdx.x]];
  i64 from = chunks[blockIdx.x] * chunk;
  i64 to = from + chunk < of.n ? from + chunk : of.n;
  for (i64 i = from + threadIdx.x; i < to; i += blockDim.x) {
    float gradient = of.g[i] + decay * of.w[i];
    float step = gradient;
    if (of.v) {
      float velocity = first ? gradient : momentum * of.v[i] + kept * gradient;
      of.v[i] = velocity;
      step = nesterov ? gradient + momentum * velocity : velocity;
    }
    of.w[i] -= lr * step;
  }
}

// shrink: what decoupled weight decay leaves of a weight; rate, root_scale: with the corrections of the moments' bias.
KERNEL adam(
    float* w, const float* g, float* m, float* v, i64 n, float beta1, float rest1, float beta2, float rest2,
    float penalty, float shrink, float rate, float root_scale, float eps) {
  EACH(i, n) {
    float gradient = g[i] + penalty * w[i];
    float mean = beta1 * m[i] + rest1 * gradient;
    float square = beta2 * v[i] + rest2 * gradient * gradient;
    m[i] = mean;
    v[i] = square;
    w[i] = shrink * w[i] - rate * mean / (root_scale * sqrtf(square) + eps);
  }
}
