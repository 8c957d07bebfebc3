package dev.graft.examples.demo;

import dev.graft.random.RandomStream;

/**
 * Smooth random texture: values on lattices of doubling fineness, interpolated and summed; a pure function of seed and
 * place.
 */
final class Noise {
    private static final int OCTAVES = 4;

    private final RandomStream values;
    private final double cells;

    /** @param cells lattice cells across the unit square in the coarsest octave */
    Noise(long seed, double cells) {
        values = RandomStream.of(seed, "demo.noise");
        this.cells = cells;
    }

    /** About [-1, 1], mean 0. */
    double at(double x, double y) {
        double sum = 0;
        double amplitude = 1;
        double frequency = cells;
        for (int octave = 0; octave < OCTAVES; octave++) {
            sum += amplitude * smooth(octave, x * frequency, y * frequency);
            amplitude /= 2;
            frequency *= 2;
        }
        return sum;
    }

    private double smooth(int octave, double x, double y) {
        int column = (int) Math.floor(x);
        int row = (int) Math.floor(y);
        double s = GreyImage.step(0, 1, x - column);
        double t = GreyImage.step(0, 1, y - row);
        double above = mix(lattice(octave, column, row), lattice(octave, column + 1, row), s);
        double below = mix(lattice(octave, column, row + 1), lattice(octave, column + 1, row + 1), s);
        return mix(above, below, t);
    }

    private static double mix(double a, double b, double share) {
        return a + (b - a) * share;
    }

    /** A hash of the lattice point, spread over [-1, 1]. */
    private double lattice(int octave, int column, int row) {
        // a number of its own for each point: 28 bits of either coordinate
        long point = (long) octave << 56 | (column & 0xfffffffL) << 28 | (row & 0xfffffffL);
        return (values.at(point) >> 11) * 0x1.0p-52;
    }
}
