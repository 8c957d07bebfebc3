package dev.graft.vision.image.dicom;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Finds the pieces of a frame among encapsulated pixels (PS3.5 A.4). */
final class Encapsulated {
    private Encapsulated() {}

    /** The bytes of a frame, counted from 0, of {@code frames}. */
    static ByteBuffer frame(DataSetReader.Fragments all, int frame, int frames) {
        int n = all.pieces.size() - 1; // the first is the table of offsets
        if (n < 1) {
            throw DicomFault.corrupt("no encapsulated frame");
        }
        if (frames == 1) {
            return join(all.pieces.subList(1, n + 1));
        }
        if (n == frames) {
            return all.pieces.get(frame + 1);
        }
        ByteBuffer table = all.pieces.get(0);
        if (table.remaining() / 4 != frames) {
            throw DicomFault.corrupt(n + " pieces for " + frames + " frames, and no table of their positions");
        }
        long start = all.positions.get(1);
        long from = start + (table.getInt(4 * frame) & 0xffffffffL);
        long to = frame + 1 < frames ? start + (table.getInt(4 * frame + 4) & 0xffffffffL) : Long.MAX_VALUE;
        List<ByteBuffer> pieces = new ArrayList<>();
        for (int i = 1; i <= n; i++) {
            if (all.positions.get(i) >= from && all.positions.get(i) < to) {
                pieces.add(all.pieces.get(i));
            }
        }
        if (pieces.isEmpty()) {
            throw DicomFault.corrupt("the table of frames points nowhere");
        }
        return join(pieces);
    }

    private static ByteBuffer join(List<ByteBuffer> pieces) {
        if (pieces.size() == 1) {
            return pieces.get(0);
        }
        ByteBuffer whole = ByteBuffer.allocate(
                        pieces.stream().mapToInt(ByteBuffer::remaining).sum())
                .order(pieces.get(0).order());
        pieces.forEach(piece -> whole.put(piece.duplicate()));
        return whole.flip();
    }
}
