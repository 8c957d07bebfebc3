package dev.graft.vision.image.dicom;

import dev.graft.vision.image.file.Window;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.DoubleUnaryOperator;
import java.util.function.IntToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * From stored values to grey levels, in the standard's order (<a
 * href="https://dicom.nema.org/medical/dicom/current/output/chtml/part04/sect_N.2.html">PS3.4 N.2</a>): the modality
 * table or {@code slope * v + intercept}; the values of interest by a table or a window; the inversion of MONOCHROME1.
 * Everything together is one table, with an entry for each value that can be stored.
 */
public final class GreyValues {
    private static final double BLACK_TO_WHITE = 255;
    /** A picture whose values are all below this share of their range comes out dark. */
    private static final int DARK_SHARE = 4;

    private final PixelLayout layout;
    private final Optional<LookupTable> modality;
    private final double slope;
    private final double intercept;
    private final Optional<LookupTable> voiTable;
    private final Optional<FileWindow> voiWindow;
    private final OptionalInt paddingFrom;
    private final int paddingTo;

    /** A window that the file itself names. */
    private record FileWindow(double centre, double width, String function) {
        static Optional<FileWindow> of(DataSet set) {
            double[] centre = set.decimals(Tag.WINDOW_CENTER);
            double[] width = set.decimals(Tag.WINDOW_WIDTH);
            if (centre.length == 0 || width.length == 0) {
                return Optional.empty();
            }
            String function = set.text(Tag.WINDOW_FUNCTION);
            boolean linear = function.isEmpty() || function.equals("LINEAR");
            if (!linear && !function.equals("LINEAR_EXACT") && !function.equals("SIGMOID")) {
                throw new DicomFault(
                        "DICOM's VOI function is none of LINEAR, LINEAR_EXACT and SIGMOID", "give a window");
            }
            if (linear ? width[0] < 1 : !(width[0] > 0)) {
                throw DicomFault.corrupt("a window of width " + width[0]);
            }
            return Optional.of(new FileWindow(centre[0], width[0], function));
        }

        DoubleUnaryOperator levels() {
            return switch (function) {
                case "SIGMOID" -> v -> BLACK_TO_WHITE / (1 + Math.exp(-4 * (v - centre) / width));
                case "LINEAR_EXACT" ->
                    v -> v <= centre - width / 2
                            ? 0
                            : v > centre + width / 2 ? BLACK_TO_WHITE : ((v - centre) / width + 0.5) * BLACK_TO_WHITE;
                default -> linear(centre, width);
            };
        }
    }

    private static DoubleUnaryOperator linear(double centre, double width) {
        double half = (width - 1) / 2;
        double middle = centre - 0.5;
        return v -> v <= middle - half
                ? 0
                : v > middle + half ? BLACK_TO_WHITE : ((v - middle) / (width - 1) + 0.5) * BLACK_TO_WHITE;
    }

    private GreyValues(DataSet set, PixelLayout layout, DataSet values, DataSet voi) {
        this.layout = layout;
        this.modality = values.item(Tag.MODALITY_LUT).map(item -> LookupTable.of(item, layout.signed()));
        this.slope = first(values.decimals(Tag.SLOPE), 1);
        this.intercept = first(values.decimals(Tag.INTERCEPT), 0);
        if (slope == 0) {
            throw DicomFault.corrupt("a rescale slope of 0");
        }
        boolean negative = modality.isEmpty() && (layout.signed() || intercept < 0);
        this.voiTable = voi.item(Tag.VOI_LUT).map(item -> LookupTable.of(item, negative));
        this.voiWindow = voiTable.isPresent() ? Optional.empty() : FileWindow.of(voi);
        OptionalInt padding = set.number(Tag.PADDING);
        OptionalInt limit = set.number(Tag.PADDING_LIMIT);
        if (padding.isPresent()) {
            int a = padded(padding.getAsInt(), layout);
            int b = limit.isPresent() ? padded(limit.getAsInt(), layout) : a;
            this.paddingFrom = OptionalInt.of(Math.min(a, b));
            this.paddingTo = Math.max(a, b);
        } else {
            this.paddingFrom = OptionalInt.empty();
            this.paddingTo = 0;
        }
    }

    /** Of a file whose frames share everything, or of one that says it for each of them (enhanced multi-frame). */
    static GreyValues of(DataSet set, PixelLayout layout, int frame) {
        return new GreyValues(set, layout, group(set, Tag.FRAME_VALUES, frame), group(set, Tag.FRAME_VOI, frame));
    }

    /** A frame's own group, the one that all frames share, or the data set itself. */
    private static DataSet group(DataSet set, int tag, int frame) {
        Optional<DataSet> own = set.items(Tag.FRAME_GROUPS).stream().skip(frame).findFirst();
        return own.flatMap(item -> item.item(tag))
                .or(() -> set.item(Tag.SHARED_GROUPS).flatMap(item -> item.item(tag)))
                .orElse(set);
    }

    private static double first(double[] values, double otherwise) {
        return values.length == 0 ? otherwise : values[0];
    }

