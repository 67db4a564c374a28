import { describe, expect, it } from 'vitest'
import type { DeviceConfig } from '../../../agent/config/device-config.ts'
import type { Session } from '../../../agent/plugin/driver.ts'
import { HardwareWatch } from '../../../agent/polling/hardware-watch.ts'
import { createLog } from '../../../protocol/kit/log.ts'

const DEVICES: DeviceConfig[] = [
  { id: 'rig-1', driver: 'auto', host: '192.0.2.1', hardwareId: '02:00:5E:00:00:01' },
  { id: 'rig-2', driver: 'auto', host: '192.0.2.2', hardwareId: '02-00-5e-00-00-02' },
  { id: 'rig-3', driver: 'auto', host: '192.0.2.3' },
]

/** A session of a configured device at whose address these machines answer, one a read. */
function watched(id: string, ...hardwareIds: (string | undefined)[]) {
  const lines: string[] = []
  const watch = new HardwareWatch(DEVICES, createLog({ write: (line) => lines.push(line) }))
  const session: Session = {
    async read() {
      const hardwareId = hardwareIds.shift()
      return [
        { identity: { kind: 'asic', ...(hardwareId ? { hardwareId } : {}) }, sample: { state: 'hashing' } },
      ]
    },
  }
  const device = DEVICES.find((d) => d.id === id)
  if (!device) throw new Error(`no ${id}`)
  const guarded = watch.guard(session, device)
  return {
    read: async () => (await guarded.read(new AbortController().signal))[0]?.sample.faults,
    warnings: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
  }
}

describe('who answers at an address', () => {
  it('is the expected machine, however its MAC is written', async () => {
    const { read, warnings } = watched('rig-2', '02:00:5E:00:00:02', undefined, 'SN-4711')
    expect([await read(), await read(), await read()]).toEqual([undefined, undefined, undefined])
    expect(warnings()).toEqual([])
  })

  it('may be a stranger: it is read with a fault, and the log says so once', async () => {
    const stranger = '02:00:5E:00:00:99'
    const { read, warnings } = watched('rig-1', stranger, stranger, '02:00:5E:00:00:01')
    const fault = [`another machine answers here: ${stranger} instead of 02:00:5E:00:00:01`]
    expect([await read(), await read(), await read()]).toEqual([fault, fault, undefined])
    expect(warnings()).toMatchObject([
      {
        event: 'another machine answers at this address',
        device: 'rig-1',
        host: '192.0.2.1',
        found: stranger,
      },
    ])
  })

  it.each(['rig-1', 'rig-3'])(
    'is not read as %s where it is another configured device: it would be counted twice',
    async (id) => {
      const { read } = watched(id, '02:00:5E:00:00:02')
      await expect(read()).rejects.toThrow(
        /answers rig-2 \(02:00:5E:00:00:02\); scan again with --write to follow the machines' new addresses$/,
      )
    },
  )
})
