package dev.graft.benchmarks.sweep;

import dev.graft.benchmarks.sweep.Grid.Point;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/**
 * Looks for cliffs: shapes that take many times as long, for their work, as a neighbouring shape. It walks at random
 * through the shapes of every operator, compares each with the one before, measures the worst pairs again, and prints
 * them. Then it prints the shapes that cost most, as a whole region may be slow.
 *
 * <p>{@code cost} is the time of a shape divided by the least time that its multiply-adds and bytes could take, a
 * constant for the call included; {@code ratio} is the cost divided by the neighbour's, or by 1 if that is less.
 *
 * <p>Run: {@code java --add-modules=jdk.incubator.vector -cp benchmarks/target/benchmarks.jar
 * dev.graft.benchmarks.sweep.ShapeSweep [seconds=30] [seed=N] [only=conv2d,sum] [worst=10] [clock=cpu] [kept=1]
 * [shape=conv2d:in=64,out=64,size=56]}; with {@code shape} (which may be repeated), it only measures the shapes named.
 * {@code clock=cpu} takes one thread and the time that the processor spends on it, which other programs on the machine
 * do not lengthen. With {@code kept=1}, forward passes keep what their gradients need, such as the places of maxima.
 */
public final class ShapeSweep {
    private static final int STEPS = 12;
    /** The share of the time in which new shapes are measured; the worst are measured again in the rest. */
    private static final double SEARCHING = 0.75;
    /** Pairs below this ratio are of no interest. */
    private static final double NOTED = 2;
    /** How many of the shapes that cost most are measured again. */
    private static final int COSTLY = 20;
    /** How many of the worst pairs are. */
    private static final int DOUBTED = 80;

    private final Map<Point, Double> costs = new HashMap<>();
    private final Map<String, Pair> worst = new HashMap<>();
    private final LongSupplier clock;
    private final boolean kept;
    private int pairs;

    private ShapeSweep(LongSupplier clock, boolean kept) {
        this.clock = clock;
        this.kept = kept;
    }

    /** How often a shape is measured at most, and for how long. */
    private record Runs(int most, double seconds) {}

    private static final Runs FIRST = new Runs(3, 0.02);
    private static final Runs AGAIN = new Runs(100, 0.03);

    private record Pair(Point slow, Point fast, double ratio) {}

    public static void main(String[] args) {
        List<Grid> grids = Grids.all();
        List<String> shapes = Stream.of(args)
                .filter(arg -> arg.startsWith("shape="))
                .map(arg -> arg.substring(6))
                .toList();
        LongSupplier clock = clock(option(args, "clock", "wall"));
        boolean kept = option(args, "kept", "0").equals("1");
        if (!shapes.isEmpty()) {
            shapes.forEach(shape -> measure(clock, kept, named(grids, shape)));
            return;
        }
        double seconds = Double.parseDouble(option(args, "seconds", "30"));
        long seed = Long.parseLong(option(args, "seed", "" + System.nanoTime() % 1_000_000));
        List<String> only = Arrays.asList(option(args, "only", "").split(","));
        List<Grid> chosen = grids.stream()
                .filter(grid -> only.equals(List.of("")) || only.contains(grid.name()))
                .toList();
        System.out.println("seed=" + seed + " seconds=" + seconds + ", processors "
                + Runtime.getRuntime().availableProcessors());
        long start = clock.getAsLong();
        ShapeSweep sweep = new ShapeSweep(clock, kept);
        sweep.search(chosen, new SplittableRandom(seed), start + (long) (seconds * SEARCHING * 1e9));
        sweep.confirm(start + (long) (seconds * 1e9));
        int count = Integer.parseInt(option(args, "worst", "10"));
        sweep.print(count);
        sweep.printCosts(count);
    }

    private static LongSupplier clock(String name) {
        return switch (name) {
            case "wall" -> System::nanoTime;
            case "cpu" -> {
                System.setProperty("graft.threads", "1"); // only this thread's time is counted
                yield ManagementFactory.getThreadMXBean()::getCurrentThreadCpuTime;
            }
            default -> throw new IllegalArgumentException("clock: must be wall or cpu, got '" + name + "'");
        };
    }

    private static String option(String[] args, String name, String otherwise) {
        return Stream.of(args)
                .filter(arg -> arg.startsWith(name + "="))
                .map(arg -> arg.substring(name.length() + 1))
                .findFirst()
                .orElse(otherwise);
    }

    private static Point named(List<Grid> grids, String shape) {
        int colon = shape.indexOf(':');
        String name = colon < 0 ? shape : shape.substring(0, colon);
        Grid grid = grids.stream()
                .filter(g -> g.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("shape: there is no operator '" + name
                        + "'. Hint: there are " + grids.stream().map(Grid::name).toList() + "."));
        return grid.point(
                colon < 0 ? List.of() : List.of(shape.substring(colon + 1).split(",")));
    }

