package dev.graft.io.torch;

import dev.graft.io.bytes.ByteSource;
import dev.graft.io.bytes.CheckedSizes;
import dev.graft.io.bytes.FileBytes;
import dev.graft.type.DType;
import java.util.Optional;

/**
 * A block of elements that tensors are views of; it may itself be a part of another block. Some containers name it long
 * before they give the position of its bytes.
 */
final class TorchStorage {
    final String key;
    final DType dtype;
    /** Size in bytes. */
    final long bytes;

    private final Optional<TorchStorage> whole;
    private final long start;
    private Optional<ByteSource> region = Optional.empty();

    private TorchStorage(String key, DType dtype, long bytes, Optional<TorchStorage> whole, long start) {
        this.key = key;
        this.dtype = dtype;
        this.bytes = bytes;
        this.whole = whole;
        this.start = start;
    }

    TorchStorage(String key, DType dtype, long bytes) {
        this(key, dtype, bytes, Optional.empty(), 0);
    }

    void locate(ByteSource found) {
        region = Optional.of(found);
    }

    /** The position of the bytes; empty if the file never gave it. */
    Optional<ByteSource> region() {
        return whole.isEmpty() ? region : whole.get().region.map(r -> r.slice(start, bytes));
    }

    /** A part of {@code parent} with its own name, as in old files. A part of a part is kept as a part of the whole. */
    static TorchStorage view(FileBytes file, TorchStorage parent, String key, long offset, long numel) {
        long unit = parent.dtype.bytes();
        long start = size(file, key, offset, unit);
        long length = size(file, key, numel, unit);
        if (length > parent.bytes || start > parent.bytes - length) {
            throw file.damaged("storage view " + key + " reaches beyond its storage of " + parent.bytes + " bytes");
        }
        return new TorchStorage(
                key, parent.dtype, length, Optional.of(parent.whole.orElse(parent)), parent.start + start);
    }

    /** {@code numel * unit} bytes, if that is possible. */
    static long size(FileBytes file, String key, long numel, long unit) {
        if (numel < 0) {
            throw file.damaged("storage " + key + " has a negative size, " + numel);
        }
        return CheckedSizes.multiply(numel, unit)
                .orElseThrow(() -> file.damaged("storage " + key + " of " + numel + " elements is impossibly large"));
    }
}
