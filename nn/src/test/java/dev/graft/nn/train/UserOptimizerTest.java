package dev.graft.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.io.StateDict;
import dev.graft.nn.Parameter;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.Sequential;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.optim.Adam;
import dev.graft.nn.optim.AdamW;
import dev.graft.nn.optim.AveragingOptimizer;
import dev.graft.nn.optim.OneCycleLr;
import dev.graft.nn.optim.Optimizer;
import dev.graft.nn.optim.ParameterGroup;
import dev.graft.nn.optim.PerParameterOptimizer;
import dev.graft.nn.optim.ReduceOnPlateau;
import dev.graft.nn.optim.RmsProp;
import dev.graft.nn.optim.Sgd;
import dev.graft.nn.optim.WeightAverage;
import dev.graft.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An optimizer of a user's own, and the library's that are built as one, stepped, saved and resumed by a trainer. */
class UserOptimizerTest {
    @TempDir
    private Path folder;

    /** Lion (Chen et al. 2023), as a user writes it: see {@link PerParameterOptimizer}. */
    static final class Lion extends PerParameterOptimizer<Lion.Options> {
        record Options(double learningRate, double beta1, double beta2, double weightDecay) {}

        Lion(List<Parameter> parameters, Options options) {
            super("lion", List.of(new ParameterGroup<>(parameters, options)));
        }

        @Override
        protected double learningRate(Options o) {
            return o.learningRate();
        }

        @Override
        protected List<String> moments(Options o) {
            return List.of("exp_avg");
        }

        @Override
        protected void step(Tensor weight, Tensor gradient, State state, Options o, double learningRate) {
            Tensor mean = state.moment("exp_avg");
            Tensor blend = mean.mul((float) o.beta1()).add(gradient.mul((float) (1 - o.beta1())));
            weight.mulInPlace((float) (1 - learningRate * o.weightDecay()));
            weight.addInPlace(blend.div(blend.abs().add(1e-30f)), (float) -learningRate);
            mean.mulInPlace((float) o.beta2()).addInPlace(gradient, (float) (1 - o.beta2()));
        }
    }

    @Test
    void aMomentCannotBeCalledLikeTheCountOfSteps() {
        Parameter parameter = new Parameter(Tensor.zeros(1));
        try (Optimizer wrong =
                new PerParameterOptimizer<String>("own", List.of(new ParameterGroup<>(List.of(parameter), ""))) {
                    @Override
                    protected double learningRate(String options) {
                        return 1;
                    }

                    @Override
                    protected List<String> moments(String options) {
                        return List.of("step");
                    }

                    @Override
                    protected void step(
                            Tensor weight, Tensor gradient, State state, String options, double learningRate) {}
                }) {
            assertThatThrownBy(() -> step(wrong, 1))
                    .hasMessageContaining("kept under the name step")
                    .hasMessageContaining("Hint: ");
        }
    }

    private static Lion lion(List<Parameter> parameters) {
        return new Lion(parameters, new Lion.Options(0.1, 0.5, 0.75, 0.5));
    }

    private static void step(Optimizer optimizer, float gradient) {
        optimizer.zeroGrad();
        optimizer.parameters().forEach(p -> p.value().mul(gradient).sum().backward());
        optimizer.step();
    }

    @Test
    void stepsAndKeepsWhatItRemembers() {
        Parameter parameter = new Parameter(Tensor.of(new float[] {2, -1}, 2));
        try (Lion lion = lion(List.of(parameter))) {
            lion.scaleLearningRate(0.5);
            assertThat(lion.learningRate()).isEqualTo(0.05);
            step(lion, 4);
            assertThat(parameter.value().get(0)).isCloseTo(2 * 0.975f - 0.05f, within(1e-6f));
            step(lion, -1); // 0.5 * 1 - 0.5 * 1 = 0: no direction
            assertThat(parameter.value().get(0)).isCloseTo((2 * 0.975f - 0.05f) * 0.975f, within(1e-6f));
            try (StateDict state = lion.stateDict()) {
                assertThat(state.names()).containsExactly("0.step", "0.exp_avg");
                assertThat(state.get("0.step").itemLong()).isEqualTo(2);
                assertThat(state.get("0.exp_avg").toFloatArray()).containsExactly(0.5f, 0.5f);
            }
            assertThat(lion).hasToString("lion[Options[learningRate=0.1, beta1=0.5, beta2=0.75, weightDecay=0.5] x 1]");
        }
    }

