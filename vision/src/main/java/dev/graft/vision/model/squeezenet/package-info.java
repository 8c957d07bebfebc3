/** SqueezeNet: the network, its block, its published weights. */
package dev.graft.vision.model.squeezenet;
