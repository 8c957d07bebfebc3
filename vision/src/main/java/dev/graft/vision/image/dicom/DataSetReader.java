package dev.graft.vision.image.dicom;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Walks through the attributes of a data set once, and keeps the wanted ones ({@link Tag}). Whatever a file says, time
 * and memory are bounded by its length: lengths are compared with what is left, the depth of sequences and the number
 * of items kept are limited, and values are views of the file.
 */
final class DataSetReader {
    private static final int UNDEFINED = -1;
    /** Enhanced multi-frame files nest four deep; structured reports nest deeper, but have no pixels. */
    private static final int MAX_DEPTH = 32;
    /** Kept items and fragments; one for each frame is usual. */
    private static final int MAX_ITEMS = 200_000;

    private final ByteBuffer data;
    private final Fragments fragments = new Fragments();
    private int kept;
    private boolean pixelsSeen;
    private boolean wordPixels;
    private boolean beforePixels;
    private long pixelBytes;

    DataSetReader(byte[] bytes, TransferSyntax syntax) {
        this.data = ByteBuffer.wrap(bytes).order(syntax.bigEndian() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Reads the beginning of a data set, which may end anywhere behind the pixels' length.
     *
     * @param length how many bytes there are
     */
    static DataSetReader beforePixels(byte[] bytes, int length, TransferSyntax syntax) {
        DataSetReader reader = new DataSetReader(bytes, syntax);
        reader.data.limit(length);
        reader.beforePixels = true;
        return reader;
    }

    /** Whether the pixels were met. */
    boolean pixelsSeen() {
        return pixelsSeen;
    }

    /** Whether native pixels are words of two bytes, in the file's byte order (OW, and what has no type). */
    boolean wordPixels() {
        return wordPixels;
    }

    /** How many bytes native pixels have by the file's word. */
    long pixelBytes() {
        return pixelBytes;
    }

    /** The positions of a frame's pieces in the file; the first is the table of offsets. */
    static final class Fragments {
        final List<ByteBuffer> pieces = new ArrayList<>();
        final List<Integer> positions = new ArrayList<>();
    }

    /** The encapsulated pixels; empty where they are native. */
    Fragments fragments() {
        return fragments;
    }

    /**
     * The data set from a position to the end of the file, or to its pixels.
     *
     * @param group the only group to be read; -1 for all
     */
    DataSet read(int start, boolean explicit, int group) {
        DataSet set = new DataSet();
        data.position(start);
        walk(set, data.limit(), explicit, false, 0, group);
        return set;
    }

    /** Where the last {@link #read} stopped. */
    int position() {
        return data.position();
    }

    /** Reads attributes to a position, or to the delimiter of an item of undefined length. */
    private void walk(DataSet into, int end, boolean explicit, boolean delimited, int depth, int group) {
        while (data.position() < end && !pixelsSeen) {
            if (end - data.position() < 8) {
                if (depth == 0 && isZero(end)) {
                    data.position(end);
                    return;
                }
                throw DicomFault.corrupt("an attribute is cut off");
            }
            int start = data.position();
            int tag = tag();
            if (group >= 0 && tag >>> 16 != group) {
                data.position(start);
                return;
            }
            if (tag == Tag.ITEM_END || tag == Tag.SEQUENCE_END) {
                data.getInt();
                if (tag == Tag.ITEM_END && delimited) {
                    return;
                }
                continue; // a delimiter after a defined length, as some writers have it
            }
            attribute(into, tag, end, explicit, depth);
        }
        if (delimited && !pixelsSeen) {
            throw DicomFault.corrupt("a sequence is not closed");
        }
    }

    private boolean isZero(int end) {
        for (int i = data.position(); i < end; i++) {
            if (data.get(i) != 0) {
                return false;
            }
        }
        return true;
    }

    private int tag() {
        return (data.getShort() & 0xffff) << 16 | (data.getShort() & 0xffff);
    }

    private void attribute(DataSet into, int tag, int end, boolean explicit, int depth) {
        int type = 0;
        long length;
        // Some writers put sequences with implicit types into explicit files.
        boolean typed = explicit && isLetter(data.get(data.position())) && isLetter(data.get(data.position() + 1));
        if (typed) {
            type = (data.get() & 0xff) << 8 | (data.get() & 0xff);
            if (isLong(type)) {
                if (end - data.position() < 6) {
                    throw DicomFault.corrupt("an attribute is cut off");
                }
                data.getShort();
                length = data.getInt();
            } else {
                length = data.getShort() & 0xffff;
            }
        } else {
            length = data.getInt();
        }
        if (length == UNDEFINED) {
            if (tag == Tag.PIXELS && depth == 0) {
                if (beforePixels) {
                    throw DicomFault.corrupt("pieces of pixels in a deflated data set");
                }
                fragments(end);
                into.put(tag, data.slice(data.position(), 0));
                pixelsSeen = true;
                return;
            }
            // What is of unknown type has no types inside (CP-246).
            sequence(into, tag, end, typed && type != ('U' << 8 | 'N'), true, depth);
            return;
        }
        length &= 0xffffffffL;
        if (tag == Tag.PIXELS && depth == 0) {
            wordPixels = type == 0 || type == ('O' << 8 | 'W');
            pixelBytes = length;
            if (beforePixels) {
                into.put(tag, data.slice(data.position(), 0));
                pixelsSeen = true;
                return;
            }
        }
        if (length > end - data.position()) {
            throw DicomFault.corrupt(
                    Tag.text(tag) + " has " + length + " bytes, " + (end - data.position()) + " are left");
        }
        int after = data.position() + (int) length;
        if (Tag.isSequence(tag)) {
            sequence(into, tag, after, typed && type != ('U' << 8 | 'N'), false, depth);
        } else if (Tag.isValue(tag)) {
            into.put(tag, data.slice(data.position(), (int) length).order(data.order()));
            pixelsSeen |= tag == Tag.PIXELS && depth == 0;
        }
        data.position(after);
    }

    private void sequence(DataSet into, int tag, int end, boolean explicit, boolean delimited, int depth) {
        if (depth >= MAX_DEPTH) {
            throw DicomFault.corrupt("sequences nested more than " + MAX_DEPTH + " deep");
        }
        boolean wanted = Tag.isSequence(tag);
        List<DataSet> items = new ArrayList<>();
        while (data.position() < end) {
            if (end - data.position() < 8) {
                throw DicomFault.corrupt("a sequence is cut off");
            }
            int start = data.position();
            int item = tag();
            long length = data.getInt();
            if (item == Tag.SEQUENCE_END) {
                if (delimited) {
                    if (wanted) {
                        into.put(tag, items);
                    }
                    return;
                }
                continue;
            }
            if (item != Tag.ITEM) {
                throw DicomFault.corrupt("at byte " + start + ", " + Tag.text(item) + " is not a sequence's item");
            }
            if (wanted) {
                count();
            }
            DataSet content = new DataSet();
            if (length == UNDEFINED) {
                walk(content, end, explicit, true, depth + 1, -1);
            } else {
                length &= 0xffffffffL;
                if (length > end - data.position()) {
                    throw DicomFault.corrupt(
                            "an item has " + length + " bytes, " + (end - data.position()) + " are left");
                }
                int after = data.position() + (int) length;
                if (wanted) {
                    walk(content, after, explicit, false, depth + 1, -1);
                }
                data.position(after);
            }
            if (wanted) {
                items.add(content);
            }
        }
        if (delimited) {
            throw DicomFault.corrupt("a sequence is not closed");
        }
        if (wanted) {
            into.put(tag, items);
        }
    }

    private void count() {
        if (++kept > MAX_ITEMS) {
            throw DicomFault.corrupt("more than " + MAX_ITEMS + " items");
        }
    }

    /** Encapsulated pixels (PS3.5 A.4): items up to a delimiter, or to the end of the file where that is missing. */
    private void fragments(int end) {
        while (end - data.position() >= 8) {
            int start = data.position();
            int item = tag();
            long length = data.getInt() & 0xffffffffL;
            if (item == Tag.SEQUENCE_END) {
                return;
            }
            if (item != Tag.ITEM || length > end - data.position()) {
                throw DicomFault.corrupt("at byte " + start + ", the pixels' next piece is not whole");
            }
            count();
            fragments.positions.add(start);
            fragments.pieces.add(data.slice(data.position(), (int) length).order(data.order()));
            data.position(data.position() + (int) length);
        }
    }

    private static boolean isLetter(byte b) {
        return b >= 'A' && b <= 'Z';
    }

    /** Types whose length has 32 bits. */
    private static boolean isLong(int type) {
        return switch (new String(new char[] {(char) (type >> 8), (char) (type & 0xff)})) {
            case "OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV" -> true;
            default -> false;
        };
    }
}
