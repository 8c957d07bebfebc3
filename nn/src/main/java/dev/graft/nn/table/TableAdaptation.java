package dev.graft.nn.table;

import dev.graft.io.StateDict;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.table.EncodedRows;
import dev.graft.nn.data.table.TableCases;
import dev.graft.nn.data.table.TableEncoder;
import dev.graft.nn.layer.BatchNorm1d;
import dev.graft.nn.loss.BceWithLogitsLoss;
import dev.graft.nn.optim.AdamW;
import dev.graft.nn.optim.LrSchedule;
import dev.graft.nn.optim.ParameterGroup;
import dev.graft.nn.train.GradualUnfreezing;
import dev.graft.nn.train.History;
import dev.graft.nn.train.Trainer;
import dev.graft.nn.train.TrainerBuilder;
import dev.graft.random.RandomStream;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Adapts a network that a population has trained to a cohort: first with its embeddings frozen, then all of it at a
 * third of the rate. The statistics of its norms stay those of the population, because a small cohort has no good ones.
 */
final class TableAdaptation {
    private static final String EMBEDDINGS = "embeddings";
    private static final int FROZEN_EPOCHS = 3;
    private static final int EPOCHS = 6;
    private static final double RATE = 3e-4;
    /** Of the rate, once the embeddings learn too. */
    private static final double THEN = 1.0 / 3;

    private static final double DECAY = 0.1;

    private TableAdaptation() {}

    /** The settings of adapting to so many rows. */
    static TableSettings settings(int rows, long seed) {
        return TableSettings.defaults()
                .epochs(EPOCHS)
                .rate(RATE)
                .decay(DECAY)
                .batch(TableSettings.batchFor(rows))
                .seed(seed);
    }

    /** A copy of a model, adapted to cases with the same levels; the model itself stays as it is. */
    static NetworkModel adapted(NetworkModel general, TableCases cohort, long seed) {
        TableSettings settings = settings(cohort.size(), seed);
        TableNetwork network = copy(general.network(), seed);
        try {
            fit(
                    network,
                    general.encoder().encode(cohort.table(), cohort.rows()),
                    cohort.positive(),
                    settings,
                    Optional.empty(),
                    builder -> builder);
            network.eval();
            return new NetworkModel(general.encoder(), network, (long) cohort.size() * settings.epochs());
        } catch (RuntimeException | Error e) {
            network.close();
            throw e;
        }
    }

    private static TableNetwork copy(TableNetwork network, long seed) {
        TableNetwork copy = network.shape().network(RandomStream.of(seed, "table.adapted"));
        try (StateDict state = network.stateDict()) {
            copy.load(state);
        }
        return copy;
    }

    /** Adapts a network in place. */
    static History fit(
            TableNetwork network,
            EncodedRows rows,
            boolean[] positive,
            TableSettings settings,
            Optional<TableTraining.Data> held,
            UnaryOperator<TrainerBuilder> more) {
        for (BatchNorm1d norm : network.norms()) {
            norm.freeze(); // its statistics; scale and shift go on learning
            norm.weight().freeze(false);
            norm.bias().freeze(false);
        }
        AdamW.Options decaying = AdamW.lr(settings.rate()).weightDecay(settings.decay());
        AdamW.Options staying = AdamW.lr(settings.rate()).weightDecay(0);
        try (TableTraining.Data data = new TableTraining.Data(rows, positive);
                DataLoader loader = data.loader(settings);
                AdamW optimizer = new AdamW(ParameterGroup.of(
                        network,
                        (name, parameter) -> ParameterGroup.isBiasOrNorm(name, parameter) ? staying : decaying))) {
            TrainerBuilder builder = Trainer.builder(network, new BceWithLogitsLoss(), optimizer)
                    .epochs(settings.epochs())
                    .schedulePerStep(twice(
                            Trainer.steps(loader, Math.min(FROZEN_EPOCHS, settings.epochs()), 1),
                            Trainer.steps(loader, settings.epochs(), 1)));
            if (network.hasEmbeddings()) {
                network.module(EMBEDDINGS).freeze();
                builder.callback(GradualUnfreezing.at(FROZEN_EPOCHS + 1, EMBEDDINGS));
            }
            return TableTraining.fit(more.apply(builder), loader, held);
        }
    }

    /** One rise and fall while the embeddings are frozen, then a lower one. */
    private static LrSchedule twice(long first, long all) {
        LrSchedule frozen = TableTraining.schedule(first);
        LrSchedule free = TableTraining.schedule(Math.max(1, all - first));
        return step -> step < first ? frozen.factor(step) : THEN * free.factor(step - first);
    }

    /** The encoder of a cohort from another table: what the population knew, and the cohort's new levels behind it. */
    static TableEncoder extended(TableEncoder general, TableCases cohort) {
        return TableEncoder.fit(general, cohort.schema(), cohort.table(), cohort.rows())
                .behind(general);
    }
}
