package dev.graft.tensor;

import dev.graft.backend.BinaryOp;
import java.util.List;
import java.util.stream.Stream;

/**
 * The catalogue of operator cases: one list that drives the value, gradient, layout, thread and error tests of every
 * operator.
 */
final class OpCases {
    private OpCases() {}

    static List<OpCase> all() {
        return Stream.of(
                        UnaryCases.all(),
                        BinaryCases.all(),
                        ShapeCases.all(),
                        ReductionCases.all(),
                        ProductCases.all(),
                        NormCases.all(),
                        PoolCases.all(),
                        RowCases.all(),
                        SpatialCases.all(),
                        WindowCases.all(),
                        IndexCases.all(),
                        OrderCases.all(),
                        IntegerCases.all(),
                        EinsumCases.all(),
                        SequenceCases.all())
                .flatMap(List::stream)
                .toList();
    }

    static List<OpCase> withGradient() {
        return all().stream().filter(OpCase::hasGradient).toList();
    }

    /** What is refused, of tensors on a device. */
    static List<OpError> errors(On on) {
        return Stream.of(
                        UnaryCases.errors(on),
                        BinaryCases.errors(on),
                        ShapeCases.errors(on),
                        ReductionCases.errors(on),
                        ProductCases.errors(on),
                        NormCases.errors(on),
                        PoolCases.errors(on),
                        RowCases.errors(on),
                        SpatialCases.errors(on),
                        WindowCases.errors(on),
                        IndexCases.errors(on),
                        OrderCases.errors(on),
                        IntegerCases.errors(on),
                        EinsumCases.errors(on),
                        SequenceCases.errors(on))
                .flatMap(List::stream)
                .toList();
    }

    /**
     * What must be proved apart: an operator's record, or where one record stands for many functions, each function.
     */
    static Object key(Op op) {
        if (op instanceof PointwiseOp.Unary u) {
            return u.function();
        }
        if (op instanceof PointwiseOp.Compare c) {
            return c.function();
        }
        if (op instanceof PointwiseOp.Extremum e) {
            return e.largest() ? BinaryOp.MAXIMUM : BinaryOp.MINIMUM;
        }
        if (op instanceof RecurrentOp.Steps r) {
            return r.cell();
        }
        if (op instanceof ReductionOp.Fold f) {
            return f.function();
        }
        if (op instanceof PointwiseOp.Add) {
            return BinaryOp.ADD;
        }
        if (op instanceof PointwiseOp.Sub) {
            return BinaryOp.SUB;
        }
        if (op instanceof PointwiseOp.FloorDivide) {
            return BinaryOp.FLOOR_DIVIDE;
        }
        if (op instanceof PointwiseOp.Remainder) {
            return BinaryOp.REMAINDER;
        }
        if (op instanceof PointwiseOp.Mul) {
            return BinaryOp.MUL;
        }
        if (op instanceof PointwiseOp.PRelu) {
            return BinaryOp.PRELU;
        }
        return op instanceof PointwiseOp.Div ? BinaryOp.DIV : op.getClass();
    }
}
