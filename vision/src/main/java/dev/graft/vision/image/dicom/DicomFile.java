package dev.graft.vision.image.dicom;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * A DICOM file, as far as its picture needs it.
 *
 * <p>dcm4che, the parser that would have been taken, is not on Maven Central; what is needed of the format is small.
 */
public final class DicomFile {
    /** The magic number's position, behind a preamble that may be anything. */
    private static final int PREAMBLE = 128;

    /** How many bytes of a file {@link #isOne} needs. */
    public static final int MAGIC_END = PREAMBLE + 4;

    private static final String DIRECTORY = "1.2.840.10008.1.3.10";
    /** The longest data set that is inflated; deflate could make a thousand bytes of one. */
    private static final int MAX_INFLATED = 1 << 28;
    /** Pixels are called square if their sides differ by less. */
    private static final double SQUARE = 0.01;

    private final TransferSyntax syntax;
    private final DataSet set;
    private final PixelLayout layout;
    private final DataSetReader.Fragments fragments;
    private final int frames;

    private DicomFile(TransferSyntax syntax, DataSet set, DataSetReader.Fragments fragments) {
        this.syntax = syntax;
        this.set = set;
        this.fragments = fragments;
        this.layout = PixelLayout.of(set);
        double[] number = set.decimals(Tag.FRAMES);
        double count = number.length == 0 ? 1 : number[0];
        if (count != (int) count || count < 1) {
            throw DicomFault.corrupt("a number of frames that is impossible");
        }
        this.frames = (int) count;
    }

    /** Whether these first bytes of a file, at least 132, are those of a DICOM file. */
    public static boolean isOne(byte[] start) {
        return start.length >= MAGIC_END
                && start[PREAMBLE] == 'D'
                && start[PREAMBLE + 1] == 'I'
                && start[PREAMBLE + 2] == 'C'
                && start[PREAMBLE + 3] == 'M';
    }

    /**
     * Reads a file's attributes; no pixels yet.
     *
     * @throws DicomFault where it has no picture that is read
     */
    public static DicomFile parse(byte[] bytes) {
        TransferSyntax meta = TransferSyntax.of("1.2.840.10008.1.2.1");
        DataSetReader header = new DataSetReader(bytes, meta);
        DataSet about = header.read(MAGIC_END, true, 0x0002);
        if (about.text(Tag.MEDIA_STORAGE_CLASS).equals(DIRECTORY)) {
            throw new DicomFault("it is DICOM's list of files (DICOMDIR), and has no picture", "leave it out");
        }
        if (!about.has(Tag.TRANSFER_SYNTAX)) {
            throw DicomFault.corrupt("no transfer syntax " + Tag.text(Tag.TRANSFER_SYNTAX));
        }
        TransferSyntax syntax = TransferSyntax.of(about.text(Tag.TRANSFER_SYNTAX));
        byte[] content = bytes;
        int start = header.position();
        if (syntax.deflated()) {
            content = inflate(ByteBuffer.wrap(bytes, start, bytes.length - start), -1);
            start = 0;
        }
        DataSetReader reader = new DataSetReader(content, syntax);
        DataSet set = reader.read(start, syntax.explicit(), -1);
        if (set.has(Tag.FLOAT_PIXELS) || set.has(Tag.DOUBLE_PIXELS)) {
            throw new DicomFault("DICOM's pixels of floating-point numbers are not read", "scale them to 16 bits");
        }
        if (!set.has(Tag.PIXELS)) {
            throw new DicomFault("the DICOM file has no pixels", "leave it out; it may be a report or a plan");
        }
        return new DicomFile(syntax, set, reader.fragments());
    }

