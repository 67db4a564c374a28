import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import antminer from '../../../agent/drivers/antminer/antminer.ts'
import type { Reading } from '../../../agent/plugin/reading.ts'
import { ShareWatch } from '../../../agent/polling/share-watch.ts'
import { AsicServer } from '../../../agent/simulator/asic/asic-server.ts'
import { strike } from '../../../agent/simulator/asic/events.ts'
import { ASIC_MODELS } from '../../../agent/simulator/asic/models.ts'
import { createRandom } from '../../../agent/simulator/base/random.ts'
import { createLog } from '../../../protocol/kit/log.ts'
import { machineOf, run } from '../simulator/ask.ts'

const MINUTE_MS = 60_000
const TH = 1e12

/** A watch that sees a reading each minute. */
function watching() {
  const lines: string[] = []
  const watch = new ShareWatch({
    timeoutMs: 10 * MINUTE_MS,
    maxGapMs: 3 * MINUTE_MS,
    log: createLog({ write: (line) => lines.push(line) }),
  })
  const clock = { ms: 0 }
  const see = (reading: Reading, afterMs = MINUTE_MS) => {
    clock.ms += afterMs
    return watch.check('rack3-07', reading, clock.ms).sample
  }
  /** the states after each of these readings, a minute apart */
  const states = (reading: Reading, times: number) =>
    Array.from({ length: times }, () => see(reading).state).join(' ')
  return { see, states, events: () => lines.map((line) => JSON.parse(line).event as string) }
}

const POOL = { poolUrl: 'stratum+tcp://btc.pool.example:3333', poolUser: 'demosite.r3s07' }
const BACKUP = { poolUrl: 'backup.pool.example:3333', poolUser: 'demosite.r3s07' }

const hashing = (shares: Reading['shares'], more: Partial<Reading['sample']> = {}): Reading => ({
  identity: { kind: 'asic' },
  sample: {
    state: 'hashing',
    hashrateHs: 98.4 * TH,
    powerW: 3000,
    holders: [{ owner: POOL, share: 1 }],
    uptimeS: 5000,
    ...more,
  },
  ...(shares ? { shares } : {}),
})
const times = (n: number, state: string) => Array(n).fill(state).join(' ')

describe('a miner whose shares no pool accepts', () => {
  it('is faulty after ten minutes, says so in the figures, and keeps its power and its pool', () => {
    const { see, states } = watching()
    const reading = hashing({ accepted: 500, difficulty: 65_536 })
    expect(states(reading, 10)).toBe(times(10, 'hashing'))
    expect(see(reading)).toEqual({
      state: 'faulty',
      powerW: 3000,
      uptimeS: 5000,
      holders: [{ owner: POOL, share: 1 }],
      faults: [
        'shows 98.4 TH/s but no share was accepted for 10 min by btc.pool.example; check the pool and worker name',
      ],
    })
  })

  it('is well at the next accepted share, and each change is logged once', () => {
    const { see, states, events } = watching()
    expect(states(hashing({ accepted: 500 }), 14)).toMatch(/faulty$/)
    expect(see(hashing({ accepted: 501 }))).toMatchObject({ state: 'hashing', hashrateHs: 98.4 * TH })
    expect(events()).toEqual([
      'miner hashes, but its pool accepts no share',
      'miner is no longer faulty for missing shares',
    ])
  })

  it('is named with its other faults', () => {
    const { see, states } = watching()
    const reading = hashing({ accepted: 1 }, { holders: [], faults: ['no pool is alive'] })
    states(reading, 11)
    expect(see(reading).faults).toEqual([expect.stringContaining('by any pool'), 'no pool is alive'])
  })
})

