package dev.graft.cpu;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.View;

/** Which of Winograd's algorithms the user chose by {@code graft.winograd}, and what a convolution must be like for any of them. */
enum WinogradChoice {
    F4, F2, OFF;

    static WinogradChoice read() {
        String choice = System.getProperty("graft.winograd", "4");
        return switch (choice) {
            case "4" -> F4;
            case "2" -> F2;
            case "off" -> OFF;
            default -> throw new IllegalArgumentException("graft.winograd: unknown choice '" + choice + "'. Hint: use 4, 2 or off.");
        };
    }

    /** Whether the algorithm serves this convolution well: channels in whole vectors, and enough of them to repay the transforms. */
    static boolean fits(View w, Conv2dParams params, int lanes) {
        return w.dim(2) == 3 && w.dim(3) == 3 && params.strideH() == 1 && params.strideW() == 1 && params.dilationH() == 1
                && params.dilationW() == 1 && params.groups() == 1 && params.padTop() <= 2 && params.padLeft() <= 2
                && w.dim(0) % lanes == 0 && w.dim(1) % lanes == 0 && w.dim(0) >= 32 && w.dim(1) >= 32;
    }
}
