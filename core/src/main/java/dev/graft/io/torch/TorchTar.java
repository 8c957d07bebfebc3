package dev.graft.io.torch;

import dev.graft.io.archive.TarArchive;
import dev.graft.io.bytes.ByteSource;
import dev.graft.io.bytes.FileBytes;
import dev.graft.io.content.Wanted;
import dev.graft.io.content.WeightContents;
import dev.graft.io.content.WeightFormat;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * PyTorch's first container (0.1, until 2017; torchvision's {@code resnet18-5c106cde.pth} is one): a tar file whose
 * member {@code storages} holds each storage and then the views between them, {@code tensors} the geometry of each
 * tensor, and {@code pickle} the object, which refers to tensors by number.
 */
public final class TorchTar {
    private static final int MAX_TENSORS = 500_000;

    private final FileBytes file;
    private final Map<Object, TorchStorage> storages = new HashMap<>();
    private final Map<Object, StridedTensor> tensors = new HashMap<>();

    private TorchTar(FileBytes file) {
        this.file = file;
    }

    public static WeightContents read(FileBytes file, Wanted wanted) {
        Map<String, ByteSource> members = TarArchive.members(file, "storages");
        TorchTar tar = new TorchTar(file);
        tar.readStorages(tar.member(members, "storages"));
        tar.readTensors(tar.member(members, "tensors"));
        Object root = Unpickler.load(tar.member(members, "pickle"), tar::tensor);
        return TorchContents.of(file, WeightFormat.TORCH_TAR, root, false, wanted);
    }

    private PickleInput member(Map<String, ByteSource> members, String name) {
        ByteSource region = Optional.ofNullable(members.get(name))
                .orElseThrow(() -> file.refused(
                        "the tar file has no member " + name + ", so it is not a PyTorch checkpoint (or is cut short)",
                        "unpack it if it is an archive of weight files; else download it again"));
        return new PickleInput(file, region, 0, region.size(), name);
    }

    private void readStorages(PickleInput in) {
        long count = count(in);
        for (long i = 0; i < count; i++) {
            List<Object> entry = triple(in, Unpickler.load(in));
            if (!(entry.get(2) instanceof PyValue.StorageType type)) {
                throw in.bad("a storage without a type");
            }
            Object key = number(in, entry.get(0));
            long bytes = TorchStorage.size(
                    file, String.valueOf(key), in.int64(), type.dtype().bytes());
            TorchStorage storage = new TorchStorage(String.valueOf(key), type.dtype(), bytes);
            long start = in.position();
            in.skip(bytes);
            storage.locate(in.region().slice(start, bytes));
            put(in, storages, key, storage);
        }
        readViews(in);
    }

    private void readViews(PickleInput in) {
        if (!(Unpickler.load(in) instanceof PyValue.Sequence views)) {
            throw in.bad("the list of storage views is missing");
        }
        for (Object view : views.items) {
            if (!(view instanceof PyValue.Sequence v) || v.items.size() != 4) {
                throw in.bad("a storage view that is not (key, root, offset, numel)");
            }
            Object key = number(in, v.items.get(0));
            TorchStorage root = find(in, storages, number(in, v.items.get(1)));
            put(
                    in,
                    storages,
                    key,
                    TorchStorage.view(
                            file, root, String.valueOf(key), integer(in, v.items.get(2)), integer(in, v.items.get(3))));
        }
    }

    private void readTensors(PickleInput in) {
        long count = count(in);
        for (long i = 0; i < count; i++) {
            List<Object> entry = triple(in, Unpickler.load(in));
            TorchStorage storage = find(in, storages, number(in, entry.get(1)));
            int rank = in.int32();
            in.int32(); // the writer's rank was eight bytes wide, with an undefined upper half
            if (rank < 0 || rank > TensorReader.MAX_RANK) {
                throw in.bad("a tensor of " + rank + " dimensions");
            }
            List<Long> sizes = int64s(in, rank);
            List<Long> strides = int64s(in, rank);
            put(
                    in,
                    tensors,
                    number(in, entry.get(0)),
                    new StridedTensor(storage, storage.dtype, in.int64(), sizes, strides));
        }
    }

    private static List<Long> int64s(PickleInput in, int count) {
        List<Long> values = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            values.add(in.int64());
        }
        return List.copyOf(values);
    }

    private Object tensor(Object id) {
        if (!(id instanceof String text) || !text.matches("-?[0-9]{1,20}")) {
            throw file.damaged("pickle: a reference to outside data that is not a tensor's number");
        }
        BigInteger number = new BigInteger(text);
        StridedTensor tensor = tensors.get(number.bitLength() < Long.SIZE ? (Object) number.longValue() : number);
        if (tensor == null) {
            throw file.damaged("pickle: refers to tensor " + text + ", which the file does not hold");
        }
        return new PyValue.TensorValue(tensor);
    }

    private static List<Object> triple(PickleInput in, Object value) {
        if (value instanceof PyValue.Sequence s && s.items.size() == 3) {
            return s.items;
        }
        throw in.bad("three values expected");
    }

    private static long count(PickleInput in) {
        long count = integer(in, Unpickler.load(in));
        if (count < 0 || count > MAX_TENSORS) {
            throw in.bad("an impossible number of entries, " + count);
        }
        return count;
    }

    private static long integer(PickleInput in, Object value) {
        if (value instanceof Long number) {
            return number;
        }
        throw in.bad("a whole number of 64 bits is missing");
    }

    /** A key: the writer's memory address, which may need more than 63 bits. */
    private static Object number(PickleInput in, Object value) {
        if (value instanceof Long || value instanceof BigInteger) {
            return value;
        }
        throw in.bad("a key that is not a number");
    }

    private static <T> T find(PickleInput in, Map<Object, T> map, Object key) {
        T found = map.get(key);
        if (found == null) {
            throw in.bad("refers to " + key + ", which the file does not hold");
        }
        return found;
    }

    private static <T> void put(PickleInput in, Map<Object, T> map, Object key, T value) {
        if (map.put(key, value) != null) {
            throw in.bad("key " + key + " occurs twice");
        }
    }
}
