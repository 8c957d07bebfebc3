package dev.graft.benchmarks.peers;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What to measure: {@code models= modes= batches= threads= seconds= warmup= peers= python=}, lists comma-separated.
 *
 * @param seconds how long to measure each line of the table
 * @param warmUp seconds for each side before that
 * @param peers {@code djl}, and {@code torch} (of pip) or {@code libtorch} where they can be left out
 * @param python a Python with PyTorch, for the programs that compare with one
 */
record Options(
        List<String> models,
        List<String> modes,
        List<Integer> batches,
        int threads,
        double seconds,
        double warmUp,
        List<String> peers,
        String python) {

    /** @param defaults where they differ from the table's of whole networks */
    static Options parse(List<String> args, Map<String, String> defaults) {
        Map<String, String> given = new HashMap<>(defaults);
        for (String arg : args) {
            String[] pair = arg.split("=", 2);
            if (pair.length != 2) {
                throw new IllegalArgumentException("expected key=value, got " + arg);
            }
            given.put(pair[0], pair[1]);
        }
        return new Options(
                list(given.getOrDefault("models", "resnet18,efficientnet_lite0")),
                list(given.getOrDefault("modes", "inference,train,frozen")),
                list(given.getOrDefault("batches", "1,8,32")).stream()
                        .map(Integer::valueOf)
                        .toList(),
                Integer.parseInt(given.getOrDefault("threads", "2")),
                Double.parseDouble(given.getOrDefault("seconds", "10")),
                Double.parseDouble(given.getOrDefault("warmup", "8")),
                list(given.getOrDefault("peers", "libtorch,djl")),
                given.getOrDefault("python", "python3"));
    }

    private static List<String> list(String text) {
        return Stream.of(text.split(",")).filter(s -> !s.isBlank()).toList();
    }
}
