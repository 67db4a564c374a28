import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that mostly wait for real time, longest first: three minutes of standing still, one of a hung broker. */
const WAITING = [
  'test/chaos/copied-spools.long.test.ts',
  'test/chaos/influx-away.long.test.ts',
  'test/e2e/standing-still.test.ts',
  'test/chaos/chaos.test.ts',
  'test/e2e/mosquitto.test.ts',
  'test/e2e/clocks.test.ts',
  'test/fleet/roll-out.test.ts',
  'test/e2e/two-of-one-name.test.ts',
  'test/e2e/demo.test.ts',
  'test/e2e/settling-stopped.test.ts',
  'test/e2e/owners.test.ts',
  'test/e2e/store-away.test.ts',
  'test/e2e/economics.test.ts',
  'test/e2e/live-and-ledger.test.ts',
]
/** Waiting files that run from the start; the other workers have files that compute. */
const AT_ONCE = 3
/** Of the others, so many run before the next file that waits. */
const BETWEEN = 24

/**
 * The order of the test files: those that wait for real time are spread among those that compute, so that the cores always have
 * work. There are more workers than cores for that. Vitest's own order puts files that failed, or took long, first.
 */
export class Interleaved extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number =>
      WAITING.findIndex((file) => moduleId.endsWith(file))
    const sorted = await super.sort(files)
    const waiting = sorted.filter((file) => rank(file) >= 0).sort((a, b) => rank(a) - rank(b))
    const order = waiting.splice(0, AT_ONCE)
    for (const [i, file] of sorted.filter((each) => rank(each) < 0).entries()) {
      order.push(file)
      if ((i + 1) % BETWEEN === 0) order.push(...waiting.splice(0, 1))
    }
    return [...order, ...waiting]
  }
}
