package dev.graft.io.torch;

import dev.graft.io.bytes.ByteSource;
import dev.graft.io.bytes.CheckedSizes;
import dev.graft.io.bytes.FileBytes;
import dev.graft.io.content.ElementTypeNames;
import dev.graft.io.content.RawTensor;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.Locale;

/**
 * Turns a {@link StridedTensor} into contiguous little-endian bytes, after checking that every element is inside its
 * storage, and that all tensors of a file together are in proportion to its size.
 */
public final class TensorReader {
    static final int MAX_RANK = 64;
    private static final int MAX_ARRAY = Integer.MAX_VALUE - 16;
    /**
     * Reading a whole span is cheaper than many small reads, until the span is this many times larger than what is
     * needed.
     */
    private static final int MAX_SPAN_RATIO = 8;

    private static final int SMALL_SPAN = 4096;

    private final FileBytes file;
    private final boolean bigEndian;
    private long described;

    TensorReader(FileBytes file, boolean bigEndian) {
        this.file = file;
        this.bigEndian = bigEndian;
    }

    /** Checks {@code tensor} without reading it, and counts it against the file's limit. */
    Shape check(String name, StridedTensor tensor) {
        if (tensor.sizes().size() != tensor.strides().size()) {
            throw file.damaged("tensor \"" + name + "\" has " + tensor.sizes().size() + " sizes and "
                    + tensor.strides().size() + " strides");
        }
        Shape shape = CheckedSizes.shape(file, name, tensor.sizes());
        long bytes = (long) shape.numel() * tensor.dtype().bytes();
        if (bytes > MAX_ARRAY) {
            throw CheckedSizes.tooLarge(file, name, tensor.sizes());
        }
        checkRange(name, tensor, shape);
        described = CheckedSizes.add(described, bytes).orElse(Long.MAX_VALUE);
        if (described > file.mayExpandTo()) {
            throw file.refused(
                    String.format(
                            Locale.ROOT,
                            "its tensors repeat their storage: up to \"%s\" they would fill %,d bytes, "
                                    + "more than %d times the file's %,d",
                            name,
                            described,
                            FileBytes.MAX_EXPANSION,
                            file.size()),
                    "save expanded tensors with .contiguous(), or leave them out");
        }
        return shape;
    }

    private void checkRange(String name, StridedTensor tensor, Shape shape) {
        long last = tensor.offset();
        boolean bad = tensor.offset() < 0;
        for (int i = 0; i < shape.rank() && !bad; i++) {
            long stride = tensor.strides().get(i);
            bad = stride < 0;
            if (!bad && shape.numel() > 0) {
                long reach = CheckedSizes.multiply(stride, shape.dim(i) - 1).orElse(Long.MAX_VALUE);
                last = CheckedSizes.add(last, reach).orElse(Long.MAX_VALUE);
            }
        }
        long available = tensor.storage().bytes / tensor.dtype().bytes();
        if (bad || (shape.numel() > 0 && last >= available)) {
            throw file.damaged("tensor \"" + name + "\" with sizes " + tensor.sizes() + ", strides " + tensor.strides()
                    + " and offset " + tensor.offset() + " reaches outside its storage of " + available + " elements");
        }
    }

    RawTensor read(String name, StridedTensor tensor, Shape shape) {
        DType type = tensor.dtype();
        byte[] bytes = new byte[shape.numel() * type.bytes()];
        if (bytes.length > 0) {
            ByteSource region = tensor.storage()
                    .region()
                    .orElseThrow(() -> file.damaged(
                            "tensor \"" + name + "\": storage " + tensor.storage().key + " has no bytes in the file"));
            if (isContiguous(tensor, shape)) {
                readWhole(region, tensor.offset() * type.bytes(), bytes);
            } else {
                region.verify();
                gather(region, tensor, shape, bytes);
            }
        }
        if (bigEndian) {
            reverse(bytes, ElementTypeNames.of(type).swapUnit());
        }
        return new RawTensor(type, shape, bytes);
    }

    private static void readWhole(ByteSource region, long offset, byte[] bytes) {
        if (offset == 0 && bytes.length == region.size()) {
            region.read(0, bytes, 0, bytes.length);
            region.verify(bytes);
        } else {
            region.verify();
            region.read(offset, bytes, 0, bytes.length);
        }
    }

    private static boolean isContiguous(StridedTensor tensor, Shape shape) {
        long expected = 1;
        for (int i = shape.rank() - 1; i >= 0; i--) {
            if (shape.dim(i) != 1 && tensor.strides().get(i) != expected) {
                return false;
            }
            expected *= shape.dim(i);
        }
        return true;
    }

    private static void gather(ByteSource region, StridedTensor tensor, Shape shape, byte[] out) {
        int unit = tensor.dtype().bytes();
        long[] strides = tensor.strides().stream().mapToLong(Long::longValue).toArray();
        long span = unit;
        for (int i = 0; i < strides.length; i++) {
            strides[i] *= unit;
            span += strides[i] * (shape.dim(i) - 1);
        }
        long start = tensor.offset() * unit;
        boolean atOnce = span <= Math.max(SMALL_SPAN, (long) MAX_SPAN_RATIO * out.length) && span <= MAX_ARRAY;
        ByteSource source = atOnce ? ByteSource.of(region.read(start, (int) span)) : region.slice(start, span);

        int[] index = new int[strides.length];
        long from = 0;
        for (int to = 0; to < out.length; to += unit) {
            source.read(from, out, to, unit);
            for (int axis = strides.length - 1; axis >= 0; axis--) {
                from += strides[axis];
                if (++index[axis] < shape.dim(axis)) {
                    break;
                }
                from -= strides[axis] * shape.dim(axis);
                index[axis] = 0;
            }
        }
    }

    private static void reverse(byte[] bytes, int unit) {
        for (int at = 0; unit > 1 && at < bytes.length; at += unit) {
            for (int i = 0; i < unit / 2; i++) {
                byte low = bytes[at + i];
                bytes[at + i] = bytes[at + unit - 1 - i];
                bytes[at + unit - 1 - i] = low;
            }
        }
    }
}
