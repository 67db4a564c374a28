import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { eventually } from '../eventually.ts'
import { freePort } from '../mosquitto.ts'
import { areFree, npmStart, type Places, type Process, type Terminal } from './npm-start.ts'

const PARTS = ['collector', 'gpu', 'mining', 'npm', 'simulate', 'this-machine']

describe('npm start in a terminal', () => {
  const places: Places = {
    folder: mkdtempSync(join(tmpdir(), 'perwatt-npm-')),
    port: 0,
    brokerPort: 0,
    base: `127.${100 + (process.pid % 100)}.9.1`,
  }
  let terminal: Terminal | undefined

  afterEach(() => {
    terminal?.clear()
    terminal = undefined
  })
  afterAll(() => rmSync(places.folder, { recursive: true, force: true }))

  /** Each start has the places of the one before it, and must get them. */
  async function start(options?: { shellStays: boolean }): Promise<Terminal & { pid(part: string): number }> {
    places.port ||= await freePort()
    places.brokerPort ||= await freePort()
    terminal = await npmStart(places, options)
    expect([...terminal.parts().keys()].sort()).toEqual(PARTS)
    expect(terminal.output()).not.toContain('taken')
    expect(terminal.output()).toContain(`http://127.0.0.1:${places.port}/wall`)
    const { parts } = terminal
    return { ...terminal, pid: (part) => (parts().get(part) as Process).pid }
  }

  async function expectNothingLeft({ leftovers, status }: Terminal): Promise<void> {
    const left = await eventually(leftovers, (all) => all.length === 0)
    expect(left).toEqual([])
    // the last lines of an ended terminal may still wait in its pipe
    await eventually(status, (code) => code !== undefined)
    // another test may have one of the ports for a while
    await eventually(
      () => areFree(places),
      (free) => free,
    )
  }

  it('one Ctrl-C, which npm passes on a second time, stops everything in order', async () => {
    const it = await start()
    it.type('\u0003')
    await expectNothingLeft(it)
    expect(it.output()).toContain('stopped; the history is kept')
  })

  it('two Ctrl-C within 10 ms stop everything in order', async () => {
    const it = await start()
    it.type('\u0003')
    setTimeout(() => it.type('\u0003'), 5)
    await expectNothingLeft(it)
    expect(it.output()).toContain('stopped; the history is kept')
  })

  for (const part of ['npm', 'collector'])
    it(`SIGTERM to ${part} stops everything in order`, async () => {
      const it = await start()
      process.kill(it.pid(part), 'SIGTERM')
      await expectNothingLeft(it)
      expect(it.output()).toContain('stopped; the history is kept')
    })

  it('a closed terminal stops everything', async () => {
    const it = await start()
    it.close()
    await expectNothingLeft(it)
  })

  it('kill -9 of npm stops everything, where the shell in the terminal goes on too', async () => {
    const it = await start({ shellStays: true })
    process.kill(it.pid('npm'), 'SIGKILL')
    const ofDemo = () => it.leftovers().filter(({ command }) => command.includes('perwatt-'))
    await eventually(
      () => ofDemo().filter(({ command }) => !/^(sh|script) /.test(command)),
      (left) => left.length === 0,
    )
    expect(await areFree(places)).toBe(true)
    // the terminal goes on, so what the demo printed last may still be on its way
    await eventually(it.output, (text) => text.includes('stopped; the history is kept'))
  })

  it('Ctrl-C while it starts stops what has begun', async () => {
    for (const until of ['bringing up a demo site', 'embedded store run', 'emulated site runs']) {
      terminal = await npmStart(places, { until })
      terminal.type('\u0003')
      await expectNothingLeft(terminal)
      expect(terminal.output(), until).toContain('stopped; the history is kept')
    }
  })

  it('kill -9 of the collector stops everything', async () => {
    const it = await start()
    process.kill(it.pid('collector'), 'SIGKILL')
    await expectNothingLeft(it)
  })

  it('kill -9 of an agent and of the emulated site starts them again, and Ctrl-C still stops everything', async () => {
    const it = await start()
    for (const part of ['mining', 'simulate']) {
      const before = it.pid(part)
      process.kill(before, 'SIGKILL')
      await eventually(
        () => it.parts().get(part)?.pid,
        (pid) => pid !== undefined && pid !== before,
      )
    }
    it.type('\u0003')
    await expectNothingLeft(it)
  })

  it('Ctrl-C stops everything while killed parts wait to be started again', async () => {
    const it = await start()
    for (const part of ['mining', 'simulate', 'gpu']) process.kill(it.pid(part), 'SIGKILL')
    await eventually(it.output, (text) => text.includes('gpu ended (SIGKILL)'))
    it.type('\u0003')
    await expectNothingLeft(it)
  })
})

describe('the next npm start, at once after a kill', () => {
  const folder = mkdtempSync(join(tmpdir(), 'perwatt-npm-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('waits for the end of the one before, and gets the same ports and addresses', async () => {
    const places = {
      folder,
      port: await freePort(),
      brokerPort: await freePort(),
      base: `127.${100 + (process.pid % 100)}.11.1`,
    }
    const first = await npmStart(places, { shellStays: true })
    process.kill((first.parts().get('npm') as Process).pid, 'SIGKILL')
    const second = await npmStart(places)
    try {
      expect(second.output()).not.toContain('taken')
      expect(second.output()).toContain(`http://127.0.0.1:${places.port}/wall`)
      second.type('\u0003')
      await eventually(second.leftovers, (left) =>
        left.every(({ command }) => /sleep|^sh |^script /.test(command)),
      )
    } finally {
      for (const terminal of [first, second]) terminal.clear()
    }
  })
})
