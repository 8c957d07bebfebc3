/**
 * What a network is made of: {@link dev.graft.nn.Module}, {@link dev.graft.nn.Parameter}, {@link dev.graft.nn.Buffer}
 * and first weights ({@link dev.graft.nn.Init}). The layers themselves are in {@link dev.graft.nn.layer}, and what is
 * done with a network has a package each: data, losses, optimizers, metrics, training. Here goes only what every module
 * has.
 */
package dev.graft.nn;
