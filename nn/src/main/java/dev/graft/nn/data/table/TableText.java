package dev.graft.nn.data.table;

import dev.graft.nn.data.DataException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PushbackInputStream;
import java.io.Reader;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** The text of a table: a plain file, one compressed by gzip, or one inside a zip archive. */
final class TableText {
    private TableText() {}

    /** A text that can be opened, and what errors call it. */
    record Source(Path file, String entry, Charset charset) {
        String name() {
            return entry.isEmpty() ? file.toString() : file + "!" + entry;
        }

        /**
         * The text; bytes that are not valid in its encoding are refused when they are read, since two levels might
         * become equal.
         */
        Reader open() {
            try {
                return decoded(bytes());
            } catch (IOException e) {
                throw unreadable(this, e);
            }
        }

        @SuppressWarnings("MustBeClosedChecker")
        private InputStream bytes() throws IOException {
            if (entry.isEmpty()) {
                InputStream raw = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
                return isNamed(file, ".gz") ? new GZIPInputStream(raw, 1 << 16) : raw;
            }
            ZipFile archive = new ZipFile(file.toFile());
            ZipEntry found = archive.getEntry(entry);
            if (found == null) {
                archive.close();
                throw new DataException("table: " + file + " has no entry '" + entry + "'. Hint: it has "
                        + String.join(", ", entries(file)) + ".");
            }
            return new ClosingArchive(archive.getInputStream(found), archive);
        }

        private Reader decoded(InputStream bytes) throws IOException {
            PushbackInputStream in = new PushbackInputStream(bytes, 3);
            byte[] start = in.readNBytes(3);
            Charset actual = charset;
            int mark = 0;
            if (start.length == 3 && start[0] == (byte) 0xEF && start[1] == (byte) 0xBB && start[2] == (byte) 0xBF) {
                actual = StandardCharsets.UTF_8;
                mark = 3;
            } else if (start.length >= 2 && start[0] == (byte) 0xFF && start[1] == (byte) 0xFE) {
                actual = StandardCharsets.UTF_16LE;
                mark = 2;
            } else if (start.length >= 2 && start[0] == (byte) 0xFE && start[1] == (byte) 0xFF) {
                actual = StandardCharsets.UTF_16BE;
                mark = 2;
            }
            in.unread(start, mark, start.length - mark);
            return new InputStreamReader(
                    in,
                    actual.newDecoder()
                            .onMalformedInput(CodingErrorAction.REPORT)
                            .onUnmappableCharacter(CodingErrorAction.REPORT));
        }
    }

    /** Closes the archive with its entry. */
    private static final class ClosingArchive extends java.io.FilterInputStream {
        private final ZipFile archive;

        ClosingArchive(InputStream entry, ZipFile archive) {
            super(entry);
            this.archive = archive;
        }

        @Override
        public void close() throws IOException {
            archive.close(); // closes the streams of its entries
        }
    }

    /** The texts that a path may mean: of an archive without a named entry, all its tables. */
    static List<Source> sources(Path path, Charset charset) {
        String word = path.toString();
        int bang = word.indexOf(".zip!");
        if (bang >= 0 && !Files.exists(path)) {
            Path archive = Path.of(word.substring(0, bang + 4));
            checkFile(archive);
            return List.of(new Source(archive, word.substring(bang + 5), charset));
        }
        checkFile(path);
        if (!isNamed(path, ".zip")) {
            return List.of(new Source(path, "", charset));
        }
        List<String> entries = entries(path);
        if (entries.isEmpty()) {
            throw new DataException("table: " + path + " holds no CSV file. Hint: give a zip archive with one.");
        }
        return entries.stream().map(entry -> new Source(path, entry, charset)).toList();
    }

    private static void checkFile(Path file) {
        if (!Files.exists(file)) {
            throw new DataException("table: " + file + " does not exist. Hint: check the path.");
        }
        if (!Files.isRegularFile(file)) { // opening a pipe waits, a device has no end
            throw new DataException(
                    "table: " + file + " is not a regular file. Hint: give a .csv, .csv.gz or .zip file.");
        }
    }

    private static List<String> entries(Path zip) {
        List<String> names = new ArrayList<>();
        try (ZipFile archive = new ZipFile(zip.toFile())) {
            Enumeration<? extends ZipEntry> all = archive.entries();
            while (all.hasMoreElements()) {
                ZipEntry entry = all.nextElement();
                String name = entry.getName();
                boolean hidden = name.startsWith("__MACOSX/")
                        || name.substring(name.lastIndexOf('/') + 1).startsWith(".");
                if (!entry.isDirectory()
                        && !hidden
                        && name.toLowerCase(Locale.ROOT).endsWith(".csv")) {
                    names.add(name);
                }
            }
            return names;
        } catch (IOException e) {
            throw new DataException(
                    "table: " + zip + " is not a readable zip archive (" + e.getMessage()
                            + "). Hint: download it again, or give the CSV file inside it.",
                    e);
        }
    }

    private static boolean isNamed(Path file, String ending) {
        return file.toString().toLowerCase(Locale.ROOT).endsWith(ending);
    }

    static DataException unreadable(Source source, IOException e) {
        return new DataException(
                "table: " + source.name() + " cannot be read (" + e.getMessage()
                        + "). Hint: check that it is whole and may be read.",
                e);
    }
}
