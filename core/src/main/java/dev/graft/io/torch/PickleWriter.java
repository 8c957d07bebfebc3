package dev.graft.io.torch;

import dev.graft.io.content.ElementTypeNames;
import dev.graft.io.content.TensorSource;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Pickles a state dict as {@code torch.save} does: protocol 2, an OrderedDict of {@code _rebuild_tensor_v2} calls, and
 * one storage for each tensor, which tied names share.
 */
final class PickleWriter {
    private static final int PROTOCOL = 2;
    /** Python's pickle sets this many items at a time; readers limit how many wait on the stack. */
    private static final int BATCH = 1000;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private PickleWriter() {}

    /** The name of each storage: its number, in order of first use. Names with the same source share its storage. */
    static Map<TensorSource, String> storageKeys(Map<String, TensorSource> tensors) {
        Map<TensorSource, String> keys = new LinkedHashMap<>();
        tensors.values().forEach(tensor -> keys.putIfAbsent(tensor, Integer.toString(keys.size())));
        return keys;
    }

    static byte[] stateDict(Map<String, TensorSource> tensors) {
        Map<TensorSource, String> keys = storageKeys(tensors);
        PickleWriter writer = new PickleWriter();
        writer.op(PickleOp.PROTO).op(PROTOCOL).orderedDict().op(PickleOp.MARK);
        int written = 0;
        for (Map.Entry<String, TensorSource> e : tensors.entrySet()) {
            if (written > 0 && written % BATCH == 0) {
                writer.op(PickleOp.SETITEMS).op(PickleOp.MARK);
            }
            writer.text(e.getKey()).tensor(keys.get(e.getValue()), e.getValue());
            written++;
        }
        writer.op(PickleOp.SETITEMS).op(PickleOp.STOP);
        return writer.out.toByteArray();
    }

    private PickleWriter tensor(String key, TensorSource tensor) {
        ElementTypeNames dialect = ElementTypeNames.of(tensor.dtype());
        boolean typed = !dialect.storageClass.isEmpty();
        long numel = tensor.shape().numel();
        global("torch._utils", typed ? "_rebuild_tensor_v2" : "_rebuild_tensor_v3")
                .op(PickleOp.MARK);
        storage(dialect, key, typed ? numel : numel * tensor.dtype().bytes());
        integer(0)
                .tuple(tensor.shape().toArray())
                .tuple(Arrays.stream(tensor.shape().contiguousStrides())
                        .mapToInt(Math::toIntExact)
                        .toArray())
                .op(PickleOp.NEWFALSE)
                .orderedDict();
        if (!typed) {
            global("torch", dialect.torchName);
        }
        return op(PickleOp.TUPLE).op(PickleOp.REDUCE);
    }

    private void storage(ElementTypeNames dialect, String key, long size) {
        op(PickleOp.MARK).text("storage");
        if (dialect.storageClass.isEmpty()) {
            global("torch.storage", "UntypedStorage");
        } else {
            global("torch", dialect.storageClass);
        }
        text(key).text("cpu").integer(size).op(PickleOp.TUPLE).op(PickleOp.BINPERSID);
    }

    private PickleWriter orderedDict() {
        return global("collections", "OrderedDict").op(PickleOp.EMPTY_TUPLE).op(PickleOp.REDUCE);
    }

    private PickleWriter op(int op) {
        out.write(op);
        return this;
    }

    private PickleWriter global(String module, String name) {
        op(PickleOp.GLOBAL);
        out.writeBytes((module + "\n" + name + "\n").getBytes(StandardCharsets.US_ASCII));
        return this;
    }

    private PickleWriter text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        op(PickleOp.BINUNICODE);
        out.writeBytes(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(utf8.length)
                .array());
        out.writeBytes(utf8);
        return this;
    }

    private PickleWriter integer(long value) {
        if (value <= Integer.MAX_VALUE) {
            op(PickleOp.BININT);
            out.writeBytes(ByteBuffer.allocate(4)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt((int) value)
                    .array());
        } else {
            op(PickleOp.LONG1).op(8);
            out.writeBytes(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(value)
                    .array());
        }
        return this;
    }

    private PickleWriter tuple(int[] values) {
        op(PickleOp.MARK);
        for (int value : values) {
            integer(value);
        }
        return op(PickleOp.TUPLE);
    }
}
