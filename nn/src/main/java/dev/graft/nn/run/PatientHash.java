package dev.graft.nn.run;

import dev.graft.io.file.Sha256;

/**
 * Patients' names as files hold them that shall not tell who they are: as their SHA-256. It keeps names out of files
 * that are passed on, and no more: who has a list of names can hash them all and compare.
 *
 * <p>A name that is a hash already, {@value #MARK} and 64 digits, stands for the patient whose hash it is, so that a
 * list of examples may hold hashes in place of names.
 */
public final class PatientHash {
    private static final String MARK = "sha256:";

    private PatientHash() {}

    /** The SHA-256 of a name, in hexadecimal; of one that is a hash already, that hash. */
    public static String of(String name) {
        return name.startsWith(MARK) && name.substring(MARK.length()).matches("[0-9a-f]{64}")
                ? name.substring(MARK.length())
                : Sha256.of(name);
    }

    /** A name for a list that shall not tell who it is; a blank one, which is nobody's, stays blank. */
    public static String hidden(String name) {
        return name.isBlank() ? "" : MARK + of(name);
    }
}
