/** SqueezeNet: the network, its block, its published weights. */
@NullMarked
package dev.graft.vision.model.squeezenet;

import org.jspecify.annotations.NullMarked;
