// Pooling of channels-last images. A thread computes one element of the result; gradients are gathered from all
// windows that hold an element, in a fixed order.

// The windows along one axis, as dev.graft.backend.PoolAxis has them; a kernel of 0 adapts to the count.
struct Axis {
  i32 size, count, kernel, stride, padding, count_pad;
};

DEVICE i32 window_start(const Axis& a, i32 i) { return i * a.stride - a.padding; }

DEVICE i32 window_end(const Axis& a, i32 i) {
  i64 end = (i64) window_start(a, i) + a.kernel;
  i64 most = (i64) a.size + a.padding;
  return (i32) (end < most ? end : most);
}

DEVICE i32 window_from(const Axis& a, i32 i) {
  if (a.kernel == 0) {
    return (i32) ((i64) i * a.size / a.count);
  }
  i32 start = window_start(a, i);
  return start > 0 ? start : 0;
}

DEVICE i32 window_to(const Axis& a, i32 i) {
  if (a.kernel == 0) {
    return (i32) (((i64) (i + 1) * a.size + a.count - 1) / a.count);
  }
  i32 end = window_end(a, i);
  return end < a.size ? end : a.size;
}

DEVICE i32 window_divisor(const Axis& a, i32 i) {
  return a.count_pad ? window_end(a, i) - window_start(a, i) : window_to(a, i) - window_from(a, i);
}

// The first window that ends after a position.
DEVICE i32 first_window(const Axis& a, i32 position) {
  if (a.kernel == 0) {
    return (i32) ((i64) position * a.count / a.size);
  }
  i64 reach = (i64) position + a.padding - a.kernel;
  return reach < 0 ? 0 : (i32) (reach / a.stride + 1);
}

// The place of a dense channels-last element: image, row, column, channel.
struct Pixel {
  i32 image, row, column, channel;
};

DEVICE Pixel pixel(i64 i, i32 height, i32 width, i32 channels) {
  Pixel p;
  p.channel = (i32) (i % channels);
  i /= channels;
  p.column = (i32) (i % width);
  i /= width;
  p.row = (i32) (i % height);
  p.image = (i32) (i / height);
  return p;
}

DEVICE i64 element(i32 image, i32 row, i32 column, i32 channel, i32 height, i32 width, i32 channels) {
  return (((i64) image * height + row) * width + column) * channels + channel;
}

KERNEL max_pool(float* y, i32* index, const float* x, i64 n, i32 channels, Axis rows, Axis columns) {
  EACH(i, n) {
    Pixel p = pixel((i64) i, rows.count, columns.count, channels);
    float largest = 0.0f;
    i32 best = -1;
    for (i32 h = window_from(rows, p.row); h < window_to(rows, p.row); h++) {
      for (i32 w = window_from(columns, p.column); w < window_to(columns, p.column); w++) {
        float v = x[element(p.image, h, w, p.channel, rows.size, columns.size, channels)];
        if (best < 0 || v > largest || (v != v && largest == largest)) {
          largest = v;
          best = h * columns.size + w;
        }
      }
    }
    y[i] = largest;
    if (index) {
      index[i] = best;
    }
  }
}

KERNEL max_pool_backward(
    float* dx, const float* dy, const i32* index, i64 n, i32 channels, Axis rows, Axis columns) {
  EACH(i, n) {
    Pixel p = pixel((i64) i, rows.size, columns.size, channels);
    i32 here = p.row * columns.size + p.column;
    float sum = 0.0f;
    for (i32 r = first_window(rows, p.row); r < rows.count && window_from(rows, r) <= p.row; r++) {
      for (i32 c = first_window(columns, p.column); c < columns.count && window_from(columns, c) <= p.column; c++) {
        i64 at = element(p.image, r, c, p.channel, rows.count, columns.count, channels);
        if (index[at] == here) {
          sum += dy[at];
        }
      }
    }
    dx[i] = sum;
  }
}

KERNEL avg_pool(float* y, const float* x, i64 n, i32 channels, Axis rows, Axis columns) {
  EACH(i, n) {
    Pixel p = pixel((i64) i, rows.count, columns.count, channels);
    double sum = 0.0;
    for (i32 h = window_from(rows, p.row); h < window_to(rows, p.row); h++) {
      double of_row = 0.0;
      for (i32 w = window_from(columns, p.column); w < window_to(columns, p.column); w++) {
        of_row += x[element(p.image, h, w, p.channel, rows.size, columns.size, channels)];
      }
      sum += of_row;
    }
    i64 divisor = (i64) window_divisor(rows, p.row) * window_divisor(columns, p.column);
    y[i] = (float) (sum / (double) divisor);
  }
}

KERNEL avg_pool_backward(float* dx, const float* dy, i64 n, i32 channels, Axis rows, Axis columns) {
  EACH(i, n) {
    Pixel p = pixel((i64) i, rows.size, columns.size, channels);
    float sum = 0.0f;
    for (i32 r = first_window(rows, p.row); r < rows.count && window_from(rows, r) <= p.row; r++) {
      float of_row = 0.0f;
      for (i32 c = first_window(columns, p.column); c < columns.count && window_from(columns, c) <= p.column; c++) {
        of_row += dy[element(p.image, r, c, p.channel, rows.count, columns.count, channels)]
            / (float) window_divisor(columns, c);
      }
      sum += of_row / (float) window_divisor(rows, r);
    }
    dx[i] = sum;
  }
}
