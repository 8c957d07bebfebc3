/** What training minimises. */
package dev.graft.nn.loss;
