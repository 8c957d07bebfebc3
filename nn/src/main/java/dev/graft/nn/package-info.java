/** Modules: layers, their parameters, freezing, and strict loading of weights. Start at {@link dev.graft.nn.Module}. */
package dev.graft.nn;
