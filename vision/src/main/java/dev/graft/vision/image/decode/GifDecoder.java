package dev.graft.vision.image.decode;

import java.util.Arrays;

/**
 * The first frame of a GIF (GIF89a), placed on its screen as in Pillow.
 *
 * <p>The JDK's ImageIO reader is not used, because it hides damage. It decoded all of 300 files with one wrong byte
 * among the pixels without any message, and for a file of 653 bytes whose header says 32767x32767, it returned that
 * many invented pixels after 35 seconds (JDK 17). It refuses files that lack only their last two bytes, invents colours
 * if there is no table, and does not place the frame on the screen. Most of this class would be needed as checks around
 * it.
 */
final class GifDecoder {
    /**
     * The longest LZW string is about 3,800 pixels in 12 bits, so a file cannot have more pixels per byte than this.
     */
    private static final int LZW_RATIO = 4096;

    private static final int MAX_CODES = 4096;

    private final ImageDecoder owner;
    private final byte[] bytes;
    private int pos;

    GifDecoder(ImageDecoder owner, byte[] bytes) {
        this.owner = owner;
        this.bytes = bytes;
    }

    Pixels decode() {
        pos = 6;
        int screenWidth = int16();
        int screenHeight = int16();
        int flags = int8();
        pos += 2;
        byte[] palette = readPalette(flags, greyRamp());
        int transparent = 0;
        while (true) {
            int block = int8();
            if (block == 0x21) {
                transparent = readExtension(transparent);
            } else if (block == 0x2C) {
                break;
            } else if (block == 0x3B) {
                throw owner.error("the GIF holds no picture", "leave it out");
            }
        }
        int left = int16();
        int top = int16();
        int frameWidth = int16();
        int frameHeight = int16();
        int frameFlags = int8();
        palette = readPalette(frameFlags, palette);
        owner.checkSize(frameWidth, frameHeight);
        owner.checkPlausible(frameWidth, frameHeight, 8, LZW_RATIO);
        int width = Math.max(screenWidth, left + frameWidth);
        int height = Math.max(screenHeight, top + frameHeight);
        owner.checkSize(width, height);

        byte[] frame = decodeLzw(frameWidth * frameHeight);
        boolean interlaced = (frameFlags & 0x40) != 0;
        byte[] out = new byte[width * height * 3];
        if (frameWidth < width || frameHeight < height) {
            for (int i = 0; i < out.length; i += 3) {
                System.arraycopy(palette, 3 * transparent, out, i, 3);
            }
        }
        for (int row = 0; row < frameHeight; row++) {
            int y = top + (interlaced ? interlacedRow(row, frameHeight) : row);
            int o = (y * width + left) * 3;
            for (int x = 0; x < frameWidth; x++, o += 3) {
                int colour = 3 * (frame[row * frameWidth + x] & 0xff);
                out[o] = palette[colour];
                out[o + 1] = palette[colour + 1];
                out[o + 2] = palette[colour + 2];
            }
        }
        return new Pixels(width, height, 3, out);
    }

    private int readExtension(int transparent) {
        int result = transparent;
        int label = int8();
        for (int size = int8(); size > 0; size = int8()) {
            need(size);
            if (label == 0xF9 && size >= 4 && (bytes[pos] & 1) != 0) {
                result = bytes[pos + 3] & 0xff;
            }
            pos += size;
        }
        return result;
    }

    /** The colour table that {@code flags} announce, with black beyond its end; without a table, {@code otherwise}. */
    private byte[] readPalette(int flags, byte[] otherwise) {
        if ((flags & 0x80) == 0) {
            return otherwise;
        }
        byte[] palette = new byte[3 * 256];
        int n = 3 * (2 << (flags & 7));
        need(n);
        System.arraycopy(bytes, pos, palette, 0, n);
        pos += n;
        return palette;
    }

