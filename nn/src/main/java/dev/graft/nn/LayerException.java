package dev.graft.nn;

/**
 * A layer refused its input. The message starts with the layer's path from the module that was called:
 * {@code "layer1.0.conv1: conv2d: input has 4 channels, ..."}.
 */
public final class LayerException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private final transient Module layer;
    private String path;

    LayerException(Module layer, RuntimeException cause) {
        super(cause.getMessage(), cause);
        this.layer = layer;
        this.path = Members.nameOf(layer.getClass());
    }

    /** Each module on the way out overwrites the path, so it starts at the outermost one. */
    LayerException seenFrom(Module module) {
        module.namedModules().forEach((name, candidate) -> {
            if (candidate == layer && !name.isEmpty()) {
                path = name;
            }
        });
        return this;
    }

    /** The layer's path, such as {@code layer1.0.conv1}; the class name if the failing module was called directly. */
    public String path() {
        return path;
    }

    @Override
    public String getMessage() {
        return path + ": " + super.getMessage();
    }
}
