/** Optimizers, learning-rate schedules and gradient clipping. */
package dev.graft.nn.optim;
