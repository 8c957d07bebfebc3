package dev.graft.nn.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Loops that advance in turn, as in zipping two loaders: each step owns what was made in it, and nothing else. */
@Timeout(60)
class InterleavedLoopsTest {
    private static final int SIZE = 7;

    private static DataLoader loader(int batchSize, int workers) {
        Dataset<Example> numbers = new Dataset<>() {
            @Override
            public int size() {
                return SIZE;
            }

            @Override
            public Example get(int index, RandomGenerator random) {
                return Example.of(Tensor.of(new float[] {index}, 1), index);
            }
        };
        return DataLoader.of(numbers, batchSize).workers(workers);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void twoLoadersAreZipped(int workers) {
        try (DataLoader images = loader(2, workers);
                DataLoader masks = loader(3, workers)) {
            Iterator<Batch> a = images.iterator();
            Iterator<Batch> b = masks.iterator();
            int steps = 0;
            while (a.hasNext() && b.hasNext()) {
                Batch first = steps % 2 == 0 ? a.next() : null;
                Batch second = b.next();
                first = first == null ? a.next() : first;
                assertThat(first.inputs().get(0, 0)).isEqualTo(2 * steps);
                assertThat(second.inputs().get(0, 0)).isEqualTo(3 * steps);
                Tensor both = first.inputs().sum().add(second.inputs().sum());
                assertThat(both.item()).isEqualTo(new float[] {0 + 1 + 0 + 1 + 2, 2 + 3 + 3 + 4 + 5, 4 + 5 + 6}[steps]);
                steps++;
            }
            assertThat(steps).isEqualTo(3);
        }
    }

    @Test
    void anEarlierLoopThatGoesOnLeavesALaterStepWhole() {
        try (DataLoader loader = loader(2, 0)) {
            Iterator<Batch> earlier = loader.iterator();
            Batch first = earlier.next();
            Iterator<Batch> later = loader.iterator();
            Batch second = later.next();
            Tensor made = second.inputs().add(5);
            Batch third = earlier.next();
            assertThat(first.inputs().isClosed()).isTrue();
            assertThat(second.inputs().toFloatArray()).containsExactly(0, 1);
            assertThat(made.toFloatArray()).containsExactly(5, 6);
            later.next();
            assertThat(second.inputs().isClosed()).isTrue();
            assertThat(made.isClosed()).isTrue();
            assertThat(third.inputs().toFloatArray()).containsExactly(2, 3);
        }
    }

    @Test
    void aLoopThatGoesOnInsideAScopeLeavesItOpen() {
        try (DataLoader loader = loader(2, 0)) {
            Iterator<Batch> walk = loader.iterator();
            walk.next();
            Tensor mine;
            Batch second;
            try (Scope scope = Scope.open()) {
                mine = Tensor.ones(2);
                second = walk.next();
                assertThat(mine.isClosed()).isFalse();
            }
            assertThat(mine.isClosed()).isTrue();
            assertThat(second.inputs().isClosed())
                    .as("begun inside the scope, which closes it")
                    .isTrue();
            assertThat(walk.next().inputs().toFloatArray()).containsExactly(4, 5);
        }
    }

    /** Loops that are left again and again inside one that goes on must not pile up beneath its step. */
    @Test
    void loopsLeftInsideALoopAreForgotten() throws InterruptedException {
        try (DataLoader outer = loader(1, 0);
                DataLoader inner = loader(1, 0)) {
            List<WeakReference<Tensor>> left = new ArrayList<>();
            Tensor held = null;
            for (Batch unused : outer) {
                for (Batch other : inner) {
                    left.add(new WeakReference<>(other.inputs().mul(2f)));
                    held = held == null ? other.inputs().add(8) : held;
                    break;
                }
                WeakReference<Tensor> last = left.get(left.size() - 1);
                for (int i = 0; i < 500 && last.get() != null; i++) {
                    System.gc();
                    Thread.sleep(2);
                }
            }
            assertThat(left)
                    .hasSize(SIZE)
                    .allSatisfy(tensor -> assertThat(tensor.get()).isNull());
            assertThat(held.toFloatArray())
                    .as("whoever holds what a left loop made may use it")
                    .containsExactly(8);
        }
    }

    /** What should be open: a stack of steps and scopes, each with its tensors and the values in them. */
    private record Step(int loop, List<Tensor> tensors, List<Float> values) {
        private static final int SCOPE = -1;

        Step(int loop) {
            this(loop, new ArrayList<>(), new ArrayList<>());
        }

        void add(Tensor tensor, float value) {
            tensors.add(tensor);
            values.add(value);
        }
    }

    @Test
    void everyInterleavingKeepsEachStepsTensorsUntilItsOwnNextStep() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        try (DataLoader one = loader(1, 0);
                DataLoader two = loader(2, 2)) {
            for (int round = 0; round < 400; round++) {
                run(random, one, two, "seed " + seed + ", round " + round);
            }
        }
    }

    private static void run(Random random, DataLoader one, DataLoader two, String where) {
        int loops = 2 + random.nextInt(2);
        List<Iterator<Batch>> walks = new ArrayList<>();
        int[] advances = new int[loops];
        for (int i = 0; i < loops; i++) {
            walks.add((i % 2 == 0 ? one : two).iterator());
        }
        Deque<Step> open = new ArrayDeque<>();
        Deque<Scope> scopes = new ArrayDeque<>();
        List<Tensor> closed = new ArrayList<>();
        StringBuilder story = new StringBuilder(where).append(':');
        for (int action = 0; action < 30; action++) {
            int loop = random.nextInt(loops);
            switch (random.nextInt(8)) {
                case 0, 1, 2, 3 -> {
                    story.append(" next").append(loop);
                    open.removeIf(step -> step.loop == loop && closed.addAll(step.tensors));
                    int batchSize = loop % 2 == 0 ? 1 : 2;
                    if (walks.get(loop).hasNext()) {
                        Batch batch = walks.get(loop).next();
                        Step step = new Step(loop);
                        step.add(batch.inputs(), advances[loop] * batchSize);
                        open.push(step);
                        advances[loop]++;
                    }
                }
                case 4, 5 -> {
                    story.append(" make");
                    Tensor made = Tensor.scalar(action).add(0.5f);
                    if (!open.isEmpty()) {
                        open.peek().add(made, action + 0.5f);
                    }
                }
                case 6 -> {
                    story.append(" open");
                    scopes.push(Scope.open());
                    open.push(new Step(Step.SCOPE));
                }
                default -> {
                    if (!scopes.isEmpty()) {
                        story.append(" close");
                        scopes.pop().close();
                        Step last;
                        do {
                            last = open.pop();
                            closed.addAll(last.tensors);
                        } while (last.loop != Step.SCOPE);
                    }
                }
            }
            for (Step step : open) {
                for (int i = 0; i < step.tensors.size(); i++) {
                    Tensor tensor = step.tensors.get(i);
                    assertThat(tensor.isClosed()).as(story.toString()).isFalse();
                    assertThat(tensor.toFloatArray()[0]).as(story.toString()).isEqualTo(step.values.get(i));
                }
            }
            assertThat(closed).as(story.toString()).allMatch(Tensor::isClosed);
        }
        while (!scopes.isEmpty()) {
            scopes.pop().close();
        }
        // The next round is to begin with no step open.
        for (Iterator<Batch> walk : walks) {
            while (walk.hasNext()) {
                walk.next();
            }
        }
    }
}