    private static Map<String, String> content(Optimizer optimizer) {
        Map<String, String> content = new TreeMap<>();
        try (StateDict state = optimizer.stateDict()) {
            state.names().forEach(name -> content.put(name, state.sha256(name)));
        }
        return content;
    }

    private static void assertRefused(Optimizer optimizer, StateDict state, String message) {
        Map<String, String> before = content(optimizer);
        assertThatThrownBy(() -> optimizer.check(state))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message)
                .hasMessageContaining("Hint: ");
        assertThatThrownBy(() -> optimizer.load(state)).hasMessageContaining(message);
        assertThat(content(optimizer)).isEqualTo(before);
    }

    @Test
    void aStateOfOtherOptionsOrADamagedOneIsRefusedWhole() {
        List<Parameter> parameters = List.of(new Parameter(Tensor.zeros(2)), new Parameter(Tensor.zeros(3)));
        try (Adam plain = new Adam(parameters, Adam.lr(0.1));
                Adam amsgrad = new Adam(parameters, Adam.lr(0.1).amsgrad(true));
                RmsProp rms = new RmsProp(parameters, RmsProp.lr(0.1));
                AveragingOptimizer averaging = new AveragingOptimizer(
                        new Sgd(parameters, Sgd.lr(0.1).momentum(0.9)),
                        WeightAverage.equal(new Sequential(new Linear(2, 1, new SplittableRandom(1)))))) {
            step(plain, 1);
            step(amsgrad, 1);
            step(rms, 1);
            step(averaging, 1);
            try (StateDict ofPlain = plain.stateDict();
                    StateDict ofAmsgrad = amsgrad.stateDict();
                    StateDict ofAveraging = averaging.stateDict();
                    StateDict more = amsgrad.stateDict()) {
                assertRefused(amsgrad, ofPlain, "parameter 0 has the entries [exp_avg, exp_avg_sq, step] instead of");
                assertRefused(plain, ofAmsgrad, "unexpected 0.max_exp_avg_sq");
                assertRefused(rms, ofPlain, "unexpected 0.exp_avg");
                more.put("1.exp_avg", Tensor.zeros(2));
                assertRefused(amsgrad, more, "1.exp_avg: saved [2], parameter [3]");
                assertRefused(averaging, ofPlain, "no valid averaging.steps");
                ofAveraging.put("average.weights.0.bias", Tensor.zeros(7));
                assertRefused(averaging, ofAveraging, "weights.0.bias: saved F32 [7], network F32 [1]");
            }
            try (StateDict empty = new StateDict()) {
                plain.load(empty);
                assertThat(content(plain)).isEmpty();
            }
        }
    }

    private static final Map<String, Function<Sequential, Optimizer>> OPTIMIZERS = new TreeMap<>(Map.of(
            "lion", model -> lion(model.parameters()),
            "adam", model -> new Adam(model.parameters(), Adam.lr(0.01).amsgrad(true)),
            "rmsprop",
                    model -> new RmsProp(
                            model.parameters(), RmsProp.lr(0.01).centered(true).momentum(0.5)),
            "exponential average",
                    model -> new AveragingOptimizer(
                            new Sgd(model.parameters(), Sgd.lr(0.05).momentum(0.9)),
                            WeightAverage.exponential(model, 0.9)),
            "equal average",
                    model -> new AveragingOptimizer(
                                    new AdamW(model.parameters(), AdamW.lr(0.01)), WeightAverage.equal(model))
                            .from(5)
                            .every(3)));

    private record Run(Map<String, String> state, List<float[]> weights, List<Double> rates) {}

    private Run train(
            Function<Sequential, Optimizer> make,
            Path directory,
            int epochs,
            boolean resume,
            UnaryOperator<TrainerBuilder> settings) {
        Sequential model = Toy.network(4, 0.1f);
        try (DataLoader train = DataLoader.of(Toy.spirals(40, 1), 8).shuffled(5).workers(0);
                DataLoader judge = DataLoader.of(Toy.spirals(20, 2), 8).workers(0);
                Optimizer optimizer = make.apply(model)) {
            History history = settings.apply(Trainer.builder(model, new CrossEntropyLoss(), optimizer)
                            .epochs(epochs)
                            .directory(directory)
                            .resume(resume))
                    .build()
                    .fit(train, judge);
            return new Run(
                    content(optimizer),
                    model.parameters().stream()
                            .map(p -> p.value().toFloatArray())
                            .toList(),
                    history.epochs().stream().map(EpochResult::learningRate).toList());
        }
    }

    private void assertResumesExactly(
            String name, Function<Sequential, Optimizer> make, UnaryOperator<TrainerBuilder> settings) {
        Run unbroken = train(make, folder.resolve(name + " unbroken"), 6, false, settings);
        Path broken = folder.resolve(name + " broken");
        train(make, broken, 3, false, settings);
        Run resumed = train(make, broken, 6, true, settings);
        assertThat(resumed.state).as(name).isEqualTo(unbroken.state).isNotEmpty();
        assertThat(resumed.rates).as(name).isEqualTo(unbroken.rates);
        for (int i = 0; i < unbroken.weights.size(); i++) {
            assertThat(resumed.weights.get(i)).as(name).isEqualTo(unbroken.weights.get(i));
        }
    }

    @Test
    void resumeInTheMiddleOfACycleToTheBit() {
        OPTIMIZERS.forEach((name, make) ->
                assertResumesExactly(name, make, builder -> builder.schedulePerStep(new OneCycleLr(30))));
    }

    @Test
    void resumeAfterAPlateauWithTheSameRates() {
        UnaryOperator<TrainerBuilder> settings = builder -> builder.reduceOnPlateau(
                new ReduceOnPlateau().patience(0).gamma(0.5).absoluteThreshold(0.2));
        assertResumesExactly("plateau", OPTIMIZERS.get("adam"), settings);
        Run run = train(OPTIMIZERS.get("adam"), folder.resolve("rates"), 6, false, settings);
        assertThat(run.rates.get(0)).isEqualTo(0.01);
        assertThat(run.rates.get(5)).isLessThan(0.01);
        List<String> warnings = new ArrayList<>();
        train(
                OPTIMIZERS.get("adam"),
                folder.resolve("rates"),
                7,
                true,
                builder -> builder.progress(new Progress() {
                    @Override
                    public void warning(String message) {
                        warnings.add(message);
                    }
                }));
        assertThat(String.join("\n", warnings)).contains("ReduceOnPlateau[gamma=0.5");
        Sequential model = Toy.network(1, 0);
        try (DataLoader data = DataLoader.of(Toy.spirals(8, 1), 4).workers(0);
                Adam adam = new Adam(model.parameters(), Adam.lr(0.1))) {
            assertThatThrownBy(() -> settings.apply(Trainer.builder(model, new CrossEntropyLoss(), adam))
                            .build()
                            .fit(data))
                    .hasMessage("training: reduceOnPlateau needs validation data. Hint: fit(train, validation)");
        }
    }

    @Test
    void anAverageIsUsedAndPutBack() {
        Sequential model = new Sequential(new Linear(1, 1, new SplittableRandom(1)));
        Tensor weight = model.parameters().get(0).value();
        try (WeightAverage average = WeightAverage.equal(model)) {
            assertThatThrownBy(average::copyToModel).hasMessageContaining("there is none yet. Hint: ");
            dev.graft.tensor.Autograd.noGrad(() -> weight.fill(1));
            average.update();
            dev.graft.tensor.Autograd.noGrad(() -> weight.fill(4));
            average.update();
            assertThat(average.using(() -> weight.item())).isEqualTo(2.5f);
            assertThat(weight.item()).isEqualTo(4);
            assertThatThrownBy(() -> average.using(() -> {
                        throw new IllegalStateException("inside " + weight.item());
                    }))
                    .hasMessage("inside 2.5");
            assertThat(weight.item()).isEqualTo(4);
            average.copyToModel();
            assertThat(weight.item()).isEqualTo(2.5f);
            model.replace("0", new Linear(1, 2, new SplittableRandom(1)));
            assertThatThrownBy(average::update)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("weight average: the network changed after the first update: 0.weight, 0.bias."
                            + " Hint: make a new average after replace(...).");
        }
    }

    @Test
    void biasesAndNormsDoNotDecay() {
        Sequential model = Toy.network(1, 0);
        model.module("0").freeze();
        List<ParameterGroup<AdamW.Options>> groups = ParameterGroup.of(
                model, (name, p) -> AdamW.lr(0.1).weightDecay(ParameterGroup.isBiasOrNorm(name, p) ? 0 : 0.5));
        assertThat(groups).hasSize(2);
        List<List<Integer>> ranks = new ArrayList<>();
        groups.forEach(group ->
                ranks.add(group.parameters().stream().map(p -> p.shape().rank()).toList()));
        assertThat(groups.get(0).options().weightDecay()).isZero(); // the norm comes first
        assertThat(ranks).containsExactly(List.of(1, 1, 1, 1), List.of(2, 2));
        try (AdamW adam = new AdamW(groups)) {
            assertThat(adam.parameters()).hasSize(6).doesNotHaveDuplicates();
        }
    }
}
