import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Files that mostly wait for real time, longest first: 190 s of chaos, 90 s of the demo. They start first, so that the others
 * run beside them. Vitest itself knows the lengths only where an earlier run has left its cache.
 */
const LONGEST = [
  'test/chaos/chaos.test.ts',
  'test/chaos/copied-spools.test.ts',
  'test/chaos/store-away-for-hours.test.ts',
  'test/chaos/soak.test.ts',
  'test/e2e/demo.test.ts',
  'test/e2e/mosquitto.test.ts',
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
