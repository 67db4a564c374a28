import { afterEach, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { WHAT_IF_OPTIONS, whatif } from '../../../collector/commands/whatif.ts'
import { LoserSchema, ModelSchema } from '../../../collector/economics/choices/machines-answer.ts'
import { WhatIfSchema } from '../../../collector/economics/choices/whatif-answer.ts'
import { createServer, type ScreensServer } from '../../../collector/screens/server.ts'
import type { Views } from '../../../collector/screens/views.ts'
import { AdviceMessageSchema } from '../../../protocol/advice.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { createProgram } from '../../../protocol/kit/program.ts'
import { gpu, miner, NOW, siteOf } from '../site-rig.ts'
import { unfinite } from '../unfinite.ts'

const LOSING = miner(9, { sample: { powerW: 3_500, hashrateHs: 10e12, state: 'hashing' } })
const SITE = [
  miner(1),
  LOSING,
  gpu(0, { namespace: 'tenant-a' }),
  gpu(1),
  { device: { deviceId: 'meter', kind: 'meter' as const }, sample: { powerW: 8_000 } },
]

let server: ScreensServer | undefined
afterEach(async () => {
  vi.restoreAllMocks()
  await server?.close()
  server = undefined
})

async function start(views: Views = siteOf(SITE)) {
  server = createServer({ views, assets: {}, log: SILENT, version: '1', now: () => NOW })
  const { address, port } = await server.listen('127.0.0.1', 0)
  const url = `http://${address}:${port}`
  const ask = async (path: string, body?: unknown) => {
    const response = await fetch(`${url}${path}`, {
      ...(body === undefined
        ? {}
        : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    // biome-ignore lint/suspicious/noExplicitAny: what it is, is what the tests find out
    return { status: response.status, body: (await response.json()) as any }
  }
  return { url, ask }
}

describe('the API of what could be', () => {
  test('answers fit the schemas that it promises', async () => {
    const { ask } = await start()
    const checks: [string, z.ZodType][] = [
      ['/api/v1/whatif?btcUsd=70000', WhatIfSchema],
      ['/api/v1/better-use', AdviceMessageSchema],
      ['/api/v1/models', z.array(ModelSchema).length(2)],
      ['/api/v1/losers', z.array(LoserSchema).length(2)],
    ]
    for (const [path, schema] of checks) {
      const { status, body } = await ask(path)
      expect([path, status, schema.safeParse(body).error]).toEqual([path, 200, undefined])
    }
  })

  test('counts what comes on top of the energy price where a model breaks even', async () => {
    const at = async (transmissionUsdPerKwh: number) => {
      const costs = { transmissionUsdPerKwh, depreciation: [] }
      const { ask } = await start(siteOf([miner(1)], { costs }))
      const { body } = await ask('/api/v1/models')
      await server?.close()
      return z.array(ModelSchema).length(1).parse(body)[0]
    }
    const [without, withIt] = [await at(0), await at(0.02)]
    expect(withIt?.breakEvenUsdPerKwh).toBe(without?.breakEvenUsdPerKwh)
    const rise = (withIt?.breakEvenHashpriceUsdPerPhDay ?? 0) - (without?.breakEvenHashpriceUsdPerPhDay ?? 0)
    expect(rise).toBeCloseTo(24 * (without?.efficiencyJPerTh ?? 0) * 0.02, 9)
  })

  test('asks what if by query, or by a whole scenario, with the same answer', async () => {
    const { ask } = await start()
    const query =
      'btcUsd=70000&networkLeavesShare=0.2&halving=true&energyUsdPerKwh=4e-2&usdPerGpuHour=3&occupancy=1'
    const byQuery = await ask(`/api/v1/whatif?${query}`)
    const scenario = {
      btcUsd: 70_000,
      networkLeavesShare: 0.2,
      halving: true,
      energyUsdPerKwh: 0.04,
      usdPerGpuHour: 3,
      occupancy: 1,
    }
    const byBody = await ask('/api/v1/whatif', scenario)
    expect(byQuery.body).toEqual(byBody.body)
    expect(byQuery.body.scenario).toEqual(scenario)
    const rental = byBody.body.workloads.find((w: { workload: string }) => w.workload === 'h100')
    expect([rental.before.revenueUsdPerH, rental.after.revenueUsdPerH]).toEqual([2, 6])
  })

  test('takes a conversion, and counts its payback', async () => {
    const { ask } = await start()
    const conversion = {
      from: 'mining',
      powerMw: 0.005,
      capexUsdPerMw: 8e6,
      months: 9,
      usdPerGpuHour: 2,
      kwPerGpu: 1,
    }
    const { status, body } = await ask('/api/v1/whatif', { conversion })
    expect([status, body.conversion.gpus]).toEqual([200, 4])
    expect(body.conversion.paybackMonths).toBeGreaterThan(0)
    expect(body.sensitivities.map((s: { input: string }) => s.input)).toContain('conversion.capexUsdPerMw')
  })

  test.each([
    ['/api/v1/whatif?btcUsd=', 'btcUsd', /expected a number/],
    ['/api/v1/whatif?occupancy=2', 'occupancy', /<=1/],
    ['/api/v1/whatif?difficulty=much', 'difficulty', /expected a number/],
    ['/api/v1/whatif?halving=soon', 'halving', /true or false/],
    ['/api/v1/whatif?btc=1', 'btc', /there are btcUsd/],
    ['/api/v1/losers?limit=0', 'limit', /whole number/],
    ['/api/v1/better-use?all=1', 'all', /takes none/],
  ])('%s answers 400 and says what is wrong with %s', async (path, parameter, problem) => {
    const { ask } = await start()
    const { status, body } = await ask(path)
    expect([status, body.error.code]).toEqual([400, 'bad_parameter'])
    expect(body.error.details).toEqual([{ parameter, problem: expect.stringMatching(problem) }])
  })

  test('says which field of a scenario is wrong, and what the site has instead', async () => {
    const { ask } = await start()
    const wrong = await ask('/api/v1/whatif', { btcUds: 1 })
    expect([wrong.status, wrong.body.error.details[0].parameter]).toEqual([400, 'btcUds'])
    const stranger = await ask('/api/v1/whatif', { usdPerGpuHour: { a100: 1 } })
    expect(stranger.body.error.details).toEqual([
      { parameter: 'usdPerGpuHour', problem: expect.stringContaining('expected one of: h100, batch') },
    ])
    const large = await ask('/api/v1/whatif', { filler: 'x'.repeat(70_000) })
    expect([large.status, large.body.error.code]).toEqual([413, 'too_large'])
  })

  test('lists losers by their loss, and no more than asked for', async () => {
    const { ask } = await start()
    const { body } = await ask('/api/v1/losers')
    expect(body.map((m: { deviceId: string }) => m.deviceId)).toEqual(['miner9', 'node/gpu1'])
    expect((await ask('/api/v1/losers?limit=1')).body).toHaveLength(1)
  })

  test('is described in /openapi.json', async () => {
    const { ask } = await start()
    const { body } = await ask('/openapi.json')
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining(['/api/v1/whatif', '/api/v1/better-use', '/api/v1/models', '/api/v1/losers']),
    )
    expect(Object.keys(body.paths['/api/v1/whatif'])).toEqual(['get', 'post'])
    expect(body.components.schemas.Scenario.properties.networkLeavesShare.description).toContain('hashrate')
  })

  test.each([
    ['nothing is known', [], {}],
    ['no machine has power', [miner(1, { sample: { powerW: 0, hashrateHs: 0 } })], { energyUsdPerKwh: 0 }],
    [
      'everything stands still',
      [miner(1, { sample: { powerW: 0 } }), gpu(0), gpu(1, { namespace: 'tenant-a' })].map((h) => ({
        ...h,
        sample: { powerW: 0, hashrateHs: 0 },
      })),
      { btcUsd: 0, difficulty: 1, blockHeight: 0, energyUsdPerKwh: 0 },
    ],
    ['the meter shows less than its machines', [miner(1), { ...SITE[4], sample: { powerW: 0 } }], {}],
  ])('has no number that is infinite or none where %s', async (_, heard, prices) => {
    const { ask } = await start(siteOf(heard as typeof SITE, { prices }))
    const spec = (await ask('/openapi.json')).body as { paths: Record<string, { get?: unknown }> }
    const paths = Object.keys(spec.paths).filter(
      (path) => spec.paths[path]?.get && !/stream|ledger/.test(path),
    )
    expect(paths.length).toBeGreaterThan(7)
    const asked = [
      ...paths.map((path) => [path]),
      ['/api/v1/whatif?halving=true&networkLeavesShare=0.9&occupancy=1&usdPerGpuHour=0&tokenPriceRatio=0'],
      [
        '/api/v1/whatif',
        { conversion: { powerMw: 1, capexUsdPerMw: 0, months: 0, colocationUsdPerKwMonth: 0 } },
      ],
    ] as [string, unknown?][]
    const answers = await Promise.all(asked.map(([path, body]) => ask(path, body)))
    for (const [i, { status, body }] of answers.entries()) {
      expect([asked[i]?.[0], status]).toEqual([asked[i]?.[0], 200])
      // JSON has no infinity: it would be null where a number is promised
      expect([asked[i]?.[0], nulls(body)]).toEqual([asked[i]?.[0], []])
    }
  })

  test('computes no such number before it is written either', () => {
    const views = siteOf([miner(1, { sample: { powerW: 0 } }), gpu(0)], { prices: {} })
    for (const answer of [
      views.choiceInputs(),
      views.machines(),
      views.site(),
      views.workloads(),
      views.frame(),
    ])
      expect(unfinite(answer)).toEqual([])
  })
})

/** Paths at which an answer has null. */
function nulls(value: unknown, path = ''): string[] {
  if (value === null) return [path]
  if (typeof value !== 'object') return []
  return Object.entries(value).flatMap(([key, inner]) => nulls(inner, `${path}/${key}`))
}

describe('perwatt-collector whatif', () => {
  /** What the command prints, with its flags read as the program reads them. */
  async function printed(url: string, ...flags: string[]): Promise<string> {
    let text = ''
    vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      text += chunk
      return true
    })
    const program = createProgram('perwatt-collector', '')
    const command = program.command('whatif').option('--config <file>').option('--url <a>').option('--json')
    for (const [flag, description] of WHAT_IF_OPTIONS) command.option(flag, description)
    command.action(whatif)
    try {
      await program.parseAsync(['whatif', '--url', url, ...flags], { from: 'user' })
    } finally {
      vi.mocked(process.stdout.write).mockRestore()
    }
    return text
  }

  test('prints the site before and after, what the chain does next, and what moves the net', async () => {
    const { url } = await start()
    const text = await printed(url, '--btc-usd', '70000', '--network-leaves', '0.2')
    expect(text).toMatch(/^if btcUsd = 70000, networkLeavesShare = 0.2\n/)
    expect(text).toMatch(/^workload +kW +then +USD\/MWh +then +net USD\/h +then/m)
    expect(text).toMatch(/^site +8\.0 +8\.0/m)
    expect(text).toMatch(/hashprice 62\.86 USD\/PH\/day, then 55\.01/)
    expect(text).toMatch(/halving at block 1050000/)
    expect(text).toMatch(/^energyUsdPerKwh +0\.05/m)
    expect(text).not.toMatch(/payback|NaN|Infinity|undefined/)
  })

  test('prints a conversion with its payback', async () => {
    const { url } = await start()
    const text = await printed(
      url,
      ...['--convert-from', 'mining', '--convert-power-mw', '0.005', '--convert-capex-usd-per-mw', '8e6'],
      ...['--convert-months', '9', '--convert-usd-per-gpu-hour', '2', '--convert-kw-per-gpu', '1'],
    )
    expect(text).toMatch(/if 0\.005 MW of mining were rebuilt/)
    expect(text).toMatch(/conversion of 0\.005 MW of mining to 4 GPUs, open about 2026-11/)
    expect(text).toMatch(/payback [\d.]+ months after its opening/)
    expect(text).toMatch(/break-even occupancy [\d.]+ %/)
    expect(text).toMatch(/^conversion\.capexUsdPerMw +8000000/m)
  })

  test('prints what the API says with --json, and takes prices by workload', async () => {
    const { url } = await start()
    const said = JSON.parse(await printed(url, '--json', '--halving', '--usd-per-gpu-hour', 'h100=3,batch=1'))
    expect(WhatIfSchema.parse(said).scenario).toEqual({ halving: true, usdPerGpuHour: { h100: 3, batch: 1 } })
  })

  test('refuses what is no number, and says what the collector refuses', async () => {
    const { url } = await start()
    await expect(printed(url, '--btc-usd', 'much')).rejects.toThrow('--btc-usd: expected a number, got much')
    await expect(printed(url, '--usd-per-gpu-hour', 'h100=')).rejects.toThrow('--usd-per-gpu-hour')
    await expect(printed(url, '--occupancy', '2')).rejects.toThrow(/the collector says: occupancy/)
  })
})