describe('a miner is not found faulty', () => {
  it('whose API counts no shares', () => {
    const { states } = watching()
    expect(states(hashing(undefined), 20)).toBe(times(20, 'hashing'))
  })

  it('before ten times what a share takes it on average', () => {
    const { states } = watching()
    // 2^32 x 4.6e6 / 98.4 TH/s: a share in 201 s
    const reading = hashing({ accepted: 3, difficulty: 4.6e6 })
    expect(states(reading, 34)).toBe(times(34, 'hashing'))
    expect(states(reading, 1)).toBe('faulty')
  })

  it('for the time of a gap between its readings', () => {
    const { see, states } = watching()
    const reading = hashing({ accepted: 500 })
    states(reading, 6)
    expect(see(reading, 60 * MINUTE_MS).state).toBe('hashing')
    expect(states(reading, 5)).toBe('hashing hashing hashing hashing faulty')
  })

  it('without a trusted hashrate', () => {
    const { see, states } = watching()
    states(hashing({ accepted: 1 }), 12)
    const { hashrateHs: _, ...sample } = hashing(undefined).sample
    expect(see({ ...hashing({ accepted: 1 }), sample }).state).toBe('hashing')
  })
})

describe('the wait starts again', () => {
  it.each([
    ['after a restart', hashing({ accepted: 0 }, { uptimeS: 30 })],
    ['after a restart that lost no count', hashing({ accepted: 500 }, { uptimeS: 30 })],
    ['at another pool', hashing({ accepted: 500 }, { holders: [{ owner: BACKUP, share: 1 }] })],
  ])('%s', (_name, next) => {
    const { states } = watching()
    states(hashing({ accepted: 500 }), 8)
    expect(states(next, 10)).toBe(times(10, 'hashing'))
    expect(states(next, 1)).toBe('faulty')
  })

  it('after a pause, on purpose or not', () => {
    const { see, states } = watching()
    states(hashing({ accepted: 500 }), 8)
    see(hashing({ accepted: 500 }, { state: 'sleeping' }))
    expect(states(hashing({ accepted: 500 }), 10)).toBe(times(10, 'hashing'))
  })

  it('but not at a pool that it tried since its last share', () => {
    const { see, states } = watching()
    for (let i = 0; i < 6; i++) {
      see(hashing({ accepted: 500 }))
      see(hashing({ accepted: 500 }, { holders: [{ owner: BACKUP, share: 1 }] }))
    }
    expect(states(hashing({ accepted: 500 }), 1)).toBe('faulty')
  })
})

describe('an emulated Antminer on the wire', () => {
  const machine = machineOf(ASIC_MODELS.s21)
  const server = new AsicServer(
    machine,
    '127.0.0.1',
    { asic: 0, web: 0, link: 0, status: 0 },
    () => 1_780_000_000,
  )
  beforeAll(() => Promise.all(server.listeners.map((l) => l.open())))
  afterAll(() => Promise.all(server.listeners.map((l) => l.close())))

  it('whose pools do not know its worker hashes on, is faulty, and is well once they know it', async () => {
    const { see } = watching()
    const session = antminer.open({
      id: 'm',
      host: '127.0.0.1',
      options: { port: server.listeners[0]!.port, webPort: 80, statusPort: server.listeners[2]!.port },
    })
    const stateAfter = async (minutes: number) => {
      let sample: Reading['sample'] | undefined
      for (let i = 0; i < minutes; i++) {
        run(machine, 60)
        const [reading] = await session.read(AbortSignal.timeout(120_000))
        sample = see(reading!)
      }
      return sample
    }
    expect((await stateAfter(15))?.state).toBe('hashing')
    const paid = machine.workDiff1
    const end = strike(machine, 'worker-unknown', createRandom(1))
    const sample = await stateAfter(12)
    expect(machine.workDiff1).toBe(paid)
    expect(machine.hashrateHs).toBeGreaterThan(0.9 * machine.model.hashrateHs)
    expect(sample?.state).toBe('faulty')
    expect(sample?.faults?.[0]).toMatch(/^shows \d{3}(\.\d)? TH\/s but no share .* btc\.pool\.example;/)
    end()
    expect((await stateAfter(3))?.state).toBe('hashing')
    session.close?.()
  })
})
