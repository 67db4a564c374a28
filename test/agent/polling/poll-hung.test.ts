import { afterEach, describe, expect, it, vi } from 'vitest'
import { DRIVERS } from '../../../agent/drivers/index.ts'
import { pollTarget } from '../../../agent/polling/poll-target.ts'
import { Poller } from '../../../agent/polling/poller.ts'
import { FAMILY_SERVERS } from '../../../agent/simulator/asic/family-servers.ts'
import { Listener } from '../../../agent/simulator/base/listener.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { emulatedMachine, familyOf } from '../../bench/rig.ts'
import { eventually } from '../../eventually.ts'

const MACHINES = 200
const HUNG = 100
const ROUNDS = 5

describe('many machines', () => {
  it('of which a hundred accept and never answer: all others are read at every interval', async () => {
    const readings = new Map<number, number>()
    const failures: string[] = []
    const listeners: Listener[] = []
    const pollers: Poller[] = []
    try {
      for (let i = 0; i < MACHINES; i++) {
        const machine = emulatedMachine(i)
        // every second machine, so that each kind hangs
        machine.hung = i % 2 === 0 && i < 2 * HUNG
        const server = FAMILY_SERVERS[machine.model.family][0].serve(machine, () => 1_780_000_000)
        const listener = new Listener(server, machine.id, '127.0.0.1', 0)
        listeners.push(listener)
        await listener.open()
        const config = { id: machine.id, driver: familyOf(i).driver, host: '127.0.0.1', port: listener.port }
        const poller = new Poller(pollTarget(config, DRIVERS), {
          intervalMs: 500,
          // longer than the test: no wait for a hung machine ends before it
          timeoutMs: 3_600_000,
          index: i,
          of: MACHINES,
          log: SILENT,
          onReadings: () => readings.set(i, (readings.get(i) ?? 0) + 1),
          onFailure: (error) => failures.push(error.message),
        })
        pollers.push(poller)
      }
      for (const poller of pollers) poller.start()
      const healthy = Array.from({ length: MACHINES }, (_, i) => i).filter((i) => i % 2 === 1)
      await eventually(
        () => healthy.filter((i) => (readings.get(i) ?? 0) < ROUNDS),
        (behind) => behind.length === 0,
      )
      expect(failures).toEqual([])
      expect([...readings.keys()].filter((i) => i % 2 === 0)).toEqual([])
    } finally {
      await Promise.all(pollers.map((poller) => poller.stop()))
      await Promise.all(listeners.map((listener) => listener.close()))
    }
  })
})

describe('a device’s beat', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it('stays its own when a poll takes longer than the interval: it is asked less often for a while, and polls never fall into step', async () => {
    vi.useFakeTimers()
    const startMs = performance.now()
    const begun: number[][] = [[], []]
    const pollers = begun.map(
      (times, i) =>
        new Poller(
          {
            id: `rig-${i}`,
            driver: 'antminer',
            async open() {
              return {
                driver: 'antminer',
                session: {
                  async read() {
                    times.push(performance.now() - startMs)
                    // the first polls of both end together
                    if (times.length === 1)
                      await new Promise((resolve) => setTimeout(resolve, 2_300 - performance.now() + startMs))
                    return []
                  },
                },
              }
            },
          },
          {
            intervalMs: 1_000,
            timeoutMs: 10_000,
            index: i,
            of: 2,
            log: SILENT,
            onReadings: () => undefined,
            onFailure: () => undefined,
          },
        ),
    )
    for (const poller of pollers) poller.start()
    await vi.advanceTimersByTimeAsync(12_100)
    expect(begun).toEqual([
      [0, 5_000, 8_000, 10_000, 11_000, 12_000],
      [3, 5_500, 8_500, 10_500, 11_500],
    ])
    await Promise.all(pollers.map((poller) => poller.stop()))
  })
})
