package dev.graft.nn.train;

import dev.graft.nn.optim.Optimizer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The settings of a trainer that a resumed run must, or should, agree with.
 *
 * @param accumulate batches a step
 * @param monitor the score that names the best epoch
 * @param optimizer its name
 * @param details everything else that changes the numbers
 */
record RunSettings(int accumulate, String monitor, String optimizer, String details) {

    static RunSettings of(
            int accumulate, Monitor monitor, Optimizer optimizer, String clipNorm, String loss, String schedule) {
        return new RunSettings(
                accumulate,
                monitor.toString(),
                optimizer.name(),
                optimizer + ", " + accumulate + " batches a step, " + clipNorm + ", " + loss + ", " + schedule);
    }

    Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("accumulate", accumulate);
        map.put("monitor", monitor);
        map.put("optimizer", optimizer);
        map.put("details", details);
        return map;
    }

    static RunSettings fromMap(Map<?, ?> map) {
        return new RunSettings(
                Checkpoint.number(map, "accumulate").intValue(),
                Checkpoint.text(map, "monitor"),
                Checkpoint.text(map, "optimizer"),
                Checkpoint.text(map, "details"));
    }
}
