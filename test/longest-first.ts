import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Files that mostly wait for real time, longest first: three minutes of standing still and of chaos. They start first, so that
 * the others run beside them. Vitest itself knows the lengths only where an earlier run has left its cache.
 */
const LONGEST = [
  'test/chaos/copied-spools.long.test.ts',
  'test/chaos/influx-away.long.test.ts',
  'test/e2e/standing-still.test.ts',
  'test/chaos/chaos.test.ts',
  'test/e2e/mosquitto.test.ts',
  'test/e2e/clocks.test.ts',
  'test/fleet/roll-out.test.ts',
  'test/e2e/demo.test.ts',
  'test/e2e/two-of-one-name.test.ts',
  'test/e2e/settling-stopped.test.ts',
]

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const found = LONGEST.findIndex((file) => moduleId.endsWith(file))
      return found === -1 ? LONGEST.length : found
    }
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}
