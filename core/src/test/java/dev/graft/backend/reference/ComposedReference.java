package dev.graft.backend.reference;

import dev.graft.backend.Backend;
import dev.graft.backend.BinaryOp;
import dev.graft.backend.ComposedBackend;
import dev.graft.backend.Determinism;
import dev.graft.backend.ImageLayout;
import dev.graft.backend.IndexRefusal;
import dev.graft.backend.Kernel;
import dev.graft.backend.MemoryStats;
import dev.graft.backend.PoolGeometry;
import dev.graft.backend.Reduction;
import dev.graft.backend.Storage;
import dev.graft.backend.UnaryOp;
import dev.graft.backend.View;
import dev.graft.type.DType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The primitive kernels of {@link ReferenceBackend} and nothing else of it: what a new device begins with. Lays images
 * out row-major, and checks indices late. The reference checks that composed kernels keep the contract.
 */
public final class ComposedReference extends ComposedBackend {
    private final String name;
    private final ReferenceBackend primitives;

    public ComposedReference(String name) {
        this.name = name;
        this.primitives = new ReferenceBackend(name, this, ImageLayout.CHANNELS_FIRST, true);
    }

    /** The backend whose kernels these are. */
    Backend primitives() {
        return primitives;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Map<String, String> describe() {
        return primitives.describe();
    }

    @Override
    public MemoryStats memory() {
        return primitives.memory();
    }

    @Override
    public void trim() {
        primitives.trim();
    }

    @Override
    public Storage allocate(DType dtype, long length) {
        return primitives.allocate(dtype, length);
    }

    @Override
    public void synchronize() {
        primitives.synchronize();
    }

    @Override
    public boolean computesIn(DType dtype) {
        return primitives.computesIn(dtype);
    }

    @Override
    public ImageLayout imageLayout(DType dtype) {
        return primitives.imageLayout(dtype);
    }

    @Override
    public Determinism determinism(Kernel kernel) {
        return primitives.determinism(kernel);
    }

    @Override
    public void copy(View x, View y) {
        primitives.copy(x, y);
    }

    @Override
    public void fill(View y, double value) {
        primitives.fill(y, value);
    }

    @Override
    public void unary(UnaryOp op, float a, float b, View x, View y) {
        primitives.unary(op, a, b, x, y);
    }

    @Override
    public void unaryBackward(UnaryOp op, float a, float b, View x, View y, View dy, View dx) {
        primitives.unaryBackward(op, a, b, x, y, dy, dx);
    }

    @Override
    public void binary(BinaryOp op, View p, View q, View y) {
        primitives.binary(op, p, q, y);
    }

    @Override
    public void where(View condition, View p, View q, View y) {
        primitives.where(condition, p, q, y);
    }

    @Override
    public void reduce(Reduction op, View x, View y) {
        primitives.reduce(op, x, y);
    }

    @Override
    public void argmax(View x, int axis, View y) {
        primitives.argmax(x, axis, y);
    }

    @Override
    public void argsort(View x, int axis, boolean descending, View y) {
        primitives.argsort(x, axis, descending, y);
    }

    @Override
    public void cumsum(View x, int axis, boolean reverse, View y) {
        primitives.cumsum(x, axis, reverse, y);
    }

    @Override
    public void gather(View x, int axis, View index, View y) {
        primitives.gather(x, axis, index, y);
    }

    @Override
    public void scatter(View x, int axis, View index, boolean add, View y) {
        primitives.scatter(x, axis, index, add, y);
    }

    @Override
    public void matmul(View p, View q, View y) {
        primitives.matmul(p, q, y);
    }

    @Override
    public void maxPool2d(View x, PoolGeometry geometry, View y, Optional<View> index) {
        primitives.maxPool2d(x, geometry, y, index);
    }

    @Override
    public void maxPool2dBackward(View dy, View index, PoolGeometry geometry, View dx) {
        primitives.maxPool2dBackward(dy, index, geometry, dx);
    }

    @Override
    public void avgPool2d(View x, PoolGeometry geometry, View y) {
        primitives.avgPool2d(x, geometry, y);
    }

    @Override
    public void avgPool2dBackward(View dy, PoolGeometry geometry, View dx) {
        primitives.avgPool2dBackward(dy, geometry, dx);
    }

    @Override
    public void checkIndices(View indices, long size, OptionalLong ignored, IndexRefusal refusal) {
        primitives.checkIndices(indices, size, ignored, refusal);
    }

    @Override
    public void gatherRows(View table, View rows, View y) {
        primitives.gatherRows(table, rows, y);
    }

    @Override
    public void gatherRowsBackward(View dy, View rows, View dtable) {
        primitives.gatherRowsBackward(dy, rows, dtable);
    }

    @Override
    public void sumOfSquares(List<View> views, View sum) {
        primitives.sumOfSquares(views, sum);
    }
}
