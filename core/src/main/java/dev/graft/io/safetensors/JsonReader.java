package dev.graft.io.safetensors;

import dev.graft.io.file.WeightFileException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.function.BiFunction;

/**
 * A strict JSON pull reader (RFC 8259) that builds only what the caller requests, so that a hostile header costs no
 * more memory than its own bytes. Nesting is limited as in the reference implementation.
 */
final class JsonReader {
    private static final int MAX_DEPTH = 127;

    private final byte[] json;
    private final BiFunction<String, Integer, WeightFileException> error;
    private int at;
    private int depth;

    /** @param error makes the exception for a problem at a byte of {@code json} */
    JsonReader(byte[] json, BiFunction<String, Integer, WeightFileException> error) {
        this.json = json;
        this.error = error;
    }

    WeightFileException bad(String problem) {
        return error.apply(problem, at);
    }

    /** Enters an object or array. @return whether it has a first element */
    boolean begin(char open) {
        expect(open);
        if (++depth > MAX_DEPTH) {
            throw bad("JSON nested deeper than " + MAX_DEPTH);
        }
        return !closes(open == '{' ? '}' : ']');
    }

    /** After an element. @return whether another follows */
    boolean more(char close) {
        if (closes(close)) {
            return false;
        }
        expect(',');
        return true;
    }

    private boolean closes(char close) {
        skipSpace();
        if (at < json.length && json[at] == close) {
            at++;
            depth--;
            return true;
        }
        return false;
    }

    /** An object key and its colon. */
    String key() {
        String key = string();
        expect(':');
        return key;
    }

    String string() {
        expect('"');
        int start = at;
        boolean escaped = false;
        while (true) {
            int b = next();
            if (b == '"') {
                break;
            }
            if (b < 0x20) {
                throw bad("control character in a JSON string");
            }
            if (b == '\\') {
                escaped = true;
                if (next() == 'u') {
                    hex4();
                }
            }
        }
        String text = utf8(start, at - 1);
        return escaped ? unescape(text) : text;
    }

    /** A whole number, zero or more, as offsets and sizes are. */
    long size() {
        skipSpace();
        int start = at;
        long value = 0;
        while (at < json.length && json[at] >= '0' && json[at] <= '9') {
            int digit = json[at++] - '0';
            if (value > (Long.MAX_VALUE - digit) / 10) {
                throw bad("number over 2^63");
            }
            value = value * 10 + digit;
        }
        if (at == start) {
            throw bad("expected a whole number of zero or more");
        }
        if (at - start > 1 && json[start] == '0') {
            throw bad("number with a leading zero");
        }
        if (at < json.length && (json[at] == '.' || json[at] == 'e' || json[at] == 'E')) {
            throw bad("expected a whole number");
        }
        return value;
    }

    /** Reads a null if there is one. */
    boolean isNull() {
        skipSpace();
        if (at < json.length && json[at] == 'n') {
            word("null");
            return true;
        }
        return false;
    }

    /** Skips any value. */
    void skip() {
        skipSpace();
        if (at >= json.length) {
            throw bad("JSON ends early");
        }
        switch (json[at]) {
            case '{' -> {
                for (boolean more = begin('{'); more; more = more('}')) {
                    key();
                    skip();
                }
            }
            case '[' -> {
                for (boolean more = begin('['); more; more = more(']')) {
                    skip();
                }
            }
            case '"' -> string();
            case 't' -> word("true");
            case 'f' -> word("false");
            case 'n' -> word("null");
            default -> number();
        }
    }

    /** Nothing but white space may follow. */
    void end() {
        skipSpace();
        if (at < json.length) {
            throw bad("bytes after the end of the JSON");
        }
    }

    private void number() {
        if (peek() == '-') {
            at++;
        }
        if (peek() == '0') {
            at++;
        } else {
            digits();
        }
        if (peek() == '.') {
            at++;
            digits();
        }
        if (peek() == 'e' || peek() == 'E') {
            at++;
            if (peek() == '+' || peek() == '-') {
                at++;
            }
            digits();
        }
    }

    private void digits() {
        int start = at;
        while (peek() >= '0' && peek() <= '9') {
            at++;
        }
        if (at == start) {
            throw bad("not JSON");
        }
    }

    private int peek() {
        return at < json.length ? json[at] & 0xff : -1;
    }

    private void word(String word) {
        for (int i = 0; i < word.length(); i++) {
            if (next() != word.charAt(i)) {
                throw bad("not JSON");
            }
        }
    }

    private void expect(char c) {
        skipSpace();
        if (at >= json.length) {
            throw bad("JSON ends early, expected '" + c + "'");
        }
        if (json[at] != c) {
            throw bad("expected '" + c + "' in the JSON");
        }
        at++;
    }

    private int next() {
        if (at >= json.length) {
            throw bad("JSON ends early");
        }
        return json[at++] & 0xff;
    }

    private int hex4() {
        int value = 0;
        for (int i = 0; i < 4; i++) {
            int digit = Character.digit(next(), 16);
            if (digit < 0) {
                throw bad("bad \\u escape in a JSON string");
            }
            value = value << 4 | digit;
        }
        return value;
    }

    private void skipSpace() {
        while (at < json.length && (json[at] == ' ' || json[at] == '\n' || json[at] == '\r' || json[at] == '\t')) {
            at++;
        }
    }

    private String utf8(int start, int end) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(json, start, end - start))
                    .toString();
        } catch (CharacterCodingException e) {
            throw bad("a JSON string is not valid UTF-8");
        }
    }

    private String unescape(String text) {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '\\') {
                out.append(c);
                continue;
            }
            char code = text.charAt(++i);
            switch (code) {
                case '"', '\\', '/' -> out.append(code);
                case 'b' -> out.append('\b');
                case 'f' -> out.append('\f');
                case 'n' -> out.append('\n');
                case 'r' -> out.append('\r');
                case 't' -> out.append('\t');
                case 'u' -> {
                    out.append((char) Integer.parseInt(text.substring(i + 1, i + 5), 16));
                    i += 4;
                }
                default -> throw bad("unknown escape \\" + code + " in a JSON string");
            }
        }
        for (int i = 0; i < out.length(); i++) {
            boolean pair = i + 1 < out.length() && Character.isSurrogatePair(out.charAt(i), out.charAt(i + 1));
            if (Character.isSurrogate(out.charAt(i)) && !pair) {
                throw bad("half a surrogate pair in a JSON string");
            }
            i += pair ? 1 : 0;
        }
        return out.toString();
    }

    /** {@code text} as a JSON string with its quotes. */
    static String quote(String text) {
        StringBuilder out = new StringBuilder(text.length() + 2).append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                default -> out.append(c < 0x20 ? String.format(Locale.ROOT, "\\u%04x", (int) c) : String.valueOf(c));
            }
        }
        return out.append('"').toString();
    }
}
