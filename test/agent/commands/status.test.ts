import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { statusCommand } from '../../../agent/commands/status.ts'
import { type AgentNote, StatusFile } from '../../../agent/composition/status-file.ts'
import { SILENT } from '../../../protocol/kit/log.ts'

let folder: string
let config: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'perwatt-status-'))
  config = join(folder, 'agent.yaml')
  writeFileSync(
    config,
    JSON.stringify({
      site: 'plains',
      agent: 'edge',
      spool: { folder: join(folder, 'spool') },
      devices: [{ id: 'm1', driver: 'antminer', host: '10.0.0.7' }],
    }),
  )
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const note = (more: Partial<AgentNote['status']> = {}, trouble?: string): AgentNote => ({
  atMs: Date.now(),
  site: 'plains',
  agent: 'edge',
  broker: 'mqtt://broker:1883',
  ...(trouble === undefined ? {} : { trouble }),
  devices: 3,
  answering: 2,
  status: {
    v: 1,
    state: 'online',
    atMs: Date.now(),
    version: '0.1.0',
    simulated: false,
    pollS: 5,
    spool: { records: 12, lost: 0, oldestMs: Date.UTC(2026, 10, 1, 12), disk: 'ok' },
    ...more,
  },
})
const wrote = (content: AgentNote) => new StatusFile(join(folder, 'spool'), SILENT).write(content)

/** What the command prints, and its exit status. */
async function run(...options: string[]): Promise<{ text: string; exit: number }> {
  let text = ''
  const written = vi.spyOn(process.stdout, 'write').mockImplementation((piece) => {
    text += String(piece)
    return true
  })
  const before = process.exitCode
  process.exitCode = 0
  try {
    await statusCommand().parseAsync(['node', 'status', '--config', config, ...options])
    return { text, exit: Number(process.exitCode) }
  } finally {
    process.exitCode = before
    written.mockRestore()
  }
}

describe('perwatt-agent status', () => {
  it('says how a well agent is', async () => {
    await wrote(note())
    const { text, exit } = await run()
    expect(exit).toBe(0)
    expect(text).toMatch(/broker +mqtt:\/\/broker:1883: connected/)
    expect(text).toMatch(/devices +2 of 3 devices answer/)
    expect(text).toMatch(/records +12 wait, the oldest of 2026-11-01T12:00:00.000Z; 0 lost; disk ok/)
  })

  it('says that nothing is acknowledged, and what to check', async () => {
    await wrote(note({ delivery: { unansweredS: 75, triedBytes: 612 } }))
    const { text, exit } = await run()
    expect(exit).toBe(3)
    expect(text).toMatch(/STANDS STILL for 75 s.*612 bytes/)
    expect(text).toContain('write perwatt/1/plains/edge/intervals and read perwatt/1/plains/edge/ack')
  })

  it('gives the collector’s reason where it can’t store what it receives', async () => {
    await wrote(note({ delivery: { unansweredS: 75, notStored: 'disk full' } }))
    expect(await run()).toMatchObject({
      exit: 3,
      text: expect.stringContaining('can’t store them: disk full'),
    })
  })

  it('gives the collector’s reason where it does not take them yet, which is no fault of its store', async () => {
    await wrote(note({ delivery: { unansweredS: 45, held: 'from the future' } }))
    const { text, exit } = await run()
    expect(text).toContain('STANDS STILL for 45 s: the collector receives records and does not take them yet')
    expect(text).toContain('from the future')
    expect(exit).toBe(3)
  })

  it('names the limit of messages that was found; nothing stands still', async () => {
    await wrote(note({ delivery: { limit: { arrivedBytes: 4_000, lostBytes: 8_000 } } }))
    expect(await run()).toMatchObject({
      exit: 0,
      text: expect.stringMatching(/8000 bytes was lost, 4000 bytes arrive/),
    })
  })

  it('stands still while the broker is away and records wait', async () => {
    await wrote(note({}, 'connect ECONNREFUSED'))
    expect(await run('--json')).toMatchObject({ exit: 3, text: expect.stringContaining('ECONNREFUSED') })
  })

  it('says that no agent runs where it has written nothing, or long ago', async () => {
    await expect(run()).rejects.toThrow(/no agent has written its status/)
    await wrote({ ...note(), atMs: Date.now() - 3_600_000 })
    await expect(run()).rejects.toThrow(/the agent does not run/)
  })
})