    private static byte[] greyRamp() {
        byte[] palette = new byte[3 * 256];
        for (int i = 0; i < palette.length; i++) {
            palette[i] = (byte) (i / 3);
        }
        return palette;
    }

    /**
     * The position of the n-th row of an interlaced frame: every 8th, every 8th from 4, every 4th from 2, every 2nd
     * from 1.
     */
    private static int interlacedRow(int row, int height) {
        int n = row;
        int[][] passes = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};
        for (int[] p : passes) {
            int rows = Math.max(0, (height - p[0] + p[1] - 1) / p[1]);
            if (n < rows) {
                return p[0] + n * p[1];
            }
            n -= rows;
        }
        throw new IllegalArgumentException("row " + row + " of " + height);
    }

    private byte[] decodeLzw(int pixels) {
        int minimum = int8();
        if (minimum < 1 || minimum > 8) {
            throw owner.error(
                    "the GIF data is corrupt (code size " + minimum + ")", "copy the file again from its source");
        }
        byte[] data = joinBlocks();
        byte[] out = new byte[pixels];
        int clear = 1 << minimum;
        int end = clear + 1;
        short[] prefix = new short[MAX_CODES];
        byte[] last = new byte[MAX_CODES];
        byte[] first = new byte[MAX_CODES];
        int[] length = new int[MAX_CODES];
        for (int i = 0; i < clear; i++) {
            last[i] = first[i] = (byte) i;
            length[i] = 1;
        }
        int next = end + 1;
        int bits = minimum + 1;
        int previous = -1;
        int buffer = 0;
        int held = 0;
        int in = 0;
        int done = 0;
        while (done < pixels) {
            while (held < bits && in < data.length) {
                buffer |= (data[in++] & 0xff) << held;
                held += 8;
            }
            if (held < bits) {
                throw owner.truncated("the GIF's pixels end early");
            }
            int code = buffer & (1 << bits) - 1;
            buffer >>>= bits;
            held -= bits;
            if (code == clear) {
                next = end + 1;
                bits = minimum + 1;
                previous = -1;
                continue;
            }
            if (code == end) {
                throw owner.truncated("the GIF's pixels end early");
            }
            if (code > next || (code == next && previous < 0) || (code >= clear && previous < 0)) {
                throw owner.error(
                        "the GIF data is corrupt (code " + code + " before it is defined)",
                        "copy the file again from its source");
            }
            if (previous >= 0 && next < MAX_CODES) {
                prefix[next] = (short) previous;
                last[next] = first[code == next ? previous : code];
                first[next] = first[previous];
                length[next] = length[previous] + 1;
                next++;
                if (next == 1 << bits && bits < 12) {
                    bits++;
                }
            } else if (code == next) {
                throw owner.error(
                        "the GIF data is corrupt (code " + code + " before it is defined)",
                        "copy the file again from its source");
            }
            int n = length[code];
            int c = code;
            for (int i = done + n - 1; i >= done; i--) {
                if (i < pixels) {
                    out[i] = last[c];
                }
                c = prefix[c];
            }
            done += n;
            previous = code;
        }
        return out;
    }

    private byte[] joinBlocks() {
        byte[] data = new byte[bytes.length - Math.min(pos, bytes.length)];
        int n = 0;
        // A file that is truncated after its last pixel is complete enough; the code reader reports missing pixels.
        while (pos < bytes.length && bytes[pos] != 0) {
            int size = Math.min(bytes[pos] & 0xff, bytes.length - pos - 1);
            System.arraycopy(bytes, pos + 1, data, n, size);
            n += size;
            pos += size + 1;
        }
        return Arrays.copyOf(data, n);
    }

    private int int8() {
        need(1);
        return bytes[pos++] & 0xff;
    }

    private int int16() {
        return int8() | int8() << 8;
    }

    private void need(int n) {
        if (n > bytes.length - pos) {
            throw owner.truncated("the GIF ends before its pixels");
        }
    }
}
