/** Image data sets. */
package dev.graft.vision.data;
