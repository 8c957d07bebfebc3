package dev.graft.tensor;

import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The arrays of {@code golden/operators.safetensors} and the other files of operators, which
 * {@code export_operators.py} and the scripts beside it wrote. Reads those files' layout itself, so that the operators'
 * proof does not lean on the reader under test elsewhere.
 */
public final class Golden {
    private static final Pattern ENTRY = Pattern.compile(
            "\"([^\"]+)\":\\{\"dtype\":\"(\\w+)\",\"shape\":\\[([\\d, ]*)\\],\"data_offsets\":\\[(\\d+), ?(\\d+)\\]\\}");
    private static final Golden OPERATORS =
            read("operators", "spatial-operators", "index-operators", "sequence-operators");
    private static final Golden SPECIAL_VALUES = read("special-values");

    /** One stored array. */
    record Entry(DType dtype, Shape shape, byte[] bytes) {
        Tensor tensor() {
            return Tensor.ofBytes(dtype, shape, bytes);
        }

        /** F32, I64, I32, U8 and BOOL values as doubles. */
        Nd values() {
            ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            double[] out = new double[shape.numel()];
            for (int i = 0; i < out.length; i++) {
                out[i] = switch (dtype) {
                    case F32 -> buffer.getFloat();
                    case I64 -> buffer.getLong();
                    case I32 -> buffer.getInt();
                    default -> buffer.get() & 0xff;
                };
            }
            return new Nd(shape.toArray(), out);
        }
    }

    private final Map<String, Entry> entries = new LinkedHashMap<>();

    private Golden() {}

    static Golden operators() {
        return OPERATORS;
    }

    /** What {@code export_special_values.py} wrote. */
    static Golden specialValues() {
        return SPECIAL_VALUES;
    }

    private static Golden read(String... names) {
        Golden golden = new Golden();
        for (String name : names) {
            golden.add("/golden/" + name + ".safetensors");
        }
        return golden;
    }

    private void add(String resource) {
        try (InputStream in = Golden.class.getResourceAsStream(resource)) {
            ByteBuffer file = ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
            int header = (int) file.getLong();
            Matcher m = ENTRY.matcher(new String(file.array(), 8, header, StandardCharsets.UTF_8));
            while (m.find()) {
                int[] dims = m.group(3).isBlank()
                        ? new int[0]
                        : Arrays.stream(m.group(3).split(","))
                                .map(String::trim)
                                .mapToInt(Integer::parseInt)
                                .toArray();
                int from = 8 + header + Integer.parseInt(m.group(4));
                int to = 8 + header + Integer.parseInt(m.group(5));
                Entry entry = new Entry(
                        DType.valueOf(m.group(2)), Shape.of(dims), Arrays.copyOfRange(file.array(), from, to));
                if (entries.put(m.group(1), entry) != null) {
                    throw new IllegalStateException(
                            "golden: " + m.group(1) + " is in two files. Hint: give one of the cases another name.");
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Set<String> caseNames() {
        Set<String> names = new TreeSet<>();
        entries.keySet().forEach(key -> names.add(key.substring(0, key.lastIndexOf('/'))));
        return names;
    }

    boolean has(String key) {
        return entries.containsKey(key);
    }

    Entry get(String key) {
        Entry entry = entries.get(key);
        if (entry == null) {
            throw new IllegalArgumentException("no golden array " + key + ". Hint: run export_operators.py.");
        }
        return entry;
    }
}
