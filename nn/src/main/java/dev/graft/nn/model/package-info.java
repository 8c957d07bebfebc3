/** Saved models: the card beside the weights, and what is checked before they are used. */
package dev.graft.nn.model;
