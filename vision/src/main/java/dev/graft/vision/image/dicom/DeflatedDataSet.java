package dev.graft.vision.image.dicom;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * A deflated data set, inflated as far as it is needed: deflate makes a thousand bytes of one, so the attributes are
 * read and checked before there is memory for pixels.
 */
final class DeflatedDataSet implements AutoCloseable {
    /** The most bytes before the pixels; files have some thousands. */
    private static final int MAX_HEAD = 1 << 25;
    /** The most bytes of pixels. */
    static final int MAX_PIXELS = 1 << 28;
    /** The most bytes that deflate makes of one. */
    static final long RATIO = 1032;

    private final Inflater inflater = new Inflater(true);
    private final TransferSyntax syntax;
    private final long deflated;
    private byte[] head = new byte[1 << 16];
    private int length;
    private DataSetReader reader;

    DeflatedDataSet(ByteBuffer data, TransferSyntax syntax) {
        this.syntax = syntax;
        this.deflated = data.remaining();
        this.reader = new DataSetReader(head, syntax);
        inflater.setInput(data);
    }

    /** The attributes before the pixels; the value of these is empty. */
    DataSet attributes() {
        while (true) {
            length += inflate(inflater, head, length);
            reader = DataSetReader.beforePixels(head, length, syntax);
            try {
                DataSet set = reader.read(0, syntax.explicit(), -1);
                if (reader.pixelsSeen() || inflater.finished()) {
                    return set;
                }
            } catch (DicomFault fault) {
                if (inflater.finished()) {
                    throw fault;
                } // or an attribute goes on behind what is inflated
            }
            if (head.length == MAX_HEAD) {
                throw new DicomFault(
                        "the DICOM attributes before the pixels are longer than " + MAX_HEAD + " bytes when inflated",
                        "store it uncompressed");
            }
            head = Arrays.copyOf(head, 2 * head.length);
        }
    }

    /** Whether pixels are words of two bytes. */
    boolean wordPixels() {
        return reader.wordPixels();
    }

    /** The pixels of the first frames, or what is announced of them. */
    ByteBuffer pixels(PixelLayout layout, int frames) {
        long wanted =
                (long) Math.min((double) reader.pixelBytes(), Math.ceil(layout.frameBits() * (double) frames / 8));
        if (wanted > MAX_PIXELS) {
            throw new DicomFault(
                    "the DICOM pixels are longer than " + MAX_PIXELS + " bytes when inflated",
                    "store them uncompressed");
        }
        if (wanted > RATIO * deflated) {
            throw DicomFault.corrupt(wanted + " bytes of pixels in " + deflated + " bytes of deflate");
        }
        byte[] pixels = new byte[(int) wanted];
        int there = Math.min(length - reader.position(), pixels.length);
        System.arraycopy(head, reader.position(), pixels, 0, there);
        there += inflate(inflater, pixels, there);
        if (there < pixels.length) {
            throw DicomFault.corrupt(
                    Tag.text(Tag.PIXELS) + " has " + reader.pixelBytes() + " bytes, " + there + " are left");
        }
        return ByteBuffer.wrap(pixels).order(syntax.bigEndian() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
    }

    /** Fills an array from a position on, or as much of it as there is; how many bytes that were. */
    static int inflate(Inflater inflater, byte[] out, int from) {
        try {
            int n = from;
            while (n < out.length && !inflater.finished()) {
                int more = inflater.inflate(out, n, out.length - n);
                if (more == 0 && (inflater.needsInput() || inflater.needsDictionary())) {
                    throw DicomFault.corrupt("its deflate stream ends early");
                }
                n += more;
            }
            return n - from;
        } catch (DataFormatException e) {
            throw DicomFault.corrupt("its deflate stream is damaged");
        }
    }

    @Override
    public void close() {
        inflater.end();
    }
}
