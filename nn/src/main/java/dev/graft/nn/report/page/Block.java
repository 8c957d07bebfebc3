package dev.graft.nn.report.page;

/** What a section holds. */
public sealed interface Block
        permits Bullets, ChoiceTable, Figure, Gallery, Headline, Note, Paragraph, Section, Table {}
