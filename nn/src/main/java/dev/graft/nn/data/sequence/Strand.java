package dev.graft.nn.data.sequence;

/** A strand of a double helix. */
public enum Strand {
    /** As the file has it. */
    PLUS("+"),
    /** The reverse complement. */
    MINUS("-");

    private final String sign;

    Strand(String sign) {
        this.sign = sign;
    }

    /** {@code +} or {@code -}. */
    public String symbol() {
        return sign;
    }
}
