package dev.graft.vision.image.dicom;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Uncompressed frames, one after another. */
final class NativePixels {
    private NativePixels() {}

    /**
     * The cells of a frame, counted from 0; colours interleaved.
     *
     * @param words whether the file wrote words of two bytes (OW), whose bytes are in the file's order whatever the
     *     cells are; those of bytes (OB) are in no order (PS3.5 6.2)
     */
    static short[] cells(ByteBuffer pixels, int frame, PixelLayout layout, boolean words) {
        long bits = layout.frameBits();
        long needed = (bits * frame + bits + 7) / 8;
        if (bits * (frame + 1.0) > 8.0 * pixels.remaining()) { // which cannot overflow
            throw DicomFault.corrupt("frame " + (frame + 1) + " of " + layout.columns() + "x" + layout.rows()
                    + " pixels ends at byte " + needed + " of " + pixels.remaining());
        }
        int n = Math.multiplyExact(layout.rows() * layout.columns(), layout.samples());
        short[] cells = new short[n];
        long firstBit = bits * frame;
        boolean swapped = words && pixels.order() == ByteOrder.BIG_ENDIAN;
        if (layout.allocated() == 1) {
            for (int i = 0; i < n; i++) {
                long bit = firstBit + i;
                int at = (int) (bit >> 3);
                cells[i] = (short) (pixels.get(swapped ? swapped(at, pixels) : at) >> (bit & 7) & 1);
            }
            return cells;
        }
        int start = (int) (firstBit / 8);
        Samples samples = layout.allocated() == 16
                ? i -> pixels.getShort(start + 2 * i)
                : swapped
                        ? i -> (short) (pixels.get(swapped(start + i, pixels)) & 0xff)
                        : i -> (short) (pixels.get(start + i) & 0xff);
        if (layout.colour() == PixelLayout.Colour.YBR_FULL_422) {
            pairs(samples, cells, layout);
        } else if (layout.planar()) {
            int plane = n / layout.samples();
            for (int i = 0; i < n; i++) {
                cells[i] = samples.at(i % layout.samples() * plane + i / layout.samples());
            }
        } else {
            for (int i = 0; i < n; i++) {
                cells[i] = samples.at(i);
            }
        }
        return cells;
    }

    private interface Samples {
        short at(int index);
    }

    /** Words of two bytes have their bytes in the file's order. */
    private static int swapped(int at, ByteBuffer pixels) {
        return Math.min(at ^ 1, pixels.limit() - 1);
    }

    /** Two luminances, then the chrominances of both: these are repeated. */
    private static void pairs(Samples samples, short[] cells, PixelLayout layout) {
        if (layout.columns() % 2 != 0 || layout.planar()) {
            throw DicomFault.corrupt(
                    "YBR_FULL_422 with " + layout.columns() + " columns" + (layout.planar() ? " by planes" : ""));
        }
        for (int i = 0, o = 0; o < cells.length; i += 4, o += 6) {
            for (int k = 0; k < 2; k++) {
                cells[o + 3 * k] = samples.at(i + k);
                cells[o + 3 * k + 1] = samples.at(i + 2);
                cells[o + 3 * k + 2] = samples.at(i + 3);
            }
        }
    }
}
