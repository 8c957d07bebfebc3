/**
 * What all image classifiers are: {@link dev.graft.vision.model.Backbone}, a body with a head that can be exchanged,
 * and {@link dev.graft.vision.model.Architecture}, how one is built and filled. The networks have a package a family
 * ({@code resnet}, {@code squeezenet}, {@code efficientnet}), {@code zoo} lists them, {@code weights} describes
 * published files and {@code download} fetches them.
 */
@NullMarked
package dev.graft.vision.model;

import org.jspecify.annotations.NullMarked;
