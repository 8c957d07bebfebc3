package dev.graft.nn.report.page;

/** A chart with its caption, and the table of its numbers behind it. */
public record Figure(Chart chart) implements Block {}
