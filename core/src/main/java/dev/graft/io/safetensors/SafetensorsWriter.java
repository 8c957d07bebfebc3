package dev.graft.io.safetensors;

import dev.graft.io.content.ElementTypeNames;
import dev.graft.io.content.TensorSource;
import dev.graft.io.file.AtomicFile;
import dev.graft.io.file.WeightFileException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Writes safetensors. The header lists tensors in the caller's order. Their bytes are in order of decreasing element
 * size, as in the reference implementation, so that each tensor is aligned to its type.
 */
public final class SafetensorsWriter {
    private static final int ALIGNMENT = 8;

    private SafetensorsWriter() {}

    public static void write(Path path, Map<String, TensorSource> tensors, Map<String, String> metadata) {
        tensors.forEach((name, tensor) -> check(path, name, tensor));
        List<String> order = new ArrayList<>(tensors.keySet());
        order.sort((a, b) ->
                tensors.get(b).dtype().bytes() - tensors.get(a).dtype().bytes());
        byte[] header = header(tensors, order, metadata);
        AtomicFile.writeWeights(path, out -> {
            out.write(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(header.length)
                    .array());
            out.write(header);
            for (String name : order) {
                writeTensor(out, tensors.get(name));
            }
        });
    }

    private static void check(Path path, String name, TensorSource tensor) {
        if (name.equals(SafetensorsHeader.METADATA_KEY)) {
            throw new WeightFileException(path, "a tensor may not be named " + name, "rename it");
        }
        if (ElementTypeNames.of(tensor.dtype()).safetensorsName.isEmpty()) {
            throw new WeightFileException(
                    path,
                    "tensor \"" + name + "\": safetensors has no type " + ElementTypeNames.of(tensor.dtype()).torchName,
                    "save it as .pth or convert it first");
        }
    }

    private static void writeTensor(OutputStream out, TensorSource tensor) throws IOException {
        out.write(tensor.read().bytes());
    }

    private static byte[] header(Map<String, TensorSource> tensors, List<String> order, Map<String, String> metadata) {
        Map<String, String> ranges = new HashMap<>();
        long at = 0;
        for (String name : order) {
            TensorSource tensor = tensors.get(name);
            long end = at + (long) tensor.shape().numel() * tensor.dtype().bytes();
            ranges.put(name, "[" + at + "," + end + "]");
            at = end;
        }
        List<String> fields = new ArrayList<>();
        if (!metadata.isEmpty()) {
            // By key, so that equal content gives equal bytes: the order of many maps differs between JVMs.
            fields.add(JsonReader.quote(SafetensorsHeader.METADATA_KEY)
                    + new TreeMap<>(metadata)
                            .entrySet().stream()
                                    .map(e -> JsonReader.quote(e.getKey()) + ":" + JsonReader.quote(e.getValue()))
                                    .collect(Collectors.joining(",", ":{", "}")));
        }
        tensors.forEach((name, tensor) -> fields.add(JsonReader.quote(name) + ":{\"dtype\":\""
                + ElementTypeNames.of(tensor.dtype()).safetensorsName
                + "\",\"shape\":" + Arrays.toString(tensor.shape().toArray()).replace(" ", "") + ",\"data_offsets\":"
                + ranges.get(name)
                + "}"));
        byte[] json = ("{" + String.join(",", fields) + "}").getBytes(StandardCharsets.UTF_8);
        byte[] padded = Arrays.copyOf(json, (json.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
        Arrays.fill(padded, json.length, padded.length, (byte) ' ');
        return padded;
    }
}
