// Functions of one element, at the places of flat or strided operands. An operator is a number, the same for all
// threads: its order in the Java enum of the same name.

// Exact in both tails: 1 / (1 + exp(-x)) would round twice near 1.
DEVICE float sigmoid(float x) {
  float e = expf(-fabsf(x));
  float tail = e / (1.0f + e);
  return x < 0.0f ? tail : 1.0f - tail;
}

// The normal distribution function, by the complementary error function: exact in both tails.
DEVICE float normal(float x) { return 0.5f * erfcf(-0.70710678118654752f * x); }

DEVICE float clamp_between(float x, float least, float most) {
  // Comparisons are false for NaN, so NaN stays.
  return x < least ? least : x > most ? most : x;
}

DEVICE float apply(int op, float a, float b, float x) {
  switch (op) {
    case 0: return -x;                                     // NEG
    case 1: return fabsf(x);                               // ABS
    case 2: return expf(x);                                // EXP
    case 3: return logf(x);                                // LOG
    case 4: return sqrtf(x);                               // SQRT
    case 5: return x * x;                                  // SQUARE
    case 6: return 1.0f / x;                               // RECIPROCAL
    case 7: return 1.0f / sqrtf(x);                        // RSQRT
    case 8: return log1pf(x);                              // LOG1P
    case 9: return expm1f(x);                              // EXPM1
    case 10: return sinf(x);                               // SIN
    case 11: return cosf(x);                               // COS
    case 12: return floorf(x);                             // FLOOR
    case 13: return rintf(x);                              // ROUND
    case 14: return erff(x);                               // ERF
    case 15: return sigmoid(x);                            // SIGMOID
    case 16: return tanhf(x);                              // TANH
    case 17: return x < 0.0f ? 0.0f : x;                   // RELU
    case 18: return clamp_between(x, 0.0f, 6.0f);          // RELU6
    case 19: return x > 0.0f ? x : a * x;                  // LEAKY_RELU
    case 20: return x * normal(x);                         // GELU
    case 21: return x * sigmoid(2 * 0.79788456080286536f * (x + 0.044715f * x * x * x)); // GELU_TANH: (1 + tanh z) / 2 = sigmoid(2z)
    case 22: return x * sigmoid(x);                        // SILU
    case 23: return x * clamp_between(x + 3.0f, 0.0f, 6.0f) / 6.0f; // HARDSWISH
    case 24: return clamp_between(x + 3.0f, 0.0f, 6.0f) / 6.0f;     // HARDSIGMOID
    case 25: return x > 0.0f ? x : a * expm1f(x);          // ELU
    case 26: return (x < 0.0f ? 0.0f : x) + log1pf(expf(-fabsf(x)));  // SOFTPLUS
    case 27: return powf(x, a);                            // POW
    case 28: return clamp_between(x, a, b);                // CLAMP
    default: return a * x + b;                             // AFFINE
  }
}

// The derivative at x, where y is the function's value there.
DEVICE float slope(int op, float a, float b, float x, float y) {
  switch (op) {
    case 0: return -1.0f;
    case 1: return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : 0.0f; // 0 at NaN, as torch.sgn
    case 2: return y;
    case 3: return 1.0f / x;
    case 4: return 0.5f / y;
    case 5: return 2.0f * x;
    case 6: return -y * y;
    case 7: return -0.5f * y * y * y;
    case 8: return 1.0f / (1.0f + x);
    case 9: return y + 1.0f;
    case 10: return cosf(x);
    case 11: return -sinf(x);
    case 14: return 1.1283791670955126f * expf(-x * x);
    case 15: return y * (1.0f - y);
    case 16: return 1.0f - y * y;
    case 19: return x > 0.0f ? 1.0f : a;
    case 20: return normal(x) + x * 0.39894228040143268f * expf(-0.5f * x * x);
    case 21: {
      float s = sigmoid(2 * 0.79788456080286536f * (x + 0.044715f * x * x * x));
      float inner = 2 * 0.79788456080286536f * (1.0f + 3 * 0.044715f * x * x);
      return s + x * s * (1.0f - s) * inner;
    }
    case 22: {
      float s = sigmoid(x);
      return s * (1.0f + x * (1.0f - s));
    }
    case 23: return x >= 3.0f ? 1.0f : x / 3.0f + 0.5f; // 0 below -3: dropped
    case 24: return x > -3.0f && x < 3.0f ? 1.0f / 6.0f : 0.0f;
    case 25: return x > 0.0f ? 1.0f : a * expf(x);
    case 26: return sigmoid(x);
    case 27: return a == 0.0f ? 0.0f : a * powf(x, a - 1.0f);
    default: return a;
  }
}

