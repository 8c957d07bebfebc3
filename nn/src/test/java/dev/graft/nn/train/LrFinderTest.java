package dev.graft.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.StateDict;
import dev.graft.nn.Module;
import dev.graft.nn.data.Batch;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.TensorDataset;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.Sequential;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.loss.Loss;
import dev.graft.nn.optim.AdamW;
import dev.graft.nn.optim.AveragingOptimizer;
import dev.graft.nn.optim.Optimizer;
import dev.graft.nn.optim.ParameterGroup;
import dev.graft.nn.optim.Sgd;
import dev.graft.nn.optim.WeightAverage;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The range test's curve, and that it leaves no trace. */
class LrFinderTest {
    private final TensorDataset data = Toy.spirals(128, 3);

    private static String state(Module model, Optimizer optimizer) {
        try (StateDict weights = model.stateDict();
                StateDict moments = optimizer.stateDict()) {
            return Stream.of(weights, moments)
                    .map(dict -> dict.names().stream()
                            .map(name -> name + " " + dict.sha256(name))
                            .toList()
                            .toString())
                    .toList()
                    .toString();
        }
    }

    private static void train(Sequential model, Optimizer optimizer, DataLoader loader) {
        Loss loss = new CrossEntropyLoss();
        model.train();
        for (Batch batch : loader) {
            loss.forward(model.forward(batch.inputs()), batch.labels()).backward();
            optimizer.step();
            optimizer.zeroGrad();
        }
    }

    static List<Function<Sequential, Optimizer>> optimizers() {
        return List.of(
                model -> new Sgd(model.trainableParameters(), Sgd.lr(0.05).momentum(0.9)),
                model -> new AdamW(model.trainableParameters(), AdamW.lr(0.01)),
                model -> {
                    var sgd = new Sgd(model.trainableParameters(), Sgd.lr(0.05));
                    return new AveragingOptimizer(sgd, WeightAverage.exponential(model, 0.9));
                });
    }

    @ParameterizedTest
    @MethodSource("optimizers")
    void aTrainingWithATestInItsMidstIsTheTrainingWithout(Function<Sequential, Optimizer> make) {
        String without = trained(make, false);
        assertThat(trained(make, true)).isEqualTo(without);
    }

    /** With dropout, batch norm, moments, gradients that are not used yet, and modes that differ. */
    private String trained(Function<Sequential, Optimizer> make, boolean test) {
        try (Sequential model = Toy.network(7, 0.3f);
                Optimizer optimizer = make.apply(model);
                DataLoader loader = DataLoader.of(data, 16).shuffled(5)) {
            train(model, optimizer, loader);
            Batch one = new Batch(Tensor.ones(4, 2), Tensor.of(new long[4], 4), new int[4]);
            new CrossEntropyLoss()
                    .forward(model.forward(one.inputs()), one.labels())
                    .backward();
            model.eval();
            model.module("1").train();
            optimizer.scaleLearningRate(0.7);
            if (test) {
                String before = state(model, optimizer);
                LrFinder.Result found = LrFinder.of(model, new CrossEntropyLoss(), optimizer)
                        .steps(30)
                        .run(loader);
                assertThat(found.rates().length).isGreaterThan(10);
                assertThat(state(model, optimizer)).isEqualTo(before);
                assertThat(model.isTraining()).isFalse();
                assertThat(model.module("1").isTraining()).isTrue();
                assertThat(optimizer.learningRateFactor()).isEqualTo(0.7);
            }
            train(model, optimizer, loader);
            return state(model, optimizer);
        }
    }

    @Test
    void theRatesGrowByAFactorAndTheSuggestionIsTheSteepestFall() {
        try (Sequential model = Toy.network(7, 0f);
                Sgd sgd = new Sgd(model.trainableParameters(), Sgd.lr(1));
                DataLoader loader = DataLoader.of(data, 128)) {
            LrFinder.Result found = LrFinder.of(model, new CrossEntropyLoss(), sgd)
                    .between(1e-4, 1e3)
                    .steps(80)
                    .run(loader);
            double[] rates = found.rates();
            assertThat(rates[0]).isEqualTo(1e-4);
            double factor = Math.pow(1e7, 1 / 79.0);
            for (int i = 1; i < rates.length; i++) {
                assertThat(rates[i] / rates[i - 1]).isCloseTo(factor, Offset.offset(1e-9));
            }
            assertThat(found.ending()).isEqualTo(LrFinder.Ending.DIVERGED);
            assertThat(found.losses()[0]).isCloseTo(Math.log(2), Offset.offset(0.2));
            // what a textbook says for such a network
            assertThat(found.suggestion().orElseThrow()).isBetween(0.01, 10.0);
            assertThat(found.lowest().orElseThrow())
                    .isGreaterThan(found.suggestion().orElseThrow());
        }
    }

