package dev.graft.nn.data.sequence;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Map;

/** Finds where the sequences of a FASTA file lie, if all lines of each but its last have one length. */
final class FastaLines {
    private final Path file;
    private final Map<String, IndexedFasta.Entry> entries;
    private final Iterator<String> names;

    private String name = "";
    private long start;
    private long bases;
    private long lineBases;
    private long lineBytes;
    /** A shorter line has been read: only blank lines may follow. */
    private boolean ended;

    /** @param entries the names in the file's order, whose values will be replaced */
    FastaLines(Path file, Map<String, IndexedFasta.Entry> entries) {
        this.file = file;
        this.entries = entries;
        this.names = entries.keySet().iterator();
    }

    void scan(InputStream in) throws IOException {
        byte[] buffer = new byte[1 << 16];
        long offset = 0;
        long line = 1;
        long lineStart = 0;
        long letters = 0;
        int first = 0;
        for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
            for (int i = 0; i < n; i++) {
                byte b = buffer[i];
                if (b == '\n') {
                    lineDone(first, letters, offset + i + 1 - lineStart, offset + i + 1, line++);
                    lineStart = offset + i + 1;
                    letters = 0;
                    first = 0;
                } else {
                    first = first == 0 ? b : first;
                    letters += b > ' ' ? 1 : 0;
                }
            }
            offset += n;
        }
        if (offset > lineStart) {
            lineDone(first, letters, offset - lineStart, offset, line);
        }
        finish();
    }

    private void lineDone(int first, long letters, long width, long next, long line) {
        if (first == '>') {
            finish();
            name = names.next();
            start = next;
            bases = 0;
            lineBases = 0;
            ended = false;
        } else if (letters > 0 && first != ';') {
            boolean longer = lineBases > 0 && letters > lineBases;
            if (ended || longer || (lineBases > 0 && letters == lineBases && width != lineBytes && width != letters)) {
                throw SequenceFiles.at(
                        file,
                        line,
                        "the lines of " + name + " have unequal lengths, so that no part of it can be found",
                        "write its sequence in lines of one length, such as 60");
            }
            if (lineBases == 0) {
                lineBases = letters;
                lineBytes = width;
            }
            ended = letters < lineBases;
            bases += letters;
        } else if (first == ';' || bases > 0) {
            ended = true;
        } else {
            start = next; // a blank line before the sequence
        }
    }

    private void finish() {
        if (!name.isEmpty() || bases > 0) {
            entries.put(name, new IndexedFasta.Entry(bases, start, lineBases, lineBytes));
        }
    }
}
