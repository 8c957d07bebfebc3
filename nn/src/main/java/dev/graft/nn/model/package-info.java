/** Saved models: the card beside the weights, and what is checked before they are used. */
@NullMarked
package dev.graft.nn.model;

import org.jspecify.annotations.NullMarked;
