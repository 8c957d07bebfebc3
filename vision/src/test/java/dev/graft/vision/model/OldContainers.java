package dev.graft.vision.model;

import dev.graft.io.StateDict;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Writes state dicts as PyTorch did before its zip files: the pickle stream of 0.2 to 1.5, and the tar file of 0.1. */
final class OldContainers {
    private OldContainers() {}

    static void writeLegacy(StateDict state, Path path) throws IOException {
        try (OutputStream out = Files.newOutputStream(path)) {
            out.write(new PickleBytes()
                    .raw(0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19)
                    .end());
            out.write(new PickleBytes().integer(1001).end());
            out.write(new PickleBytes().op('}').end());
            List<String> names = state.names();
            PickleBytes object = new PickleBytes().emptyOrderedDict().op('(');
            PickleBytes keys = new PickleBytes().op(']').op('(');
            for (int i = 0; i < names.size(); i++) {
                legacyTensor(object.text(names.get(i)), state.get(names.get(i)), Integer.toString(i));
                keys.text(Integer.toString(i));
            }
            out.write(object.op('u').end());
            out.write(keys.op('e').end());
            for (String name : names) {
                out.write(storage(state.get(name)));
            }
        }
    }

    private static void legacyTensor(PickleBytes pickle, Tensor tensor, String key) {
        pickle.global("torch._utils", "_rebuild_tensor_v2").op('(');
        pickle.op('(')
                .text("storage")
                .global("torch", storageType(tensor))
                .text(key)
                .text("cpu")
                .integer(tensor.numel())
                .op('N')
                .op('t')
                .op('Q');
        pickle.integer(0)
                .integers(tensor.shape().toArray())
                .integers(strides(tensor))
                .op(0x89)
                .emptyOrderedDict()
                .op('t')
                .op('R');
    }

    static void writeTar(StateDict state, Path path) throws IOException {
        List<String> names = state.names();
        ByteArrayOutputStream storages = new ByteArrayOutputStream();
        ByteArrayOutputStream tensors = new ByteArrayOutputStream();
        storages.writeBytes(new PickleBytes().integer(names.size()).end());
        tensors.writeBytes(new PickleBytes().integer(names.size()).end());
        PickleBytes object = new PickleBytes().emptyOrderedDict().op('(');
        for (int i = 0; i < names.size(); i++) {
            Tensor tensor = state.get(names.get(i));
            int storageKey = 10_000 + i;
            storages.writeBytes(new PickleBytes()
                    .op('(')
                    .integer(storageKey)
                    .text("cpu")
                    .global("torch", storageType(tensor))
                    .op('t')
                    .end());
            storages.writeBytes(storage(tensor));
            tensors.writeBytes(new PickleBytes()
                    .op('(')
                    .integer(i)
                    .integer(storageKey)
                    .global("torch", tensorType(tensor))
                    .op('t')
                    .end());
            tensors.writeBytes(geometry(tensor));
            object.text(names.get(i)).text(Integer.toString(i)).op('Q');
        }
        storages.writeBytes(new PickleBytes().op(']').end());
        try (OutputStream out = Files.newOutputStream(path)) {
            member(out, "sys_info", new PickleBytes().op('}').end());
            member(out, "pickle", object.op('u').end());
            member(out, "tensors", tensors.toByteArray());
            member(out, "storages", storages.toByteArray());
            out.write(new byte[1024]);
        }
    }

    @SuppressWarnings("ByteBufferBackingArray") // allocated here, whole
    private static byte[] geometry(Tensor tensor) {
        int[] sizes = tensor.shape().toArray();
        int[] strides = strides(tensor);
        var bytes = PickleBytes.little(8 + 16 * sizes.length + 8)
                .putInt(sizes.length)
                .putInt(0);
        for (int size : sizes) {
            bytes.putLong(size);
        }
        for (int stride : strides) {
            bytes.putLong(stride);
        }
        return bytes.putLong(0).array();
    }

    private static byte[] storage(Tensor tensor) {
        byte[] bytes = tensor.toBytes();
        return PickleBytes.little(8 + bytes.length)
                .putLong(tensor.numel())
                .put(bytes)
                .array();
    }

    private static void member(OutputStream out, String name, byte[] content) throws IOException {
        byte[] header = new byte[512];
        put(header, 0, name);
        put(header, 100, "0000644\0");
        put(header, 108, "0000000\0");
        put(header, 116, "0000000\0");
        put(header, 124, String.format(Locale.ROOT, "%011o\0", content.length));
        put(header, 136, "00000000000\0");
        put(header, 148, "        ");
        header[156] = '0';
        put(header, 257, "ustar\00000");
        int sum = 0;
        for (byte value : header) {
            sum += value & 0xff;
        }
        put(header, 148, String.format(Locale.ROOT, "%06o\0 ", sum));
        out.write(header);
        out.write(content);
        out.write(new byte[(512 - content.length % 512) % 512]);
    }

    private static void put(byte[] header, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }

    private static int[] strides(Tensor tensor) {
        int[] sizes = tensor.shape().toArray();
        int[] strides = new int[sizes.length];
        int step = 1;
        for (int i = sizes.length - 1; i >= 0; i--) {
            strides[i] = step;
            step *= sizes[i];
        }
        return strides;
    }

    private static String storageType(Tensor tensor) {
        return tensor.dtype() == DType.I64 ? "LongStorage" : "FloatStorage";
    }

    private static String tensorType(Tensor tensor) {
        return tensor.dtype() == DType.I64 ? "LongTensor" : "FloatTensor";
    }
}
