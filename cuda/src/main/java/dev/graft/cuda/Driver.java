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

    /** @throws IllegalStateException unless {@code result} is 0, saying what failed */
    static void check(String what, int result) {
        if (result != 0) {
            throw new IllegalStateException("cuda: " + what + " failed with " + words(result));
        }
    }
}