    private static void measure(LongSupplier clock, boolean kept, Point point) {
        Work work = point.grid()
                .maker()
                .make(point.values().stream().mapToInt(v -> v).toArray())
                .orElseThrow(() -> new IllegalArgumentException("shape: " + point + " has no result"));
        work.measure(clock, kept, 2000, 0.4); // until the JIT compiler has seen it
        double seconds = work.measure(clock, kept, 200, 0.2);
        System.out.printf(Locale.ROOT, "%10.3f ms, cost %7.1f  %s%n", seconds * 1e3, seconds / work.expected(), point);
    }

    private void search(List<Grid> grids, SplittableRandom random, long end) {
        while (true) {
            for (Grid grid : grids) {
                Point point = grid.draw(random);
                for (int step = 0; step < STEPS; step++) {
                    if (clock.getAsLong() > end) {
                        return;
                    }
                    Optional<Point> next = point.step(random.nextInt(grid.axes().size()), random.nextBoolean() ? 1 : -1)
                            .filter(p -> p.work().isPresent());
                    if (next.isPresent()) {
                        note(point, next.get());
                        pairs++;
                        point = next.get();
                    }
                }
            }
        }
    }

    private double measured(Point point, Runs runs) {
        Work work = point.work().orElseThrow();
        return work.measure(clock, kept, runs.most, runs.seconds) / work.expected();
    }

    private void note(Point point, Point neighbour) {
        double cost = costs.computeIfAbsent(point, p -> measured(p, FIRST));
        double other = costs.computeIfAbsent(neighbour, p -> measured(p, FIRST));
        boolean first = cost >= other;
        Point slow = first ? point : neighbour;
        // A neighbour that does less than the definition says, such as nothing at all, makes no cliff.
        double ratio = Math.max(cost, other) / Math.max(1, Math.min(cost, other));
        Pair pair = new Pair(slow, first ? neighbour : point, ratio);
        if (pair.ratio >= NOTED) {
            worst.merge(slow.toString(), pair, (p, q) -> p.ratio >= q.ratio ? p : q);
        }
    }

    private List<Pair> ranked() {
        return worst.values().stream()
                .sorted(Comparator.comparingDouble(Pair::ratio).reversed())
                .toList();
    }

    // The first measurements ran while the JIT compiler had not seen the kernels yet. Rounds give it time.
    private void confirm(long end) {
        List<Pair> found = ranked().stream().limit(DOUBTED).toList();
        Stream<Point> costly = costs.entrySet().stream()
                .sorted(Map.Entry.<Point, Double>comparingByValue().reversed())
                .limit(COSTLY)
                .map(Map.Entry::getKey);
        Stream<Point> paired = found.stream().flatMap(pair -> Stream.of(pair.slow, pair.fast));
        List<Point> points = Stream.concat(costly, paired).distinct().toList();
        costs.clear();
        worst.clear();
        do {
            points.forEach(point -> costs.merge(point, measured(point, AGAIN), Math::min));
        } while (clock.getAsLong() < end);
        found.forEach(pair -> note(pair.slow, pair.fast));
    }

    private void printCosts(int count) {
        System.out.printf(Locale.ROOT, "%17s %9s  %s%n", "ms", "cost", "shapes that cost most");
        costs.entrySet().stream()
                .sorted(Map.Entry.<Point, Double>comparingByValue().reversed())
                .limit(count)
                .forEach(e -> System.out.printf(
                        Locale.ROOT,
                        "%17.3f %9.1f  %s%n",
                        e.getValue() * e.getKey().work().orElseThrow().expected() * 1e3,
                        e.getValue(),
                        e.getKey()));
    }

    private void print(int count) {
        System.out.printf(Locale.ROOT, "%d pairs compared, %d measured again; the worst:%n", pairs, costs.size());
        System.out.printf(Locale.ROOT, "%7s %9s %9s  %s%n", "ratio", "ms", "cost", "shape, and what its neighbour has");
        List<Pair> found = new ArrayList<>(ranked());
        for (Pair pair : found.subList(0, Math.min(count, found.size()))) {
            double cost = costs.get(pair.slow);
            double ms = cost * pair.slow.work().orElseThrow().expected() * 1e3;
            System.out.printf(
                    Locale.ROOT,
                    "%7.1f %9.3f %9.1f  %s | %s%n",
                    pair.ratio,
                    ms,
                    cost,
                    pair.slow,
                    difference(pair.slow, pair.fast));
        }
    }

    private static String difference(Point slow, Point fast) {
        for (int axis = 0; axis < slow.values().size(); axis++) {
            if (!slow.values().get(axis).equals(fast.values().get(axis))) {
                return slow.grid().axes().get(axis).name() + "=" + fast.values().get(axis);
            }
        }
        return "no difference";
    }
}
