package dev.graft.cuda;

import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;

/** What CUDA's driver says of itself, in words. Touching this class loads the driver's library. */
final class Driver {
    static final int OUT_OF_MEMORY = 2;
    static final int NO_DEVICE = 100;

    private Driver() {}

    /** A result's name and meaning, such as {@code CUDA_ERROR_OUT_OF_MEMORY (2): out of memory}. */
    static String words(int result) {
        return text(result, cudart::cuGetErrorName, "unknown error") + " (" + result + "): "
                + text(result, cudart::cuGetErrorString, "no description");
    }

    private interface Question {
        int ask(int result, PointerPointer<BytePointer> answer);
    }

    private static String text(int result, Question question, String otherwise) {
        try (PointerPointer<BytePointer> answer = new PointerPointer<>(1L)) {
            if (question.ask(result, answer) != 0) {
                return otherwise;
            }
            BytePointer text = answer.get(BytePointer.class, 0);
            return text == null ? otherwise : text.getString();
        }
    }

    /** What people can do about a result. */
    static String hint(int result) {
        return switch (result) {
            case OUT_OF_MEMORY -> " Hint: end other programs that use the device, or use a smaller batch.";
            case 46 -> " Hint: another program has the device for itself; look at nvidia-smi.";
            case 200, 209, 218 -> " Hint: remove the folder cuda of ~/.cache/graft, or of GRAFT_HOME, and start again.";
            default -> " Hint: look at nvidia-smi; if it happens again, report it with the output of graft doctor.";
        };
    }

    /**
     * Checks a call of the driver.
     *
     * @throws IllegalStateException unless {@code result} is 0, saying what failed
     */
    static void check(String what, int result) {
        if (result != 0) {
            throw new IllegalStateException("cuda: " + what + " failed with " + words(result) + "." + hint(result));
        }
    }
}
