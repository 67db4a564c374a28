import { describe, expect, it } from 'vitest'
import { Namesake } from '../../../agent/uplink/namesake.ts'
import { encode } from '../../../protocol/codec.ts'
import { createLog } from '../../../protocol/kit/log.ts'
import type { Program } from '../../../protocol/program.ts'
import type { StatusMessage } from '../../../protocol/status.ts'

const program = (startedAtMs: number, instance: string, host = 'gpu-host-1'): Program => ({
  instance,
  startedAtMs,
  host,
  addresses: ['10.0.4.1'],
})
const OWN = program(1000, 'aaaaaaaa')
const status = (of: Program | undefined, state: StatusMessage['state'] = 'online') =>
  Buffer.from(
    encode({ v: 1, state, atMs: 0, version: '1', simulated: false, pollS: 10, ...(of && { program: of }) }),
  )

function create() {
  const lines: string[] = []
  let nowMs = 0
  const namesake = new Namesake({
    program: OWN,
    agent: 'hall',
    log: createLog({ write: (line) => lines.push(line) }),
    nowMs: () => nowMs,
    random: () => 0.5,
  })
  const reconnect = (lastsMs = 1000) => {
    namesake.connected()
    namesake.published()
    nowMs += lastsMs
    namesake.closed()
    namesake.connected()
  }
  return { namesake, lines, reconnect }
}
const earlier = program(900, 'bbbbbbbb', 'gpu-host-2')
const later = program(1100, 'bbbbbbbb', 'gpu-host-2')

describe('an agent whose name another one has', () => {
  it('rests where the other one came first, and says where that is', () => {
    const { namesake, lines, reconnect } = create()
    reconnect()
    expect(namesake.heard(status(earlier))).toBe(15_000)
    expect(JSON.parse(lines[0] as string)).toMatchObject({
      event: expect.stringMatching(/^another agent has this name; stop it/),
      other: 'gpu-host-2 (10.0.4.1)',
      restsS: 15,
    })
  })

  it('goes on where it came first itself, and says where the other is', () => {
    const { namesake, lines, reconnect } = create()
    reconnect()
    expect(namesake.heard(status(later))).toBeUndefined()
    expect(lines.join()).toContain('gpu-host-2')
  })

  it('rests longer each time, ten minutes at most, and briefly again after a quiet while', () => {
    const { namesake, reconnect } = create()
    const rests: (number | undefined)[] = []
    for (let i = 0; i < 8; i++) {
      reconnect()
      rests.push(namesake.heard(status(earlier, i % 2 === 0 ? 'online' : 'offline')))
    }
    expect(rests).toEqual([15, 30, 60, 120, 240, 480, 600, 600].map((s) => s * 1000))
    reconnect(3 * 60_000)
    expect(namesake.heard(status(earlier))).toBe(15_000)
  })

  it('takes what its own earlier run has left, and its own status, for no other agent', () => {
    const { namesake, lines, reconnect } = create()
    namesake.connected()
    expect(namesake.heard(status(earlier, 'offline'))).toBeUndefined()
    namesake.published()
    // the broker notices only now that the earlier run is gone
    expect(namesake.heard(status(earlier, 'offline'))).toBeUndefined()
    reconnect()
    expect(namesake.heard(status(OWN))).toBeUndefined()
    expect(namesake.heard(status(undefined))).toBeUndefined()
    expect(namesake.heard(Buffer.from('{'))).toBeUndefined()
    expect(lines).toEqual([])
  })
})
