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
  /** A connection that lasts so long; at its begin the broker has this retained. @returns ms to rest after it */
  const connection = (lastsMs: number, retained?: Uint8Array) => {
    namesake.connected()
    if (retained) namesake.heard(retained)
    namesake.published()
    nowMs += lastsMs
    return namesake.closed()
  }
  return { namesake, lines, connection }
}
const earlier = program(900, 'bbbbbbbb', 'gpu-host-2')
const later = program(1100, 'bbbbbbbb', 'gpu-host-2')

describe('an agent whose name another one has', () => {
  it('rests where the other one came first and ends its connection, and says where that is', () => {
    const { namesake, lines, connection } = create()
    connection(1000)
    expect(connection(1000, status(earlier, 'offline'))).toBe(15_000)
    expect(namesake.other).toEqual(earlier)
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        event: expect.stringMatching(/^another agent has this name; stop it/),
        other: 'gpu-host-2 (10.0.4.1)',
      },
      { event: 'the other agent of this name has the connection; this one rests', restsS: 15 },
    ])
  })

  it('goes on where it came first itself, and says where the other is', () => {
    const { lines, connection } = create()
    connection(1000)
    expect(connection(1000, status(later))).toBeUndefined()
    expect(lines.join()).toContain('gpu-host-2')
  })

  it('goes on where the other one has ended: its connection lasts', () => {
    const { connection } = create()
    connection(1000)
    expect(connection(60_000, status(earlier, 'offline'))).toBeUndefined()
  })

  it('rests longer each time, ten minutes at most, and briefly again after a quiet while', () => {
    const { connection } = create()
    connection(1000)
    const rests = Array.from({ length: 8 }, () => connection(1000, status(earlier)))
    expect(rests).toEqual([15, 30, 60, 120, 240, 480, 600, 600].map((s) => s * 1000))
    connection(3 * 60_000)
    expect(connection(1000, status(earlier))).toBe(15_000)
  })

  it('takes what its own earlier run has left, and its own status, for no other agent', () => {
    const { namesake, lines, connection } = create()
    namesake.connected()
    namesake.heard(status(earlier, 'offline'))
    namesake.published()
    // the broker notices only now that the earlier run is gone
    namesake.heard(status(earlier, 'offline'))
    expect(namesake.closed()).toBeUndefined()
    for (const own of [status(OWN), status(undefined), Buffer.from('{')])
      expect(connection(1000, own)).toBeUndefined()
    expect(lines).toEqual([])
    expect(namesake.other).toBeUndefined()
  })
})
