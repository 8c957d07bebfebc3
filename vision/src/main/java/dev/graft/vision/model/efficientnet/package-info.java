/** EfficientNet-Lite: the network, its block, its published weights. */
@NullMarked
package dev.graft.vision.model.efficientnet;

import org.jspecify.annotations.NullMarked;
