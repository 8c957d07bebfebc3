package dev.graft.vision.image.dicom;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * The colours of PALETTE COLOR images (<a
 * href="https://dicom.nema.org/medical/dicom/current/output/chtml/part03/sect_C.7.9.html">PS3.3 C.7.9</a>), reduced to
 * their high 8 bits.
 */
public final class Palette {
    private static final int DISCRETE = 0;
    private static final int LINEAR = 1;
    private static final int INDIRECT = 2;
    /** One for each entry, and as many that add none. */
    private static final int MAX_SEGMENTS = 1 << 17;

    private final PixelLayout layout;
    private final LookupTable[] tables;

    private Palette(PixelLayout layout, LookupTable[] tables) {
        this.layout = layout;
        this.tables = tables;
    }

    static Palette of(DataSet set, PixelLayout layout) {
        LookupTable[] tables = new LookupTable[3];
        for (int c = 0; c < 3; c++) {
            Optional<ByteBuffer> segments = set.value(Tag.PALETTE_SEGMENTS + c);
            int descriptor = Tag.PALETTE_DESCRIPTOR + c;
            if (segments.isPresent()) {
                LookupTable.Shape shape = LookupTable.shape(set, descriptor, layout.signed());
                tables[c] = new LookupTable(shape.first(), shape.bits(), expand(segments.get(), shape));
            } else {
                ByteBuffer data = set.value(Tag.PALETTE_DATA + c)
                        .orElseThrow(() -> DicomFault.corrupt("PALETTE COLOR without a palette"));
                tables[c] = LookupTable.of(set, descriptor, data, layout.signed());
            }
        }
        return new Palette(layout, tables);
    }

    /** Segments (PS3.3 C.7.9.2): runs of entries, lines to an entry, and copies of earlier segments. */
    private static short[] expand(ByteBuffer data, LookupTable.Shape shape) {
        int width = shape.bits() == 8 ? 1 : 2;
        Segments segments = new Segments(data, width, new short[shape.count()]);
        segments.run(0, data.remaining() / width, true);
        return segments.entries;
    }

    private static final class Segments {
        private final ByteBuffer data;
        private final int width;
        private final short[] entries;
        private int n;
        private int expanded;

        Segments(ByteBuffer data, int width, short[] entries) {
            this.data = data;
            this.width = width;
            this.entries = entries;
        }

        private int word(int index) {
            if (index >= data.remaining() / width) {
                throw DicomFault.corrupt("a palette's segment is cut off");
            }
            return width == 1 ? data.get(index) & 0xff : data.getShort(2 * index) & 0xffff;
        }

        private void add(int value) {
            if (n < entries.length) {
                entries[n++] = (short) value;
            }
        }

        /** @param most segments to expand; copies do not copy copies, which ends them */
        void run(int start, int most, boolean mayCopy) {
            int at = start;
            for (int s = 0; s < most && n < entries.length; s++) {
                if (++expanded > MAX_SEGMENTS) {
                    throw DicomFault.corrupt("a palette of more than " + MAX_SEGMENTS + " segments");
                }
                int code = word(at);
                int count = word(at + 1);
                if (code == DISCRETE) {
                    for (int i = 0; i < count; i++) {
                        add(word(at + 2 + i));
                    }
                    at += 2 + count;
                } else if (code == LINEAR && n > 0) {
                    int from = entries[n - 1] & 0xffff;
                    int to = word(at + 2);
                    for (int i = 1; i <= count; i++) {
                        add((int) Math.floor(from + (double) (to - from) * i / count + 0.5));
                    }
                    at += 3;
                } else if (code == INDIRECT && mayCopy) {
                    int words = width == 1 ? 4 : 2; // an offset of 32 bits
                    long offset = 0;
                    for (int i = 0; i < words; i++) {
                        offset |= (long) word(at + 2 + i) << (8 * width * i);
                    }
                    if (offset / width >= data.remaining() / width || offset < 0) {
                        throw DicomFault.corrupt("a palette's segment points outside");
                    }
                    run((int) offset / width, count, false);
                    at += 2 + words;
                } else {
                    throw DicomFault.corrupt("a palette's segment of type " + code);
                }
            }
        }
    }

    /** Red, green and blue of each cell. */
    public byte[] rgb(short[] cells) {
        byte[] out = new byte[Math.multiplyExact(cells.length, 3)];
        for (int i = 0; i < cells.length; i++) {
            int value = layout.value(layout.bits(cells[i]));
            for (int c = 0; c < 3; c++) {
                int entry = tables[c].at(value);
                int bits = tables[c].bits();
                out[3 * i + c] = (byte) (bits > 8 ? entry >>> (bits - 8) : entry);
            }
        }
        return out;
    }
}
