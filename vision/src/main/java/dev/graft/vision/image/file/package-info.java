/**
 * What a program says about image files and hears about them: how to decode, which window of wide samples, notes about
 * odd files, the exception for bad ones. A new choice about reading goes here.
 */
@NullMarked
package dev.graft.vision.image.file;

import org.jspecify.annotations.NullMarked;
