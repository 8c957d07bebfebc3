package dev.graft.backend.conformance;

import dev.graft.backend.Backend;
import dev.graft.backend.View;
import dev.graft.tensor.Nd;
import dev.graft.type.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;

/** One call of one kernel: operands, results, and what the results must hold. */
final class KernelCase {
    /** Where the contract lets a view lie in memory. */
    enum Place {
        /** Any strides; operands may repeat elements. */
        ANY,
        /** Without gaps, in the same order as all other dense views of the call. */
        DENSE,
        CONTIGUOUS,
        /** As the backend lays images out. */
        IMAGE
    }

    record Operand(Nd values, DType dtype, Place place) {}

    /**
     * @param changes the operand that becomes this result; -1 for memory of its own
     * @param mayBe operands that this result may lie upon
     * @param defined whether the contract says what it holds
     */
    record Result(int[] dims, DType dtype, Place place, int changes, List<Integer> mayBe, boolean defined) {}

    interface Call {
        void of(Backend backend, View[] in, View[] out);
    }

    /** The results' values for the operands' values, in the order of the results. */
    interface Oracle {
        Nd[] of(Nd[] in);
    }

    private final String name;
    private final List<Operand> operands = new ArrayList<>();
    private final List<Result> results = new ArrayList<>();
    private Call call;
    private Oracle oracle;
    private int terms;

    KernelCase(String name) {
        this.name = name;
    }

    KernelCase in(Place place, DType dtype, Nd values) {
        operands.add(new Operand(values, dtype, place));
        return this;
    }

    KernelCase in(Place place, Nd values) {
        return in(place, DType.F32, values);
    }

    /** An operand that the kernel does not read: it holds NaN. */
    KernelCase unread(Place place, int... dims) {
        return in(place, Nd.fill(dims, i -> Double.NaN));
    }

    KernelCase out(Place place, int... dims) {
        return out(place, DType.F32, dims);
    }

    KernelCase out(Place place, DType dtype, int... dims) {
        results.add(new Result(dims, dtype, place, -1, List.of(), true));
        return this;
    }

    /** A result that may lie upon any of the given operands. */
    KernelCase outUpon(Place place, DType dtype, int[] dims, Integer... operandsBelow) {
        results.add(new Result(dims, dtype, place, -1, List.of(operandsBelow), true));
        return this;
    }

    KernelCase undefined(Place place, int... dims) {
        results.add(new Result(dims, DType.F32, place, -1, List.of(), false));
        return this;
    }

    /** The operand changes in place. */
    KernelCase changes(int operand) {
        Operand o = operands.get(operand);
        results.add(new Result(o.values().dims(), o.dtype(), o.place(), operand, List.of(), true));
        return this;
    }

    KernelCase call(Call kernel) {
        call = kernel;
        return this;
    }

    KernelCase terms(int n) {
        terms = n;
        return this;
    }

    KernelCase expect(Oracle expected) {
        oracle = expected;
        return this;
    }

    String name() {
        return name;
    }

    List<Operand> operands() {
        return operands;
    }

    List<Result> results() {
        return results;
    }

    Call call() {
        return call;
    }

    Oracle oracle() {
        return oracle;
    }

    int terms() {
        return terms;
    }

    @Override
    public String toString() {
        return name;
    }

    /** Floats in [-2, 2), the same on every run; values 0 and repeats are among them. */
    static Nd random(int seed, int... dims) {
        SplittableRandom random = new SplittableRandom(seed);
        return Nd.fill(dims, i -> random.nextInt(8) == 0 ? random.nextInt(-1, 2) : (float) random.nextDouble(-2, 2));
    }

    static Nd positive(int seed, int... dims) {
        SplittableRandom random = new SplittableRandom(seed);
        return Nd.fill(dims, i -> (float) random.nextDouble(0.25, 2));
    }

    static Nd whole(int seed, int below, int... dims) {
        SplittableRandom random = new SplittableRandom(seed);
        return Nd.fill(dims, i -> random.nextInt(below));
    }

    static Oracle one(UnaryOperator<Nd> f) {
        return in -> new Nd[] {f.apply(in[0])};
    }
}
