import { fixture } from '../../asic-harness.ts'
import { changedText, type Stops } from '../stops.ts'

export default {
  stopped: [{ how: '`SoftOFF` 4 (recording of a Home Q)', answers: fixture('avalon-home-q-asleep') }],
  residue: changedText(fixture('avalon-a1566'), /SoftOFF\[0\]/g, 'SoftOFF[1]'),
  tells: /^estats$/,
} satisfies Stops
