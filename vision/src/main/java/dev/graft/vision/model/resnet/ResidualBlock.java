package dev.graft.vision.model.resnet;

import dev.graft.nn.Module;

/** A block of a {@link ResNet}. */
interface ResidualBlock {
    /** The norm whose output is added to the shortcut. */
    Module last();
}
