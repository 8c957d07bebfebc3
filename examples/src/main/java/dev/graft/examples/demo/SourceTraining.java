package dev.graft.examples.demo;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.TensorDataset;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.optim.CosineLr;
import dev.graft.nn.optim.LinearWarmup;
import dev.graft.nn.optim.Sgd;
import dev.graft.nn.train.Evaluator;
import dev.graft.nn.train.History;
import dev.graft.nn.train.Progress;
import dev.graft.nn.train.Trainer;
import dev.graft.random.RandomStream;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.resnet.CifarResNet;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Makes the weights that come with the program: a ResNet-20 that tells the findings of {@link SourceTask} apart.
 *
 * @param images pictures to learn from
 * @param epochs passes over them
 * @param seed of the pictures, the first weights and the order
 */
public record SourceTraining(int images, int epochs, long seed) {
    private static final int BATCH = 64;
    private static final int TEST_IMAGES = 2000;
    private static final double LEARNING_RATE = 0.1;

    /** The settings that made the weights in the jar. */
    public static SourceTraining asShipped() {
        return new SourceTraining(12_000, 6, 1);
    }

    /** Trains, writes the weights with these settings in their header, and returns the accuracy on fresh pictures. */
    public double train(Path file, Progress progress) {
        try (CifarResNet model = CifarResNet.resnet20(SourceTask.classes(), RandomStream.of(seed, "demo.weights"));
                Pictures train = SourceTask.pictures(images, RandomStream.seed(seed, "demo.train"));
                Pictures test =
                        SourceTask.pictures(Math.min(TEST_IMAGES, images), RandomStream.seed(seed, "demo.test"));
                Tensor trainTargets = train.targets();
                Tensor testTargets = test.targets();
                DataLoader loader = DataLoader.of(new TensorDataset(train.inputs(), trainTargets), BATCH)
                        .workers(0)
                        .shuffled(seed);
                DataLoader testLoader = DataLoader.of(new TensorDataset(test.inputs(), testTargets), BATCH)
                        .workers(0)) {
            CrossEntropyLoss loss = new CrossEntropyLoss();
            long steps = Trainer.steps(loader, epochs, 1);
            long warmup = Math.max(1, steps / 20);
            try (Sgd sgd = new Sgd(
                    model.trainableParameters(),
                    Sgd.lr(LEARNING_RATE).momentum(0.9).weightDecay(5e-4))) {
                History history = Trainer.builder(model, loss, sgd)
                        .epochs(epochs)
                        .schedulePerStep(new LinearWarmup(warmup, new CosineLr(Math.max(1, steps - warmup))))
                        .progress(progress)
                        .build()
                        .fit(loader);
                double accuracy = Evaluator.evaluate(model, testLoader, loss).accuracy();
                save(model, file, accuracy, history.epochs().get(epochs - 1).trainLoss());
                return accuracy;
            }
        }
    }

    private void save(CifarResNet model, Path file, double accuracy, double loss) {
        Map<String, String> header = new LinkedHashMap<>();
        header.put(
                "command",
                "graft demo --train-source FILE --source-images " + images + " --source-epochs " + epochs
                        + " --source-seed " + seed);
        header.put(
                "task",
                SourceTask.classes() + " findings in generated drawings, half of them of chests; no real image");
        header.put("accuracy_on_fresh_images", Double.toString(accuracy));
        header.put("last_train_loss", Double.toString(loss));
        try (StateDict weights = model.stateDict()) {
            Safetensors.save(weights, file, header);
        }
    }
}
