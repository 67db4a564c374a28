import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { detect } from '../../agent/detect.ts'
import { type Driver, defineDriver } from '../../agent/driver.ts'
import antminer from '../../agent/drivers/antminer.ts'
import avalon from '../../agent/drivers/avalon.ts'
import whatsminer from '../../agent/drivers/whatsminer.ts'
import { closeReplays, fixture, replay, soon } from './asic-harness.ts'
import { captured, hasCaptures, WITH_CAPTURES } from './captures.ts'

closeReplays()

const DRIVERS: Driver[] = [whatsminer, avalon, antminer]
const found = async (answers: Record<string, unknown>, drivers = DRIVERS) => {
  const miner = await replay({ answers })
  const work = detect(miner.host, miner.port, drivers, soon())
  const said = await work.then(
    (driver) => driver.name,
    (error: Error) => error.message.replace(`${miner.host}:${miner.port}`, 'H:P'),
  )
  return { said, asked: miner.requests.map((r) => r['command']) }
}

const version = (fields: Record<string, string>, description = 'cgminer 4.11.1') => ({
  STATUS: [{ STATUS: 'S', Code: 22, Msg: 'Versions', Description: description }],
  VERSION: [{ API: '3.7', ...fields }],
  id: 1,
})

describe('a miner is known by its first answer', () => {
  test.each([
    ['antminer-s19pro', 'antminer'],
    ['antminer-s21-new-api', 'antminer'],
    ['whatsminer-api1', 'whatsminer'],
    ['avalon-a1566', 'avalon'],
    ['avalon-a10-text', 'avalon'],
  ])('%s', async (name, driver) => {
    expect(await found(fixture(name))).toEqual({ said: driver, asked: ['version'] })
  })

  test('or by devdetails, where it refuses to tell its version', async () => {
    const { devdetails } = fixture('whatsminer-api1')
    expect(await found({ devdetails })).toEqual({ said: 'whatsminer', asked: ['version', 'devdetails'] })
  })
})

describe('aftermarket firmware is named, and never read as the stock firmware of its machine', () => {
  test.each([
    ['LuxOS', version({ LUXminer: '2025.4.8', Type: 'Antminer S19k Pro' }, 'LUXminer 2025.4.8')],
    ['Braiins OS', version({ BOSer: 'boser-buildroot 0.1.0' }, 'BOSer boser-buildroot 0.1.0')],
    ['Braiins OS', version({ BOSminer: '0.9' }, 'BOSminer')],
    ['Hiveon', version({ Type: 'Antminer S19 (Hiveon)' })],
    ['MARA firmware', version({ Type: 'Antminer S21', Firmware: 'kaonsu' })],
    ['mskminer', version({ BMMiner: 'rwglr 1.0', Type: 'Antminer S19' })],
    ['VNish', version({ Type: 'Antminer S19 XP (Vnish 1.2.0)' })],
    ['Auradine FluxOS', version({ GCMiner: '0.5' }, 'GCMiner-0.5')],
    ['SealMiner', version({ BDMiner: '4.11.1' }, 'bdminer 4.11.1')],
    ['ePIC', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
  ])('%s', async (firmware, answer) => {
    expect((await found({ version: answer })).said).toBe(
      `H:P runs ${firmware}, which no driver of this agent reads; see the list of drivers`,
    )
  })

  test('VNish 1.2, which names itself in stats only', async () => {
    const stats = { STATS: [{ Type: 'Antminer S21 Pro (Vnish 1.2.7)' }, { 'GHS 5s': '173870.94' }] }
    const { said, asked } = await found({ stats })
    expect(said).toMatch(/^H:P runs VNish, /)
    expect(asked).toEqual(['version', 'devdetails', 'stats'])
  })

  test('a driver that knows it takes it, wherever it stands in the list', async () => {
    const luxos = defineDriver({
      name: 'luxos',
      summary: '',
      kind: 'asic',
      settings: z.object({}),
      needsHost: true,
      asks: [],
      recognises: ({ version4028 }) => version4028?.includes('LUXMINER') ?? false,
      open: () => ({ read: async () => [] }),
    })
    const answer = version({ LUXminer: '2025.4.8', Type: 'Antminer S19k Pro' })
    expect((await found({ version: answer }, [...DRIVERS, luxos])).said).toBe('luxos')
    expect((await found({ version: answer }, [luxos, ...DRIVERS])).said).toBe('luxos')
  })
})

test('what answers like no known miner is said so', async () => {
  expect((await found({})).said).toBe(
    'H:P answers like no miner that is known here; name its driver in the configuration',
  )
})

test('what does not answer is an error of the connection, at the deadline', async () => {
  const miner = await replay({ answers: {}, silent: ['version'] })
  await expect(detect(miner.host, miner.port, DRIVERS, AbortSignal.timeout(50))).rejects.toThrow(
    /^no reply in \d+ ms from 127\.0\.0\.1:\d+; check power and API access$/,
  )
})

describe.skipIf(!hasCaptures)(`real machines ${WITH_CAPTURES}`, () => {
  test.each([
    ['bitmain-s19-stock-protofleet', 'rpc_version.json', 'antminer'],
    ['bitmain-s19pro-stock-49.0.1.3-asicrs', 'version.json', 'antminer'],
    ['canaan-avalon1566-24102401-pyasic', 'rpc_version.json', 'avalon'],
    ['canaan-avalon-homeq+a1246-asicrs', 'version.json', 'avalon'],
    ['canaan-a1066-19101244-manual', 'version.raw.txt', 'avalon'],
    ['bitmain-s19kpro-luxos-2025.4.8-asicrs', 'version.json', 'H:P runs LuxOS'],
    ['bitmain-braiinsos+-25.05-asicrs', 'version.json', 'H:P runs Braiins OS'],
    ['auradine-at1500-2023.12.27-asicrs', 'version.json', 'H:P runs Auradine FluxOS'],
    ['bitdeer-sealminer-a2-2025091001-asicrs', 'version.json', 'H:P runs SealMiner'],
  ])('%s', async (device, file, said) => {
    expect((await found({ version: captured(device, file) })).said.startsWith(said)).toBe(true)
  })

  test('VNish S21 Pro 1.2.7', async () => {
    const device = 'bitmain-s21pro-vnish-1.2.7-protofleet'
    const answers = ['version', 'devdetails', 'stats'].map((n) => [n, captured(device, `rpc_${n}.json`)])
    expect((await found(Object.fromEntries(answers))).said).toMatch(/^H:P runs VNish, /)
  })
})
