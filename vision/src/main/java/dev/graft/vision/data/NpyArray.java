package dev.graft.vision.data;

import dev.graft.nn.data.DataException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A NumPy array of whole numbers, as in an entry of an {@code .npz} file: a magic number, a version, a header that is a
 * Python dictionary, then the elements. Objects, which NumPy would unpickle, are refused: nothing is executed.
 *
 * @param type as NumPy writes it, such as {@code |u1} or {@code <i8}
 * @param shape sizes of the dimensions
 * @param values the elements, row-major
 * @see <a href="https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html">numpy.lib.format</a>
 */
record NpyArray(String type, int[] shape, byte[] values) {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final int MAX_HEADER_BYTES = 1 << 16;
    private static final Pattern HEADER = Pattern.compile(
            "\\s*\\{\\s*'descr':\\s*'([^']*)',\\s*'fortran_order':\\s*(True|False),\\s*'shape':\\s*\\(([0-9, ]*)\\),?\\s*}\\s*");
    private static final List<String> TYPES = List.of("|u1", "|i1", "|b1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8");

    /**
     * Reads one entry.
     *
     * @param name its name in errors
     * @param maxBytes the most bytes that its elements may take
     */
    static NpyArray read(InputStream in, String name, long maxBytes) throws IOException {
        byte[] start = exactly(in, MAGIC.length + 2, name);
        if (!Arrays.equals(start, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
            throw new DataException(
                    name + " is not a NumPy array. Hint: write the file with numpy.savez or numpy.savez_compressed.");
        }
        int lengthBytes = start[MAGIC.length] == 1 ? Short.BYTES : Integer.BYTES;
        ByteBuffer length = ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(exactly(in, lengthBytes, name))
                .rewind();
        int headerBytes = length.getInt();
        if (headerBytes < 0 || headerBytes > MAX_HEADER_BYTES) {
            throw damaged(name, "its header is said to have " + Integer.toUnsignedString(headerBytes) + " bytes");
        }
        String header = new String(exactly(in, headerBytes, name), StandardCharsets.ISO_8859_1);
        Matcher fields = HEADER.matcher(header);
        if (!fields.matches()) {
            throw damaged(name, "its header is \"" + header.strip() + "\"");
        }
        String type = fields.group(1);
        if (!TYPES.contains(type)) {
            throw new DataException(
                    name + " has elements of type " + type
                            + ". Hint: images are bytes from 0 to 255 (of floats from 0 to 1: (255 * x).round().astype(numpy.uint8)), labels whole numbers.");
        }
        if (fields.group(2).equals("True")) {
            throw new DataException(name + " is in column-major order. Hint: convert it with numpy.ascontiguousarray.");
        }
        return elements(in, name, type, fields.group(3), maxBytes);
    }

    private static NpyArray elements(InputStream in, String name, String type, String sizes, long maxBytes)
            throws IOException {
        int[] shape;
        long bytes = Character.digit(type.charAt(2), 10);
        try {
            shape = Arrays.stream(sizes.split(","))
                    .map(String::strip)
                    .filter(size -> !size.isEmpty())
                    .mapToInt(Integer::parseInt)
                    .toArray();
            for (int size : shape) {
                bytes = Math.multiplyExact(bytes, size);
            }
        } catch (NumberFormatException | ArithmeticException e) {
            throw damaged(name, "its shape is (" + sizes + ")");
        }
        if (bytes > maxBytes) {
            throw new DataException(name + " needs " + (bytes >> 20) + " MiB of memory, " + (maxBytes >> 20)
                    + " MiB are allowed. Hint: run Java with a larger -Xmx, or make a folder of image files.");
        }
        // grows with the actual data: a header alone must not cause an allocation
        byte[] values = in.readNBytes((int) bytes);
        if (values.length != bytes) {
            throw damaged(name, "it ends after " + values.length + " of " + bytes + " bytes");
        }
        return new NpyArray(type, shape, values);
    }

    private static byte[] exactly(InputStream in, int count, String name) throws IOException {
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException(name + " ends early");
        }
        return bytes;
    }

    private static DataException damaged(String name, String problem) {
        return new DataException(name + " is damaged: " + problem + ". Hint: write it again with numpy.savez.");
    }

    /** The elements as numbers; values of {@code <u8} above 2^63 - 1 become negative. */
    long[] numbers() {
        ByteBuffer buffer = ByteBuffer.wrap(values).order(ByteOrder.LITTLE_ENDIAN);
        boolean signed = type.charAt(1) == 'i';
        long[] numbers = new long[values.length / (type.charAt(2) - '0')];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = switch (type.charAt(2)) {
                case '1' -> signed ? buffer.get() : Byte.toUnsignedLong(buffer.get());
                case '2' -> signed ? buffer.getShort() : Short.toUnsignedLong(buffer.getShort());
                case '4' -> signed ? buffer.getInt() : Integer.toUnsignedLong(buffer.getInt());
                default -> buffer.getLong();
            };
        }
        return numbers;
    }
}
