package dev.graft.examples.demo;

import dev.graft.io.StateDict;
import dev.graft.io.WeightFiles;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.LastBatch;
import dev.graft.nn.data.TensorDataset;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.optim.CosineLr;
import dev.graft.nn.optim.Sgd;
import dev.graft.nn.train.Evaluation;
import dev.graft.nn.train.Evaluator;
import dev.graft.nn.train.Trainer;
import dev.graft.random.RandomStream;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.resnet.CifarResNet;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * Trains the same network on the same few phantoms twice: from random weights, and from weights that learnt another
 * task. Both see the same images as often, by the same optimizer; each start has the learning rate that suits it best.
 */
public final class TransferDemo implements AutoCloseable {
    private static final String WEIGHTS = "source-resnet20.safetensors";
    private static final int BATCH = 12;
    private static final int STEPS = 150;
    private static final int TEST_PATIENTS = 80;
    private static final long TEST_SEED = 1_000_000;

    private final StateDict source;
    private final Pictures test;
    private final Tensor testTargets;

    /** Where a training starts. */
    public enum Start {
        SCRATCH(0.03),
        TRANSFER(0.015);

        private final double learningRate;

        Start(double learningRate) {
            this.learningRate = learningRate;
        }
    }

    /**
     * Scores on patients that no training has seen.
     *
     * @param accuracy in [0, 1]
     * @param auroc in [0, 1]
     */
    public record Result(double accuracy, double auroc) {}

    /** Reads the weights that come with the program and paints the test patients. */
    public TransferDemo() {
        this(shippedWeights());
    }

    TransferDemo(StateDict source) {
        this.source = source;
        test = new PhantomStudy(TEST_PATIENTS, TEST_SEED).pictures();
        testTargets = test.targets();
    }

    private static StateDict shippedWeights() {
        try (InputStream in = TransferDemo.class.getResourceAsStream(WEIGHTS)) {
            Path file = Files.createTempFile("graft-demo", ".safetensors");
            try {
                Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
                return WeightFiles.load(file);
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How many images the scores are over. */
    public int testImages() {
        return test.size();
    }

    /** How many patients the scores are over. */
    public int testPatients() {
        return TEST_PATIENTS;
    }

    /** Images of each patient. */
    public int imagesPerPatient() {
        return PhantomStudy.IMAGES_PER_PATIENT;
    }

    /** Trains once. {@code seed} chooses patients, new weights and order. */
    public Result run(Start start, int patients, long seed) {
        try (Pictures train = new PhantomStudy(patients, seed).pictures();
                Tensor targets = train.targets();
                DataLoader loader = DataLoader.of(new TensorDataset(train.inputs(), targets), BATCH)
                        .workers(0)
                        .shuffled(seed)
                        .lastBatch(LastBatch.MERGE_SINGLE);
                DataLoader testLoader = DataLoader.of(new TensorDataset(test.inputs(), testTargets), test.size() / 4)
                        .workers(0);
                CifarResNet model = network(start, seed);
                Sgd sgd = new Sgd(
                        model.trainableParameters(),
                        Sgd.lr(start.learningRate).momentum(0.9).weightDecay(5e-4))) {
            int epochs = Math.max(1, STEPS / loader.batches());
            CrossEntropyLoss loss = new CrossEntropyLoss();
            Trainer.builder(model, loss, sgd)
                    .epochs(epochs)
                    .schedulePerStep(new CosineLr(Trainer.steps(loader, epochs, 1)))
                    .build()
                    .fit(loader);
            Evaluation evaluation = Evaluator.evaluate(model, testLoader, loss);
            return new Result(evaluation.accuracy(), evaluation.auroc());
        }
    }

    private CifarResNet network(Start start, long seed) {
        RandomStream random = RandomStream.of(seed, "demo.weights");
        int classes = PhantomStudy.CLASSES.size();
        if (start == Start.SCRATCH) {
            return CifarResNet.resnet20(classes, random);
        }
        CifarResNet model = CifarResNet.resnet20(SourceTask.classes(), random);
        model.load(source);
        model.replaceHead(classes, random);
        return model;
    }

    @Override
    public void close() {
        source.close();
        test.close();
        testTargets.close();
    }
}
