package dev.graft.vision.image;

/**
 * Affine maps from output to input coordinates, {@code x' = m0 x + m1 y + m2}, {@code y' = m3 x + m4 y + m5}, as in
 * Pillow.
 */
final class Affine {
    private Affine() {}

    /**
     * torchvision's inverse matrix of a translation and a shear about a centre.
     *
     * @param sx shear parallel to the x axis, radians
     * @param sy shear parallel to the y axis, radians
     */
    static double[] sheared(double cx, double cy, double translateX, double translateY, double sx, double sy) {
        double a = StrictMath.cos(-sy) / StrictMath.cos(sy);
        double b = -StrictMath.cos(-sy) * StrictMath.tan(sx) / StrictMath.cos(sy);
        double c = StrictMath.sin(-sy) / StrictMath.cos(sy);
        double d = -StrictMath.sin(-sy) * StrictMath.tan(sx) / StrictMath.cos(sy) + 1;
        double[] m = {d, -b, 0, -c, a, 0};
        m[2] = m[0] * (-cx - translateX) + m[1] * (-cy - translateY) + cx;
        m[5] = m[3] * (-cx - translateX) + m[4] * (-cy - translateY) + cy;
        return m;
    }

    /**
     * In 16.16 fixed point if the coordinates fit, as in Pillow, because this decides which of two pixels is nearer.
     */
    static Image nearest(Image image, double[] m) {
        int w = image.width();
        int h = image.height();
        if (!fits(m, 0, 0) || !fits(m, w, h) || !fits(m, 0, h) || !fits(m, w, 0)) {
            return nearestInDoubles(image, m);
        }
        int c = image.channels();
        byte[] in = image.data();
        byte[] out = new byte[in.length];
        int a0 = fixed(m[0]);
        int a1 = fixed(m[1]);
        int a3 = fixed(m[3]);
        int a4 = fixed(m[4]);
        int rowX = fixed(m[2] + m[0] * 0.5 + m[1] * 0.5);
        int rowY = fixed(m[5] + m[3] * 0.5 + m[4] * 0.5);
        for (int y = 0, o = 0; y < h; y++, rowX += a1, rowY += a4) {
            int fx = rowX;
            int fy = rowY;
            for (int x = 0; x < w; x++, o += c, fx += a0, fy += a3) {
                int sx = fx >> 16;
                int sy = fy >> 16;
                if (sx >= 0 && sx < w && sy >= 0 && sy < h) {
                    copy(in, (sy * w + sx) * c, out, o, c);
                }
            }
        }
        return Image.wrap(w, h, c, out);
    }

    private static Image nearestInDoubles(Image image, double[] m) {
        int w = image.width();
        int h = image.height();
        int c = image.channels();
        byte[] out = new byte[image.data().length];
        for (int y = 0, o = 0; y < h; y++) {
            for (int x = 0; x < w; x++, o += c) {
                double fx = m[0] * (x + 0.5) + m[1] * (y + 0.5) + m[2];
                double fy = m[3] * (x + 0.5) + m[4] * (y + 0.5) + m[5];
                if (fx >= 0 && fx < w && fy >= 0 && fy < h) {
                    int row = (int) fy;
                    int column = (int) fx;
                    copy(image.data(), (row * w + column) * c, out, o, c);
                }
            }
        }
        return Image.wrap(w, h, c, out);
    }

    static Image bilinear(Image image, double[] m) {
        int w = image.width();
        int h = image.height();
        int c = image.channels();
        byte[] in = image.data();
        byte[] out = new byte[in.length];
        for (int y = 0, o = 0; y < h; y++) {
            for (int x = 0; x < w; x++, o += c) {
                double fx = m[0] * (x + 0.5) + m[1] * (y + 0.5) + m[2];
                double fy = m[3] * (x + 0.5) + m[4] * (y + 0.5) + m[5];
                if (!(fx >= 0 && fx < w && fy >= 0 && fy < h)) {
                    continue;
                }
                fx -= 0.5;
                fy -= 0.5;
                int x0 = (int) Math.floor(fx);
                int y0 = (int) Math.floor(fy);
                double dx = fx - x0;
                double dy = fy - y0;
                int top = Math.max(y0, 0) * w;
                int bottom = Math.min(y0 + 1, h - 1) * w;
                int left = Math.max(x0, 0);
                int right = Math.min(x0 + 1, w - 1);
                for (int k = 0; k < c; k++) {
                    double above = mix(in[(top + left) * c + k] & 0xff, in[(top + right) * c + k] & 0xff, dx);
                    double below = mix(in[(bottom + left) * c + k] & 0xff, in[(bottom + right) * c + k] & 0xff, dx);
                    out[o + k] = (byte) (int) mix(above, below, dy);
                }
            }
        }
        return Image.wrap(w, h, c, out);
    }

    private static double mix(double a, double b, double t) {
        return a + (b - a) * t;
    }

    private static void copy(byte[] in, int i, byte[] out, int o, int n) {
        for (int k = 0; k < n; k++) {
            out[o + k] = in[i + k];
        }
    }

    private static boolean fits(double[] m, double x, double y) {
        return Math.abs(m[0] * x + m[1] * y + m[2]) < 32768 && Math.abs(m[3] * x + m[4] * y + m[5]) < 32768;
    }

    private static int fixed(double v) {
        return (int) Math.floor(v * 65536.0 + 0.5);
    }
}
