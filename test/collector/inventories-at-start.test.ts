import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { Context } from '../../collector/composition/context.ts'
import { createDevices } from '../../collector/composition/devices.ts'
import { createLedger } from '../../collector/composition/ledger.ts'
import type { PricePlane } from '../../collector/composition/prices.ts'
import { CollectorConfigSchema } from '../../collector/config/config.ts'
import { QuoteBook } from '../../collector/prices/quote-book.ts'
import { SILENT } from '../../protocol/kit/log.ts'
import { T0 } from './ledger-rig.ts'
import { MemoryStore } from './memory-store.ts'

it('an inventory that comes while the collector starts tells whose its machines are, as any other', async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'perwatt-start-'))
  onTestFinished(() => rmSync(dataFolder, { recursive: true }))
  const context = {
    config: CollectorConfigSchema.parse({ site: { id: 's' }, dataFolder }),
    log: SILENT,
    nowMs: () => T0,
    clocks: {
      ...{ maySettle: true, mayBegin: true, isConfirmed: true },
      ...{ sinceMs: T0, instant: { wallMs: T0, steadyMs: 0 }, boot: 'this one' },
    },
  } as unknown as Context
  const store = new MemoryStore()
  const devices = createDevices(context)
  const prices = {
    quotes: new QuoteBook(),
    selector: { hasSource: () => false },
    onFilled: () => undefined,
  } as unknown as PricePlane
  const ledger = createLedger(context, {
    store,
    devices,
    prices,
    standing: { arrived: () => undefined, became: () => undefined },
    standsBy: () => false,
  })
  const hear = (agentId: string, deviceId: string, mac: string) => {
    const list = [{ deviceId, kind: 'asic' as const, driver: 'antminer', mac }]
    devices.state.inventory(agentId, { v: 1, atMs: T0, simulated: false, devices: list })
    ledger.heard.hear(agentId, list)
  }
  // after the claims were read, and before the ledger runs
  const past = store.pastOfDevices.bind(store)
  store.pastOfDevices = (...times) => {
    hear('a', 'rig1', '02:AB:5E:00:00:01')
    return past(...times)
  }
  await ledger.start()
  onTestFinished(() => ledger.stop())
  hear('b', 'hall-7', '02-ab-5e-00-00-01')
  expect(devices.owners.claim('b', 'hall-7')?.rival).toMatchObject({ agentId: 'a', deviceId: 'rig1' })
})
