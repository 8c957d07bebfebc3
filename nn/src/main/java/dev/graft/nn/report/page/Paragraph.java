package dev.graft.nn.report.page;

/**
 * A paragraph of text.
 *
 * @param text without markup
 */
public record Paragraph(String text) implements Block {}
