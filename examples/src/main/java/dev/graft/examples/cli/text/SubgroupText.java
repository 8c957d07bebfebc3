package dev.graft.examples.cli.text;

import dev.graft.nn.metric.interval.Estimate;
import dev.graft.nn.metric.interval.Interval;
import dev.graft.nn.metric.interval.Subgroups;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Metrics of parts of the images, as people read them and as JSON. */
public final class SubgroupText {
    private SubgroupText() {}

    public static void print(PrintWriter out, List<Subgroups> all) {
        out.printf(
                Locale.ROOT,
                "%n%-16s %-20s %-12s %7s %8s   %-18s%n",
                "subgroups by",
                "part",
                "metric",
                "images",
                "value",
                "95 % interval");
        for (Subgroups subgroups : all) {
            for (Subgroups.Part part : subgroups.parts()) {
                Estimate estimate = part.estimate();
                String line = String.format(
                        Locale.ROOT,
                        "%-16s %-20s %-12s %7d %8s   %-18s %s",
                        subgroups.column(),
                        part.name(),
                        estimate.name(),
                        part.cases(),
                        ScoreText.of(estimate.score().orNaN()),
                        estimate.interval().map(Interval::toString).orElse("-"),
                        part.tooSmall().orElse(""));
                out.println(line.stripTrailing());
            }
        }
        out.println("of many subgroups, some look bad by chance (docs/evaluation.md)");
    }

    public static List<Object> toList(List<Subgroups> all) {
        return all.stream()
                .<Object>map(subgroups -> {
                    Map<String, Object> map = new LinkedHashMap<>();
                    map.put("column", subgroups.column());
                    map.put("metric", subgroups.parts().get(0).estimate().name());
                    map.put(
                            "parts",
                            subgroups.parts().stream().map(SubgroupText::toMap).toList());
                    return map;
                })
                .toList();
    }

    private static Map<String, Object> toMap(Subgroups.Part part) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("name", part.name());
        map.put("images", part.cases());
        map.put("patients", part.patients());
        if (part.estimate().score().isDefined()) {
            map.put("value", part.estimate().score().orNaN());
        } else {
            map.put("undefined", part.estimate().score().reason());
        }
        part.estimate().interval().ifPresent(interval -> {
            map.put("low", interval.low());
            map.put("high", interval.high());
        });
        part.tooSmall().ifPresent(note -> map.put("note", note));
        return map;
    }
}
