package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.Activation;
import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Pool2dParams;
import dev.graft.type.DType;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** A result is its caller's to close, even where nothing had to be computed: no function returns its argument. */
class OwnResultTest {

    private static Map<String, UnaryOperator<Tensor>> functionsThatMayDoNothing() {
        Map<String, UnaryOperator<Tensor>> f = new LinkedHashMap<>();
        f.put("alias", Tensor::alias);
        f.put("to the same type", x -> x.to(DType.F32));
        f.put("to the same device", x -> x.to(x.device()));
        f.put("contiguous", Tensor::contiguous);
        f.put("detach", Tensor::detach);
        f.put("copy", Tensor::copy);
        f.put("reshape to the same shape", x -> x.reshape(1, 1, 2, 3));
        f.put("reshape with -1", x -> x.reshape(1, -1, 2, 3));
        f.put("flatten the last dimension", x -> x.flatten(3));
        f.put("permute in order", x -> x.permute(0, 1, 2, 3));
        f.put("transpose a dimension with itself", x -> x.transpose(2, 2));
        f.put("expand to the same shape", x -> x.expand(1, 1, 2, 3));
        f.put("the whole slice", x -> x.slice(2, 0, 2));
        f.put("pad by nothing", x -> x.pad2d(0, 0, 0, 0));
        f.put("concat of one", x -> Tensor.concat(1, x));
        f.put("affine by 1 and 0", x -> x.affine(1, 0));
        f.put("add 0", x -> x.add(0));
        f.put("sub 0", x -> x.sub(0));
        f.put("mul by 1", x -> x.mul(1));
        f.put("div by 1", x -> x.div(1));
        f.put("pow 1", x -> x.pow(1));
        f.put("clamp to everything", x -> x.clamp(Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY));
        f.put("maximum with itself", x -> x.maximum(x));
        f.put("minimum with itself", x -> x.minimum(x));
        f.put("where it is everywhere", x -> Tensor.where(x.eq(x), x, x));
        f.put("abs", Tensor::abs);
        f.put("relu", Tensor::relu);
        f.put("leakyRelu of slope 1", x -> x.leakyRelu(1));
        f.put("dropout of nothing", x -> x.dropout(0, 1));
        f.put("sum over a dimension of 1", x -> x.sum(true, 0));
        f.put("mean over a dimension of 1", x -> x.mean(true, 1));
        f.put("max over a dimension of 1", x -> x.amax(0).unsqueeze(0));
        f.put("select and unsqueeze", x -> x.select(0, 0).unsqueeze(0));
        f.put("max pool of 1", x -> x.maxPool2d(Pool2dParams.of(1, 1)));
        f.put("average pool of 1", x -> x.avgPool2d(Pool2dParams.of(1, 1)));
        f.put("adaptive average pool to the same size", x -> x.adaptiveAvgPool2d(2, 3));
        f.put("adaptive max pool to the same size", x -> x.adaptiveMaxPool2d(2, 3));
        f.put("convolution by 1", x -> x.conv2d(Tensor.ones(1, 1, 1, 1), Optional.empty(), Conv2dParams.of(1, 0)));
        f.put(
                "fused convolution by 1",
                x -> x.conv2d(
                        Tensor.ones(1, 1, 1, 1),
                        Optional.empty(),
                        Conv2dParams.of(1, 0),
                        Optional.empty(),
                        Optional.empty(),
                        Activation.NONE));
        f.put("product with the identity", x -> x.matmul(Tensor.of(new float[] {1, 0, 0, 0, 1, 0, 0, 0, 1}, 3, 3)));
        f.put(
                "batch norm by nothing",
                x -> x.batchNormEval(Tensor.ones(1), Tensor.zeros(1), Tensor.zeros(1), Tensor.ones(1), 0));
        return f;
    }

    @TestFactory
    java.util.stream.Stream<DynamicTest> closingAResultClosesNoArgument() {
        return functionsThatMayDoNothing().entrySet().stream()
                .map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> {
                    float[] values = {1, 2, 3, 4, 5, 6};
                    for (boolean recorded : new boolean[] {false, true}) {
                        Tensor x = Tensor.of(values, 1, 1, 2, 3).requireGrad(recorded);
                        try (Tensor y = entry.getValue().apply(x)) {
                            assertThat(y).isNotSameAs(x);
                            assertThat(y.toFloatArray()).containsExactly(values);
                            if (recorded && y.requiresGrad()) {
                                y.sum().backward();
                                assertThat(x.grad().orElseThrow().toFloatArray())
                                        .containsOnly(1);
                            }
                        }
                        assertThat(x.toFloatArray()).containsExactly(values);
                        Tensor y = entry.getValue().apply(x);
                        x.close();
                        assertThat(y.toFloatArray())
                                .as("after its argument was closed")
                                .containsExactly(values);
                    }
                }));
    }
}
