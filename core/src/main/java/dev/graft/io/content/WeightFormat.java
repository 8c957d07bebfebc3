package dev.graft.io.content;

/** The containers of weights. */
public enum WeightFormat {
    SAFETENSORS("safetensors"),
    TORCH_ZIP("torch-zip"),
    TORCH_LEGACY("torch-legacy"),
    TORCH_TAR("torch-tar");

    public final String label;

    WeightFormat(String label) {
        this.label = label;
    }

    public boolean isTorch() {
        return this != SAFETENSORS;
    }
}
