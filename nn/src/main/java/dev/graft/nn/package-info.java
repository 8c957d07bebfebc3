/**
 * The parts of a network: {@link dev.graft.nn.Module}, {@link dev.graft.nn.Parameter}, {@link dev.graft.nn.Buffer} and
 * initial weights ({@link dev.graft.nn.Init}). The layers themselves are in {@link dev.graft.nn.layer} and
 * {@code dev.graft.nn.layer.sequence}. Data, losses, optimizers, metrics and training have one package each. Only what
 * every module has belongs here.
 */
@NullMarked
package dev.graft.nn;

import org.jspecify.annotations.NullMarked;
