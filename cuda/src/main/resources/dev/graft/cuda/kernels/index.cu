// Choice by index. Indices were checked, but the check may not have been read yet: one that does not fit is left out,
// so that no memory outside the operands is touched.

// found[0] becomes the first position whose index does not fit; it begins as all ones.
KERNEL check_indices(u64* found, const i64* indices, Walk walk, i64 n, i64 size, i32 has_ignored, i64 ignored) {
  EACH(i, n) {
    i64 index = indices[place(walk, (u32) i).at[0]];
    if ((index < 0 || index >= size) && !(has_ignored && index == ignored)) {
      atomicMin(found, (u64) i);
    }
  }
}

// One thread: found[1] becomes the index at found[0].
KERNEL check_value(u64* found, const i64* indices, Walk walk, i64 n) {
  if (found[0] < (u64) n) {
    found[1] = (u64) indices[place(walk, (u32) found[0]).at[0]];
  }
}

template <class T>
DEVICE void gather(T* y, const i64* index, const T* x, const Walk& walk, i64 n, i64 size, i64 step) {
  EACH(i, n) {
    Place at = place(walk, (u32) i);
    i64 k = index[at.at[1]];
    y[at.at[0]] = k >= 0 && k < size ? x[at.at[2] + k * step] : T();
  }
}

KERNEL gather_1(u8* y, const i64* index, const u8* x, Walk walk, i64 n, i64 size, i64 step) {
  gather(y, index, x, walk, n, size, step);
}

KERNEL gather_4(u32* y, const i64* index, const u32* x, Walk walk, i64 n, i64 size, i64 step) {
  gather(y, index, x, walk, n, size, step);
}

KERNEL gather_8(u64* y, const i64* index, const u64* x, Walk walk, i64 n, i64 size, i64 step) {
  gather(y, index, x, walk, n, size, step);
}

// winner[e] becomes the last place along the axis that writes element e of the result; operands of the walk: the
// result's elements in row-major order, the indices. Places along the axis are counted by the walk's third operand.
KERNEL scatter_winners(i32* winner, const i64* index, Walk walk, i64 n, i64 size, i64 step) {
  EACH(i, n) {
    Place at = place(walk, (u32) i);
    i64 k = index[at.at[1]];
    if (k >= 0 && k < size) {
      atomicMax(&winner[at.at[0] + k * step], (i32) at.at[2]);
    }
  }
}

template <class T>
DEVICE void scatter(
    T* y, const i64* index, const T* x, const i32* winner, const Walk& walk, const Walk& winners, i64 n, i64 size,
    i64 step, i64 winner_step) {
  EACH(i, n) {
    Place at = place(walk, (u32) i);
    Place of = place(winners, (u32) i);
    i64 k = index[at.at[1]];
    if (k >= 0 && k < size && winner[of.at[0] + k * winner_step] == (i32) of.at[2]) {
      y[at.at[0] + k * step] = x[at.at[2]];
    }
  }
}

KERNEL scatter_1(
    u8* y, const i64* index, const u8* x, const i32* winner, Walk walk, Walk winners, i64 n, i64 size, i64 step,
    i64 winner_step) {
  scatter(y, index, x, winner, walk, winners, n, size, step, winner_step);
}

KERNEL scatter_4(
    u32* y, const i64* index, const u32* x, const i32* winner, Walk walk, Walk winners, i64 n, i64 size, i64 step,
    i64 winner_step) {
  scatter(y, index, x, winner, walk, winners, n, size, step, winner_step);
}

KERNEL scatter_8(
    u64* y, const i64* index, const u64* x, const i32* winner, Walk walk, Walk winners, i64 n, i64 size, i64 step,
    i64 winner_step) {
  scatter(y, index, x, winner, walk, winners, n, size, step, winner_step);
}

template <class T>
DEVICE void scatter_add(T* y, const i64* index, const T* x, const Walk& walk, i64 n, i64 size, i64 step) {
  EACH(i, n) {
    Place at = place(walk, (u32) i);
    i64 k = index[at.at[1]];
    if (k >= 0 && k < size) {
      atomicAdd(&y[at.at[0] + k * step], x[at.at[2]]);
    }
  }
}

KERNEL scatter_add_f32(float* y, const i64* index, const float* x, Walk walk, i64 n, i64 size, i64 step) {
  scatter_add(y, index, x, walk, n, size, step);
}

KERNEL scatter_add_i64(u64* y, const i64* index, const u64* x, Walk walk, i64 n, i64 size, i64 step) {
  scatter_add(y, index, x, walk, n, size, step);
}

KERNEL scatter_add_i32(i32* y, const i64* index, const i32* x, Walk walk, i64 n, i64 size, i64 step) {
  scatter_add(y, index, x, walk, n, size, step);
}

KERNEL gather_rows(float* y, const float* table, const i64* rows, i64 n, i64 width, i64 count, i64 step) {
  EACH(i, n) {
    i64 r = (i64) i / width;
    i64 row = rows[r * step];
    y[i] = row >= 0 && row < count ? table[row * width + ((i64) i - r * width)] : 0.0f;
  }
}

KERNEL add_rows(
    float* table, const float* dy, const i64* rows, i64 n, i64 width, i64 count, i64 step, i64 dy_row, i64 dy_column) {
  EACH(i, n) {
    i64 r = (i64) i / width;
    i64 c = (i64) i - r * width;
    i64 row = rows[r * step];
    if (row >= 0 && row < count) {
      atomicAdd(&table[row * width + c], dy[r * dy_row + c * dy_column]);
    }
  }
}
