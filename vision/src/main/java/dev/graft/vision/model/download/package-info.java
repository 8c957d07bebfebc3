/**
 * From published weights to a file on this machine: the cache, the download, and its progress. The library's only
 * access to the network.
 */
@NullMarked
package dev.graft.vision.model.download;

import org.jspecify.annotations.NullMarked;
