package dev.graft.vision.image.decode;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The tags in the first directory of a TIFF or BigTIFF file that give the meaning of its samples.
 *
 * @param width tag 256
 * @param height tag 257
 * @param bits the bit depth of the first sample
 * @param samples samples per pixel, tag 277
 * @param compression tag 259; 1 is none
 * @param photometric tag 262: 0 white is zero, 1 black is zero, 2 RGB, 3 palette, 5 CMYK, 6 YCbCr
 * @param sampleFormat tag 339: 1 unsigned, 2 signed, 3 floating-point
 * @param orientation tag 274, 1 to 8: where the first row and the first column are
 */
record TiffHeader(
        int width,
        int height,
        int bits,
        int samples,
        int compression,
        int photometric,
        int sampleFormat,
        int orientation) {
    private static final int WIDTH = 256;
    private static final int HEIGHT = 257;
    private static final int BITS_PER_SAMPLE = 258;
    private static final int COMPRESSION = 259;
    private static final int PHOTOMETRIC = 262;
    private static final int ORIENTATION = 274;
    private static final int SAMPLES_PER_PIXEL = 277;
    private static final int SAMPLE_FORMAT = 339;
    private static final int SHORT = 3;
    private static final int LONG = 4;

    static TiffHeader parse(ImageDecoder owner, byte[] bytes) {
        return new Parser(owner, bytes).parse();
    }

    private static final class Parser {
        private final ImageDecoder owner;
        private final ByteBuffer in;
        private final boolean big;
        private int width;
        private int height;
        private int bits = 1;
        private int samples = 1;
        private int compression = 1;
        private int photometric = -1;
        private int sampleFormat = 1;
        private int orientation = 1;

        Parser(ImageDecoder owner, byte[] bytes) {
            this.owner = owner;
            this.in = ByteBuffer.wrap(bytes).order(bytes[0] == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
            need(8, 0);
            this.big = in.getShort(2) == 43;
        }

        TiffHeader parse() {
            need(16, 0);
            int directory = position(big ? in.getLong(8) : in.getInt(4) & 0xFFFFFFFFL);
            need(directory, 8);
            long entries = big ? in.getLong(directory) : in.getShort(directory) & 0xffff;
            int size = big ? 20 : 12;
            int at = directory + (big ? 8 : 2);
            for (long i = 0; i < entries; i++, at += size) {
                need(at, size);
                entry(at);
            }
            return new TiffHeader(width, height, bits, samples, compression, photometric, sampleFormat, orientation);
        }

        private void entry(int at) {
            switch (in.getShort(at) & 0xffff) {
                case WIDTH -> width = value(at);
                case HEIGHT -> height = value(at);
                case SAMPLES_PER_PIXEL -> samples = value(at);
                case BITS_PER_SAMPLE -> bits = value(at);
                case COMPRESSION -> compression = value(at);
                case PHOTOMETRIC -> photometric = value(at);
                case ORIENTATION -> orientation = value(at);
                case SAMPLE_FORMAT -> sampleFormat = value(at);
                default -> {}
            }
        }

        /** An entry's first value. */
        private int value(int at) {
            int type = in.getShort(at + 2) & 0xffff;
            long count = big ? in.getLong(at + 4) : in.getInt(at + 4) & 0xFFFFFFFFL;
            if ((type != SHORT && type != LONG) || count < 1) {
                throw owner.error(
                        "the TIFF data is corrupt (tag " + (in.getShort(at) & 0xffff) + " is not a number)",
                        "copy the file again from its source");
            }
            int held = big ? 8 : 4;
            int where = at + (big ? 12 : 8);
            if (count > held / (type == SHORT ? 2 : 4)) {
                where = position(big ? in.getLong(where) : in.getInt(where) & 0xFFFFFFFFL);
            }
            need(where, type == SHORT ? 2 : 4);
            return type == SHORT ? in.getShort(where) & 0xffff : in.getInt(where);
        }

        private int position(long offset) {
            if (offset < 8 || offset > in.limit()) {
                throw owner.truncated("the TIFF points to byte " + Long.toUnsignedString(offset) + " of " + in.limit());
            }
            return (int) offset;
        }

        private void need(int at, int length) {
            if (length > in.limit() - at) {
                throw owner.truncated("the TIFF ends before its pixels");
            }
        }
    }
}