// Functions whose slope is 0 or 1: FLOOR, ROUND, RELU, RELU6, CLAMP.
DEVICE bool selects(int op) { return op == 12 || op == 13 || op == 17 || op == 18 || op == 28; }

// Comparisons are false for NaN: RELU and RELU6 let a gradient pass there, CLAMP does not, as on the CPU.
DEVICE bool keeps(int op, float a, float b, float x, float y) {
  switch (op) {
    case 17: return !(y <= 0.0f);
    case 18: return !(y <= 0.0f) && !(y >= 6.0f);
    case 28: return x >= a && x <= b;
    default: return false;
  }
}

// Where functions with other slopes too are flat: HARDSWISH, HARDSIGMOID.
DEVICE bool drops(int op, float x) { return (op == 23 && x <= -3.0f) || (op == 24 && !(x > -3.0f && x < 3.0f)); }

KERNEL unary(float* y, const float* x, i64 n, i32 op, float a, float b) {
  EACH(i, n) y[i] = apply(op, a, b, x[i]);
}

KERNEL unary_backward(
    float* dx, const float* x, const float* y, const float* dy, i64 n, i32 op, i32 from_result, float a, float b) {
  EACH(i, n) {
    // Only one of both may hold anything but noise.
    float in = from_result ? 0.0f : x[i];
    float out = from_result ? y[i] : 0.0f;
    // Where the slope is 0 or 1 the gradient is dropped or kept, as PyTorch does: 0 times infinity would be NaN.
    dx[i] = selects(op) ? (keeps(op, a, b, in, out) ? dy[i] : 0.0f)
        : drops(op, in) ? 0.0f : dy[i] * slope(op, a, b, in, out);
  }
}

DEVICE float remainder_down(float p, float q) {
  float r = fmodf(p, q);
  return r != 0.0f && (r < 0.0f) != (q < 0.0f) ? r + q : r;
}

// The quotient without its rest is whole but for rounding, whereas p / q may round up to the next whole number.
DEVICE float floor_divide(float p, float q) {
  if (q == 0.0f) {
    return p / q;
  }
  float r = fmodf(p, q);
  float quotient = (p - r) / q;
  if (r != 0.0f && (r < 0.0f) != (q < 0.0f)) {
    quotient -= 1.0f;
  }
  float down = floorf(quotient);
  return quotient == 0.0f ? copysignf(0.0f, p / q) : quotient - down > 0.5f ? down + 1.0f : down;
}

DEVICE float combine(int op, float p, float q) {
  switch (op) {
    case 0: return p + q;
    case 1: return p - q;
    case 2: return p * q;
    case 3: return p / q;
    case 4: return p > q || p != p ? p : q;                // MAXIMUM: NaN wins
    case 5: return p < q || p != p ? p : q;                // MINIMUM
    case 6: return floor_divide(p, q);                     // FLOOR_DIVIDE
    case 7: return remainder_down(p, q);                   // REMAINDER
    default: return p > 0.0f ? p : q * p;                  // PRELU
  }
}

// Integers wrap around: sums and products are those of unsigned numbers.
template <class T, class U>
DEVICE T combine_integers(int op, T p, T q, u32* zero_divisor) {
  switch (op) {
    case 0: return (T) ((U) p + (U) q);
    case 1: return (T) ((U) p - (U) q);
    case 2: return (T) ((U) p * (U) q);
    case 4: return p > q ? p : q;
    case 5: return p < q ? p : q;
    default: {
      if (q == 0) {
        atomicOr(zero_divisor, 1u);
        return 0;
      }
      if (q == -1) { // the least integer has no negative
        return op == 6 ? (T) (0 - (U) p) : 0;
      }
      T quotient = p / q;
      T rest = p - quotient * q;
      bool lower = rest != 0 && (rest < 0) != (q < 0);
      return op == 6 ? quotient - (lower ? 1 : 0) : rest + (lower ? q : 0);
    }
  }
}

