package dev.graft.benchmarks.peers;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.SequentialBlock;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.training.Trainer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * DJL's side, in a process of its own: its libtorch and the one measured beside Graft have the same library names. For
 * each line read, a number of steps, it runs untimed steps for 10 ms and so many timed ones, and answers with their
 * milliseconds.
 */
public final class DjlWorker {
    private static final long PARAMETERS = 11_689_512;

    private DjlWorker() {}

    public static void main(String[] args) throws IOException {
        Task task = new Task(args[0], args[1], Integer.parseInt(args[2]), Integer.parseInt(args[3]));
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            NDArray images = manager.randomNormal(new Shape(task.batch(), 3, task.size(), task.size()));
            Turns.Contestant steps = Turns.of(step(task, manager, images));
            System.out.println(WorkerProcess.READY);
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                double[] ms = steps.turn(Integer.parseInt(line));
                System.out.println(WorkerProcess.ANSWER
                        + Arrays.stream(ms).mapToObj(Double::toString).collect(Collectors.joining(" ")));
            }
        }
    }

    private static Step step(Task task, NDManager manager, NDArray images) {
        Shape shape = images.getShape();
        SequentialBlock backbone = DjlResNet18.backbone();
        Block head = DjlResNet18.head(task.classes());
        if (task.inference()) {
            SequentialBlock net = new SequentialBlock().add(backbone).add(head);
            net.initialize(manager, DataType.FLOAT32, shape);
            check(net);
            net.freezeParameters(true);
            ParameterStore parameters = new ParameterStore(manager, false);
            return step(
                    manager,
                    images,
                    x -> net.forward(parameters, new NDList(x), false)
                            .singletonOrThrow()
                            .getFloat(0, 0));
        }
        if (task.frozen()) {
            backbone.initialize(manager, DataType.FLOAT32, shape);
            backbone.freezeParameters(true);
            ParameterStore parameters = new ParameterStore(manager, false);
            Trainer trainer = trainer(head, new Shape(task.batch(), 512));
            satisfyCheck(trainer, manager.ones(new Shape(task.batch(), 512)));
            NDArray labels = manager.zeros(new Shape(task.batch()), DataType.INT64);
            return step(
                    manager, images, x -> train(trainer, backbone.forward(parameters, new NDList(x), false), labels));
        }
        SequentialBlock net = new SequentialBlock().add(backbone).add(head);
        Trainer trainer = trainer(net, shape);
        check(net);
        NDArray labels = manager.zeros(new Shape(task.batch()), DataType.INT64);
        return step(manager, images, x -> train(trainer, new NDList(x), labels));
    }

    private static Trainer trainer(Block net, Shape input) {
        Model model = Model.newInstance("net", Device.cpu());
        model.setBlock(net);
        Optimizer sgd = Optimizer.sgd()
                .setLearningRateTracker(Tracker.fixed((float) Task.LEARNING_RATE))
                .optMomentum(0.9f)
                .build();
        Trainer trainer = model.newTrainer(new DefaultTrainingConfig(Loss.softmaxCrossEntropyLoss())
                .optOptimizer(sgd)
                .optDevices(new Device[] {Device.cpu()}));
        trainer.initialize(input);
        return trainer;
    }

    /**
     * DJL's first step refuses gradients whose sum is zero. Those of cross-entropy add up to zero over the classes, but
     * for rounding; those of the scores' sum do not.
     */
    private static void satisfyCheck(Trainer trainer, NDArray features) {
        try (GradientCollector collector = trainer.newGradientCollector()) {
            collector.backward(
                    trainer.forward(new NDList(features)).singletonOrThrow().sum());
        }
        trainer.step();
    }

    private static float train(Trainer trainer, NDList inputs, NDArray labels) {
        float value;
        try (GradientCollector collector = trainer.newGradientCollector()) {
            NDArray loss = trainer.getLoss().evaluate(new NDList(labels), trainer.forward(inputs));
            collector.backward(loss);
            value = loss.getFloat();
        }
        trainer.step();
        return value;
    }

    private static void check(Block net) {
        long count = net.getParameters().values().stream()
                .filter(p -> p.requiresGradient())
                .mapToLong(p -> p.getArray().size())
                .sum();
        if (count != PARAMETERS) {
            throw new IllegalStateException(
                    "DJL's network has " + count + " parameters, not ResNet-18's " + PARAMETERS);
        }
    }

    private static Step step(NDManager manager, NDArray images, Function<NDArray, Float> body) {
        return new Step() {
            @Override
            public float run() {
                // Results belong to their operand's manager, and go with it at the end of the step.
                try (NDManager scope = manager.newSubManager()) {
                    images.tempAttach(scope);
                    return body.apply(images);
                }
            }

            @Override
            public void close() {
                manager.close();
            }
        };
    }
}