    /**
     * Inflates raw deflate data.
     *
     * @param wanted as many bytes and no more; -1 for all, at most {@link #MAX_INFLATED}
     */
    private static byte[] inflate(ByteBuffer data, int wanted) {
        Inflater inflater = new Inflater(true);
        try {
            inflater.setInput(data);
            byte[] out = new byte[wanted >= 0 ? wanted : Math.min(MAX_INFLATED, 1 << 16)];
            int n = 0;
            while (!inflater.finished() && n < (wanted >= 0 ? wanted : MAX_INFLATED)) {
                if (n == out.length) {
                    out = Arrays.copyOf(out, (int) Math.min(MAX_INFLATED, 2L * out.length));
                }
                int more = inflater.inflate(out, n, out.length - n);
                if (more == 0 && (inflater.needsInput() || inflater.needsDictionary())) {
                    throw DicomFault.corrupt("its deflate stream ends early");
                }
                n += more;
            }
            if (wanted < 0 && !inflater.finished()) {
                throw new DicomFault(
                        "the DICOM data set is longer than " + MAX_INFLATED + " bytes when inflated",
                        "store it uncompressed");
            }
            if (n < wanted) {
                throw DicomFault.corrupt("a frame of " + wanted + " bytes has only " + n);
            }
            return n == out.length ? out : Arrays.copyOf(out, n);
        } catch (DataFormatException e) {
            throw DicomFault.corrupt("its deflate stream is damaged");
        } finally {
            inflater.end();
        }
    }

    public PixelLayout layout() {
        return layout;
    }

    public int frames() {
        return frames;
    }

    /** Whether frames are JPEG files. */
    public boolean isJpeg() {
        return syntax.coding() == TransferSyntax.Coding.JPEG;
    }

    /** Height of a pixel by its width, where the file says that they differ. */
    public OptionalDouble aspect() {
        double[] sides = set.decimals(Tag.ASPECT_RATIO);
        if (sides.length != 2) {
            sides = set.decimals(Tag.PIXEL_SPACING);
        }
        if (sides.length != 2 || !(sides[0] > 0) || !(sides[1] > 0)) {
            return OptionalDouble.empty();
        }
        double ratio = sides[0] / sides[1];
        return Math.abs(ratio - 1) < SQUARE ? OptionalDouble.empty() : OptionalDouble.of(ratio);
    }

    /** The table from a frame's stored values to what they mean. */
    public GreyValues greyValues(int frame) {
        return GreyValues.of(set, layout, frame);
    }

    /** The colours of the palette. */
    public Palette palette() {
        return Palette.of(set, layout);
    }

    /**
     * The bytes of a frame's JPEG file.
     *
     * @param frame from 0
     */
    public byte[] jpeg(int frame) {
        return bytes(Encapsulated.frame(fragments, frame, frames));
    }

    /**
     * The cells of a frame, by rows; three interleaved ones a pixel for colours.
     *
     * @param frame from 0
     */
    public short[] cells(int frame) {
        if (syntax.coding() == TransferSyntax.Coding.RUN_LENGTHS) {
            return RunLengths.cells(Encapsulated.frame(fragments, frame, frames), layout);
        }
        Optional<ByteBuffer> piece = fragments.pieces.isEmpty()
                ? Optional.empty()
                : Optional.of(Encapsulated.frame(fragments, frame, frames));
        if (syntax.coding() == TransferSyntax.Coding.DEFLATED_FRAMES) {
            ByteBuffer deflated = piece.orElseThrow(() -> DicomFault.corrupt("no frames"));
            long size = (layout.frameBits() + 7) / 8;
            if (size > 1032L * deflated.remaining() || size > MAX_INFLATED) {
                throw DicomFault.corrupt(
                        "a frame of " + size + " bytes in " + deflated.remaining() + " bytes of deflate");
            }
            piece = Optional.of(ByteBuffer.wrap(inflate(deflated, (int) size)).order(deflated.order()));
        }
        ByteBuffer pixels = piece.orElseGet(() -> set.value(Tag.PIXELS).orElseThrow());
        return NativePixels.cells(pixels, piece.isPresent() ? 0 : frame, layout);
    }

    /** The values that cells hold, without the bits beside them. */
    public short[] values(short[] cells) {
        short[] values = new short[cells.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (short) layout.value(layout.bits(cells[i]));
        }
        return values;
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] out = new byte[buffer.remaining()];
        buffer.duplicate().get(out);
        return out;
    }
}
