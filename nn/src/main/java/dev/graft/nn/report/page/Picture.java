package dev.graft.nn.report.page;

import java.util.List;

/**
 * A picture within the page.
 *
 * @param bytes of a JPEG or PNG file
 * @param type {@code image/jpeg} or {@code image/png}
 * @param width in pixels
 * @param height in pixels
 * @param alternative what it shows, for those who do not see it
 * @param caption lines under it
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record Picture(byte[] bytes, String type, int width, int height, String alternative, List<String> caption) {
    /** @throws IllegalArgumentException for another type, since a page may hold no other */
    public Picture {
        if (!type.equals("image/jpeg") && !type.equals("image/png")) {
            throw new IllegalArgumentException("picture: the type must be image/jpeg or image/png, was " + type);
        }
        bytes = bytes.clone();
        caption = List.copyOf(caption);
    }
}
