package dev.graft.tensor;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Compares a graph's run with its reference. How far off a number may be is not a constant: the reference runs several
 * times on noisy tapes, and a number may differ by as much as their numbers do, and little more. So a wrong small
 * number beside large ones is told.
 *
 * @param fault what is wrong, or null
 * @param vertex where, or -1
 * @param elements numbers compared
 * @param loose how many of them may be off by a tenth of themselves and more
 */
record GraphJudge(String fault, int vertex, long elements, long loose) {
    private static final int NOISY_RUNS = 8;
    /** Relative error of each step of a noisy run: twice the rounding of floats. */
    private static final double NOISE = Math.scalb(1.0, -22);

    private static final double FACTOR = 6;
    private static final double FLOOR = 4e-7;
    /** A Winograd convolution's error, relative to the largest result. */
    private static final double COARSE = 1e-4;

    static GraphJudge of(Graph graph, Set<Object> recorded) {
        return of(graph, On.CPU, recorded);
    }

    static GraphJudge of(Graph graph, On on, Set<Object> recorded) {
        Graph.Outcome<float[]> run;
        try {
            run = graph.run(on, recorded);
        } catch (RuntimeException | AssertionError e) {
            return new GraphJudge(e.toString(), -1, 0, 0);
        }
        Graph.Outcome<double[]> expected = graph.reference(0, 0);
        Graph.Outcome<double[]> allowed = tolerances(graph, expected);
        long elements = 0;
        long loose = 0;
        for (boolean gradient : new boolean[] {false, true}) {
            List<float[]> found = gradient ? run.gradients() : run.values();
            List<double[]> right = gradient ? expected.gradients() : expected.values();
            List<double[]> tolerance = gradient ? allowed.gradients() : allowed.values();
            for (int v = 0; v < right.size(); v++) {
                String where = (gradient ? "gradient of t" : "value of t") + v;
                if ((found.get(v) == null) != (right.get(v) == null)) {
                    return new GraphJudge(
                            where + (found.get(v) == null ? " is missing" : " is there, but nothing leads to it"),
                            v,
                            elements,
                            loose);
                }
                for (int i = 0; right.get(v) != null && i < right.get(v).length; i++) {
                    double e = right.get(v)[i];
                    double t = tolerance.get(v)[i];
                    elements++;
                    if (t > 0.1 * Math.abs(e) && t > 1e-5) {
                        loose++;
                    }
                    if (!(Math.abs(found.get(v)[i] - e) <= t)) {
                        return new GraphJudge(
                                where + ", element " + i + " is " + found.get(v)[i] + ", not " + e
                                        + " (allowed difference " + t + ")",
                                v,
                                elements,
                                loose);
                    }
                }
            }
        }
        return new GraphJudge(null, -1, elements, loose);
    }

    static Graph.Outcome<double[]> tolerances(Graph graph, Graph.Outcome<double[]> expected) {
        Graph.Outcome<double[]> spread = new Graph.Outcome<>(zeros(expected.values()), zeros(expected.gradients()));
        for (int k = 1; k <= NOISY_RUNS; k++) {
            Graph.Outcome<double[]> noisy = graph.reference(NOISE, k);
            widen(spread.values(), expected.values(), noisy.values());
            widen(spread.gradients(), expected.gradients(), noisy.gradients());
        }
        boolean coarse = graph.isCoarse();
        finish(spread.values(), expected.values(), coarse);
        finish(spread.gradients(), expected.gradients(), coarse);
        return spread;
    }

    private static List<double[]> zeros(List<double[]> like) {
        return like.stream().map(a -> a == null ? null : new double[a.length]).collect(Collectors.toList());
    }

    private static void widen(List<double[]> spread, List<double[]> exact, List<double[]> noisy) {
        for (int v = 0; v < spread.size(); v++) {
            for (int i = 0; spread.get(v) != null && i < spread.get(v).length; i++) {
                spread.get(v)[i] = Math.max(spread.get(v)[i], Math.abs(exact.get(v)[i] - noisy.get(v)[i]));
            }
        }
    }

    private static void finish(List<double[]> spread, List<double[]> exact, boolean coarse) {
        for (int v = 0; v < spread.size(); v++) {
            double largest = 0;
            for (int i = 0; coarse && spread.get(v) != null && i < spread.get(v).length; i++) {
                largest = Math.max(largest, Math.abs(exact.get(v)[i]));
            }
            for (int i = 0; spread.get(v) != null && i < spread.get(v).length; i++) {
                spread.get(v)[i] =
                        FACTOR * spread.get(v)[i] + FLOOR * Math.abs(exact.get(v)[i]) + COARSE * largest + 1e-37;
            }
        }
    }

    /** Takes vertices and passes away as long as the rest still fails. */
    static Graph smallest(Graph graph) {
        Graph best = graph.withoutDeadVertices();
        GraphJudge first = of(graph, new HashSet<>());
        if (of(best, new HashSet<>()).fault() == null) {
            // What is wrong leads to no loss: it becomes one.
            best = graph.withRoot(first.vertex());
            if (of(best, new HashSet<>()).fault() == null) {
                return graph;
            }
        }
        boolean smaller = true;
        while (smaller) {
            smaller = false;
            for (int i = 0;
                    !smaller && best.passes().size() > 1 && i < best.passes().size();
                    i++) {
                Graph candidate = best.withoutPass(i);
                if (of(candidate, new HashSet<>()).fault() != null) {
                    best = candidate;
                    smaller = true;
                }
            }
            int at = of(best, new HashSet<>()).vertex();
            if (!smaller && at >= 0 && best.vertices().get(at) instanceof Graph.Step && isNoRoot(best, at)) {
                Graph candidate = best.withRoot(at);
                if (candidate.vertices().size() < best.vertices().size()
                        && of(candidate, new HashSet<>()).fault() != null) {
                    best = candidate;
                    smaller = true;
                }
            }
            List<double[]> values = best.reference(0, 0).values();
            for (int v = 0; !smaller && v < best.vertices().size(); v++) {
                if (best.vertices().get(v) instanceof Graph.Step && isNoRoot(best, v)) {
                    float[] data = new float[values.get(v).length];
                    for (int i = 0; i < data.length; i++) {
                        data[i] = (float) values.get(v)[i];
                    }
                    Graph candidate = best.cut(v, data);
                    if (of(candidate, new HashSet<>()).fault() != null) {
                        best = candidate;
                        smaller = true;
                    }
                }
            }
        }
        return best;
    }

    private static boolean isNoRoot(Graph graph, int v) {
        return graph.passes().stream().noneMatch(p -> p.root() == v);
    }
}
