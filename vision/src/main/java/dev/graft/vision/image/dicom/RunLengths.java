package dev.graft.vision.image.dicom;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Run-length coded frames (<a
 * href="https://dicom.nema.org/medical/dicom/current/output/chtml/part05/chapter_G.html">PS3.5 annex G</a>): the bytes
 * of all samples in segments, the high bytes first, each coded as in TIFF's PackBits.
 */
final class RunLengths {
    private static final int HEADER = 64;
    /** Two bytes stand for at most 128. */
    private static final int MAX_RATIO = 64;

    private RunLengths() {}

    static short[] cells(ByteBuffer frame, PixelLayout layout) {
        ByteBuffer in = frame.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        int bytes = layout.allocated() == 16 ? 2 : 1;
        int segments = layout.samples() * bytes;
        if (in.remaining() < HEADER || in.getInt(0) != segments) {
            throw DicomFault.corrupt("its run-length header");
        }
        int pixels = layout.rows() * layout.columns();
        int length = layout.allocated() == 1 ? (pixels + 7) / 8 : pixels;
        if ((long) length * segments > (long) MAX_RATIO * in.remaining()) {
            throw DicomFault.corrupt(in.remaining() + " bytes of run lengths cannot hold " + layout.columns() + "x"
                    + layout.rows() + " pixels");
        }
        short[] cells = new short[Math.multiplyExact(pixels, layout.samples())];
        byte[] plane = new byte[length];
        for (int s = 0; s < segments; s++) {
            long from = in.getInt(4 + 4 * s) & 0xffffffffL;
            long to = s + 1 < segments ? in.getInt(8 + 4 * s) & 0xffffffffL : in.limit();
            if (from < HEADER || to < from || to > in.limit()) {
                throw DicomFault.corrupt("a run-length segment from " + from + " to " + to);
            }
            unpack(in, (int) from, (int) to, plane);
            int sample = s / bytes;
            int shift = 8 * (bytes - 1 - s % bytes);
            if (layout.allocated() == 1) {
                for (int i = 0; i < pixels; i++) {
                    cells[i] = (short) (plane[i >> 3] >> (i & 7) & 1);
                }
            } else {
                for (int i = 0, o = sample; i < pixels; i++, o += layout.samples()) {
                    cells[o] |= (short) ((plane[i] & 0xff) << shift);
                }
            }
        }
        return cells;
    }

    private static void unpack(ByteBuffer in, int from, int to, byte[] out) {
        int n = 0;
        int at = from;
        while (n < out.length) {
            if (at >= to) {
                throw DicomFault.corrupt("a run-length segment ends after " + n + " of " + out.length + " bytes");
            }
            int control = in.get(at++);
            if (control >= 0) {
                int count = Math.min(control + 1, out.length - n);
                if (count > to - at) {
                    throw DicomFault.corrupt("a run-length segment is cut off");
                }
                in.get(at, out, n, count);
                at += control + 1;
                n += count;
            } else if (control != -128) {
                if (at >= to) {
                    throw DicomFault.corrupt("a run-length segment is cut off");
                }
                int count = Math.min(1 - control, out.length - n);
                java.util.Arrays.fill(out, n, n + count, in.get(at++));
                n += count;
            }
        }
    }
}
