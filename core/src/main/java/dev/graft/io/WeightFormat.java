package dev.graft.io;

/** The containers that weights come in. */
enum WeightFormat {
    SAFETENSORS("safetensors"),
    TORCH_ZIP("torch-zip"),
    TORCH_LEGACY("torch-legacy"),
    TORCH_TAR("torch-tar");

    final String label;

    WeightFormat(String label) {
        this.label = label;
    }

    boolean isTorch() {
        return this != SAFETENSORS;
    }
}