    @Test
    void theCurveIsThatOfStepsByHand() {
        try (Linear model = new Linear(2, 2, new SplittableRandom(1));
                Linear other = new Linear(2, 2, new SplittableRandom(1));
                Sgd sgd = new Sgd(model.trainableParameters(), Sgd.lr(0.3));
                DataLoader loader = DataLoader.of(data, 50)) {
            LrFinder.Result found = LrFinder.of(model, new CrossEntropyLoss(), sgd)
                    .between(0.01, 10)
                    .steps(10)
                    .divergence(Double.POSITIVE_INFINITY)
                    .run(loader);
            assertThat(found.ending()).isEqualTo(LrFinder.Ending.COMPLETED);
            double average = 0;
            int step = 0;
            while (step < 10) {
                for (Batch batch : loader) {
                    if (step == 10) {
                        break;
                    }
                    Tensor loss = new CrossEntropyLoss().forward(other.forward(batch.inputs()), batch.labels());
                    assertThat(found.losses()[step]).isEqualTo(loss.item());
                    average = 0.98 * average + 0.02 * loss.item();
                    assertThat(found.smoothed()[step])
                            .isCloseTo(average / (1 - Math.pow(0.98, step + 1)), Offset.offset(1e-12));
                    loss.backward();
                    try (Sgd by = new Sgd(other.trainableParameters(), Sgd.lr(1))) {
                        by.scaleLearningRate(found.rates()[step]);
                        by.step();
                        by.zeroGrad();
                    }
                    step++;
                }
            }
        }
    }

    @Test
    void groupsKeepTheirRatios() {
        try (Sequential model = Toy.network(7, 0f)) {
            var groups = ParameterGroup.of(model, (name, p) -> name.startsWith("0.") ? Sgd.lr(1e-3) : Sgd.lr(1e-2));
            try (Sgd sgd = new Sgd(groups);
                    DataLoader loader = DataLoader.of(data, 64)) {
                var finder = LrFinder.of(model, new CrossEntropyLoss(), sgd).steps(10);
                assertThat(finder.run(loader).rates()[0]).isEqualTo(1e-7);
                assertThat(sgd.learningRate()).isEqualTo(1e-3);
            }
        }
    }

    @Test
    void aFailureInTheMidstLeavesNoTraceEither() {
        try (Sequential model = Toy.network(7, 0.3f);
                AdamW adam = new AdamW(model.trainableParameters(), AdamW.lr(0.01));
                DataLoader loader = DataLoader.of(data, 16)) {
            String before = state(model, adam);
            int[] calls = {0};
            Loss failing = (outputs, targets) -> {
                if (++calls[0] == 5) {
                    throw new IllegalStateException("fifth");
                }
                return new CrossEntropyLoss().forward(outputs, targets);
            };
            assertThatThrownBy(() -> LrFinder.of(model, failing, adam).run(loader))
                    .hasMessage("fifth");
            assertThat(state(model, adam)).isEqualTo(before);
            assertThat(model.parameters()).allMatch(p -> p.grad().isEmpty());
        }
    }

    @Test
    void gradientsOfParametersThatTheOptimizerLacksComeBackToo() {
        try (Sequential model = Toy.network(7, 0f);
                Linear beside = new Linear(2, 2, new SplittableRandom(1));
                Sgd sgd = new Sgd(
                        Stream.concat(model.module("0").parameters().stream(), beside.parameters().stream())
                                .toList(),
                        Sgd.lr(1));
                DataLoader loader = DataLoader.of(data, 16)) {
            for (Module part : List.of(model, beside)) {
                new CrossEntropyLoss()
                        .forward(part.forward(Tensor.ones(4, 2)), Tensor.of(new long[4], 4))
                        .backward();
            }
            model.parameters().get(0).clearGrad();
            model.parameters().get(model.parameters().size() - 1).clearGrad();
            List<String> before = gradients(model, beside);
            LrFinder.of(model, new CrossEntropyLoss(), sgd).steps(10).run(loader);
            assertThat(gradients(model, beside)).isEqualTo(before);
        }
    }

