package dev.graft.benchmarks.peers;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs contestants turn by turn until time is up. A turn starts with steps that are not timed, for 10 ms: they take
 * over caches, and outlast the threads of the one before, which spin for a few milliseconds after their last loop.
 */
final class Turns {
    private static final double TURN_SECONDS = 0.25;
    private static final int MOST_STEPS = 20;
    private static final long UNTIMED_NANOS = 10_000_000;

    private Turns() {}

    /** Runs untimed steps for a while and then some timed ones. */
    interface Contestant {
        /** Returns how many milliseconds each of {@code steps} steps took. */
        double[] turn(int steps);
    }

    static Contestant of(Step step) {
        return steps -> {
            long untimed = System.nanoTime() + UNTIMED_NANOS;
            do {
                step.run();
            } while (System.nanoTime() < untimed);
            double[] ms = new double[steps];
            for (int i = 0; i < steps; i++) {
                long start = System.nanoTime();
                step.run();
                ms[i] = (System.nanoTime() - start) / 1e6;
            }
            return ms;
        };
    }

    /**
     * Every contestant's times.
     *
     * @param warmUpSeconds untimed turns first: a JIT compiler needs seconds, not steps
     * @param turns how many at least
     */
    static Map<String, Times> race(
            Map<String, Contestant> contestants, double warmUpSeconds, double seconds, int turns) {
        Map<String, Integer> steps = new LinkedHashMap<>();
        contestants.forEach((name, contestant) -> {
            long end = System.nanoTime() + (long) (warmUpSeconds * 1e9);
            double[] ms = contestant.turn(1);
            while (System.nanoTime() < end) {
                ms = contestant.turn(1);
            }
            steps.put(name, (int) Math.max(1, Math.min(MOST_STEPS, TURN_SECONDS * 1e3 / ms[0])));
        });
        Map<String, List<double[]>> all = new LinkedHashMap<>();
        contestants.keySet().forEach(name -> all.put(name, new ArrayList<>()));
        long end = System.nanoTime() + (long) (seconds * 1e9);
        for (int i = 0; i < turns || System.nanoTime() < end; i++) {
            contestants.forEach((name, contestant) -> all.get(name).add(contestant.turn(steps.get(name))));
        }
        Map<String, Times> times = new LinkedHashMap<>();
        all.forEach((name, turn) -> times.put(name, Times.of(turn)));
        return times;
    }

    /**
     * Milliseconds a step.
     *
     * @param mean with all pauses in it, garbage collection's among them
     */
    record Times(double median, double mean, int steps) {
        static Times of(List<double[]> turns) {
            double[] all =
                    turns.stream().flatMapToDouble(Arrays::stream).sorted().toArray();
            return new Times(all[all.length / 2], Arrays.stream(all).average().orElse(Double.NaN), all.length);
        }
    }
}
