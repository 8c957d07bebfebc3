package dev.graft.tensor;

import java.io.BufferedOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Writes random graphs, with the values and gradients by Graft and by the reference, as JSON lines for
 * {@code check_graphs.py}.
 */
final class GraphExport {
    private GraphExport() {}

    /**
     * Prints random graphs, one a line.
     *
     * @param arguments the first seed and the number of graphs
     */
    public static void main(String[] arguments) {
        long first = Long.parseLong(arguments[0]);
        long count = Long.parseLong(arguments[1]);
        PrintStream out = new PrintStream(new BufferedOutputStream(System.out, 1 << 16), false, StandardCharsets.UTF_8);
        for (long seed = first; seed < first + count; seed++) {
            out.println(line(seed, GraphBuilder.random(seed, RandomGraphTest.makers())));
        }
        out.flush();
    }

    private static String line(long seed, Graph graph) {
        Graph.Outcome<float[]> run = graph.run(new HashSet<>());
        Graph.Outcome<double[]> reference = graph.reference(0, 0);
        Graph.Outcome<double[]> allowed = GraphJudge.tolerances(graph, reference);
        String vertices = IntStream.range(0, graph.vertices().size())
                .mapToObj(i -> {
                    Graph.Vertex v = graph.vertices().get(i);
                    String leaf = v instanceof Graph.Leaf l
                            ? ", \"leaf\": [" + Graph.list(l.data(), "") + "], \"needs\": " + l.needs()
                            : "";
                    String keys = v instanceof Graph.Step s
                            ? s.keys().stream()
                                    .map(k -> "\"" + (k instanceof Class<?> c ? c.getSimpleName() : k) + "\"")
                                    .collect(Collectors.joining(", "))
                            : "";
                    String gradient = reference.gradients().get(i) == null
                            ? ""
                            : ", \"gradient\": "
                                    + numbers(
                                            run.gradients().get(i),
                                            reference.gradients().get(i),
                                            allowed.gradients().get(i));
                    return "{\"dims\": [" + Graph.list(v.dims()) + "], \"keys\": [" + keys + "]" + leaf
                            + ", \"value\": "
                            + numbers(
                                    run.values().get(i),
                                    reference.values().get(i),
                                    allowed.values().get(i)) + gradient + "}";
                })
                .collect(Collectors.joining(", "));
        return "{\"seed\": " + seed + ", \"code\": \"" + graph.python().replace("\n", "\\n") + "\", \"casts\": "
                + graph.python().contains("float16") + ", \"vertices\": [" + vertices + "]}";
    }

    private static String numbers(float[] graft, double[] reference, double[] allowed) {
        return "[[" + Graph.list(graft, "") + "], " + Arrays.toString(reference) + ", " + Arrays.toString(allowed)
                + "]";
    }
}
