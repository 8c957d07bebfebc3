package dev.graft.cuda;

/** Turns the text of a kernel file into an image that the driver loads. */
interface KernelCompiler {
    /**
     * The image of one file for a device.
     *
     * @param file its name, for messages
     * @param text the prelude and the file
     * @param architecture the compute capability, such as 90
     */
    byte[] compile(String file, String text, int architecture);

    /** For {@code doctor}. */
    String description();
}
