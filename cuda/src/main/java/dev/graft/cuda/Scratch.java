package dev.graft.cuda;

import dev.graft.backend.Storage;
import dev.graft.backend.View;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.List;

/** Memory that one call of a kernel needs for itself; given back once the kernels that use it are queued. */
final class Scratch implements AutoCloseable {
    private final CudaBackend backend;
    private final List<Storage> storages = new ArrayList<>();

    Scratch(CudaBackend backend) {
        this.backend = backend;
    }

    /** Undefined elements, row-major. */
    View of(DType dtype, int... dims) {
        Shape shape = Shape.of(dims);
        Storage storage = backend.allocate(dtype, shape.numel());
        storages.add(storage);
        return new View(storage, 0, shape, shape.contiguousStrides());
    }

    /** Undefined elements of a view's type and shape, row-major. */
    View like(View x) {
        return of(x.dtype(), x.shape().toArray());
    }

    /** Undefined images, as the backend lays them out. */
    View images(Shape shape) {
        View rows = of(DType.F32, shape.toArray());
        return new View(rows.storage(), 0, shape, backend.imageLayout(DType.F32).strides(shape));
    }

    @Override
    public void close() {
        storages.forEach(Storage::release);
    }
}
