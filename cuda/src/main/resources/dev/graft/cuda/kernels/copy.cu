// Moving elements, and converting them. A type is a number: its order in the Java enum DType.

struct Sixteen {
  u64 low, high;
};

template <class T>
DEVICE void copy_elements(T* y, const T* x, const Walk& walk, i64 n) {
  EACH(i, n) {
    Place at = place(walk, (u32) i);
    y[at.at[0]] = x[at.at[1]];
  }
}

KERNEL copy_1(u8* y, const u8* x, Walk walk, i64 n) { copy_elements(y, x, walk, n); }

KERNEL copy_2(u16* y, const u16* x, Walk walk, i64 n) { copy_elements(y, x, walk, n); }

KERNEL copy_4(u32* y, const u32* x, Walk walk, i64 n) { copy_elements(y, x, walk, n); }

KERNEL copy_8(u64* y, const u64* x, Walk walk, i64 n) { copy_elements(y, x, walk, n); }

KERNEL copy_16(Sixteen* y, const Sixteen* x, Walk walk, i64 n) { copy_elements(y, x, walk, n); }

KERNEL fill_1(u8* y, Walk walk, i64 n, u64 bits) { EACH(i, n) y[place(walk, (u32) i).at[0]] = (u8) bits; }

KERNEL fill_2(u16* y, Walk walk, i64 n, u64 bits) { EACH(i, n) y[place(walk, (u32) i).at[0]] = (u16) bits; }

KERNEL fill_4(u32* y, Walk walk, i64 n, u64 bits) { EACH(i, n) y[place(walk, (u32) i).at[0]] = (u32) bits; }

KERNEL fill_8(u64* y, Walk walk, i64 n, u64 bits) { EACH(i, n) y[place(walk, (u32) i).at[0]] = bits; }

// Complex numbers of two doubles are only ever filled with 0.
KERNEL fill_16(Sixteen* y, Walk walk, i64 n, u64 bits) {
  EACH(i, n) y[place(walk, (u32) i).at[0]] = Sixteen{bits, bits};
}

enum Type { F32, F64, F16, BF16, I64, I32, I16, I8, U8, BOOL, U16, U32, U64, F8_E4M3, F8_E5M2 };

// A float of 16 bits or fewer, as IEEE 754 has them: sign, exponent, fraction.
DEVICE float short_float(u32 bits, int exponent_bits, int fraction_bits) {
  u32 sign = (bits >> (exponent_bits + fraction_bits) & 1u) << 31;
  u32 exponent = bits >> fraction_bits & ((1u << exponent_bits) - 1u);
  u32 fraction = bits & ((1u << fraction_bits) - 1u);
  int bias = (1 << (exponent_bits - 1)) - 1;
  if (exponent == (1u << exponent_bits) - 1u) {
    return float_of_bits(sign | 0x7f800000u | fraction << (23 - fraction_bits));
  }
  if (exponent == 0) {
    // The unit of the fraction is 2^(1 - bias - fraction_bits), a normal number of F32.
    float unit = float_of_bits((u32) (128 - bias - fraction_bits) << 23);
    return (sign ? -1.0f : 1.0f) * (float) fraction * unit;
  }
  return float_of_bits(sign | (exponent + 127 - bias) << 23 | fraction << (23 - fraction_bits));
}

// Has no infinities; all ones is NaN.
DEVICE float e4m3(u32 bits) {
  if ((bits & 0x7fu) == 0x7fu) {
    return not_a_number();
  }
  if ((bits & 0x78u) == 0x78u) { // an exponent that other formats keep for infinities
    float magnitude = (float) (8 + (bits & 7u)) * 32.0f;
    return bits & 0x80u ? -magnitude : magnitude;
  }
  return short_float(bits, 4, 3);
}

// The bits of a float of 16 bits: rounded once, to the nearest, ties to even.
DEVICE u16 rounded(double value, int exponent_bits, int fraction_bits) {
  u64 bits = bits_of_double(value);
  u32 sign = (u32) (bits >> 63) << 15;
  u64 magnitude = bits & 0x7fffffffffffffffull;
  u32 most = ((1u << exponent_bits) - 1u) << fraction_bits;
  if (magnitude > 0x7ff0000000000000ull) {
    return (u16) (most | 1u << (fraction_bits - 1));
  }
  if (magnitude == 0x7ff0000000000000ull) {
    return (u16) (sign | most);
  }
  int least = 2 - (1 << (exponent_bits - 1)); // the exponent of the smallest normal number
  int exponent = (int) (magnitude >> 52) - 1023;
  int dropped = 52 - fraction_bits + (exponent < least ? least - exponent : 0);
  if (magnitude < 0x0010000000000000ull || dropped > 54) {
    return (u16) sign;
  }
  u64 fraction = (magnitude & 0x000fffffffffffffull) | 0x0010000000000000ull;
  u64 units = fraction >> dropped;
  u64 rest = fraction & ((1ull << dropped) - 1ull);
  u64 half = 1ull << (dropped - 1);
  if (rest > half || (rest == half && (units & 1ull))) {
    units++;
  }
  // 2^(fraction_bits + 1) units are the next power of 2: they carry into the exponent.
  u32 result = exponent < least ? (u32) units : ((u32) (exponent - least) << fraction_bits) + (u32) units;
  return (u16) (sign | (result < most ? result : most));
}

