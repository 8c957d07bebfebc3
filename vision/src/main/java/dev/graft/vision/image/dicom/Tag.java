package dev.graft.vision.image.dicom;

import java.util.Set;

/** The attributes that are read, as {@code group << 16 | element}; all others are skipped. */
final class Tag {
    static final int MEDIA_STORAGE_CLASS = 0x00020002;
    static final int TRANSFER_SYNTAX = 0x00020010;
    static final int SAMPLES_PER_PIXEL = 0x00280002;
    static final int PHOTOMETRIC = 0x00280004;
    static final int PLANAR = 0x00280006;
    static final int FRAMES = 0x00280008;
    static final int ROWS = 0x00280010;
    static final int COLUMNS = 0x00280011;
    static final int PIXEL_SPACING = 0x00280030;
    static final int ASPECT_RATIO = 0x00280034;
    static final int BITS_ALLOCATED = 0x00280100;
    static final int BITS_STORED = 0x00280101;
    static final int HIGH_BIT = 0x00280102;
    static final int SIGNED = 0x00280103;
    static final int PADDING = 0x00280120;
    static final int PADDING_LIMIT = 0x00280121;
    static final int WINDOW_CENTER = 0x00281050;
    static final int WINDOW_WIDTH = 0x00281051;
    static final int INTERCEPT = 0x00281052;
    static final int SLOPE = 0x00281053;
    static final int WINDOW_FUNCTION = 0x00281056;
    static final int PALETTE_DESCRIPTOR = 0x00281101; // red; green and blue follow
    static final int PALETTE_DATA = 0x00281201;
    static final int PALETTE_SEGMENTS = 0x00281221;
    static final int MODALITY_LUT = 0x00283000;
    static final int LUT_DESCRIPTOR = 0x00283002;
    static final int LUT_DATA = 0x00283006;
    static final int VOI_LUT = 0x00283010;
    static final int FRAME_VOI = 0x00289132;
    static final int FRAME_VALUES = 0x00289145;
    static final int SHARED_GROUPS = 0x52009229;
    static final int FRAME_GROUPS = 0x52009230;
    static final int FRAME_OFFSETS = 0x7FE00001;
    static final int FLOAT_PIXELS = 0x7FE00008;
    static final int DOUBLE_PIXELS = 0x7FE00009;
    static final int PIXELS = 0x7FE00010;

    static final int ITEM = 0xFFFEE000;
    static final int ITEM_END = 0xFFFEE00D;
    static final int SEQUENCE_END = 0xFFFEE0DD;

    private static final Set<Integer> SEQUENCES =
            Set.of(MODALITY_LUT, VOI_LUT, FRAME_VOI, FRAME_VALUES, SHARED_GROUPS, FRAME_GROUPS);
    private static final Set<Integer> VALUES = Set.of(
            MEDIA_STORAGE_CLASS,
            TRANSFER_SYNTAX,
            SAMPLES_PER_PIXEL,
            PHOTOMETRIC,
            PLANAR,
            FRAMES,
            ROWS,
            COLUMNS,
            PIXEL_SPACING,
            ASPECT_RATIO,
            BITS_ALLOCATED,
            BITS_STORED,
            HIGH_BIT,
            SIGNED,
            PADDING,
            PADDING_LIMIT,
            WINDOW_CENTER,
            WINDOW_WIDTH,
            INTERCEPT,
            SLOPE,
            WINDOW_FUNCTION,
            PALETTE_DESCRIPTOR,
            PALETTE_DESCRIPTOR + 1,
            PALETTE_DESCRIPTOR + 2,
            PALETTE_DATA,
            PALETTE_DATA + 1,
            PALETTE_DATA + 2,
            PALETTE_SEGMENTS,
            PALETTE_SEGMENTS + 1,
            PALETTE_SEGMENTS + 2,
            LUT_DESCRIPTOR,
            LUT_DATA,
            FLOAT_PIXELS,
            DOUBLE_PIXELS,
            PIXELS);

    private Tag() {}

    static boolean isSequence(int tag) {
        return SEQUENCES.contains(tag);
    }

    static boolean isValue(int tag) {
        return VALUES.contains(tag);
    }

    /** A tag as the standard writes it, such as {@code (0028,0010)}. */
    static String text(int tag) {
        String hex = java.util.HexFormat.of().withUpperCase().toHexDigits(tag);
        return "(" + hex.substring(0, 4) + "," + hex.substring(4) + ")";
    }
}
