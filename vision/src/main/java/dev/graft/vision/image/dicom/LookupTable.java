package dev.graft.vision.image.dicom;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * A table from whole numbers to whole numbers; inputs beyond it take its first or last entry.
 *
 * @param first the input of the first entry
 * @param bits of an entry
 * @param entries unsigned
 */
record LookupTable(int first, int bits, short[] entries) {

    /**
     * The table in an item of a modality or VOI sequence.
     *
     * @param signed whether its inputs may be negative
     */
    static LookupTable of(DataSet item, boolean signed) {
        ByteBuffer data = item.value(Tag.LUT_DATA).orElseThrow(() -> DicomFault.corrupt("a table without data"));
        return of(item, Tag.LUT_DESCRIPTOR, data, signed);
    }

    static LookupTable of(DataSet set, int descriptor, ByteBuffer data, boolean signed) {
        Shape shape = shape(set, descriptor, signed);
        // 8-bit entries may lie in bytes or in words
        boolean bytes = shape.bits == 8 && data.remaining() < 2 * shape.count;
        if (data.remaining() < (bytes ? shape.count : 2 * shape.count)) {
            throw DicomFault.corrupt("a table of " + shape.count + " entries in " + data.remaining() + " bytes");
        }
        short[] entries = new short[shape.count];
        for (int i = 0; i < shape.count; i++) {
            entries[i] = bytes ? (short) (data.get(i) & 0xff) : data.getShort(2 * i);
        }
        return new LookupTable(shape.first, shape.bits, entries);
    }

    /** What a descriptor says: the number of entries, the first input, the bits of an entry. */
    record Shape(int count, int first, int bits) {}

    static Shape shape(DataSet set, int descriptor, boolean signed) {
        int count = set.required(descriptor, "LUT Descriptor");
        Optional<Integer> first = set.number(descriptor, 1).stream().boxed().findFirst();
        int bits = set.number(descriptor, 2).orElse(0);
        if (first.isEmpty() || bits < 1 || bits > 16) {
            throw DicomFault.corrupt("a table's descriptor with " + bits + " bits");
        }
        return new Shape(count == 0 ? 1 << 16 : count, signed ? (short) (int) first.get() : first.get(), bits);
    }

    /** The entry of an input. */
    int at(int input) {
        int index = Math.max(0, Math.min(entries.length - 1, input - first));
        return entries[index] & 0xffff;
    }
}
