package dev.graft.benchmarks.peers;

import dev.graft.nn.Module;
import dev.graft.nn.data.Batch;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.LoaderPass;
import dev.graft.nn.data.TensorDataset;
import dev.graft.nn.layer.Dropout;
import dev.graft.nn.loss.BceWithLogitsLoss;
import dev.graft.nn.optim.AdamW;
import dev.graft.nn.optim.ParameterGroup;
import dev.graft.nn.table.TableNetwork;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Training of {@code graft readmission}'s network on rows like those of the Diabetes 130-US hospitals: as many
 * categories with as many levels, batches of 1,024 rows in random order, dropout, AdamW whose decay leaves biases and
 * norms alone. The batch is gathered inside the step. The first step's loss, by which sides are compared, is of the
 * first rows and without dropout.
 */
final class Readmission implements Step {
    private static final int[] LEVELS = {
        7, 3, 7, 14, 11, 15, 30, 10, 11, 11, 5, 5, 5, 4, 3, 2, 5, 2, 5, 5, 2, 5, 4, 3, 2, 2, 2, 2, 2, 5, 3, 2, 2, 2, 2,
        3, 3
    };
    private static final int NUMBERS = 9;
    private static final int ROWS = 1 << 16;
    private static final int BATCH = 1024;
    private static final String CODES = "codes";
    private static final String NUMERIC = "numbers";
    private static final String ANSWERS = "answers";

    private final TableNetwork net;
    private final BceWithLogitsLoss criterion = new BceWithLogitsLoss();
    private final AdamW optimizer;
    private final DataLoader loader;
    private boolean begun;
    private int epoch = 1;
    private LoaderPass pass;
    private Iterator<Batch> batches;

    private Readmission(TableNetwork net, Map<String, Tensor> inputs) {
        this.net = net;
        AdamW.Options decaying = AdamW.lr(Task.LEARNING_RATE).weightDecay(1);
        AdamW.Options staying = decaying.weightDecay(0);
        optimizer = new AdamW(ParameterGroup.of(
                net, (name, parameter) -> ParameterGroup.isBiasOrNorm(name, parameter) ? staying : decaying));
        loader = DataLoader.of(
                        new TensorDataset(
                                List.of(inputs.get(CODES), inputs.get(NUMERIC)), List.of(inputs.get(ANSWERS))),
                        BATCH)
                .workers(0)
                .shuffled(1);
        pass = loader.pass(epoch, 0);
        batches = pass.iterator();
    }

    static Row row(String name, String mode, SplittableRandom random) {
        TableNetwork net =
                new TableNetwork(IntStream.of(LEVELS).boxed().toList(), NUMBERS, List.of(128, 64), 0.5, random);
        int[] codes = new int[ROWS * LEVELS.length];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = random.nextInt(LEVELS[i % LEVELS.length]);
        }
        Map<String, Tensor> inputs = Map.of(
                CODES,
                Tensor.of(codes, ROWS, LEVELS.length),
                NUMERIC,
                Tensor.randn(random, ROWS, NUMBERS),
                ANSWERS,
                Tensor.of(random.longs(ROWS, 0, 2).toArray(), ROWS));
        return new Row(
                name,
                mode,
                Optional.of(net),
                inputs,
                x -> net.forward(List.of(x.get(CODES), x.get(NUMERIC))).get(0),
                Optional.of(all -> new Readmission(net, all)));
    }

    @Override
    public float run() {
        if (!begun) {
            begun = true;
            return first();
        }
        if (!batches.hasNext()) {
            pass.close();
            pass = loader.pass(++epoch, 0);
            batches = pass.iterator();
        }
        Batch batch = batches.next();
        try (Scope scope = Scope.open()) {
            optimizer.zeroGrad();
            Tensor loss = criterion.forward(
                    net.forward(batch.allInputs()).get(0), batch.allTargets().get(0));
            loss.backward();
            optimizer.step();
            return loss.item();
        }
    }

    private float first() {
        int[] rows = IntStream.range(0, BATCH).toArray();
        net.train();
        List<Module> dropouts =
                net.modules().stream().filter(Dropout.class::isInstance).toList();
        dropouts.forEach(Module::eval);
        try (Scope scope = Scope.open()) {
            Batch batch = loader.dataset().batch(rows);
            return criterion
                    .forward(
                            net.forward(batch.allInputs()).get(0),
                            batch.allTargets().get(0))
                    .item();
        } finally {
            net.train();
        }
    }

    @Override
    public void close() {
        pass.close();
        loader.close();
        optimizer.close();
    }
}