// An integer as a double whose last bit tells whether anything was lost, so that rounding again to fewer bits is right.
DEVICE double sticky(u64 magnitude) {
  int shift = 0;
  while (magnitude >> shift >= 1ull << 53) {
    shift++;
  }
  u64 kept = magnitude >> shift;
  if (shift > 0 && (magnitude & ((1ull << shift) - 1ull)) != 0) {
    kept |= 1ull;
  }
  return (double) kept * (double) (1ull << shift);
}

DEVICE bool is_float(int type) { return type <= BF16 || type >= F8_E4M3; }

DEVICE double load_float(const void* x, int type, i64 i) {
  switch (type) {
    case F32: return ((const float*) x)[i];
    case F64: return ((const double*) x)[i];
    case F16: return short_float(((const u16*) x)[i], 5, 10);
    case BF16: return short_float(((const u16*) x)[i], 8, 7);
    case F8_E4M3: return e4m3(((const u8*) x)[i]);
    default: return short_float(((const u8*) x)[i], 5, 2);
  }
}

// The 64 bits of an integer in two's complement; those of U64 may stand for a number beyond I64.
DEVICE u64 load_integer(const void* x, int type, i64 i) {
  switch (type) {
    case I64:
    case U64: return ((const u64*) x)[i];
    case I32: return (u64) (i64) ((const i32*) x)[i];
    case I16: return (u64) (i64) ((const i16*) x)[i];
    case I8: return (u64) (i64) ((const i8*) x)[i];
    case U16: return ((const u16*) x)[i];
    case U32: return ((const u32*) x)[i];
    case U8: return ((const u8*) x)[i];
    default: return ((const u8*) x)[i] != 0;
  }
}

DEVICE void store_integer(void* y, int type, i64 i, u64 value) {
  switch (type) {
    case I64:
    case U64: ((u64*) y)[i] = value; break;
    case I32:
    case U32: ((u32*) y)[i] = (u32) value; break;
    case I16:
    case U16: ((u16*) y)[i] = (u16) value; break;
    case BOOL: ((u8*) y)[i] = value != 0; break;
    default: ((u8*) y)[i] = (u8) value; break;
  }
}

DEVICE void store_float(void* y, int type, i64 i, double value) {
  switch (type) {
    case F32: ((float*) y)[i] = (float) value; break;
    case F64: ((double*) y)[i] = value; break;
    case F16: ((u16*) y)[i] = rounded(value, 5, 10); break;
    default: ((u16*) y)[i] = rounded(value, 8, 7); break;
  }
}

// Towards 0, and to the nearest number that the type holds; NaN becomes 0.
DEVICE u64 whole(double value, int type) {
  if (value != value) {
    return 0;
  }
  bool is_unsigned = type == U8 || type == U16 || type == U32 || type == U64;
  int bits = type == I64 || type == U64 ? 64 : type == I32 || type == U32 ? 32 : type == I16 || type == U16 ? 16 : 8;
  // 2^(bits - 1), or half of what an unsigned type ends before
  double half = (double) (1ull << (bits - 1));
  if (is_unsigned) {
    if (value <= 0.0) {
      return 0;
    }
    if (value >= 2.0 * half) {
      return bits == 64 ? ~0ull : (1ull << bits) - 1ull;
    }
    return value >= 9223372036854775808.0 ? (u64) (i64) (value - 9223372036854775808.0) + (1ull << 63) : (u64) (i64) value;
  }
  if (value <= -half) {
    return ~0ull << (bits - 1);
  }
  if (value >= half) {
    return (1ull << (bits - 1)) - 1ull;
  }
  return (u64) (i64) value;
}

KERNEL convert(void* y, const void* x, Walk walk, i64 n, i32 to, i32 from) {
  EACH(i, n) {
    Place at = place(walk, (u32) i);
    if (is_float(from)) {
      double value = load_float(x, from, at.at[1]);
      if (is_float(to)) {
        store_float(y, to, at.at[0], value);
      } else if (to == BOOL) {
        store_integer(y, to, at.at[0], value != 0.0);
      } else {
        store_integer(y, to, at.at[0], whole(value, to));
      }
      continue;
    }
    u64 bits = load_integer(x, from, at.at[1]);
    if (!is_float(to)) {
      store_integer(y, to, at.at[0], bits);
    } else if (to == F32) {
      ((float*) y)[at.at[0]] = from == U64 ? (float) bits : (float) (i64) bits;
    } else if (to == F64) {
      ((double*) y)[at.at[0]] = from == U64 ? (double) bits : (double) (i64) bits;
    } else {
      bool negative = from != U64 && (i64) bits < 0;
      double magnitude = sticky(negative ? 0 - bits : bits);
      store_float(y, to, at.at[0], negative ? -magnitude : magnitude);
    }
  }
}
