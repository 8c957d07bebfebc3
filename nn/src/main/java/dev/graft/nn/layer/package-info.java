/**
 * Layers, a class each, with PyTorch's names: convolutions, norms, pools, activations,
 * {@link dev.graft.nn.layer.Sequential}. The next layer goes here. What all modules have in common (state dicts,
 * freezing, modes, the tree) is in {@link dev.graft.nn}, which knows no layer; whole networks are in
 * {@code dev.graft.vision}.
 */
package dev.graft.nn.layer;
