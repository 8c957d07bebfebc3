/** Layers of sequences, with PyTorch's names: recurrent layers, attention and encoders. */
@NullMarked
package dev.graft.nn.layer.sequence;

import org.jspecify.annotations.NullMarked;
