package dev.graft.examples.cli.text;

import java.io.FilterWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.util.Locale;

/**
 * Writes control characters as <code>&#92;u001b</code>, except tabs and line ends. Class names and file names come from
 * downloaded files and other people's folders. As they are, they could move a terminal's cursor, or turn the direction
 * of the text, and so show another answer than the program gave.
 */
public final class VisibleText extends FilterWriter {

    private VisibleText(Writer out) {
        super(out);
    }

    public static PrintWriter to(PrintWriter out) {
        return new PrintWriter(new VisibleText(out), true);
    }

    @Override
    public void write(int c) throws IOException {
        write(String.valueOf((char) c), 0, 1);
    }

    @Override
    public void write(char[] text, int from, int count) throws IOException {
        write(new String(text, from, count), 0, count);
    }

    @Override
    public void write(String text, int from, int count) throws IOException {
        int written = from;
        for (int i = from; i < from + count; i++) {
            char c = text.charAt(i);
            boolean lineEnd = c == '\r' && i + 1 < from + count && text.charAt(i + 1) == '\n';
            if (isHidden(c) && !lineEnd) {
                out.write(text, written, i - written);
                out.write(String.format(Locale.ROOT, "\\u%04x", (int) c));
                written = i + 1;
            }
        }
        out.write(text, written, from + count - written);
    }

    private static boolean isHidden(char c) {
        boolean directs = (c >= '\u202a' && c <= '\u202e') || (c >= '\u2066' && c <= '\u2069');
        return directs || (Character.isISOControl(c) && c != '\n' && c != '\t');
    }
}
