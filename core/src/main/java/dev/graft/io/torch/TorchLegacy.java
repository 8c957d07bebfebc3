package dev.graft.io.torch;

import dev.graft.io.bytes.CheckedSizes;
import dev.graft.io.bytes.FileBytes;
import dev.graft.io.content.Wanted;
import dev.graft.io.content.WeightContents;
import dev.graft.io.content.WeightFormat;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * PyTorch's container from 0.2 to 1.5, and {@code _use_new_zipfile_serialization=False} since: a magic number, a
 * protocol number and notes about the writer, then the object, the list of its storages' keys, and each storage as a
 * count and its elements.
 */
public final class TorchLegacy {
    /** The pickled magic number: protocol 2, LONG1 of ten bytes. */
    private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
    /** As pickle's protocols 0 and 1 write it. */
    public static final String TEXT_MAGIC = "L" + MAGIC + "L\n";

    private static final long PROTOCOL = 1001;

    private final FileBytes file;
    private final Map<String, TorchStorage> storages = new HashMap<>();
    private final Map<String, TorchStorage> views = new HashMap<>();

    private TorchLegacy(FileBytes file) {
        this.file = file;
    }

    public static WeightContents read(FileBytes file, Wanted wanted) {
        return new TorchLegacy(file).contents(wanted);
    }

    private WeightContents contents(Wanted wanted) {
        PickleInput in = new PickleInput(file, file, 0, file.size(), "pickle");
        if (!MAGIC.equals(Unpickler.load(in))) {
            throw file.refused(
                    "it is a pickle, but not one that torch.save wrote",
                    "save model.state_dict() with torch.save or safetensors");
        }
        if (!Long.valueOf(PROTOCOL).equals(Unpickler.load(in))) {
            throw file.damaged("unknown protocol, not 1001");
        }
        Unpickler.load(in);
        Object root = Unpickler.load(in, this::storage);
        locate(in, Unpickler.load(in));
        return TorchContents.of(file, WeightFormat.TORCH_LEGACY, root, false, wanted);
    }

    /** From {@code ("storage", type, key, location, numel, view)}, view being None or {@code (key, offset, numel)}. */
    private Object storage(Object id) {
        boolean named = id instanceof PyValue.Sequence s
                && s.items.size() == 6
                && "storage".equals(s.items.get(0))
                && s.items.get(1) instanceof PyValue.StorageType
                && s.items.get(2) instanceof String
                && s.items.get(4) instanceof Long;
        if (!named) {
            throw file.damaged("a reference to outside data that is not a storage");
        }
        List<Object> items = ((PyValue.Sequence) id).items;
        PyValue.StorageType type = (PyValue.StorageType) items.get(1);
        String key = (String) items.get(2);
        long numel = (Long) items.get(4);
        TorchStorage root = storages.computeIfAbsent(
                key,
                k -> new TorchStorage(
                        k,
                        type.dtype(),
                        TorchStorage.size(file, k, numel, type.dtype().bytes())));
        return new PyValue.StorageValue(items.get(5) == PyValue.None.NONE ? root : view(root, items.get(5)));
    }

    private TorchStorage view(TorchStorage root, Object view) {
        if (view instanceof PyValue.Sequence v
                && v.items.size() == 3
                && v.items.get(0) instanceof String key
                && v.items.get(1) instanceof Long offset
                && v.items.get(2) instanceof Long numel) {
            return views.computeIfAbsent(root.key + "/" + key, k -> TorchStorage.view(file, root, key, offset, numel));
        }
        throw file.damaged("storage " + root.key + " has a view that is not (key, offset, numel)");
    }

    private void locate(PickleInput in, Object keys) {
        if (!(keys instanceof PyValue.Sequence list)) {
            throw file.damaged("the list of storages is missing");
        }
        Set<Object> seen = new HashSet<>();
        long expected = in.position();
        for (Object key : list.items) {
            if (!(key instanceof String name) || !storages.containsKey(name) || !seen.add(name)) {
                throw file.damaged("the list of storages names one that no tensor uses, or one twice");
            }
            expected = CheckedSizes.add(expected, storages.get(name).bytes)
                    .flatMap(n -> CheckedSizes.add(n, 8))
                    .orElse(Long.MAX_VALUE);
        }
        if (expected > file.size()) {
            throw file.truncated(expected, false);
        }
        for (Object key : list.items) {
            TorchStorage storage = storages.get(key);
            long numel = in.int64();
            if (TorchStorage.size(file, storage.key, numel, storage.dtype.bytes()) != storage.bytes) {
                throw file.damaged("storage " + storage.key + " has " + numel + " elements, its tensors expect "
                        + storage.bytes / storage.dtype.bytes());
            }
            storage.locate(file.slice(in.position(), storage.bytes));
            in.skip(storage.bytes);
        }
    }
}
