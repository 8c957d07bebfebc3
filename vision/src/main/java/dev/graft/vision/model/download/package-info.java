/**
 * From published weights to a file on this machine: the cache, the download, what a program hears of it. The library's
 * only way to the network.
 */
@NullMarked
package dev.graft.vision.model.download;

import org.jspecify.annotations.NullMarked;
