package dev.graft.nn.report.page;

/**
 * A line that stands out.
 *
 * @param kind how much it matters
 */
public record Note(Kind kind, String text) implements Block {
    /** How much a note matters. Each has a word of its own, since colour alone says nothing to many readers. */
    public enum Kind {
        GOOD("Good"),
        INFORMATION("Note"),
        WARNING("Warning"),
        BAD("Problem");

        private final String word;

        Kind(String word) {
            this.word = word;
        }

        String word() {
            return word;
        }
    }

    /** Something to know. */
    public static Note of(String text) {
        return new Note(Kind.INFORMATION, text);
    }

    /** Something to mind. */
    public static Note warning(String text) {
        return new Note(Kind.WARNING, text);
    }
}
