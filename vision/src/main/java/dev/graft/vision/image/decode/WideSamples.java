package dev.graft.vision.image.decode;

import dev.graft.vision.image.file.ImageNote;
import dev.graft.vision.image.file.Window;
import java.util.function.IntToDoubleFunction;

/**
 * Samples of more than 8 bits, to be reduced to 8.
 *
 * @param channels 1 or 3, interleaved
 * @param data the stored values; unsigned values by their bits
 * @param signed whether values start at {@code -(max + 1) / 2}
 * @param max the largest value that the file's bit depth, or its header, allows: 65535 for 16 bits
 * @param rounded whether the full range is rounded to 8 bits, as for Netpbm's files, instead of dropping the low bits
 */
record WideSamples(int width, int height, int channels, short[] data, boolean signed, int max, boolean rounded) {
    private static final int VALUES = 1 << 16;
    /** A file whose samples are all below this share of their range comes out dark. */
    private static final int DARK_SHARE = 4;

    /** These samples as 8 bits, through the window that the file is read with. */
    Pixels toImage(ImageDecoder owner) {
        Window window = owner.decoding().window();
        if (window.kind() == Window.Kind.FULL) {
            noteUnusedBits(owner);
        } else {
            owner.note(ImageNote.Kind.WINDOWED, window.toString());
        }
        byte[] table = table(window);
        byte[] out = new byte[data.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = table[data[i] & 0xffff];
        }
        return new Pixels(width, height, channels, out);
    }

    private void noteUnusedBits(ImageDecoder owner) {
        int bits = bitsUsed();
        if (bits > 0 && (1L << bits) * DARK_SHARE <= max + 1L) {
            owner.note(
                    ImageNote.Kind.FEW_BITS,
                    bits + " of its " + (Integer.SIZE - Integer.numberOfLeadingZeros(max)) + " bits");
        }
    }

    private int lowest() {
        return signed ? -(max + 1) / 2 : 0;
    }

    private int value(int bits) {
        return signed ? (short) bits : bits & 0xffff;
    }

    /** The number of bits that the largest sample needs, including its sign. */
    int bitsUsed() {
        int all = 0;
        if (signed) {
            for (short v : data) {
                all |= v ^ v >> (Short.SIZE - 1);
            }
            return Integer.SIZE - Integer.numberOfLeadingZeros(all & 0xffff) + 1;
        }
        for (short v : data) {
            all |= v;
        }
        return Integer.SIZE - Integer.numberOfLeadingZeros(all & 0xffff);
    }

    private byte[] table(Window window) {
        IntToDoubleFunction function = function(window);
        byte[] table = new byte[VALUES];
        for (int bits = 0; bits < VALUES; bits++) {
            table[bits] = (byte) ColourConversion.clip8((int) Math.floor(function.applyAsDouble(value(bits))));
        }
        return table;
    }

    /** Maps a stored value to 0 to 255, before clipping and rounding down. */
    private IntToDoubleFunction function(Window window) {
        return switch (window.kind()) {
            case FULL -> full();
            case PERCENTILE -> percentile();
            case CENTRE_WIDTH -> linear(window.centre(), window.width());
        };
    }

    private IntToDoubleFunction full() {
        int low = lowest();
        return rounded
                ? v -> Math.rint((v - low) / (double) max * 255)
                : v -> (double) Math.floorDiv((v - low) * 256L, max + 1);
    }

    private static IntToDoubleFunction linear(double centre, double width) {
        double half = (width - 1) / 2;
        double middle = centre - 0.5;
        return v -> v <= middle - half ? 0 : v > middle + half ? 255 : ((v - middle) / (width - 1) + 0.5) * 255 + 0.5;
    }

    private IntToDoubleFunction percentile() {
        int low = signed ? Short.MIN_VALUE : 0;
        int[] counts = new int[VALUES];
        for (short v : data) {
            counts[value(v) - low]++;
        }
        int lo = low + quantile(counts, Window.TAIL);
        int hi = low + quantile(counts, 1 - Window.TAIL);
        if (lo == hi) {
            lo = low + quantile(counts, 0);
            hi = low + quantile(counts, 1);
        }
        int from = lo;
        double range = Math.max(1, hi - lo);
        return v -> (v - from) * 255 / range + 0.5;
    }

    /** The smallest value that at least this share of the samples (at least one sample) does not exceed. */
    private int quantile(int[] counts, double share) {
        double wanted = Math.max(1, share * data.length);
        long seen = 0;
        for (int v = 0; v < VALUES; v++) {
            seen += counts[v];
            if (seen >= wanted) {
                return v;
            }
        }
        throw new IllegalStateException("no samples");
    }
}
