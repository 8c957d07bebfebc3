package dev.graft.vision.model;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Reads the golden files that PyTorch wrote. */
public final class Golden {
    private Golden() {}

    public static Map<String, Object> json(String name) {
        try (InputStream in = Golden.class.getResourceAsStream("/golden/" + name)) {
            return JSON.std.mapFrom(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Path file(String name) {
        try {
            return Path.of(Golden.class.getResource("/golden/" + name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(e);
        }
    }

    @SuppressWarnings("unchecked")
    public static Map<String, Object> map(Object value) {
        return (Map<String, Object>) value;
    }

    public static double[] doubles(Object value) {
        return ((List<?>) value)
                .stream().mapToDouble(v -> ((Number) v).doubleValue()).toArray();
    }

    public static int[] ints(Object value) {
        return ((List<?>) value).stream().mapToInt(v -> ((Number) v).intValue()).toArray();
    }
}