template <class T>
DEVICE bool holds(int op, T p, T q) {
  switch (op) {
    case 9: return p == q;                                 // EQUAL
    case 10: return p != q;                                // NOT_EQUAL
    case 11: return p < q;                                 // LESS
    case 12: return p <= q;                                // LESS_EQUAL
    case 13: return p > q;                                 // GREATER
    case 14: return p >= q;                                // GREATER_EQUAL
    case 15: return p && q;                                // AND
    case 16: return p || q;                                // OR
    default: return p != q;                                // XOR
  }
}

// y may be p or q: each element is read before it is written, by the same thread.
KERNEL binary_f32(float* y, const float* p, const float* q, Walk walk, i64 n, i32 op) {
  EACH(i, n) {
    Place at = place(walk, (u32) i);
    y[at.at[0]] = combine(op, p[at.at[1]], q[at.at[2]]);
  }
}

KERNEL binary_i64(i64* y, const i64* p, const i64* q, Walk walk, i64 n, i32 op, u32* zero_divisor) {
  EACH(i, n) {
    Place at = place(walk, (u32) i);
    y[at.at[0]] = combine_integers<i64, u64>(op, p[at.at[1]], q[at.at[2]], zero_divisor);
  }
}

KERNEL binary_i32(i32* y, const i32* p, const i32* q, Walk walk, i64 n, i32 op, u32* zero_divisor) {
  EACH(i, n) {
    Place at = place(walk, (u32) i);
    y[at.at[0]] = combine_integers<i32, u32>(op, p[at.at[1]], q[at.at[2]], zero_divisor);
  }
}

KERNEL compare_f32(u8* y, const float* p, const float* q, Walk walk, i64 n, i32 op) {
  EACH(i, n) {
    Place at = place(walk, (u32) i);
    y[at.at[0]] = holds<float>(op, p[at.at[1]], q[at.at[2]]);
  }
}

KERNEL compare_i64(u8* y, const i64* p, const i64* q, Walk walk, i64 n, i32 op) {
  EACH(i, n) {
    Place at = place(walk, (u32) i);
    y[at.at[0]] = holds<i64>(op, p[at.at[1]], q[at.at[2]]);
  }
}

KERNEL compare_i32(u8* y, const i32* p, const i32* q, Walk walk, i64 n, i32 op) {
  EACH(i, n) {
    Place at = place(walk, (u32) i);
    y[at.at[0]] = holds<i32>(op, p[at.at[1]], q[at.at[2]]);
  }
}

KERNEL logic(u8* y, const u8* p, const u8* q, Walk walk, i64 n, i32 op) {
  EACH(i, n) {
    Place at = place(walk, (u32) i);
    y[at.at[0]] = holds<bool>(op, p[at.at[1]] != 0, q[at.at[2]] != 0);
  }
}

template <class T>
DEVICE void choose(T* y, const u8* condition, const T* p, const T* q, const Walk& walk, i64 n) {
  EACH(i, n) {
    Place at = place(walk, (u32) i);
    y[at.at[0]] = condition[at.at[1]] ? p[at.at[2]] : q[at.at[3]];
  }
}

KERNEL where_1(u8* y, const u8* condition, const u8* p, const u8* q, Walk walk, i64 n) {
  choose(y, condition, p, q, walk, n);
}

KERNEL where_2(u16* y, const u8* condition, const u16* p, const u16* q, Walk walk, i64 n) {
  choose(y, condition, p, q, walk, n);
}

KERNEL where_4(u32* y, const u8* condition, const u32* p, const u32* q, Walk walk, i64 n) {
  choose(y, condition, p, q, walk, n);
}

KERNEL where_8(u64* y, const u8* condition, const u64* p, const u64* q, Walk walk, i64 n) {
  choose(y, condition, p, q, walk, n);
}

KERNEL add_scaled(float* y, const float* x, Walk walk, i64 n, float alpha) {
  EACH(i, n) {
    Place at = place(walk, (u32) i);
    y[at.at[0]] += alpha * x[at.at[1]];
  }
}

// Number i of the random stream decides whether element i stays, as dev.graft.backend.DropoutMask says.
DEVICE u64 mix(u64 z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

KERNEL dropout(float* y, const float* x, Walk walk, i64 n, u64 start, u64 step, u32 threshold, float scale) {
  EACH(i, n) {
    Place at = place(walk, (u32) i);
    bool stays = (u32) (mix(start + (i + 1) * step) >> 40) >= threshold;
    y[at.at[0]] = stays ? x[at.at[1]] * scale : 0.0f;
  }
}
