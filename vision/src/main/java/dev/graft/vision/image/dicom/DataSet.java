package dev.graft.vision.image.dicom;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/** The wanted attributes of a data set or of a sequence's item; values stay where they are in the file. */
final class DataSet {
    private static final Pattern DECIMAL = Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");
    private static final int LONGEST_TEXT = 1024;

    private final Map<Integer, ByteBuffer> values = new HashMap<>();
    private final Map<Integer, List<DataSet>> sequences = new HashMap<>();

    void put(int tag, ByteBuffer value) {
        values.put(tag, value);
    }

    void put(int tag, List<DataSet> items) {
        sequences.put(tag, items);
    }

    boolean has(int tag) {
        return values.containsKey(tag);
    }

    /** The bytes of a value, from position 0, in the file's byte order. */
    Optional<ByteBuffer> value(int tag) {
        return Optional.ofNullable(values.get(tag));
    }

    /** The items of a sequence; none where it is missing. */
    List<DataSet> items(int tag) {
        return sequences.getOrDefault(tag, List.of());
    }

    /** The first item of a sequence. */
    Optional<DataSet> item(int tag) {
        return items(tag).stream().findFirst();
    }

    /** One of the unsigned 16-bit numbers of a value. */
    OptionalInt number(int tag, int index) {
        ByteBuffer value = values.get(tag);
        return value == null || value.remaining() < 2 * index + 2
                ? OptionalInt.empty()
                : OptionalInt.of(value.getShort(2 * index) & 0xffff);
    }

    /** The first unsigned 16-bit number of a value. */
    OptionalInt number(int tag) {
        return number(tag, 0);
    }

    /** @throws DicomFault where the attribute is missing */
    int required(int tag, String name) {
        return number(tag).orElseThrow(() -> DicomFault.corrupt("no " + name + " " + Tag.text(tag)));
    }

    /** A value as text, without its padding; only for comparisons, never for messages. */
    String text(int tag) {
        ByteBuffer value = values.get(tag);
        if (value == null) {
            return "";
        }
        byte[] bytes = new byte[Math.min(LONGEST_TEXT, value.remaining())];
        value.duplicate().get(bytes);
        return new String(bytes, StandardCharsets.ISO_8859_1).replace('\0', ' ').strip();
    }

    /**
     * The numbers of a decimal or integer string.
     *
     * @throws DicomFault where one of them is none
     */
    double[] decimals(int tag) {
        String text = text(tag);
        if (text.isEmpty()) {
            return new double[0];
        }
        List<Double> numbers = new ArrayList<>();
        for (String part : text.split("\\\\", -1)) {
            String number = part.strip();
            if (!DECIMAL.matcher(number).matches() || !Double.isFinite(Double.parseDouble(number))) {
                throw DicomFault.corrupt(Tag.text(tag) + " is not a number");
            }
            numbers.add(Double.parseDouble(number));
        }
        return numbers.stream().mapToDouble(Double::doubleValue).toArray();
    }
}
