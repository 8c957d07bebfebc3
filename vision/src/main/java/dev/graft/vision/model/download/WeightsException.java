package dev.graft.vision.model.download;

/** Published weights are not available. The message says why, and where to put the file by hand. */
public final class WeightsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    WeightsException(String message) {
        super(message);
    }

    WeightsException(String message, Throwable cause) {
        super(message, cause);
    }
}
