package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.graft.backend.AttentionParams;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** A mask that requires a gradient takes a path of its own, which refuses what the kernel's path refuses. */
class LearntMaskTest {
    private static final AttentionParams PARAMS = AttentionParams.of(4);

    /** A wrong call with a mask of this shape. */
    private record Wrong(Shape mask, Function<Tensor, Tensor> call) {}

    @TestFactory
    Stream<DynamicTest> refusesAsTheKernelDoes() {
        Tensor q = Tensor.ones(3, 5, 4);
        Tensor k = Tensor.ones(3, 7, 4);
        Tensor closed = Tensor.ones(3, 7, 4);
        closed.close();
        Tensor x = Tensor.ones(1, 2, 12);
        Map<String, Wrong> calls = new LinkedHashMap<>();
        calls.put("mask enlarges", attention(Shape.of(2, 3, 5, 7), q, k, k));
        calls.put(
                "mask enlarges heads",
                attention(Shape.of(3, 5, 7), Tensor.ones(1, 5, 4), Tensor.ones(7, 4), Tensor.ones(7, 4)));
        calls.put("mask of other keys", attention(Shape.of(5, 6), q, k, k));
        calls.put("vector", attention(Shape.of(5, 7), Tensor.ones(4), k, k));
        calls.put("widths", attention(Shape.of(5, 7), Tensor.ones(3, 5, 3), k, k));
        calls.put("rows", attention(Shape.of(5, 7), q, k, q));
        calls.put("leads", attention(Shape.of(5, 7), q, Tensor.ones(2, 7, 4), Tensor.ones(2, 7, 4)));
        calls.put("type", attention(Shape.of(5, 7), Tensor.zeros(DType.I64, Shape.of(3, 5, 4)), k, k));
        calls.put("closed key", attention(Shape.of(5, 7), q, closed, k));
        calls.put("closed value", attention(Shape.of(5, 7), q, k, closed));
        calls.put("self, columns left over", self(Shape.of(2, 2), Tensor.ones(1, 2, 7), 2));
        calls.put("self, no heads", self(Shape.of(2, 2), x, 0));
        calls.put("self, very many heads", self(Shape.of(2, 2), x, 1_431_655_766));
        calls.put("self, matrix", self(Shape.of(2, 2), Tensor.ones(2, 12), 2));
        calls.put("self, type", self(Shape.of(2, 2), Tensor.zeros(DType.I64, x.shape()), 2));
        calls.put("self, mask enlarges", self(Shape.of(3, 2, 2, 2), x, 2));
        calls.put("self, mask of other keys", self(Shape.of(2, 3), x, 2));
        calls.put("self, closed", self(Shape.of(7, 7), closed, 1));
        return calls.entrySet().stream()
                .map(e -> DynamicTest.dynamicTest(e.getKey(), () -> refusedAlike(e.getValue())));
    }

    private static Wrong attention(Shape mask, Tensor q, Tensor k, Tensor v) {
        return new Wrong(mask, m -> q.scaledDotProductAttention(k, v, Optional.of(m), PARAMS));
    }

    private static Wrong self(Shape mask, Tensor x, int heads) {
        return new Wrong(mask, m -> x.selfAttention(heads, Optional.of(m), PARAMS));
    }

    private static void refusedAlike(Wrong wrong) {
        Throwable fixed = catchThrowable(() -> wrong.call().apply(Tensor.zeros(DType.F32, wrong.mask())));
        Throwable learnt = catchThrowable(
                () -> wrong.call().apply(Tensor.zeros(DType.F32, wrong.mask()).requireGrad(true)));
        assertThat(fixed).isInstanceOfAny(IllegalArgumentException.class, IllegalStateException.class);
        assertThat(learnt).hasSameClassAs(fixed).hasMessage(fixed.getMessage());
    }

    @Test
    void withoutKeysTheResultIsZeroAsTheKernelsIs() {
        Tensor q = Tensor.ones(3, 5, 4);
        Tensor k = Tensor.ones(3, 0, 4);
        Tensor mask = Tensor.zeros(5, 0);
        Tensor fixed = q.scaledDotProductAttention(k, k, Optional.of(mask), PARAMS);
        Tensor learnt = q.scaledDotProductAttention(k, k, Optional.of(mask.requireGrad(true)), PARAMS);
        assertThat(learnt.shape()).isEqualTo(fixed.shape());
        assertThat(learnt.toFloatArray()).isEqualTo(fixed.toFloatArray());
        learnt.sum().backward();
        assertThat(mask.grad().orElseThrow().shape()).isEqualTo(mask.shape());
    }
}
