/**
 * Optimizers, learning-rate schedules and gradient clipping. An optimizer belongs to the thread that trains; schedules
 * are values, and may be shared.
 */
@NullMarked
package dev.graft.nn.optim;

import org.jspecify.annotations.NullMarked;
