/** The front door: fine-tune a network on images, load the result, predict. */
package dev.graft.vision;
