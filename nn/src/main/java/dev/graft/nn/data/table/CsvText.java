package dev.graft.nn.data.table;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import dev.graft.nn.data.DataException;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** CSV files (RFC 4180) as texts. */
public final class CsvText {
    private static final long MAX_BYTES = 1 << 30;

    /** A byte-order mark and its encoding. Longer marks come first. */
    private record Mark(Charset charset, byte... bytes) {}

    private static final List<Mark> MARKS = List.of(
            new Mark(Charset.forName("UTF-32LE"), (byte) 0xFF, (byte) 0xFE, (byte) 0, (byte) 0),
            new Mark(Charset.forName("UTF-32BE"), (byte) 0, (byte) 0, (byte) 0xFE, (byte) 0xFF),
            new Mark(StandardCharsets.UTF_8, (byte) 0xEF, (byte) 0xBB, (byte) 0xBF),
            new Mark(StandardCharsets.UTF_16LE, (byte) 0xFF, (byte) 0xFE),
            new Mark(StandardCharsets.UTF_16BE, (byte) 0xFE, (byte) 0xFF));

    private CsvText() {}

    /** A header and a line for each row, with plain line feeds. */
    public static String of(List<String> header, List<List<String>> rows) {
        StringWriter text = new StringWriter();
        try (CsvWriter csv = CsvWriter.builder().lineDelimiter(LineDelimiter.LF).build(text)) {
            csv.writeRecord(header);
            rows.forEach(csv::writeRecord);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    /**
     * Reads a file. Bytes that are not valid in its encoding are refused: replaced by question marks, two labels might
     * become equal.
     *
     * @param name what errors call the file, such as {@code image csv: list.csv}
     * @param charset the encoding of a file without a byte-order mark
     * @param encoding the setting that names the encoding, for a hint
     * @throws DataException naming the line and the encoding if the text is not valid in it
     */
    public static String read(String name, Path csv, Charset charset, String encoding) {
        if (Files.exists(csv) && !Files.isRegularFile(csv)) { // opening a pipe waits, a device has no end
            throw new DataException(name + " is not a regular file. Hint: give a CSV file.");
        }
        byte[] bytes;
        try {
            if (Files.size(csv) > MAX_BYTES) {
                throw new DataException(
                        name + " is longer than " + MAX_BYTES + " bytes. Hint: it is hardly a list of images.");
            }
            bytes = Files.readAllBytes(csv);
        } catch (IOException e) {
            throw new DataException(name + " cannot be read (" + e.getMessage() + "). Hint: check the path.", e);
        }
        Optional<Mark> mark =
                MARKS.stream().filter(m -> startsWith(bytes, m.bytes())).findFirst();
        int from = mark.map(m -> m.bytes().length).orElse(0);
        return decode(
                name,
                ByteBuffer.wrap(bytes, from, bytes.length - from),
                mark.map(Mark::charset).orElse(charset),
                "Hint: name the encoding with " + encoding);
    }

    private static boolean startsWith(byte[] bytes, byte[] start) {
        for (int i = 0; i < start.length; i++) {
            if (bytes.length <= i || bytes[i] != start[i]) {
                return false;
            }
        }
        return true;
    }

    private static String decode(String name, ByteBuffer in, Charset charset, String hint) {
        var decoder = charset.newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        CharBuffer out = CharBuffer.allocate((int) Math.min(
                Integer.MAX_VALUE - 16, 1 + (long) Math.ceil(in.remaining() * (double) decoder.maxCharsPerByte())));
        CoderResult result = decoder.decode(in, out, true);
        String text = out.flip().toString();
        if (result.isError()) {
            throw new DataException(String.format(
                    Locale.ROOT,
                    "%s line %d is not %s (byte %02X%s). %s, such as windows-1252.",
                    name,
                    line(text),
                    charset,
                    in.get(in.position()) & 0xff,
                    after(text),
                    hint));
        }
        int nul = text.indexOf('\0');
        if (nul >= 0) {
            throw new DataException(name + " line " + line(text.substring(0, nul)) + " holds a NUL character in "
                    + charset + ". " + hint + ", such as UTF-16LE.");
        }
        return text;
    }

    private static long line(String before) {
        return 1 + before.chars().filter(c -> c == '\n').count();
    }

    /** The text before it on its line, so that it can be found in an editor. */
    private static String after(String text) {
        String line = text.substring(text.lastIndexOf('\n') + 1).strip();
        return line.isEmpty() ? "" : " after \"" + line.substring(Math.max(0, line.length() - 30)) + "\"";
    }
}