    private static List<String> gradients(Module... modules) {
        return Stream.of(modules)
                .flatMap(module -> module.parameters().stream())
                .map(parameter -> parameter
                        .grad()
                        .map(gradient -> Arrays.toString(gradient.toFloatArray()))
                        .orElse("none"))
                .toList();
    }

    @Test
    void aStopEndsItWithWhatIsMeasured() {
        try (Sequential model = Toy.network(7, 0f);
                Sgd sgd = new Sgd(model.trainableParameters(), Sgd.lr(1));
                StopSignal stop = new StopSignal();
                DataLoader loader = DataLoader.of(data, 16)) {
            int[] passed = {0};
            LrFinder.Result found = LrFinder.of(model, new CrossEntropyLoss(), sgd)
                    .stop(stop)
                    .progress(new Progress() {
                        @Override
                        public void passAdvanced(int examples) {
                            passed[0] += examples;
                            if (passed[0] == 16 * 12) {
                                stop.request();
                            }
                        }
                    })
                    .run(loader);
            assertThat(found.ending()).isEqualTo(LrFinder.Ending.INTERRUPTED);
            assertThat(found.losses()).hasSize(12);
        }
    }

    @Test
    void nothingToSuggestIsSaid() {
        var rising = new LrFinder.Result(rates(20), new double[20], rates(20), LrFinder.Ending.COMPLETED);
        assertThat(rising.suggestion()).isEmpty();
        double[] falling = Arrays.stream(rates(20)).map(r -> -r).toArray();
        falling[19] = Double.NaN;
        var fall = new LrFinder.Result(rates(20), falling, falling, LrFinder.Ending.DIVERGED);
        assertThat(fall.suggestion()).hasValue(rates(20)[17]);
        assertThat(fall.lowest()).hasValue(rates(20)[18]);
        var none = new LrFinder.Result(new double[0], new double[0], new double[0], LrFinder.Ending.INTERRUPTED);
        assertThat(none.suggestion()).isEmpty();
        assertThat(none.lowest()).isEmpty();
    }

    private static double[] rates(int count) {
        double[] rates = new double[count];
        for (int i = 0; i < count; i++) {
            rates[i] = Math.pow(2, i);
        }
        return rates;
    }

    @Test
    void nonsenseIsRefused() {
        try (Sequential model = Toy.network(7, 0f);
                Linear other = new Linear(2, 2, new SplittableRandom(1));
                Sgd sgd = new Sgd(model.trainableParameters(), Sgd.lr(1));
                DataLoader loader = DataLoader.of(data, 16)) {
            LrFinder finder = LrFinder.of(model, new CrossEntropyLoss(), sgd);
            for (double[] range : new double[][] {
                {0, 1}, {-1, 1}, {1, 1}, {2, 1}, {Double.NaN, 1}, {1, Double.NaN}, {1, 1e39}, {1e-60, 1}
            }) {
                assertThatThrownBy(() -> finder.between(range[0], range[1]))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("the first rate must be positive");
            }
            assertThatThrownBy(() -> finder.steps(9)).hasMessageContaining("at least 10, was 9");
            assertThatThrownBy(() -> finder.divergence(1)).hasMessageContaining("more than 1, was 1.0");
            assertThatThrownBy(() -> Autograd.noGrad(() -> finder.run(loader))).hasMessageContaining("autograd is off");
            assertThatThrownBy(() ->
                            LrFinder.of(other, new CrossEntropyLoss(), sgd).run(loader))
                    .hasMessageContaining("none of the optimizer's 8 parameters is one of the model's 2");
            try (Sgd still = new Sgd(model.trainableParameters(), Sgd.lr(0))) {
                assertThatThrownBy(() -> LrFinder.of(model, new CrossEntropyLoss(), still)
                                .run(loader))
                        .hasMessageContaining("first group is 0.0, which cannot be scaled");
                assertThat(still.learningRateFactor()).isEqualTo(1);
            }
            TensorDataset ignored = new TensorDataset(Tensor.ones(20, 2), Tensor.of(filled(20), 20));
            try (DataLoader none = DataLoader.of(ignored, 10)) {
                assertThatThrownBy(() -> finder.run(none)).hasMessageContaining("no example counts");
            }
            model.freeze();
            assertThatThrownBy(() -> finder.run(loader))
                    .hasMessageContaining("all 8 parameters of the optimizer are frozen");
        }
    }

    private static long[] filled(int count) {
        long[] labels = new long[count];
        Arrays.fill(labels, CrossEntropyLoss.DEFAULT_IGNORE_INDEX);
        return labels;
    }
}
