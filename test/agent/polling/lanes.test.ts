import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { connectionOf } from '../../../agent/config/device-place.ts'
import { DRIVERS } from '../../../agent/drivers/index.ts'
import type { Session } from '../../../agent/plugin/session.ts'
import { lanesOf, OWN_LANE, SharedLane } from '../../../agent/polling/lanes.ts'
import { Poller } from '../../../agent/polling/poller.ts'
import { createLog } from '../../../protocol/kit/log.ts'
import { eventually } from '../../eventually.ts'

const never = new AbortController().signal

describe('a shared lane', () => {
  it('runs one after another, in the order in which they came, also after one failed', async () => {
    const lane = new SharedLane()
    const done: string[] = []
    const work = (name: string, error?: Error) => async () => {
      done.push(`${name} begins`)
      await sleep(1)
      done.push(`${name} ends`)
      if (error) throw error
    }
    const all = await Promise.allSettled([
      lane.run(work('a', new Error('refused')), never),
      lane.run(work('b'), never),
      lane.run(work('c'), never),
    ])
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
    expect(done).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
  })

  it('lets go of the one whose wait was ended, and of nobody else', async () => {
    const lane = new SharedLane()
    const stop = new AbortController()
    const first = lane.run(() => sleep(5), never)
    const second = lane.run(() => Promise.reject(new Error('not reached')), stop.signal)
    const third = lane.run(async () => 'third', never)
    stop.abort(new Error('the agent stops'))
    await expect(second).rejects.toThrow('the agent stops')
    await first
    expect(await third).toBe('third')
  })
})

describe('devices that share a connection', () => {
  const keyOf = (driver: string, settings: object) => connectionOf({ id: 'x', driver, ...settings }, DRIVERS)

  it('are the meters behind one gateway, and whatever reads one miner or one BMC', () => {
    const gateway = { host: '192.0.2.2', map: 'schneider-iem3000' }
    expect(keyOf('modbus-meter', { ...gateway, unit: 1 })).toBe(
      keyOf('modbus-meter', { ...gateway, unit: 2 }),
    )
    expect(keyOf('modbus-meter', { ...gateway, port: 503 })).not.toBe(keyOf('modbus-meter', gateway))
    expect(keyOf('redfish', { url: 'https://192.0.2.9/' })).toBe(keyOf('ipmi', { host: '192.0.2.9' }))
    expect(keyOf('antminer', { host: '192.0.2.7' })).toBe(keyOf('whatsminer-v3', { host: '192.0.2.7' }))
  })

  it('are not two web servers, nor what the agent reads of its own computer', () => {
    expect(keyOf('llm-server', { url: 'http://192.0.2.5:8000/metrics', service: 'chat' })).toBeUndefined()
    expect(keyOf('dcgm', { host: '192.0.2.5' })).toBeUndefined()
    expect(keyOf('ipmi', {})).toBeUndefined()
  })

  it('have one lane, and a device that is alone has its own', () => {
    const [a, b, c, d] = lanesOf(['gateway', 'alone', 'gateway', undefined])
    expect(a).toBe(c)
    expect(a?.isShared).toBe(true)
    expect([b, d]).toEqual([OWN_LANE, OWN_LANE])
  })

  it('are read in turn, and none keeps its connection while another is read', async () => {
    const lane = new SharedLane()
    let open = 0
    let most = 0
    let reads = 0
    const session = (): Session => {
      let isOpen = false
      return {
        async read() {
          if (!isOpen) open++
          isOpen = true
          most = Math.max(most, open)
          await sleep(1)
          reads++
          return []
        },
        rest() {
          if (isOpen) open--
          isOpen = false
        },
      }
    }
    const pollers = ['meter-1', 'meter-2', 'meter-3'].map((id, index) => {
      const target = {
        id,
        driver: 'modbus-meter',
        open: async () => ({ driver: 'modbus-meter', session: session() }),
      }
      const options = {
        intervalMs: 5,
        timeoutMs: 1_000,
        index,
        of: 3,
        lane,
        log: createLog({ write: () => {} }),
      }
      return new Poller(target, { ...options, onReadings: () => {}, onFailure: () => {} })
    })
    for (const poller of pollers) poller.start()
    await eventually(
      () => reads,
      (n) => n > 12,
    )
    await Promise.all(pollers.map((poller) => poller.stop()))
    expect(most).toBe(1)
  })
})
