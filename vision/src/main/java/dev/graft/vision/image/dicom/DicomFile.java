package dev.graft.vision.image.dicom;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalDouble;
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
    /** Pixels are called square if their sides differ by less. */
    private static final double SQUARE = 0.01;

    private final TransferSyntax syntax;
    private final DataSet set;
    private final PixelLayout layout;
    private final DataSetReader.Fragments fragments;
    private final int frames;
    private final boolean wordPixels;

    private DicomFile(TransferSyntax syntax, DataSet set, DataSetReader.Fragments fragments, boolean wordPixels) {
        this.syntax = syntax;
        this.set = set;
        this.fragments = fragments;
        this.wordPixels = wordPixels;
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

    /** What is asked about an image's size before there is memory for its pixels; throws where it is too large. */
    @FunctionalInterface
    public interface SizeCheck {
        void check(int width, int height);
    }

    /**
     * Reads a file's attributes, and of a deflated data set the pixels of the frames up to the wanted one.
     *
     * @param frame the only frame that will be asked for, from 1
     * @param size asked before pixels are inflated
     * @throws DicomFault where it has no picture that is read
     */
    public static DicomFile parse(byte[] bytes, int frame, SizeCheck size) {
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
        int start = header.position();
        if (!syntax.deflated()) {
            DataSetReader reader = new DataSetReader(bytes, syntax);
            DataSet set = reader.read(start, syntax.explicit(), -1);
            DicomFile file = new DicomFile(syntax, picture(set), reader.fragments(), reader.wordPixels());
            size.check(file.layout.columns(), file.layout.rows());
            return file;
        }
        ByteBuffer rest = ByteBuffer.wrap(bytes, start, bytes.length - start);
        try (DeflatedDataSet deflated = new DeflatedDataSet(rest, syntax)) {
            DataSet set = picture(deflated.attributes());
            DicomFile file = new DicomFile(syntax, set, new DataSetReader.Fragments(), deflated.wordPixels());
            size.check(file.layout.columns(), file.layout.rows());
            set.put(Tag.PIXELS, deflated.pixels(file.layout, Math.min(frame, file.frames)));
            return file;
        }
    }

    private static DataSet picture(DataSet set) {
        if (set.has(Tag.FLOAT_PIXELS) || set.has(Tag.DOUBLE_PIXELS)) {
            throw new DicomFault("DICOM's pixels of floating-point numbers are not read", "scale them to 16 bits");
        }
        if (!set.has(Tag.PIXELS)) {
            throw new DicomFault("the DICOM file has no pixels", "leave it out; it may be a report or a plan");
        }
        return set;
    }

    /** A frame that is deflated by itself. */
    private static byte[] inflate(ByteBuffer data, int wanted) {
        Inflater inflater = new Inflater(true);
        try {
            inflater.setInput(data);
            byte[] out = new byte[wanted];
            int n = DeflatedDataSet.inflate(inflater, out, 0);
            if (n < wanted) {
                throw DicomFault.corrupt("a frame of " + wanted + " bytes has only " + n);
            }
            return out;
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
            if (size > DeflatedDataSet.RATIO * deflated.remaining() || size > DeflatedDataSet.MAX_PIXELS) {
                throw DicomFault.corrupt(
                        "a frame of " + size + " bytes in " + deflated.remaining() + " bytes of deflate");
            }
            piece = Optional.of(ByteBuffer.wrap(inflate(deflated, (int) size)).order(deflated.order()));
        }
        ByteBuffer pixels = piece.orElseGet(() -> set.value(Tag.PIXELS).orElseThrow());
        return NativePixels.cells(pixels, piece.isPresent() ? 0 : frame, layout, wordPixels);
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
