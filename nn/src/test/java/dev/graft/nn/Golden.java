package dev.graft.nn;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;

/** Reads golden JSON files; the script that wrote one is named in it. */
public final class Golden {
    private final Map<?, ?> map;

    private Golden(Map<?, ?> map) {
        this.map = map;
    }

    public static Golden read(String name) {
        try (InputStream in = Golden.class.getResourceAsStream("/golden/" + name)) {
            return new Golden(JSON.std.mapFrom(in));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public String text(String key) {
        return (String) map.get(key);
    }

    /** null, which stands for a value that is not defined, is NaN. */
    public double number(String key) {
        return number(map.get(key));
    }

    private static double number(Object value) {
        return value == null ? Double.NaN : ((Number) value).doubleValue();
    }

    /** Whether there is such a value, and not null. */
    public boolean has(String key) {
        return map.get(key) != null;
    }

    public Golden child(String key) {
        return new Golden((Map<?, ?>) map.get(key));
    }

    public List<String> keys() {
        return map.keySet().stream().map(String.class::cast).toList();
    }

    public List<Golden> children(String key) {
        return ((List<?>) map.get(key))
                .stream().map(item -> new Golden((Map<?, ?>) item)).toList();
    }

    public double[] doubles(String key) {
        return row(map.get(key));
    }

    public float[] floats(String key) {
        return floats(doubles(key));
    }

    public int[] ints(String key) {
        return ((List<?>) map.get(key))
                .stream().mapToInt(value -> ((Number) value).intValue()).toArray();
    }

    public long[] longs(String key) {
        return ((List<?>) map.get(key))
                .stream().mapToLong(value -> ((Number) value).longValue()).toArray();
    }

    public double[][] matrix(String key) {
        return ((List<?>) map.get(key)).stream().map(Golden::row).toArray(double[][]::new);
    }

    public float[][] floatMatrix(String key) {
        return ((List<?>) map.get(key)).stream().map(row -> floats(row(row))).toArray(float[][]::new);
    }

    private static double[] row(Object list) {
        return ((List<?>) list).stream().mapToDouble(Golden::number).toArray();
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }
}
