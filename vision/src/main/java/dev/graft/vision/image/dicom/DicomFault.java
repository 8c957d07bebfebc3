package dev.graft.vision.image.dicom;

import java.io.Serial;

/**
 * A DICOM file cannot be used. The text says numbers and names from the standard only: a damaged file may have a
 * patient's name anywhere.
 */
public final class DicomFault extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    static final String COPY_AGAIN = "copy the file again from its source, or leave it out";

    private final String problem;
    private final String hint;

    DicomFault(String problem, String hint) {
        super(problem, null, false, false);
        this.problem = problem;
        this.hint = hint;
    }

    static DicomFault corrupt(String what) {
        return new DicomFault("the DICOM data is corrupt or truncated (" + what + ")", COPY_AGAIN);
    }

    /** What is wrong with the file. */
    public String problem() {
        return problem;
    }

    /** The fix. */
    public String hint() {
        return hint;
    }
}
