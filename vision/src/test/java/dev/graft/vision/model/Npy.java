package dev.graft.vision.model;

import dev.graft.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads NumPy's {@code .npy} files of little-endian single precision in C order. */
final class Npy {
    private static final Pattern SHAPE =
            Pattern.compile("'descr': '<f4', 'fortran_order': False, 'shape': \\(([0-9, ]*)\\)");

    private Npy() {}

    static Tensor read(Path path) {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
            int length = bytes.getShort(8) & 0xffff;
            Matcher header = SHAPE.matcher(new String(bytes.array(), 10, length, StandardCharsets.US_ASCII));
            if (!header.find()) {
                throw new IllegalArgumentException(path + ": not plain float32");
            }
            int[] shape = Arrays.stream(header.group(1).split(","))
                    .map(String::trim)
                    .filter(size -> !size.isEmpty())
                    .mapToInt(Integer::parseInt)
                    .toArray();
            bytes.position(10 + length);
            float[] values = new float[bytes.remaining() / Float.BYTES];
            bytes.asFloatBuffer().get(values);
            return Tensor.of(values, shape);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
