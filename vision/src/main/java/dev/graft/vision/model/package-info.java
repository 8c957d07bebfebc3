/**
 * What all image classifiers have in common: {@link dev.graft.vision.model.Backbone}, a body with an exchangeable head,
 * and {@link dev.graft.vision.model.Architecture}, how a network is built and filled. Each family of networks has its
 * own package ({@code resnet}, {@code squeezenet}, {@code efficientnet}), {@code zoo} lists them, {@code weights}
 * describes published files, and {@code download} fetches them.
 */
@NullMarked
package dev.graft.vision.model;

import org.jspecify.annotations.NullMarked;
