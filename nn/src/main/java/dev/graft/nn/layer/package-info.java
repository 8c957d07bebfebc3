/**
 * Layers with PyTorch's names, one class each: convolutions, norms, pools, activations,
 * {@link dev.graft.nn.layer.Sequential}. New layers go here; those of sequences are in
 * {@code dev.graft.nn.layer.sequence}. What all modules have in common (state dicts, freezing, modes, the tree) is in
 * {@link dev.graft.nn}, which does not depend on any layer. Whole networks are in {@code dev.graft.vision}.
 */
@NullMarked
package dev.graft.nn.layer;

import org.jspecify.annotations.NullMarked;
