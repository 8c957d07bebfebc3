package dev.graft.vision.image.dicom;

import java.util.Map;
import java.util.regex.Pattern;

/**
 * How a file is written (<a
 * href="https://dicom.nema.org/medical/dicom/current/output/chtml/part05/chapter_10.html">PS3.5 section 10</a>).
 *
 * @param name the standard's name
 * @param explicit whether attributes say their type
 * @param bigEndian whether numbers start with their high byte
 * @param deflated whether the whole data set is compressed
 * @param coding how pixels are stored
 */
record TransferSyntax(String name, boolean explicit, boolean bigEndian, boolean deflated, Coding coding) {
    /** How pixels are stored. */
    enum Coding {
        NATIVE,
        RUN_LENGTHS,
        DEFLATED_FRAMES,
        JPEG,
        NOT_READ
    }

    private static final String PREFIX = "1.2.840.10008.1.2";
    private static final Pattern UID = Pattern.compile("[0-9.]{1,64}");

    private static final Map<String, TransferSyntax> READ = Map.ofEntries(
            Map.entry("", new TransferSyntax("Implicit VR Little Endian", false, false, false, Coding.NATIVE)),
            Map.entry(".1", new TransferSyntax("Explicit VR Little Endian", true, false, false, Coding.NATIVE)),
            Map.entry(".1.98", encapsulated("Encapsulated Uncompressed Explicit VR Little Endian", Coding.NATIVE)),
            Map.entry(
                    ".1.99",
                    new TransferSyntax("Deflated Explicit VR Little Endian", true, false, true, Coding.NATIVE)),
            Map.entry(".2", new TransferSyntax("Explicit VR Big Endian", true, true, false, Coding.NATIVE)),
            Map.entry(".5", encapsulated("RLE Lossless", Coding.RUN_LENGTHS)),
            Map.entry(".8.1", encapsulated("Deflated Image Frame Compression", Coding.DEFLATED_FRAMES)),
            Map.entry(".4.50", encapsulated("JPEG Baseline (Process 1)", Coding.JPEG)),
            Map.entry(".4.51", encapsulated("JPEG Extended (Processes 2 and 4)", Coding.JPEG)),
            Map.entry(".4.57", encapsulated("JPEG Lossless (Process 14)", Coding.JPEG)),
            Map.entry(".4.70", encapsulated("JPEG Lossless, First-Order Prediction (Process 14, SV1)", Coding.JPEG)));

    private static final Map<String, String> NAMED = Map.ofEntries(
            Map.entry(".4.52", "JPEG Extended (Processes 3 and 5)"),
            Map.entry(".4.53", "JPEG Spectral Selection (Processes 6 and 8)"),
            Map.entry(".4.54", "JPEG Spectral Selection (Processes 7 and 9)"),
            Map.entry(".4.55", "JPEG Full Progression (Processes 10 and 12)"),
            Map.entry(".4.56", "JPEG Full Progression (Processes 11 and 13)"),
            Map.entry(".4.58", "JPEG Lossless (Process 15)"),
            Map.entry(".4.80", "JPEG-LS Lossless"),
            Map.entry(".4.81", "JPEG-LS Near-Lossless"),
            Map.entry(".4.90", "JPEG 2000 (Lossless Only)"),
            Map.entry(".4.91", "JPEG 2000"),
            Map.entry(".4.92", "JPEG 2000 Part 2 Multi-component (Lossless Only)"),
            Map.entry(".4.93", "JPEG 2000 Part 2 Multi-component"),
            Map.entry(".4.94", "JPIP Referenced"),
            Map.entry(".4.95", "JPIP Referenced Deflate"),
            Map.entry(".4.100", "MPEG2 Main Profile / Main Level"),
            Map.entry(".4.101", "MPEG2 Main Profile / High Level"),
            Map.entry(".4.102", "MPEG-4 AVC/H.264 High Profile / Level 4.1"),
            Map.entry(".4.103", "MPEG-4 AVC/H.264 BD-compatible"),
            Map.entry(".4.104", "MPEG-4 AVC/H.264 for 2D Video"),
            Map.entry(".4.105", "MPEG-4 AVC/H.264 for 3D Video"),
            Map.entry(".4.106", "MPEG-4 AVC/H.264 Stereo High Profile"),
            Map.entry(".4.107", "HEVC/H.265 Main Profile"),
            Map.entry(".4.108", "HEVC/H.265 Main 10 Profile"),
            Map.entry(".4.110", "JPEG XL Lossless"),
            Map.entry(".4.111", "JPEG XL JPEG Recompression"),
            Map.entry(".4.112", "JPEG XL"),
            Map.entry(".4.201", "High-Throughput JPEG 2000 (Lossless Only)"),
            Map.entry(".4.202", "High-Throughput JPEG 2000 with RPCL Options (Lossless Only)"),
            Map.entry(".4.203", "High-Throughput JPEG 2000"),
            Map.entry(".4.204", "JPIP HTJ2K Referenced"),
            Map.entry(".4.205", "JPIP HTJ2K Referenced Deflate"),
            Map.entry(".7.1", "SMPTE ST 2110-20 Uncompressed Progressive Active Video"));

    private static TransferSyntax encapsulated(String name, Coding coding) {
        return new TransferSyntax(name, true, false, false, coding);
    }

    /**
     * The syntax of this identifier.
     *
     * @throws DicomFault naming a syntax that is not read
     */
    static TransferSyntax of(String uid) {
        String suffix = uid.startsWith(PREFIX) ? uid.substring(PREFIX.length()) : "?";
        TransferSyntax known = READ.get(suffix);
        if (known != null) {
            return known;
        }
        String name = NAMED.containsKey(suffix)
                ? NAMED.get(suffix)
                : UID.matcher(uid).matches() ? "an unknown one" : "not an identifier";
        throw new DicomFault(
                "DICOM's transfer syntax " + name + (UID.matcher(uid).matches() ? " (" + uid + ")" : "")
                        + " is not read",
                "decompress it, for instance by gdcmconv --raw, or by Dataset.decompress() of pydicom");
    }
}
