package dev.graft.vision.image.decode;

/**
 * The 8-bit colour formulas of libjpeg and Pillow, in their fixed-point or single-precision form so that results are
 * equal to the bit.
 */
public final class ColourConversion {
    private static final int BITS = 16;
    private static final int HALF = 1 << (BITS - 1);
    private static final int[] CR_RED = new int[256];
    private static final int[] CB_BLUE = new int[256];
    private static final int[] CR_GREEN = new int[256];
    private static final int[] CB_GREEN = new int[256];

    static {
        for (int i = 0; i < 256; i++) {
            int x = i - 128;
            CR_RED[i] = (fixed(1.40200) * x + HALF) >> BITS;
            CB_BLUE[i] = (fixed(1.77200) * x + HALF) >> BITS;
            CR_GREEN[i] = -fixed(0.71414) * x;
            CB_GREEN[i] = -fixed(0.34414) * x + HALF;
        }
    }

    private ColourConversion() {}

    private static int fixed(double v) {
        return (int) (v * (1 << BITS) + 0.5);
    }

    /** JFIF's YCbCr to RGB in place, {@code stride} bytes a pixel (a fourth stays as it is). */
    static void yccToRgb(byte[] data, int pixels, int stride) {
        for (int i = 0, end = pixels * stride; i < end; i += stride) {
            int y = data[i] & 0xff;
            int cb = data[i + 1] & 0xff;
            int cr = data[i + 2] & 0xff;
            data[i] = (byte) clip8(y + CR_RED[cr]);
            data[i + 1] = (byte) clip8(y + ((CB_GREEN[cb] + CR_GREEN[cr]) >> BITS));
            data[i + 2] = (byte) clip8(y + CB_BLUE[cb]);
        }
    }

    static void invert(byte[] data) {
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) ~data[i];
        }
    }

    static void invertKey(byte[] cmyk, int pixels) {
        for (int i = 3, end = 4 * pixels; i < end; i += 4) {
            cmyk[i] = (byte) ~cmyk[i];
        }
    }

    /** Pillow's formula: the light that the key ink leaves, minus each ink's share of it. */
    static byte[] cmykToRgb(byte[] cmyk, int pixels) {
        byte[] rgb = new byte[3 * pixels];
        for (int i = 0, o = 0; o < rgb.length; i += 4, o += 3) {
            int light = 255 - (cmyk[i + 3] & 0xff);
            for (int c = 0; c < 3; c++) {
                rgb[o + c] = (byte) clip8(light - mulDiv255(cmyk[i + c] & 0xff, light));
            }
        }
        return rgb;
    }

    /** {@code a * b / 255}, rounded. */
    private static int mulDiv255(int a, int b) {
        int t = a * b + 128;
        return ((t >> 8) + t) >> 8;
    }

    /** ITU-R 601-2 luma, Pillow's {@code convert("L")}. */
    public static int luma(int r, int g, int b) {
        return (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
    }

    public static int clip8(int v) {
        return v < 0 ? 0 : Math.min(v, 255);
    }

    /** Adds {@code shift} (modulo 256) to the hue of each RGB pixel, through Pillow's 8-bit HSV. */
    public static void shiftHue(byte[] rgb, int shift) {
        for (int i = 0; i < rgb.length; i += 3) {
            int hsv = rgbToHsv(rgb[i] & 0xff, rgb[i + 1] & 0xff, rgb[i + 2] & 0xff);
            int out = hsvToRgb((hsv >> 16) + shift & 0xff, hsv >> 8 & 0xff, hsv & 0xff);
            rgb[i] = (byte) (out >> 16);
            rgb[i + 1] = (byte) (out >> 8);
            rgb[i + 2] = (byte) out;
        }
    }

    /** Pillow's {@code convert("HSV")}; hue, saturation, value in bits 16, 8, 0. */
    static int rgbToHsv(int r, int g, int b) {
        int max = Math.max(r, Math.max(g, b));
        int min = Math.min(r, Math.min(g, b));
        if (max == min) {
            return max;
        }
        float range = max - min;
        float saturation = range / max;
        float rc = (max - r) / range;
        float gc = (max - g) / range;
        float bc = (max - b) / range;
        float h;
        if (r == max) {
            h = bc - gc;
        } else if (g == max) {
            h = (float) (2.0 + rc - bc);
        } else {
            h = (float) (4.0 + gc - rc);
        }
        h = (float) ((h / 6.0 + 1.0) % 1.0);
        return clip8((int) (h * 255.0)) << 16 | clip8((int) (saturation * 255.0)) << 8 | max;
    }

    /** Pillow's conversion from HSV to RGB; red, green, blue in bits 16, 8, 0. */
    static int hsvToRgb(int h, int s, int v) {
        if (s == 0) {
            return v << 16 | v << 8 | v;
        }
        int sector = (int) Math.floor(h * 6.0 / 255.0);
        float f = (float) (h * 6.0 / 255.0 - sector);
        float fs = (float) (s / 255.0);
        int p = round8(v * (1.0 - fs));
        int q = round8(v * (1.0 - fs * f));
        int t = round8(v * (1.0 - fs * (1.0 - f)));
        return switch (sector % 6) {
            case 0 -> v << 16 | t << 8 | p;
            case 1 -> q << 16 | v << 8 | p;
            case 2 -> p << 16 | v << 8 | t;
            case 3 -> p << 16 | q << 8 | v;
            case 4 -> t << 16 | p << 8 | v;
            default -> v << 16 | p << 8 | q;
        };
    }

    /** C's {@code round}: halves away from zero; the argument is never negative here. */
    private static int round8(double v) {
        return clip8((int) Math.floor((float) v + 0.5));
    }
}
