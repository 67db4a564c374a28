import { describe, expect, it } from 'vitest'
import { DRIVERS } from '../../../agent/drivers/index.ts'
import whatsminer from '../../../agent/drivers/whatsminer.ts'
import { ANOTHER_FIRMWARE, type Session } from '../../../agent/plugin/driver.ts'
import type { Reading } from '../../../agent/plugin/reading.ts'
import { pollTarget } from '../../../agent/polling/poll-target.ts'
import { Poller, type PollTarget } from '../../../agent/polling/poller.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { createLog } from '../../../protocol/kit/log.ts'
import { deadlineOf } from '../../../protocol/kit/retry.ts'
import { eventually } from '../../eventually.ts'
import { startReplay } from '../replay-server.ts'

const READING: Reading = { identity: { kind: 'asic' }, sample: { state: 'hashing' } }

function poller(target: PollTarget, timeoutMs = 50) {
  const readings: Reading[][] = []
  const failures: string[] = []
  const lines: string[] = []
  const p = new Poller(target, {
    intervalMs: 10,
    timeoutMs,
    index: 0,
    of: 1,
    log: createLog({ write: (line) => lines.push(line) }),
    onReadings: (_driver, r) => readings.push(r),
    onFailure: (error) => failures.push(error.message),
    random: () => 0,
  })
  return { p, readings, failures, events: () => lines.map((l) => JSON.parse(l).event as string) }
}

const target = (read: Session['read'], opened = { times: 0, closed: 0 }): PollTarget => ({
  id: 'rack3-07',
  driver: 'antminer',
  address: '192.0.2.7:4028',
  async open() {
    opened.times++
    return { driver: 'antminer', session: { read, close: () => opened.closed++ } }
  },
})

describe('the poller', () => {
  it('says who, what and why when a device does not answer in time, and polls on', async () => {
    let hang = true
    const { p, readings, failures, events } = poller(
      target(() => (hang ? new Promise(() => undefined) : Promise.resolve([READING]))),
    )
    p.start()
    await eventually(
      () => failures.length,
      (n) => n >= 2,
    )
    expect(failures[0]).toBe(
      'antminer rack3-07: no answer in 50 ms from 192.0.2.7:4028; check its power, its address and the network',
    )
    hang = false
    await eventually(
      () => readings.length,
      (n) => n > 0,
    )
    await p.stop()
    expect(events()).toEqual(['device does not answer', 'device answers again'])
  })

  it('gives the driver its whole time, however long detection took', async () => {
    const deadlines: (number | undefined)[] = []
    const read: Session['read'] = (signal) => {
      deadlines.push(deadlineOf(signal)?.ms)
      return new Promise(() => undefined)
    }
    const slow: PollTarget = {
      ...target(read),
      open: () =>
        new Promise((resolve) => setTimeout(resolve, 300, { driver: 'antminer', session: { read } })),
    }
    const { p, failures } = poller(slow, 400)
    p.start()
    await eventually(
      () => failures.length,
      (n) => n > 0,
    )
    await p.stop()
    expect(deadlines[0]).toBe(400)
    expect(failures[0]).toMatch(/: no answer in 400 ms from 192\.0\.2\.7:4028; check its power/)
  })

  it('states the whole deadline where a machine is silent at every request, not what was left for the last', async () => {
    const machine = await startReplay({ answers: {}, silent: whatsminer.requests })
    const device = { id: 'm1', driver: 'whatsminer', host: machine.host, port: machine.port }
    const { p, failures } = poller(pollTarget(device as never, DRIVERS), 600)
    p.start()
    await eventually(
      () => failures.length,
      (n) => n > 0,
    )
    await p.stop()
    await machine.close()
    expect(failures[0]).toMatch(
      new RegExp(
        `^whatsminer m1: no (reply|answer) in 600 ms from 127.0.0.1:${machine.port}; check its power`,
      ),
    )
  })

  it('opens a new session after three failures: the machine may be another by now', async () => {
    const opened = { times: 0, closed: 0 }
    const { p, failures } = poller(target(() => Promise.reject(new Error('connection refused')), opened))
    p.start()
    await eventually(
      () => failures.length,
      (n) => n >= 4,
    )
    await p.stop()
    expect(opened).toEqual({ times: 2, closed: 2 })
  })

  it('opens a new session in the same poll when the machine answers as another family', async () => {
    const opened = { times: 0, closed: 0 }
    const flashed = new PerwattError(ANOTHER_FIRMWARE, 'it runs VNish, not Antminer; check the driver')
    const { p, readings, failures, events } = poller(
      target(() => (opened.times === 1 ? Promise.reject(flashed) : Promise.resolve([READING])), opened),
    )
    p.start()
    await eventually(
      () => readings.length,
      (n) => n > 0,
    )
    await p.stop()
    expect(opened).toEqual({ times: 2, closed: 2 })
    expect(failures).toEqual([])
    expect(events()).toEqual([])
  })

  it('says so where the driver that is configured is not the machine’s', async () => {
    const flashed = new PerwattError(ANOTHER_FIRMWARE, 'it runs VNish, not Antminer; check the driver')
    const { p, failures } = poller(target(() => Promise.reject(flashed)))
    p.start()
    await eventually(
      () => failures.length,
      (n) => n > 0,
    )
    await p.stop()
    expect(failures[0]).toBe('antminer rack3-07: it runs VNish, not Antminer; check the driver')
  })

  it('stops while a device hangs', async () => {
    const { p, failures } = poller(
      target(() => new Promise(() => undefined)),
      60_000,
    )
    p.start()
    await new Promise((resolve) => setTimeout(resolve, 20))
    await p.stop()
    expect(failures).toEqual([])
  })
})
