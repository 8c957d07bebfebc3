package dev.graft.cpu.sequence;

import dev.graft.cpu.run.ElementLoops;
import dev.graft.cpu.run.Vectors;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link CellLoops} on the Vector API, operation by operation. Its loops stand at several indices, which C2 leaves
 * scalar.
 */
public final class VectorCellLoops extends CellLoops {
    private static final VectorSpecies<Float> SPECIES = Vectors.SPECIES;
    private static final int LANES = Vectors.LANES;

    public VectorCellLoops(ElementLoops loops) {
        super(loops);
    }

    @Override
    void addAll(float[] gates, int at, float[] sums, int sumsAt, float[] input, float[] hidden, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector.fromArray(SPECIES, sums, sumsAt + i)
                    .add(FloatVector.fromArray(SPECIES, input, i))
                    .add(FloatVector.fromArray(SPECIES, hidden, i))
                    .add(FloatVector.fromArray(SPECIES, gates, at + i))
                    .intoArray(gates, at + i);
        }
        for (; i < count; i++) {
            gates[at + i] = sums[sumsAt + i] + input[i] + hidden[i] + gates[at + i];
        }
    }

    @Override
    void updateCells(float[] gates, int at, float[] c, int cAt, int from, int units) {
        int i = from;
        for (; i <= units - LANES; i += LANES) {
            FloatVector added = FloatVector.fromArray(SPECIES, gates, at + i)
                    .mul(FloatVector.fromArray(SPECIES, gates, at + 2 * units + i));
            FloatVector.fromArray(SPECIES, gates, at + units + i)
                    .mul(FloatVector.fromArray(SPECIES, c, cAt + i))
                    .add(added)
                    .intoArray(c, cAt + i);
        }
        super.updateCells(gates, at, c, cAt, i, units);
    }

    @Override
    void multiply(float[] x, int xAt, float[] w, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector.fromArray(SPECIES, x, xAt + i)
                    .mul(FloatVector.fromArray(SPECIES, w, i))
                    .intoArray(y, yAt + i);
        }
        for (; i < count; i++) {
            y[yAt + i] = x[xAt + i] * w[i];
        }
    }

    @Override
    void lstmSlopes(
            float[] gates,
            int at,
            float[] tanhs,
            float[] previous,
            int previousAt,
            float[] dh,
            float[] dc,
            int stateAt,
            float[] dgates,
            int dAt,
            int from,
            int units) {
        FloatVector one = FloatVector.broadcast(SPECIES, 1f);
        int j = from;
        for (; j <= units - LANES; j += LANES) {
            FloatVector i = FloatVector.fromArray(SPECIES, gates, at + j);
            FloatVector f = FloatVector.fromArray(SPECIES, gates, at + units + j);
            FloatVector g = FloatVector.fromArray(SPECIES, gates, at + 2 * units + j);
            FloatVector o = FloatVector.fromArray(SPECIES, gates, at + 3 * units + j);
            FloatVector tanh = FloatVector.fromArray(SPECIES, tanhs, j);
            FloatVector d = FloatVector.fromArray(SPECIES, dh, stateAt + j);
            FloatVector cell =
                    FloatVector.fromArray(SPECIES, dc, stateAt + j).add(d.mul(o).mul(one.sub(tanh.mul(tanh))));
            cell.mul(f).intoArray(dc, stateAt + j);
            cell.mul(g).mul(i.mul(one.sub(i))).intoArray(dgates, dAt + j);
            cell.mul(f.mul(one.sub(f)))
                    .mul(FloatVector.fromArray(SPECIES, previous, previousAt + j))
                    .intoArray(dgates, dAt + units + j);
            cell.mul(i).mul(one.sub(g.mul(g))).intoArray(dgates, dAt + 2 * units + j);
            d.mul(tanh).mul(o.mul(one.sub(o))).intoArray(dgates, dAt + 3 * units + j);
        }
        super.lstmSlopes(gates, at, tanhs, previous, previousAt, dh, dc, stateAt, dgates, dAt, j, units);
    }

    @Override
    void addCandidates(
            float[] gates, int at, float[] sums, int sumsAt, float[] input, float[] hidden, int from, int units) {
        int n = at + 2 * units;
        int sum = sumsAt + 2 * units;
        int i = from;
        for (; i <= units - LANES; i += LANES) {
            FloatVector kept = FloatVector.fromArray(SPECIES, sums, sum + i)
                    .add(FloatVector.fromArray(SPECIES, hidden, 2 * units + i));
            kept.intoArray(sums, sum + i);
            FloatVector added = FloatVector.fromArray(SPECIES, input, 2 * units + i)
                    .add(FloatVector.fromArray(SPECIES, gates, at + i).mul(kept));
            FloatVector.fromArray(SPECIES, gates, n + i).add(added).intoArray(gates, n + i);
        }
        super.addCandidates(gates, at, sums, sumsAt, input, hidden, i, units);
    }

    @Override
    void updateStates(float[] gates, int at, float[] h, int stateAt, int from, int units) {
        int i = from;
        for (; i <= units - LANES; i += LANES) {
            FloatVector last = FloatVector.fromArray(SPECIES, gates, at + 2 * units + i);
            FloatVector.fromArray(SPECIES, gates, at + units + i)
                    .mul(FloatVector.fromArray(SPECIES, h, stateAt + i).sub(last))
                    .add(last)
                    .intoArray(h, stateAt + i);
        }
        super.updateStates(gates, at, h, stateAt, i, units);
    }

    @Override
    void gruSlopes(
            float[] gates,
            int at,
            float[] memory,
            int memoryAt,
            float[] previous,
            int previousAt,
            float[] dh,
            int stateAt,
            float[] dgates,
            int dAt,
            float[] dhidden,
            int hiddenAt,
            int from,
            int units) {
        FloatVector one = FloatVector.broadcast(SPECIES, 1f);
        int j = from;
        for (; j <= units - LANES; j += LANES) {
            FloatVector r = FloatVector.fromArray(SPECIES, gates, at + j);
            FloatVector z = FloatVector.fromArray(SPECIES, gates, at + units + j);
            FloatVector n = FloatVector.fromArray(SPECIES, gates, at + 2 * units + j);
            FloatVector d = FloatVector.fromArray(SPECIES, dh, stateAt + j);
            FloatVector dn = d.mul(one.sub(z)).mul(one.sub(n.mul(n)));
            FloatVector dz = d.mul(z.mul(one.sub(z)))
                    .mul(FloatVector.fromArray(SPECIES, previous, previousAt + j)
                            .sub(n));
            FloatVector dr = dn.mul(r.mul(one.sub(r))).mul(FloatVector.fromArray(SPECIES, memory, memoryAt + j));
            d.mul(z).intoArray(dh, stateAt + j);
            dr.intoArray(dgates, dAt + j);
            dz.intoArray(dgates, dAt + units + j);
            dn.intoArray(dgates, dAt + 2 * units + j);
            dr.intoArray(dhidden, hiddenAt + j);
            dz.intoArray(dhidden, hiddenAt + units + j);
            dn.mul(r).intoArray(dhidden, hiddenAt + 2 * units + j);
        }
        super.gruSlopes(
                gates,
                at,
                memory,
                memoryAt,
                previous,
                previousAt,
                dh,
                stateAt,
                dgates,
                dAt,
                dhidden,
                hiddenAt,
                j,
                units);
    }
}
