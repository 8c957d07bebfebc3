package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.backend.Determinism;
import dev.graft.backend.Kernel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;

/**
 * The operators of {@link Tensor} on one device: every case of the catalogue against PyTorch's values and gradients and
 * against naive references, in every memory layout, the refusals word for word, and random graphs against
 * {@link GraphTape}.
 */
public final class OperatorConformance {
    /** As many random graphs contain every operator, and take a slow device a few seconds. */
    private static final int GRAPHS = Integer.getInteger("graft.conformance.graphs", 300);

    private static final long SEED = Long.getLong("graft.graphs.seed", 20261129);

    private final On on;
    private final Set<Object> proved = new HashSet<>();

    public OperatorConformance(Device device) {
        this.on = new On(device);
    }

    /** All of it, one test a case; the last one fails where an operator was not among them. */
    public Stream<DynamicNode> tests() {
        List<DynamicNode> all = new ArrayList<>();
        all.add(cases("contiguous", c -> true, c -> check(c, Layout.CONTIGUOUS)));
        all.add(cases("reversed", c -> true, c -> check(c, Layout.REVERSED)));
        all.add(cases("strided", c -> true, c -> check(c, Layout.STRIDED)));
        all.add(cases("channels-last", OpLayoutTest::hasImages, c -> check(c, Layout.CHANNELS_LAST)));
        all.add(cases("expanded", OpLayoutTest::canExpand, c -> OpLayoutTest.checkExpanded(c, on)));
        all.add(cases("naive", c -> true, this::checkNaive));
        all.add(cases("determinism", c -> true, this::checkBits));
        all.add(container("errors", OpCases.errors(on), this::checkError));
        all.add(container("random graphs", graphs(), this::checkGraph));
        all.add(DynamicTest.dynamicTest("devices do not mix", this::devicesDoNotMix));
        all.add(DynamicTest.dynamicTest(
                "every operator was among them", () -> assertThat(proved).containsAll(OpCatalogueTest.operators())));
        return all.stream();
    }

    private static DynamicNode cases(String name, Predicate<OpCase> which, Consumer<OpCase> check) {
        return container(name, OpCases.all().stream().filter(which).toList(), check);
    }

    private static <T> DynamicNode container(String name, List<T> cases, Consumer<T> check) {
        return DynamicContainer.dynamicContainer(
                name, cases.stream().map(c -> DynamicTest.dynamicTest(c.toString(), () -> check.accept(c))));
    }

    private void check(OpCase c, Layout layout) {
        OpRun run = OpRun.of(c, on, layout);
        proved.addAll(run.proved());
        proved.add(c.proves()); // comparisons are not recorded
        OpGoldenTest.check(c, run);
    }

    private void checkNaive(OpCase c) {
        Nd[] in = IntStream.range(0, c.arguments())
                .mapToObj(i -> c.golden("in" + i).values())
                .toArray(Nd[]::new);
        Close.check(
                c + ", value",
                OpRun.of(c, on, Layout.CONTIGUOUS).out(),
                c.naive().apply(in),
                c.terms());
    }

    /**
     * The contract's promise: a result depends on its operands alone, bit for bit; of gradients, and of what is added
     * in place, not every backend promises it.
     */
    private void checkBits(OpCase c) {
        OpRun first = OpRun.of(c, on, Layout.CONTIGUOUS);
        OpRun second = OpRun.of(c, on, Layout.CONTIGUOUS);
        boolean addsInAnyOrder = c.toString().startsWith("scatter_add")
                && on.device().backend().determinism(Kernel.SCATTER) == Determinism.NOT_PROMISED;
        if (!addsInAnyOrder) {
            assertThat(second.out()).as("%s, value", c).containsExactly(first.out());
        }
        if (Arrays.stream(Kernel.values())
                .anyMatch(k -> on.device().backend().determinism(k) == Determinism.NOT_PROMISED)) {
            return;
        }
        first.gradients()
                .forEach((i, g) -> assertThat(second.gradients().get(i))
                        .as("%s, gradient of argument %d", c, i)
                        .containsExactly(g));
    }

    private void checkError(OpError error) {
        assertThatThrownBy(() -> {
                    error.call().call();
                    on.device().synchronize(); // what shows only on the device is refused here at the latest
                })
                .isInstanceOfAny(IllegalArgumentException.class, IllegalStateException.class)
                .hasMessage(error.message());
    }

    private static List<Graph> graphs() {
        return IntStream.range(0, GRAPHS)
                .mapToObj(i -> GraphBuilder.random(SEED + i, RandomGraphTest.makers()))
                .toList();
    }

    private void checkGraph(Graph graph) {
        GraphJudge judge = GraphJudge.of(graph, on, new HashSet<>());
        assertThat(judge.fault()).as(graph.toString()).isNull();
    }

    private void devicesDoNotMix() {
        if (on.device().equals(Device.cpu())) {
            return;
        }
        Tensor here = on.ones(2);
        Tensor cpu = Tensor.ones(2);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> cpu.add(here))
                .withMessage("add: operands are on different devices (cpu [2], "
                        + on.device().name() + " [2]). Hint: move one with to(Device).");
        assertThat(here.to(Device.cpu()).add(cpu).toFloatArray()).containsExactly(2, 2);
    }
}
