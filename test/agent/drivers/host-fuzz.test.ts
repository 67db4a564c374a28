import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  amdGpus,
  amdMetrics,
  amdPower,
  amdProcesses,
  amdStatic,
} from '../../../agent/drivers/amd-smi/output.ts'
import { dcmiPowerW, ipmiPowerSensors } from '../../../agent/drivers/ipmi/ipmitool.ts'
import redfish from '../../../agent/drivers/redfish/redfish.ts'
import { rocmGpus } from '../../../agent/drivers/rocm-smi/output.ts'
import { xpuIdentities, xpuReading, xpuValues } from '../../../agent/drivers/xpu-smi/output.ts'
import { sharePackages } from '../../../agent/gpu/packages.ts'
import { machinePowerOf } from '../../../agent/host-power/machine-power.ts'
import type { Reading } from '../../../agent/plugin/reading.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { soon } from '../asic-harness.ts'
import { captureOf, capturesIn, hasCapturesOf } from '../host-captures.ts'
import { mutation } from '../mutations.ts'
import { chassis, redfishTree } from '../redfish-tree.ts'
import { expectReading } from '../valid-reading.ts'

const gpu = (name: string) => readFileSync(`test/fixtures/gpu/${name}`, 'utf8')
const power = (name: string) => readFileSync(`test/fixtures/power/${name}`, 'utf8')

/** What a text is read as: readings, or a clear error. */
const READERS: Record<string, (text: string) => Reading[]> = {
  'amd-smi': (text) =>
    [...amdGpus(text, 'amd-smi')].map(([index, row]) => {
      for (const { pid, memoryUsedBytes = 0, smRatio = 0 } of amdProcesses(row)) {
        expect(Number.isFinite(pid)).toBe(true)
        expect(memoryUsedBytes).toBeGreaterThanOrEqual(0)
        expect(smRatio).toBeGreaterThanOrEqual(0)
      }
      return {
        part: `gpu${index}`,
        identity: amdStatic(row).identity,
        sample: { state: 'ok', ...amdMetrics(row), ...amdPower(row) },
      }
    }),
  'rocm-smi': (text) => sharePackages(rocmGpus(text)),
  'xpu-smi': (text) => {
    const identities = xpuIdentities(text)
    return [...xpuValues(text)].map(([index, values]) => xpuReading(index, values, identities.get(index)))
  },
  ipmi: (text) => {
    const powerW = dcmiPowerW(text).powerW ?? machinePowerOf(ipmiPowerSensors(text)).powerW
    return powerW === undefined
      ? []
      : [{ identity: { kind: 'host' }, sample: { state: 'ok', powerW, powerBasis: 'reported' } }]
  },
}

const FIXTURES = [
  ...[
    'amd-smi-mi300x/metric.json',
    'amd-smi-mi300x/static.json',
    'amd-smi-mi300x/process.json',
    'amd-smi-text/metric.txt',
  ].map((name) => ({ reader: 'amd-smi', name, text: gpu(name) })),
  { reader: 'rocm-smi', name: 'rocm-smi-mi250x.json', text: gpu('rocm-smi-mi250x.json') },
  ...['dump.csv', 'discovery.json'].map((name) => ({
    reader: 'xpu-smi',
    name,
    text: gpu(`xpu-smi-max1550/${name}`),
  })),
  ...['ipmi-dcmi.txt', 'ipmi-sensors.txt'].map((name) => ({ reader: 'ipmi', name, text: power(name) })),
]

function expectClear(error: unknown): void {
  expect(error).toBeInstanceOf(PerwattError)
  expect((error as Error).message).toMatch(/^[^\n]{1,1000}; [^\n]+$/)
}

function fuzz(reader: string, text: string): void {
  fc.assert(
    fc.property(mutation, (mutate) => {
      try {
        for (const reading of READERS[reader]?.(mutate(text)) ?? []) expectReading(reader, reading)
      } catch (error) {
        expectClear(error)
      }
    }),
    { numRuns: 60 },
  )
}

test.each(FIXTURES)(
  'whatever $name holds, $reader reads it, or says clearly that it can’t',
  ({ reader, text }) => fuzz(reader, text),
)

test.skipIf(!hasCapturesOf('gpu'))(
  'the same with the answers of real machines (needs ../shared/captures; skipped without)',
  () => {
    for (const [reader, folder] of [
      ['amd-smi', 'gpu/amd-smi'],
      ['rocm-smi', 'gpu/rocm-smi'],
      ['xpu-smi', 'gpu/xpu-smi'],
      ['ipmi', 'power/ipmi'],
    ] as const)
      for (const file of capturesIn(folder)) fuzz(reader, captureOf(folder, file))
  },
)

const oemAndSensors = redfishTree(
  { HGX_Baseboard_0: {}, System_0: { Links: { Chassis: [chassis('1')] } } },
  {
    BMC_0: { pages: { Power: { PowerControl: [{ PowerMetrics: { CurConsumedWatts: 4920 } }] } } },
    1: {
      ChassisType: 'RackMount',
      Links: { ContainedBy: chassis('Rack') },
      pages: {
        Power: {
          PowerSupplies: [{ PowerInputWatts: 0 }],
          Oem: { ts_fujitsu: { ChassisPowerConsumption: {} } },
        },
        'Sensors/PSU1_PIN': { Reading: 600, ReadingUnits: 'W' },
        'Sensors/PSU2_PIN': { Reading: 0.61, ReadingUnits: 'kW' },
      },
    },
    Rack: { ChassisType: 'Rack' },
  },
)
const BMCS: [string, Record<string, unknown>][] = [
  ...['power', 'environment-metrics', 'supplies'].map((name): [string, Record<string, unknown>] => [
    name,
    JSON.parse(power(`redfish-${name}.json`)),
  ]),
  ['Sensors', oemAndSensors],
]

test.each(BMCS)('whatever a BMC with %s answers, it is a reading or a clear error', async (_name, whole) => {
  let answers: Record<string, string> = {}
  const server = createServer((request, response) => {
    const answer = answers[request.url ?? '']
    response.writeHead(answer === undefined ? 404 : 200).end(answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(whole)), mutation, async (path, mutate) => {
        answers = Object.fromEntries(Object.entries(whole).map(([p, page]) => [p, JSON.stringify(page)]))
        answers[path] = mutate(answers[path] ?? '')
        const session = redfish.open({ id: 'm1', host: '', options: redfish.settings.parse({ url }) })
        const result = await session.read(soon()).catch((error: unknown) => error)
        session.close?.()
        if (result instanceof Error) expectClear(result)
        else expectReading('redfish', (result as Reading[])[0])
      }),
      { numRuns: 60 },
    )
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

test('a long answer that is cut is refused in one look, not in one a line', () => {
  const rows = Array.from({ length: 20_000 }, (_, i) => `{\n"gpu": ${i},\n"power": [\n1\n]\n}`)
  const cut = `[\n${rows.join(',\n')}`
  expect(() => READERS['amd-smi']?.(cut)).toThrow('names no GPU')
  expect(() => READERS['rocm-smi']?.(cut)).toThrow('names no GPU')
})
