package dev.graft.nn.data.sequence;

/**
 * A sequence of a file.
 *
 * @param name the first word of its header
 * @param description the rest of its header; empty if there is none
 * @param letters its letters, as the file has them
 */
public record NamedSequence(String name, String description, String letters) {}
