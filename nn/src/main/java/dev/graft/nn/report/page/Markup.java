package dev.graft.nn.report.page;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Writes elements that are HTML and well-formed XML at once. All text comes from outside (class names, file names, what
 * people wrote), so all of it is escaped; names of elements and attributes are the caller's own.
 */
final class Markup {
    private final StringBuilder out = new StringBuilder();
    private final Deque<String> open = new ArrayDeque<>();

    /**
     * Begins an element.
     *
     * @param attributes names and values in turn
     */
    Markup open(String name, Object... attributes) {
        start(name, attributes);
        out.append('>');
        open.push(name);
        return this;
    }

    /** Ends the innermost open element. */
    Markup close() {
        String name = open.pop();
        out.append("</").append(name).append('>');
        if (open.size() < 5) {
            out.append('\n');
        }
        return this;
    }

    /** An element without content. */
    Markup empty(String name, Object... attributes) {
        start(name, attributes);
        out.append(" />");
        return this;
    }

    /** An element that holds text only. */
    Markup element(String name, String text, Object... attributes) {
        return open(name, attributes).text(text).close();
    }

    Markup text(String text) {
        escape(text, out);
        return this;
    }

    /** Text that is no one else's, such as a style sheet; it must not hold what markup is made of. */
    Markup own(String text) {
        if (text.indexOf('<') >= 0 || text.indexOf('&') >= 0) {
            throw new IllegalArgumentException("markup: own text must not hold < or &");
        }
        out.append(text);
        return this;
    }

    private void start(String name, Object... attributes) {
        out.append('<').append(name);
        for (int i = 0; i < attributes.length; i += 2) {
            out.append(' ').append(attributes[i]).append("=\"");
            escape(attributes[i + 1].toString(), out);
            out.append('"');
        }
    }

    static String escaped(String text) {
        StringBuilder escaped = new StringBuilder();
        escape(text, escaped);
        return escaped.toString();
    }

    private static void escape(String text, StringBuilder out) {
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\'' -> out.append("&#39;");
                default -> out.appendCodePoint(isShown(c) ? c : 0xFFFD);
            }
        }
    }

    /**
     * Whether a character may stand in XML, and does not turn the text around it: a name that reorders what follows
     * could make a row say something else.
     */
    private static boolean isShown(int c) {
        if (c == '\n' || c == '\t') {
            return true;
        }
        boolean control = c < 0x20 || (c >= 0x7F && c <= 0x9F);
        boolean surrogate = c >= 0xD800 && c <= 0xDFFF;
        boolean noCharacter = (c & 0xFFFE) == 0xFFFE;
        boolean turning = (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x200E || c == 0x200F;
        return !control && !surrogate && !noCharacter && !turning;
    }

    @Override
    public String toString() {
        return out.toString();
    }
}
