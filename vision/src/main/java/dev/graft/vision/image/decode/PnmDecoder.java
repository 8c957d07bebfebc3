package dev.graft.vision.image.decode;

import dev.graft.vision.image.file.ImageFormatException;

/**
 * <a href="https://netpbm.sourceforge.net/doc/">Netpbm</a>'s PBM, PGM and PPM, plain (P1 to P3) and raw (P4 to P6),
 * with samples of up to 16 bits scaled by the header's largest value, as Pillow scales them. In a file with many
 * images, the first one counts.
 */
final class PnmDecoder {
    private static final int MAX_VALUE = 65535;

    private final ImageDecoder owner;
    private final byte[] bytes;
    private int pos = 2;

    PnmDecoder(ImageDecoder owner, byte[] bytes) {
        this.owner = owner;
        this.bytes = bytes;
    }

    /** Whether a file starts with {@code P1} to {@code P6}, followed by white space or a comment. */
    static boolean isOne(byte[] bytes) {
        return bytes.length > 2
                && bytes[0] == 'P'
                && bytes[1] >= '1'
                && bytes[1] <= '6'
                && (isSpace(bytes[2]) || bytes[2] == '#');
    }

    Pixels decode() {
        int kind = bytes[1] - '0';
        boolean plain = kind <= 3;
        boolean bits = kind == 1 || kind == 4;
        int channels = kind == 3 || kind == 6 ? 3 : 1;
        int width = number("width");
        int height = number("height");
        int max = bits ? 1 : number("largest value");
        if (max < 1 || max > MAX_VALUE) {
            throw owner.error("the PNM data is corrupt (a largest value of " + max + ")", "it must be 1 to 65535");
        }
        owner.checkSize(width, height);
        if (!plain) {
            pos++;
        }
        long samples = (long) width * height * channels;
        long needed =
                switch (kind) {
                    case 1 -> samples;
                    case 2, 3 -> 2 * samples - 1;
                    case 4 -> (width + 7L) / 8 * height;
                    default -> max > 255 ? 2 * samples : samples;
                };
        if (needed > bytes.length - pos) {
            throw owner.truncated(bytes.length + " bytes cannot hold the " + width + "x" + height
                    + " pixels the PNM's header announces");
        }
        if (bits) {
            return new Pixels(width, height, 1, kind == 1 ? plainBits((int) samples) : rawBits(width, height));
        }
        short[] values = plain ? plainValues((int) samples, max) : rawValues((int) samples, max);
        return max > 255
                ? new WideSamples(width, height, channels, values, false, max, true).toImage(owner)
                : new Pixels(width, height, channels, scaled(values, max));
    }

    /** 1 is black. */
    private byte[] plainBits(int samples) {
        byte[] out = new byte[samples];
        for (int i = 0; i < samples; i++) {
            skipSpace();
            byte b = next();
            if (b != '0' && b != '1') {
                throw notANumber("pixel " + i, b);
            }
            out[i] = (byte) (b == '1' ? 0 : 255);
        }
        return out;
    }

    private byte[] rawBits(int width, int height) {
        byte[] out = new byte[width * height];
        int rowBytes = (width + 7) / 8;
        for (int y = 0, o = 0; y < height; y++) {
            for (int x = 0; x < width; x++, o++) {
                boolean black = (bytes[pos + y * rowBytes + (x >> 3)] >> (7 - (x & 7)) & 1) != 0;
                out[o] = (byte) (black ? 0 : 255);
            }
        }
        return out;
    }

    private short[] plainValues(int samples, int max) {
        short[] out = new short[samples];
        for (int i = 0; i < samples; i++) {
            int v = number("value");
            if (v > max) {
                throw owner.error(
                        "the PNM data is corrupt (a value of " + v + ", the largest is to be " + max + ")",
                        "copy the file again from its source");
            }
            out[i] = (short) v;
        }
        return out;
    }

    /** Values above the largest are clipped to it, as in Pillow. */
    private short[] rawValues(int samples, int max) {
        short[] out = new short[samples];
        for (int i = 0; i < samples; i++) {
            int v = bytes[pos++] & 0xff;
            if (max > 255) {
                v = v << 8 | (bytes[pos++] & 0xff);
            }
            out[i] = (short) Math.min(v, max);
        }
        return out;
    }

    private static byte[] scaled(short[] values, int max) {
        byte[] table = new byte[max + 1];
        for (int v = 0; v <= max; v++) {
            table[v] = (byte) Math.rint(v / (double) max * 255);
        }
        byte[] out = new byte[values.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = table[values[i]];
        }
        return out;
    }

    /** Reads a whole number of at most nine digits, after white space and comments; what follows is left. */
    private int number(String what) {
        skipSpace();
        int value = 0;
        int digits = 0;
        while (pos < bytes.length && bytes[pos] >= '0' && bytes[pos] <= '9') {
            if (++digits > 9) {
                throw owner.error(
                        "the PNM data is corrupt (" + what + " of more than nine digits)",
                        "copy the file again from its source");
            }
            value = 10 * value + bytes[pos++] - '0';
        }
        if (digits == 0 || (pos < bytes.length && !isSpace(bytes[pos]) && bytes[pos] != '#')) {
            throw notANumber(what, next());
        }
        return value;
    }

    private void skipSpace() {
        while (pos < bytes.length && (isSpace(bytes[pos]) || bytes[pos] == '#')) {
            if (bytes[pos] == '#') {
                while (pos < bytes.length && bytes[pos] != '\n' && bytes[pos] != '\r') {
                    pos++;
                }
            } else {
                pos++;
            }
        }
    }

    private byte next() {
        if (pos >= bytes.length) {
            throw owner.truncated("the PNM ends before its pixels");
        }
        return bytes[pos++];
    }

    private ImageFormatException notANumber(String what, byte found) {
        return owner.error(
                "the PNM data is corrupt (" + what + " has the byte " + (found & 0xff) + ", which is not a digit)",
                "copy the file again from its source");
    }

    private static boolean isSpace(byte b) {
        return b == ' ' || (b >= 9 && b <= 13);
    }
}
