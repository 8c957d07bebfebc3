/**
 * Training and evaluation: {@link dev.graft.nn.train.Trainer} runs epochs, keeps checkpoints and resumes exactly;
 * {@link dev.graft.nn.train.Evaluator} evaluates.
 */
@NullMarked
package dev.graft.nn.train;

import org.jspecify.annotations.NullMarked;
