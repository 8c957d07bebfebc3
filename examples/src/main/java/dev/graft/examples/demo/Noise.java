package dev.graft.examples.demo;

/** Smooth random texture: values on lattices of doubling fineness, interpolated and summed; a pure function of seed and place. */
final class Noise {
    private static final int OCTAVES = 4;

    private final long seed;
    private final double cells;

    /** @param cells lattice cells across the unit square in the coarsest octave */
    Noise(long seed, double cells) {
        this.seed = seed;
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
        long h = seed + octave * 0x9E3779B97F4A7C15L + column * 0xC2B2AE3D27D4EB4FL + row * 0x165667B19E3779F9L;
        h = (h ^ (h >>> 30)) * 0xBF58476D1CE4E5B9L;
        h = (h ^ (h >>> 27)) * 0x94D049BB133111EBL;
        h ^= h >>> 31;
        return (h >> 11) * 0x1.0p-52;
    }
}
