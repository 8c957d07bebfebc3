package dev.graft.nn.train;

import dev.graft.nn.data.TensorDataset;
import dev.graft.nn.layer.BatchNorm1d;
import dev.graft.nn.layer.Dropout;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.ReLU;
import dev.graft.nn.layer.Sequential;
import dev.graft.tensor.Tensor;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/** Two interleaved spirals: not linearly separable, learnt by a small network in seconds. */
final class Toy {
    private Toy() {}

    static TensorDataset spirals(int size, long seed) {
        RandomGenerator random = new SplittableRandom(seed);
        float[] points = new float[2 * size];
        long[] labels = new long[size];
        for (int i = 0; i < size; i++) {
            double t = 0.5 + 2.5 * random.nextDouble();
            double angle = 2 * t + (i % 2) * Math.PI;
            points[2 * i] = (float) (t * Math.cos(angle) / 3 + 0.03 * random.nextGaussian());
            points[2 * i + 1] = (float) (t * Math.sin(angle) / 3 + 0.03 * random.nextGaussian());
            labels[i] = i % 2;
        }
        return new TensorDataset(Tensor.of(points, size, 2), Tensor.of(labels, size));
    }

    static Sequential network(long seed, float dropout) {
        RandomGenerator random = new SplittableRandom(seed);
        return new Sequential(
                new Linear(2, 32, random),
                new BatchNorm1d(32),
                new ReLU(),
                new Linear(32, 32, random),
                new ReLU(),
                new Dropout(dropout, random),
                new Linear(32, 2, random));
    }
}
