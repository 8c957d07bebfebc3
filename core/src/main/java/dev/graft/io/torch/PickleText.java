package dev.graft.io.torch;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;

/**
 * The values that pickle's protocols 0 and 1 write as text, each up to the end of its line. In protocol 2, Python 2
 * also wrote whole numbers of more than 32 bits this way, as in PyTorch's first checkpoints.
 */
final class PickleText {
    private static final int MAX_DIGITS = 600;

    private PickleText() {}

    /** As a {@code Long} if it fits one. */
    static Object fitted(BigInteger value) {
        return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
    }

    /** {@code 00} and {@code 01} are booleans. */
    static Object integer(PickleInput in, String line) {
        return switch (line) {
            case "00" -> false;
            case "01" -> true;
            default -> digits(in, line);
        };
    }

    /** Python 2 wrote an {@code L} after a long number. */
    static Object longInteger(PickleInput in, String line) {
        return digits(in, line.endsWith("L") ? line.substring(0, line.length() - 1) : line);
    }

    private static Object digits(PickleInput in, String text) {
        if (text.length() > MAX_DIGITS || !text.strip().matches("[+-]?[0-9]+")) {
            throw in.bad("a whole number in an unknown notation");
        }
        return fitted(new BigInteger(text.strip()));
    }

    static double decimal(PickleInput in, String line) {
        String text = line.strip();
        return switch (text) {
            case "inf" -> Double.POSITIVE_INFINITY;
            case "-inf" -> Double.NEGATIVE_INFINITY;
            case "nan" -> Double.NaN;
            default -> {
                if (!text.matches("[+-]?[0-9.]+([eE][+-]?[0-9]+)?")) {
                    throw in.bad("a decimal number that is written otherwise");
                }
                try {
                    yield Double.parseDouble(text);
                } catch (NumberFormatException e) {
                    throw in.bad("a decimal number that is written otherwise");
                }
            }
        };
    }

    static long key(PickleInput in, String line) {
        if (digits(in, line) instanceof Long key && key >= 0) {
            return key;
        }
        throw in.bad("a memo entry that is not numbered");
    }

    /**
     * A Python literal in quotes, with backslash escapes; bytes are read as Latin-1, which is also a choice of
     * torch.load's {@code encoding}.
     */
    static String quoted(PickleInput in, String line) {
        int last = line.length() - 1;
        boolean quotes =
                last > 0 && (line.charAt(0) == '\'' || line.charAt(0) == '"') && line.charAt(last) == line.charAt(0);
        if (!quotes) {
            throw in.bad("a string without quotes");
        }
        StringBuilder text = new StringBuilder(last);
        for (int i = 1; i < last; i++) {
            char c = line.charAt(i);
            if (c != '\\') {
                text.append(c);
                continue;
            }
            if (++i == last) {
                throw in.bad("a string that ends in an escape");
            }
            switch (line.charAt(i)) {
                case 'n' -> text.append('\n');
                case 'r' -> text.append('\r');
                case 't' -> text.append('\t');
                case 'a' -> text.append((char) 7);
                case 'b' -> text.append('\b');
                case 'f' -> text.append('\f');
                case 'v' -> text.append((char) 11);
                case 'x' -> {
                    text.append((char) hex(in, line, i + 1, 2, last));
                    i += 2;
                }
                default -> text.append(line.charAt(i)); // a quote, a backslash
            }
        }
        return text.toString();
    }

    /** Python's raw-unicode-escape: Latin-1 with {@code \\uXXXX} and {@code \\UXXXXXXXX}. */
    static String rawUnicode(PickleInput in, String line) {
        StringBuilder text = new StringBuilder(line.length());
        for (int i = 0; i < line.length(); i++) {
            char next = i + 1 < line.length() ? line.charAt(i + 1) : ' ';
            int digits = line.charAt(i) != '\\' ? 0 : next == 'u' ? 4 : next == 'U' ? 8 : 0;
            if (digits == 0) {
                text.append(line.charAt(i));
                continue;
            }
            int point = hex(in, line, i + 2, digits, line.length());
            if (!Character.isValidCodePoint(point)) {
                throw in.bad("a character beyond Unicode");
            }
            text.appendCodePoint(point);
            i += 1 + digits;
        }
        String result = text.toString();
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(result)) {
            throw in.bad("a string is not valid Unicode");
        }
        return result;
    }

    private static int hex(PickleInput in, String line, int from, int digits, int end) {
        if (from + digits > end || !line.substring(from, from + digits).matches("[0-9a-fA-F]+")) {
            throw in.bad("an escape without its digits");
        }
        return Integer.parseUnsignedInt(line.substring(from, from + digits), 16);
    }
}
