package dev.graft.nn.report.page;

import java.util.List;

/** A list of lines; without lines, nothing is shown. */
public record Bullets(List<String> lines) implements Block {
    public Bullets {
        lines = List.copyOf(lines);
    }
}