    private static int padded(int bits, PixelLayout layout) {
        return layout.signed() ? (layout.allocated() == 8 ? (byte) bits : (short) bits) : bits;
    }

    /** Whether a value stands for no pixel at all, as outside a round field of view. */
    private boolean isPadding(int value) {
        return paddingFrom.isPresent() && value >= paddingFrom.getAsInt() && value <= paddingTo;
    }

    /** What a stored value means: Hounsfield units in CT. */
    private double meaning(int value) {
        return modality.isPresent() ? modality.get().at(value) : slope * value + intercept;
    }

    /** Whether the file itself says which values are of interest. */
    public boolean namesValues() {
        return voiTable.isPresent() || voiWindow.isPresent();
    }

    /** How many bits the values need if they come out dark, for a note; empty if not, or if the file names a range. */
    public OptionalInt fewBits(short[] cells) {
        if (namesValues() || modality.isPresent() || layout.stored() <= 8) {
            return OptionalInt.empty();
        }
        int most = 0;
        for (short cell : cells) {
            int value = layout.value(layout.bits(cell));
            most |= isPadding(value) ? 0 : value ^ value >> (Integer.SIZE - 1);
        }
        int bits = Integer.SIZE - Integer.numberOfLeadingZeros(most) + (layout.signed() ? 1 : 0);
        return most > 0 && (1L << bits) * DARK_SHARE <= 1L << layout.stored()
                ? OptionalInt.of(bits)
                : OptionalInt.empty();
    }

    /** The grey level, 0 to 255, of each cell; 0 where there is no pixel. */
    public byte[] levels(short[] cells, Window window) {
        IntToDoubleFunction function = function(cells, window);
        byte[] table = new byte[layout.mask() + 1];
        for (int bits = 0; bits < table.length; bits++) {
            int value = layout.value(bits);
            double level = Math.max(0, Math.min(BLACK_TO_WHITE, Math.floor(function.applyAsDouble(value))));
            boolean inverted = layout.colour() == PixelLayout.Colour.MONOCHROME1;
            table[bits] = isPadding(value) ? 0 : (byte) (inverted ? BLACK_TO_WHITE - level : level);
        }
        byte[] out = new byte[cells.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = table[layout.bits(cells[i])];
        }
        return out;
    }

    /** From a stored value to its level, before clipping and rounding down. */
    private IntToDoubleFunction function(short[] cells, Window window) {
        return switch (window.kind()) {
            case CENTRE_WIDTH -> rounded(linear(window.centre(), window.width()));
            case PERCENTILE -> percentile(cells);
            case FULL -> full();
        };
    }

    private IntToDoubleFunction rounded(DoubleUnaryOperator levels) {
        return value -> levels.applyAsDouble(meaning(value)) + 0.5;
    }

    private IntToDoubleFunction full() {
        if (voiTable.isPresent()) {
            LookupTable table = voiTable.get();
            double white = (1 << table.bits()) - 1;
            return value -> table.at((int) Math.floor(meaning(value) + 0.5)) * BLACK_TO_WHITE / white + 0.5;
        }
        if (voiWindow.isPresent()) {
            return rounded(voiWindow.get().levels());
        }
        if (modality.isPresent()) {
            return value -> wholeRange(modality.get().at(value), modality.get().bits());
        }
        return value -> wholeRange(
                slope > 0 ? value - layout.lowest() : layout.mask() - (value - layout.lowest()), layout.stored());
    }

    /** The high 8 bits; fewer are stretched. */
    private static double wholeRange(int v, int bits) {
        return bits > 8 ? v >>> (bits - 8) : Math.floorDiv(v * 255, (1 << bits) - 1);
    }

    private IntToDoubleFunction percentile(short[] cells) {
        int[] counts = new int[layout.mask() + 1];
        long total = 0;
        for (short cell : cells) {
            int bits = layout.bits(cell);
            if (!isPadding(layout.value(bits))) {
                counts[bits]++;
                total++;
            }
        }
        if (total == 0) {
            return value -> 0;
        }
        // a modality table need not rise
        double @Nullable [][] byMeaning = new double[layout.mask() + 1][];
        int n = 0;
        for (int bits = 0; bits < counts.length; bits++) {
            if (counts[bits] > 0) {
                byMeaning[n++] = new double[] {meaning(layout.value(bits)), counts[bits]};
            }
        }
        double[][] sorted = Arrays.copyOf(byMeaning, n);
        Arrays.sort(sorted, (a, b) -> Double.compare(a[0], b[0]));
        double lo = quantile(sorted, Window.TAIL * total);
        double hi = quantile(sorted, (1 - Window.TAIL) * total);
        if (lo == hi) {
            lo = sorted[0][0];
            hi = sorted[n - 1][0];
        }
        double from = lo;
        double range = hi > lo ? hi - lo : 1;
        return value -> (meaning(value) - from) * BLACK_TO_WHITE / range + 0.5;
    }

    private static double quantile(double[][] sorted, double share) {
        double wanted = Math.max(1, share);
        double seen = 0;
        for (double[] entry : sorted) {
            seen += entry[1];
            if (seen >= wanted) {
                return entry[0];
            }
        }
        return sorted[sorted.length - 1][0];
    }
}
